//! The C ABI: pointers in, status out. `include/cog.h` is generated from this folder.
//!
//! Every export is written out plainly and runs inside [`boundary`], so that no panic crosses into the caller. Pointers are checked for NULL
//! here; that they are valid otherwise is the caller's promise, as each function's documentation says.
#![allow(unsafe_code, reason = "the C ABI")]
#![allow(non_camel_case_types, reason = "C's names")]
#![allow(clippy::missing_safety_doc, reason = "the contract of each function is its documentation in cog.h")]
#![allow(clippy::doc_markdown, rustdoc::broken_intra_doc_links, reason = "the comments become cog.h, where Markdown is no help")]

pub mod cancel;
pub mod dataset;
pub mod describe;
pub mod error;
pub mod library;
pub mod many;
pub mod metadata;
pub mod observe;
pub mod options;
pub mod points;
pub mod read;
pub mod reader;
pub mod statistics;
pub mod status;
mod structs;
pub mod tags;
pub mod tiles;

use crate::error::{Error, Result};
use error::cog_error;
use status::cog_status;
use status::{COG_OK, code};
use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of an export: a panic becomes COG_ERR_PANIC, an error is stored in `*out` (where `out` is not NULL) and becomes its status.
pub(crate) fn boundary(out: *mut *mut cog_error, body: impl FnOnce() -> Result<()>) -> cog_status {
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| Err(Error::from_panic(&*payload)));
    let (status, error) = match result {
        Ok(()) => (COG_OK, std::ptr::null_mut()),
        Err(e) => (code(e.status()), if out.is_null() { std::ptr::null_mut() } else { cog_error::into_raw(e) }),
    };
    if !out.is_null() {
        // SAFETY: the caller passed a valid place for an error pointer.
        unsafe { out.write(error) };
    }
    status
}

/// Runs the body of an export that can't fail; a panic gives `otherwise`.
pub(crate) fn infallible<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

fn null(name: &str) -> Error {
    Error::invalid(format!("{name} is NULL"))
}

/// A reference to what a handle points to.
///
/// # Safety
/// `pointer` is NULL or valid for `'a`.
pub(crate) unsafe fn borrow<'a, T>(pointer: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: promised by the caller.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// The text of a C string, which must be UTF-8.
///
/// # Safety
/// `pointer` is NULL or leads to a NUL-terminated string.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str> {
    if pointer.is_null() {
        return Err(null(name));
    }
    // SAFETY: promised by the caller.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| Error::invalid(format!("{name} is not UTF-8")))
}

/// Stores a result, where the caller's pointer is not NULL.
///
/// # Safety
/// `pointer` is NULL or valid for a write.
pub(crate) unsafe fn store<T>(pointer: *mut T, value: T, name: &str) -> Result<()> {
    if pointer.is_null() {
        return Err(null(name));
    }
    // SAFETY: promised by the caller.
    unsafe { pointer.write(value) };
    Ok(())
}

/// Memory for the caller, to be freed with `cog_buffer_free`. One NUL byte follows the contents, so that text is a C string.
pub(crate) fn malloc_copy(bytes: &[u8]) -> Result<*mut u8> {
    // SAFETY: malloc is called with a size that is not 0.
    let copy = unsafe { libc::malloc(bytes.len() + 1) }.cast::<u8>();
    if copy.is_null() {
        return Err(Error::io(format!("{} bytes of memory could not be had", bytes.len())));
    }
    // SAFETY: `copy` has room for the bytes and one more, and is not part of `bytes`.
    unsafe {
        copy.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        copy.add(bytes.len()).write(0);
    }
    Ok(copy)
}
