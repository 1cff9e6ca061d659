//! A file that lies in memory.

use super::{Fetch, Local, Opening, Source, Version};
use crate::error::{Error, Result};
use bytes::Bytes;
use std::ops::Range;
use std::sync::Arc;

pub(crate) struct MemorySource(Bytes);

impl MemorySource {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    fn get(&self, range: &Range<u64>) -> Result<Bytes> {
        self.slice(range)
            .map(|found| self.0.slice_ref(found))
            .ok_or_else(|| Error::format("a range beyond the end of the file was asked for"))
    }
}

impl Source for MemorySource {
    fn open(self: Arc<Self>, len: u64) -> Fetch<Opening> {
        Box::pin(async move {
            let size = self.0.len() as u64;
            Ok(Opening { head: self.get(&(0..len.min(size)))?, version: Version::of_size(size) })
        })
    }

    fn fetch(self: Arc<Self>, ranges: Vec<Range<u64>>) -> Fetch<Vec<Bytes>> {
        Box::pin(async move { ranges.iter().map(|range| self.get(range)).collect() })
    }

    fn local(&self) -> Option<&dyn Local> {
        Some(self)
    }
}

impl Local for MemorySource {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let bytes = self.get(&(offset..offset.saturating_add(buffer.len() as u64)))?;
        buffer.copy_from_slice(&bytes);
        Ok(())
    }

    fn slice(&self, range: &Range<u64>) -> Option<&[u8]> {
        self.0.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
    }
}
