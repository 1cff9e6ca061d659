//! A local file, read with `pread` by whichever thread needs the bytes.

use super::{Fetch, Local, Opening, Source, Version};
use crate::error::{Error, Reason, Result};
use bytes::Bytes;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

pub(crate) struct FileSource {
    file: File,
    size: u64,
}

impl FileSource {
    /// Opens a regular file; anything else (a directory, a pipe, a device) is refused without waiting for it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(|e| io_error("can't be opened", &e))?;
        let metadata = file.metadata().map_err(|e| io_error("can't be examined", &e))?;
        if metadata.is_dir() {
            return Err(Error::invalid("is a directory, not a file"));
        }
        if !metadata.is_file() {
            return Err(Error::invalid("is not a regular file; copy it to one, or open it with cog_open_memory or cog_open_reader"));
        }
        Ok(Self { file, size: metadata.len() })
    }
}

impl Source for FileSource {
    fn open(self: Arc<Self>, len: u64) -> Fetch<Opening> {
        Box::pin(async move {
            let head = read(&*self, &(0..len.min(self.size)))?;
            Ok(Opening { head, version: Version::of_size(self.size) })
        })
    }

    fn fetch(self: Arc<Self>, ranges: Vec<Range<u64>>) -> Fetch<Vec<Bytes>> {
        Box::pin(async move { ranges.iter().map(|range| read(&*self, range)).collect() })
    }

    fn local(&self) -> Option<&dyn Local> {
        Some(self)
    }
}

impl Local for FileSource {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.file.read_exact_at(buffer, offset).map_err(|e| match e.kind() {
            ErrorKind::UnexpectedEof => Error::from(Reason::Modified("the file became shorter while it was open".into())).at_offset(offset),
            _ => io_error("can't be read", &e).at_offset(offset),
        })
    }
}

fn read(local: &dyn Local, range: &Range<u64>) -> Result<Bytes> {
    let mut buffer = vec![0; (range.end - range.start) as usize];
    local.read_at(range.start, &mut buffer)?;
    Ok(buffer.into())
}

fn io_error(what: &str, e: &io::Error) -> Error {
    let message = format!("{what}: {e}");
    match e.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Reason::NotFound("no such file".into()).into(),
        ErrorKind::PermissionDenied => Reason::PermissionDenied(message).into(),
        ErrorKind::InvalidInput => Error::invalid(message),
        _ => Error::io(message),
    }
}
