//! Every fixture has the metadata, the pixels and the masks that GDAL reads in it; the same for a larger corpus where there is one.
//!
//! What is compared, and how, is what the project's `conformance.py` compares.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "conformance/backends.rs"]
mod backends;
#[path = "conformance/corpus.rs"]
mod corpus;
#[path = "range_server/server.rs"]
mod server;

use cog::{DType, Dataset, Options, Pixels, ReadParams};
use serde_json::{Map, Value, json};
use server::Server;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The fields of a manifest's entry that are compared.
const FIELDS: [&str; 19] = [
    "width",
    "height",
    "count",
    "dtype",
    "transform",
    "crs_epsg",
    "nodata",
    "compress",
    "interleave",
    "photometric",
    "colorinterp",
    "mask_flags",
    "scales",
    "offsets",
    "units",
    "descriptions",
    "overviews",
    "colormap",
    "tags",
];

/// A file and what GDAL says of it.
struct Case {
    name: String,
    path: PathBuf,
    want: Value,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn manifest(folder: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    let entries: Map<String, Value> = serde_json::from_str(&text).unwrap();
    entries.into_iter().map(|(name, want)| Case { path: folder.join(&name), name, want }).collect()
}

fn fixtures() -> Vec<Case> {
    let cases = manifest(&root().join("tests/fixtures"));
    assert!(cases.len() >= 100, "only {} fixtures", cases.len());
    cases
}

fn options(settings: &[(&str, &str)]) -> Options {
    let mut options = Options::new();
    for (key, value) in settings {
        options.set(key, value).unwrap();
    }
    options
}

fn open(path: &Path, settings: &[(&str, &str)]) -> Arc<Dataset> {
    Arc::new(Dataset::open(path.to_str().unwrap(), &options(settings)).unwrap_or_else(|e| panic!("{e}")))
}

/// A number, also where it is written as a text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(b) => !b,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(items) => items.is_empty(),
    }
}

/// Equality as `conformance.py` has it: numbers within a part in 10⁹, NaN equal to NaN, nothing equal to nothing.
fn same(x: &Value, y: &Value) -> bool {
    if x.is_boolean() || y.is_boolean() {
        return is_nothing(x) == is_nothing(y);
    }
    match (number(x), number(y), x, y) {
        (Some(a), Some(b), _, _) => {
            let near = a.is_finite() && b.is_finite() && (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
            (a.is_nan() && b.is_nan()) || a == b || near
        }
        (_, _, Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (_, _, Value::Object(a), Value::Object(b)) => a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same(v, w))),
        _ => x == y || (is_nothing(x) && is_nothing(y)),
    }
}

#[test]
fn the_comparison_tells_equal_from_different() {
    for (x, y) in [(json!("nan"), json!("NaN")), (json!(1), json!("1.0")), (json!(null), json!([])), (json!([1.0, 2]), json!([1, 2.0]))] {
        assert!(same(&x, &y), "{x} {y}");
    }
    for (x, y) in [(json!(1), json!(1.00001)), (json!(null), json!("a")), (json!([1]), json!([1, 1])), (json!({"a": 1}), json!({"b": 1}))] {
        assert!(!same(&x, &y), "{x} {y}");
    }
}

fn compare_metadata(got: &Value, want: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for field in FIELDS {
        let (w, g) = (&want[field], &got[field]);
        let (w, g) = match field {
            "colormap" if is_nothing(w) => continue,
            "tags" => tags(w, g, want),
            _ => (w.clone(), g.clone()),
        };
        if !same(&w, &g) {
            wrong.push(format!("{field}: GDAL has {w}, libcog {g}"));
        }
    }
    wrong.extend(compare_description(got, want));
    let levels = |of: &Value| -> Vec<Value> {
        of["levels"].as_array().map_or(Vec::new(), |all| all.iter().map(|l| json!([l["width"], l["height"], l["block"]])).collect())
    };
    if levels(want) != levels(got) {
        wrong.push(format!("levels: GDAL has {:?}, libcog {:?}", levels(want), levels(got)));
    }
    wrong
}

