//! Many files at once: results, mosaics, STAC items.

use super::dataset::{cog_dataset, handle};
use super::options::cog_options;
use super::read::{cog_dst, cog_read_params, dst_in, params_in};
use super::structs::read_in;
use super::tiles::cog_tile_id;
use super::{borrow, boundary, cog_error, cog_status, infallible, null, text};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::many::{Reducer, Request, StacParams, mosaic_into, open_stac, read_many_into};
use crate::raster::{DType, RawBuffer};
use crate::read::TileId;
use std::ffi::{CString, c_char};
use std::sync::Arc;

/// What is read of each file.
pub type cog_request_kind = i32;
/// The window of the parameters, in each file's own pixels.
pub const COG_REQUEST_WINDOW: cog_request_kind = 0;
/// The internal tile `tile`.
pub const COG_REQUEST_TILE: cog_request_kind = 1;
/// What lies inside `bounds`, as cog_read_bounds reads it.
pub const COG_REQUEST_BOUNDS: cog_request_kind = 2;

/// One read of each of many files. Begin with COG_REQUEST_INIT: a window.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_request {
    /// sizeof(cog_request).
    pub struct_size: usize,
    /// COG_REQUEST_WINDOW, COG_REQUEST_TILE or COG_REQUEST_BOUNDS.
    pub kind: cog_request_kind,
    /// For COG_REQUEST_TILE.
    pub tile: cog_tile_id,
    /// For COG_REQUEST_BOUNDS: left, bottom, right, top.
    pub bounds: [f64; 4],
    /// The CRS of bounds, as cog_read_bounds takes it; NULL: each file's own.
    pub crs: *const c_char,
}

/// How valid pixels of several files become one.
pub type cog_reducer = i32;
/// That of the first file that has one; files behind those that fill the picture are not waited for.
pub const COG_FIRST: cog_reducer = 0;
/// That of the last file that has one.
pub const COG_LAST: cog_reducer = 1;
/// Each band's highest value.
pub const COG_HIGHEST: cog_reducer = 2;
/// Each band's lowest value.
pub const COG_LOWEST: cog_reducer = 3;
/// Each band's mean, rounded once where the type is an integer.
pub const COG_MEAN: cog_reducer = 4;

/// Reads a request; NULL is a window.
///
/// # Safety
/// `request` is NULL or a valid struct of its size.
unsafe fn request_in(request: *const cog_request) -> Result<Request> {
    if request.is_null() {
        return Ok(Request::Window);
    }
    // SAFETY: promised by the caller.
    let r = unsafe { read_in(request, "request")? };
    Ok(match r.kind {
        COG_REQUEST_WINDOW => Request::Window,
        COG_REQUEST_TILE => Request::Tile(TileId { x: r.tile.x, y: r.tile.y, level: r.tile.z as usize }),
        // SAFETY: a C string, as documented.
        COG_REQUEST_BOUNDS if !r.crs.is_null() => Request::Bounds(r.bounds, Some(unsafe { text(r.crs, "request->crs")? }.to_owned())),
        COG_REQUEST_BOUNDS => Request::Bounds(r.bounds, None),
        kind => return Err(Error::invalid(format!("request->kind is {kind}, which is no COG_REQUEST_"))),
    })
}

/// The datasets of a list; an entry that is NULL is an error of its own.
///
/// # Safety
/// `datasets` has `n` entries, each NULL or a handle.
unsafe fn datasets_in(datasets: *const *const cog_dataset, n: usize) -> Result<Vec<Result<Arc<Dataset>>>> {
    if datasets.is_null() && n > 0 {
        return Err(null("datasets"));
    }
    if n > 1 << 20 {
        return Err(Error::invalid(format!("{n} datasets were given to one call; 1048576 are the most")));
    }
    let each = |i: usize| {
        // SAFETY: the caller says that there are so many.
        let dataset = unsafe { borrow(datasets.add(i).read_unaligned(), &format!("datasets[{i}]"))? };
        Ok(Arc::clone(&dataset.dataset))
    };
    Ok((0..n).map(each).collect())
}

/// Reads the same of each of n datasets, up to 16 of them at once, each into its own dst of dsts. errors receives NULL or an error for each:
/// what one can't give spoils no other. cog_error_status(errors[i]) is COG_OK for NULL. params->timeout_ms limits the read of each.
///
/// Ownership: datasets, request, params and dsts stay the caller's; each of errors is the caller's, freed with cog_error_free.
/// Lifetime: the memory of all dsts must stay valid, and unused by others, until the function returns; no two may overlap.
/// NULL: request (a window), params, errors, error, and entries of datasets (an error of their own) may be NULL; datasets and dsts where n
/// is 0. Threads: any, also at once on the same datasets. Blocking: yes; stopped by params->cancel and params->timeout_ms.
/// Errors: COG_OK only where all were read; else the status and the error of the first that was not, as cog_read_window, cog_get_tile and
/// cog_read_bounds give them.
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_read_many(
    datasets: *const *const cog_dataset,
    n: usize,
    request: *const cog_request,
    params: *const cog_read_params,
    dsts: *const cog_dst,
    errors: *mut *mut cog_error,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or valid, as documented; the caller keeps the memory of all dsts during the call.
        let results = unsafe { many(datasets, n, request, params, dsts) };
        let failure = |i: usize| match &results {
            Ok(results) => results.get(i).and_then(|r| r.as_ref().err().cloned()),
            Err(e) => Some(e.clone()),
        };
        if !errors.is_null() {
            for i in 0..n {
                // SAFETY: room for n pointers, as documented.
                unsafe { errors.add(i).write(failure(i).map_or(std::ptr::null_mut(), cog_error::into_raw)) };
            }
        }
        results?.into_iter().collect()
    })
}

