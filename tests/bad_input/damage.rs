//! Good files, cut short or with some bytes changed.

use crate::memory::{self, MIB, alone};
use crate::reading::{fixture, open_bytes, read, tile};
use crate::time::bounded;
use cog::error::Status;
use cog::{Dataset, Error, Options, ReadParams};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// About 200 lengths, those at either end one by one.
fn lengths(size: usize) -> Vec<usize> {
    let mut lengths: Vec<usize> =
        (0..50.min(size)).chain((50..size).step_by(size / 130 + 1)).chain(size.saturating_sub(20)..size).collect();
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

#[test]
fn a_file_cut_anywhere_is_refused_or_read_rightly() {
    let _alone = alone();
    let files =
        ["type_uint8_none_strip.tif", "type_uint16_deflate_p2_tile.tif", "jpeg_ycbcr_no_tables.tif", "type_uint8_packbits_strip.tif"];
    for name in files {
        let whole = fixture(name);
        let right = read(&open_bytes(whole.clone()).unwrap()).unwrap();
        let lengths = lengths(whole.len());
        assert!(lengths.len() >= 180, "{}", lengths.len());
        for len in lengths {
            let cut = whole[..len].to_vec();
            let result = bounded(20, move || open_bytes(cut).and_then(|d| d.metadata_json().and_then(|_| read(&d))));
            match result {
                Ok(pixels) => assert!(pixels == right, "{name} of {len} bytes: WRONG PIXELS"),
                Err(e) => {
                    assert_eq!(e.status(), Status::Format, "{name} of {len} bytes: {e}");
                    assert_eq!(e.place().file.as_deref(), Some("memory"), "{name} of {len} bytes: {e}");
                }
            }
        }
        assert!(memory::largest() < 4 * MIB, "{name}: {} bytes were asked for at once", memory::largest());
    }
}

/// The first block that a cut file still has is read, whatever became of the others.
#[test]
fn the_tiles_before_a_cut_are_still_read() {
    let _alone = alone();
    let whole = fixture("type_uint16_deflate_p2_tile.tif");
    let right = open_bytes(whole.clone()).unwrap();
    let cut = open_bytes(whole[..6000].to_vec()).unwrap();
    let mut outcomes = Vec::new();
    for i in 0..12 {
        let (x, y) = (i % 3, i / 3);
        outcomes.push(match tile(&cut, x, y) {
            Ok(pixels) => {
                assert!(pixels == tile(&right, x, y).unwrap(), "tile ({x}, {y})");
                true
            }
            Err(e) => {
                assert_eq!((e.status(), e.place().tile), (Status::Format, Some((x, y))), "{e}");
                false
            }
        });
    }
    let read = outcomes.iter().filter(|ok| **ok).count();
    assert!((1..12).contains(&read), "{outcomes:?}");
    assert!(outcomes.is_sorted_by(|a, b| a >= b), "{outcomes:?}");
}

/// Numbers from a seed, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }

    /// Changes 1 to 4 places of the header: a byte, a bit, or a number of 2 or 4 bytes to one of those that hurt.
    fn damage(&mut self, file: &mut [u8], header: usize) {
        const HURT: [u32; 12] = [0, 1, 2, 7, 8, 255, 256, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000, u32::MAX];
        for _ in 0..=self.below(4) {
            let at = self.below(header - 4);
            match self.below(4) {
                0 => file[at] = self.below(256) as u8,
                1 => file[at] ^= 1 << self.below(8),
                2 => file[at..at + 2].copy_from_slice(&(HURT[self.below(HURT.len())] as u16).to_le_bytes()),
                _ => file[at..at + 4].copy_from_slice(&HURT[self.below(HURT.len())].to_le_bytes()),
            }
        }
    }
}

/// What a program does with a file, under limits of 16 MiB. Gives the statuses of the errors.
fn use_file(bytes: Vec<u8>, limits: &Options) -> Result<(), Error> {
    let dataset = Arc::new(Dataset::open_memory(bytes.into(), limits)?);
    let described = dataset.metadata_json();
    for ifd in 0..dataset.ifd_count()? {
        for entry in dataset.tags(ifd)? {
            let _ = dataset.tag_value(ifd, entry.tag);
        }
    }
    let mut results = vec![described.map(drop)];
    for level in 0..dataset.level_count()?.min(3) {
        let info = dataset.level_info(level)?;
        let params = ReadParams { timeout: Some(Duration::from_secs(20)), ..ReadParams::default() };
        for (x, y) in [(0, 0), (info.blocks_across - 1, info.blocks_down - 1)] {
            results.push(dataset.read_tile(x, y, level, &params, None, true).map(drop));
            let _ = dataset.tile_bytes(x, y, level);
        }
    }
    results.into_iter().collect()
}

const MUTATIONS: usize = 20_000;

