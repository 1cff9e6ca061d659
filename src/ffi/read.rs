//! Reading pixels.

use super::cancel::cog_cancel;
use super::dataset::cog_dataset;
use super::describe::cog_dtype;
use super::structs::read_in;
use super::{borrow, boundary, cog_error, cog_status, malloc_copy, null, store, text};
use crate::error::{Error, Result};
use crate::raster::{DType, RawBuffer};
use crate::read::{ReadParams, Resampling};
use std::ffi::{c_char, c_void};
use std::time::Duration;

/// How pixels are made where the output is not the size of the window, or the window lies between pixels: with GDAL's names and numbers.
/// As in GDAL, images with a palette are read nearest instead of bilinear, cubic, cubicspline and lanczos, and complex ones instead of gauss.
pub type cog_resampling = i32;
/// The pixel that lies under the centre of the output pixel.
pub const COG_NEAREST: cog_resampling = 0;
/// Between the two nearest pixels; where the output is reduced, over as many as it is reduced by. Pixels that are not valid are left out, as
/// in all that follow.
pub const COG_BILINEAR: cog_resampling = 1;
/// Catmull-Rom, over four pixels. May overshoot.
pub const COG_CUBIC: cog_resampling = 2;
/// Cubic B-spline, over four pixels: smooth.
pub const COG_CUBICSPLINE: cog_resampling = 3;
/// Windowed sinc, over six pixels: sharp. May overshoot.
pub const COG_LANCZOS: cog_resampling = 4;
/// The mean of the pixels that an output pixel covers. With a palette, the colour nearest to the mean of the colours.
pub const COG_AVERAGE: cog_resampling = 5;
/// The root of the mean of their squares.
pub const COG_RMS: cog_resampling = 6;
/// The most frequent of their values.
pub const COG_MODE: cog_resampling = 7;
/// A Gauss filter of 3, 5 or 7 pixels, by the reduction.
pub const COG_GAUSS: cog_resampling = 8;

/// A flag of a read: the window may reach beyond the image, as long as it overlaps it; what lies outside is `fill`, with mask 0. Reads by
/// bounds may without it. The setting read.boundless = FALSE makes it COG_ERR_OUT_OF_BOUNDS for all.
/// rasterio, where it is told no fill value, fills with nodata instead: give that as `fill` for the same pixels.
pub const COG_READ_BOUNDLESS: u32 = 1;
/// A flag of a read: gives sample × scale + offset, as cog_band_info has them, instead of the samples. COG_NATIVE is then COG_FLOAT32 for
/// samples of up to 16 bits and for such floats, else COG_FLOAT64 (complex: COG_CFLOAT32, COG_CFLOAT64). The mask is what it is without.
pub const COG_READ_UNSCALE: u32 = 2;

/// What to read. Begin with COG_READ_PARAMS_INIT: the whole of level 0, all bands.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_read_params {
    /// sizeof(cog_read_params).
    pub struct_size: usize,
    /// Left edge of the window, in pixels of `level` (of level 0 where level is -1); need not be whole. x, y, width and height all 0: the
    /// whole level.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Columns of the window.
    pub width: f64,
    /// Rows of the window.
    pub height: f64,
    /// The level to read; -1: the one that suits the output size, as GDAL chooses it (level 0 where the output size is 0).
    pub level: i32,
    /// Columns of the output; 0: as the window.
    pub out_width: i64,
    /// Rows of the output; 0: as the window.
    pub out_height: i64,
    /// Bands from 1 on, in any order, also repeated; NULL: all.
    pub bands: *const u32,
    /// Entries of bands.
    pub band_count: usize,
    /// Used where the output size is not the window's, for pixels and mask.
    pub resampling: cog_resampling,
    /// COG_READ_BOUNDLESS, COG_READ_UNSCALE, or both; 0: neither.
    pub flags: u32,
    /// What lies beyond the image, converted to dst's type as a sample is; 0: the setting read.fill_value, which is 0 too where not set.
    pub fill: f64,
    /// Time limit of the call in milliseconds; 0: none but those of the single requests.
    pub timeout_ms: u64,
    /// Stops the call; NULL: the token of the options, if any.
    pub cancel: *mut cog_cancel,
}

