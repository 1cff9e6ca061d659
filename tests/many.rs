//! Many files at once: mosaics as numpy makes them of rasterio's reads (tests/fixtures/mosaic), results one by one, STAC items.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use cog::many::{Reducer, Request, StacParams, mosaic, open_stac, read_many};
use cog::{DType, Dataset, Options, ReadParams, TileId};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mosaic")
}

fn datasets() -> Vec<Arc<Dataset>> {
    let open = |name: &str| Arc::new(Dataset::open(folder().join(name).to_str().unwrap(), &Options::new()).unwrap());
    ["a.tif", "b.tif", "c.tif", "d.tif"].map(open).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn bounds(case: &Value) -> [f64; 4] {
    let numbers: Vec<f64> = case["bounds"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    numbers.try_into().unwrap()
}

#[test]
fn mosaics_are_those_of_numpy_and_rasterio() {
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(folder().join("mosaic.json")).unwrap()).unwrap();
    let datasets = datasets();
    assert!(cases.as_array().unwrap().len() >= 15);
    for case in cases.as_array().unwrap() {
        let reducer = match case["reducer"].as_str().unwrap() {
            "first" => Reducer::First,
            "last" => Reducer::Last,
            "highest" => Reducer::Highest,
            "lowest" => Reducer::Lowest,
            _ => Reducer::Mean,
        };
        let params = ReadParams { fill: Some(-1.0), ..ReadParams::default() };
        let picture = mosaic(&datasets, &Request::Bounds(bounds(case), None), reducer, &params, None).unwrap();
        assert_eq!(picture.size.dtype, DType::Int16);
        let little: Vec<u8> = picture.data.as_chunks::<2>().0.iter().flat_map(|b| i16::from_ne_bytes(*b).to_le_bytes()).collect();
        assert_eq!(hex(&picture.mask), case["mask_sha256"].as_str().unwrap(), "mask of {case}");
        assert_eq!(hex(&little), case["sha256"].as_str().unwrap(), "{case}");
    }
}

#[test]
fn each_file_has_its_own_result_and_its_own_error() {
    let datasets = datasets();
    // Only the first and the third file reach here.
    let request = Request::Bounds([400_000.0, 5_299_600.0, 400_200.0, 5_299_900.0], None);
    let results = read_many(&datasets, &request, &ReadParams::default(), None, true).unwrap();
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, false]);
    let error = results[1].as_ref().unwrap_err();
    assert!(error.status() == cog::error::Status::OutOfBounds && error.to_string().contains("b.tif"), "{error}");
    let alone =
        datasets[2].read_bounds([400_000.0, 5_299_600.0, 400_200.0, 5_299_900.0], None, &ReadParams::default(), None, true).unwrap();
    let third = results[2].as_ref().unwrap();
    assert!(third.data == alone.data && third.mask == alone.mask);
    let tile = Request::Tile(TileId { x: 2, y: 1, level: 0 });
    for (result, dataset) in read_many(&datasets, &tile, &ReadParams::default(), None, false).unwrap().iter().zip(&datasets) {
        assert!(result.as_ref().unwrap().data == dataset.read_tile(2, 1, 0, &ReadParams::default(), None, false).unwrap().data);
    }
    assert!(read_many(&[], &tile, &ReadParams::default(), None, false).unwrap().is_empty());
}

#[test]
fn a_mosaic_that_can_not_be_made_says_why() {
    let datasets = datasets();
    let message = |request: &Request, datasets: &[Arc<Dataset>]| {
        mosaic(datasets, request, Reducer::First, &ReadParams::default(), None).unwrap_err().to_string()
    };
    let nowhere = Request::Bounds([0.0, 0.0, 100.0, 100.0], None);
    assert!(message(&nowhere, &datasets).contains("a.tif"));
    assert!(message(&nowhere, &[]).contains("at least one dataset"));
    let elsewhere = Request::Bounds([400_000.0, 5_299_600.0, 400_200.0, 5_299_900.0], Some("EPSG:4326".into()));
    assert!(message(&elsewhere, &datasets).contains("EPSG:32633"));
}

#[test]
fn a_mosaic_has_the_size_that_was_asked_for() {
    let params = ReadParams { out_size: (40, 20), ..ReadParams::default() };
    let request = Request::Bounds([400_000.0, 5_299_350.0, 400_800.0, 5_300_000.0], None);
    let picture = mosaic(&datasets(), &request, Reducer::Mean, &params, Some(DType::Float32)).unwrap();
    assert_eq!((picture.size.width, picture.size.height, picture.size.bands, picture.size.dtype), (40, 20, 2, DType::Float32));
    assert_eq!((picture.data.len(), picture.mask.len()), (40 * 20 * 2 * 4, 40 * 20));
}

#[test]
fn a_stac_item_opens_as_its_assets() {
    let item = folder().join("item.json");
    let open = |params: &StacParams| open_stac(item.to_str().unwrap(), params, &Options::new());
    let assets = open(&StacParams::default()).unwrap();
    assert_eq!(assets.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c", "d", "missing"]);
    assert_eq!(assets[1].dataset.as_ref().unwrap().size(), (45, 50));
    let missing = assets[4].dataset.as_ref().err().unwrap();
    assert!(missing.status() == cog::error::Status::NotFound && missing.to_string().contains("missing.tif"), "{missing}");
    let named = open(&StacParams { assets: Some(vec!["d".into(), "a".into()]), ..StacParams::default() }).unwrap();
    assert_eq!(named.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["d", "a"]);
    let unknown = open(&StacParams { assets: Some(vec!["z".into()]), ..StacParams::default() }).err().unwrap();
    assert!(unknown.to_string().contains("has no asset \"z\""), "{unknown}");
}

#[test]
fn an_item_larger_than_its_limit_is_refused() {
    let mut options = Options::new();
    options.set("stac.item_bytes", "100").unwrap();
    let item = folder().join("item.json");
    let error = open_stac(item.to_str().unwrap(), &StacParams::default(), &options).err().unwrap();
    assert!(error.to_string().contains("stac.item_bytes = 100"), "{error}");
    options.set("stac.item_bytes", "100000").unwrap();
    options.set("stac.assets", "2").unwrap();
    let error = open_stac(item.to_str().unwrap(), &StacParams::default(), &options).err().unwrap();
    assert!(error.to_string().contains("stac.assets = 2"), "{error}");
    let tiff = folder().join("a.tif");
    let error = open_stac(tiff.to_str().unwrap(), &StacParams::default(), &options).err().unwrap();
    assert!(error.to_string().contains("not a STAC item"), "{error}");
}
