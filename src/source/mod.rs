//! Where bytes come from: a local file, memory, a caller's callbacks, an HTTP server.
//!
//! A [`Source`] fetches ranges and nothing else. [`Reader`](reader::Reader) stands before it: it checks every answer, counts, and keeps
//! the header's bytes. Sources whose bytes are at hand ([`Local`]) are read by the decoding threads themselves, without a trip
//! through the network runtime.

pub(crate) mod callback;
mod file;
mod http;
mod known;
mod memory;
pub(crate) mod ranges;
pub(crate) mod reader;
mod stores;
pub(crate) mod uri;

pub(crate) use callback::CallbackSource;
pub(crate) use http::ClientKey;
pub(crate) use memory::MemorySource;
pub(crate) use stores::{Store, StoreKey};

use crate::error::Result;
use crate::options::Settings;
use bytes::Bytes;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use uri::Location;

/// A future that a source returns.
pub(crate) type Fetch<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// What the first request of a source brought.
pub(crate) struct Opening {
    /// The bytes from offset 0 on: as many as were asked for, or the whole object where that is smaller (or came anyway).
    pub(crate) head: Bytes,
    /// The object's size.
    pub(crate) size: u64,
}

/// Somewhere that byte ranges can be fetched from.
pub(crate) trait Source: Send + Sync {
    /// The first request: up to `len` bytes from the start, and the size. Called once, before any `fetch`.
    fn open(self: Arc<Self>, len: u64) -> Fetch<Opening>;

    /// Fetches these ranges (each within the size, none empty), in one go: one answer a range, in their order.
    /// [`Reader`](reader::Reader) checks the lengths.
    fn fetch(self: Arc<Self>, ranges: Vec<Range<u64>>) -> Fetch<Vec<Bytes>>;

    /// How many ranges one `fetch` should be given at most. 1 where each is a request of its own.
    fn batch(&self) -> usize {
        1
    }

    /// The bytes at hand, where they are.
    fn local(&self) -> Option<&dyn Local> {
        None
    }
}

/// Bytes that a thread can read without waiting for a network.
pub(crate) trait Local: Send + Sync {
    /// Fills `buffer` from `offset` on; an end of file before it is full is an error.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;

    /// The bytes themselves, where they lie in memory.
    fn slice(&self, _range: &Range<u64>) -> Option<&[u8]> {
        None
    }
}

/// The source of a URI or a path.
pub(crate) fn connect(location: &Location, settings: &Settings) -> Result<Arc<dyn Source>> {
    Ok(match location {
        Location::Path(path) => Arc::new(file::FileSource::open(path)?),
        Location::Http(url) => {
            let access = http::Plain::new(url.clone(), &settings.http)?;
            Arc::new(http::HttpSource::new(Box::new(access), settings.http.clone())?)
        }
        Location::Object(object) => Arc::new(http::HttpSource::new(stores::access(object, settings)?, settings.http.clone())?),
    })
}