/// Where the pixels go. The strides may have any sign and leave gaps, but pixels must not overlap; data is always the lowest address of
/// the memory, also with negative strides, which begin at its other end.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_dst {
    /// sizeof(cog_dst).
    pub struct_size: usize,
    /// The memory; need not be aligned.
    pub data: *mut c_void,
    /// Its size in bytes. What lies beyond is never written.
    pub len: usize,
    /// Type to convert to, as GDAL converts: floats are rounded half away from zero, everything is clamped, NaN becomes 0 in an integer.
    /// COG_NATIVE (0): the file's own type.
    pub dtype: cog_dtype,
    /// Bytes from a pixel to the next; 0: the type's size.
    pub pixel_stride: i64,
    /// Bytes from a row to the next; 0: the output's width × pixel_stride.
    pub line_stride: i64,
    /// Bytes from a band to the next; 0: the output's height × line_stride.
    pub band_stride: i64,
    /// Receives one byte a pixel: 255 valid, 0 not; where an alpha band is the mask, its value. An internal mask or alpha is resampled as the
    /// pixels are, to values between: 0 is not valid. NULL: not wanted.
    pub mask: *mut u8,
    /// Size of mask in bytes.
    pub mask_len: usize,
    /// Bytes from a row of the mask to the next; 0: the output's width.
    pub mask_line_stride: i64,
}

/// Reads parameters; NULL is the default.
///
/// # Safety
/// `params` is NULL or a valid struct of its size.
pub(super) unsafe fn params_in(params: *const cog_read_params) -> Result<ReadParams> {
    if params.is_null() {
        return Ok(ReadParams::default());
    }
    // SAFETY: promised by the caller.
    unsafe { params_of(&read_in(params, "params")?) }
}

/// Reads parameters that were read as far as their size goes.
///
/// # Safety
/// `bands` leads to `band_count` numbers, and `cancel` is NULL or a token.
pub(super) unsafe fn params_of(p: &cog_read_params) -> Result<ReadParams> {
    let resampling = Resampling::from_code(p.resampling).ok_or_else(|| Error::invalid(format!("{} is no resampling", p.resampling)))?;
    if p.flags & !(COG_READ_BOUNDLESS | COG_READ_UNSCALE) != 0 {
        return Err(Error::invalid(format!("params->flags is {:#x}, which has bits that are no COG_READ_ flag", p.flags)));
    }
    let side = |n: i64, name: &str| u64::try_from(n).map_err(|_| Error::invalid(format!("params->{name} is negative")));
    let window = [p.x, p.y, p.width, p.height];
    let level = match p.level {
        -1 => None,
        n => Some(usize::try_from(n).map_err(|_| Error::invalid(format!("params->level is {n}; -1 or a level from 0 on")))?),
    };
    let bands = match (p.bands.is_null(), p.band_count) {
        (true, 0) => None,
        (true, _) => return Err(null("params->bands")),
        (false, n) if n > 1 << 20 => return Err(Error::invalid(format!("params->band_count is {n}"))),
        // SAFETY: the caller says that there are so many bands.
        (false, n) => Some(unsafe { std::slice::from_raw_parts(p.bands, n) }.to_vec()),
    };
    Ok(ReadParams {
        window: if window == [0.0; 4] { None } else { Some(window) },
        level,
        out_size: (side(p.out_width, "out_width")?, side(p.out_height, "out_height")?),
        bands,
        resampling,
        boundless: p.flags & COG_READ_BOUNDLESS != 0,
        fill: (p.fill != 0.0).then_some(p.fill),
        unscale: p.flags & COG_READ_UNSCALE != 0,
        timeout: (p.timeout_ms > 0).then(|| Duration::from_millis(p.timeout_ms)),
        // SAFETY: NULL or a token of this library, as documented.
        cancel: unsafe { cog_cancel::token(p.cancel) },
    })
}

/// Reads a destination.
///
/// # Safety
/// `dst` is NULL or a valid struct of its size.
pub(super) unsafe fn dst_in(dst: *const cog_dst) -> Result<(RawBuffer, Option<DType>)> {
    // SAFETY: promised by the caller.
    let d = unsafe { read_in(dst, "dst")? };
    let dtype = match d.dtype {
        0 => None,
        code => Some(DType::from_code(code).ok_or_else(|| Error::invalid(format!("dst->dtype is {code}, which is no type")))?),
    };
    if isize::try_from(d.len).is_err() || isize::try_from(d.mask_len).is_err() {
        return Err(Error::invalid("dst->len or dst->mask_len is more than memory can hold"));
    }
    let strides = [d.pixel_stride, d.line_stride, d.band_stride];
    let (mask, mask_len, mask_line_stride) = (d.mask, d.mask_len, d.mask_line_stride);
    Ok((RawBuffer { data: d.data.cast(), len: d.len, strides, mask, mask_len, mask_line_stride }, dtype))
}

