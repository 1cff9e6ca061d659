//! Counters and log lines.

use super::dataset::cog_dataset;
use super::{boundary, cog_error, cog_status, infallible};
use crate::error::Error;
use crate::log::{self, Level};
use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

/// What was done so far. All counters only grow.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_stats {
    /// Set by the caller: sizeof(cog_stats).
    pub struct_size: usize,
    /// Requests sent: HTTP requests (those sent again and those that redirects lead to included), reads of a local file or of memory, calls of a reader.
    pub requests: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Byte ranges asked for; a merged request counts each block's.
    pub ranges: u64,
    /// Requests sent again: after a failure that may pass, or with what a store has put right (region, clock, credentials).
    pub retries: u64,
    /// Ranges that were in memory.
    pub cache_hits: u64,
    /// Ranges that had to be fetched.
    pub cache_misses: u64,
    /// Bytes of header, IFDs, tag values and index pages fetched.
    pub header_bytes: u64,
    /// Blocks decoded, masks included.
    pub tiles_decoded: u64,
    /// Nanoseconds spent waiting for bytes, summed over requests.
    pub wait_ns: u64,
    /// Nanoseconds spent decoding, summed over threads.
    pub decode_ns: u64,
}

/// Nothing is logged.
pub const COG_LOG_OFF: i32 = 0;
/// What a program should look at.
pub const COG_LOG_ERROR: i32 = 1;
/// Damaged parts of a file that were left out.
pub const COG_LOG_WARN: i32 = 2;
/// Rare events.
pub const COG_LOG_INFO: i32 = 3;
/// Each request.
pub const COG_LOG_DEBUG: i32 = 4;

/// Receives log lines: what was passed as user_data, the level, and one line without a line break, valid during the call.
/// It may be called from any thread, several at once, and must not call blocking functions of this library.
pub type cog_log_callback = Option<unsafe extern "C" fn(user_data: *mut c_void, level: i32, message: *const c_char)>;

/// Gives the counters of a handle, or of all handles since the library was loaded (freed ones included).
///
/// Ownership: stats is the caller's. Lifetime: none. NULL: dataset NULL means all handles; error may be NULL, stats not. Threads: any.
/// Blocking: no. Errors: COG_ERR_INVALID_ARGUMENT for a struct_size that is none.
/// Example: examples-c/window_to_png.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_stats_get(dataset: *const cog_dataset, stats: *mut cog_stats, error: *mut *mut cog_error) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let now = unsafe { dataset.as_ref() }.map_or_else(crate::stats::total, |d| d.dataset.stats());
        let value = cog_stats {
            struct_size: 0,
            requests: now.requests,
            bytes: now.bytes,
            ranges: now.ranges,
            retries: now.retries,
            cache_hits: now.cache_hits,
            cache_misses: now.cache_misses,
            header_bytes: now.header_bytes,
            tiles_decoded: now.tiles_decoded,
            wait_ns: now.wait_ns,
            decode_ns: now.decode_ns,
        };
        // SAFETY: NULL or a struct of its struct_size, as documented.
        unsafe { super::structs::write_out(stats, value, "stats") }
    })
}

/// Sends the log lines of all handles, up to a level, to a callback; NULL takes that back, and lines go to standard error again as each
/// handle's log.level says.
///
/// Ownership: user_data stays the caller's. Lifetime: callback and user_data must stay valid until another callback is set and calls that
/// are running have returned. NULL: callback may be NULL (off), user_data and error too. Threads: any. Blocking: no.
/// Errors: COG_ERR_INVALID_ARGUMENT for an unknown level.
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_set_log_callback(
    callback: cog_log_callback,
    user_data: *mut c_void,
    level: i32,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        let known = [Level::Off, Level::Error, Level::Warn, Level::Info, Level::Debug];
        let wanted = known.into_iter().find(|l| *l as i32 == level);
        let wanted = wanted.ok_or_else(|| Error::invalid(format!("{level} is no log level")))?;
        let user_data = UserData(user_data);
        log::set_sink(callback.map(|function| -> (log::Sink, Level) {
            let sink = move |level: Level, line: &str| user_data.send(function, level, line);
            (Arc::new(sink), wanted)
        }));
        Ok(())
    })
}

struct UserData(*mut c_void);

// SAFETY: the caller promised that the callback may be called from any thread with this pointer.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    fn send(&self, function: unsafe extern "C" fn(*mut c_void, i32, *const c_char), level: Level, line: &str) {
        let line = CString::new(line.replace(['\0', '\n', '\r'], " ")).unwrap_or_default();
        // SAFETY: the function and its user_data are valid as long as they are set, as documented.
        infallible((), || unsafe { function(self.0, level as i32, line.as_ptr()) });
    }
}
