//! Statistics of bands: extremes, mean, standard deviation, percentiles, histogram; of an overview, or exact in bounded memory.
//!
//! The image is read in pieces of some megabytes, once or more: [`scan`] reads, [`moments`] sums, [`select`] finds the percentiles,
//! [`histogram`] counts. Which pixels count is decided for each band as GDAL's `GDALRasterBand::ComputeStatistics` does: an internal mask,
//! else the band's own nodata, else the alpha band (which itself counts whole). What is no finite number never counts.

mod histogram;
mod keys;
mod moments;
mod scan;
mod select;

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::raster::DType;
use crate::read::{ReadParams, preview_size};
use histogram::Histogram;
pub(crate) use keys::Sample;
use keys::value_of;
use moments::Moments;
use scan::Scan;
use std::sync::Arc;

/// More percentiles than this in one call are refused: each costs memory while it is searched for.
const MAX_PERCENTILES: usize = 100;
/// More bins than this are refused.
const MAX_BINS: usize = 1 << 20;

/// What statistics to make.
#[derive(Debug, Clone)]
pub struct StatisticsParams {
    /// From 0 to 100, in any order.
    pub percentiles: Vec<f64>,
    /// Bins of the histogram; 0: none is made.
    pub bins: usize,
    /// Lower and upper end of the histogram; `None`: the smallest and the largest value.
    pub range: Option<(f64, f64)>,
    /// Of all pixels. Else of the image reduced until its longer side has `max_size` pixels, from the overview that suits.
    pub exact: bool,
    /// The longer side of the reduced image.
    pub max_size: u64,
}

impl Default for StatisticsParams {
    fn default() -> Self {
        Self { percentiles: vec![2.0, 98.0], bins: 10, range: None, exact: false, max_size: 1024 }
    }
}

/// The statistics of one band. Where no pixel is valid the numbers are NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct BandStatistics {
    /// From 1 on.
    pub band: u32,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of the whole population.
    pub standard_deviation: f64,
    /// Pixels that count.
    pub valid: u64,
    /// Pixels that don't: masked, nodata, or no finite number.
    pub masked: u64,
    /// One a percentile asked for: numpy's linear interpolation between the two values nearest in rank.
    pub percentiles: Vec<f64>,
    /// Counts of the bins.
    pub histogram: Vec<u64>,
    /// Lower end of the first bin and upper end of the last. Bins are equally wide and hold their lower edge, the last its upper one too.
    pub range: (f64, f64),
}

impl BandStatistics {
    /// Share of pixels that count, in percent.
    pub fn valid_percent(&self) -> f64 {
        self.valid as f64 / (self.valid + self.masked) as f64 * 100.0
    }

    /// Of sample × scale + offset, from those of the samples. A negative scale turns the order around.
    fn scaled(mut self, scale: f64, offset: f64) -> Self {
        let to = |v: f64| v * scale + offset;
        let (a, b) = (to(self.min), to(self.max));
        (self.min, self.max) = if scale < 0.0 { (b, a) } else { (a, b) };
        self.mean = to(self.mean);
        self.standard_deviation *= scale.abs();
        self.percentiles.iter_mut().for_each(|v| *v = to(*v));
        let (a, b) = (to(self.range.0), to(self.range.1));
        self.range = if scale < 0.0 { (b, a) } else { (a, b) };
        if scale < 0.0 {
            self.histogram.reverse();
        }
        self
    }
}

impl Dataset {
    /// Statistics of bands. Of `params` window (in pixels of the level), level, bands, unscale and what ends the call count; where `how` is
    /// not exact, resampling too.
    pub fn statistics(self: &Arc<Self>, params: &ReadParams, how: &StatisticsParams) -> Result<Vec<BandStatistics>> {
        check(how)?;
        if self.dtype().is_complex() {
            return Err(Error::unsupported(format!("there are no statistics of {} samples", self.dtype().name())).in_file(self.name()));
        }
        let mut params = params.clone();
        // Scaled at the end: nodata is a value of the samples.
        let unscale = std::mem::take(&mut params.unscale);
        if !how.exact && params.out_size == (0, 0) && params.level.is_none() {
            let (width, height) = match params.window {
                Some([_, _, w, h]) => (w.round().max(1.0) as u64, h.round().max(1.0) as u64),
                None => self.size(),
            };
            params.out_size = preview_size(width, height, how.max_size);
        }
        let scan = Scan::new(self, &params, how.exact)?;
        let bands = scan.bands().to_vec();
        let mut all = Vec::with_capacity(bands.len());
        for group in bands.chunks(scan.bands_at_once()) {
            all.extend(of_bands(&scan, group, how, unscale)?);
        }
        Ok(all)
    }
}

fn check(how: &StatisticsParams) -> Result<()> {
    if how.percentiles.len() > MAX_PERCENTILES {
        return Err(Error::invalid(format!("{} percentiles were asked for; {MAX_PERCENTILES} are the most", how.percentiles.len())));
    }
    if let Some(p) = how.percentiles.iter().find(|p| !(0.0..=100.0).contains(*p)) {
        return Err(Error::invalid(format!("there is no percentile {p}; they are from 0 to 100")));
    }
    if how.bins > MAX_BINS {
        return Err(Error::invalid(format!("a histogram of {} bins was asked for; {MAX_BINS} are the most", how.bins)));
    }
    match how.range {
        Some((low, high)) if !(low <= high && (high - low).is_finite()) => {
            Err(Error::invalid(format!("the histogram's range {low} to {high} is no range")))
        }
        _ if how.max_size == 0 => Err(Error::invalid("max_size is 0; give the longer side in pixels")),
        _ => Ok(()),
    }
}