/// Reads a window of a level, or of the level that suits out_width × out_height, into dst. Blocks are fetched in as few requests as
/// possible and decoded by all cores.
///
/// Ownership: params and dst stay the caller's. Lifetime: dst's memory must stay valid, and unused by others, until the function returns.
/// NULL: params (the whole of level 0) and error may be NULL; dst and dst->data not. Threads: any, also at once on one dataset.
/// Blocking: yes; stopped by params->cancel and params->timeout_ms.
/// Errors: COG_ERR_OUT_OF_BOUNDS for a window (without COG_READ_BOUNDLESS: a part of one), level or band that is not there; COG_ERR_BUFFER_TOO_SMALL and COG_ERR_INVALID_ARGUMENT before
/// any I/O for the pixels; COG_ERR_FORMAT for a damaged block, COG_ERR_UNSUPPORTED for a compression that is not read, both with the tile;
/// COG_ERR_IO, COG_ERR_TIMEOUT, COG_ERR_CANCELLED, COG_ERR_MODIFIED, COG_ERR_LIMIT_EXCEEDED, COG_ERR_FORKED. On failure dst may be partly
/// written.
/// Example: examples-c/window_to_png.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_read_window(
    dataset: *const cog_dataset,
    params: *const cog_read_params,
    dst: *const cog_dst,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or valid, as documented.
        let (d, params, (buffer, dtype)) = unsafe { (borrow(dataset, "dataset")?, params_in(params)?, dst_in(dst)?) };
        // SAFETY: the caller keeps dst's memory during the call.
        unsafe { d.dataset.read_window_into(&params, &buffer, dtype) }
    })
}

/// Reads the part of the image inside bounds (left, bottom, right, top) into dst, which becomes out_width × out_height pixels of params, or
/// where these are 0 as many as the window of cog_bounds_window. The part may reach beyond the image: what lies outside is params->fill, with
/// mask 0, unless the setting read.boundless is FALSE. crs names the CRS of the bounds; this version takes that of the image only, as
/// "EPSG:32633" or by its URN or URL.
///
/// Ownership: all stays the caller's. Lifetime: dst's memory must stay valid, and unused by others, until the function returns.
/// NULL: crs (the image's), params and error may be NULL; the others not. Threads: any, also at once on one dataset.
/// Blocking: yes; stopped by params->cancel and params->timeout_ms. Errors: as cog_read_window and cog_bounds_window;
/// COG_ERR_OUT_OF_BOUNDS for bounds that don't overlap the image; COG_ERR_INVALID_ARGUMENT for a window in params.
/// Example: examples-c/bounds.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_read_bounds(
    dataset: *const cog_dataset,
    bounds: *const f64,
    crs: *const c_char,
    params: *const cog_read_params,
    dst: *const cog_dst,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or valid, as documented.
        let (d, params, (buffer, dtype)) = unsafe { (borrow(dataset, "dataset")?, params_in(params)?, dst_in(dst)?) };
        // SAFETY: four numbers and a C string, as documented.
        let place = unsafe { (bounds_in(bounds)?, optional_text(crs, "crs")?) };
        // SAFETY: the caller keeps dst's memory during the call.
        unsafe { d.dataset.read_bounds_into(place, &params, &buffer, dtype) }
    })
}

/// Gives the window (x, y, width, height) of a level that bounds (left, bottom, right, top) cover, in pixels, as rasterio's from_bounds has
/// it: in a rotated image the box around the four corners; edges within a millionth of a pixel of a whole one lie on it. In an image whose
/// rows go up the bounds' bottom may be above their top. For cog_read_params, to know a result's size before it is read.
///
/// Ownership: window, of four numbers, is the caller's. Lifetime: none. NULL: crs (the image's) and error may be NULL; the others not.
/// Threads: any. Blocking: for a level other than 0, as cog_level_count. Errors: COG_ERR_UNSUPPORTED for another CRS than the image's, and
/// for an image without transform; COG_ERR_INVALID_ARGUMENT for bounds that are empty or in the wrong order; COG_ERR_OUT_OF_BOUNDS for a
/// level that is not there.
/// Example: examples-c/bounds.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_bounds_window(
    dataset: *const cog_dataset,
    bounds: *const f64,
    crs: *const c_char,
    level: u32,
    window: *mut f64,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, four numbers, a C string, as documented.
        let (d, bounds, crs) = unsafe { (borrow(dataset, "dataset")?, bounds_in(bounds)?, optional_text(crs, "crs")?) };
        if window.is_null() {
            return Err(null("window"));
        }
        let found = d.dataset.bounds_window(bounds, crs, level as usize)?;
        // SAFETY: not NULL, and room for four numbers, as documented.
        unsafe { window.cast::<[f64; 4]>().write_unaligned(found) };
        Ok(())
    })
}

