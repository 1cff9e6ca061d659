//! `cog_status` and its constants.

use crate::error::Status;

/// What a function returns: COG_OK, or why it failed. New values may be added; treat an unknown one as a failure.
pub type cog_status = i32;

/// Success.
pub const COG_OK: cog_status = 0;
/// An argument can't be meant: NULL where it must not be, an unknown enum value, a malformed URL, strides that overlap.
pub const COG_ERR_INVALID_ARGUMENT: cog_status = 1;
/// There is no such file or object (HTTP 404, 410).
pub const COG_ERR_NOT_FOUND: cog_status = 2;
/// The file system or the server refuses access (HTTP 401, 403, 407).
pub const COG_ERR_PERMISSION_DENIED: cog_status = 3;
/// Bytes could not be fetched: connection, disk, or an answer that is not what was asked for.
pub const COG_ERR_IO: cog_status = 4;
/// A time limit ran out: the call's, http.timeout_ms, http.connect_timeout_ms, http.low_speed_ms; or the server says so of itself (HTTP 408, 504).
pub const COG_ERR_TIMEOUT: cog_status = 5;
/// The cancel token was fired.
pub const COG_ERR_CANCELLED: cog_status = 6;
/// Not a TIFF, or a broken one.
pub const COG_ERR_FORMAT: cog_status = 7;
/// A valid file or request that this version does not handle.
pub const COG_ERR_UNSUPPORTED: cog_status = 8;
/// A window, tile, level, band, IFD or tag that the file does not have.
pub const COG_ERR_OUT_OF_BOUNDS: cog_status = 9;
/// The destination is smaller than the result; nothing was read.
pub const COG_ERR_BUFFER_TOO_SMALL: cog_status = 10;
/// One of the limits.* settings would be passed.
pub const COG_ERR_LIMIT_EXCEEDED: cog_status = 11;
/// The file is another one than when it was opened; open it again.
pub const COG_ERR_MODIFIED: cog_status = 12;
/// The handle was opened before fork() and this is the child; open the file again here.
pub const COG_ERR_FORKED: cog_status = 13;
/// A defect in libcog, stopped at its boundary. The handle stays usable.
pub const COG_ERR_PANIC: cog_status = 14;

/// The C value of a status.
pub(crate) fn code(status: Status) -> cog_status {
    status as cog_status
}

/// The name of a status, with its terminating NUL.
pub(crate) fn name(status: cog_status) -> &'static std::ffi::CStr {
    match status {
        COG_OK => c"COG_OK",
        COG_ERR_INVALID_ARGUMENT => c"COG_ERR_INVALID_ARGUMENT",
        COG_ERR_NOT_FOUND => c"COG_ERR_NOT_FOUND",
        COG_ERR_PERMISSION_DENIED => c"COG_ERR_PERMISSION_DENIED",
        COG_ERR_IO => c"COG_ERR_IO",
        COG_ERR_TIMEOUT => c"COG_ERR_TIMEOUT",
        COG_ERR_CANCELLED => c"COG_ERR_CANCELLED",
        COG_ERR_FORMAT => c"COG_ERR_FORMAT",
        COG_ERR_UNSUPPORTED => c"COG_ERR_UNSUPPORTED",
        COG_ERR_OUT_OF_BOUNDS => c"COG_ERR_OUT_OF_BOUNDS",
        COG_ERR_BUFFER_TOO_SMALL => c"COG_ERR_BUFFER_TOO_SMALL",
        COG_ERR_LIMIT_EXCEEDED => c"COG_ERR_LIMIT_EXCEEDED",
        COG_ERR_MODIFIED => c"COG_ERR_MODIFIED",
        COG_ERR_FORKED => c"COG_ERR_FORKED",
        COG_ERR_PANIC => c"COG_ERR_PANIC",
        _ => c"unknown status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_the_statuses_of_the_crate() {
        let all = [
            (Status::Ok, COG_OK),
            (Status::InvalidArgument, COG_ERR_INVALID_ARGUMENT),
            (Status::NotFound, COG_ERR_NOT_FOUND),
            (Status::PermissionDenied, COG_ERR_PERMISSION_DENIED),
            (Status::Io, COG_ERR_IO),
            (Status::Timeout, COG_ERR_TIMEOUT),
            (Status::Cancelled, COG_ERR_CANCELLED),
            (Status::Format, COG_ERR_FORMAT),
            (Status::Unsupported, COG_ERR_UNSUPPORTED),
            (Status::OutOfBounds, COG_ERR_OUT_OF_BOUNDS),
            (Status::BufferTooSmall, COG_ERR_BUFFER_TOO_SMALL),
            (Status::LimitExceeded, COG_ERR_LIMIT_EXCEEDED),
            (Status::Modified, COG_ERR_MODIFIED),
            (Status::Forked, COG_ERR_FORKED),
            (Status::Panic, COG_ERR_PANIC),
        ];
        for (status, constant) in all {
            assert_eq!(code(status), constant);
            assert_ne!(name(constant), c"unknown status");
        }
        assert_eq!(name(99), c"unknown status");
    }
}
