//! The header (TIFF 6.0, section 2; BigTIFF: 16 bytes, offsets of 8) and the byte order that it sets.

use crate::error::{Error, Result};

/// Bytes that hold the header of either kind.
pub(crate) const HEADER_BYTES: u64 = 16;

/// `II` or `MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    fn number(self, bytes: &[u8]) -> u64 {
        let push = |n: u64, b: &u8| n << 8 | u64::from(*b);
        match self {
            Self::Little => bytes.iter().rev().fold(0, push),
            Self::Big => bytes.iter().fold(0, push),
        }
    }

    /// The unsigned number of `size` bytes (at most 8) at `at`, or `None` where the bytes end before it does.
    pub(crate) fn uint(self, bytes: &[u8], at: usize, size: usize) -> Option<u64> {
        bytes.get(at..at.checked_add(size)?).map(|b| self.number(b))
    }

    pub(crate) fn is_big(self) -> bool {
        self == Self::Big
    }
}

/// The parsed header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) order: ByteOrder,
    pub(crate) big_tiff: bool,
    pub(crate) first_ifd: u64,
}

impl Header {
    /// Reads the header from the file's first bytes (all of them, where the file is smaller than 16 bytes).
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let order = match bytes.get(..2) {
            Some(b"II") => ByteOrder::Little,
            Some(b"MM") => ByteOrder::Big,
            _ if bytes.is_empty() => return Err(Error::format("the file is empty")),
            _ => return Err(Error::format(format!("not a TIFF: it begins with {}", shown(bytes)))),
        };
        let cut = || Error::format("the file ends inside the TIFF header");
        match order.uint(bytes, 2, 2).ok_or_else(cut)? {
            42 => Ok(Self { order, big_tiff: false, first_ifd: order.uint(bytes, 4, 4).ok_or_else(cut)? }),
            43 => {
                let (size, zero) = (order.uint(bytes, 4, 2).ok_or_else(cut)?, order.uint(bytes, 6, 2).ok_or_else(cut)?);
                if (size, zero) != (8, 0) {
                    return Err(Error::format(format!("the BigTIFF header says offsets of {size} bytes; only 8 exist")));
                }
                Ok(Self { order, big_tiff: true, first_ifd: order.uint(bytes, 8, 8).ok_or_else(cut)? })
            }
            version => Err(Error::format(format!("not a TIFF: its version is {version}, where 42 (TIFF) or 43 (BigTIFF) stands"))),
        }
    }

    /// Where the ghost area begins.
    pub(crate) fn size(&self) -> usize {
        if self.big_tiff { 16 } else { 8 }
    }
}

fn shown(bytes: &[u8]) -> String {
    let start: Vec<u8> = bytes.iter().copied().take(8).collect();
    format!("\"{}\"", start.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_and_both_versions() {
        let classic = Header::parse(b"II\x2a\0\x08\0\0\0").unwrap();
        assert_eq!(classic, Header { order: ByteOrder::Little, big_tiff: false, first_ifd: 8 });
        let big = Header::parse(b"MM\0\x2b\0\x08\0\0\0\0\0\0\0\0\x01\0").unwrap();
        assert_eq!(big, Header { order: ByteOrder::Big, big_tiff: true, first_ifd: 256 });
    }

    #[test]
    fn what_is_not_a_tiff_is_named() {
        for (bytes, says) in [
            (&b""[..], "empty"),
            (b"<html>", "<html>"),
            (b"II", "ends inside"),
            (b"II\x2a\0\x08", "ends inside"),
            (b"II\x2c\0\x08\0\0\0", "44"),
            (b"II\x2b\0\x04\0\0\0\0\0\0\0\0\0\0\0", "4 bytes"),
        ] {
            let message = Header::parse(bytes).unwrap_err().to_string();
            assert!(message.contains(says), "{message}");
        }
    }
}