unsafe fn many(
    datasets: *const *const cog_dataset,
    n: usize,
    request: *const cog_request,
    params: *const cog_read_params,
    dsts: *const cog_dst,
) -> Result<Vec<Result<()>>> {
    // SAFETY: promised by the caller.
    let (all, request, params) = unsafe { (datasets_in(datasets, n)?, request_in(request)?, params_in(params)?) };
    if dsts.is_null() && n > 0 {
        return Err(null("dsts"));
    }
    // SAFETY: the caller says that there are so many.
    let buffers: Vec<(RawBuffer, Option<DType>)> = (0..n).map(|i| unsafe { dst_in(dsts.add(i)) }).collect::<Result<_>>()?;
    // SAFETY: promised by the caller.
    unsafe { read_many_into(&all, &request, &params, &buffers) }
}

/// Reads the same of each of n datasets and makes one picture of it in dst: for each pixel the valid ones are reduced to one. The picture
/// has params' out_width × out_height pixels, or where these are 0 the size that the first dataset's read has; COG_NATIVE is the first
/// dataset's type. Pixels that are valid nowhere are params->fill, with mask 0. Datasets that lie outside the bounds of the request have no
/// part in it. COG_FIRST, COG_LAST, COG_HIGHEST and COG_LOWEST go by bands and the mask of the pixel; the result does not depend on which
/// file answers first. params->timeout_ms limits the read of each.
///
/// Ownership: all stays the caller's. Lifetime: dst's memory must stay valid, and unused by others, until the function returns.
/// NULL: request (a window), params and error may be NULL; the others not. Threads: any, also at once on the same datasets.
/// Blocking: yes; stopped by params->cancel and params->timeout_ms. Errors: those of any dataset, as cog_read_many; COG_ERR_OUT_OF_BOUNDS
/// where no dataset reaches the bounds; COG_ERR_INVALID_ARGUMENT where the datasets give different sizes or numbers of bands;
/// COG_ERR_UNSUPPORTED for complex samples, but for the first and the last.
/// Example: examples-c/mosaic.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_read_mosaic(
    datasets: *const *const cog_dataset,
    n: usize,
    request: *const cog_request,
    reducer: cog_reducer,
    params: *const cog_read_params,
    dst: *const cog_dst,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or valid, as documented.
        let (all, request, params) = unsafe { (datasets_in(datasets, n)?, request_in(request)?, params_in(params)?) };
        // SAFETY: as above.
        let (buffer, dtype) = unsafe { dst_in(dst)? };
        let reducer = Reducer::from_code(reducer).ok_or_else(|| Error::invalid(format!("{reducer} is no reducer")))?;
        let all = all.into_iter().collect::<Result<Vec<_>>>()?;
        // SAFETY: the caller keeps dst's memory during the call.
        unsafe { mosaic_into(&all, &request, reducer, &params, &buffer, dtype) }
    })
}

/// A flag of cog_stac_open: TIFFs of any kind are opened, not only Cloud-Optimized GeoTIFFs.
pub const COG_STAC_ANY_TIFF: u32 = 1;

/// Files with names: the assets of a STAC item. Does not change; opaque.
pub struct cog_set(Vec<Member>);

struct Member {
    name: CString,
    dataset: Result<Arc<cog_dataset>>,
}