#[test]
fn damaged_headers_never_cause_a_panic_nor_take_memory() {
    let _alone = alone();
    let files = [
        ("type_uint16_deflate_p2_tile.tif", 470),
        ("type_int16_none_tile_be.tif", 460),
        ("type_float64_none_tile_be_big.tif", 600),
        ("last_strip_short.tif", 410),
        ("jpeg_ycbcr.tif", 1000),
        ("cog_rgb_jpeg_mask.tif", 1400),
        ("webp_rgba.tif", 470),
        ("nbits_12.tif", 470),
        ("palette.tif", 2100),
        ("metadata.tif", 3000),
        ("sparse_planar.tif", 700),
        ("type_complex128_lzw_tile_be.tif", 460),
    ];
    let mut limits = Options::new();
    for key in ["limits.tile_bytes", "limits.output_bytes", "limits.header_bytes"] {
        limits.set(key, "16777216").unwrap();
    }
    let files: Vec<(&str, Vec<u8>, usize)> = files.into_iter().map(|(name, header)| (name, fixture(name), header)).collect();
    for (name, bytes, _) in &files {
        assert!(use_file(bytes.clone(), &limits).is_ok(), "{name}");
    }
    memory::reset();
    let (files, limits) = (Arc::new(files), Arc::new(limits));
    let halves: Vec<Damage> = bounded(500, move || {
        let half = |first: usize| {
            let (files, limits) = (Arc::clone(&files), Arc::clone(&limits));
            thread::spawn(move || damage_some(&files, &limits, first))
        };
        [half(0), half(1)].into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let (fine, errors): (usize, usize) = (halves.iter().map(|h| h.fine).sum(), halves.iter().map(|h| h.errors.len()).max().unwrap());
    println!("{fine} of {MUTATIONS} files are still read; errors by status: {:?}", halves.iter().map(|h| &h.errors).collect::<Vec<_>>());
    let wrong: Vec<&String> = halves.iter().flat_map(|h| &h.wrong).collect();
    assert!(wrong.is_empty(), "{} of {MUTATIONS}: {wrong:#?}", wrong.len());
    assert!(fine > MUTATIONS / 10 && errors >= 3, "the damage is none: {fine} {errors}");
}

/// What became of damaged files.
#[derive(Default)]
struct Damage {
    fine: usize,
    /// How often each status.
    errors: BTreeMap<i32, usize>,
    wrong: Vec<String>,
}

/// Every second seed from `first` on.
fn damage_some(files: &[(&str, Vec<u8>, usize)], limits: &Options, first: usize) -> Damage {
    let mut result = Damage::default();
    for i in (first..MUTATIONS).step_by(2) {
        // Not `i % len`: both threads shall meet all files.
        let (name, bytes, header) = &files[i / 2 % files.len()];
        let mut bytes = bytes.clone();
        Random(i as u64).damage(&mut bytes, *header);
        match catch_unwind(AssertUnwindSafe(|| use_file(bytes, limits))) {
            Ok(Ok(())) => result.fine += 1,
            Ok(Err(e)) if matches!(e.status(), Status::Panic | Status::Timeout) => result.wrong.push(format!("{name}, seed {i}: {e}")),
            Ok(Err(e)) => *result.errors.entry(e.status() as i32).or_default() += 1,
            Err(_) => result.wrong.push(format!("{name}, seed {i}: a panic on the caller's thread")),
        }
        if memory::largest() > 17 * MIB {
            result.wrong.push(format!("{name}, seed {i} or one beside it: {} bytes were asked for at once", memory::largest()));
            memory::reset();
        }
    }
    result
}

#[test]
fn damaged_tiles_never_cause_a_panic_and_name_their_tile() {
    let _alone = alone();
    let files = [
        ("type_uint8_lzw_p2_tile.tif", 600),
        ("type_uint8_zstd_p2_tile.tif", 600),
        ("type_int32_packbits_tile_planar.tif", 700),
        ("type_float32_deflate_p3_tile.tif", 600),
        ("jpeg_ycbcr.tif", 1100),
        ("webp_rgb.tif", 600),
        ("webp_rgb_lossless.tif", 600),
    ];
    for (name, header) in files {
        let whole = fixture(name);
        for backend in ["native", "rust"] {
            let mut options = Options::new();
            options.set("decode.backend", backend).unwrap();
            let (whole, mut damaged) = (whole.clone(), 0);
            let errors = bounded(120, move || {
                let mut errors = Vec::new();
                for seed in 0..150 {
                    let mut random = Random(seed);
                    let mut bytes = whole.clone();
                    for _ in 0..=random.below(3) {
                        let at = header + random.below(whole.len() - header);
                        bytes[at] ^= 1 + random.below(255) as u8;
                    }
                    let dataset = Arc::new(Dataset::open_memory(bytes.into(), &options).unwrap());
                    let params = ReadParams { timeout: Some(Duration::from_secs(60)), ..ReadParams::default() };
                    errors.extend(dataset.read_window(&params, None, true).err());
                }
                errors
            });
            for e in errors {
                damaged += 1;
                assert!(matches!(e.status(), Status::Format | Status::Unsupported), "{name} {backend}: {e}");
                assert!(e.place().tile.is_some() && e.place().level == Some(0), "{name} {backend}: {e}");
            }
            assert!(damaged > 0 || name.contains("packbits") || name.contains("webp_rgb"), "{name} {backend}: no damage was noticed");
        }
        // image-webp believes the three bytes that give the size of a VP8 partition: 16 MiB and no more.
        let limit = if name == "webp_rgb.tif" { 16 * MIB } else { 4 * MIB };
        assert!(memory::largest() <= limit, "{name}: {} bytes were asked for at once", memory::largest());
        memory::reset();
    }
}
