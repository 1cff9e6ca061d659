//! A cache bounded by bytes, in which no two callers make the same thing at the same time.

use futures_util::FutureExt;
use futures_util::future::Shared;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use std::collections::HashMap;
use std::hash::{Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Bytes that a value holds in memory, which must not change while it is kept.
pub(crate) trait Weigh {
    fn weight(&self) -> u64;
}

/// Memory that an entry takes besides its value: its key, twice, and its place in the tables.
const ENTRY: u64 = 256;

#[derive(Clone)]
struct ByWeight;

impl<K, V: Weigh> Weighter<K, V> for ByWeight {
    fn weight(&self, _key: &K, value: &V) -> u64 {
        value.weight().saturating_add(ENTRY)
    }
}

/// Resolves to what the leader made, or to an error when it gave up.
pub(crate) type Follow<V> = Shared<oneshot::Receiver<V>>;

/// What was used lately (by S3-FIFO, which one large scan does not flush), up to a number of bytes; and what is being made now.
pub(crate) struct Shelf<K, V> {
    kept: Cache<K, V, ByWeight, RandomState, DefaultLifecycle<K, V>>,
    under_way: Mutex<HashMap<K, Follow<V>>>,
}

/// How a caller comes by a value.
pub(crate) enum Joined<K: Hash + Eq + Clone, V: Weigh + Clone> {
    Found(V),
    /// The caller makes it; others wait meanwhile.
    Lead(Lead<K, V>),
    /// Another caller is making it.
    Follow(Follow<V>),
}

impl<K: Hash + Eq + Clone, V: Weigh + Clone> Shelf<K, V> {
    pub(crate) fn new(bytes: u64) -> Self {
        // For so few expected entries the crate makes one shard, in which one entry may take all the memory.
        let kept = Cache::with(31, bytes, ByWeight, RandomState::new(), DefaultLifecycle::default());
        Self { kept, under_way: Mutex::default() }
    }

    /// The value, or the right to make it, or the wait for who is making it. What is kept counts where it is `good`.
    pub(crate) fn join(self: &Arc<Self>, key: &K, good: impl Fn(&V) -> bool) -> Joined<K, V> {
        if let Some(value) = self.kept.get(key).filter(&good) {
            return Joined::Found(value);
        }
        let mut under_way = self.under_way();
        if let Some(follow) = under_way.get(key) {
            return Joined::Follow(follow.clone());
        }
        // A leader keeps its value before it takes its name off the list, so a look with the list in hand misses nothing.
        if let Some(value) = self.kept.get(key).filter(&good) {
            return Joined::Found(value);
        }
        let (sender, receiver) = oneshot::channel();
        under_way.insert(key.clone(), receiver.shared());
        Joined::Lead(Lead { shelf: Arc::clone(self), key: key.clone(), sender: Some(sender) })
    }

    /// What is kept.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.kept.get(key)
    }

    /// Puts `value` in the place of what is kept, where that is still `old`.
    pub(crate) fn replace(&self, key: &K, old: impl Fn(&V) -> bool, value: V) {
        if self.kept.peek(key).is_some_and(|kept| old(&kept)) {
            self.kept.insert(key.clone(), value);
        }
    }

    /// Drops what is kept, where it is `old`.
    pub(crate) fn remove(&self, key: &K, old: impl FnOnce(&V) -> bool) {
        self.kept.remove_if(key, old);
    }

    /// Bytes kept.
    #[cfg(test)]
    pub(crate) fn weight(&self) -> u64 {
        self.kept.weight()
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<K, Follow<V>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to make a value. Dropped without [`Lead::land`] (an error, a cancelled call), the followers learn that they must see for
/// themselves.
pub(crate) struct Lead<K: Hash + Eq + Clone, V: Weigh + Clone> {
    shelf: Arc<Shelf<K, V>>,
    key: K,
    sender: Option<oneshot::Sender<V>>,
}

impl<K: Hash + Eq + Clone, V: Weigh + Clone> Lead<K, V> {
    /// Hands the value to those who wait for it, and keeps it for later ones if `keep`.
    pub(crate) fn land(mut self, value: V, keep: bool) {
        if keep {
            self.shelf.kept.insert(self.key.clone(), value.clone());
        }
        self.leave();
        if let Some(sender) = self.sender.take() {
            // An error says that nobody waits.
            let _ = sender.send(value);
        }
    }

    fn leave(&self) {
        self.shelf.under_way().remove(&self.key);
    }
}

impl<K: Hash + Eq + Clone, V: Weigh + Clone> Drop for Lead<K, V> {
    fn drop(&mut self) {
        // Off the list first: a follower that wakes must be able to lead.
        if self.sender.is_some() {
            self.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weigh for Arc<Vec<u8>> {
        fn weight(&self) -> u64 {
            self.len() as u64
        }
    }

    type Bytes = Arc<Vec<u8>>;

    fn shelf(bytes: u64) -> Arc<Shelf<u64, Bytes>> {
        Arc::new(Shelf::new(bytes))
    }

    fn lead(shelf: &Arc<Shelf<u64, Bytes>>, key: u64) -> Lead<u64, Bytes> {
        match shelf.join(&key, |_| true) {
            Joined::Lead(lead) => lead,
            _ => panic!("somebody else leads {key}"),
        }
    }

    fn follow(shelf: &Arc<Shelf<u64, Bytes>>, key: u64) -> Follow<Bytes> {
        match shelf.join(&key, |_| true) {
            Joined::Follow(follow) => follow,
            _ => panic!("nobody leads {key}"),
        }
    }

    #[test]
    fn the_bytes_that_are_alive_stay_within_the_bound() {
        // Counts what the values hold, not what the cache believes: weak references see each drop.
        let shelf = shelf(1 << 20);
        let mut alive = Vec::new();
        let mut seed = 3u64;
        for key in 0..5000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let value = Arc::new(vec![0; (seed >> 40) as usize % 60_000]);
            alive.push(Arc::downgrade(&value));
            lead(&shelf, key).land(value, true);
            let held: usize = alive.iter().filter_map(std::sync::Weak::upgrade).map(|v| v.len()).sum();
            assert!(held <= 1 << 20 && shelf.weight() <= 1 << 20, "{held} bytes at entry {key}");
            alive.retain(|weak| weak.strong_count() > 0);
        }
        assert!(shelf.weight() > 1 << 19);
    }

    #[test]
    fn a_value_larger_than_the_bound_reaches_its_followers_and_is_not_kept() {
        let shelf = shelf(1000);
        let leader = lead(&shelf, 1);
        let waiting = follow(&shelf, 1);
        leader.land(Arc::new(vec![7; 5000]), true);
        assert_eq!(pollster::block_on(waiting).unwrap().len(), 5000);
        assert_eq!(shelf.weight(), 0);
        drop(lead(&shelf, 1));
    }

    #[test]
    fn what_was_used_last_is_kept_longest() {
        let shelf = shelf(10 * (1000 + ENTRY));
        for key in 0..10 {
            lead(&shelf, key).land(Arc::new(vec![0; 1000]), true);
        }
        for key in 10..200 {
            assert!(shelf.get(&3).is_some(), "lost at {key}");
            lead(&shelf, key).land(Arc::new(vec![0; 1000]), true);
        }
    }

    #[test]
    fn a_follower_of_a_leader_that_gives_up_leads() {
        let shelf = shelf(1000);
        let leader = lead(&shelf, 1);
        let waiting = follow(&shelf, 1);
        drop(leader);
        assert!(pollster::block_on(waiting).is_err());
        drop(lead(&shelf, 1));
        assert!(shelf.under_way().is_empty());
    }

    #[test]
    fn a_stale_value_is_made_anew_and_a_newer_one_stays() {
        let shelf = shelf(100_000);
        lead(&shelf, 1).land(Arc::new(vec![1]), true);
        let Joined::Lead(leader) = shelf.join(&1, |v| **v != [1]) else { panic!("it was good") };
        leader.land(Arc::new(vec![2]), true);
        shelf.remove(&1, |v| **v == [1]);
        shelf.replace(&1, |v| **v == [1], Arc::new(vec![3]));
        assert_eq!(*shelf.get(&1).unwrap(), [2]);
    }

    #[test]
    fn ten_threads_make_a_thing_once() {
        let shelf = shelf(100_000);
        let made = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| {
                    let value = match shelf.join(&1, |_| true) {
                        Joined::Found(value) => value,
                        Joined::Follow(follow) => pollster::block_on(follow).unwrap(),
                        Joined::Lead(lead) => {
                            std::thread::sleep(std::time::Duration::from_millis(20));
                            made.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                            let value = Arc::new(vec![5]);
                            lead.land(Arc::clone(&value), true);
                            value
                        }
                    };
                    assert_eq!(*value, [5]);
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }
}
