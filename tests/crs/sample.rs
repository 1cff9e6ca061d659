//! CRSs of every kind and projection method, and files with user-defined systems, against what PROJ and GDAL make of them
//! (tests/fixtures/make_crs.py). What is compared is what a system is made of: datum, ellipsoid, meridian, method, numbers, axes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use cog::{Crs, Dataset, Options};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/crs")
}

fn expected() -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder().join("expected.json")).unwrap()).unwrap()
}

/// A number of a PROJJSON unit in metres, radians or ones.
fn si(value: f64, unit: &Value) -> f64 {
    let factor = match unit.as_str() {
        Some("degree") => std::f64::consts::PI / 180.0,
        Some(_) => 1.0,
        None => unit["conversion_factor"].as_f64().unwrap(),
    };
    value * factor
}

fn measure(value: &Value, unit: &str) -> f64 {
    value.as_f64().map_or_else(|| si(value["value"].as_f64().unwrap(), &value["unit"]), |number| si(number, &json!(unit)))
}

fn ellipsoid(ellipsoid: &Value) -> [f64; 2] {
    let a = measure(ellipsoid.get("radius").unwrap_or(&ellipsoid["semi_major_axis"]), "metre");
    let b = match (ellipsoid.get("semi_minor_axis"), ellipsoid.get("inverse_flattening")) {
        (Some(b), _) => measure(b, "metre"),
        (None, Some(f)) => a * (1.0 - 1.0 / f.as_f64().unwrap()),
        (None, None) => a,
    };
    [a, b]
}

/// `summary` of make_crs.py.
fn summary(crs: &Value) -> Value {
    let kind = crs["type"].as_str().unwrap_or("base");
    match kind {
        "CompoundCRS" => {
            return json!({"type": kind, "parts": crs["components"].as_array().unwrap().iter().map(summary).collect::<Vec<_>>()});
        }
        "BoundCRS" => {
            let parameters = crs["transformation"]["parameters"].as_array().unwrap();
            let values: Vec<f64> = parameters.iter().map(|p| si(p["value"].as_f64().unwrap(), &p["unit"])).collect();
            return json!({"type": kind, "source": summary(&crs["source_crs"]), "method": crs["transformation"]["method"]["name"], "values": values});
        }
        _ => {}
    }
    let mut found = Map::new();
    found.insert("type".into(), json!(kind));
    if kind == "ProjectedCRS" {
        let parameters = crs["conversion"]["parameters"].as_array().unwrap().iter();
        let parameters = parameters.map(|p| (p["name"].as_str().unwrap().to_owned(), json!(si(p["value"].as_f64().unwrap(), &p["unit"]))));
        found.insert("base".into(), summary(&crs["base_crs"]));
        found.insert("method".into(), crs["conversion"]["method"]["name"].clone());
        found.insert("parameters".into(), Value::Object(parameters.collect()));
    } else {
        let datum = crs.get("datum").unwrap_or(&crs["datum_ensemble"]);
        found.insert("datum".into(), json!(datum["name"].as_str().unwrap().trim_end_matches(" ensemble")));
        found.insert("ensemble".into(), json!(datum["members"].as_array().map_or(0, Vec::len)));
        found.insert("epoch".into(), datum.get("frame_reference_epoch").cloned().unwrap_or(json!(0)));
        if let Some(of_datum) = datum.get("ellipsoid") {
            found.insert("ellipsoid".into(), json!(ellipsoid(of_datum)));
            found.insert("prime_meridian".into(), json!(datum.get("prime_meridian").map_or(0.0, |m| measure(&m["longitude"], "degree"))));
        }
    }
    if kind != "base" {
        let axes = crs["coordinate_system"]["axis"].as_array().unwrap().iter();
        found.insert("axes".into(), axes.map(|axis| json!([axis["direction"], si(1.0, &axis["unit"])])).collect());
    }
    Value::Object(found)
}

/// Where two summaries differ; numbers may by a part in 10⁹. A static datum may stand for an ensemble: GDAL's WKT 1 has no ensembles.
fn difference(ours: &Value, theirs: &Value, at: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys = a.keys().chain(b.keys()).filter(|key| *key != "ensemble");
            keys.find_map(|key| difference(a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), &format!("{at}.{key}")))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (a, b))| difference(a, b, &format!("{at}[{i}]")))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            ((a - b).abs() > 1e-9 * b.abs().max(1e-3)).then(|| format!("{at}: {a}, not {b}"))
        }
        _ => (ours != theirs).then(|| format!("{at}: {ours}, not {theirs}")),
    }
}

/// The text is WKT: brackets and quotes match, and the name stands first.
fn is_wkt(text: &str, name: &str) -> bool {
    let unquoted: String = text.split('"').step_by(2).collect();
    let (open, close) = (unquoted.matches('[').count(), unquoted.matches(']').count());
    text.split('"').count() % 2 == 1
        && open == close
        && text.ends_with(']')
        && text.contains(&format!("[\"{}\",", name.replace('"', "\"\"")))
}

#[test]
fn codes_of_every_kind_and_method_are_what_proj_has() {
    let expected = expected();
    let codes = expected["codes"].as_object().unwrap();
    assert!(codes.len() >= 60, "only {} codes", codes.len());
    for (code, theirs) in codes {
        let crs = Crs::from_epsg(code.parse().unwrap()).unwrap_or_else(|| panic!("EPSG:{code} is missing"));
        let json = crs.to_projjson();
        assert_eq!(difference(&summary(&json), theirs, code), None);
        assert_eq!(json["id"], json!({"authority": "EPSG", "code": code.parse::<u32>().unwrap()}));
        assert!(is_wkt(&crs.to_wkt(), crs.name()), "{}", crs.to_wkt());
        assert_eq!(crs.to_epsg(), code.parse().ok());
    }
}

#[test]
fn user_defined_systems_are_what_gdal_reads() {
    let expected = expected();
    let files = expected["files"].as_object().unwrap();
    assert!(files.len() >= 45, "only {} files", files.len());
    for (name, theirs) in files {
        let path = folder().join(format!("{name}.tif"));
        let dataset = Dataset::open(path.to_str().unwrap(), &Options::default()).unwrap();
        let crs = dataset.crs().unwrap().unwrap();
        assert_eq!(difference(&summary(&crs.to_projjson()), &theirs["crs"], name), None);
        assert_eq!(json!(dataset.epsg()), theirs["epsg"], "{name}");
        assert!(is_wkt(&crs.to_wkt(), crs.name()) || matches!(crs, Crs::Bound(_)), "{}", crs.to_wkt());
        let description = dataset.metadata_json().unwrap();
        assert_eq!((description["crs_wkt"].as_str(), &description["crs_epsg"]), (Some(&*crs.to_wkt()), &theirs["epsg"]));
    }
}

#[test]
fn codes_that_are_none_give_none() {
    for code in [0, 1, 12345, 32767, 99_999, u32::MAX] {
        assert!(Crs::from_epsg(code).is_none());
    }
}
