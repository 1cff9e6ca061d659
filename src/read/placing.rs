//! A window of one level, or one block of it, placed into a destination.

use super::job::{Block, Job, Work};
use super::plan::{FilePart, MaskFrom, Pass, Plan, Role};
use crate::cancel::Stop;
use crate::dataset::Dataset;
use crate::error::Result;
use crate::raster::{BlockView, DType, Destination, Nodata, Part, copy_samples, fill_samples};
use std::ops::Range;
use std::sync::Arc;

/// A plan and where its pixels go.
pub(super) struct Placing {
    plan: Plan,
    to: Destination,
}

/// A block of the plan, with the part of the output that it serves.
struct PlanBlock<'a> {
    pass: &'a Pass,
    x: u64,
    y: u64,
    columns: &'a Range<usize>,
    rows: &'a Range<usize>,
}

impl Placing {
    /// Fills the mask with what it is where no block says otherwise.
    pub(super) fn new(plan: Plan, mut to: Destination) -> Self {
        if to.wants_mask() {
            let (columns, rows) = inside(&plan);
            let (width, height) = (plan.size.width, plan.size.height);
            to.fill_mask(plan.mask_start, 0..columns, 0..rows);
            to.fill_mask(0, columns..width, 0..rows);
            to.fill_mask(0, 0..width, rows..height);
        }
        Self { plan, to }
    }

    fn block(&self, i: usize) -> Option<PlanBlock<'_>> {
        let (pass, i) = self.plan.pass_of(i)?;
        let (y, rows) = pass.rows.get(i / pass.columns.len())?;
        let (x, columns) = pass.columns.get(i % pass.columns.len())?;
        Some(PlanBlock { pass, x: *x, y: *y, columns, rows })
    }

    fn part(&self, block: &PlanBlock<'_>) -> Part<'_> {
        Part { columns: &self.plan.columns, rows: &self.plan.rows, out_columns: block.columns.clone(), out_rows: block.rows.clone() }
    }

    /// A last strip has fewer rows than its tile-sized output: the rest is 0.
    fn clear_missing_rows(&self, block: &PlanBlock<'_>, view: &BlockView<'_>, bands: &[(usize, usize)]) {
        let last = view.y + block.pass.image.stored_rows(block.y);
        let stored = block.rows.clone().take_while(|row| self.plan.rows.source(*row) < last).count();
        if stored < block.rows.len() {
            let part = Part { out_rows: block.rows.start + stored..block.rows.end, ..self.part(block) };
            let bands: Vec<usize> = bands.iter().map(|(_, band)| *band).collect();
            fill_samples(&[0; 16], block.pass.image.dtype, &bands, &part, &self.to);
        }
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
                mask_value(row.get(at..at + size).unwrap_or_default())
            };
            self.to.write_mask_row(out_row, out_columns.start, out_columns.clone().map(|column| to_mask(value(column))));
        }
    }

    fn place_nodata_mask(&self, view: &BlockView<'_>, part: &Part<'_>, samples: &[(usize, Nodata)]) {
        let (columns, rows) = inside(&self.plan);
        let size = view.dtype.size();
        let out_columns = part.out_columns.start..part.out_columns.end.min(columns);
        for out_row in part.out_rows.clone().take_while(|r| *r < rows) {
            let row = view.row(part.rows.source(out_row));
            for (sample, nodata) in samples {
                let from = row.get(sample * size..).unwrap_or_default();
                let sources = out_columns.clone().map(|c| (part.columns.source(c) - view.x) as usize);
                nodata
                    .each_valid(view.dtype, from, view.samples * size, sources, |i| self.to.set_mask(out_row, out_columns.start + i, 255));
            }
        }
    }
}

/// What one file has of a plan.
pub(super) struct PartOfFile {
    placing: Arc<Placing>,
    part: FilePart,
}

impl Placing {
    /// Reads all blocks, those of one file after those of another.
    pub(super) async fn run(self, dataset: &Arc<Dataset>, stop: &Stop) -> Result<()> {
        let level = self.plan.size.level;
        for part in self.parts() {
            let file = part.part.file.clone().unwrap_or_else(|| Arc::clone(dataset));
            let read = Job::run(Arc::clone(&file), Arc::new(part), stop.clone()).await;
            read.map_err(|e| e.at_level(level).in_file(file.name()))?;
        }
        Ok(())
    }

