//! `GDAL_METADATA` (tag 42112): what GDAL's XML says of the dataset and its bands (`GTiffDataset::OpenOffset`).

use super::domains::Domains;
use super::gdal_xml::{self, Item};
use crate::c_numbers::{atof, strtoll};
use crate::codec;
use std::collections::BTreeMap;

/// What the XML says of one band.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct BandMetadata {
    pub(crate) scale: Option<f64>,
    pub(crate) offset: Option<f64>,
    pub(crate) unit: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) color_interpretation: Option<String>,
    pub(crate) domains: Domains,
}

/// The parsed tag.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct GdalMetadata {
    pub(crate) domains: Domains,
    bands: BTreeMap<usize, BandMetadata>,
}

impl Item {
    /// The band from 0 on; -1 for the dataset.
    pub(super) fn band(&self) -> i64 {
        self.sample.as_ref().map_or(-1, |text| strtoll(text))
    }
}

impl GdalMetadata {
    /// Reads the XML of a dataset of this `Compression`, adding to the domains that other tags have made.
    pub(crate) fn parse(xml: &str, compression: u16, domains: Domains) -> Self {
        let mut metadata = Self { domains, bands: BTreeMap::new() };
        for item in gdal_xml::items(xml) {
            let band = item.band();
            let (Some(name), Some(text)) = (&item.name, &item.text) else { continue };
            if item.domain.eq_ignore_ascii_case("IMAGE_STRUCTURE") && !is_structure(compression, name, text, &mut metadata.domains) {
                continue;
            }
            // GDAL escapes the values twice; the parser has undone it once.
            let value = gdal_xml::unescape(text);
            match usize::try_from(band) {
                Ok(band @ 0..=65535) => metadata.bands.entry(band).or_default().add(&item, name, value),
                _ if band == -1 => set(&mut metadata.domains, &item.domain, name, value),
                _ => {}
            }
        }
        metadata
    }

    /// What is said of a band (from 0 on).
    pub(crate) fn band(&self, band: usize) -> BandMetadata {
        self.bands.get(&band).cloned().unwrap_or_default()
    }
}

/// An item, or all of a domain of XML.
fn set(domains: &mut Domains, domain: &str, key: &str, value: String) {
    if domain.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xml:")) {
        domains.set_text(domain, value);
    } else {
        domains.set(domain, key, value);
    }
}

/// Whether an item of IMAGE_STRUCTURE is one that GDAL takes from the XML; some settings of a writer say more.
fn is_structure(compression: u16, key: &str, value: &str, domains: &mut Domains) -> bool {
    let is = |name: &str| key.eq_ignore_ascii_case(name);
    let lossy = match compression {
        codec::WEBP if is("WEBP_LEVEL") => (1..=100).contains(&strtoll(value)),
        codec::JXL | codec::JXL_DNG if is("JXL_DISTANCE") || is("JXL_ALPHA_DISTANCE") => atof(value) > 0.0 && atof(value) <= 15.0,
        codec::JXL | codec::JXL_DNG if is("COMPRESSION_REVERSIBILITY") || is("JXL_EFFORT") => false,
        codec::WEBP if is("COMPRESSION_REVERSIBILITY") => false,
        codec::LERC if is("MAX_Z_ERROR") || is("MAX_Z_ERROR_OVERVIEW") => false,
        _ => return false,
    };
    if lossy {
        domains.set("IMAGE_STRUCTURE", "COMPRESSION_REVERSIBILITY", "LOSSY");
    }
    true
}

impl BandMetadata {
    fn add(&mut self, item: &Item, name: &str, value: String) {
        match item.role.to_ascii_lowercase().as_str() {
            "scale" => self.scale = Some(atof(&value)),
            "offset" => self.offset = Some(atof(&value)),
            "unittype" => self.unit = Some(value),
            "description" => self.description = Some(value),
            "colorinterp" => self.set_color(value),
            _ => set(&mut self.domains, &item.domain, name, value),
        }
    }

