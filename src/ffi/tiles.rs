//! Many internal tiles in one call, and the size of previews.

use super::dataset::cog_dataset;
use super::read::{cog_dst, cog_read_params, dst_in, params_in};
use super::status::code;
use super::{borrow, boundary, cog_error, cog_status, null, store};
use crate::error::{Error, Result, Status};
use crate::read::{TileId, preview_size};

/// An internal tile.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_tile_id {
    /// Column.
    pub x: u64,
    /// Row.
    pub y: u64,
    /// Level; 0 is full resolution.
    pub z: u32,
}

/// Reads n internal tiles in one call, each as cog_get_tile does. Their requests are merged, and a tile that can't be read spoils no other.
/// dst is divided evenly: tile i has dst->len / n bytes from i × (dst->len / n) on, in which dst's strides lay it out (0: packed), and its
/// mask dst->mask_len / n bytes likewise. statuses receives one status a tile.
///
/// Ownership: all stays the caller's. Lifetime: dst's memory must stay valid, and unused by others, until the function returns.
/// NULL: params, statuses and error may be NULL; tiles and dst->data where n is 0. Threads: any, also at once on one dataset.
/// Blocking: yes; stopped by params->cancel and params->timeout_ms. Errors: COG_OK only where all tiles were read; else the status and the
/// error of the first that was not, as cog_get_tile gives them. COG_ERR_BUFFER_TOO_SMALL before any tile is fetched, where a part is too
/// small for its tile; all statuses are that then.
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_get_tiles(
    dataset: *const cog_dataset,
    tiles: *const cog_tile_id,
    n: usize,
    params: *const cog_read_params,
    dst: *const cog_dst,
    statuses: *mut cog_status,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        if n == 0 {
            return Ok(());
        }
        // SAFETY: NULL or valid, as documented; the caller keeps dst's memory during the call.
        let results = unsafe { get_tiles(dataset, tiles, n, params, dst) };
        let status = |i: usize| match &results {
            Ok(results) => results.get(i).map_or(Status::Panic, |r| r.as_ref().err().map_or(Status::Ok, Error::status)),
            Err(e) => e.status(),
        };
        if !statuses.is_null() {
            // SAFETY: room for n statuses, as documented.
            (0..n).for_each(|i| unsafe { statuses.add(i).write(code(status(i))) });
        }
        results?.into_iter().collect()
    })
}

unsafe fn get_tiles(
    dataset: *const cog_dataset,
    tiles: *const cog_tile_id,
    n: usize,
    params: *const cog_read_params,
    dst: *const cog_dst,
) -> Result<Vec<Result<()>>> {
    // SAFETY: promised by the caller.
    let (d, params, (buffer, dtype)) = unsafe { (borrow(dataset, "dataset")?, params_in(params)?, dst_in(dst)?) };
    if tiles.is_null() {
        return Err(null("tiles"));
    }
    if n > 1 << 24 {
        return Err(Error::invalid(format!("{n} tiles were asked for in one call; 16777216 are the most")));
    }
    // SAFETY: the caller says that there are so many.
    let tiles: Vec<TileId> =
        (0..n).map(|i| unsafe { tiles.add(i).read_unaligned() }).map(|t| TileId { x: t.x, y: t.y, level: t.z as usize }).collect();
    // SAFETY: promised by the caller.
    unsafe { d.dataset.read_tiles_into(&tiles, &params, &buffer, dtype) }
}

/// Gives the size of a picture of the whole image whose longer side has at most max_size pixels, as rio-tiler's preview reduces it (the
/// shorter side is rounded up). With it as out_width and out_height of params, cog_read_window reads the preview from the overview that
/// suits.
///
/// Ownership: the places are the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any. Blocking: no.
/// Errors: COG_ERR_INVALID_ARGUMENT for a max_size of 0.
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_preview_size(
    dataset: *const cog_dataset,
    max_size: u64,
    width: *mut i64,
    height: *mut i64,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let d = unsafe { borrow(dataset, "dataset")? };
        if max_size == 0 {
            return Err(Error::invalid("max_size is 0; give the longer side in pixels"));
        }
        let (full_width, full_height) = d.dataset.size();
        let (w, h) = preview_size(full_width, full_height, max_size);
        // SAFETY: NULL or valid, as documented.
        unsafe {
            store(width, w as i64, "width")?;
            store(height, h as i64, "height")
        }
    })
}
