//! One read while it runs: shared by the caller's thread, the decoding pool and the fetches.

use super::decode::{Input, view, with_block};
use super::fetch::{self, DecodedLead};
use super::leader::{self, Part};
use super::locate::{Found, Stored, fetch_index, locate_block};
use crate::cancel::Stop;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::raster::BlockView;
use crate::runtime::Runtime;
use crate::tiff::Image;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// What a job reads: its blocks, each once, and what becomes of them. Blocks are placed on many threads at once, in any order.
pub(super) trait Work: Send + Sync {
    /// The number of blocks.
    fn blocks(&self) -> usize;

    /// The `i`-th block.
    fn at(&self, i: usize) -> Option<Block<'_>>;

    /// The parts of the tile index that name the blocks.
    fn index_runs(&self) -> Vec<Range<u64>>;

    /// Takes the samples of block `i`.
    fn place(&self, i: usize, view: &BlockView<'_>);

    /// Block `i` is not stored: it reads as nodata, or 0.
    fn place_sparse(&self, i: usize);

    /// Block `i` can't be read. `Some` ends the whole job with this error; `None` goes on with the other blocks.
    fn refuse(&self, _i: usize, error: Error) -> Option<Error> {
        Some(error)
    }
}

/// A block of a job.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) image: &'a Image,
    pub(super) plane: usize,
    pub(super) level: usize,
    pub(super) x: u64,
    pub(super) y: u64,
}

impl Block<'_> {
    pub(super) fn number(&self) -> u64 {
        self.image.block_number(self.x, self.y, self.plane)
    }
}

pub(super) struct Job {
    pub(super) dataset: Arc<Dataset>,
    pub(super) work: Arc<dyn Work>,
    pub(super) stop: Stop,
    /// Held so that a shutdown waits for this read.
    pub(super) runtime: Arc<Runtime>,
    /// The first error; from then on blocks are skipped.
    failure: Mutex<Option<Error>>,
    failed: AtomicBool,
    /// Blocks whose leaders led nowhere.
    again: Mutex<Vec<usize>>,
    /// The next block that a local worker takes.
    next: AtomicUsize,
    /// Tasks on the pool that may still place a block.
    active: Mutex<usize>,
    idle: Condvar,
}

impl Job {
    /// Reads all blocks. When this returns, by whatever way, nobody places a block any more.
    pub(super) async fn run(dataset: Arc<Dataset>, work: Arc<dyn Work>, stop: Stop) -> Result<()> {
        dataset.reader.check_process()?;
        stop.check()?;
        fetch_index(&dataset, &*work, &stop).await?;
        let job = Arc::new(Self {
            dataset,
            work,
            stop,
            runtime: crate::runtime::get(),
            failure: Mutex::new(None),
            failed: AtomicBool::new(false),
            again: Mutex::default(),
            next: AtomicUsize::new(0),
            active: Mutex::new(0),
            idle: Condvar::new(),
        });
        let _wait = WaitForTasks(Arc::clone(&job));
        if job.dataset.reader.local().is_some() {
            job.run_local().await?;
        } else {
            fetch::run(&job).await?;
        }
        let failure = job.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.map_or(Ok(()), Err)
    }

    /// Threads that may decode at once.
    pub(super) fn threads(&self) -> Result<usize> {
        let all = self.runtime.cpu()?.current_num_threads();
        Ok(match self.dataset.reader.settings.decode_threads {
            0 => all,
            n => n.min(all),
        })
    }

    /// Bytes at hand: each thread takes block after block, reads it and decodes it; the caller's thread is one of them.
    async fn run_local(self: &Arc<Self>) -> Result<()> {
        let blocks = self.work.blocks();
        let helpers = if blocks > 1 { self.threads()?.min(blocks) - 1 } else { 0 };
        let mut finished = Vec::with_capacity(helpers);
        for _ in 0..helpers {
            finished.push(self.spawn(Self::work_through)?);
        }
        self.guarded(|| self.work_through());
        for helper in finished {
            // An error says that the task is gone, which is all that is waited for.
            let _ = helper.await;
        }
        Ok(())
    }

    fn work_through(&self) {
        let blocks = self.work.blocks();
        loop {
            let i = self.next.fetch_add(1, SeqCst);
            if i >= blocks || self.has_failed() {
                return;
            }
            self.block(i);
        }
    }

