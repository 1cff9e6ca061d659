//! Statistics of bands.

use super::dataset::cog_dataset;
use super::read::{cog_read_params, params_in};
use super::structs::{read_in, write_out};
use super::{borrow, boundary, cog_error, cog_status, infallible, null};
use crate::error::{Error, Result};
use crate::statistics::{BandStatistics, StatisticsParams};

/// A flag of statistics: of all pixels, not of a reduced image.
pub const COG_STATISTICS_EXACT: u32 = 1;
/// A flag of statistics: no histogram is made.
pub const COG_STATISTICS_NO_HISTOGRAM: u32 = 2;

/// Which statistics to make. Begin with COG_STATISTICS_PARAMS_INIT: of the image reduced to 1024 pixels, percentiles 2 and 98, ten bins.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_statistics_params {
    /// sizeof(cog_statistics_params).
    pub struct_size: usize,
    /// COG_STATISTICS_EXACT and the others, joined by |; 0: none.
    pub flags: u32,
    /// Bins of the histogram, at most 1048576; 0: ten.
    pub bins: u32,
    /// Lower end of the first bin. Both ends 0: from the smallest to the largest value.
    pub histogram_min: f64,
    /// Upper end of the last bin, which belongs to it.
    pub histogram_max: f64,
    /// From 0 to 100, in any order, at most a hundred; NULL: 2 and 98.
    pub percentiles: *const f64,
    /// Entries of percentiles. Where percentiles is not NULL, 0 makes none.
    pub percentile_count: usize,
    /// Longer side of the reduced image; 0: 1024.
    pub max_size: u64,
}

/// The statistics of bands. Does not change; opaque.
pub struct cog_statistics(Vec<BandStatistics>);

/// The statistics of one band. Where no pixel is valid the numbers are NaN.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_band_statistics {
    /// sizeof(cog_band_statistics).
    pub struct_size: usize,
    /// The band, from 1 on.
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
    /// Pixels that don't: masked, nodata, NaN or infinite.
    pub masked: u64,
    /// Share of pixels that count, from 0 to 100.
    pub valid_percent: f64,
    /// One number a percentile asked for.
    pub percentiles: *const f64,
    /// Entries of percentiles.
    pub percentile_count: usize,
    /// Count of each bin; a bin holds its lower edge, the last one also its upper.
    pub histogram: *const u64,
    /// Bins of equal width.
    pub bins: usize,
    /// Lower end of the first bin.
    pub histogram_min: f64,
    /// Upper end of the last bin.
    pub histogram_max: f64,
}

/// Makes statistics of bands: extremes, mean, standard deviation, percentiles, histogram. By default they are those of the image reduced as
/// cog_preview_size reduces it to how->max_size, read from the overview that suits; with COG_STATISTICS_EXACT those of all pixels of
/// params->level (-1 is 0), in bounded memory: types of up to 16 bits are read once, others twice as a rule and five times at most. Minimum,
/// maximum, mean and standard deviation are GDAL's ComputeStatistics, percentiles numpy's (linear between ranks), bins numpy's. Which pixels
/// count is decided for each band: an internal mask, else the band's own nodata, else the alpha band (which itself counts whole); NaN and
/// infinite values never do. Of params window, level, bands, COG_READ_UNSCALE, timeout_ms and cancel count, and without COG_STATISTICS_EXACT out_width,
/// out_height and resampling. timeout_ms limits the read of each piece: exact statistics read the image in pieces of some megabytes,
/// once or more.
///
/// Ownership: params and how stay the caller's; *statistics is the caller's, freed with cog_statistics_free. Lifetime: until freed; it does
/// not need the dataset. NULL: params (all bands), how (its INIT) and error may be NULL; on failure *statistics is NULL.
/// Threads: any, also at once on one dataset. Blocking: yes; stopped by params->cancel. Errors: as cog_read_window; COG_ERR_UNSUPPORTED for
/// complex samples; COG_ERR_INVALID_ARGUMENT for percentiles outside 0 to 100 and what else can't be meant.
/// Example: examples-c/statistics.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_statistics_compute(
    dataset: *const cog_dataset,
    params: *const cog_read_params,
    how: *const cog_statistics_params,
    statistics: *mut *mut cog_statistics,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        if statistics.is_null() {
            return Err(null("statistics"));
        }
        // SAFETY: not NULL, and valid as documented.
        unsafe { statistics.write(std::ptr::null_mut()) };
        // SAFETY: NULL or valid, as documented.
        let (d, params, how) = unsafe { (borrow(dataset, "dataset")?, params_in(params)?, how_in(how)?) };
        let result = Box::new(cog_statistics(d.dataset.statistics(&params, &how)?));
        // SAFETY: as above.
        unsafe { statistics.write(Box::into_raw(result)) };
        Ok(())
    })
}

