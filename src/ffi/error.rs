//! `cog_error`: why a call failed, and where.

use super::infallible;
use super::status::{COG_OK, code, cog_status};
use crate::error::Error;
use std::ffi::{CString, c_char};

/// Why a call failed. Immutable; may be passed to and read by any thread.
pub struct cog_error {
    error: Error,
    message: CString,
}

impl cog_error {
    pub(crate) fn into_raw(error: Error) -> *mut Self {
        let message = CString::new(error.to_string().replace('\0', "\\0")).unwrap_or_default();
        Box::into_raw(Box::new(Self { error, message }))
    }
}

/// The status of an error: the same that the failed call returned.
///
/// Ownership: takes nothing. Lifetime: none. NULL: gives COG_OK. Threads: any. Blocking: no. Errors: none.
/// Example: examples-c/errors.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_error_status(error: *const cog_error) -> cog_status {
    // SAFETY: NULL or an error of this library, as documented.
    infallible(COG_OK, || unsafe { error.as_ref() }.map_or(COG_OK, |e| code(e.error.status())))
}

/// One line in English: which file, level and tile, what is wrong, and where it helps, what to do. Credentials are left out.
///
/// Ownership: the text belongs to the error. Lifetime: until the error is freed. NULL: gives "". Threads: any. Blocking: no.
/// Errors: none.
/// Example: examples-c/errors.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_error_message(error: *const cog_error) -> *const c_char {
    // SAFETY: as above.
    infallible(c"".as_ptr(), || unsafe { error.as_ref() }.map_or(c"".as_ptr(), |e| e.message.as_ptr()))
}

/// The status code of the server's answer (404, 503, …), or 0 where no server answered.
///
/// Ownership: takes nothing. Lifetime: none. NULL: gives 0. Threads: any. Blocking: no. Errors: none.
/// Example: examples-c/errors.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_error_http_status(error: *const cog_error) -> i32 {
    // SAFETY: as above.
    infallible(0, || unsafe { error.as_ref() }.and_then(|e| e.error.place().http_status).map_or(0, i32::from))
}

/// The byte offset in the file where it went wrong, or -1 where none is known.
///
/// Ownership: takes nothing. Lifetime: none. NULL: gives -1. Threads: any. Blocking: no. Errors: none.
/// Example: examples-c/errors.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_error_offset(error: *const cog_error) -> i64 {
    // SAFETY: as above.
    infallible(-1, || unsafe { error.as_ref() }.and_then(|e| e.error.place().offset).and_then(|o| i64::try_from(o).ok()).unwrap_or(-1))
}

/// The tile that failed: its level, column and row. Returns 1, or 0 (and leaves the places as they were) where no tile was concerned.
///
/// Ownership: takes nothing. Lifetime: none. NULL: a NULL error gives 0; a NULL place is not written. Threads: any. Blocking: no.
/// Errors: none.
/// Example: examples-c/errors.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_error_tile(error: *const cog_error, level: *mut u32, x: *mut u64, y: *mut u64) -> i32 {
    infallible(0, || {
        // SAFETY: as above.
        let Some(place) = (unsafe { error.as_ref() }).map(|e| e.error.place()) else { return 0 };
        let Some((column, row)) = place.tile else { return 0 };
        // SAFETY: each is NULL or a valid place, as documented.
        unsafe {
            let _ = super::store(level, place.level.unwrap_or(0) as u32, "level");
            let _ = super::store(x, column, "x");
            let _ = super::store(y, row, "y");
        }
        1
    })
}

/// Frees an error.
///
/// Ownership: takes the error. Lifetime: the error and its message end here. NULL: allowed, does nothing. Threads: any. Blocking: no.
/// Errors: none.
/// Example: examples-c/errors.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_error_free(error: *mut cog_error) {
    infallible((), || {
        if !error.is_null() {
            // SAFETY: an error of this library that its owner uses no more, as documented.
            drop(unsafe { Box::from_raw(error) });
        }
    });
}
