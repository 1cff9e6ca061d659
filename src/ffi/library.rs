//! The library itself: version, features, names, memory, shutdown.

use super::status::{self, cog_status};
use super::{boundary, cog_error, infallible};
use std::ffi::{CStr, c_char, c_void};
use std::time::Duration;

/// Version of the header: compare with cog_version_number.
pub const COG_VERSION_MAJOR: u32 = 0;
/// Version of the header.
pub const COG_VERSION_MINOR: u32 = 1;
/// Version of the header.
pub const COG_VERSION_PATCH: u32 = 0;

/// The version of the linked library: major × 1000000 + minor × 1000 + patch.
///
/// Ownership: takes nothing. Lifetime: none. NULL: none. Threads: any. Blocking: no. Errors: none.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub extern "C" fn cog_version_number() -> u32 {
    COG_VERSION_MAJOR * 1_000_000 + COG_VERSION_MINOR * 1000 + COG_VERSION_PATCH
}

/// The version of the linked library as text, "0.1.0".
///
/// Ownership: the text belongs to the library. Lifetime: static. NULL: none. Threads: any. Blocking: no. Errors: none.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub extern "C" fn cog_version_string() -> *const c_char {
    const VERSION: &[u8] = concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes();
    CStr::from_bytes_with_nul(VERSION).unwrap_or_default().as_ptr()
}

/// Whether this build has a feature: 1 or 0. Known names: "http", "s3", "gcs", "azure", "native-codecs", "jpeg", "lzw",
/// "deflate", "packbits", "webp", "zstd", "lzma", "lerc", "ccitt".
///
/// Ownership: takes nothing. Lifetime: none. NULL: gives 0. Threads: any. Blocking: no. Errors: none.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_has_feature(name: *const c_char) -> i32 {
    infallible(0, || {
        // SAFETY: NULL or a C string, as documented.
        let name = unsafe { super::text(name, "name") }.unwrap_or_default();
        let codec = matches!(name, "jpeg" | "lzw" | "deflate" | "packbits" | "webp" | "zstd" | "lzma" | "lerc" | "ccitt");
        i32::from(codec || matches!(name, "http" | "s3" | "gcs" | "azure") || (name == "native-codecs" && cfg!(feature = "native-codecs")))
    })
}

/// The name of a status, "COG_ERR_NOT_FOUND"; "unknown status" for a value that is none.
///
/// Ownership: the text belongs to the library. Lifetime: static. NULL: none. Threads: any. Blocking: no. Errors: none.
/// Example: examples-c/errors.c
#[unsafe(no_mangle)]
pub extern "C" fn cog_status_name(status: cog_status) -> *const c_char {
    status::name(status).as_ptr()
}

/// Frees memory that a function of this library returned and documents as freed with cog_buffer_free.
///
/// Ownership: takes the buffer. Lifetime: the buffer ends here. NULL: allowed, does nothing. Threads: any. Blocking: no. Errors: none.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_buffer_free(buffer: *mut c_void) {
    // SAFETY: NULL or memory from `malloc_copy`, as documented.
    unsafe { libc::free(buffer) };
}

/// Stops the library's threads. Calls that are running go on for up to timeout_ms; a later call starts the threads again.
/// A program need not call this: the threads end with the process.
///
/// Ownership: takes nothing. Lifetime: handles stay valid. NULL: error may be NULL. Threads: any. Blocking: up to timeout_ms.
/// Errors: COG_ERR_TIMEOUT where calls were still running then (they finish, and the threads stop after them).
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_shutdown(timeout_ms: u64, error: *mut *mut cog_error) -> cog_status {
    // Through block_on, which refuses calls from inside a callback: they would wait for themselves.
    boundary(error, || crate::runtime::block_on(async { crate::runtime::shutdown(Duration::from_millis(timeout_ms)) }))
}