/// What only the manifest of the fixtures has: domains, control points, epoch. An older GDAL says less in IMAGE_STRUCTURE.
fn compare_description(got: &Value, want: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut has_all = |name: &str, got: &Value, want: &Value| {
        for (domain, items) in want.as_object().into_iter().flatten() {
            for (key, value) in items.as_object().into_iter().flatten() {
                let ours = &got[domain][key];
                if !same(value, ours) {
                    wrong.push(format!("{name} {domain} {key}: GDAL has {value}, libcog {ours}"));
                }
            }
        }
    };
    has_all("domains", &got["domains"], &want["domains"]);
    for (i, domains) in want["band_domains"].as_array().into_iter().flatten().enumerate() {
        has_all("band domains", &got["band_domains"][i], domains);
    }
    if let Some(points) = want["control_points"].as_array() {
        let ours = got["gcps"].as_array().into_iter().flatten().map(|p| json!([p["col"], p["row"], p["x"], p["y"], p["z"]]));
        if !same(&json!(points), &Value::Array(ours.collect())) {
            wrong.push(format!("control points: GDAL has {points:?}, libcog {}", got["gcps"]));
        }
        if !same(&want["coordinate_epoch"], &got["coordinate_epoch"]) {
            wrong.push(format!("coordinate epoch: GDAL has {}, libcog {}", want["coordinate_epoch"], got["coordinate_epoch"]));
        }
    }
    wrong
}

/// GDAL's tags, without one that it makes up; ours, without those that GDAL does not list.
fn tags(want: &Value, got: &Value, entry: &Value) -> (Value, Value) {
    let made_up = |key: &str| key == "AREA_OR_POINT" && is_nothing(&entry["crs_wkt"]);
    let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let want: Map<String, Value> = object(want).into_iter().filter(|(key, _)| !made_up(key)).collect();
    let got = object(got).into_iter().filter(|(key, _)| want.contains_key(key)).collect();
    (Value::Object(want), Value::Object(got))
}