/// The statistics of a few bands, read together.
fn of_bands(scan: &Scan, bands: &[u32], how: &StatisticsParams, unscale: bool) -> Result<Vec<BandStatistics>> {
    let scales: Vec<(f64, f64)> = bands.iter().map(|b| if unscale { scan.scale(*b) } else { (1.0, 0.0) }).collect();
    // Percentiles and range of the samples, as they are stored.
    let percentiles = |(scale, _): (f64, f64)| how.percentiles.iter().map(move |p| if scale < 0.0 { 100.0 - p } else { *p });
    let range = |(scale, offset): (f64, f64)| {
        let (a, b) = how.range.map(|(low, high)| ((low - offset) / scale, (high - offset) / scale))?;
        Some(if scale < 0.0 { (b, a) } else { (a, b) })
    };
    let first = scan.first(bands)?;
    let mut searches = Vec::with_capacity(bands.len());
    for (band, scale) in first.iter().zip(&scales) {
        let ranks: Vec<u64> = percentiles(*scale).flat_map(|p| ranks(p, band.moments.count)).collect();
        let (low, high) = range(*scale).unwrap_or((band.moments.min, band.moments.max));
        let counted = how.bins > 0 && low <= high;
        searches.push(band.search(&ranks, counted.then(|| Histogram::new(how.bins, low, high))));
    }
    scan.finish(bands, &mut searches)?;
    let results = first.iter().zip(searches).zip(bands).zip(scales).map(|(((band, search), number), scale)| {
        let keys = search.keys();
        let n = band.moments.count;
        let value = |key: Option<&u64>| key.map_or(f64::NAN, |key| value_of(*key, scan.dtype()));
        let percentiles =
            percentiles(scale).enumerate().map(|(i, p)| between(p, n, value(keys.get(2 * i)), value(keys.get(2 * i + 1)))).collect();
        let (histogram, range) = search.into_histogram().unwrap_or_else(|| (vec![0; how.bins], how.range.unwrap_or((f64::NAN, f64::NAN))));
        statistics(*number, &band.moments, band.pixels, percentiles, histogram, range).scaled(scale.0, scale.1)
    });
    Ok(results.collect())
}

fn statistics(band: u32, m: &Moments, pixels: u64, percentiles: Vec<f64>, histogram: Vec<u64>, range: (f64, f64)) -> BandStatistics {
    let number = |value: f64| if m.count == 0 { f64::NAN } else { value };
    BandStatistics {
        band,
        min: number(m.min),
        max: number(m.max),
        mean: number(m.mean),
        standard_deviation: number(m.standard_deviation()),
        valid: m.count,
        masked: pixels - m.count,
        percentiles,
        histogram,
        range,
    }
}

/// The two ranks between which a percentile of `n` values lies; none where there are no values.
fn ranks(percentile: f64, n: u64) -> Vec<u64> {
    let Some(last) = n.checked_sub(1) else { return Vec::new() };
    let below = (position(percentile, n).floor() as u64).min(last);
    vec![below, (below + 1).min(last)]
}

/// numpy's "virtual index".
fn position(percentile: f64, n: u64) -> f64 {
    (n.saturating_sub(1)) as f64 * (percentile / 100.0)
}

/// numpy's interpolation (`_lerp`) between the values of the two ranks.
fn between(percentile: f64, n: u64, a: f64, b: f64) -> f64 {
    let t = position(percentile, n).fract();
    if t >= 0.5 { b - (b - a) * (1.0 - t) } else { a + (b - a) * t }
}

/// Whether statistics of this type are exact after one pass.
fn is_narrow(dtype: DType) -> bool {
    keys::key_bits(dtype).is_some_and(|bits| bits <= select::FIRST_DIGIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// numpy.percentile([1, 2, 4, 8], [0, 2, 50, 98, 100])
    #[test]
    fn percentiles_lie_between_ranks_as_numpy_has_them() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        let of = |p| {
            let r = ranks(p, 4);
            between(p, 4, sorted[r[0] as usize], sorted[r[1] as usize])
        };
        assert_eq!([0.0, 2.0, 50.0, 98.0, 100.0].map(of), [1.0, 1.06, 3.0, 7.76, 8.0]);
        assert!(ranks(50.0, 0).is_empty());
    }

    #[test]
    fn what_can_not_be_meant_is_refused() {
        let bad = |change: fn(&mut StatisticsParams)| {
            let mut how = StatisticsParams::default();
            change(&mut how);
            check(&how).is_err()
        };
        assert!(check(&StatisticsParams::default()).is_ok());
        assert!(bad(|h| h.percentiles = vec![101.0]) && bad(|h| h.percentiles = vec![f64::NAN]) && bad(|h| h.percentiles = vec![1.0; 101]));
        assert!(bad(|h| h.range = Some((2.0, 1.0))) && bad(|h| h.range = Some((0.0, f64::INFINITY))) && bad(|h| h.bins = usize::MAX));
        assert!(bad(|h| h.max_size = 0));
    }
}
