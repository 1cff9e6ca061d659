//! Statistics of bands: GDAL's `ComputeStatistics` and numpy's percentiles and histograms (tests/fixtures/statistics.json).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use cog::{BandStatistics, Dataset, Options, ReadParams, StatisticsParams};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

const PERCENTILES: [f64; 7] = [0.0, 2.0, 33.3, 50.0, 75.0, 98.0, 100.0];

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn open(file: &str) -> Arc<Dataset> {
    Arc::new(Dataset::open(fixtures().join(file).to_str().unwrap(), &Options::new()).unwrap())
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn compare(got: &BandStatistics, wanted: &Value, what: &str) {
    let number = |key: &str| number(&wanted[key]);
    let what = format!("{what} band {}: {got:?} where {wanted} is wanted", got.band);
    assert_eq!((got.min, got.max), (number("min"), number("max")), "{what}");
    assert!(close(got.mean, number("mean")) || (got.mean - number("mean")).abs() < 1e-12 * got.standard_deviation, "{what}");
    assert!(close(got.standard_deviation, number("std")), "{what}");
    assert_eq!((got.valid, got.masked), (wanted["valid"].as_u64().unwrap(), wanted["masked"].as_u64().unwrap()), "{what}");
    assert_eq!(got.percentiles, numbers(&wanted["percentiles"]), "{what}");
    let counts: Vec<f64> = got.histogram.iter().map(|n| *n as f64).collect();
    assert_eq!(counts, numbers(&wanted["histogram"]), "{what}");
    assert_eq!(vec![got.range.0, got.range.1], numbers(&wanted["range"]), "{what}");
}

#[test]
fn every_number_is_that_of_gdal_or_numpy() {
    let text = std::fs::read_to_string(fixtures().join("statistics.json")).unwrap();
    let cases = serde_json::from_str::<Value>(&text).unwrap();
    assert!(cases.as_array().unwrap().len() >= 20);
    for case in cases.as_array().unwrap() {
        let max_size = case["max_size"].as_u64();
        let how = StatisticsParams {
            percentiles: PERCENTILES.to_vec(),
            exact: max_size.is_none(),
            max_size: max_size.unwrap_or(1),
            ..StatisticsParams::default()
        };
        let all = open(case["file"].as_str().unwrap()).statistics(&ReadParams::default(), &how).unwrap();
        let wanted = case["bands"].as_array().unwrap();
        assert_eq!(all.len(), wanted.len());
        for (got, wanted) in all.iter().zip(wanted) {
            compare(got, wanted, &format!("{} {max_size:?}", case["file"]));
        }
    }
}

fn exact() -> StatisticsParams {
    StatisticsParams { exact: true, ..StatisticsParams::default() }
}

#[test]
fn a_window_counts_its_own_pixels() {
    let dataset = open("data/cog_float32_deflate.tif");
    let params = ReadParams { window: Some([10.0, 20.0, 33.0, 17.0]), ..ReadParams::default() };
    let mut values = dataset.read_window(&params, None, false).unwrap().values().unwrap();
    values.sort_by(f64::total_cmp);
    let how = StatisticsParams { percentiles: vec![50.0], ..exact() };
    let got = &dataset.statistics(&params, &how).unwrap()[0];
    assert_eq!((got.valid, got.min, got.max), (33 * 17, values[0], values[33 * 17 - 1]));
    assert_eq!(got.percentiles, [values[33 * 17 / 2]]);
    let fraction = ReadParams { window: Some([10.5, 20.0, 33.0, 17.0]), ..ReadParams::default() };
    assert!(dataset.statistics(&fraction, &exact()).unwrap_err().to_string().contains("whole pixels"));
}

#[test]
fn scaled_statistics_are_those_of_the_scaled_values() {
    let dataset = open("data/metadata.tif");
    let how = StatisticsParams { percentiles: vec![5.0, 90.0], ..exact() };
    let unscale = ReadParams { unscale: true, ..ReadParams::default() };
    let plain = dataset.statistics(&ReadParams::default(), &exact()).unwrap();
    let scaled = dataset.statistics(&unscale, &how).unwrap();
    assert!(dataset.bands().iter().any(|b| b.scale != 1.0), "the fixture has a scale");
    for ((plain, scaled), band) in plain.iter().zip(&scaled).zip(dataset.bands()) {
        let mut values = dataset
            .read_window(&ReadParams { bands: Some(vec![plain.band]), ..ReadParams::default() }, None, false)
            .unwrap()
            .values()
            .unwrap();
        values.retain(|v| Some(*v) != dataset.nodata());
        for v in &mut values {
            *v = *v * band.scale + band.offset;
        }
        values.sort_by(f64::total_cmp);
        assert_eq!(plain.valid as usize, values.len());
        assert_eq!((scaled.min, scaled.max), (values[0], values[values.len() - 1]));
        assert!(scaled.percentiles[0] >= values[0] && scaled.percentiles[1] <= values[values.len() - 1]);
        assert!(close(scaled.mean, plain.mean * band.scale + band.offset));
    }
}

#[test]
fn nothing_valid_gives_no_numbers() {
    let dataset = open("data/nodata_float32_nan.tif");
    let pixels = dataset.read_window(&ReadParams::default(), None, true).unwrap();
    let at = pixels.mask.iter().position(|m| *m == 0).unwrap();
    let (x, y) = (at % pixels.size.width, at / pixels.size.width);
    let params = ReadParams { window: Some([x as f64, y as f64, 1.0, 1.0]), ..ReadParams::default() };
    let got = &dataset.statistics(&params, &exact()).unwrap()[0];
    assert_eq!((got.valid, got.masked, got.valid_percent()), (0, 1, 0.0));
    assert!([got.min, got.max, got.mean, got.standard_deviation, got.percentiles[0]].iter().all(|v| v.is_nan()));
    assert_eq!(got.histogram, [0; 10]);
}

#[test]
fn complex_samples_and_bands_that_are_not_there_are_refused() {
    let complex = open("data/type_complex64_deflate_tile.tif");
    assert!(complex.statistics(&ReadParams::default(), &exact()).unwrap_err().to_string().contains("no statistics of complex64"));
    let params = ReadParams { bands: Some(vec![9]), ..ReadParams::default() };
    assert!(open("data/cog_rgb_deflate.tif").statistics(&params, &exact()).unwrap_err().to_string().contains("there is no band 9"));
}