    /// A word that GDAL does not know for a colour becomes an item.
    fn set_color(&mut self, value: String) {
        let known = COLORS.iter().find(|(gdal, _)| gdal.eq_ignore_ascii_case(&value));
        self.color_interpretation = Some(known.map_or("undefined", |(_, word)| word).to_owned());
        if known.is_none() {
            self.domains.set("", "COLOR_INTERPRETATION", value);
        }
    }
}

/// GDAL's colour interpretations and rasterio's words for them.
const COLORS: [(&str, &str); 34] = [
    ("Undefined", "undefined"),
    ("Gray", "gray"),
    ("Palette", "palette"),
    ("Red", "red"),
    ("Green", "green"),
    ("Blue", "blue"),
    ("Alpha", "alpha"),
    ("Hue", "hue"),
    ("Saturation", "saturation"),
    ("Lightness", "lightness"),
    ("Cyan", "cyan"),
    ("Magenta", "magenta"),
    ("Yellow", "yellow"),
    ("Black", "black"),
    ("YCbCr_Y", "Y"),
    ("YCbCr_Cb", "Cb"),
    ("YCbCr_Cr", "Cr"),
    ("Pan", "pan"),
    ("Coastal", "coastal"),
    ("RedEdge", "rededge"),
    ("NIR", "nir"),
    ("SWIR", "swir"),
    ("MWIR", "mwir"),
    ("LWIR", "lwir"),
    ("TIR", "tir"),
    ("OtherIR", "other_ir"),
    ("SAR_Ka", "sar_ka"),
    ("SAR_K", "sar_k"),
    ("SAR_Ku", "sar_ku"),
    ("SAR_X", "sar_x"),
    ("SAR_C", "sar_c"),
    ("SAR_S", "sar_s"),
    ("SAR_L", "sar_l"),
    ("SAR_P", "sar_p"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = r#"<GDALMetadata>
  <Item name="NOTE">a &amp;amp; b</Item>
  <Item name="KEY" domain="OTHER">x</Item>
  <Item name="K" domain="xml:Z">&lt;z/&gt;</Item>
  <Item name="MAX_Z_ERROR" domain="IMAGE_STRUCTURE">0.5</Item>
  <Item name="SCALE" sample="1" role="scale">0,5</Item>
  <Item name="UNITTYPE" sample="1" role="unittype">m</Item>
  <Item name="STATISTICS_MEAN" sample="0">12.5</Item>
  <Item name="COLORINTERP" sample="3" role="colorinterp">ALPHA</Item>
  <Item name="COLORINTERP" sample="4" role="colorinterp">infrared</Item>
  <Item name="BAD" sample="-2">x</Item>
</GDALMetadata>"#;

    #[test]
    fn items_roles_and_double_escapes() {
        let metadata = GdalMetadata::parse(XML, codec::NONE, Domains::default());
        let names: Vec<&str> = metadata.domains.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["", "OTHER", "xml:Z"]);
        assert_eq!((metadata.domains.item("", "NOTE"), metadata.domains.item("xml:Z", "xml:Z")), (Some("a & b"), Some("<z/>")));
        assert_eq!((metadata.band(1).scale, metadata.band(1).unit.as_deref()), (Some(0.5), Some("m")));
        assert_eq!(metadata.band(0).domains.item("", "STATISTICS_MEAN"), Some("12.5"));
        assert_eq!(metadata.band(3).color_interpretation.as_deref(), Some("alpha"));
        assert_eq!(metadata.band(4).domains.item("", "COLOR_INTERPRETATION"), Some("infrared"));
        assert_eq!(metadata.band(9), BandMetadata::default());
    }

    #[test]
    fn settings_of_a_writer_count_for_its_compression_only() {
        let item = |compression, key| {
            GdalMetadata::parse(XML, compression, Domains::default()).domains.item("IMAGE_STRUCTURE", key).map(str::to_owned)
        };
        assert_eq!((item(codec::LERC, "MAX_Z_ERROR").as_deref(), item(codec::WEBP, "MAX_Z_ERROR")), (Some("0.5"), None));
    }
}