/// Reads four numbers.
///
/// # Safety
/// `bounds` is NULL or leads to four numbers.
unsafe fn bounds_in(bounds: *const f64) -> Result<[f64; 4]> {
    if bounds.is_null() {
        return Err(null("bounds"));
    }
    // SAFETY: promised by the caller.
    Ok(unsafe { bounds.cast::<[f64; 4]>().read_unaligned() })
}

/// Reads a C string that may be NULL.
///
/// # Safety
/// `pointer` is NULL or leads to a NUL-terminated string.
unsafe fn optional_text<'a>(pointer: *const c_char, name: &str) -> Result<Option<&'a str>> {
    // SAFETY: promised by the caller.
    if pointer.is_null() { Ok(None) } else { unsafe { text(pointer, name) }.map(Some) }
}

/// Reads internal tile (x, y) of level z into dst, whole: tile_width × tile_height pixels of the level, edge tiles too, whose pixels beyond
/// the image are as the file stores them (0 where it stores none) with mask 0. Of params only bands, timeout_ms and cancel count.
///
/// Ownership: params and dst stay the caller's. Lifetime: dst's memory must stay valid, and unused by others, until the function returns.
/// NULL: params and error may be NULL; dst and dst->data not. Threads: any, also at once on one dataset.
/// Blocking: yes; stopped by params->cancel and params->timeout_ms. Errors: as cog_read_window; COG_ERR_OUT_OF_BOUNDS for a tile that is
/// not there.
/// Example: examples-c/tile.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_get_tile(
    dataset: *const cog_dataset,
    x: u64,
    y: u64,
    z: u32,
    params: *const cog_read_params,
    dst: *const cog_dst,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or valid, as documented.
        let (d, params, (buffer, dtype)) = unsafe { (borrow(dataset, "dataset")?, params_in(params)?, dst_in(dst)?) };
        // SAFETY: the caller keeps dst's memory during the call.
        unsafe { d.dataset.read_tile_into((x, y, z as usize), &params, &buffer, dtype) }
    })
}

/// Gives the bytes of tile (x, y) of level z as the file stores them, to be decoded elsewhere: cog_level_info has Compression and Predictor,
/// cog_tag_value of the level's IFD has JPEGTables (347). In a planar file the planes' rows of tiles follow each other: row y of plane p is
/// y + p × tiles_down. A tile that the file does not store has 0 bytes.
///
/// Ownership: *bytes is the caller's, freed with cog_buffer_free. Lifetime: until freed. NULL: error may be NULL, the others not.
/// Threads: any. Blocking: yes; stopped by the token of the options. Errors: COG_ERR_OUT_OF_BOUNDS for a tile or level that is not there;
/// COG_ERR_FORMAT for one that lies beyond the end of the file; as reading the file.
/// Example: examples-c/tile.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_get_tile_bytes(
    dataset: *const cog_dataset,
    x: u64,
    y: u64,
    z: u32,
    bytes: *mut *mut u8,
    len: *mut usize,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let d = unsafe { borrow(dataset, "dataset")? };
        if bytes.is_null() || len.is_null() {
            return Err(null("bytes or len"));
        }
        let stored = d.dataset.tile_bytes(x, y, z as usize)?.bytes;
        let copy = malloc_copy(&stored)?;
        // SAFETY: neither is NULL, and both are valid places, as documented.
        unsafe {
            len.write(stored.len());
            bytes.write(copy);
        }
        Ok(())
    })
}

/// Gives the size of what cog_read_window would read for these parameters, to allocate it: columns, rows, the type that COG_NATIVE means, and
/// the bytes of all bands, packed, in that type.
///
/// Ownership: the places are the caller's. Lifetime: none. NULL: params, error, and each place may be NULL. Threads: any.
/// Blocking: where a level must be found, as cog_level_count. Errors: as cog_read_window for its parameters.
/// Example: examples-c/window_to_png.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_read_size(
    dataset: *const cog_dataset,
    params: *const cog_read_params,
    width: *mut u64,
    height: *mut u64,
    dtype: *mut cog_dtype,
    len: *mut u64,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or valid, as documented.
        let (d, params) = unsafe { (borrow(dataset, "dataset")?, params_in(params)?) };
        let size = d.dataset.read_size(&params)?;
        // SAFETY: each is NULL or a valid place; NULL is allowed, so the result of `store` does not matter.
        unsafe {
            let _ = store(width, size.width as u64, "width");
            let _ = store(height, size.height as u64, "height");
            let _ = store(dtype, size.dtype as cog_dtype, "dtype");
            let _ = store(len, size.bytes(), "len");
        }
        Ok(())
    })
}
