//! The description as one JSON object: what `cog_metadata_json` returns and `cogtool info --json` prints, in rasterio's words.

use super::{Dataset, Domain, Domains, MaskSource, Result, Rpc, structure};
use crate::codec;
use crate::geo::Crs;
use crate::tiff::tag_name;
use serde_json::{Map, Value, json};

pub(super) fn describe(dataset: &Dataset) -> Result<Value> {
    let image = dataset.first_image();
    let (width, height) = dataset.size();
    let bands = dataset.bands();
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("file", json!(dataset.name()));
    put("width", json!(width));
    put("height", json!(height));
    put("count", json!(bands.len()));
    put("dtype", json!(dataset.dtype().name()));
    let transform = dataset.transform().map_or([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], |t| t.affine());
    // JSON has no infinities and no NaN: such numbers become null.
    put("transform", json!(transform));
    put("bounds", json!(dataset.bounds()));
    // For rasterio the CRS of ground control points is not the dataset's.
    put("crs_epsg", json!(dataset.epsg().filter(|_| dataset.gcps().is_empty())));
    let wkt = dataset.crs().ok().flatten().map(Crs::to_wkt);
    put("crs_wkt", json!(wkt.as_ref().filter(|_| dataset.gcps().is_empty())));
    put("nodata", json!(dataset.nodata_value().and_then(|n| n.reported(dataset.dtype())).map(python_float)));
    put("nodata_integer", json!(dataset.nodata_integer().map(|n| n.to_string())));
    put("compress", if image.compression == codec::NONE { Value::Null } else { json!(compression(image)) });
    put("interleave", json!(if image.planar || image.samples == 1 { "band" } else { "pixel" }));
    // rasterio calls a file tiled by its block width: tiles as wide as the image are not.
    put("tiled", json!(image.tiling.width != width));
    put("photometric", json!(structure::source_color_space(image)));
    put("colorinterp", bands.iter().map(|b| json!(b.color_interpretation)).collect());
    put("mask_flags", mask_flags(dataset)?);
    put("scales", bands.iter().map(|b| json!(b.scale)).collect());
    put("offsets", bands.iter().map(|b| json!(b.offset)).collect());
    put("units", bands.iter().map(|b| json!(b.unit)).collect());
    put("descriptions", bands.iter().map(|b| json!(b.description)).collect());
    let domains = dataset.domains()?;
    put("tags", items(domains.get("")));
    put("band_tags", bands.iter().map(|b| items(b.domains.get(""))).collect());
    put("domains", named(domains));
    put("band_domains", bands.iter().map(|b| named(&b.domains)).collect());
    put("gcps", gcps(dataset));
    put("gcps_crs_epsg", json!(dataset.epsg().filter(|_| !dataset.gcps().is_empty())));
    put("gcps_crs", json!(wkt.as_ref().filter(|_| !dataset.gcps().is_empty())));
    put("rpcs", dataset.rpc()?.map_or(Value::Null, rpcs));
    put("coordinate_epoch", json!(dataset.coordinate_epoch()));
    put("icc_profile", json!(dataset.icc_profile()?.map(bytes::Bytes::len)));
    put("subdatasets", subdatasets(domains));
    put("overviews", overviews(dataset)?);
    put("levels", levels(dataset)?);
    put("colormap", colormap(dataset));
    put("ghost", dataset.ghost().map_or(Value::Null, |g| g.items.iter().map(|(k, v)| (k.clone(), json!(v))).collect()));
    put("ifds", ifds(dataset)?);
    Ok(Value::Object(object))
}

/// A float as Python's `repr` writes it.
fn python_float(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn compression(image: &crate::tiff::Image) -> String {
    structure::compression(image).map_or_else(|| image.compression.to_string(), str::to_owned)
}

fn mask_flags(dataset: &Dataset) -> Result<Value> {
    let has_mask = dataset.level_info(0)?.has_mask;
    let flags = |band: usize| match &dataset.description().mask {
        _ if has_mask => json!(["per_dataset"]),
        MaskSource::NodataValues(_) => json!(["per_dataset", "nodata"]),
        MaskSource::Nodata(_) => json!(["nodata"]),
        MaskSource::Alpha(alpha) if band != *alpha => json!(["per_dataset", "alpha"]),
        MaskSource::Alpha(_) | MaskSource::AllValid => json!(["all_valid"]),
    };
    Ok((0..dataset.bands().len()).map(flags).collect())
}

/// The items of a domain. rasterio gives values without the blanks that they begin with.
fn items(domain: Option<&Domain>) -> Value {
    let items = domain.map_or(&[][..], |domain| domain.items.as_slice());
    items.iter().map(|(key, value)| (key.clone(), json!(value.trim_start_matches([' ', '\t'])))).collect()
}

/// All domains but the default one.
fn named(domains: &Domains) -> Value {
    domains.iter().filter(|domain| !domain.name.is_empty()).map(|domain| (domain.name.clone(), items(Some(domain)))).collect()
}

fn gcps(dataset: &Dataset) -> Value {
    let numbered = dataset.gcps().iter().zip(1..);
    numbered.map(|(p, id)| json!({"id": id.to_string(), "row": p.row, "col": p.column, "x": p.x, "y": p.y, "z": p.z})).collect()
}

/// As rasterio's `RPC.to_dict`.
fn rpcs(rpc: &Rpc) -> Value {
    let singles = rpc.singles().map(|(name, value)| (name.to_lowercase(), json!(value)));
    singles.chain(rpc.coefficients().map(|(name, values)| (name.to_lowercase(), json!(values)))).collect()
}

fn subdatasets(domains: &Domains) -> Value {
    let items = domains.get("SUBDATASETS").map_or(&[][..], |domain| domain.items.as_slice());
    items.iter().filter(|(key, _)| key.ends_with("_NAME")).map(|(_, name)| json!(name)).collect()
}

fn overviews(dataset: &Dataset) -> Result<Value> {
    let full = dataset.size().0 as f64;
    (1..dataset.level_count()?).map(|level| Ok(json!((full / dataset.level_info(level)?.width as f64).round_ties_even() as u64))).collect()
}

fn levels(dataset: &Dataset) -> Result<Value> {
    let describe = |level| {
        let info = dataset.level_info(level)?;
        Ok(json!({"width": info.width, "height": info.height, "block": [info.block_width, info.block_height], "mask": info.has_mask}))
    };
    (0..dataset.level_count()?).map(describe).collect()
}

fn colormap(dataset: &Dataset) -> Value {
    let Some(palette) = dataset.palette() else { return Value::Null };
    palette.iter().enumerate().map(|(i, rgba)| (i.to_string(), json!(rgba))).collect()
}

fn ifds(dataset: &Dataset) -> Result<Value> {
    let names = |ifd| {
        let name = |tag: u16| tag_name(tag).map_or_else(|| tag.to_string(), str::to_owned);
        Ok(json!({"tags": dataset.tags(ifd)?.iter().map(|e| name(e.tag)).collect::<Vec<_>>()}))
    };
    (0..dataset.ifd_count()?).map(names).collect()
}

#[cfg(test)]
mod tests {
    use super::python_float;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        for (value, text) in [
            (-9999.0, "-9999.0"),
            (0.1, "0.1"),
            (1e20, "1e+20"),
            (-3.402_823_466_385_288_6e38, "-3.4028234663852886e+38"),
            (1e-5, "1e-05"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
        ] {
            assert_eq!(python_float(value), text);
        }
        assert_eq!(python_float(f64::NAN), "nan");
        assert_eq!(python_float(f64::NEG_INFINITY), "-inf");
    }
}
