//! `cog_reader`: bytes that the calling program reads.

use super::cog_status;
use super::status::{
    COG_ERR_CANCELLED, COG_ERR_FORMAT, COG_ERR_INVALID_ARGUMENT, COG_ERR_MODIFIED, COG_ERR_NOT_FOUND, COG_ERR_OUT_OF_BOUNDS,
    COG_ERR_PERMISSION_DENIED, COG_ERR_TIMEOUT, COG_ERR_UNSUPPORTED, COG_OK,
};
use crate::error::{Error, Reason, Result};
use crate::source::callback::ReadRanges;
use std::ffi::c_void;

/// One range of a batch: `length` bytes from `offset` on go to `destination`.
#[repr(C)]
pub struct cog_range {
    /// Byte offset in the file.
    pub offset: u64,
    /// Bytes to read; never 0, and never beyond the size that the reader gave.
    pub length: usize,
    /// Where they go; valid during the call.
    pub destination: *mut c_void,
}

/// Functions of the caller's that read a file. They may be called from any thread, several at once, and must not call blocking functions
/// of this library.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_reader {
    /// sizeof(cog_reader).
    pub struct_size: usize,
    /// Stores the file's size in bytes and returns COG_OK. Called once, by the open.
    pub size: Option<unsafe extern "C" fn(user_data: *mut c_void, size: *mut u64) -> cog_status>,
    /// Fills all ranges of a batch and returns COG_OK, or fails as a whole with a status that says why:
    /// COG_ERR_IO, COG_ERR_NOT_FOUND, COG_ERR_PERMISSION_DENIED, COG_ERR_TIMEOUT, COG_ERR_CANCELLED, COG_ERR_MODIFIED, COG_ERR_FORMAT,
    /// COG_ERR_UNSUPPORTED, COG_ERR_INVALID_ARGUMENT or COG_ERR_OUT_OF_BOUNDS; any other is taken for COG_ERR_IO.
    pub read_ranges: Option<unsafe extern "C" fn(user_data: *mut c_void, ranges: *const cog_range, count: usize) -> cog_status>,
    /// Called once when the reader is no longer needed; may be NULL.
    pub close: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// Passed to each.
    pub user_data: *mut c_void,
}

/// A checked `cog_reader`.
pub(crate) struct CallerReader {
    size: unsafe extern "C" fn(*mut c_void, *mut u64) -> cog_status,
    read_ranges: unsafe extern "C" fn(*mut c_void, *const cog_range, usize) -> cog_status,
    close: Option<unsafe extern "C" fn(*mut c_void)>,
    user_data: *mut c_void,
}

// SAFETY: the caller promised that the functions may be called from any thread, several at once, with this user_data.
unsafe impl Send for CallerReader {}
// SAFETY: as above.
unsafe impl Sync for CallerReader {}

impl CallerReader {
    pub(crate) fn new(reader: cog_reader) -> Result<Self> {
        let missing = |name: &str| Error::invalid(format!("reader->{name} is NULL"));
        Ok(Self {
            size: reader.size.ok_or_else(|| missing("size"))?,
            read_ranges: reader.read_ranges.ok_or_else(|| missing("read_ranges"))?,
            close: reader.close,
            user_data: reader.user_data,
        })
    }
}

impl ReadRanges for CallerReader {
    fn size(&self) -> Result<u64> {
        let mut size = 0;
        // SAFETY: the caller's function, called as documented.
        let status = unsafe { (self.size)(self.user_data, &raw mut size) };
        checked(status, "size").map(|()| size)
    }

    fn read_ranges(&self, ranges: &mut [(u64, Vec<u8>)]) -> Result<()> {
        let batch: Vec<cog_range> = ranges
            .iter_mut()
            .map(|(offset, buffer)| cog_range { offset: *offset, length: buffer.len(), destination: buffer.as_mut_ptr().cast() })
            .collect();
        // SAFETY: each destination has room for its length, and all live until the call is over.
        let status = unsafe { (self.read_ranges)(self.user_data, batch.as_ptr(), batch.len()) };
        checked(status, "read_ranges")
    }
}

impl Drop for CallerReader {
    fn drop(&mut self) {
        if let Some(close) = self.close {
            let _inside = crate::runtime::enter_callback();
            // SAFETY: the caller's function, called once.
            unsafe { close(self.user_data) };
        }
    }
}

fn checked(status: cog_status, function: &str) -> Result<()> {
    let message = format!("the reader's {function} returned {}", super::status::name(status).to_string_lossy());
    Err(match status {
        COG_OK => return Ok(()),
        COG_ERR_NOT_FOUND => Reason::NotFound(message),
        COG_ERR_PERMISSION_DENIED => Reason::PermissionDenied(message),
        COG_ERR_TIMEOUT => Reason::Timeout(message),
        COG_ERR_CANCELLED => Reason::Cancelled,
        COG_ERR_MODIFIED => Reason::Modified(message),
        COG_ERR_FORMAT => Reason::Format(message),
        COG_ERR_UNSUPPORTED => Reason::Unsupported(message),
        COG_ERR_INVALID_ARGUMENT => Reason::InvalidArgument(message),
        COG_ERR_OUT_OF_BOUNDS => Reason::OutOfBounds(message),
        _ => Reason::Io(message),
    }
    .into())
}