fn hash(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// Little-endian bytes of native samples. The parts of a complex sample are numbers of their own.
fn little_endian(mut data: Vec<u8>, dtype: DType) -> Vec<u8> {
    if cfg!(target_endian = "big") {
        let size = if dtype.is_complex() { dtype.size() / 2 } else { dtype.size() };
        data.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
    data
}

fn read_level(dataset: &Arc<Dataset>, level: usize) -> cog::Result<Pixels> {
    // rasterio has no complex integers of 16 bits: the manifests' pixels are complex64.
    let dtype = (dataset.dtype() == DType::CInt16).then_some(DType::CFloat32);
    dataset.read_window(&ReadParams { level: Some(level), ..ReadParams::default() }, dtype, true)
}

fn compare_level(dataset: &Arc<Dataset>, number: usize, want: &Value, exact: bool) -> Vec<String> {
    let pixels = match read_level(dataset, number) {
        Ok(pixels) => pixels,
        Err(e) => return vec![format!("level {number}: {e}")],
    };
    let mut wrong = Vec::new();
    if hash(&pixels.mask) != want["mask_sha256"].as_str().unwrap() {
        wrong.push(format!("level {number}: the mask differs"));
    }
    if exact && hash(&little_endian(pixels.data, pixels.size.dtype)) != want["sha256"].as_str().unwrap() {
        wrong.push(format!("level {number}: the pixels differ"));
    }
    wrong
}

/// Everything in which a file is not as GDAL reads it.
fn compare(dataset: &Arc<Dataset>, want: &Value) -> Vec<String> {
    let mut wrong = match dataset.metadata_json() {
        Ok(got) => compare_metadata(&got, want),
        Err(e) => vec![format!("metadata: {e}")],
    };
    // jpeg-decoder, all that a build without native codecs has, is compared with libjpeg-turbo by the other builds: within 4 grey levels.
    let exact = cfg!(feature = "native-codecs") || want["compress"] != "jpeg";
    for (number, level) in want["levels"].as_array().unwrap().iter().enumerate() {
        wrong.extend(compare_level(dataset, number, level, exact));
    }
    wrong
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_fixture_is_read_as_gdal_reads_it() {
    let mut wrong = Vec::new();
    for case in fixtures() {
        match Dataset::open(case.path.to_str().unwrap(), &Options::new()) {
            Ok(dataset) => wrong.extend(compare(&Arc::new(dataset), &case.want).into_iter().map(|w| format!("{}: {w}", case.name))),
            Err(e) => wrong.push(e.to_string()),
        }
    }
    assert_none(&wrong);
}

/// Reads a level window by window and puts the windows together.
fn stitched(dataset: &Arc<Dataset>, level: usize, whole: &Pixels, (width, height): (usize, usize)) -> (Vec<u8>, Vec<u8>) {
    let size = whole.size;
    let sample = size.dtype.size();
    let (mut data, mut mask) = (vec![0xaa; whole.data.len()], vec![0xaa; whole.mask.len()]);
    for y in (0..size.height).step_by(height) {
        for x in (0..size.width).step_by(width) {
            let (w, h) = (width.min(size.width - x), height.min(size.height - y));
            let window = [x as f64, y as f64, w as f64, h as f64];
            let params = ReadParams { window: Some(window), level: Some(level), ..ReadParams::default() };
            let part = dataset.read_window(&params, Some(size.dtype), true).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!((part.size.width, part.size.height, part.size.bands), (w, h, size.bands));
            for row in 0..h {
                for band in 0..size.bands {
                    let to = ((band * size.height + y + row) * size.width + x) * sample;
                    let from = (band * h + row) * w * sample;
                    data[to..to + w * sample].copy_from_slice(&part.data[from..from + w * sample]);
                }
                let to = (y + row) * size.width + x;
                mask[to..to + w].copy_from_slice(&part.mask[row * w..(row + 1) * w]);
            }
        }
    }
    (data, mask)
}

#[test]
fn windows_of_odd_size_put_together_are_the_whole() {
    let mut wrong = Vec::new();
    for case in fixtures() {
        let dataset = open(&case.path, &[]);
        for level in 0..dataset.level_count().unwrap() {
            let whole = read_level(&dataset, level).unwrap_or_else(|e| panic!("{e}"));
            // Neither divides a block's side; the second is smaller than any block, and only read where that takes no time.
            let small = whole.size.width * whole.size.height < 12_000;
            for size in [Some((61, 47)), small.then_some((13, 11))].into_iter().flatten() {
                let (data, mask) = stitched(&dataset, level, &whole, size);
                if data != whole.data {
                    wrong.push(format!("{}: level {level}: windows of {size:?} have other pixels", case.name));
                }
                if mask != whole.mask {
                    wrong.push(format!("{}: level {level}: windows of {size:?} have another mask", case.name));
                }
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn http_memory_and_file_give_the_same_pixels() {
    let server = Server::builder().directory(root().join("tests/fixtures")).start().unwrap();
    let mut wrong = Vec::new();
    for case in fixtures() {
        let bytes = std::fs::read(&case.path).unwrap();
        let from_file = open(&case.path, &[]);
        // A small first request makes a part of the header and all tiles come later.
        let by_http = options(&[("io.header_bytes", "600"), ("io.header_chunk", "100")]);
        let others = [
            ("http", Dataset::open(&server.url(&format!("/{}", case.name)), &by_http)),
            ("memory", Dataset::open_memory(bytes.into(), &Options::new())),
        ];
        for (source, dataset) in others {
            let dataset = match dataset {
                Ok(dataset) => Arc::new(dataset),
                Err(e) => {
                    wrong.push(format!("{source}: {e}"));
                    continue;
                }
            };
            assert_eq!(dataset.level_count().unwrap(), from_file.level_count().unwrap(), "{source} {}", case.name);
            for level in 0..from_file.level_count().unwrap() {
                let there = read_level(&from_file, level).unwrap();
                match read_level(&dataset, level) {
                    Ok(here) if here.data == there.data && here.mask == there.mask => {}
                    Ok(_) => wrong.push(format!("{source}: {}: level {level} differs from the file's", case.name)),
                    Err(e) => wrong.push(format!("{source}: {e}")),
                }
            }
        }
    }
    assert_none(&wrong);
}
