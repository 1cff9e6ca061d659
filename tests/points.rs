//! Samples at points: the values of GDAL's `GDALRasterInterpolateAtPoint` (tests/fixtures/points.json).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use cog::{Coordinates, DType, Dataset, Options, ReadParams, Resampling};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn open(file: &str) -> Arc<Dataset> {
    Arc::new(Dataset::open(fixtures().join(file).to_str().unwrap(), &Options::new()).unwrap())
}

fn cases() -> Vec<Value> {
    serde_json::from_str::<Value>(&std::fs::read_to_string(fixtures().join("points.json")).unwrap()).unwrap().as_array().unwrap().clone()
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

fn points(case: &Value) -> Vec<[f64; 2]> {
    case["points"].as_array().unwrap().iter().map(|p| [number(&p[0]), number(&p[1])]).collect()
}

fn params(case: &Value) -> ReadParams {
    let resampling = if case["resampling"] == "bilinear" { Resampling::Bilinear } else { Resampling::Nearest };
    ReadParams { resampling, ..ReadParams::default() }
}

fn doubles(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<8>().0.iter().map(|b| f64::from_ne_bytes(*b)).collect()
}

#[test]
fn points_have_the_values_of_gdal() {
    let cases = cases();
    assert!(cases.len() >= 20);
    for case in &cases {
        let (dataset, points) = (open(case["file"].as_str().unwrap()), points(case));
        let bilinear = case["resampling"] == "bilinear";
        let complex = dataset.dtype().is_complex();
        let wide = if complex { DType::CFloat64 } else { DType::Float64 };
        let read = dataset.read_points(&points, Coordinates::Pixels, &params(case), Some(wide), true).unwrap();
        let values = doubles(&read.data);
        let parts = if complex { 2 } else { 1 };
        for (band, wanted) in case["values"].as_array().unwrap().iter().enumerate() {
            for (i, wanted) in wanted.as_array().unwrap().iter().enumerate() {
                let at = (band * points.len() + i) * parts;
                let what = format!("{} {} band {band} at {:?}", case["file"], case["resampling"], points[i]);
                // GDAL does not see that NaN is nodata there, and interpolates it.
                let missing = wanted.is_null() || wanted == "nan";
                if missing && bilinear {
                    assert_eq!(values[at], 0.0, "{what}");
                }
                if read.size.bands == 1 {
                    // GDAL knows no internal mask here, and the fixtures of one band have none.
                    assert_eq!(read.mask[i] == 0, missing, "{what}");
                }
                if !missing {
                    let wanted: Vec<f64> = if complex { vec![number(&wanted[0]), number(&wanted[1])] } else { vec![number(wanted)] };
                    assert_eq!(&values[at..at + parts], &wanted[..], "{what}");
                }
            }
        }
    }
}

#[test]
fn nearest_is_the_pixel_of_the_window_with_its_mask() {
    for file in ["demo.tif", "alpha_rgb.tif", "cog_rgb_deflate_mask.tif", "nodata_float32_nan.tif", "type_uint8_deflate_p2_tile_planar.tif"]
    {
        let dataset = open(&format!("data/{file}"));
        for level in 0..dataset.level_count().unwrap() {
            let params = ReadParams { level: Some(level), ..ReadParams::default() };
            let whole = dataset.read_window(&params, None, true).unwrap();
            let (w, h) = (whole.size.width, whole.size.height);
            let points: Vec<[f64; 2]> = (0..500).map(|i| [(i * 37 % w) as f64 + 0.3, (i * 53 % h) as f64 + 0.9]).collect();
            let read = dataset.read_points(&points, Coordinates::Pixels, &params, None, true).unwrap();
            let size = whole.size.dtype.size();
            for (i, [x, y]) in points.iter().enumerate() {
                let at = *y as usize * w + *x as usize;
                assert_eq!(read.mask[i], whole.mask[at], "{file} level {level} mask at {x}, {y}");
                for band in 0..whole.size.bands {
                    let (a, b) = ((band * points.len() + i) * size, (band * w * h + at) * size);
                    assert_eq!(read.data[a..a + size], whole.data[b..b + size], "{file} level {level} at {x}, {y}");
                }
            }
        }
    }
}

#[test]
fn map_coordinates_find_the_pixels_of_every_level() {
    let dataset = open("data/rotated.tif");
    let t = dataset.transform().unwrap();
    let pixels = [[3.5, 7.5], [100.25, 50.75], [139.9, 104.9]];
    let map: Vec<[f64; 2]> = pixels.iter().map(|[x, y]| t.apply(*x, *y)).map(|(x, y)| [x, y]).collect();
    let read = |points: &[[f64; 2]], coordinates| dataset.read_points(points, coordinates, &ReadParams::default(), None, true).unwrap();
    assert_eq!(read(&map, Coordinates::Map).data, read(&pixels, Coordinates::Pixels).data);

    let demo = open("data/demo.tif");
    let [left, bottom, right, top] = demo.bounds().unwrap();
    let half = ReadParams { level: Some(1), ..ReadParams::default() };
    let by_map =
        demo.read_points(&[[f64::midpoint(left, right) + 31.0, f64::midpoint(bottom, top)]], Coordinates::Map, &half, None, false).unwrap();
    let by_pixel = demo.read_points(&[[256.5, 192.0]], Coordinates::Pixels, &half, None, false).unwrap();
    assert_eq!(by_map.data, by_pixel.data);
}

#[test]
fn points_outside_are_filled_and_masked_and_no_error() {
    let dataset = open("data/cog_uint16_zstd.tif");
    let points = [[-1.0, 2.0], [10.0, 10.0], [1e300, f64::NAN], [f64::NEG_INFINITY, 0.0]];
    for resampling in [Resampling::Nearest, Resampling::Bilinear] {
        let params = ReadParams { resampling, bands: Some(vec![1]), ..ReadParams::default() };
        let read = dataset.read_points(&points, Coordinates::Pixels, &params, None, true).unwrap();
        assert_eq!(read.mask, [0, 255, 0, 0]);
        assert_eq!([&read.data[..2], &read.data[4..]].concat(), [0; 6]);
    }
    let none = dataset.read_points(&[], Coordinates::Pixels, &ReadParams::default(), None, true).unwrap();
    assert!(none.data.is_empty() && none.mask.is_empty());
}

#[test]
fn each_block_is_decoded_once_however_many_points_lie_in_it() {
    let dataset = open("data/cog_64_blocks.tif");
    let info = dataset.level_info(0).unwrap();
    let points: Vec<[f64; 2]> = (0..10_000).map(|i| [f64::from(i % 100) * 0.2, f64::from(i / 100) * 0.2]).collect();
    let far = [[info.width as f64 - 1.0, info.height as f64 - 1.0]];
    let before = dataset.stats().tiles_decoded;
    dataset.read_points(&[&points[..], &far].concat(), Coordinates::Pixels, &ReadParams::default(), None, false).unwrap();
    assert!(info.block_width >= 20 && info.blocks_across * info.blocks_down > 2, "{info:?}");
    assert_eq!(dataset.stats().tiles_decoded - before, 2);
}

#[test]
fn what_points_can_not_do_is_said() {
    let dataset = open("data/cog_uint16_zstd.tif");
    let cubic = ReadParams { resampling: Resampling::Cubic, ..ReadParams::default() };
    let message = dataset.read_points(&[[1.0, 1.0]], Coordinates::Pixels, &cubic, None, false).unwrap_err().to_string();
    assert!(message.contains("Nearest or Bilinear"), "{message}");
    let ungeoreferenced = open("data/type_uint8_none_strip.tif");
    if ungeoreferenced.transform().is_none() {
        let message =
            ungeoreferenced.read_points(&[[1.0, 1.0]], Coordinates::Map, &ReadParams::default(), None, false).unwrap_err().to_string();
        assert!(message.contains("no transform"), "{message}");
    }
}
