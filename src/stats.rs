//! What the library did: counters a handle, and the same for all handles together.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Counters that only grow. Reading them while calls run gives each counter's value, not one consistent moment.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests sent: HTTP requests (those sent again and those that redirects lead to included), reads of a local file, calls of a reader.
    pub(crate) requests: AtomicU64,
    /// Bytes received.
    pub(crate) bytes: AtomicU64,
    /// Byte ranges asked for; a merged request counts each block's range.
    pub(crate) ranges: AtomicU64,
    /// Requests sent again: after a failure that may pass, or with what a store has put right.
    pub(crate) retries: AtomicU64,
    /// Ranges found in memory.
    pub(crate) cache_hits: AtomicU64,
    /// Ranges that had to be fetched.
    pub(crate) cache_misses: AtomicU64,
    /// Bytes of header, IFDs, tag values and index pages fetched.
    pub(crate) header_bytes: AtomicU64,
    /// Blocks decoded, masks included.
    pub(crate) tiles_decoded: AtomicU64,
    /// Time spent waiting for bytes, summed over requests.
    pub(crate) wait_ns: AtomicU64,
    /// Time spent decoding, summed over threads.
    pub(crate) decode_ns: AtomicU64,
}

/// The sum over all handles since the library was loaded.
pub(crate) static TOTAL: Counters = Counters::new();

/// The counters' values at one time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is documented at Counters")]
pub struct Snapshot {
    pub requests: u64,
    pub bytes: u64,
    pub ranges: u64,
    pub retries: u64,
    pub cache_hits: u64,
    pub cache_misses: u64,
    pub header_bytes: u64,
    pub tiles_decoded: u64,
    pub wait_ns: u64,
    pub decode_ns: u64,
}

impl Counters {
    const fn new() -> Self {
        Self {
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            ranges: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            cache_hits: AtomicU64::new(0),
            cache_misses: AtomicU64::new(0),
            header_bytes: AtomicU64::new(0),
            tiles_decoded: AtomicU64::new(0),
            wait_ns: AtomicU64::new(0),
            decode_ns: AtomicU64::new(0),
        }
    }

    /// Adds to one counter of this handle and to the same counter of the total.
    pub(crate) fn add(&self, counter: fn(&Self) -> &AtomicU64, n: u64) {
        counter(self).fetch_add(n, Relaxed);
        counter(&TOTAL).fetch_add(n, Relaxed);
    }

    /// Counts one finished request.
    pub(crate) fn request(&self, bytes: u64, waited: Duration) {
        self.add(|c| &c.requests, 1);
        self.add(|c| &c.bytes, bytes);
        self.add(|c| &c.wait_ns, waited.as_nanos() as u64);
    }

    /// The values now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            requests: self.requests.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            ranges: self.ranges.load(Relaxed),
            retries: self.retries.load(Relaxed),
            cache_hits: self.cache_hits.load(Relaxed),
            cache_misses: self.cache_misses.load(Relaxed),
            header_bytes: self.header_bytes.load(Relaxed),
            tiles_decoded: self.tiles_decoded.load(Relaxed),
            wait_ns: self.wait_ns.load(Relaxed),
            decode_ns: self.decode_ns.load(Relaxed),
        }
    }
}

/// The counters of all handles together, freed ones included.
pub fn total() -> Snapshot {
    TOTAL.snapshot()
}