    /// Runs `work` on the decoding pool; the receiver resolves when it is over.
    pub(super) fn spawn(self: &Arc<Self>, work: impl FnOnce(&Self) + Send + 'static) -> Result<oneshot::Receiver<()>> {
        let (done, finished) = oneshot::channel();
        let pool = self.runtime.cpu()?;
        *self.active.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        let job = Arc::clone(self);
        pool.spawn(move || {
            job.guarded(|| work(&job));
            *job.active.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
            job.idle.notify_all();
            drop(job);
            // The receiver is gone only when nobody waits any more.
            let _ = done.send(());
        });
        Ok(finished)
    }

    fn guarded(&self, work: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
            self.fail(Error::from_panic(&*payload));
        }
    }

    pub(super) fn fail(&self, error: Error) {
        self.failed.store(true, SeqCst);
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(SeqCst)
    }

    /// Finds a block in the file.
    pub(super) fn locate(&self, block: &Block<'_>) -> Result<Found> {
        locate_block(&self.dataset, block)
    }

    /// Decodes and places block `i` from where a local source has it.
    pub(super) fn block(&self, i: usize) {
        self.each(i, |block| match self.locate(block)? {
            Found::Stored(Stored::At(range)) => self.read_local(i, block, range),
            Found::Stored(Stored::Sparse) => {
                self.work.place_sparse(i);
                Ok(())
            }
            Found::Led(..) | Found::Unknown => Err(Error::io("a page of the tile index was not fetched")),
        });
    }

    /// Decodes and places block `i` from its stored bytes, and hands the decoded block to whoever waits for it. Where `part` says that
    /// `stored` is a span with leaders, and they don't lead to the block, it is left for another try.
    pub(super) fn take_stored(&self, i: usize, stored: &[u8], part: Option<Part>, lead: Option<DecodedLead>) {
        let block = match part {
            None => Some(stored),
            Some(part) => leader::find(stored, part).and_then(|range| stored.get(range)),
        };
        let Some(stored) = block else {
            self.dataset.distrust_leaders();
            return self.again.lock().unwrap_or_else(PoisonError::into_inner).push(i);
        };
        self.each(i, |block| self.decode_and_place(i, block, &Input::Bytes(stored), lead));
    }

    /// The blocks that are to be tried again, without leaders.
    pub(super) fn take_again(&self) -> Vec<usize> {
        std::mem::take(&mut *self.again.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Places block `i`, which was decoded already.
    pub(super) fn take_decoded(&self, i: usize, decoded: &[u8]) {
        self.each(i, |block| {
            self.dataset.reader.settings.limits.check_block("decoded", decoded.len() as u64)?;
            self.work.place(i, &view(block.image, (block.x, block.y), decoded));
            Ok(())
        });
    }

    fn each(&self, i: usize, work: impl FnOnce(&Block<'_>) -> Result<()>) {
        let Some(block) = self.work.at(i) else { return };
        if let Err(e) = self.stop.check().and_then(|()| work(&block)) {
            self.fail_block(i, e);
        }
    }

    /// Block `i` can't be read: the error, with the block's place, ends the job unless its work can do without.
    pub(super) fn fail_block(&self, i: usize, error: Error) {
        let error = match self.work.at(i) {
            Some(block) => error.at_tile(block.x, block.y).at_level(block.level),
            None => error,
        };
        if let Some(error) = self.work.refuse(i, error) {
            self.fail(error);
        }
    }

    fn read_local(&self, i: usize, block: &Block<'_>, range: Range<u64>) -> Result<()> {
        let counters = &self.dataset.reader.counters;
        counters.add(|c| &c.ranges, 1);
        // The read itself happens in the decoding thread's buffer, and its time counts as decoding.
        counters.request(range.end - range.start, Duration::ZERO);
        self.decode_and_place(i, block, &Input::Local(range), None)
    }

    fn decode_and_place(&self, i: usize, block: &Block<'_>, input: &Input<'_>, lead: Option<DecodedLead>) -> Result<()> {
        let started = Instant::now();
        with_block(&self.dataset, block.image, (block.x, block.y), input, |view| {
            if let Some(lead) = lead {
                lead.land(view.bytes.into(), true);
            }
            self.work.place(i, view);
        })?;
        let counters = &self.dataset.reader.counters;
        counters.add(|c| &c.tiles_decoded, 1);
        counters.add(|c| &c.decode_ns, started.elapsed().as_nanos() as u64);
        Ok(())
    }
}

/// Keeps the caller's memory safe: waits, even while unwinding, until no task of the job runs.
struct WaitForTasks(Arc<Job>);

impl Drop for WaitForTasks {
    fn drop(&mut self) {
        let mut active = self.0.active.lock().unwrap_or_else(PoisonError::into_inner);
        if *active > 0 {
            self.0.failed.store(true, SeqCst);
        }
        while *active > 0 {
            active = self.0.idle.wait(active).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
