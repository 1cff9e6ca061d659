//! Samples at points.

use super::dataset::cog_dataset;
use super::read::{cog_dst, cog_read_params, dst_in, params_of};
use super::structs::read_in;
use super::{borrow, boundary, cog_error, cog_status, null, text};
use crate::error::{Error, Result};
use crate::read::{Coordinates, ReadParams};
use std::ffi::c_char;

/// A flag of cog_read_points alone: the coordinates are columns and rows of the level, pixel corners being whole numbers.
pub const COG_READ_PIXELS: u32 = 1 << 16;

/// Reads the samples of all bands at n points into dst, as an image of n × 1 pixels: all points of the first band, then of the second, …,
/// unless dst's strides say otherwise. Every block that a point needs is fetched and decoded once, however many points lie in it, and
/// requests are merged. xy holds x and y of each point in the image's CRS, or with COG_READ_PIXELS columns and rows. Of params level (-1 is
/// 0), bands, resampling, flags, fill, timeout_ms and cancel count. COG_NEAREST gives the pixel in which a point lies. COG_BILINEAR gives
/// GDAL's GDALRasterInterpolateAtPoint: between the centres of the four pixels around, those beyond the edge being the edge's; where one of
/// the four is nodata or masked, the value is params->fill. Points outside the image are params->fill with mask 0, and no error.
///
/// Ownership: all stays the caller's. Lifetime: dst's memory must stay valid, and unused by others, until the function returns.
/// NULL: crs (the image's own), params and error may be NULL; xy and dst->data where n is 0. Threads: any, also at once on one dataset.
/// Blocking: yes; stopped by params->cancel and params->timeout_ms. Errors: as cog_read_window; COG_ERR_UNSUPPORTED for another CRS than the
/// image's and for other resampling methods; COG_ERR_INVALID_ARGUMENT for map coordinates where the image has no transform.
/// Example: examples-c/point_series.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_read_points(
    dataset: *const cog_dataset,
    crs: *const c_char,
    xy: *const f64,
    n: usize,
    params: *const cog_read_params,
    dst: *const cog_dst,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or valid, as documented.
        let d = unsafe { borrow(dataset, "dataset")? };
        // SAFETY: NULL or a C string, as documented.
        let crs = if crs.is_null() { None } else { Some(unsafe { text(crs, "crs")? }) };
        // SAFETY: NULL or valid, as documented.
        let (coordinates, params) = unsafe { points_params_in(params)? };
        if let Some(crs) = crs.filter(|_| coordinates == Coordinates::Map) {
            d.dataset.check_crs(crs).map_err(|e| e.in_file(d.dataset.name()))?;
        }
        // SAFETY: n pairs of numbers, as documented.
        let points = unsafe { points_in(xy, n)? };
        // SAFETY: NULL or valid, as documented.
        let (buffer, dtype) = unsafe { dst_in(dst)? };
        // SAFETY: the caller keeps dst's memory during the call.
        unsafe { d.dataset.read_points_into(&points, coordinates, &params, &buffer, dtype) }
    })
}

/// Reads parameters, and which coordinates they are for.
///
/// # Safety
/// `params` is NULL or a valid struct of its size.
unsafe fn points_params_in(params: *const cog_read_params) -> Result<(Coordinates, ReadParams)> {
    if params.is_null() {
        return Ok((Coordinates::Map, ReadParams::default()));
    }
    // SAFETY: promised by the caller.
    let mut p = unsafe { read_in(params, "params")? };
    let coordinates = if p.flags & COG_READ_PIXELS == 0 { Coordinates::Map } else { Coordinates::Pixels };
    p.flags &= !COG_READ_PIXELS;
    // SAFETY: its pointers are valid, as the caller promised.
    Ok((coordinates, unsafe { params_of(&p)? }))
}

/// Copies `n` pairs of numbers, which need not be aligned.
///
/// # Safety
/// `xy` has `2 n` numbers.
unsafe fn points_in(xy: *const f64, n: usize) -> Result<Vec<[f64; 2]>> {
    if n == 0 {
        return Ok(Vec::new());
    }
    if xy.is_null() {
        return Err(null("xy"));
    }
    let mut points: Vec<[f64; 2]> = Vec::new();
    let room = if n > isize::MAX as usize / 16 { None } else { points.try_reserve_exact(n).ok() };
    room.ok_or_else(|| Error::invalid(format!("n is {n}, more points than memory can hold")))?;
    // SAFETY: the caller says that there are so many.
    points.extend((0..n).map(|i| unsafe { xy.cast::<[f64; 2]>().add(i).read_unaligned() }));
    Ok(points)
}
