//! What can go wrong, and where.
//!
//! An [`Error`] is a typed [`Reason`] plus the [`Place`] it happened in: which file, level and tile. Lower layers return the bare
//! reason; each layer that knows more of the place adds it with [`Error::in_file`], [`Error::at_level`] or [`Error::at_tile`], so that
//! the message says what was being done without every function carrying the file's name.

use std::fmt;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something failed. Maps one-to-one to a `COG_ERR_*` status (see [`Status`]).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The caller passed something that can't be meant.
    #[error("{0}")]
    InvalidArgument(String),
    /// No such file or object.
    #[error("{0}")]
    NotFound(String),
    /// The file system or the server refuses access.
    #[error("{0}")]
    PermissionDenied(String),
    /// Bytes could not be fetched.
    #[error("{0}")]
    Io(String),
    /// A time limit ran out.
    #[error("{0}")]
    Timeout(String),
    /// The caller cancelled the operation.
    #[error("cancelled by the caller")]
    Cancelled,
    /// Not a TIFF, or a broken one.
    #[error("{0}")]
    Format(String),
    /// A valid file that uses something this library does not read.
    #[error("{0}")]
    Unsupported(String),
    /// A window, tile, level, band or IFD that the file does not have.
    #[error("{0}")]
    OutOfBounds(String),
    /// The destination is smaller than what would be written.
    #[error("{what} needs {needed} bytes, but {given} were given")]
    BufferTooSmall {
        /// Which buffer.
        what: &'static str,
        /// Bytes that the result takes.
        needed: u64,
        /// Bytes that the caller gave.
        given: u64,
    },
    /// One of the `limits.*` settings would be passed.
    #[error("{what} is {value}, above the limit {setting} = {limit}; raise that setting if the file is trusted")]
    LimitExceeded {
        /// What is too large.
        what: String,
        /// Its size.
        value: u64,
        /// The setting's key.
        setting: &'static str,
        /// The setting's value.
        limit: u64,
    },
    /// The file is another one than when it was opened.
    #[error("{0}")]
    Modified(String),
    /// The handle was made before `fork()` and this is the child.
    #[error("this handle was opened before fork(); open the file again in the child process")]
    Forked,
    /// A defect in this library, stopped at its boundary.
    #[error("internal error (a defect in libcog, please report it): {0}")]
    Panic(String),
}

/// The status codes of the C ABI, as `cog_status` carries them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs, reason = "each is documented at its constant in src/ffi/status.rs")]
pub enum Status {
    Ok = 0,
    InvalidArgument = 1,
    NotFound = 2,
    PermissionDenied = 3,
    Io = 4,
    Timeout = 5,
    Cancelled = 6,
    Format = 7,
    Unsupported = 8,
    OutOfBounds = 9,
    BufferTooSmall = 10,
    LimitExceeded = 11,
    Modified = 12,
    Forked = 13,
    Panic = 14,
}

impl Reason {
    /// The status that this reason is reported as.
    pub fn status(&self) -> Status {
        match self {
            Self::InvalidArgument(_) => Status::InvalidArgument,
            Self::NotFound(_) => Status::NotFound,
            Self::PermissionDenied(_) => Status::PermissionDenied,
            Self::Io(_) => Status::Io,
            Self::Timeout(_) => Status::Timeout,
            Self::Cancelled => Status::Cancelled,
            Self::Format(_) => Status::Format,
            Self::Unsupported(_) => Status::Unsupported,
            Self::OutOfBounds(_) => Status::OutOfBounds,
            Self::BufferTooSmall { .. } => Status::BufferTooSmall,
            Self::LimitExceeded { .. } => Status::LimitExceeded,
            Self::Modified(_) => Status::Modified,
            Self::Forked => Status::Forked,
            Self::Panic(_) => Status::Panic,
        }
    }
}

