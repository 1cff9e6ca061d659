//! `cogtool info`: what a file is.

use crate::args::InfoArguments;
use crate::{Failure, print};
use cog::{Dataset, Options};
use serde_json::Value;
use std::fmt::Write as _;

pub(crate) fn run(arguments: &InfoArguments, options: &Options) -> Result<(), Failure> {
    let dataset = Dataset::open(&arguments.file, options)?;
    if arguments.json {
        let json = serde_json::to_string_pretty(&dataset.metadata_json()?).map_err(|e| Failure::Error(e.to_string()))?;
        return print(&(json + "\n"));
    }
    let mut text = String::new();
    // Writing to a String can't fail.
    let _ = describe(&dataset, &mut text)?;
    print(&text)
}

fn describe(dataset: &Dataset, out: &mut String) -> Result<std::fmt::Result, Failure> {
    let json = dataset.metadata_json()?;
    let get = |key: &str| json.get(key).unwrap_or(&Value::Null);
    let word = |key: &str| get(key).as_str().map_or_else(|| "none".to_owned(), str::to_owned);
    let (width, height) = dataset.size();
    let kind = if dataset.is_big_tiff() { "BigTIFF" } else { "TIFF" };
    let order = if dataset.is_big_endian() { "big-endian" } else { "little-endian" };
    let mut lines = Vec::new();
    lines.push(format!("{}: {kind}, {order}, {} bytes", dataset.name(), dataset.file_size()));
    let bands = dataset.bands().len();
    lines.push(format!("Size         {width} × {height} pixels, {bands} {} of {}", plural("band", bands), dataset.dtype().name()));
    lines.push(format!("Stored       compression {}, interleave {}", word("compress"), word("interleave")));
    let epoch = dataset.coordinate_epoch().map_or_else(String::new, |epoch| format!(", at epoch {epoch}"));
    lines.push(format!("CRS          {}{epoch}", crs(dataset)));
    if let Some(t) = dataset.transform() {
        let [a, b, c, d, e, f] = t.affine();
        lines.push(format!("Origin       {c}, {f}"));
        let rotation = if b == 0.0 && d == 0.0 { String::new() } else { format!(", rotation {b}, {d}") };
        lines.push(format!("Pixel size   {a}, {e}{rotation}"));
    } else if !dataset.gcps().is_empty() {
        lines.push(format!("Placed by    {} ground control points", dataset.gcps().len()));
    }
    if let Some([left, bottom, right, top]) = dataset.bounds() {
        lines.push(format!("Bounds       left {left}, bottom {bottom}, right {right}, top {top}"));
    }
    lines.push(format!("Nodata       {}", word("nodata")));
    push_levels(dataset, &mut lines)?;
    push_bands(dataset, get("mask_flags"), &mut lines);
    if let Some(rpc) = dataset.rpc()? {
        lines.push(format!("RPC          around latitude {}, longitude {}, height {}", rpc.lat_off, rpc.long_off, rpc.height_off));
    }
    if let Some(profile) = dataset.icc_profile()? {
        lines.push(format!("ICC profile  {} bytes", profile.len()));
    }
    push_items(dataset, &mut lines)?;
    if let Some(ghost) = dataset.ghost() {
        let promises: Vec<_> = ghost.items.iter().map(|(k, v)| format!("{k}={v}")).collect();
        lines.push(format!("COG layout   {}", promises.join(", ")));
    }
    Ok(writeln!(out, "{}", lines.join("\n")))
}

fn crs(dataset: &Dataset) -> String {
    match (dataset.crs(), dataset.epsg()) {
        (Ok(Some(crs)), Some(code)) => format!("EPSG:{code} ({})", crs.name()),
        (Ok(Some(crs)), None) => format!("{} (no EPSG code)", crs.name()),
        (Ok(None), _) => "none".to_owned(),
        (Err(error), _) => error.reason().to_string(),
    }
}

fn push_levels(dataset: &Dataset, lines: &mut Vec<String>) -> Result<(), Failure> {
    for level in 0..dataset.level_count()? {
        let info = dataset.level_info(level)?;
        let kind = if info.tiled { "tiles" } else { "strips" };
        let mask = if info.has_mask { ", with a mask" } else { "" };
        let (w, h) = (info.block_width, info.block_height);
        lines.push(format!("Level {level:<6} {} × {} in {kind} of {w} × {h}{mask}", info.width, info.height));
    }
    Ok(())
}

fn push_bands(dataset: &Dataset, flags: &Value, lines: &mut Vec<String>) {
    for (i, band) in dataset.bands().iter().enumerate() {
        let flags: Vec<&str> = flags.get(i).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let mut parts = vec![band.color_interpretation.clone(), format!("mask: {}", flags.join(" "))];
        parts.extend(band.description.as_ref().map(|d| format!("“{d}”")));
        if band.scale != 1.0 || band.offset != 0.0 {
            parts.push(format!("value = sample × {} + {}", band.scale, band.offset));
        }
        parts.extend(band.unit.as_ref().map(|u| format!("unit {u}")));
        lines.push(format!("Band {:<7} {}", i + 1, parts.join(", ")));
    }
}

/// The dataset's items: short ones in a line each, long ones by their length.
fn push_items(dataset: &Dataset, lines: &mut Vec<String>) -> Result<(), Failure> {
    /// Longer than this an item is not for people to read.
    const LONG: usize = 200;
    for domain in dataset.domains()? {
        let name = if domain.name.is_empty() { String::new() } else { format!("{}: ", domain.name) };
        for (key, value) in &domain.items {
            let value = if value.len() <= LONG { value.replace(['\n', '\r'], " ") } else { format!("({} bytes)", value.len()) };
            lines.push(format!("Metadata     {name}{key}={value}"));
        }
    }
    Ok(())
}

fn plural(word: &str, n: usize) -> String {
    if n == 1 { word.to_owned() } else { format!("{word}s") }
}
