//! What is kept of remote files between reads and between opens: headers, blocks as stored, blocks decoded.
//!
//! The caches live in the runtime and end with it. Handles share an entry only where each could have fetched it itself: the key holds
//! the URL, whatever gives access to it (headers, tokens) and the version that the server named. Nothing failed is ever kept.
//! Local files are not kept at all: the system does that, and notices when a file is overwritten.

mod shelf;

pub(crate) use shelf::{Follow, Joined, Lead, Shelf, Weigh};

use super::Version;
use super::object::Object;
use bytes::Bytes;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// One version of one file, as seen with one set of credentials. Equal names mean equal bytes.
#[derive(Clone)]
pub(crate) struct ObjectName(Arc<Named>);

struct Named {
    /// What was asked for, and by whom (`Identity::access`). Holds secrets: never shown.
    access: String,
    version: Version,
}

impl ObjectName {
    pub(crate) fn new(access: String, version: Version) -> Self {
        Self(Arc::new(Named { access, version }))
    }

    pub(crate) fn version(&self) -> &Version {
        &self.0.version
    }
}

impl PartialEq for ObjectName {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&*self.0, &*other.0);
        // Where the server names no version, a second open may have met another file.
        Arc::ptr_eq(&self.0, &other.0) || (a.version.is_named() && a.version == b.version && a.access == b.access)
    }
}

impl Eq for ObjectName {}

impl Hash for ObjectName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.access.hash(state);
        self.0.version.size.hash(state);
    }
}

/// The stored bytes of a range.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct StoredKey {
    pub(crate) object: ObjectName,
    pub(crate) range: Range<u64>,
}

/// A decoded block.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct DecodedKey {
    pub(crate) object: ObjectName,
    /// The image's IFD.
    pub(crate) ifd: u64,
    pub(crate) block: u64,
    /// `decode.backend`: the pixels of lossy codecs may differ.
    pub(crate) rust: bool,
}

/// The first request of a file.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct HeaderKey {
    pub(crate) access: String,
    /// `io.header_bytes`: whoever sets another number gets a request of that many.
    pub(crate) len: u64,
}

/// An object with the weight that it had when it was put on the shelf. When it grows it is put there anew.
#[derive(Clone)]
pub(crate) struct Header {
    pub(crate) object: Arc<Object>,
    weight: u64,
}

impl Header {
    pub(crate) fn new(object: &Arc<Object>) -> Self {
        Self { object: Arc::clone(object), weight: object.known_bytes() }
    }

    pub(crate) fn is(&self, object: &Arc<Object>) -> bool {
        Arc::ptr_eq(&self.object, object)
    }
}

impl Weigh for Header {
    fn weight(&self) -> u64 {
        self.weight
    }
}

impl Weigh for Bytes {
    fn weight(&self) -> u64 {
        // Exact: every block is given a buffer of its own, of its own size.
        self.len() as u64
    }
}

impl Weigh for Arc<[u8]> {
    fn weight(&self) -> u64 {
        self.len() as u64
    }
}

pub(crate) type Headers = Shelf<HeaderKey, Header>;
pub(crate) type StoredBlocks = Shelf<StoredKey, Bytes>;
pub(crate) type DecodedBlocks = Shelf<DecodedKey, Arc<[u8]>>;

/// All caches of the process. Handles opened with equal bounds share one of each kind.
#[derive(Default)]
pub(crate) struct Caches {
    headers: BySize<Headers>,
    stored: BySize<StoredBlocks>,
    decoded: BySize<DecodedBlocks>,
}

impl Caches {
    pub(crate) fn headers(&self, bytes: u64) -> Arc<Headers> {
        self.headers.get(bytes, Shelf::new)
    }

    pub(crate) fn stored(&self, bytes: u64) -> Arc<StoredBlocks> {
        self.stored.get(bytes, Shelf::new)
    }

    pub(crate) fn decoded(&self, bytes: u64) -> Arc<DecodedBlocks> {
        self.decoded.get(bytes, Shelf::new)
    }
}

struct BySize<S>(Mutex<HashMap<u64, Arc<S>>>);

impl<S> Default for BySize<S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<S> BySize<S> {
    fn get(&self, bytes: u64, make: impl FnOnce(u64) -> S) -> Arc<S> {
        let mut shelves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shelves.entry(bytes).or_insert_with(|| Arc::new(make(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(access: &str, size: u64, etag: Option<&str>) -> ObjectName {
        ObjectName::new(access.to_owned(), Version { size, etag: etag.map(str::to_owned), last_modified: None })
    }

    #[test]
    fn objects_are_the_same_only_with_equal_access_and_a_named_version() {
        let a = name("a", 9, Some("1"));
        assert!(a == name("a", 9, Some("1")));
        assert!(a != name("b", 9, Some("1")));
        assert!(a != name("a", 9, Some("2")));
        assert!(a != name("a", 8, Some("1")));
        let nameless = name("a", 9, None);
        assert!(nameless == nameless.clone() && nameless != name("a", 9, None));
    }
}
