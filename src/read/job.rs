//! One read while it runs: shared by the caller's thread, the decoding pool and the fetches.

use super::decode::{Input, with_block};
use super::fetch;
use super::locate::{Stored, fetch_pages, locate};
use super::plan::{MaskFrom, Pass, Plan, Role};
use crate::cancel::Stop;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::raster::{BlockView, Destination, Nodata, Part, copy_samples, fill_samples};
use crate::runtime::Runtime;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

pub(super) struct Job {
    pub(super) dataset: Arc<Dataset>,
    pub(super) plan: Plan,
    pub(super) stop: Stop,
    /// Held so that a shutdown waits for this read.
    runtime: Arc<Runtime>,
    to: Destination,
    /// The first error; from then on blocks are skipped.
    failure: Mutex<Option<Error>>,
    failed: AtomicBool,
    /// The next block that a local worker takes.
    next: AtomicUsize,
    /// Tasks on the pool that may still write to the destination.
    active: Mutex<usize>,
    idle: Condvar,
}

/// A block of the plan.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) pass: &'a Pass,
    pub(super) x: u64,
    pub(super) y: u64,
    columns: &'a Range<usize>,
    rows: &'a Range<usize>,
}

impl Block<'_> {
    pub(super) fn number(&self) -> u64 {
        self.pass.image.block_number(self.x, self.y, self.pass.plane)
    }
}

