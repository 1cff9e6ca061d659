//! The passes over the image: pieces of some megabytes are read one after the other, each worked through by all cores.

use super::histogram::Histogram;
use super::keys::{Sample, key_bits, value_of};
use super::moments::{Moments, PIECE};
use super::select::{Found, Selection, Table};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::raster::DType;
use crate::read::{MaskKind, Pixels, ReadParams};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of samples that are read at once, unless one block has more.
const PIECE_BYTES: u64 = 32 << 20;
/// Bands that are worked on at once: each has a table of half a megabyte.
const MOST_BANDS: usize = 64;
/// Keys that the percentiles of all bands that are worked on may keep.
const MOST_KEYS: u64 = 1 << 22;

/// What is read, and how.
pub(super) struct Scan {
    dataset: Arc<Dataset>,
    params: ReadParams,
    bands: Vec<u32>,
    at_once: usize,
    /// Windows of the level; one that is `None` is what `params` say.
    pieces: Vec<Option<[f64; 4]>>,
    mask: MaskKind,
    bits: u32,
}

/// What the first pass says of a band.
pub(super) struct First {
    pub(super) moments: Moments,
    pub(super) pixels: u64,
    table: Table,
    dtype: DType,
}

/// What the further passes look for in a band.
pub(super) struct Search {
    selection: Selection,
    histogram: Option<Histogram>,
    counted: bool,
}

impl Scan {
    pub(super) fn new(dataset: &Arc<Dataset>, params: &ReadParams, exact: bool) -> Result<Self> {
        let mut params = params.clone();
        let mut level = params.level.unwrap_or(0);
        let all = || (1..=dataset.bands().len() as u32).collect();
        let bands: Vec<u32> = params.bands.clone().unwrap_or_else(all);
        let bits = key_bits(dataset.dtype()).unwrap_or(64);
        let (pixels, pieces) = if exact {
            params.level = Some(level);
            params.out_size = (0, 0);
            // Refuses bands, levels and windows that are not there.
            let size = dataset.read_size(&params)?;
            let info = dataset.level_info(level)?;
            let (x, y) = params.window.map_or((0, 0), |[x, y, _, _]| (x as u64, y as u64));
            if params.window.is_some_and(|w| w.iter().any(|v| v.fract() != 0.0)) {
                return Err(Error::invalid("exact statistics need a window of whole pixels"));
            }
            let block = (info.block_width, info.block_height);
            let area = (x..x + size.width as u64, y..y + size.height as u64);
            (block.0.saturating_mul(block.1), pieces(&area, block, bands.len().min(MOST_BANDS) as u64 * u64::from(bits / 8)))
        } else {
            let size = dataset.read_size(&params)?;
            level = size.level;
            (size.width as u64 * size.height as u64, vec![None])
        };
        let at_once = (PIECE_BYTES / pixels.saturating_mul(u64::from(bits / 8)).max(1)).clamp(1, MOST_BANDS as u64) as usize;
        let mask = dataset.mask_kind(level)?;
        Ok(Self { dataset: Arc::clone(dataset), params, bands, at_once, pieces, mask, bits })
    }

    pub(super) fn bands(&self) -> &[u32] {
        &self.bands
    }

    pub(super) fn bands_at_once(&self) -> usize {
        self.at_once
    }

    pub(super) fn dtype(&self) -> DType {
        self.dataset.dtype()
    }

    /// Scale and offset of a band.
    pub(super) fn scale(&self, band: u32) -> (f64, f64) {
        let band = self.dataset.bands().get((band as usize).saturating_sub(1));
        band.map_or((1.0, 0.0), |b| (b.scale, b.offset))
    }

    /// Sums and counts the first digits of all samples.
    pub(super) fn first(&self, bands: &[u32]) -> Result<Vec<First>> {
        let (dtype, narrow) = (self.dtype(), super::is_narrow(self.dtype()));
        let none = || First { moments: Moments::NONE, pixels: 0, table: Table::new(self.bits), dtype };
        let mut all: Vec<First> = bands.iter().map(|_| none()).collect();
        self.each_band(bands, |i, samples| {
            let Some(first) = all.get_mut(i) else { return };
            first.pixels += samples.len() as u64;
            let counted = samples.in_parts(Table::new(self.bits), |part, table| part.each(|key, _| table.add(key)));
            for table in &counted {
                first.table.join(table);
            }
            if !narrow {
                for moments in &samples.moments() {
                    first.moments.join(moments);
                }
            }
        })?;
        for first in all.iter_mut().filter(|_| narrow) {
            let counts = first.table.counts.iter().enumerate();
            first.moments = Moments::of_counts(counts.map(|(key, n)| (value_of(key as u64, dtype) as i64, *n)));
        }
        Ok(all)
    }

