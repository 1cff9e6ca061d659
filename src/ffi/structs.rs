//! Structs that may grow: their first field says how much of one the caller knows.

use super::null;
use crate::error::{Error, Result};

/// A struct whose first field is `struct_size: usize` and all of whose bytes may be zero.
///
/// # Safety
/// The type is `repr(C)`, begins with `struct_size: usize`, and zeroed memory is a valid value of it.
pub(crate) unsafe trait Sized: Copy {}

// SAFETY: these are repr(C), begin with struct_size, and hold only numbers and pointers.
unsafe impl Sized for super::options::cog_option_description {}
// SAFETY: as above.
unsafe impl Sized for super::describe::cog_dataset_info {}
// SAFETY: as above.
unsafe impl Sized for super::describe::cog_level_description {}
// SAFETY: as above.
unsafe impl Sized for super::describe::cog_band_description {}
// SAFETY: as above.
unsafe impl Sized for super::metadata::cog_gcp {}
// SAFETY: as above.
unsafe impl Sized for super::metadata::cog_rpc {}
// SAFETY: as above.
unsafe impl Sized for super::tags::cog_tag {}
// SAFETY: as above.
unsafe impl Sized for super::observe::cog_stats {}
// SAFETY: as above.
unsafe impl Sized for super::read::cog_read_params {}
// SAFETY: as above.
unsafe impl Sized for super::read::cog_dst {}
// SAFETY: as above.
unsafe impl Sized for super::statistics::cog_statistics_params {}
// SAFETY: as above.
unsafe impl Sized for super::statistics::cog_band_statistics {}
// SAFETY: as above.
unsafe impl Sized for super::many::cog_request {}
// SAFETY: as above; the callbacks are `Option`s, for which zero is `None`.
unsafe impl Sized for super::reader::cog_reader {}

fn bad_size(name: &str, size: usize) -> Error {
    Error::invalid(format!("{name}->struct_size is {size}; set it to the struct's sizeof, or use its _INIT macro"))
}

/// Reads a caller's struct: fields beyond its size are zero, and bytes beyond what this version knows must be zero.
///
/// # Safety
/// `pointer` is NULL or leads to a struct of as many bytes as its `struct_size` says.
pub(crate) unsafe fn read_in<T: Sized>(pointer: *const T, name: &str) -> Result<T> {
    if pointer.is_null() {
        return Err(null(name));
    }
    // SAFETY: every such struct begins with its size.
    let size = unsafe { pointer.cast::<usize>().read_unaligned() };
    if !(size_of::<usize>()..=1 << 16).contains(&size) {
        return Err(bad_size(name, size));
    }
    // SAFETY: the caller says that the struct has `size` bytes.
    let bytes = unsafe { std::slice::from_raw_parts(pointer.cast::<u8>(), size) };
    let known = size.min(size_of::<T>());
    if bytes.get(known..).is_some_and(|tail| tail.iter().any(|b| *b != 0)) {
        return Err(Error::invalid(format!("{name} has fields that libcog {} does not know", env!("CARGO_PKG_VERSION"))));
    }
    // SAFETY: `Sized` promises that zeroes are a value of T; the copy stays inside both structs.
    unsafe {
        let mut value: T = std::mem::zeroed();
        (&raw mut value).cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), known);
        Ok(value)
    }
}

/// Fills a caller's struct as far as its size goes; what this version does not know becomes zero.
///
/// # Safety
/// As for [`read_in`], and the struct may be written.
pub(crate) unsafe fn write_out<T: Sized>(pointer: *mut T, value: T, name: &str) -> Result<()> {
    if pointer.is_null() {
        return Err(null(name));
    }
    let head = size_of::<usize>();
    // SAFETY: every such struct begins with its size.
    let size = unsafe { pointer.cast::<usize>().read_unaligned() };
    if !(head..=1 << 16).contains(&size) {
        return Err(bad_size(name, size));
    }
    let known = size.min(size_of::<T>());
    // SAFETY: the caller says that the struct has `size` bytes; struct_size itself stays as it is.
    unsafe {
        let to = pointer.cast::<u8>();
        to.add(head).copy_from_nonoverlapping((&raw const value).cast::<u8>().add(head), known - head);
        to.add(known).write_bytes(0, size - known);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::observe::cog_stats;
    use super::*;

    fn stats(struct_size: usize) -> cog_stats {
        // SAFETY: numbers only.
        cog_stats { struct_size, ..unsafe { std::mem::zeroed() } }
    }

    #[test]
    fn an_older_caller_gets_only_the_fields_that_it_knows() {
        let mut out = stats(16);
        out.bytes = 77;
        // SAFETY: the struct is larger than it says.
        unsafe { write_out(&raw mut out, cog_stats { requests: 5, bytes: 6, ..stats(0) }, "stats").unwrap() };
        assert_eq!((out.struct_size, out.requests, out.bytes), (16, 5, 77));
    }

    #[test]
    fn a_newer_caller_may_set_only_what_is_known() {
        #[repr(C)]
        struct Newer {
            known: cog_stats,
            added: u64,
        }
        let mut newer = Newer { known: stats(size_of::<Newer>()), added: 0 };
        // SAFETY: the struct has the size that it says.
        assert!(unsafe { read_in((&raw const newer).cast::<cog_stats>(), "stats") }.is_ok());
        newer.added = 1;
        // SAFETY: as above.
        assert!(unsafe { read_in((&raw const newer).cast::<cog_stats>(), "stats") }.is_err());
    }

    #[test]
    fn sizes_that_are_none_are_refused() {
        for size in [0, 4, 1 << 20] {
            let bad = stats(size);
            // SAFETY: only the size is read.
            assert!(unsafe { read_in(&raw const bad, "stats") }.is_err());
        }
    }
}
