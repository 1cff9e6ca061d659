//! The GeoKey directory (OGC 19-008r4, GeoTIFF 1.1, section 7.1.2) and the CRS code that it names.

use std::collections::BTreeMap;

/// Keys that are read by number.
mod key {
    pub(super) const MODEL_TYPE: u16 = 1024;
    pub(super) const RASTER_TYPE: u16 = 1025;
    pub(super) const CITATION: u16 = 1026;
    pub(super) const GEODETIC_CRS: u16 = 2048;
    pub(super) const PROJECTED_CRS: u16 = 3072;
    pub(super) const VERTICAL: u16 = 4096;
    pub(super) const COORDINATE_EPOCH: u16 = 5120;
}

/// GTModelTypeGeoKey.
mod model {
    pub(super) const PROJECTED: u16 = 1;
    pub(super) const GEOGRAPHIC: u16 = 2;
    pub(super) const GEOCENTRIC: u16 = 3;
}

/// WGS 84 with ellipsoidal height, which GDAL writes as EPSG:4326 with this code in VerticalGeoKey.
const WGS_84_3D: u16 = 4979;
const USER_DEFINED: u16 = 32767;
const PIXEL_IS_POINT: u16 = 2;

/// The value of one key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum GeoKey {
    Short(u16),
    Doubles(Vec<f64>),
    Text(String),
}

/// A parsed directory.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct GeoKeys(BTreeMap<u16, GeoKey>);

impl GeoKeys {
    /// Reads the keys of `directory`, taking values from the other two tags. Keys that point outside them are left out, as libgeotiff does.
    pub(crate) fn parse(directory: &[u64], doubles: &[f64], ascii: &[u8]) -> Self {
        let mut keys = BTreeMap::new();
        let count = directory.get(3).copied().unwrap_or(0) as usize;
        for entry in directory.get(4..).unwrap_or_default().chunks_exact(4).take(count) {
            let &[id, location, count, value] = entry else { continue };
            let range = (value as usize)..(value as usize).saturating_add(count as usize);
            let parsed = match location {
                0 => Some(GeoKey::Short(value as u16)),
                34736 => doubles.get(range).map(|d| GeoKey::Doubles(d.to_vec())),
                34737 => ascii.get(range).map(|text| GeoKey::Text(citation(text))),
                // A SHORT array stored behind the keys in the directory itself.
                34735 => directory.get(value as usize).map(|v| GeoKey::Short(*v as u16)),
                _ => None,
            };
            parsed.map(|value| keys.insert(id as u16, value));
        }
        Self(keys)
    }

    /// GDAL's word for GTRasterTypeGeoKey, where the file has it.
    pub(crate) fn area_or_point(&self) -> Option<&'static str> {
        self.short(key::RASTER_TYPE).map(|_| if self.pixel_is_point() { "Point" } else { "Area" })
    }

    /// CoordinateEpochGeoKey: decimal years.
    pub(crate) fn coordinate_epoch(&self) -> Option<f64> {
        match self.0.get(&key::COORDINATE_EPOCH)? {
            GeoKey::Doubles(values) => values.first().copied(),
            _ => None,
        }
    }

    fn short(&self, key: u16) -> Option<u16> {
        match self.0.get(&key) {
            Some(GeoKey::Short(value)) => Some(*value),
            _ => None,
        }
    }

    /// The citation of the CRS, for people.
    pub(crate) fn citation(&self) -> Option<&str> {
        match self.0.get(&key::CITATION) {
            Some(GeoKey::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Coordinates are those of pixel centres, not corners (GTRasterTypeGeoKey).
    pub(crate) fn pixel_is_point(&self) -> bool {
        self.short(key::RASTER_TYPE) == Some(PIXEL_IS_POINT)
    }

    /// The EPSG code of the horizontal CRS, where the file gives one.
    pub(crate) fn epsg(&self) -> Option<u32> {
        let code = |key| self.short(key).filter(|c| *c != USER_DEFINED && *c != 0).map(u32::from);
        match self.short(key::MODEL_TYPE) {
            Some(model::PROJECTED) => code(key::PROJECTED_CRS),
            Some(model::GEOGRAPHIC) if self.short(key::VERTICAL) == Some(WGS_84_3D) => Some(u32::from(WGS_84_3D)),
            Some(model::GEOGRAPHIC | model::GEOCENTRIC) => code(key::GEODETIC_CRS),
            // Without a model type GDAL goes by which key is there.
            _ if self.short(key::PROJECTED_CRS).is_some() => code(key::PROJECTED_CRS),
            _ => code(key::GEODETIC_CRS),
        }
    }
}

/// Text of GeoAsciiParams without the `|` that ends it.
fn citation(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches(['|', '\0']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projected_code_and_citation() {
        let directory = [1, 1, 0, 4, 1024, 0, 1, 1, 1025, 0, 1, 2, 1026, 34737, 5, 0, 3072, 0, 1, 32633];
        let keys = GeoKeys::parse(&directory, &[], b"UTM3|more|");
        assert_eq!(keys.epsg(), Some(32633));
        assert_eq!(keys.citation(), Some("UTM3"));
        assert!(keys.pixel_is_point());
    }

    #[test]
    fn user_defined_is_no_code_and_broken_keys_are_left_out() {
        let directory = [1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 32767, 2057, 34736, 1, 9];
        let keys = GeoKeys::parse(&directory, &[1.0], b"");
        assert_eq!(keys.epsg(), None);
        assert_eq!(keys.0.len(), 2);
        assert!(GeoKeys::parse(&[1, 1], &[], b"").0.is_empty());
    }
}
