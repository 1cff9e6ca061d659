//! What the first IFD says of the whole dataset: place on Earth, nodata, metadata, bands.

use super::color::{self, Palette};
use super::domains::Domains;
use super::metadata::GdalMetadata;
use super::structure;
use crate::c_numbers::printf_g;
use crate::geo::{Gcp, GeoKeys, GeoTransform, Georeferencing, georeferencing};
use crate::raster::{DType, Nodata};
use crate::tiff::{Image, TagValue, tag};
use std::collections::HashMap;

/// The tags that a [`Description`] is made of.
pub(crate) const DESCRIPTION_TAGS: &[u16] = &[
    tag::DOCUMENT_NAME,
    tag::IMAGE_DESCRIPTION,
    tag::MIN_SAMPLE_VALUE,
    tag::MAX_SAMPLE_VALUE,
    tag::X_RESOLUTION,
    tag::Y_RESOLUTION,
    tag::RESOLUTION_UNIT,
    tag::SOFTWARE,
    tag::DATE_TIME,
    tag::ARTIST,
    tag::HOST_COMPUTER,
    tag::COPYRIGHT,
    tag::COLOR_MAP,
    tag::MODEL_PIXEL_SCALE,
    tag::MODEL_TIEPOINT,
    tag::MODEL_TRANSFORMATION,
    tag::GEO_KEY_DIRECTORY,
    tag::GEO_DOUBLE_PARAMS,
    tag::GEO_ASCII_PARAMS,
    tag::GDAL_METADATA,
    tag::GDAL_NODATA,
];

/// The values of [`DESCRIPTION_TAGS`] that the first IFD has.
pub(crate) type TagValues = HashMap<u16, TagValue>;

/// One band, described.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// GDAL's word: gray, red, alpha, palette, undefined, ….
    pub color_interpretation: String,
    /// Real value = sample × scale + offset; 1 and 0 where the file says nothing.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
    /// The unit of the real value.
    pub unit: Option<String>,
    /// The band's name.
    pub description: Option<String>,
    /// Metadata: statistics and whatever else the writer noted.
    pub domains: Domains,
}

/// The first IFD's description of the dataset.
#[derive(Debug, Clone)]
pub(crate) struct Description {
    pub(crate) transform: Option<GeoTransform>,
    pub(crate) gcps: Vec<Gcp>,
    pub(crate) geo_keys: GeoKeys,
    /// The nodata value, also one that no sample can have.
    pub(crate) nodata: Option<Nodata>,
    /// The default domain and those of GDAL_METADATA.
    pub(crate) domains: Domains,
    pub(crate) bands: Vec<Band>,
    pub(crate) palette: Option<Palette>,
    /// What masks pixels, where there is no internal mask.
    pub(crate) mask: MaskSource,
}

/// What says which pixels are valid, in GDAL's order of precedence (`GDALRasterBand::GetMaskFlags`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MaskSource {
    /// GDAL's item NODATA_VALUES: a pixel is invalid where every band has its own value.
    NodataValues(Vec<Nodata>),
    /// The one nodata value of all bands.
    Nodata(Nodata),
    /// This band.
    Alpha(usize),
    AllValid,
}

impl MaskSource {
    fn new(image: &Image, bands: &[Band], nodata_values: Option<&str>, nodata: Option<Nodata>) -> Self {
        if let Some(values) = nodata_values.and_then(|text| Nodata::parse_values(text, image.dtype, bands.len())) {
            return Self::NodataValues(values);
        }
        match nodata.filter(|value| value.masks(image.dtype)) {
            Some(value) => Self::Nodata(value),
            None => alpha_band(image, bands).map_or(Self::AllValid, Self::Alpha),
        }
    }
}

impl Description {
    pub(crate) fn new(image: &Image, values: &TagValues) -> Self {
        let reals = |code| values.get(&code).and_then(TagValue::reals).unwrap_or_default();
        let text = |code| values.get(&code).and_then(TagValue::text);
        let geo_keys = geo_keys(values);
        let placed = georeferencing(
            &reals(tag::MODEL_PIXEL_SCALE),
            &reals(tag::MODEL_TIEPOINT),
            &reals(tag::MODEL_TRANSFORMATION),
            geo_keys.pixel_is_point(),
        );
        let (transform, gcps) = match placed {
            Georeferencing::Transform(t) => (Some(t), Vec::new()),
            Georeferencing::Gcps(points) => (None, points),
            Georeferencing::None => (None, Vec::new()),
        };
        let nodata = text(tag::GDAL_NODATA).and_then(|t| Nodata::parse(&t, image.dtype, image.bits));
        let xml = text(tag::GDAL_METADATA).unwrap_or_default();
        let mut metadata = GdalMetadata::parse(&xml, image.compression, baseline_items(values));
        // GDAL looks at the GeoKeys last.
        if let Some(kind) = geo_keys.area_or_point() {
            metadata.domains.set("", "AREA_OR_POINT", kind);
        }
        let color_map = values.get(&tag::COLOR_MAP).and_then(TagValue::unsigned);
        let palette = color::palette(image, color_map, nodata.map(Nodata::as_f64));
        let bands: Vec<Band> = (0..image.samples).map(|band| describe_band(image, band, palette.is_some(), &metadata)).collect();
        let domains = metadata.domains;
        let mask = MaskSource::new(image, &bands, domains.item("", "NODATA_VALUES"), nodata);
        Self { transform, gcps, geo_keys, nodata, domains, bands, palette, mask }
    }
}