/// Where it went wrong; what is not known is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Place {
    /// The file's name, without credentials or a query string.
    pub file: Option<String>,
    /// 0 is full resolution.
    pub level: Option<usize>,
    /// Column and row of the tile (or strip: column 0) in its level.
    pub tile: Option<(u64, u64)>,
    /// Byte offset in the file.
    pub offset: Option<u64>,
    /// The status line's code, where a server answered.
    pub http_status: Option<u16>,
}

/// A [`Reason`] and its [`Place`].
#[derive(Debug, Clone, PartialEq)]
pub struct Error(Box<(Reason, Place)>);

impl Error {
    /// Why.
    pub fn reason(&self) -> &Reason {
        &self.0.0
    }
    /// Where.
    pub fn place(&self) -> &Place {
        &self.0.1
    }
    /// The C ABI's status.
    pub fn status(&self) -> Status {
        self.reason().status()
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Reason::InvalidArgument(message.into()).into()
    }
    pub(crate) fn format(message: impl Into<String>) -> Self {
        Reason::Format(message.into()).into()
    }
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Reason::Unsupported(message.into()).into()
    }
    pub(crate) fn io(message: impl Into<String>) -> Self {
        Reason::Io(message.into()).into()
    }
    pub(crate) fn out_of_bounds(message: impl Into<String>) -> Self {
        Reason::OutOfBounds(message.into()).into()
    }

    /// What a caught panic becomes.
    pub(crate) fn from_panic(payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Reason::Panic(text.unwrap_or_else(|| "a panic without a message".into())).into()
    }

    /// Adds to the message, in brackets.
    #[must_use]
    pub(crate) fn noting(mut self, note: &str) -> Self {
        use Reason::{Io, Modified, NotFound, PermissionDenied, Timeout, Unsupported};
        if let Io(text) | Modified(text) | NotFound(text) | PermissionDenied(text) | Timeout(text) | Unsupported(text) = &mut self.0.0 {
            text.push_str(" (");
            text.push_str(note);
            text.push(')');
        }
        self
    }

    /// Names the file, where an inner layer has not done so.
    #[must_use]
    pub(crate) fn in_file(mut self, file: &str) -> Self {
        self.0.1.file.get_or_insert_with(|| file.to_owned());
        self
    }
    #[must_use]
    pub(crate) fn at_level(mut self, level: usize) -> Self {
        self.0.1.level.get_or_insert(level);
        self
    }
    #[must_use]
    pub(crate) fn at_tile(mut self, x: u64, y: u64) -> Self {
        self.0.1.tile.get_or_insert((x, y));
        self
    }
    #[must_use]
    pub(crate) fn at_offset(mut self, offset: u64) -> Self {
        self.0.1.offset.get_or_insert(offset);
        self
    }
    #[must_use]
    pub(crate) fn with_http_status(mut self, status: u16) -> Self {
        self.0.1.http_status.get_or_insert(status);
        self
    }
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Self(Box::new((reason, Place::default())))
    }
}

/// `FILE: level 1, tile (3, 4), offset 5678: the reason`, without the parts that are not known.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        if let Some(file) = &place.file {
            write!(f, "{file}: ")?;
        }
        let mut parts = Vec::new();
        parts.extend(place.level.map(|level| format!("level {level}")));
        parts.extend(place.tile.map(|(x, y)| format!("tile ({x}, {y})")));
        parts.extend(place.offset.map(|offset| format!("offset {offset}")));
        if !parts.is_empty() {
            write!(f, "{}: ", parts.join(", "))?;
        }
        write!(f, "{}", self.reason())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.reason())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_file_level_tile_and_reason() {
        let e = Error::format("the block is cut short").at_tile(3, 4).at_level(1).in_file("a.tif");
        assert_eq!(e.to_string(), "a.tif: level 1, tile (3, 4): the block is cut short");
        assert_eq!(e.status(), Status::Format);
    }

    #[test]
    fn the_innermost_place_wins() {
        let e = Error::io("x").in_file("inner").in_file("outer");
        assert_eq!(e.place().file.as_deref(), Some("inner"));
    }
}
