//! Windows at other sizes, in other types, with masks: the numbers that rasterio 1.4 gives (`tests/fixtures/make_parity.py`).
//!
//! Nearest, average, mode and conversions are identical. Of the other kernels' samples at least 99.9 % are, and none is off by more than
//! one grey level, or 1e-5 of a float.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use cog::{DType, Dataset, Options, Pixels, ReadParams, Resampling};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn cases() -> Vec<Value> {
    let text = std::fs::read_to_string(fixtures().join("parity.json")).unwrap();
    let mut cases = serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().clone();
    // jpeg-decoder's samples are within 3 grey levels of libjpeg-turbo's, not equal to them.
    cases.retain(|case| cfg!(feature = "native-codecs") || !case["file"].as_str().unwrap().contains("jpeg"));
    cases
}

fn arrays() -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::ZlibDecoder::new(std::fs::File::open(fixtures().join("parity.bin")).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn resampling(name: &str) -> Resampling {
    match name {
        "nearest" => Resampling::Nearest,
        "bilinear" => Resampling::Bilinear,
        "cubic" => Resampling::Cubic,
        "cubic_spline" => Resampling::CubicSpline,
        "lanczos" => Resampling::Lanczos,
        "average" => Resampling::Average,
        "rms" => Resampling::Rms,
        "mode" => Resampling::Mode,
        "gauss" => Resampling::Gauss,
        other => panic!("{other}"),
    }
}

/// rasterio reads complex integers as complex floats.
fn dtype(case: &Value, dataset: &Dataset) -> DType {
    match case["dtype"].as_str() {
        Some(name) => DType::ALL.into_iter().find(|t| t.name() == name).unwrap(),
        None if matches!(dataset.dtype(), DType::CInt16) => DType::CFloat32,
        None => dataset.dtype(),
    }
}

fn read(case: &Value, dataset: &Arc<Dataset>) -> Pixels {
    let (window, out) = (numbers(&case["window"]), numbers(&case["out"]));
    let bands = case["bands"].as_array().map(|bands| bands.iter().map(|b| b.as_u64().unwrap() as u32).collect());
    let params = ReadParams {
        window: Some([window[0], window[1], window[2], window[3]]),
        out_size: (out[0] as u64, out[1] as u64),
        bands,
        resampling: resampling(case["resampling"].as_str().unwrap()),
        ..ReadParams::default()
    };
    let mask = case["mask"].as_bool().unwrap_or(!case["mask_sha256"].is_null());
    dataset.read_window(&params, Some(dtype(case, dataset)), mask).unwrap_or_else(|e| panic!("{case}: {e}"))
}

/// Opens each file once.
#[derive(Default)]
struct Open(HashMap<String, Arc<Dataset>>);

impl Open {
    fn file(&mut self, case: &Value) -> Arc<Dataset> {
        let name = case["file"].as_str().unwrap();
        let open = || Arc::new(Dataset::open(fixtures().join(name).to_str().unwrap(), &Options::new()).unwrap());
        Arc::clone(self.0.entry(name.to_owned()).or_insert_with(open))
    }
}

#[test]
fn exact_kernels_and_conversions_are_identical() {
    let mut open = Open::default();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for case in cases().iter().filter(|case| case["sha256"].is_string()) {
        let pixels = read(case, &open.file(case));
        count += 1;
        if hex(&pixels.data) != case["sha256"].as_str().unwrap() {
            wrong.push(format!("{case}: the samples differ, read from level {}", pixels.size.level));
        }
        if case["mask_sha256"].as_str().is_some_and(|expected| hex(&pixels.mask) != expected) {
            wrong.push(format!("{case}: the mask differs"));
        }
    }
    assert!(count >= 400, "only {count} cases");
    assert!(wrong.is_empty(), "{} of {count} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// How samples compare: all, those that differ, and the largest difference in units of what is allowed.
#[derive(Default, Clone, Copy)]
struct Tally {
    samples: usize,
    different: usize,
    worst: f64,
}

impl Tally {
    fn add(&mut self, found: f64, expected: f64, is_float: bool) {
        self.samples += 1;
        if found == expected || (found.is_nan() && expected.is_nan()) {
            return;
        }
        self.different += 1;
        let size = found.abs().max(expected.abs());
        // Integers beyond 2⁵³ are resampled as doubles, by GDAL too.
        let allowed = if is_float { 1e-5 * size } else { 1.0 + 1e-14 * size };
        let off = (found - expected).abs() / allowed;
        self.worst = self.worst.max(if off.is_nan() { f64::INFINITY } else { off });
    }
}

/// All samples; of complex ones the real and the imaginary parts.
fn parts(pixels: &Pixels) -> Vec<f64> {
    let data = &pixels.data;
    match pixels.size.dtype {
        DType::CFloat32 => data.as_chunks().0.iter().map(|bytes| f64::from(f32::from_ne_bytes(*bytes))).collect(),
        DType::CFloat64 => data.as_chunks().0.iter().map(|bytes| f64::from_ne_bytes(*bytes)).collect(),
        _ => pixels.values().unwrap(),
    }
}

#[test]
fn the_other_kernels_differ_in_one_sample_of_a_thousand_at_most_and_by_one_level() {
    let arrays = arrays();
    let mut open = Open::default();
    let mut tallies: HashMap<String, Tally> = HashMap::new();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for case in cases().iter().filter(|case| case["at"].is_u64()) {
        let found = read(case, &open.file(case));
        count += 1;
        let at = case["at"].as_u64().unwrap() as usize;
        let expected = Pixels {
            size: found.size,
            data: arrays[at..at + found.data.len()].to_vec(),
            mask: arrays[at + found.data.len()..at + found.data.len() + found.mask.len()].to_vec(),
        };
        let mut tally = Tally::default();
        for (a, b) in parts(&found).iter().zip(parts(&expected)) {
            tally.add(*a, b, found.size.dtype.is_float() || found.size.dtype.is_complex());
        }
        let validity_alone = case["validity"].is_boolean();
        let mask = |value: u8| f64::from(if validity_alone { u8::from(value != 0) * 255 } else { value });
        for (a, b) in found.mask.iter().zip(&expected.mask) {
            tally.add(mask(*a), mask(*b), false);
        }
        // Differences of rounding alone: one part in 10¹¹.
        if case["rounded"].is_boolean() {
            if tally.worst > 1e-6 {
                wrong.push(format!("{case}: the worst is off by {}", tally.worst));
            }
            continue;
        }
        let kernel = tallies.entry(case["resampling"].as_str().unwrap().to_owned()).or_default();
        kernel.samples += tally.samples;
        kernel.different += tally.different;
        kernel.worst = kernel.worst.max(tally.worst);
        if tally.worst > 1.0 || tally.different * 50 > tally.samples {
            wrong.push(format!("{case}: {} of {} differ, the worst by {}", tally.different, tally.samples, tally.worst));
        }
    }
    for (kernel, t) in &tallies {
        println!("{kernel}: {} of {} samples differ, the worst by {} of what is allowed", t.different, t.samples, t.worst);
        if t.different * 1000 > t.samples {
            wrong.push(format!("{kernel}: {} of {} samples differ", t.different, t.samples));
        }
    }
    assert!(count >= 400, "only {count} cases");
    assert!(wrong.is_empty(), "{} of {count} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// GDAL gives 255 here, for a 0 that nothing valid lies under.
#[test]
fn the_mask_is_0_where_mode_finds_nothing_valid() {
    for name in ["data/cog_int16_deflate_nodata.tif", "data/nodata_float32_nan.tif"] {
        let case = serde_json::json!({"file": name});
        let dataset = Open::default().file(&case);
        let params = |resampling| ReadParams { out_size: (20, 17), resampling, ..ReadParams::default() };
        let [mode, average] = [Resampling::Mode, Resampling::Average].map(|r| dataset.read_window(&params(r), None, true).unwrap());
        assert!(average.mask.contains(&0) && mode.mask == average.mask, "{name}");
    }
}

fn hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