/// The band that is the dataset's mask, where GDAL takes one for it: the last of two or four, if it is alpha and has 8 or 16 bits.
fn alpha_band(image: &Image, bands: &[Band]) -> Option<usize> {
    let last = bands.len().checked_sub(1)?;
    let is_alpha = bands.get(last)?.color_interpretation == "alpha";
    let can_mask = matches!(bands.len(), 2 | 4) && matches!(image.dtype, DType::UInt8 | DType::UInt16);
    (is_alpha && can_mask).then_some(last)
}

fn describe_band(image: &Image, band: usize, has_palette: bool, metadata: &GdalMetadata) -> Band {
    let mut said = metadata.band(band);
    if let Some(bits) = structure::nbits(image) {
        said.domains.set_unless_there("IMAGE_STRUCTURE", "NBITS", bits.to_string());
    }
    let color_interpretation = color::interpretation(image, band, has_palette, &said);
    let not_empty = |text: Option<String>| text.filter(|t| !t.is_empty());
    Band {
        color_interpretation,
        scale: said.scale.unwrap_or(1.0),
        offset: said.offset.unwrap_or(0.0),
        unit: not_empty(said.unit),
        description: not_empty(said.description),
        domains: said.domains,
    }
}

fn geo_keys(values: &TagValues) -> GeoKeys {
    let Some(directory) = values.get(&tag::GEO_KEY_DIRECTORY).and_then(TagValue::unsigned) else { return GeoKeys::default() };
    let doubles = values.get(&tag::GEO_DOUBLE_PARAMS).and_then(TagValue::reals).unwrap_or_default();
    let ascii = match values.get(&tag::GEO_ASCII_PARAMS) {
        Some(TagValue::Text(bytes) | TagValue::Bytes(bytes)) => bytes.as_slice(),
        _ => &[],
    };
    GeoKeys::parse(directory, &doubles, ascii)
}

/// GDAL's `TIFFTAG_…` items (`GTiffDataset::LoadMetadata`).
fn baseline_items(values: &TagValues) -> Domains {
    const TEXTS: [(u16, &str); 7] = [
        (tag::DOCUMENT_NAME, "TIFFTAG_DOCUMENTNAME"),
        (tag::IMAGE_DESCRIPTION, "TIFFTAG_IMAGEDESCRIPTION"),
        (tag::SOFTWARE, "TIFFTAG_SOFTWARE"),
        (tag::DATE_TIME, "TIFFTAG_DATETIME"),
        (tag::ARTIST, "TIFFTAG_ARTIST"),
        (tag::HOST_COMPUTER, "TIFFTAG_HOSTCOMPUTER"),
        (tag::COPYRIGHT, "TIFFTAG_COPYRIGHT"),
    ];
    const RESOLUTIONS: [(u16, &str); 2] = [(tag::X_RESOLUTION, "TIFFTAG_XRESOLUTION"), (tag::Y_RESOLUTION, "TIFFTAG_YRESOLUTION")];
    const SAMPLE_VALUES: [(u16, &str); 2] =
        [(tag::MIN_SAMPLE_VALUE, "TIFFTAG_MINSAMPLEVALUE"), (tag::MAX_SAMPLE_VALUE, "TIFFTAG_MAXSAMPLEVALUE")];
    let mut items = Domains::default();
    let mut push = |name: &str, value: String| items.set("", name, value);
    for (code, name) in TEXTS {
        if let Some(text) = values.get(&code).and_then(TagValue::text) {
            push(name, text.into_owned());
        }
    }
    let first = |code| values.get(&code).and_then(TagValue::reals).and_then(|v| v.first().copied());
    // To libtiff the two are one field: where one is there, the other is, too, and 0. It keeps them as floats.
    let resolutions = RESOLUTIONS.map(|(code, name)| (name, first(code)));
    if resolutions.iter().any(|(_, value)| value.is_some()) {
        for (name, value) in resolutions {
            push(name, printf_g(f64::from(value.unwrap_or(0.0) as f32), 8));
        }
    }
    for (code, name) in SAMPLE_VALUES {
        if let Some(value) = first(code) {
            push(name, value.to_string());
        }
    }
    if let Some(unit) = first(tag::RESOLUTION_UNIT) {
        let word = match unit as u16 {
            1 => "1 (unitless)".to_owned(),
            2 => "2 (pixels/inch)".to_owned(),
            3 => "3 (pixels/cm)".to_owned(),
            other => other.to_string(),
        };
        push("TIFFTAG_RESOLUTIONUNIT", word);
    }
    items
}