impl Job {
    /// Runs the plan to its end. When this returns, by whatever way, nobody writes to the destination any more.
    pub(super) async fn run(dataset: Arc<Dataset>, plan: Plan, mut to: Destination, stop: Stop) -> Result<()> {
        dataset.reader.check_process()?;
        stop.check()?;
        fetch_pages(&dataset, &plan, &stop).await.map_err(|e| e.at_level(plan.size.level))?;
        if to.wants_mask() {
            let (columns, rows) = inside(&plan);
            let (width, height) = (plan.size.width, plan.size.height);
            to.fill_mask(plan.mask_start, 0..columns, 0..rows);
            to.fill_mask(0, columns..width, 0..rows);
            to.fill_mask(0, 0..width, rows..height);
        }
        let job = Arc::new(Self {
            dataset,
            plan,
            stop,
            runtime: crate::runtime::get(),
            to,
            failure: Mutex::new(None),
            failed: AtomicBool::new(false),
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
        failure.map_or(Ok(()), |e| Err(e.at_level(job.plan.size.level)))
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
        let blocks = self.plan.blocks();
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
        let blocks = self.plan.blocks();
        loop {
            let i = self.next.fetch_add(1, SeqCst);
            if i >= blocks || self.has_failed() {
                return;
            }
            self.block(i, None);
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

    /// The `i`-th block of the plan.
    pub(super) fn at(&self, i: usize) -> Option<Block<'_>> {
        let (pass, i) = self.plan.pass_of(i)?;
        let (y, rows) = pass.rows.get(i / pass.columns.len())?;
        let (x, columns) = pass.columns.get(i % pass.columns.len())?;
        Some(Block { pass, x: *x, y: *y, columns, rows })
    }

    /// Finds a block in the file.
    pub(super) fn locate(&self, block: &Block<'_>) -> Result<Stored> {
        locate(&self.dataset, &block.pass.image, block.number(), block.pass.image.stored_rows(block.y))
            .map_err(|e| e.at_tile(block.x, block.y))
    }

    /// Decodes and places block `i`: from `bytes`, or from where a local source has it. Errors stop the whole job.
    pub(super) fn block(&self, i: usize, bytes: Option<&[u8]>) {
        let Some(block) = self.at(i) else { return };
        let result = self.stop.check().and_then(|()| match bytes {
            Some(bytes) => self.decode_and_place(&block, &Input::Bytes(bytes)),
            None => match self.locate(&block)? {
                Stored::At(range) => self.read_local(&block, range),
                Stored::Sparse => {
                    self.place_sparse(&block);
                    Ok(())
                }
            },
        });
        if let Err(e) = result {
            self.fail(e.at_tile(block.x, block.y));
        }
    }

    fn read_local(&self, block: &Block<'_>, range: Range<u64>) -> Result<()> {
        let counters = &self.dataset.reader.counters;
        counters.add(|c| &c.ranges, 1);
        // The read itself happens in the decoding thread's buffer, and its time counts as decoding.
        counters.request(range.end - range.start, Duration::ZERO);
        self.decode_and_place(block, &Input::Local(range))
    }

    fn decode_and_place(&self, block: &Block<'_>, input: &Input<'_>) -> Result<()> {
        let started = Instant::now();
        with_block(&self.dataset, &block.pass.image, (block.x, block.y), input, |view| self.place(block, view))?;
        let counters = &self.dataset.reader.counters;
        counters.add(|c| &c.tiles_decoded, 1);
        counters.add(|c| &c.decode_ns, started.elapsed().as_nanos() as u64);
        Ok(())
    }

    fn part(&self, block: &Block<'_>) -> Part<'_> {
        Part { columns: &self.plan.columns, rows: &self.plan.rows, out_columns: block.columns.clone(), out_rows: block.rows.clone() }
    }

    fn place(&self, block: &Block<'_>, view: &BlockView<'_>) {
        let part = self.part(block);
        match &block.pass.role {
            Role::Bands(bands) => {
                copy_samples(view, bands, &part, &self.to);
                self.clear_missing_rows(block, view, bands);
            }
            Role::Mask => self.place_mask(view, &part, 0, |v| if v == 0 { 0 } else { 255 }),
        }
        if self.to.wants_mask() {
            match &block.pass.mask {
                MaskFrom::Nothing => {}
                MaskFrom::Nodata(nodata, samples) => self.place_nodata_mask(view, &part, *nodata, samples),
                MaskFrom::Alpha(sample) => self.place_mask(view, &part, *sample, |v| v),
            }
        }
    }

    /// A last strip has fewer rows than its tile-sized output: the rest is 0.
    fn clear_missing_rows(&self, block: &Block<'_>, view: &BlockView<'_>, bands: &[(usize, usize)]) {
        let last = view.y + block.pass.image.stored_rows(block.y);
        let stored = block.rows.clone().take_while(|row| self.plan.rows.source(*row) < last).count();
        if stored < block.rows.len() {
            let part = Part { out_rows: block.rows.start + stored..block.rows.end, ..self.part(block) };
            let bands: Vec<usize> = bands.iter().map(|(_, band)| *band).collect();
            fill_samples(&[0; 16], block.pass.image.dtype, &bands, &part, &self.to);
        }
    }

    fn place_sparse(&self, block: &Block<'_>) {
        let image = &block.pass.image;
        let part = self.part(block);
        let value = self.plan.fill.map_or([0; 16], |n| n.sample(image.dtype));
        if let Role::Bands(bands) = &block.pass.role {
            let bands: Vec<usize> = bands.iter().map(|(_, band)| *band).collect();
            fill_samples(&value, image.dtype, &bands, &part, &self.to);
        }
        // The mask of a sparse block is 0, with which it began: it is nodata, a mask not stored, or an alpha of 0.
    }

    /// Copies one sample of the block to the mask, inside the image. 16 bits become 8 as GDAL makes them.
    fn place_mask(&self, view: &BlockView<'_>, part: &Part<'_>, sample: usize, to_mask: impl Fn(u8) -> u8) {
        let (columns, rows) = inside(&self.plan);
        let size = view.dtype.size();
        let step = view.samples * size;
        let out_columns = part.out_columns.start..part.out_columns.end.min(columns);
        for out_row in part.out_rows.clone().take_while(|r| *r < rows) {
            let row = view.row(part.rows.source(out_row));
            let value = |column: usize| {
                let at = (part.columns.source(column) - view.x) as usize * step + sample * size;
                match row.get(at..at + size) {
                    Some(&[v]) => v,
                    Some(&[a, b]) => rescale_alpha(u16::from_ne_bytes([a, b])),
                    // A mask of other types does not occur; what is not zero is valid.
                    Some(bytes) if bytes.iter().any(|b| *b != 0) => 255,
                    _ => 0,
                }
            };
            self.to.write_mask_row(out_row, out_columns.start, out_columns.clone().map(|column| to_mask(value(column))));
        }
    }

    fn place_nodata_mask(&self, view: &BlockView<'_>, part: &Part<'_>, nodata: Nodata, samples: &[usize]) {
        let (columns, rows) = inside(&self.plan);
        let size = view.dtype.size();
        let out_columns = part.out_columns.start..part.out_columns.end.min(columns);
        for out_row in part.out_rows.clone().take_while(|r| *r < rows) {
            let row = view.row(part.rows.source(out_row));
            for sample in samples {
                let from = row.get(sample * size..).unwrap_or_default();
                let sources = out_columns.clone().map(|c| (part.columns.source(c) - view.x) as usize);
                nodata
                    .each_valid(view.dtype, from, view.samples * size, sources, |i| self.to.set_mask(out_row, out_columns.start + i, 255));
            }
        }
    }
}

/// GDAL's `GDALRescaledAlphaBand`: nothing that is not 0 becomes 0.
fn rescale_alpha(value: u16) -> u8 {
    let scaled = (u32::from(value) * 255 / 65535) as u8;
    if scaled == 0 && value > 0 { 1 } else { scaled }
}

/// How many output columns and rows lie inside the image. (Only a whole tile reaches beyond.)
fn inside(plan: &Plan) -> (usize, usize) {
    let count = |axis: &crate::raster::Axis, limit: u64| {
        if axis.is_identity() { (limit.saturating_sub(axis.source(0)) as usize).min(axis.len()) } else { axis.len() }
    };
    (count(&plan.columns, plan.image_size.0), count(&plan.rows, plan.image_size.1))
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
