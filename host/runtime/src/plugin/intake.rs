//! Candidates on their way to a slot. The host's threads prepare them, or the pipeline that watches a file
//! or a crate, and they wait here for a boundary. Knows no slot.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "build")]
use crate::build::{CandidateSource, News, Pipeline};
use crate::error::SwapError;
use crate::guest::{Code, Engine};
use crate::supervisor::{Candidate, ExpectedState, prepare};
use crate::thread::{self, cancellable, is_cancelled, lower_priority};

/// The outcome of an offer.
pub(super) enum OfferOutcome {
    Ready(Box<Candidate>),
    Refused(Code, SwapError),
}

/// News that a slot takes in at its boundary.
pub(super) enum IntakeNews {
    Offer(OfferOutcome),
    #[cfg(feature = "build")]
    Pipeline(News),
}

/// The slot's end of the queue.
pub(super) struct Intake {
    inbox: Arc<Inbox>,
    #[cfg(feature = "build")]
    pipeline: Option<Pipeline>,
}

#[derive(Default)]
struct Inbox {
    has_news: AtomicBool,
    /// Number of the newest offer. Older offers are no longer prepared.
    offers: AtomicU64,
    offered: Mutex<VecDeque<OfferOutcome>>,
    /// Locked while one is prepared, so that they come in their order.
    preparing: Mutex<()>,
    /// Flag of the newest offer, which ends its preparation.
    cancel: Mutex<Arc<AtomicBool>>,
}

impl Inbox {
    fn put(&self, offered: OfferOutcome) {
        let mut waiting = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(offered);
        self.has_news.store(true, Ordering::Release);
    }
}

impl Intake {
    pub(super) fn new() -> Self {
        Self {
            inbox: Arc::default(),
            #[cfg(feature = "build")]
            pipeline: None,
        }
    }

    /// Returns the callback for a pipeline that is about to start. The pipeline calls it after each piece
    /// of news.
    #[cfg(feature = "build")]
    pub(super) fn waker(&self) -> impl Fn() + Clone + Send + 'static {
        let inbox = Arc::clone(&self.inbox);
        move || inbox.has_news.store(true, Ordering::Release)
    }

    #[cfg(feature = "build")]
    pub(super) fn watch(&mut self, pipeline: Pipeline) {
        self.pipeline = Some(pipeline);
    }

    #[cfg(feature = "build")]
    pub(super) fn pipeline(&self) -> Option<&Pipeline> {
        self.pipeline.as_ref()
    }

    /// True if news may be waiting. Costs one atomic load.
    #[inline]
    pub(super) fn has_news(&self) -> bool {
        self.inbox.has_news.load(Ordering::Acquire)
    }

    /// Returns the next piece of news, of either kind.
    pub(super) fn next(&self) -> Option<IntakeNews> {
        // The flag is cleared before the queue is read, so news that arrives meanwhile sets it again.
        self.inbox.has_news.store(false, Ordering::Release);
        let offered = {
            let mut waiting = self.inbox.offered.lock();
            let waiting = waiting.as_mut().map_err(|_| ()).ok()?;
            waiting.pop_front()
        };
        let news = offered.map(IntakeNews::Offer);
        #[cfg(feature = "build")]
        let news = news.or_else(|| Some(IntakeNews::Pipeline(self.pipeline.as_ref()?.poll()?)));
        if news.is_some() {
            self.inbox.has_news.store(true, Ordering::Release);
        }
        news
    }

    /// Sends a version to be prepared. It replaces an earlier offer whose preparation has not begun, or
    /// takes long.
    pub(super) fn offer(
        &self,
        preparer: &Preparer,
        engine: &Arc<Engine>,
        code: Code,
        expected: ExpectedState,
    ) {
        let number = self.inbox.offers.fetch_add(1, Ordering::AcqRel) + 1;
        let cancel = Arc::<AtomicBool>::default();
        let before = {
            let newest = self.inbox.cancel.lock();
            let mut newest = newest.unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *newest, Arc::clone(&cancel))
        };
        before.store(true, Ordering::Relaxed);
        preparer.send(Job {
            engine: Arc::clone(engine),
            inbox: Arc::clone(&self.inbox),
            number,
            cancel,
            code,
            expected,
        });
    }
}

/// Number of threads that prepare. A version that takes long delays those of other slots only if there are
/// as many of its kind.
const THREADS: usize = 4;

/// The host's threads that prepare versions for all slots.
pub(super) struct Preparer(Sender<Job>);

struct Job {
    engine: Arc<Engine>,
    inbox: Arc<Inbox>,
    number: u64,
    cancel: Arc<AtomicBool>,
    code: Code,
    expected: ExpectedState,
}

impl Preparer {
    pub(super) fn start() -> std::io::Result<Self> {
        let (sender, jobs) = channel();
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..THREADS {
            let jobs = Arc::clone(&jobs);
            thread::start("plugins", move || prepare_all(&jobs))?;
        }
        Ok(Self(sender))
    }

    fn send(&self, job: Job) {
        // An error means that the threads have panicked. No code is replaced any more, and everything else
        // works.
        let _ = self.0.send(job);
    }
}

/// Prepares versions until the host and all its slots are gone.
fn prepare_all(jobs: &Mutex<Receiver<Job>>) {
    lower_priority();
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else {
            return;
        };
        let is_newest = || job.inbox.offers.load(Ordering::Acquire) == job.number;
        let preparing = job.inbox.preparing.lock();
        let _preparing = preparing.unwrap_or_else(PoisonError::into_inner);
        if !is_newest() {
            continue;
        }
        let prepared = cancellable(&job.cancel, || {
            let prepared = prepare(&job.engine, &job.code, &job.expected);
            (prepared, is_cancelled())
        });
        let offered = match prepared {
            (Ok(candidate), _) => OfferOutcome::Ready(Box::new(candidate)),
            // It may have failed for no other reason.
            (Err(_), true) => continue,
            (Err(refused), false) => OfferOutcome::Refused(job.code, refused),
        };
        job.inbox.put(offered);
    }
}
