//! The GeoKey directory (OGC 19-008r4, GeoTIFF 1.1, section 7.1.2). What the keys say of the CRS, `crs/from_keys` reads.

use std::collections::BTreeMap;

/// Keys by number, with the names of GeoTIFF 1.1 (annex C).
pub(crate) mod key {
    pub(crate) const MODEL_TYPE: u16 = 1024;
    pub(crate) const RASTER_TYPE: u16 = 1025;
    pub(crate) const CITATION: u16 = 1026;
    pub(crate) const GEODETIC_CRS: u16 = 2048;
    pub(crate) const GEODETIC_CITATION: u16 = 2049;
    pub(crate) const DATUM: u16 = 2050;
    pub(crate) const PRIME_MERIDIAN: u16 = 2051;
    pub(crate) const GEODETIC_LINEAR_UNIT: u16 = 2052;
    pub(crate) const ANGULAR_UNIT: u16 = 2054;
    pub(crate) const ANGULAR_UNIT_SIZE: u16 = 2055;
    pub(crate) const ELLIPSOID: u16 = 2056;
    pub(crate) const SEMI_MAJOR_AXIS: u16 = 2057;
    pub(crate) const SEMI_MINOR_AXIS: u16 = 2058;
    pub(crate) const INVERSE_FLATTENING: u16 = 2059;
    pub(crate) const PRIME_MERIDIAN_LONGITUDE: u16 = 2061;
    /// GeogTOWGS84GeoKey, which only libgeotiff has.
    pub(crate) const TO_WGS84: u16 = 2062;
    pub(crate) const PROJECTED_CRS: u16 = 3072;
    pub(crate) const PROJECTED_CITATION: u16 = 3073;
    pub(crate) const PROJECTION: u16 = 3074;
    pub(crate) const PROJECTION_METHOD: u16 = 3075;
    pub(crate) const PROJECTED_LINEAR_UNIT: u16 = 3076;
    pub(crate) const PROJECTED_LINEAR_UNIT_SIZE: u16 = 3077;
    pub(crate) const STANDARD_PARALLEL_1: u16 = 3078;
    pub(crate) const STANDARD_PARALLEL_2: u16 = 3079;
    pub(crate) const NATURAL_ORIGIN_LONGITUDE: u16 = 3080;
    pub(crate) const NATURAL_ORIGIN_LATITUDE: u16 = 3081;
    pub(crate) const FALSE_EASTING: u16 = 3082;
    pub(crate) const FALSE_NORTHING: u16 = 3083;
    pub(crate) const FALSE_ORIGIN_LONGITUDE: u16 = 3084;
    pub(crate) const FALSE_ORIGIN_LATITUDE: u16 = 3085;
    pub(crate) const FALSE_ORIGIN_EASTING: u16 = 3086;
    pub(crate) const FALSE_ORIGIN_NORTHING: u16 = 3087;
    pub(crate) const CENTRE_LONGITUDE: u16 = 3088;
    pub(crate) const CENTRE_LATITUDE: u16 = 3089;
    pub(crate) const CENTRE_EASTING: u16 = 3090;
    pub(crate) const CENTRE_NORTHING: u16 = 3091;
    pub(crate) const SCALE_AT_NATURAL_ORIGIN: u16 = 3092;
    pub(crate) const SCALE_AT_CENTRE: u16 = 3093;
    pub(crate) const AZIMUTH: u16 = 3094;
    pub(crate) const STRAIGHT_VERTICAL_POLE_LONGITUDE: u16 = 3095;
    pub(crate) const RECTIFIED_GRID_ANGLE: u16 = 3096;
    pub(crate) const VERTICAL_CRS: u16 = 4096;
    pub(crate) const VERTICAL_CITATION: u16 = 4097;
    pub(crate) const VERTICAL_DATUM: u16 = 4098;
    pub(crate) const VERTICAL_UNIT: u16 = 4099;
    pub(crate) const COORDINATE_EPOCH: u16 = 5120;
}

/// The value of a key whose meaning other keys give.
pub(crate) const USER_DEFINED: u16 = 32767;
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
pub(crate) struct GeoKeys {
    version: [u64; 3],
    keys: BTreeMap<u16, GeoKey>,
}

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
        let version = std::array::from_fn(|at| directory.get(at).copied().unwrap_or(0));
        Self { version, keys }
    }

    /// GDAL's word for GTRasterTypeGeoKey, where the file has it.
    pub(crate) fn area_or_point(&self) -> Option<&'static str> {
        self.short(key::RASTER_TYPE).map(|_| if self.pixel_is_point() { "Point" } else { "Area" })
    }

    /// CoordinateEpochGeoKey: decimal years.
    pub(crate) fn coordinate_epoch(&self) -> Option<f64> {
        match self.keys.get(&key::COORDINATE_EPOCH)? {
            GeoKey::Doubles(values) => values.first().copied(),
            _ => None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Directory version, revision and minor revision: 1, 1, 0 for GeoTIFF 1.0; 1, 1, 1 for GeoTIFF 1.1.
    pub(crate) fn version(&self) -> [u64; 3] {
        self.version
    }

    pub(crate) fn has(&self, key: u16) -> bool {
        self.keys.contains_key(&key)
    }

    pub(crate) fn short(&self, key: u16) -> Option<u16> {
        match self.keys.get(&key) {
            Some(GeoKey::Short(value)) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn doubles(&self, key: u16) -> &[f64] {
        match self.keys.get(&key) {
            Some(GeoKey::Doubles(values)) => values,
            _ => &[],
        }
    }

    pub(crate) fn double(&self, key: u16) -> Option<f64> {
        self.doubles(key).first().copied()
    }

    pub(crate) fn text(&self, key: u16) -> Option<&str> {
        match self.keys.get(&key) {
            Some(GeoKey::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Coordinates are those of pixel centres, not corners (GTRasterTypeGeoKey).
    pub(crate) fn pixel_is_point(&self) -> bool {
        self.short(key::RASTER_TYPE) == Some(PIXEL_IS_POINT)
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
    fn codes_texts_and_numbers() {
        let directory = [1, 1, 0, 5, 1024, 0, 1, 1, 1025, 0, 1, 2, 1026, 34737, 5, 0, 2057, 34736, 1, 1, 3072, 0, 1, 32633];
        let keys = GeoKeys::parse(&directory, &[7.0, 6_378_137.0], b"UTM3|more|");
        assert_eq!((keys.version(), keys.short(key::PROJECTED_CRS), keys.text(key::CITATION)), ([1, 1, 0], Some(32633), Some("UTM3")));
        assert_eq!((keys.double(key::SEMI_MAJOR_AXIS), keys.double(key::CITATION)), (Some(6_378_137.0), None));
        assert!(keys.pixel_is_point());
    }

    #[test]
    fn broken_keys_are_left_out() {
        let directory = [1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 32767, 2057, 34736, 1, 9];
        let keys = GeoKeys::parse(&directory, &[1.0], b"");
        assert!(keys.has(key::PROJECTED_CRS) && !keys.has(key::SEMI_MAJOR_AXIS));
        assert!(GeoKeys::parse(&[1, 1], &[], b"").is_empty());
    }
}
