//! Overviews and masks beside a file (`FILE.ovr`, `FILE.msk`): what GDAL reads with them, and that nobody looks for them unasked.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "range_server/server.rs"]
mod server;

use cog::error::Status;
use cog::{Coordinates, DType, Dataset, Options, Pixels, ReadParams};
use serde_json::{Map, Value, json};
use server::{Behaviour, Server};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sidecars")
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

fn options(sidecars: bool) -> Options {
    let mut options = Options::new();
    options.set("read.sidecars", if sidecars { "TRUE" } else { "FALSE" }).unwrap();
    options
}

fn open(uri: &str) -> Arc<Dataset> {
    Arc::new(Dataset::open(uri, &options(true)).unwrap_or_else(|e| panic!("{e}")))
}

fn open_fixture(name: &str) -> Arc<Dataset> {
    open(folder().join(name).to_str().unwrap())
}

fn read_level(dataset: &Arc<Dataset>, level: usize) -> cog::Result<Pixels> {
    dataset.read_window(&ReadParams { level: Some(level), ..ReadParams::default() }, None, true)
}

fn hash(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn little_endian(mut data: Vec<u8>, dtype: DType) -> Vec<u8> {
    if cfg!(target_endian = "big") {
        data.chunks_exact_mut(dtype.size()).for_each(<[u8]>::reverse);
    }
    data
}

/// A level as the manifest describes it.
fn describe(dataset: &Arc<Dataset>, level: usize) -> Value {
    let info = dataset.level_info(level).unwrap();
    let pixels = read_level(dataset, level).unwrap_or_else(|e| panic!("{e}"));
    json!({
        "width": info.width,
        "height": info.height,
        "block": [info.block_width, info.block_height],
        "mask_sha256": hash(&pixels.mask),
        "sha256": hash(&little_endian(pixels.data, pixels.size.dtype)),
    })
}

#[test]
fn levels_and_masks_are_those_of_gdal() {
    let manifest: Map<String, Value> = serde_json::from_slice(&fixture("manifest.json")).unwrap();
    assert!(manifest.len() >= 20, "only {} files", manifest.len());
    for (name, want) in &manifest {
        let dataset = open_fixture(name);
        let mut levels: Vec<Value> = (0..dataset.level_count().unwrap()).map(|level| describe(&dataset, level)).collect();
        let mut expected = want["levels"].as_array().unwrap().clone();
        if name == "jpeg.tif" && !cfg!(feature = "native-codecs") {
            // jpeg-decoder is not libjpeg-turbo; elsewhere they are compared.
            for level in levels.iter_mut().chain(&mut expected) {
                level["sha256"] = Value::Null;
            }
        }
        assert_eq!(levels, expected, "{name}");
        let described = dataset.metadata_json().unwrap();
        assert_eq!(described["mask_flags"], want["mask_flags"], "{name}");
        assert_eq!(described["overviews"], want["overviews"], "{name}");
    }
}

#[test]
fn windows_of_another_size_come_from_overviews_beside_the_file() {
    let dataset = open_fixture("overviews.tif");
    let params = ReadParams { out_size: (18, 14), ..ReadParams::default() };
    let pixels = dataset.read_window(&params, None, false).unwrap();
    assert_eq!(pixels.size.level, 2);
    assert_eq!(pixels.data, read_level(&dataset, 2).unwrap().data);
}

/// A server of these fixtures, each at `/its name`.
fn serve(names: &[&str]) -> Server {
    names.iter().fold(Server::builder(), |server, name| server.file(&format!("/{name}"), fixture(name))).start().unwrap()
}

const ALL_BESIDE: [&str; 4] = ["mask_all_beside.tif", "mask_all_beside.tif.ovr", "mask_all_beside.tif.msk", "mask_all_beside.tif.msk.ovr"];

#[test]
fn nobody_looks_for_sidecars_unasked() {
    let server = serve(&ALL_BESIDE);
    let dataset = Arc::new(Dataset::open(&server.url("/mask_all_beside.tif"), &options(false)).unwrap());
    assert_eq!(dataset.level_count().unwrap(), 1);
    assert!(read_level(&dataset, 0).unwrap().mask.iter().all(|m| *m == 255));
    assert!(server.requests().iter().all(|request| request.path == "/mask_all_beside.tif"), "{:?}", server.requests());
    let local = Dataset::open(folder().join("overviews.tif").to_str().unwrap(), &Options::new()).unwrap();
    assert_eq!(local.level_count().unwrap(), 1, "FALSE is the default");
}

#[test]
fn sidecars_of_a_url_are_read_in_one_look_each_and_counted() {
    let server = serve(&ALL_BESIDE);
    let dataset = open(&server.url("/mask_all_beside.tif"));
    let local = open_fixture("mask_all_beside.tif");
    for level in 0..3 {
        let (here, there) = (read_level(&dataset, level).unwrap(), read_level(&local, level).unwrap());
        assert!(here.data == there.data && here.mask == there.mask, "level {level}");
    }
    for name in ALL_BESIDE {
        let opened = |request: &&server::Request| request.path == format!("/{name}") && request.range.is_some_and(|range| range.0 == 0);
        assert_eq!(server.requests().iter().filter(opened).count(), 1, "{name}");
    }
    // FILE.ovr.ovr, FILE.ovr.msk and the like: what has overviews is not looked beside for more, and a mask has no mask.
    let missing: Vec<String> = server.requests().iter().filter(|r| r.status == 404).map(|r| r.path.clone()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(dataset.stats().requests, server.requests().len() as u64);
}

#[test]
fn a_query_stays_with_the_url() {
    let server = serve(&["mask.tif", "mask.tif.msk"]);
    let dataset = open(&server.url("/mask.tif?key=secret"));
    assert!(dataset.level_info(0).unwrap().has_mask);
    assert!(server.requests().iter().any(|request| request.path == "/mask.tif.msk?key=secret"), "{:?}", server.requests());
}

#[test]
fn a_server_that_fails_is_an_error_that_names_the_sidecar() {
    let server =
        Server::builder().file("/mask.tif", fixture("mask.tif")).behaviour("/mask.tif.msk", Behaviour::Status(400)).start().unwrap();
    let error = open(&server.url("/mask.tif?key=secret")).level_count().unwrap_err().to_string();
    assert!(error.contains("/mask.tif.msk: ") && !error.contains("secret"), "{error}");
}

#[test]
fn a_server_that_answers_every_name_is_asked_a_bounded_number_of_times() {
    let file = fixture("mask_without_flags.tif");
    let names =
        |depth: usize| (0..1usize << depth).map(move |bits| (0..depth).map(|i| if bits >> i & 1 == 1 { ".ovr" } else { ".msk" }).collect());
    let mut server = Server::builder().file("/a.tif", file.clone());
    for name in (1..=10).flat_map(names) {
        let name: String = name;
        server = server.file(&format!("/a.tif{name}"), file.clone());
    }
    let server = server.start().unwrap();
    let dataset = open(&server.url("/a.tif"));
    assert_eq!(dataset.level_count().unwrap(), 9);
    assert!(server.requests().len() <= 50, "{} requests", server.requests().len());
    let mut options = options(true);
    options.set("limits.ifds", "5").unwrap();
    let limited = Dataset::open(&server.url("/a.tif"), &options).unwrap();
    assert_eq!(limited.level_count().unwrap_err().status(), Status::LimitExceeded);
}

/// A copy of fixtures in a folder of its own, where a test may change them.
fn copies(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        fs::write(folder.path().join(name), fixture(name)).unwrap();
    }
    folder
}

fn open_in(folder: &Path, name: &str) -> Arc<Dataset> {
    open(folder.join(name).to_str().unwrap())
}

#[test]
fn a_damaged_block_of_a_sidecar_is_reported_with_the_sidecars_name() {
    let folder = copies(&["overviews.tif", "overviews.tif.ovr"]);
    let path = folder.path().join("overviews.tif.ovr");
    let mut bytes = fs::read(&path).unwrap();
    let dataset = open_in(folder.path(), "overviews.tif");
    let ifd = dataset.level_info(1).unwrap().ifd;
    assert_eq!(ifd, 1, "the sidecar's IFDs follow the file's");
    let offset = match dataset.tag_value(ifd, 324).unwrap() {
        cog::tiff::TagValue::Unsigned(offsets) => offsets[0] as usize,
        other => panic!("{other:?}"),
    };
    bytes[offset..offset + 16].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let error = read_level(&open_in(folder.path(), "overviews.tif"), 1).unwrap_err().to_string();
    assert!(error.contains("overviews.tif.ovr: level 1, tile (0, 0): "), "{error}");
    assert!(open_in(folder.path(), "overviews.tif").tile_bytes(0, 0, 1).is_ok());
}

#[test]
fn the_stored_bytes_of_a_level_beside_the_file_are_the_sidecars() {
    let dataset = open_fixture("overviews.tif");
    let stored = dataset.tile_bytes(0, 0, 1).unwrap();
    let sidecar = Arc::new(Dataset::open(folder().join("overviews.tif.ovr").to_str().unwrap(), &options(false)).unwrap());
    assert_eq!(stored, sidecar.tile_bytes(0, 0, 0).unwrap());
    assert_eq!(read_tile(&dataset, 1), read_tile(&sidecar, 0));
    assert_eq!(dataset.tags(1).unwrap(), sidecar.tags(0).unwrap());
}

fn read_tile(dataset: &Arc<Dataset>, level: usize) -> Vec<u8> {
    dataset.read_tile(0, 0, level, &ReadParams::default(), None, false).unwrap().data
}

#[test]
fn a_mask_of_another_size_and_one_of_single_bands_are_left_out() {
    let folder = copies(&["mask.tif"]);
    let beside = folder.path().join("mask.tif.msk");
    fs::write(&beside, fixture("mask_of_overviews.tif.ovr.msk")).unwrap();
    assert!(!open_in(folder.path(), "mask.tif").level_info(0).unwrap().has_mask);
    let whole = fixture("mask.tif.msk");
    let text = b"INTERNAL_MASK_FLAGS_1\">2";
    let at = whole.windows(text.len()).position(|window| window == text).unwrap() + text.len() - 1;
    let mut single = whole.clone();
    single[at] = b'0';
    fs::write(&beside, single).unwrap();
    assert!(!open_in(folder.path(), "mask.tif").level_info(0).unwrap().has_mask);
    fs::write(&beside, whole).unwrap();
    assert!(open_in(folder.path(), "mask.tif").level_info(0).unwrap().has_mask);
}

#[test]
fn overviews_of_another_number_of_bands_are_left_out_and_of_another_type_converted() {
    let folder = copies(&["mask.tif", "mask_without_flags.tif", "big_endian.tif"]);
    fs::write(folder.path().join("mask.tif.ovr"), fixture("mask_of_overviews.tif.ovr")).unwrap();
    assert_eq!(open_in(folder.path(), "mask.tif").level_count().unwrap(), 1, "3 bands beside 1");
    fs::write(folder.path().join("big_endian.tif.ovr"), fixture("mask_of_overviews.tif.ovr")).unwrap();
    let converted = read_level(&open_in(folder.path(), "big_endian.tif"), 1).unwrap();
    let plain = read_level(&open_fixture("mask_of_overviews.tif.ovr"), 0).unwrap();
    assert_eq!((converted.size.dtype, plain.size.dtype), (DType::UInt16, DType::UInt8));
    assert_eq!(converted.values(), plain.values());
}

#[cfg(unix)]
#[test]
fn links_in_circles_and_folders_beside_a_file_are_left_out() {
    let folder = copies(&["overviews.tif", "mask_without_flags.tif"]);
    let beside = |name: &str| folder.path().join(name);
    std::os::unix::fs::symlink(beside("overviews.tif.ovr"), beside("overviews.tif.ovr")).unwrap();
    fs::create_dir(beside("overviews.tif.msk")).unwrap();
    let dataset = open_in(folder.path(), "overviews.tif");
    assert_eq!(dataset.level_count().map_err(|e| e.to_string()), Ok(1));
    // A file that is its own overview, and that one's, and so on.
    for name in ["ovr", "ovr.ovr", "ovr.ovr.ovr"] {
        std::os::unix::fs::symlink(beside("mask_without_flags.tif"), beside(&format!("mask_without_flags.tif.{name}"))).unwrap();
    }
    assert_eq!(open_in(folder.path(), "mask_without_flags.tif").level_count().unwrap(), 4);
}

#[test]
fn memory_has_nothing_beside_it() {
    let dataset = Arc::new(Dataset::open_memory(fixture("overviews.tif").into(), &options(true)).unwrap());
    assert_eq!(dataset.level_count().unwrap(), 1);
}

#[test]
fn points_of_levels_and_masks_beside_the_file_are_those_of_windows() {
    for name in ["mask_all_beside.tif", "internal_mask.tif", "mask.tif", "big_endian.tif", "mask_of_overviews.tif"] {
        let dataset = open_fixture(name);
        for level in 0..dataset.level_count().unwrap() {
            let whole = read_level(&dataset, level).unwrap();
            let (width, height) = (whole.size.width, whole.size.height);
            let points: Vec<[f64; 2]> = (0..height).flat_map(|y| (0..width).map(move |x| [x as f64 + 0.3, y as f64 + 0.6])).collect();
            let params = ReadParams { level: Some(level), ..ReadParams::default() };
            let found = dataset.read_points(&points, Coordinates::Pixels, &params, None, true).unwrap();
            assert!(found.data == whole.data && found.mask == whole.mask, "{name}, level {level}");
        }
    }
}
