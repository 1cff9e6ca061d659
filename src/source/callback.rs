//! Bytes that the calling program reads for us.

use super::{Fetch, Opening, Source, Version};
use crate::error::{Error, Result};
use bytes::Bytes;
use std::ops::Range;
use std::sync::Arc;

/// What a program's reader can do; `src/ffi/reader.rs` makes one of a `cog_reader`. May be called from any thread, several at once.
pub(crate) trait ReadRanges: Send + Sync {
    /// The object's size in bytes.
    fn size(&self) -> Result<u64>;
    /// Fills each buffer from its offset on, or fails as a whole.
    fn read_ranges(&self, ranges: &mut [(u64, Vec<u8>)]) -> Result<()>;
}

/// As many ranges as the reader may be handed in one call.
const BATCH: usize = 256;

pub(crate) struct CallbackSource(Arc<dyn ReadRanges>);

impl CallbackSource {
    pub(crate) fn new(reader: Arc<dyn ReadRanges>) -> Self {
        Self(reader)
    }
}

/// Calls `work` on a thread that may block, since a program's reader does.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let runtime = crate::runtime::get();
    let marked = move || {
        let _inside = crate::runtime::enter_callback();
        work()
    };
    let task = runtime.io()?.spawn_blocking(marked);
    task.await.map_err(|_| Error::io("the reader's callback did not return"))?
}

impl Source for CallbackSource {
    fn open(self: Arc<Self>, len: u64) -> Fetch<Opening> {
        Box::pin(blocking(move || {
            let size = self.0.size()?;
            let head = len.min(size);
            let mut ranges = [(0, vec![0; head as usize])];
            if head > 0 {
                self.0.read_ranges(&mut ranges)?;
            }
            let [(_, head)] = ranges;
            Ok(Opening { head: head.into(), version: Version::of_size(size) })
        }))
    }

    fn fetch(self: Arc<Self>, ranges: Vec<Range<u64>>) -> Fetch<Vec<Bytes>> {
        Box::pin(blocking(move || {
            let mut buffers: Vec<_> = ranges.iter().map(|r| (r.start, vec![0; (r.end - r.start) as usize])).collect();
            self.0.read_ranges(&mut buffers)?;
            Ok(buffers.into_iter().map(|(_, bytes)| bytes.into()).collect())
        }))
    }

    fn batch(&self) -> usize {
        BATCH
    }
}