    /// Reads on until all searches have found what they look for.
    pub(super) fn finish(&self, bands: &[u32], searches: &mut [Search]) -> Result<()> {
        let most = MOST_KEYS / bands.len().max(1) as u64;
        while searches.iter().any(|s| !s.is_done()) {
            let mut found: Vec<Found> = searches.iter().map(|s| s.selection.start(most)).collect();
            let mut histograms: Vec<Option<Histogram>> = searches.iter().map(|s| s.histogram.clone().filter(|_| !s.counted)).collect();
            self.each_band(bands, |i, samples| {
                let (Some(search), Some(found), Some(histogram)) = (searches.get(i), found.get_mut(i), histograms.get_mut(i)) else {
                    return;
                };
                let start = (search.selection.start(most), histogram.as_ref().map(Histogram::empty));
                let parts = samples.in_parts(start, |part, (found, histogram)| {
                    part.each(|key, value| {
                        search.selection.offer(key, found);
                        if let Some(histogram) = histogram {
                            histogram.add(value, 1);
                        }
                    });
                });
                for (part, counts) in parts {
                    found.join(part);
                    histogram.iter_mut().zip(&counts).for_each(|(to, counts)| to.join(counts));
                }
            })?;
            for ((search, found), histogram) in searches.iter_mut().zip(found).zip(histograms) {
                search.selection.advance(found);
                if !search.counted {
                    search.histogram = histogram;
                    search.counted = true;
                }
            }
        }
        Ok(())
    }

    /// Reads the image once, and hands out each band of each piece.
    fn each_band(&self, bands: &[u32], mut each: impl FnMut(usize, &Samples<'_>)) -> Result<()> {
        for window in &self.pieces {
            let params = ReadParams { window: window.or(self.params.window), bands: Some(bands.to_vec()), ..self.params.clone() };
            let pixels = self.dataset.read_window(&params, None, self.mask.is_stored())?;
            let count = pixels.size.width * pixels.size.height;
            for (i, (data, band)) in pixels.data.chunks(count * pixels.size.dtype.size()).zip(bands).enumerate() {
                let mask = self.mask_of(*band, data, &pixels);
                each(i, &Samples { data, mask: mask.as_deref(), dtype: pixels.size.dtype });
            }
        }
        Ok(())
    }

    /// One byte a sample, 0 where it does not count; `None`: all do.
    fn mask_of<'a>(&self, band: u32, data: &[u8], pixels: &'a Pixels) -> Option<std::borrow::Cow<'a, [u8]>> {
        match &self.mask {
            MaskKind::AllValid => None,
            MaskKind::Alpha(alpha) if *alpha + 1 == band as usize => None,
            MaskKind::Internal | MaskKind::Alpha(_) => Some(pixels.mask.as_slice().into()),
            MaskKind::Nodata(values) | MaskKind::NodataValues(values) => {
                let value = values.iter().find(|(b, _)| *b + 1 == band as usize).map(|(_, value)| *value);
                let nodata = value.or(self.dataset.nodata_value())?;
                let (dtype, size) = (pixels.size.dtype, pixels.size.dtype.size());
                let mut mask = vec![0; data.len() / size];
                nodata.each_valid(dtype, data, size, 0..data.len() / size, |i| mask.get_mut(i).into_iter().for_each(|m| *m = 255));
                Some(mask.into())
            }
        }
    }
}

/// An area in pieces of whole blocks that have some megabytes each.
fn pieces((columns, rows): &(Range<u64>, Range<u64>), (block_width, block_height): (u64, u64), pixel_bytes: u64) -> Vec<Option<[f64; 4]>> {
    let across = columns.end - columns.start;
    let row_of_blocks = across.saturating_mul(block_height).saturating_mul(pixel_bytes).max(1);
    let (width, height) = if row_of_blocks <= PIECE_BYTES {
        (u64::MAX, block_height.saturating_mul(PIECE_BYTES / row_of_blocks))
    } else {
        let block = block_width.saturating_mul(block_height).saturating_mul(pixel_bytes).max(1);
        (block_width.saturating_mul((PIECE_BYTES / block).max(1)), block_height)
    };
    let mut pieces = Vec::new();
    for y in steps(rows, height) {
        for x in steps(columns, width) {
            pieces.push(Some([x.start as f64, y.start as f64, (x.end - x.start) as f64, (y.end - y.start) as f64]));
        }
    }
    pieces
}

/// A range cut at the multiples of `step`.
fn steps(range: &Range<u64>, step: u64) -> Vec<Range<u64>> {
    let mut steps = Vec::new();
    let mut start = range.start;
    while start < range.end {
        let end = (start / step + 1).saturating_mul(step).min(range.end);
        steps.push(start..end);
        start = end;
    }
    steps
}

/// The samples of a band in one piece.
struct Samples<'a> {
    data: &'a [u8],
    mask: Option<&'a [u8]>,
    dtype: DType,
}

impl<'a> Samples<'a> {
    fn len(&self) -> usize {
        self.data.len() / self.dtype.size()
    }