/// Reads what statistics to make; NULL is the default.
///
/// # Safety
/// `how` is NULL or a valid struct of its size.
unsafe fn how_in(how: *const cog_statistics_params) -> Result<StatisticsParams> {
    let default = StatisticsParams::default();
    if how.is_null() {
        return Ok(default);
    }
    // SAFETY: promised by the caller.
    let h = unsafe { read_in(how, "how")? };
    let known = COG_STATISTICS_EXACT | COG_STATISTICS_NO_HISTOGRAM;
    if h.flags & !known != 0 {
        return Err(Error::invalid(format!("how->flags is {:#x}, which has bits that are no COG_STATISTICS_ flag", h.flags)));
    }
    let percentiles = match (h.percentiles.is_null(), h.percentile_count) {
        (true, 0) => default.percentiles,
        (true, _) => return Err(null("how->percentiles")),
        (false, n) if n > 1 << 16 => return Err(Error::invalid(format!("how->percentile_count is {n}"))),
        // SAFETY: the caller says that there are so many.
        (false, n) => (0..n).map(|i| unsafe { h.percentiles.add(i).read_unaligned() }).collect(),
    };
    let bins = if h.bins == 0 { default.bins } else { h.bins as usize };
    Ok(StatisticsParams {
        percentiles,
        bins: if h.flags & COG_STATISTICS_NO_HISTOGRAM == 0 { bins } else { 0 },
        range: (h.histogram_min != 0.0 || h.histogram_max != 0.0).then_some((h.histogram_min, h.histogram_max)),
        exact: h.flags & COG_STATISTICS_EXACT != 0,
        max_size: if h.max_size == 0 { default.max_size } else { h.max_size },
    })
}

/// Gives the number of bands that statistics were made of.
///
/// Ownership: statistics stays the caller's. Lifetime: none. NULL: statistics may be NULL, which gives 0. Threads: any. Blocking: no.
/// Errors: none.
/// Example: examples-c/statistics.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_statistics_count(statistics: *const cog_statistics) -> usize {
    // SAFETY: NULL or a handle of this library, as documented.
    infallible(0, || unsafe { statistics.as_ref() }.map_or(0, |s| s.0.len()))
}

/// Fills band with the statistics of the i-th band, from 0 on, in the order of params->bands.
///
/// Ownership: band is the caller's; its percentiles and histogram are lent. Lifetime: what is lent lives as long as statistics.
/// NULL: error may be NULL, the others not. Threads: any. Blocking: no. Errors: COG_ERR_OUT_OF_BOUNDS for an i that is not there;
/// COG_ERR_INVALID_ARGUMENT for a band->struct_size that is not set.
/// Example: examples-c/statistics.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_statistics_band(
    statistics: *const cog_statistics,
    i: usize,
    band: *mut cog_band_statistics,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let all = &unsafe { borrow(statistics, "statistics")? }.0;
        let s =
            all.get(i).ok_or_else(|| Error::out_of_bounds(format!("there are statistics of {} bands, and no number {i}", all.len())))?;
        let filled = cog_band_statistics {
            struct_size: 0,
            band: s.band,
            min: s.min,
            max: s.max,
            mean: s.mean,
            standard_deviation: s.standard_deviation,
            valid: s.valid,
            masked: s.masked,
            valid_percent: s.valid_percent(),
            percentiles: s.percentiles.as_ptr(),
            percentile_count: s.percentiles.len(),
            histogram: s.histogram.as_ptr(),
            bins: s.histogram.len(),
            histogram_min: s.range.0,
            histogram_max: s.range.1,
        };
        // SAFETY: NULL or a struct of its struct_size, as documented.
        unsafe { write_out(band, filled, "band") }
    })
}

/// Frees statistics, and what they lent.
///
/// Ownership: takes statistics. Lifetime: it ends. NULL: allowed, does nothing. Threads: any. Blocking: no. Errors: none.
/// Example: examples-c/statistics.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_statistics_free(statistics: *mut cog_statistics) {
    infallible((), || {
        if !statistics.is_null() {
            // SAFETY: made by `cog_statistics_compute`, and freed once, as documented.
            drop(unsafe { Box::from_raw(statistics) });
        }
    });
}
