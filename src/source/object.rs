//! One version of one file, with those of its bytes that stay in memory: shared by the handles that opened it in the same way.

use super::cache::ObjectName;
use super::known::Known;
use super::{Opening, Version};
use bytes::Bytes;
use std::ops::Range;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

pub(crate) struct Object {
    pub(crate) name: ObjectName,
    /// The header, IFDs, tag values and index pages that were needed so far.
    known: RwLock<Known>,
    /// When the server last said that this is the file.
    confirmed: Mutex<Instant>,
}

impl Object {
    /// What the first request brought. `access` is empty where nobody else may share it.
    pub(crate) fn new(access: String, opening: &Opening) -> Self {
        let mut known = Known::default();
        known.insert(0, &opening.head);
        let name = ObjectName::new(access, opening.version.clone());
        Self { name, known: RwLock::new(known), confirmed: Mutex::new(Instant::now()) }
    }

    pub(crate) fn version(&self) -> &Version {
        self.name.version()
    }

    pub(crate) fn confirmed_within(&self, age: Duration) -> bool {
        self.confirmed.lock().unwrap_or_else(PoisonError::into_inner).elapsed() < age
    }

    pub(crate) fn confirm(&self) {
        *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub(crate) fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn known_bytes(&self) -> u64 {
        self.known().total()
    }

    pub(crate) fn keep<'a>(&self, pieces: impl Iterator<Item = (&'a Range<u64>, &'a Bytes)>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for (range, bytes) in pieces {
            known.insert(range.start, bytes);
        }
    }
}
