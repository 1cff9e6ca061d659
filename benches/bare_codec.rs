//! Times the codec alone on the tiles of a file: what a whole-image read could cost at best. Twin of cog_read.c and gdal_read.c.
//!
//! usage: bare_codec FILE THREADS (0: all cores)      prints seconds and the decoded bytes, or `none` where there is no bare codec.
//!
//! The stored tiles lie in memory, each thread decodes into one buffer, and nothing is undone, converted or placed: libdeflate,
//! libzstd, libjpeg-turbo, libwebp and weezl as they are called by anybody.
#![allow(unsafe_code, reason = "the libraries' own C interfaces")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a program for measuring")]

use cog::read::StoredTile;
use cog::{Dataset, Options};
use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

/// Decodes one tile into a buffer of the decoded size.
type Decode = fn(&StoredTile, &mut [u8], usize);

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|a| a != "--bench");
    let (file, threads) = (arguments.next().expect("FILE"), arguments.next().map_or(0, |n| n.parse().unwrap()));
    let dataset = Arc::new(Dataset::open(&file, &Options::new()).unwrap());
    let level = dataset.level_info(0).unwrap();
    let Some(decode) = codec(level.compression) else { return println!("none") };
    let tiles: Vec<StoredTile> = (0..level.blocks_down)
        .flat_map(|y| (0..level.blocks_across).map(move |x| (x, y)))
        .map(|(x, y)| dataset.tile_bytes(x, y, 0).unwrap())
        .collect();
    let row = (level.block_width as usize) * dataset.bands().len() * dataset.dtype().size();
    let size = row * level.block_height as usize;
    let threads = if threads == 0 { std::thread::available_parallelism().unwrap().get() } else { threads };
    let next = AtomicUsize::new(0);
    let work = || {
        let mut block = vec![1; size];
        while let Some(tile) = tiles.get(next.fetch_add(1, Relaxed)) {
            decode(tile, &mut block, row);
        }
    };
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    println!("{:.6} {}", start.elapsed().as_secs_f64(), size * tiles.len());
}

fn codec(compression: u16) -> Option<Decode> {
    Some(match compression {
        1 => |tile, block, _| block.copy_from_slice(&tile.bytes),
        5 => |tile, block, _| {
            let mut decoder = weezl::decode::Configuration::with_tiff_size_switch(weezl::BitOrder::Msb, 8).build();
            let (mut read, mut written) = (0, 0);
            // A call may stop after the code that clears the table.
            while written < block.len() {
                let step = decoder.decode_bytes(&tile.bytes[read..], &mut block[written..]);
                assert!(matches!(step.status, Ok(weezl::LzwStatus::Ok | weezl::LzwStatus::Done)));
                (read, written) = (read + step.consumed_in, written + step.consumed_out);
            }
        },
        7 => jpeg,
        8 => deflate,
        50000 => |tile, block, _| {
            assert_eq!(zstd_safe::decompress(block, &tile.bytes), Ok(block.len()));
        },
        50001 => |tile, block, row| {
            let (input, output) = (&tile.bytes, block);
            // SAFETY: both buffers are given with their true lengths.
            let end =
                unsafe { libwebp_sys::WebPDecodeRGBInto(input.as_ptr(), input.len(), output.as_mut_ptr(), output.len(), row as c_int) };
            assert!(!end.is_null());
        },
        _ => return None,
    })
}

fn deflate(tile: &StoredTile, block: &mut [u8], _row: usize) {
    thread_local! {
        // SAFETY: no arguments. It is never freed: the program ends.
        static DECOMPRESSOR: *mut libdeflate_sys::libdeflate_decompressor = unsafe { libdeflate_sys::libdeflate_alloc_decompressor() };
    }
    let result = DECOMPRESSOR.with(|decompressor| {
        let (input, mut count) = (&tile.bytes, 0);
        // SAFETY: the decompressor is this thread's, and both buffers are given with their true lengths.
        unsafe {
            libdeflate_sys::libdeflate_zlib_decompress(
                *decompressor,
                input.as_ptr().cast(),
                input.len(),
                block.as_mut_ptr().cast(),
                block.len(),
                &raw mut count,
            )
        }
    });
    assert_eq!(result, libdeflate_sys::libdeflate_result_LIBDEFLATE_SUCCESS);
}

fn jpeg(tile: &StoredTile, block: &mut [u8], row: usize) {
    // SAFETY: as turbojpeg.h has it: a handle that is used by this thread alone and destroyed; buffers with their true lengths.
    unsafe {
        let handle = turbojpeg_sys::tj3Init(turbojpeg_sys::TJINIT_TJINIT_DECOMPRESS as c_int);
        if let Some(tables) = &tile.jpeg_tables {
            turbojpeg_sys::tj3DecompressHeader(handle, tables.as_ptr(), tables.len() as _);
        }
        turbojpeg_sys::tj3DecompressHeader(handle, tile.bytes.as_ptr(), tile.bytes.len() as _);
        let format = turbojpeg_sys::TJPF_TJPF_RGB as c_int;
        let status =
            turbojpeg_sys::tj3Decompress8(handle, tile.bytes.as_ptr(), tile.bytes.len() as _, block.as_mut_ptr(), row as c_int, format);
        assert_eq!(status, 0);
        turbojpeg_sys::tj3Destroy(handle);
    }
}
