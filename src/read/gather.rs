//! Single pixels from anywhere in a level: each block that holds some is fetched and decoded once.

use super::job::{Block, Job, Work};
use super::placing::mask_value;
use super::plan::{MaskFrom, MaskKind, planes};
use super::{Pixels, ReadSize, owned};
use crate::cancel::Stop;
use crate::dataset::{Dataset, Level};
use crate::error::Result;
use crate::raster::{BlockView, Destination, Nodata};
use crate::tiff::Image;
use std::ops::Range;
use std::sync::Arc;

/// A pixel to gather and its place in the result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) column: u64,
    pub(super) row: u64,
    pub(super) place: usize,
}

/// Pixels in the order of their blocks.
struct Grouped {
    slots: Vec<Slot>,
    /// Column and row of each block, with its pixels.
    blocks: Vec<(u64, u64, Range<usize>)>,
}

/// Blocks of one image and plane.
struct Pass {
    image: Arc<Image>,
    plane: usize,
    /// (sample within the block's pixels, band of the result).
    bands: Vec<(usize, usize)>,
    mask: MaskFrom,
    /// The image is the internal mask.
    is_mask: bool,
    pixels: Arc<Grouped>,
    /// Number of the first block.
    first: usize,
}

/// What becomes of the blocks.
pub(super) struct Gather {
    level: usize,
    passes: Vec<Pass>,
    /// One row of all slots.
    to: Arc<Destination>,
    /// Fills what is not stored.
    fill: Option<Nodata>,
}

impl Gather {
    /// Reads the pixels of `slots` (`size.width` of them at most, each slot once) in the file's type, with their mask.
    pub(super) async fn read(
        dataset: &Arc<Dataset>,
        level: &Level,
        bands: &[usize],
        kind: MaskKind,
        size: ReadSize,
        slots: Vec<Slot>,
        stop: &Stop,
    ) -> Result<Pixels> {
        let mut pixels = owned(dataset, size, true)?;
        let buffer = pixels.buffer();
        #[allow(unsafe_code, reason = "vectors of our own")]
        // SAFETY: the vectors outlive the job, which alone writes to them.
        let mut to = unsafe { Destination::new(&buffer, size.dtype, size.width, 1, size.bands)? };
        to.fill_mask(if kind == MaskKind::AllValid { 255 } else { 0 }, 0..size.width, 0..1);
        let to = Arc::new(to);
        for (file, passes) in by_file(level, bands, &kind, slots) {
            let file = file.unwrap_or_else(|| Arc::clone(dataset));
            let work = Arc::new(Self { level: size.level, passes, to: Arc::clone(&to), fill: dataset.nodata_value() });
            let read = Job::run(Arc::clone(&file), work, stop.clone()).await;
            read.map_err(|e| e.at_level(size.level).in_file(file.name()))?;
        }
        Ok(pixels)
    }

    /// A block, and the pixels of it that are wanted.
    fn block(&self, i: usize) -> Option<(&Pass, u64, u64, &[Slot])> {
        let after = self.passes.partition_point(|pass| pass.first <= i);
        let pass = self.passes.get(after.checked_sub(1)?)?;
        let (x, y, range) = pass.pixels.blocks.get(i - pass.first)?;
        Some((pass, *x, *y, pass.pixels.slots.get(range.clone())?))
    }

    fn place_pixel(&self, pass: &Pass, slot: usize, pixel: &[u8], view: &BlockView<'_>) {
        let size = view.dtype.size();
        let sample = |i: usize| pixel.get(i * size..(i + 1) * size).unwrap_or_default();
        if pass.is_mask {
            self.to.set_mask(0, slot, if mask_value(sample(0)) == 0 { 0 } else { 255 });
        }
        for &(from, band) in &pass.bands {
            self.to.copy_row(band, 0, slot, sample(from));
        }
        match &pass.mask {
            MaskFrom::Nothing => {}
            MaskFrom::Alpha(from) => self.to.set_mask(0, slot, mask_value(sample(*from))),
            MaskFrom::Nodata(samples) => {
                for (from, nodata) in samples {
                    nodata.each_valid(view.dtype, sample(*from), size, 0..1, |_| self.to.set_mask(0, slot, 255));
                }
            }
        }
    }
}

