//! JPEG XL in TIFF: lossless files have the pixels that were packed, lossy ones those that libjxl decodes, within one level of 8 bits.
//!
//! No packaged GDAL reads JPEG XL, so libjxl and tifffile are what is compared with (tests/fixtures/make_jxl.py).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use cog::{DType, Dataset, Options, Pixels, ReadParams};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/jxl")
}

fn manifest() -> Map<String, Value> {
    let text = std::fs::read_to_string(folder().join("manifest.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn open(name: &str, backend: &str) -> Arc<Dataset> {
    let mut options = Options::new();
    options.set("decode.backend", backend).unwrap();
    Arc::new(Dataset::open(folder().join(name).to_str().unwrap(), &options).unwrap())
}

fn read(name: &str, backend: &str) -> Pixels {
    open(name, backend).read_window(&ReadParams::default(), None, true).unwrap()
}

#[test]
fn every_lossless_file_has_the_pixels_that_were_packed() {
    let mut files = 0;
    for (name, entry) in manifest().iter().filter(|(_, entry)| entry["sha256"].is_string()) {
        for backend in ["native", "rust"] {
            let pixels = read(name, backend);
            assert_eq!(format!("{:x}", Sha256::digest(&pixels.data)), entry["sha256"].as_str().unwrap(), "{name}, {backend}");
        }
        files += 1;
    }
    assert!(files >= 13, "only {files} files");
}

#[test]
fn every_lossy_file_has_the_pixels_of_libjxl_within_one_level() {
    let mut files = 0;
    for (name, entry) in manifest().iter().filter(|(_, entry)| entry["decoded"].is_string()) {
        let (pixels, expected) = (read(name, "native"), read(entry["decoded"].as_str().unwrap(), "native"));
        assert_eq!((pixels.size, pixels.data.len()), (expected.size, expected.data.len()), "{name}");
        // One level of 8 or of 16 bits; floats of 0 to 1 within a hundred-thousandth.
        let within = if pixels.size.dtype == DType::Float32 { 1e-5 } else { 1.0 };
        let (values, expected) = (pixels.values().unwrap(), expected.values().unwrap());
        let worst = values.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        println!("{name}: up to {worst}");
        assert!(worst <= within, "{name}: differs by up to {worst}");
        files += 1;
    }
    assert!(files >= 6, "only {files} files");
}

#[test]
fn the_description_names_the_codec_and_the_bands() {
    for (name, entry) in manifest() {
        let described = open(&name, "native").metadata_json().unwrap();
        assert_eq!(described["compress"], "jxl", "{name}");
        for key in ["width", "height", "count", "dtype"] {
            assert_eq!(described[key], entry[key], "{name}: {key}");
        }
    }
}

#[test]
fn a_window_is_the_part_of_the_whole() {
    let (whole, dataset) = (read("rgb_uint8_tiles.tif", "native"), open("rgb_uint8_tiles.tif", "native"));
    let params = ReadParams { window: Some([40.0, 25.0, 20.0, 30.0]), ..ReadParams::default() };
    let part = dataset.read_window(&params, None, false).unwrap();
    for (i, row) in part.data.chunks(20).enumerate() {
        let (band, y) = (i / 30, 25 + i % 30);
        let at = (band * whole.size.height + y) * whole.size.width + 40;
        assert_eq!(row, &whole.data[at..at + 20], "band {band}, row {y}");
    }
}
