//! `GDAL_METADATA` (tag 42112): GDAL's XML of scale, offset, unit, description and free items (`GTiffDataset::ReadMetadata…`).

use std::collections::BTreeMap;

/// The items of one band or of the dataset: domain ("" is the default one), key, value; in file order.
pub type Items = Vec<(String, String, String)>;

/// What the XML says of one band.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct BandMetadata {
    pub(crate) scale: Option<f64>,
    pub(crate) offset: Option<f64>,
    pub(crate) unit: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) color_interpretation: Option<String>,
    pub(crate) items: Items,
}

/// The parsed tag.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct GdalMetadata {
    pub(crate) items: Items,
    bands: BTreeMap<usize, BandMetadata>,
}

impl GdalMetadata {
    /// Reads the XML. Text that is not XML gives nothing: GDAL ignores it too. (Entities beyond XML's own five are not expanded:
    /// the parser refuses a DTD.)
    pub(crate) fn parse(xml: &str) -> Self {
        let mut metadata = Self::default();
        let Ok(document) = roxmltree::Document::parse(xml.trim_matches(['\0', ' ', '\n', '\r', '\t'])) else { return metadata };
        for item in document.descendants().filter(|n| n.has_tag_name("Item")) {
            let Some(name) = item.attribute("name") else { continue };
            let value = unescape(item.text().unwrap_or_default());
            let domain = item.attribute("domain").unwrap_or_default();
            match item.attribute("sample").map(str::parse::<usize>) {
                None => metadata.items.push((domain.to_owned(), name.to_owned(), value)),
                Some(Ok(band)) => {
                    metadata.bands.entry(band).or_default().add(domain, name, item.attribute("role").unwrap_or_default(), value);
                }
                Some(Err(_)) => {}
            }
        }
        metadata
    }

    /// What is said of a band (from 0 on).
    pub(crate) fn band(&self, band: usize) -> BandMetadata {
        self.bands.get(&band).cloned().unwrap_or_default()
    }
}

impl BandMetadata {
    fn add(&mut self, domain: &str, name: &str, role: &str, value: String) {
        match role.to_ascii_lowercase().as_str() {
            "scale" => self.scale = value.trim().parse().ok(),
            "offset" => self.offset = value.trim().parse().ok(),
            "unittype" => self.unit = Some(value),
            "description" => self.description = Some(value),
            "colorinterp" => self.color_interpretation = Some(value.to_ascii_lowercase()),
            _ => self.items.push((domain.to_owned(), name.to_owned(), value)),
        }
    }
}

/// GDAL escapes the values twice; the parser has undone it once.
fn unescape(text: &str) -> String {
    const ENTITIES: [(&str, char); 5] = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"'), ("&apos;", '\'')];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let known = ENTITIES.iter().find(|(entity, _)| from.starts_with(entity));
        let (character, len) = known.map_or(('&', 1), |(entity, c)| (*c, entity.len()));
        out.push(character);
        rest = from.get(len..).unwrap_or_default();
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = r#"<GDALMetadata>
  <Item name="NOTE">a &amp;amp; b</Item>
  <Item name="KEY" domain="OTHER">x</Item>
  <Item name="SCALE" sample="1" role="scale">0.5</Item>
  <Item name="UNITTYPE" sample="1" role="unittype">m</Item>
  <Item name="STATISTICS_MEAN" sample="0">12.5</Item>
  <Item name="COLORINTERP" sample="3" role="colorinterp">Alpha</Item>
</GDALMetadata>"#;

    #[test]
    fn items_roles_and_double_escapes() {
        let metadata = GdalMetadata::parse(XML);
        assert_eq!(metadata.items, [(String::new(), "NOTE".into(), "a & b".into()), ("OTHER".into(), "KEY".into(), "x".into())]);
        assert_eq!((metadata.band(1).scale, metadata.band(1).unit.as_deref()), (Some(0.5), Some("m")));
        assert_eq!(metadata.band(0).items.len(), 1);
        assert_eq!(metadata.band(3).color_interpretation.as_deref(), Some("alpha"));
        assert_eq!(metadata.band(9), BandMetadata::default());
    }

    #[test]
    fn deep_nesting_is_survived() {
        let depth = 200_000;
        let deep = "<a>".repeat(depth) + &"</a>".repeat(depth);
        let _ = GdalMetadata::parse(&deep);
        let in_item = format!(r#"<GDALMetadata><Item name="N">x</Item>{deep}</GDALMetadata>"#);
        assert!(GdalMetadata::parse(&in_item).items.len() <= 1);
    }

    #[test]
    fn what_is_not_xml_or_defines_entities_gives_nothing() {
        assert_eq!(GdalMetadata::parse("<GDALMetadata><Item"), GdalMetadata::default());
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><GDALMetadata><Item name="N">&b;</Item></GDALMetadata>"#;
        assert_eq!(GdalMetadata::parse(bomb), GdalMetadata::default());
    }
}
