//! The `cogtool` command: what it prints, what it writes, and how it fails.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "range_server/server.rs"]
mod server;

use cog::{DType, Dataset, Options, Pixels, ReadParams};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data").join(name)
}

fn cogtool(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cogtool")).args(arguments).output().unwrap()
}

/// What a command that succeeds prints.
fn printed(arguments: &[&str]) -> String {
    let output = cogtool(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The one line on standard error of a command that ends with `code`.
fn refused(arguments: &[&str], code: i32) -> String {
    let output = cogtool(arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    assert!(output.stdout.is_empty(), "{arguments:?} prints beside its error");
    text
}

fn read(name: &str, params: &ReadParams, mask: bool) -> Pixels {
    let dataset = Arc::new(Dataset::open(fixture(name).to_str().unwrap(), &Options::new()).unwrap());
    dataset.read_window(params, None, mask).unwrap()
}

/// Runs `cogtool read FILE …ARGUMENTS -o OUT` and gives what OUT holds.
fn written(name: &str, ending: &str, arguments: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join(format!("out.{ending}"));
    let file = fixture(name);
    let command = [&["read", file.to_str().unwrap(), "-o", out.to_str().unwrap()], arguments].concat();
    printed(&command);
    std::fs::read(out).unwrap()
}

#[test]
fn info_as_json_has_the_keys_that_are_promised() {
    const KEYS: [&str; 37] = [
        "file",
        "width",
        "height",
        "count",
        "dtype",
        "transform",
        "bounds",
        "crs_epsg",
        "crs_wkt",
        "nodata",
        "nodata_integer",
        "compress",
        "interleave",
        "tiled",
        "photometric",
        "colorinterp",
        "mask_flags",
        "scales",
        "offsets",
        "units",
        "descriptions",
        "tags",
        "band_tags",
        "domains",
        "band_domains",
        "gcps",
        "gcps_crs_epsg",
        "gcps_crs",
        "rpcs",
        "coordinate_epoch",
        "icc_profile",
        "subdatasets",
        "overviews",
        "levels",
        "colormap",
        "ghost",
        "ifds",
    ];
    let json: Value = serde_json::from_str(&printed(&["info", "--json", fixture("demo.tif").to_str().unwrap()])).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, KEYS);
    assert_eq!((&json["width"], &json["crs_epsg"], &json["overviews"]), (&1024.into(), &32633.into(), &Value::from(vec![2, 4])));
    assert_eq!(json["levels"][0], serde_json::json!({"width": 1024, "height": 768, "block": [256, 256], "mask": true}));
}

#[test]
fn info_says_what_a_person_wants_to_know() {
    let text = printed(&["info", fixture("demo.tif").to_str().unwrap()]);
    for part in ["1024 × 768 pixels, 3 bands of uint8", "EPSG:32633", "compression jpeg", "Level 2      256 × 192 in tiles of 256 × 256"]
    {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn tags_are_listed_by_name_with_their_values() {
    let file = fixture("demo.tif");
    let text = printed(&["tags", file.to_str().unwrap(), "--ifd", "0"]);
    let line = text.lines().find(|l| l.contains("ImageWidth")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["256", "ImageWidth", "SHORT", "1", "1024"]);
    assert!(text.starts_with("IFD 0\n") && !text.contains("IFD 1"));
    assert!(refused(&["tags", file.to_str().unwrap(), "--ifd", "99"], 1).contains("there is no IFD 99"));
}

#[test]
fn raw_and_mask_are_the_pixels_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mask = folder.path().join("mask");
    let raw = written("demo.tif", "raw", &["--level", "1", "--mask", mask.to_str().unwrap()]);
    let pixels = read("demo.tif", &ReadParams { level: Some(1), ..ReadParams::default() }, true);
    assert!(raw == pixels.data);
    assert!(std::fs::read(mask).unwrap() == pixels.mask);
}

#[test]
fn window_size_and_bands_choose_what_is_read() {
    let raw = written("demo.tif", "raw", &["--window", "100,50,600,400", "--size", "150x100", "--bands", "3,1"]);
    let window = Some([100.0, 50.0, 600.0, 400.0]);
    let params = ReadParams { window, out_size: (150, 100), bands: Some(vec![3, 1]), ..ReadParams::default() };
    assert!(raw == read("demo.tif", &params, false).data);
}

#[test]
fn npy_has_its_shape_and_type_in_front() {
    let npy = written("nodata_float32_nan.tif", "npy", &[]);
    let pixels = read("nodata_float32_nan.tif", &ReadParams::default(), false);
    let length = usize::from(u16::from_le_bytes([npy[8], npy[9]]));
    let header = std::str::from_utf8(&npy[10..10 + length]).unwrap();
    let shape = format!("'shape': ({}, {}, {})", pixels.size.bands, pixels.size.height, pixels.size.width);
    assert!(npy.starts_with(b"\x93NUMPY\x01\x00") && (10 + length).is_multiple_of(64) && header.ends_with('\n'));
    assert!(header.contains("'descr': '<f4'") && header.contains(&shape), "{header}");
    assert!(npy[10 + length..] == pixels.data);
}

/// Colour type, bit depth and samples of a PNG.
fn decoded(bytes: &[u8]) -> (png::ColorType, png::BitDepth, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut samples = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut samples).unwrap();
    samples.truncate(info.buffer_size());
    (info.color_type, info.bit_depth, samples)
}

#[test]
fn a_png_shows_the_pixels_with_the_mask_as_alpha() {
    let (color, depth, samples) = decoded(&written("demo.tif", "png", &["--window", "80,90,64,48"]));
    assert_eq!((color, depth), (png::ColorType::Rgba, png::BitDepth::Eight));
    let params = ReadParams { window: Some([80.0, 90.0, 64.0, 48.0]), level: Some(0), ..ReadParams::default() };
    let pixels = read("demo.tif", &params, true);
    let count = 64 * 48;
    for (i, pixel) in samples.chunks(4).enumerate() {
        let expected = [pixels.data[i], pixels.data[count + i], pixels.data[2 * count + i], pixels.mask[i]];
        assert_eq!(pixel, expected, "pixel {i}");
    }
    assert!(pixels.mask.contains(&0) && pixels.mask.contains(&255), "the window shows both");
}

#[test]
fn a_png_of_16_bits_keeps_them() {
    let pixels = read("cog_uint16_zstd.tif", &ReadParams { bands: Some(vec![1]), ..ReadParams::default() }, false);
    assert_eq!(pixels.size.dtype, DType::UInt16);
    let (_, depth, samples) = decoded(&written("cog_uint16_zstd.tif", "png", &["--bands", "1"]));
    let values: Vec<u8> = samples.chunks(2).flat_map(|b| u16::from_be_bytes([b[0], b[1]]).to_ne_bytes()).collect();
    assert!(depth == png::BitDepth::Sixteen && values == pixels.data);
}

/// What `cogtool read` writes as a GeoTIFF, opened again.
fn written_tif(name: &str, arguments: &[&str]) -> Arc<Dataset> {
    Arc::new(Dataset::open_memory(written(name, "tif", arguments).into(), &Options::new()).unwrap())
}

#[test]
fn a_geotiff_holds_the_same_pixels_in_the_same_place() {
    let copied: [&str; 9] = [
        "demo.tif",
        "palette.tif",
        "rotated.tif",
        "south_up.tif",
        "pixel_is_point.tif",
        "nodata_float32_nan.tif",
        "type_complex64_deflate_tile.tif",
        "type_cint16_none_strip.tif",
        "alpha_uint16.tif",
    ];
    for name in copied {
        let (source, copy) = (Arc::new(Dataset::open(fixture(name).to_str().unwrap(), &Options::new()).unwrap()), written_tif(name, &[]));
        let all = |dataset: &Arc<Dataset>| dataset.read_window(&ReadParams::default(), None, false).unwrap();
        assert!(all(&source).data == all(&copy).data, "{name}");
        assert_eq!((source.size(), source.dtype(), source.epsg()), (copy.size(), copy.dtype(), copy.epsg()), "{name}");
        let crs = |d: &Dataset| d.metadata_json().unwrap()["crs_wkt"].clone();
        assert_eq!(crs(&source), crs(&copy), "{name}");
        assert_eq!(source.nodata().map(f64::to_bits), copy.nodata().map(f64::to_bits), "{name}");
        assert_eq!(source.palette(), copy.palette(), "{name}");
        if let (Some(a), Some(b)) = (source.transform(), copy.transform()) {
            assert!(a.0.iter().zip(b.0).all(|(a, b)| (a - b).abs() < 1e-6), "{name}: {a:?} {b:?}");
        } else {
            assert_eq!(source.transform(), copy.transform(), "{name}");
        }
        let colors = |d: &Dataset| d.bands().iter().map(|b| b.color_interpretation.clone()).collect::<Vec<_>>();
        assert_eq!(colors(&source), colors(&copy), "{name}");
    }
}

#[test]
fn a_geotiff_keeps_the_mask_and_what_is_said_of_the_bands() {
    for name in ["mask_rgb_jpeg.tif", "mask_uint16_planar_strip.tif", "metadata.tif"] {
        let (source, copy) = (Arc::new(Dataset::open(fixture(name).to_str().unwrap(), &Options::new()).unwrap()), written_tif(name, &[]));
        let mask = |dataset: &Arc<Dataset>| dataset.read_window(&ReadParams::default(), None, true).unwrap().mask;
        assert!(mask(&source) == mask(&copy), "{name}");
        let said = |d: &Dataset| {
            let of = |b: &cog::dataset::Band| (b.scale, b.offset, b.unit.clone(), b.description.clone());
            (d.bands().iter().map(of).collect::<Vec<_>>(), d.metadata_json().unwrap()["mask_flags"].clone())
        };
        assert_eq!(said(&source), said(&copy), "{name}");
    }
    // What lies outside the image is masked, where nothing else in the file would tell.
    let outside = written_tif("demo.tif", &["--bounds", "409000,5276500,415000,5279500", "--crs", "EPSG:32633"]);
    let mask = outside.read_window(&ReadParams::default(), None, true).unwrap().mask;
    assert!(outside.level_info(0).unwrap().has_mask && mask.contains(&0) && mask.contains(&255));
    // Of the bands that are copied, each keeps its own words; scaled values have no scale any more.
    let bands = |arguments: &[&str]| written_tif("metadata.tif", arguments).bands().to_vec();
    let source = Dataset::open(fixture("metadata.tif").to_str().unwrap(), &Options::new()).unwrap();
    assert_eq!(bands(&["--bands", "2"])[0].description, source.bands()[1].description);
    assert!(bands(&["--unscale"]).iter().all(|band| (band.scale, band.offset) == (1.0, 0.0)));
}

#[test]
fn a_geotiff_of_a_window_lies_where_the_window_lies() {
    let window = written_tif("demo.tif", &["--window", "100,50,600,400", "--size", "300x100"]);
    assert_eq!(window.transform().unwrap().0, [415_000.0, 60.0, 0.0, 5_279_500.0, 0.0, -120.0]);
    let bounds = written_tif("demo.tif", &["--bounds", "409000,5276500,415000,5279500", "--crs", "EPSG:32633", "--fill", "7"]);
    assert_eq!((bounds.size(), bounds.bounds()), ((200, 100), Some([409_000.0, 5_276_500.0, 415_000.0, 5_279_500.0])));
    assert_eq!(bounds.read_window(&ReadParams::default(), None, false).unwrap().data[0], 7);
    let small = written_tif("demo.tif", &["--max-size", "256", "--dtype", "float32"]);
    assert_eq!((small.size(), small.dtype()), ((256, 192), DType::Float32));
    assert_eq!(small.bounds(), Some([412_000.0, 5_257_960.0, 442_720.0, 5_281_000.0]));
}

#[test]
fn stats_and_points_are_printed() {
    let file = fixture("cog_int16_deflate_nodata.tif");
    let file = file.to_str().unwrap();
    let json: Value = serde_json::from_str(&printed(&["stats", file, "--json", "--exact", "--percentiles", "0,100"])).unwrap();
    let band = &json["1"];
    assert_eq!((&band["percentile_0"], &band["percentile_100"]), (&band["min"], &band["max"]));
    assert_eq!((band["histogram"][0].as_array().unwrap().len(), band["histogram"][1].as_array().unwrap().len()), (10, 11));
    assert!(band["masked_pixels"].as_u64().unwrap() > 0 && band["valid_percent"].as_f64().unwrap() < 100.0);
    assert!(printed(&["stats", file]).starts_with("Band 1\n  minimum "));
    let pixels = read("cog_int16_deflate_nodata.tif", &ReadParams::default(), true);
    let at = pixels.mask.iter().position(|m| *m != 0).unwrap();
    let (x, y) = (at % pixels.size.width, at / pixels.size.width);
    let line = printed(&["point", file, "--pixels", "--bands", "1", &format!("{x}.5"), &format!("{y}.5"), "-5", "2"]);
    assert_eq!(line, format!("{x}.5 {y}.5: {}\n-5 2: nothing\n", pixels.values().unwrap()[at]));
    assert!(refused(&["point", file, "1", "2", "3"], 2).contains("3 numbers make no points"));
    assert!(refused(&["stats", file, "--percentiles", "101"], 1).contains("there is no percentile 101"));
}

#[test]
fn errors_are_one_line_and_tell_files_from_usage() {
    let demo = fixture("demo.tif");
    let demo = demo.to_str().unwrap();
    let missing = refused(&["info", "/no/such.tif"], 1);
    assert_eq!(missing, "cogtool: /no/such.tif: no such file\n");
    let outside = refused(&["read", demo, "--window", "0,0,9999,1", "-o", "x.raw"], 1);
    assert!(outside.lines().count() == 1 && outside.contains("is not inside the image of 1024 × 768 pixels"), "{outside}");
    assert!(refused(&["read", demo, "-o", "x.jpg"], 2).contains("name the output .png, .tif, .npy or .raw"));
    assert!(refused(&["read", demo, "--window", "1,2,3", "-o", "x.raw"], 2).contains("x,y,width,height"));
    assert!(refused(&["info", demo, "--set", "io.nonsense=1"], 2).contains("there is no setting"));
    assert!(refused(&["frobnicate"], 2).contains("frobnicate"));
}

#[test]
fn log_level_and_verbose_logs_decide_whether_each_request_is_a_line() {
    let server = server::Server::builder().file("/a.tif", std::fs::read(fixture("cog_rgb_deflate.tif")).unwrap()).start().unwrap();
    let cases = [(("LOG_LEVEL", "ERROR"), 0), (("LOG_LEVEL", "DEBUG"), 2), (("VERBOSE_LOGS", "FALSE"), 0), (("VERBOSE_LOGS", "TRUE"), 2)];
    for ((name, value), lines) in cases {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cogtool"));
        command.env(name, value).args(["read", &server.url("/a.tif"), "--window", "128,128,128,128", "--format", "raw", "-o", "/dev/null"]);
        let before = server.requests().len();
        let output = command.output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{errors}");
        assert_eq!(server.requests().len() - before, 2);
        assert_eq!(
            errors.lines().filter(|line| line.contains("/a.tif") && line.contains(" bytes in ")).count(),
            lines,
            "{name}={value}: {errors}"
        );
    }
}
