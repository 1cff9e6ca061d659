//! What a store knows now, and how that changes while requests are under way.

use crate::source::http::Repair;
use std::sync::{Arc, PoisonError, RwLock};

/// A value with the number of times that it was replaced.
pub(super) struct Current<T>(RwLock<(u64, Arc<T>)>);

impl<T> Current<T> {
    pub(super) fn new(value: T) -> Self {
        Self(RwLock::new((0, Arc::new(value))))
    }

    /// The value and its generation.
    pub(super) fn get(&self) -> (u64, Arc<T>) {
        let guard = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (guard.0, Arc::clone(&guard.1))
    }

    /// Replaces the value that a request of `generation` was made with, unless another request has done so already.
    pub(super) fn repair(&self, generation: u64, make: impl FnOnce(&T) -> Option<(Repair, T)>) -> Option<Repair> {
        let (now, value) = self.get();
        if now != generation {
            return Some(Repair::Already);
        }
        // Made without the lock: files may be read.
        let (repair, fresh) = make(&value)?;
        let mut guard = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if guard.0 != generation {
            return Some(Repair::Already);
        }
        *guard = (generation + 1, Arc::new(fresh));
        Some(repair)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_requests_that_meet_the_same_fault_one_repairs_it() {
        let current = Current::new(1);
        let (generation, _) = current.get();
        assert_eq!(current.repair(generation, |v| Some((Repair::Region, v + 1))), Some(Repair::Region));
        assert_eq!(current.repair(generation, |v| Some((Repair::Region, v + 1))), Some(Repair::Already));
        assert_eq!(*current.get().1, 2);
        assert_eq!(current.repair(1, |_| None), None);
    }
}
