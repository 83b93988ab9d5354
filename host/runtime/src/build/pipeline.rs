//! The pipeline: the handle of the [`Worker`], the thread that watches and builds. Knows no cargo and no
//! watcher.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::backlog::Backlog;
use super::message::Message;
use super::news::News;
use super::options::{PipelineOptions, Source};
use super::source::{CandidateSource, GrantCallback};
use super::worker::{Worker, WorkerChannels};
use crate::guest::{Capability, Engine};
use crate::history::GoBack;
use crate::supervisor::ExpectedState;
use crate::thread;

/// Handle of the thread. Dropping it stops the thread and the running build.
pub struct Pipeline {
    news: Receiver<News>,
    wake: Sender<Message>,
    tell: Sender<News>,
    expected: Arc<Mutex<ExpectedState>>,
    backlog: Arc<Backlog>,
    thread: Option<JoinHandle<()>>,
}

impl Pipeline {
    /// Starts the thread, which makes the first candidate and then watches. `wake_host` is called after
    /// each piece of news.
    ///
    /// # Errors
    /// When the system starts no thread.
    pub fn start(
        engine: Arc<Engine>,
        source: Source,
        options: PipelineOptions,
        wake_host: impl Fn() + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let (wake, woken) = channel();
        let (tell, news) = channel();
        let expected = Arc::<Mutex<ExpectedState>>::default();
        let backlog = Arc::<Backlog>::default();
        let channels = WorkerChannels {
            backlog: Arc::clone(&backlog),
            messages: woken,
            wake: wake.clone(),
            tell: tell.clone(),
            wake_host: Box::new(wake_host),
            expected: Arc::clone(&expected),
        };
        let mut worker = Worker::new(engine, source, options, channels);
        let thread = thread::start("reload", move || worker.run())?;
        Ok(Self {
            news,
            wake,
            tell,
            expected,
            backlog,
            thread: Some(thread),
        })
    }

    fn send(&self, message: Message) {
        // The thread ends only with this handle or by a panic, and the panic hook reports panics.
        let _ = self.wake.send(message);
    }

    /// Returns a sender of news, for other notices to the same receiver.
    #[must_use]
    pub fn sender(&self) -> Sender<News> {
        self.tell.clone()
    }
}

impl CandidateSource for Pipeline {
    fn poll(&self) -> Option<News> {
        self.news.try_recv().ok()
    }

    fn wait(&self, limit: Duration) -> Option<News> {
        self.news.recv_timeout(limit).ok()
    }

    fn go_back(&self, request: GoBack) {
        self.send(Message::GoBack(Box::new(request)));
    }

    fn allow(&self, capability: Capability, tell: GrantCallback) {
        self.send(Message::Allow(capability, tell));
    }

    fn rebuild(&self) {
        self.send(Message::Rebuild);
    }

    fn stop_build(&self) {
        self.send(Message::StopBuild);
    }

    fn has_failed(&self) {
        self.send(Message::Failed);
    }

    fn expect_state(&self, expected: ExpectedState) {
        *self.expected.lock().unwrap_or_else(PoisonError::into_inner) = expected;
    }
}

impl Drop for Pipeline {
    /// Waits for the thread, so that no build outlives the host.
    fn drop(&mut self) {
        self.backlog.close();
        let _ = self.wake.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            // The panic hook has reported a panic of the thread, and there is nothing left to save.
            let _ = thread.join();
        }
    }
}
