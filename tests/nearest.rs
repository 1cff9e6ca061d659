//! Windows read at other sizes: the pixels that GDAL's RasterIO gives, with nearest sampling and the overview that it would choose.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use cog::{Dataset, Options, ReadParams};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn cases() -> Vec<Value> {
    let text = std::fs::read_to_string(fixtures().join("nearest.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Opens each file once.
#[derive(Default)]
struct Open(HashMap<String, Arc<Dataset>>);

impl Open {
    fn file(&mut self, name: &str) -> Arc<Dataset> {
        let open = || Arc::new(Dataset::open(fixtures().join(name).to_str().unwrap(), &Options::new()).unwrap());
        Arc::clone(self.0.entry(name.to_owned()).or_insert_with(open))
    }
}

fn params(case: &Value) -> ReadParams {
    let (window, out) = (numbers(&case["window"]), numbers(&case["out"]));
    let window = [window[0], window[1], window[2], window[3]];
    ReadParams { window: Some(window), out_size: (out[0] as u64, out[1] as u64), ..ReadParams::default() }
}

#[test]
fn every_window_at_another_size_has_the_pixels_of_gdal() {
    let cases = cases();
    assert!(cases.len() >= 100, "only {} cases", cases.len());
    let mut open = Open::default();
    let mut wrong = Vec::new();
    for case in &cases {
        let dataset = open.file(case["file"].as_str().unwrap());
        match dataset.read_window(&params(case), None, false) {
            Ok(pixels) if hex(&pixels.data) == case["sha256"].as_str().unwrap() => {}
            Ok(pixels) => {
                wrong
                    .push(format!("{} {} → {}: differs, read from level {}", case["file"], case["window"], case["out"], pixels.size.level));
            }
            Err(e) => wrong.push(format!("{} {} → {}: {e}", case["file"], case["window"], case["out"])),
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn the_size_said_before_a_read_is_the_size_read() {
    let mut open = Open::default();
    for case in cases() {
        let dataset = open.file(case["file"].as_str().unwrap());
        let params = params(&case);
        let said = dataset.read_size(&params).unwrap();
        let pixels = dataset.read_window(&params, None, true).unwrap();
        assert_eq!(said, pixels.size, "{case}");
        assert_eq!(said.bytes(), pixels.data.len() as u64, "{case}");
        assert_eq!((said.width as u64, said.height as u64), params.out_size, "{case}");
        assert_eq!(pixels.mask.len(), said.width * said.height, "{case}");
    }
}

#[test]
fn bands_one_by_one_are_the_bands_of_the_whole() {
    let mut open = Open::default();
    for case in cases().iter().filter(|case| case["file"] == "data/cog_rgb_deflate.tif") {
        let dataset = open.file("data/cog_rgb_deflate.tif");
        let whole = dataset.read_window(&params(case), None, false).unwrap();
        let plane = whole.size.width * whole.size.height;
        for band in 1..=3u32 {
            let one = dataset.read_window(&ReadParams { bands: Some(vec![band]), ..params(case) }, None, false).unwrap();
            let at = (band as usize - 1) * plane;
            assert!(one.data == whole.data[at..at + plane], "band {band} of {case}");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
