//! Candidates on their way to a slot: made ready by the host's thread or by the pipeline that watches a
//! file or a crate, and waiting for a boundary.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "build")]
use crate::build::{CandidateSource, News, Pipeline};
use crate::error::SwapError;
use crate::guest::{Code, Engine};
use crate::supervisor::{Candidate, ExpectedState, prepare};
use crate::thread::lower_priority;

/// The outcome of an offer.
pub(super) enum OfferOutcome {
    Ready(Box<Candidate>),
    Refused(Code, SwapError),
}

/// Something that a slot is told at its boundary.
pub(super) enum IntakeNews {
    Offer(OfferOutcome),
    #[cfg(feature = "build")]
    Pipeline(News),
}

/// One slot's end.
pub(super) struct Intake {
    inbox: Arc<Inbox>,
    #[cfg(feature = "build")]
    pipeline: Option<Pipeline>,
}

#[derive(Default)]
struct Inbox {
    has_news: AtomicBool,
    /// The number of the last offer. Older ones are not prepared any more.
    offers: AtomicU64,
    offered: Mutex<VecDeque<OfferOutcome>>,
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

    /// Returns a callback for a pipeline that is about to be started, to be called after each piece of its
    /// news.
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

    /// One load of an atomic.
    #[inline]
    pub(super) fn has_news(&self) -> bool {
        self.inbox.has_news.load(Ordering::Acquire)
    }

    /// The next piece of news, of either kind.
    pub(super) fn next(&self) -> Option<IntakeNews> {
        // Before looking: what comes meanwhile is found the next time.
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

    /// Have a version made ready. One that is not begun yet gives way to it.
    pub(super) fn offer(
        &self,
        preparer: &Preparer,
        engine: &Arc<Engine>,
        code: Code,
        expected: ExpectedState,
    ) {
        let number = self.inbox.offers.fetch_add(1, Ordering::AcqRel) + 1;
        preparer.send(Job {
            engine: Arc::clone(engine),
            inbox: Arc::clone(&self.inbox),
            number,
            code,
            expected,
        });
    }
}

/// The host's thread that makes versions ready, for all slots.
pub(super) struct Preparer(Sender<Job>);

struct Job {
    engine: Arc<Engine>,
    inbox: Arc<Inbox>,
    number: u64,
    code: Code,
    expected: ExpectedState,
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
    lower_priority();
    for job in jobs {
        if job.inbox.offers.load(Ordering::Acquire) != job.number {
            continue;
        }
        let offered = match prepare(&job.engine, &job.code, &job.expected) {
            Ok(candidate) => OfferOutcome::Ready(Box::new(candidate)),
            Err(refused) => OfferOutcome::Refused(job.code, refused),
        };
        job.inbox.put(offered);
    }
}