    fn slice(&self, range: Range<usize>) -> Samples<'a> {
        let (range, size) = (range.start..range.end.min(self.len()), self.dtype.size());
        let data = self.data.get(range.start * size..range.end * size).unwrap_or_default();
        Samples { data, mask: self.mask.map(|m| m.get(range).unwrap_or_default()), dtype: self.dtype }
    }

    /// Works through one part a core, each with a result of its own that begins as `start`.
    fn in_parts<T: Clone + Send + Sync>(&self, start: T, work: impl Fn(&Samples<'_>, &mut T) + Sync) -> Vec<T> {
        let runtime = crate::runtime::get();
        let one = |range: Range<usize>| {
            let mut result = start.clone();
            work(&self.slice(range), &mut result);
            result
        };
        // Small parts are not worth their tables.
        let Ok(pool) = runtime.cpu() else { return vec![one(0..self.len())] };
        let part = self.len().div_ceil(pool.current_num_threads()).max(PIECE);
        let starts: Vec<usize> = (0..self.len()).step_by(part).collect();
        pool.install(|| starts.into_par_iter().map(|start| one(start..start + part)).collect())
    }

    /// In pieces that don't depend on the number of cores.
    fn moments(&self) -> Vec<Moments> {
        let runtime = crate::runtime::get();
        let starts: Vec<usize> = (0..self.len()).step_by(PIECE).collect();
        let of = |start: usize| {
            let mut values = Vec::with_capacity(PIECE);
            self.slice(start..start + PIECE).each(|_, value| values.push(value));
            Moments::of(&values)
        };
        match runtime.cpu() {
            Ok(pool) => pool.install(|| starts.into_par_iter().map(of).collect()),
            Err(_) => starts.into_iter().map(of).collect(),
        }
    }

    /// Key and value of each sample that counts.
    fn each(&self, each: impl FnMut(u64, f64)) {
        match self.dtype {
            DType::UInt8 => self.each_of::<u8>(each),
            DType::Int8 => self.each_of::<i8>(each),
            DType::UInt16 => self.each_of::<u16>(each),
            DType::Int16 => self.each_of::<i16>(each),
            DType::UInt32 => self.each_of::<u32>(each),
            DType::Int32 => self.each_of::<i32>(each),
            DType::UInt64 => self.each_of::<u64>(each),
            DType::Int64 => self.each_of::<i64>(each),
            DType::Float32 => self.each_of::<f32>(each),
            DType::Float64 => self.each_of::<f64>(each),
            // No file's samples are read as these: `Dataset::statistics` refuses complex ones.
            DType::Float16 | DType::CInt16 | DType::CInt32 | DType::CFloat32 | DType::CFloat64 => {}
        }
    }

    fn each_of<T: Sample>(&self, mut each: impl FnMut(u64, f64)) {
        let mut take = |sample: T| {
            if let Some(key) = sample.key() {
                each(key, sample.value());
            }
        };
        let samples = self.data.chunks_exact(size_of::<T>()).map(T::load);
        match self.mask {
            None => samples.for_each(take),
            Some(mask) => samples.zip(mask).filter(|(_, m)| **m != 0).for_each(|(sample, _)| take(sample)),
        }
    }
}

impl First {
    /// What is to be found in the band. Narrow types know it all already.
    pub(super) fn search(&self, ranks: &[u64], mut histogram: Option<Histogram>) -> Search {
        let counted = super::is_narrow(self.dtype);
        if let Some(histogram) = histogram.as_mut().filter(|_| counted) {
            self.table.counts.iter().enumerate().for_each(|(key, n)| histogram.add(value_of(key as u64, self.dtype), *n));
        }
        let counted = counted || histogram.is_none() || self.moments.count == 0;
        Search { selection: Selection::new(&self.table, ranks), histogram, counted }
    }
}

impl Search {
    fn is_done(&self) -> bool {
        self.selection.is_done() && self.counted
    }

    pub(super) fn keys(&self) -> Vec<u64> {
        self.selection.results().to_vec()
    }

    pub(super) fn into_histogram(self) -> Option<(Vec<u64>, (f64, f64))> {
        self.histogram.map(|h| (h.counts.clone(), h.range()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_area_once_along_the_blocks() {
        for (area, block, bytes) in [((5..1000, 7..900), (256, 256), 4), ((0..100_000, 0..3000), (512, 512), 8), ((3..4, 9..10), (1, 1), 1)]
        {
            let pieces = pieces(&area, block, bytes);
            let pixels: f64 = pieces.iter().flatten().map(|[_, _, w, h]| w * h).sum();
            assert_eq!(pixels, ((area.0.end - area.0.start) * (area.1.end - area.1.start)) as f64);
            for [x, y, w, h] in pieces.iter().flatten() {
                assert!(w * h * bytes as f64 <= PIECE_BYTES as f64);
                let at_edge = |v: f64, start: u64, step: u64| v == start as f64 || v % step as f64 == 0.0;
                assert!(at_edge(*x, area.0.start, block.0) && at_edge(*y, area.1.start, block.1));
            }
        }
    }
}
