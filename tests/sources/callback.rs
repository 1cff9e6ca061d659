//! A file read by a caller's function, through the C ABI.
#![allow(unsafe_code, reason = "the C ABI is unsafe to call")]

use cog::ffi::dataset::{cog_free, cog_open_reader};
use cog::ffi::read::{cog_dst, cog_read_window};
use cog::ffi::reader::{cog_range, cog_reader};
use std::ffi::c_void;
use std::ptr::{null, null_mut};

unsafe extern "C" fn size(file: *mut c_void, size: *mut u64) -> i32 {
    // SAFETY: `file` is the Vec that `whole` passes, `size` is the library's.
    unsafe { *size = (*file.cast::<Vec<u8>>()).len() as u64 };
    0
}

unsafe extern "C" fn read_ranges(file: *mut c_void, ranges: *const cog_range, count: usize) -> i32 {
    // SAFETY: as above; the library gives `count` ranges, each with room for its length.
    unsafe {
        let file = &*file.cast::<Vec<u8>>();
        for range in std::slice::from_raw_parts(ranges, count) {
            let bytes = &file[range.offset as usize..][..range.length];
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), range.destination.cast(), range.length);
        }
    }
    0
}

/// The whole of level 0, `len` bytes.
pub(crate) fn whole(file: &[u8], len: usize) -> Vec<u8> {
    let mut file = file.to_vec();
    let user_data: *mut c_void = (&raw mut file).cast();
    let reader =
        cog_reader { struct_size: size_of::<cog_reader>(), size: Some(size), read_ranges: Some(read_ranges), close: None, user_data };
    let mut pixels = vec![0; len];
    // SAFETY: every pointer is valid during its call, and the file outlives the handle.
    unsafe {
        let mut dataset = null_mut();
        assert_eq!(cog_open_reader(&raw const reader, null(), &raw mut dataset, null_mut()), 0);
        let mut dst: cog_dst = std::mem::zeroed();
        dst.struct_size = size_of::<cog_dst>();
        dst.data = pixels.as_mut_ptr().cast();
        dst.len = len;
        assert_eq!(cog_read_window(dataset, null(), &raw const dst, null_mut()), 0);
        cog_free(dataset);
    }
    pixels
}