/// The passes by the file that has their blocks: those of pixels, and that of a mask in another file. A sidecar, or `None`: the file itself.
fn by_file(level: &Level, bands: &[usize], kind: &MaskKind, slots: Vec<Slot>) -> Vec<(Option<Arc<Dataset>>, Vec<Pass>)> {
    let mask = level.mask.as_ref().filter(|_| *kind == MaskKind::Internal);
    let mask_pixels = mask.map(|mask| Arc::new(Grouped::new(slots.clone(), &mask.image)));
    let image_pixels = Arc::new(Grouped::new(slots, &level.image));
    let mut passes: Vec<Pass> = Vec::new();
    for (plane, (bands, mask)) in planes(&level.image, bands, kind) {
        let (image, pixels, first) = (Arc::clone(&level.image), Arc::clone(&image_pixels), blocks(&passes));
        passes.push(Pass { image, plane, bands, mask, is_mask: false, pixels, first });
    }
    let (Some(mask), Some(pixels)) = (mask, mask_pixels) else { return vec![(level.file.clone(), passes)] };
    let from = if mask.as_stored { MaskFrom::Alpha(0) } else { MaskFrom::Nothing };
    let pass = |first| {
        let (image, bands, is_mask) = (Arc::clone(&mask.image), Vec::new(), !mask.as_stored);
        Pass { image, plane: 0, bands, mask: from, is_mask, pixels, first }
    };
    let same_file = match (&level.file, &mask.file) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    if same_file {
        passes.push(pass(blocks(&passes)));
        return vec![(level.file.clone(), passes)];
    }
    vec![(level.file.clone(), passes), (mask.file.clone(), vec![pass(0)])]
}

fn blocks(passes: &[Pass]) -> usize {
    passes.last().map_or(0, |last| last.first + last.pixels.blocks.len())
}

impl Work for Gather {
    fn blocks(&self) -> usize {
        blocks(&self.passes)
    }

    fn at(&self, i: usize) -> Option<Block<'_>> {
        let (pass, x, y, _) = self.block(i)?;
        Some(Block { image: &pass.image, plane: pass.plane, level: self.level, x, y })
    }

    fn index_runs(&self) -> Vec<Range<u64>> {
        let each = |pass: &Pass| {
            let numbers: Vec<u64> = pass.pixels.blocks.iter().map(|(x, y, _)| pass.image.block_number(*x, *y, pass.plane)).collect();
            numbers.into_iter().flat_map(|number| pass.image.index.elements(number)).collect::<Vec<_>>()
        };
        self.passes.iter().flat_map(each).collect()
    }

    fn place(&self, i: usize, view: &BlockView<'_>) {
        let Some((pass, _, _, slots)) = self.block(i) else { return };
        let step = view.samples * view.dtype.size();
        for slot in slots {
            let at = slot.column.saturating_sub(view.x) as usize * step;
            // A strip that is cut short has no such row: it stays 0.
            if let Some(pixel) = view.row(slot.row).get(at..at + step) {
                self.place_pixel(pass, slot.place, pixel, view);
            }
        }
    }

    fn place_sparse(&self, i: usize) {
        let Some((pass, _, _, slots)) = self.block(i) else { return };
        let dtype = pass.image.dtype;
        let value = self.fill.map_or([0; 16], |n| n.sample(dtype));
        for slot in slots {
            for &(_, band) in &pass.bands {
                self.to.copy_row(band, 0, slot.place, value.get(..dtype.size()).unwrap_or_default());
            }
        }
    }
}

impl Grouped {
    fn new(mut slots: Vec<Slot>, image: &Image) -> Self {
        let (width, height) = (image.tiling.width, image.tiling.height);
        let block = |slot: &Slot| (slot.row / height, slot.column / width);
        slots.sort_unstable_by_key(block);
        let mut blocks = Vec::new();
        let mut start = 0;
        for run in slots.chunk_by(|a, b| block(a) == block(b)) {
            if let Some((y, x)) = run.first().map(block) {
                blocks.push((x, y, start..start + run.len()));
            }
            start += run.len();
        }
        Self { slots, blocks }
    }
}
