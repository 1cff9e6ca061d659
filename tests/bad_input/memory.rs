//! The largest allocation of any thread, and a limit that protects the machine.
#![allow(unsafe_code, reason = "an allocator can't be written otherwise")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) const MIB: usize = 1 << 20;

struct Counting;

static LARGEST: AtomicUsize = AtomicUsize::new(0);

/// What is larger is refused, as if there were no memory for it.
const REFUSED: usize = 1 << 30;

impl Counting {
    fn allows(size: usize) -> bool {
        LARGEST.fetch_max(size, SeqCst);
        size <= REFUSED
    }
}

// SAFETY: everything is passed on to the system's allocator, or refused with null, as the contract allows.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the system's conditions.
        if Self::allows(layout.size()) { unsafe { System.alloc(layout) } } else { std::ptr::null_mut() }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        if Self::allows(layout.size()) { unsafe { System.alloc_zeroed(layout) } } else { std::ptr::null_mut() }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        if Self::allows(size) { unsafe { System.realloc(pointer, layout, size) } } else { std::ptr::null_mut() }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Forgets what was allocated so far.
pub(crate) fn reset() {
    LARGEST.store(0, SeqCst);
}

/// Bytes of the largest allocation since then, asked for or had.
pub(crate) fn largest() -> usize {
    LARGEST.load(SeqCst)
}

/// One test at a time: the allocator counts for all threads.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    reset();
    guard
}
