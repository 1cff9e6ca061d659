//! What handles with equal settings share: HTTP clients (their connections), stores (their credentials, the regions they found).

use crate::error::Result;
use std::sync::{Mutex, PoisonError};

/// The least recently used entry goes when there are more. It lives on in the handles that use it.
const MOST: usize = 64;

/// The values by their keys, the most recently used last.
pub(crate) struct Registry<K, V>(Mutex<Vec<(K, V)>>);

impl<K, V> Default for Registry<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq, V: Clone> Registry<K, V> {
    /// The value of this key, made if there is none. Two threads may make one at once; all use the first that is there.
    pub(crate) fn get_or_make(&self, key: K, make: impl FnOnce() -> Result<V>) -> Result<V> {
        if let Some(value) = self.find(&key) {
            return Ok(value);
        }
        let made = make()?;
        if let Some(value) = self.find(&key) {
            return Ok(value);
        }
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST {
            entries.remove(0);
        }
        entries.push((key, made.clone()));
        Ok(made)
    }

    fn find(&self, key: &K) -> Option<V> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.iter().position(|(k, _)| k == key).map(|at| entries.remove(at))?;
        let value = entry.1.clone();
        entries.push(entry);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn equal_keys_share_a_value_and_the_least_recently_used_goes_first() {
        let registry = Registry::default();
        let get = |key: usize| {
            let made = Cell::new(false);
            let make = || {
                made.set(true);
                Ok(())
            };
            registry.get_or_make(key, make).unwrap();
            made.get()
        };
        assert!((0..MOST).all(get));
        assert!(!get(0));
        assert!(get(MOST));
        assert!(!get(0), "it was used a moment ago");
        assert!(get(1), "it was the oldest");
    }
}
