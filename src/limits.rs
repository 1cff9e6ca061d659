//! The limits: how much a file may make this library take. All of them are here, each a setting `limits.*` that a caller can raise.
//!
//! | what a file can claim | setting | refused |
//! |---|---|---|
//! | a block of 16 GiB, a bomb of a few bytes a gigabyte | `limits.tile_bytes` | before the block is fetched or memory is taken |
//! | a result larger than memory | `limits.output_bytes` | before the read is planned |
//! | IFDs without end | `limits.ifds` | when the chain is followed (a chain that leads back is no error: it ends there) |
//! | a tag of a billion values | `limits.tag_bytes` | before the value is fetched |
//! | IFDs, tags and index pages that add up | `limits.header_bytes` | before the bytes are fetched |
//! | a progressive JPEG that refines itself for hours | `limits.jpeg_scans` | when the scan begins |
//!
//! `tests/bad_input/limits.rs` has a file for each. Memory that no limit forbids is asked for, not taken for granted
//! (`try_reserve`): where the system refuses it, the read fails, not the process.

use crate::error::{Error, Reason, Result};

/// The `limits.*` settings of a handle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of one block, decoded or as stored.
    pub(crate) tile_bytes: u64,
    /// Bytes of the result of one read.
    pub(crate) output_bytes: u64,
    /// Bytes of IFDs, tags and tile indexes that a handle keeps.
    pub(crate) header_bytes: u64,
    /// Bytes of one tag's value.
    pub(crate) tag_bytes: u64,
    /// IFDs that are followed.
    pub(crate) ifds: u64,
    /// Scans of one JPEG picture.
    pub(crate) jpeg_scans: u32,
}

impl Limits {
    /// One block: `which` says whether as stored or decoded.
    pub(crate) fn check_block(&self, which: &str, bytes: u64) -> Result<()> {
        check("limits.tile_bytes", self.tile_bytes, bytes, || format!("the size of a {which} block in bytes"))
    }

    /// The result of one read, which `shape` describes.
    pub(crate) fn check_output(&self, bytes: u64, shape: impl FnOnce() -> String) -> Result<()> {
        check("limits.output_bytes", self.output_bytes, bytes, || format!("the result ({}) in bytes", shape()))
    }

    /// All that is kept of the header.
    pub(crate) fn check_header(&self, bytes: u64) -> Result<()> {
        check("limits.header_bytes", self.header_bytes, bytes, || "the size of the file's IFDs, tags and tile index in bytes".into())
    }

    /// The value of one tag.
    pub(crate) fn check_tag(&self, tag: u16, bytes: u64) -> Result<()> {
        check("limits.tag_bytes", self.tag_bytes, bytes, || format!("the size of tag {tag} in bytes"))
    }

    /// The error of a progressive JPEG that goes on after `limit` scans.
    pub(crate) fn too_many_scans(limit: u32) -> Error {
        let what = "the number of scans of a JPEG picture".into();
        let limit = u64::from(limit);
        Reason::LimitExceeded { what, value: limit + 1, setting: "limits.jpeg_scans", limit }.into()
    }

    /// IFDs seen so far.
    pub(crate) fn check_ifds(&self, count: u64) -> Result<()> {
        check("limits.ifds", self.ifds, count, || "the number of IFDs".into())
    }
}

fn check(setting: &'static str, limit: u64, value: u64, what: impl FnOnce() -> String) -> Result<()> {
    if value <= limit { Ok(()) } else { Err(Reason::LimitExceeded { what: what(), value, setting, limit }.into()) }
}
