//! Where bytes come from: a local file, memory, a caller's callbacks, an HTTP server.
//!
//! A [`Source`] fetches ranges and nothing else. [`Reader`](reader::Reader) stands before it: it plans the requests ([`ranges`]), checks
//! every answer, counts, and keeps what may be needed again ([`cache`]). Sources whose bytes are at hand ([`Local`]) are read by the
//! decoding threads themselves, without a trip through the network runtime.

pub(crate) mod blocks;
pub(crate) mod cache;
pub(crate) mod callback;
mod file;
mod http;
mod identity;
pub(crate) mod journal;
mod known;
mod memory;
mod object;
pub(crate) mod ranges;
pub(crate) mod reader;
mod splitter;
mod stores;
pub(crate) mod uri;

pub(crate) use callback::CallbackSource;
pub(crate) use http::ClientKey;
pub(crate) use memory::MemorySource;
pub(crate) use stores::{Store, StoreKey};

use crate::error::Result;
use crate::options::Settings;
use crate::stats::Counters;
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use identity::{Identity, identity};
use journal::Journal;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use uri::Location;

/// A future that a source returns.
pub(crate) type Fetch<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// Bytes as they come: the place of their range in the list, and the next bytes of it.
pub(crate) type Chunks = Pin<Box<dyn Stream<Item = Result<(usize, Bytes)>> + Send>>;

/// What the first request of a source brought.
pub(crate) struct Opening {
    /// The bytes from offset 0 on: as many as were asked for, or the whole object where that is smaller (or came anyway).
    pub(crate) head: Bytes,
    pub(crate) version: Version,
}

/// What tells one version of an object from the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Version {
    /// The object's size.
    pub(crate) size: u64,
    pub(crate) etag: Option<String>,
    /// Only where there is no ETag: some mirrors disagree on it.
    pub(crate) last_modified: Option<String>,
}

impl Version {
    /// An object of which nothing but the size is known.
    pub(crate) fn of_size(size: u64) -> Self {
        Self { size, ..Self::default() }
    }

    /// Whether the server says more than the size, so that two versions can be told apart.
    pub(crate) fn is_named(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}

/// Somewhere that byte ranges can be fetched from.
pub(crate) trait Source: Send + Sync {
    /// The first request: up to `len` bytes from the start, and the size. Called once, before any `fetch`.
    fn open(self: Arc<Self>, len: u64) -> Fetch<Opening>;

    /// Fetches these ranges (each within the size, none empty), in one go: one answer a range, in their order.
    /// [`Reader`](reader::Reader) checks the lengths.
    fn fetch(self: Arc<Self>, ranges: Vec<Range<u64>>) -> Fetch<Vec<Bytes>>;

    /// The same, each part as it comes. By default: when all is there.
    fn stream(self: Arc<Self>, ranges: Vec<Range<u64>>) -> Chunks {
        let all = stream::once(self.fetch(ranges)).flat_map(|answers| {
            let chunks = match answers {
                Ok(answers) => answers.into_iter().enumerate().map(Ok).collect(),
                Err(e) => vec![Err(e)],
            };
            stream::iter(chunks)
        });
        Box::pin(all)
    }

    /// With whom answers and connections may be shared; `None`: with nobody.
    fn identity(&self) -> Option<Identity> {
        None
    }

    /// Takes the version from an earlier open by another handle, in the place of a call of `open`.
    fn assume(&self, _version: &Version) {}

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

/// The source of a URI or a path. `name` is what logs call it; `counters` are those that its reader will count in.
pub(crate) fn connect(location: &Location, name: &str, settings: &Settings, counters: &Arc<Counters>) -> Result<Arc<dyn Source>> {
    let access: Box<dyn http::Access> = match location {
        Location::Path(path) => return Ok(Arc::new(file::FileSource::open(path)?)),
        Location::Http(url) => Box::new(http::Plain::new(url.clone(), &settings.http)?),
        Location::Object(object) => stores::access(object, settings)?,
    };
    let journal = Journal::new(name, settings.log_level, counters);
    Ok(Arc::new(http::HttpSource::new(access, identity(location, settings), settings.http.clone(), journal)?))
}