/// Reads a STAC item (its JSON: a path or a URL) and opens its assets, up to 16 at once: those of media type
/// image/tiff; application=geotiff; profile=cloud-optimized, or the asset_count that assets names, of whatever type. Relative hrefs are
/// resolved against the item's place. An asset that can't be opened is a member of the set too; cog_set_dataset says why. Items may come
/// from anybody: the settings stac.item_bytes and stac.assets limit them, an item from a server names no local files, and http.headers and
/// http.bearer_token are sent to the item's own origin only.
///
/// Ownership: uri, assets and options are not kept; *set is the caller's, freed with cog_set_free. Lifetime: until freed. NULL: assets
/// (by media type; asset_count is 0 then), options and error may be NULL; on failure *set is NULL. Threads: any.
/// Blocking: yes, on the item and all assets; stopped by the token of the options. Errors: as cog_open for the item; COG_ERR_FORMAT for what
/// is no item; COG_ERR_NOT_FOUND where no asset has the media type or a name is not there; COG_ERR_LIMIT_EXCEEDED.
/// Example: examples-c/stac.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_stac_open(
    uri: *const c_char,
    assets: *const *const c_char,
    asset_count: usize,
    flags: u32,
    options: *const cog_options,
    set: *mut *mut cog_set,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        if set.is_null() {
            return Err(null("set"));
        }
        // SAFETY: not NULL, and valid as documented.
        unsafe { set.write(std::ptr::null_mut()) };
        if flags & !COG_STAC_ANY_TIFF != 0 {
            return Err(Error::invalid(format!("flags is {flags:#x}, which has bits that are no COG_STAC_ flag")));
        }
        // SAFETY: NULL or valid, as documented.
        let (uri, names, options) = unsafe { (text(uri, "uri")?, names_in(assets, asset_count)?, cog_options::get(options)) };
        let found = open_stac(uri, &StacParams { assets: names, any_tiff: flags & COG_STAC_ANY_TIFF != 0 }, &options)?;
        let member = |asset: crate::many::Asset| Member {
            // A name with a NUL byte in it can't be a C string; JSON may hold one.
            name: CString::new(asset.name.replace('\0', "\u{fffd}")).unwrap_or_default(),
            dataset: asset.dataset.map(handle),
        };
        let members = Box::new(cog_set(found.into_iter().map(member).collect()));
        // SAFETY: as above.
        unsafe { set.write(Box::into_raw(members)) };
        Ok(())
    })
}

/// Copies a list of C strings; NULL is none.
///
/// # Safety
/// `names` is NULL or leads to `n` C strings.
unsafe fn names_in(names: *const *const c_char, n: usize) -> Result<Option<Vec<String>>> {
    if names.is_null() {
        return if n == 0 { Ok(None) } else { Err(null("assets")) };
    }
    if n > 1 << 20 {
        return Err(Error::invalid(format!("asset_count is {n}")));
    }
    // SAFETY: the caller says that there are so many.
    (0..n).map(|i| unsafe { text(names.add(i).read_unaligned(), "assets[…]") }.map(str::to_owned)).collect::<Result<_>>().map(Some)
}

/// Gives the number of files in a set, those that could not be opened included.
///
/// Ownership: set stays the caller's. Lifetime: none. NULL: set may be NULL, which gives 0. Threads: any. Blocking: no. Errors: none.
/// Example: examples-c/stac.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_set_count(set: *const cog_set) -> usize {
    // SAFETY: NULL or a handle of this library, as documented.
    infallible(0, || unsafe { set.as_ref() }.map_or(0, |s| s.0.len()))
}

/// Gives the name of the i-th file, from 0 on: the key of the asset.
///
/// Ownership: the text is lent. Lifetime: as long as the set. NULL: set may be NULL, which gives NULL, as an i that is not there does.
/// Threads: any. Blocking: no. Errors: none.
/// Example: examples-c/stac.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_set_name(set: *const cog_set, i: usize) -> *const c_char {
    infallible(std::ptr::null(), || {
        // SAFETY: NULL or a handle of this library, as documented.
        unsafe { set.as_ref() }.and_then(|s| s.0.get(i)).map_or(std::ptr::null(), |member| member.name.as_ptr())
    })
}

/// Gives the i-th file of a set, from 0 on, or the error with which it could not be opened.
///
/// Ownership: *dataset is a reference of the caller's, freed with cog_free. Lifetime: until freed; it does not need the set. NULL: error may
/// be NULL, the others not; on failure *dataset is NULL. Threads: any. Blocking: no. Errors: COG_ERR_OUT_OF_BOUNDS for an i that is not
/// there; those of cog_open; COG_ERR_PERMISSION_DENIED for a local file, or a store's host, that the item may not name.
/// Example: examples-c/stac.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_set_dataset(
    set: *const cog_set,
    i: usize,
    dataset: *mut *mut cog_dataset,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        if dataset.is_null() {
            return Err(null("dataset"));
        }
        // SAFETY: not NULL, and valid as documented.
        unsafe { dataset.write(std::ptr::null_mut()) };
        // SAFETY: NULL or a handle of this library, as documented.
        let members = &unsafe { borrow(set, "set")? }.0;
        let missing = || Error::out_of_bounds(format!("the set has {} files, and no number {i}", members.len()));
        let opened = members.get(i).ok_or_else(missing)?.dataset.as_ref().map_err(Clone::clone)?;
        // SAFETY: as above.
        unsafe { dataset.write(Arc::into_raw(Arc::clone(opened)).cast_mut()) };
        Ok(())
    })
}

/// Frees a set. Datasets that were taken from it live on.
///
/// Ownership: takes set. Lifetime: it ends, and the names that it lent. NULL: allowed, does nothing. Threads: any. Blocking: no.
/// Errors: none.
/// Example: examples-c/stac.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_set_free(set: *mut cog_set) {
    infallible((), || {
        if !set.is_null() {
            // SAFETY: made by `cog_stac_open`, and freed once, as documented.
            drop(unsafe { Box::from_raw(set) });
        }
    });
}
