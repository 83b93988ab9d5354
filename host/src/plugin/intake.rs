//! Candidates on their way to a slot: made ready by the host's thread or by the pipeline that watches a
//! file or a crate, and waiting for a boundary.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Refused;
use crate::guest::{Code, Engine};
use crate::reload::{Candidate, News, Pipeline, prepare};

/// What came of an offer.
pub(super) enum Offered {
    Ready(Box<Candidate>),
    Refused(Code, Refused),
}

/// One slot's end.
pub(super) struct Intake {
    shared: Arc<Shared>,
    pipeline: Option<Pipeline>,
}

#[derive(Default)]
struct Shared {
    has_news: AtomicBool,
    /// The number of the last offer. Older ones are not prepared any more.
    offers: AtomicU64,
    offered: Mutex<VecDeque<Offered>>,
}

impl Shared {
    fn put(&self, offered: Offered) {
        let mut waiting = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(offered);
        self.has_news.store(true, Ordering::Release);
    }
}

impl Intake {
    pub(super) fn new() -> Self {
        Self {
            shared: Arc::default(),
            pipeline: None,
        }
    }

    /// For a pipeline that is about to be started: to be called after each piece of its news.
    pub(super) fn waker(&self) -> impl Fn() + Clone + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.has_news.store(true, Ordering::Release)
    }

    pub(super) fn watch(&mut self, pipeline: Pipeline) {
        self.pipeline = Some(pipeline);
    }

    pub(super) fn pipeline(&self) -> Option<&Pipeline> {
        self.pipeline.as_ref()
    }

    /// One load of an atomic.
    #[inline]
    pub(super) fn has_news(&self) -> bool {
        self.shared.has_news.load(Ordering::Acquire)
    }

    /// The next piece of news, of either kind.
    pub(super) fn next(&self) -> Option<Result<Offered, News>> {
        // Before looking: what comes meanwhile is found the next time.
        self.shared.has_news.store(false, Ordering::Release);
        let offered = {
            let mut waiting = self.shared.offered.lock();
            let waiting = waiting.as_mut().map_err(|_| ()).ok()?;
            waiting.pop_front()
        };
        let news = offered
            .map(Ok)
            .or_else(|| Some(Err(self.pipeline.as_ref()?.poll()?)));
        if news.is_some() {
            self.shared.has_news.store(true, Ordering::Release);
        }
        news
    }

    /// Have a version made ready. One that is not begun yet gives way to it.
    pub(super) fn offer(&self, preparer: &Preparer, engine: &Arc<Engine>, code: Code, bytes: u64) {
        let number = self.shared.offers.fetch_add(1, Ordering::AcqRel) + 1;
        preparer.send(Job {
            engine: Arc::clone(engine),
            shared: Arc::clone(&self.shared),
            number,
            code,
            bytes,
        });
    }
}

/// The host's thread that makes versions ready, for all slots.
pub(super) struct Preparer(Sender<Job>);

struct Job {
    engine: Arc<Engine>,
    shared: Arc<Shared>,
    number: u64,
    code: Code,
    bytes: u64,
}

impl Preparer {
    pub(super) fn start() -> std::io::Result<Self> {
        let (sender, jobs) = channel();
        std::thread::Builder::new()
            .name("plugins".to_owned())
            .spawn(move || prepare_all(&jobs))?;
        Ok(Self(sender))
    }

    fn send(&self, job: Job) {
        // Were the thread gone, nothing would be replaced any more, and all else would go on.
        let _ = self.0.send(job);
    }
}

/// Until the host and all its slots are gone.
fn prepare_all(jobs: &Receiver<Job>) {
    crate::guest::lower_priority();
    for job in jobs {
        if job.shared.offers.load(Ordering::Acquire) != job.number {
            continue;
        }
        let offered = match prepare(&job.engine, &job.code, job.bytes) {
            Ok(candidate) => Offered::Ready(Box::new(candidate)),
            Err(refused) => Offered::Refused(job.code, refused),
        };
        job.shared.put(offered);
    }
}