    /// The plan as one piece of work for each file that its blocks are in.
    pub(super) fn parts(self) -> Vec<PartOfFile> {
        let placing = Arc::new(self);
        placing.plan.parts().into_iter().map(|part| PartOfFile { placing: Arc::clone(&placing), part }).collect()
    }
}

impl PartOfFile {
    /// The sidecar that has the blocks; `None`: the file itself.
    pub(super) fn file(&self) -> Option<&Arc<Dataset>> {
        self.part.file.as_ref()
    }
}

impl Work for PartOfFile {
    fn blocks(&self) -> usize {
        self.part.blocks.len()
    }

    fn at(&self, i: usize) -> Option<Block<'_>> {
        self.placing.at(self.part.blocks.start + i)
    }

    fn index_runs(&self) -> Vec<Range<u64>> {
        self.placing.index_runs(self.part.passes.clone())
    }

    fn place(&self, i: usize, view: &BlockView<'_>) {
        self.placing.place(self.part.blocks.start + i, view);
    }

    fn place_sparse(&self, i: usize) {
        self.placing.place_sparse(self.part.blocks.start + i);
    }
}

impl Placing {
    fn at(&self, i: usize) -> Option<Block<'_>> {
        let block = self.block(i)?;
        Some(Block { image: &block.pass.image, plane: block.pass.plane, level: self.plan.size.level, x: block.x, y: block.y })
    }

    /// A row of blocks is a run of the arrays, so each costs two ranges.
    fn index_runs(&self, passes: Range<usize>) -> Vec<Range<u64>> {
        let mut runs = Vec::new();
        for pass in self.plan.passes.get(passes).unwrap_or_default() {
            let (Some((first, _)), Some((last, _))) = (pass.columns.first(), pass.columns.last()) else { continue };
            for (y, _) in pass.rows.iter() {
                let number = |x| pass.image.block_number(x, *y, pass.plane);
                let ends = pass.image.index.elements(number(*first)).zip(pass.image.index.elements(number(*last)));
                runs.extend(ends.map(|(first, last)| first.start..last.end));
            }
        }
        runs
    }

    fn place(&self, i: usize, view: &BlockView<'_>) {
        let Some(block) = &self.block(i) else { return };
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
                MaskFrom::Nodata(samples) => self.place_nodata_mask(view, &part, samples),
                MaskFrom::Alpha(sample) => self.place_mask(view, &part, *sample, |v| v),
            }
        }
    }

    fn place_sparse(&self, i: usize) {
        let Some(block) = &self.block(i) else { return };
        let image = &block.pass.image;
        let part = self.part(block);
        let value = self.plan.fill.map_or([0; 16], |n| n.sample(image.dtype));
        if let Role::Bands(bands) = &block.pass.role {
            let bands: Vec<usize> = bands.iter().map(|(_, band)| *band).collect();
            fill_samples(&value, image.dtype, &bands, &part, &self.to);
        }
        // The mask of a sparse block is mostly 0, with which it began: it is nodata, a mask not stored, or an alpha of 0.
        let mask = block.pass.mask.of_all(&value, image.dtype);
        if mask != 0 && self.to.wants_mask() {
            let (columns, rows) = inside(&self.plan);
            for row in part.out_rows.take_while(|r| *r < rows) {
                part.out_columns.clone().take_while(|c| *c < columns).for_each(|column| self.to.set_mask(row, column, mask));
            }
        }
    }
}

impl MaskFrom {
    /// The mask where every sample is `value`: of a sparse block, whose value may be another than those that mask.
    fn of_all(&self, value: &[u8; 16], dtype: DType) -> u8 {
        let is_valid = |nodata: &Nodata| {
            let mut valid = false;
            nodata.each_valid(dtype, value, dtype.size(), 0..1, |_| valid = true);
            valid
        };
        match (self, value) {
            (Self::Nodata(samples), _) if samples.iter().any(|(_, nodata)| is_valid(nodata)) => 255,
            (Self::Alpha(_), [low, high, ..]) if dtype == DType::UInt16 => rescale_alpha(u16::from_ne_bytes([*low, *high])),
            (Self::Alpha(_), [alpha, ..]) => *alpha,
            _ => 0,
        }
    }
}

/// What a sample of a mask or an alpha band is in the mask.
pub(super) fn mask_value(sample: &[u8]) -> u8 {
    match *sample {
        [v] => v,
        [a, b] => rescale_alpha(u16::from_ne_bytes([a, b])),
        // A mask of other types does not occur; what is not zero is valid.
        _ if sample.iter().any(|b| *b != 0) => 255,
        _ => 0,
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
