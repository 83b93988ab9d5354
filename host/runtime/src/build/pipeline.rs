//! The pipeline, as the session sees it: it is told what is wanted, and tells what became of it. The
//! thread behind it is the [`Worker`].

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::message::{GrantCallback, Message};
use super::news::{News, PipelineOptions, Source};
use super::worker::{Worker, WorkerChannels};
use crate::files;
use crate::guest::{Capability, Engine};
use crate::history::GoBack;
use crate::supervisor::ExpectedState;

/// The thread's handle. Dropped, the thread stops and its build with it.
pub struct Pipeline {
    news: Receiver<News>,
    wake: Sender<Message>,
    tell: Sender<News>,
    expected: Arc<Mutex<ExpectedState>>,
    thread: Option<JoinHandle<()>>,
}

impl Pipeline {
    /// Start to make the first candidate, and watch. `wake_host` is called after each piece of news.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start(
        engine: Arc<Engine>,
        source: Source,
        mut options: PipelineOptions,
        wake_host: impl Fn() + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let (wake, woken) = channel();
        let (tell, news) = channel();
        let expected = Arc::<Mutex<ExpectedState>>::default();
        options.assets = options.assets.map(files::absolute);
        let channels = WorkerChannels {
            messages: woken,
            wake: wake.clone(),
            tell: tell.clone(),
            wake_host: Box::new(wake_host),
            expected: Arc::clone(&expected),
        };
        let mut worker = Worker::new(engine, source, options, channels);
        let thread = std::thread::Builder::new()
            .name("reload".to_owned())
            .spawn(move || worker.run())?;
        Ok(Self {
            news,
            wake,
            tell,
            expected,
            thread: Some(thread),
        })
    }

    /// A sender of news, for others who have a notice for the same receiver.
    #[must_use]
    pub fn sender(&self) -> Sender<News> {
        self.tell.clone()
    }

    /// The next piece of news, if there is one. Never waits.
    pub fn poll(&self) -> Option<News> {
        self.news.try_recv().ok()
    }

    /// The same, waiting for it no longer than this.
    pub fn wait(&self, limit: Duration) -> Option<News> {
        self.news.recv_timeout(limit).ok()
    }

    /// Make an older version ready again, and tell with [`News::Back`]. The next change is looked at
    /// as usual, also where it leaves the code that was left by this.
    pub fn go_back(&self, wanted: GoBack) {
        // Were the thread gone, so would be the program.
        let _ = self.wake.send(Message::GoBack(Box::new(wanted)));
    }

    /// Grant something to all versions from now on. One that was refused for want of it is made ready
    /// again. `tell` is called on the pipeline's thread.
    pub fn allow(&self, capability: Capability, tell: GrantCallback) {
        // As above.
        let _ = self.wake.send(Message::Allow(capability, tell));
    }

    /// Build and look once more, as after a change.
    pub fn rebuild(&self) {
        // As above.
        let _ = self.wake.send(Message::Rebuild);
    }

    /// Stop the build that runs, if one does, and wait for the next change.
    pub fn stop_build(&self) {
        // As above.
        let _ = self.wake.send(Message::StopBuild);
    }

    /// The version that was handed on last has failed: it is not worth optimising.
    pub fn has_failed(&self) {
        // As above.
        let _ = self.wake.send(Message::Failed);
    }

    /// Says which state the next candidate is going to be given: so much memory is warmed up, and the
    /// types are compared beforehand.
    pub fn expect_state(&self, expected: ExpectedState) {
        *self.expected.lock().unwrap_or_else(PoisonError::into_inner) = expected;
    }
}

impl Drop for Pipeline {
    /// Waits for the thread, so that no build outlives the host.
    fn drop(&mut self) {
        let _ = self.wake.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook, and there is nothing left to save.
            let _ = thread.join();
        }
    }
}
