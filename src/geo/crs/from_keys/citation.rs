//! What citations say: GDAL's own `GCS Name = …|Datum = …|Ellipsoid = …|Primem = …|AUnits = …|` and `PCS Name = …|LUnits = …`, and the
//! lines of ERDAS Imagine's (GDAL's gt_citation.cpp).

use crate::geo::GeoKeys;
use crate::geo::geokeys::key;

/// The names in a citation.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Citation {
    pub(super) projected_crs: Option<String>,
    pub(super) geographic_crs: Option<String>,
    pub(super) datum: Option<String>,
    pub(super) ellipsoid: Option<String>,
    pub(super) prime_meridian: Option<String>,
    pub(super) linear_unit: Option<String>,
    pub(super) angular_unit: Option<String>,
}

impl Citation {
    /// Reads GeogCitationGeoKey; a text without any of the names is the name of the geographic CRS.
    pub(super) fn geographic(keys: &GeoKeys) -> Self {
        let Some(text) = keys.text(key::GEODETIC_CITATION) else { return Self::default() };
        let mut citation = Self::parse(text);
        // GDAL's parser sees no name in a single character.
        if citation == Self::default() && text.len() > 1 {
            citation.geographic_crs = text.split('|').next_back().map(str::to_owned);
        }
        citation
    }

    /// Reads ProjectedCitationGeoKey and GTCitationGeoKey, the first name of each kind.
    pub(super) fn projected(keys: &GeoKeys) -> Self {
        let texts = [key::PROJECTED_CITATION, key::CITATION].map(|key| keys.text(key));
        let [first, second] = texts.map(|text| text.map(Self::parse).unwrap_or_default());
        Self {
            projected_crs: first.projected_crs.or(second.projected_crs),
            linear_unit: first.linear_unit.or(second.linear_unit),
            ..Self::default()
        }
    }

    fn parse(text: &str) -> Self {
        let mut citation = Self::default();
        let imagine = text.starts_with("IMAGINE GeoTIFF Support");
        let text = if imagine { text.rsplit('$').next().unwrap_or_default() } else { text };
        for part in text.split(if imagine { '\n' } else { '|' }) {
            let Some((label, value)) = part.split_once(" = ") else { continue };
            let field = match label.trim() {
                "PCS Name" | "Projection Name" => &mut citation.projected_crs,
                "GCS Name" => &mut citation.geographic_crs,
                "Datum" => &mut citation.datum,
                "Ellipsoid" => &mut citation.ellipsoid,
                "Primem" => &mut citation.prime_meridian,
                "LUnits" => &mut citation.linear_unit,
                "Units" if imagine => &mut citation.linear_unit,
                "AUnits" => &mut citation.angular_unit,
                _ => continue,
            };
            field.get_or_insert_with(|| value.trim().to_owned());
        }
        citation
    }
}

/// Metres in a linear unit that a citation names; the names are GDAL's list and so are the sizes (a foot is the US survey foot here).
pub(super) fn linear_unit_size(name: &str) -> Option<f64> {
    const US_SURVEY_FOOT: f64 = 0.304_800_609_601_219_2;
    let size = match name.to_ascii_lowercase().as_str() {
        "m" | "meter" | "meters" => 1.0,
        "cm" | "centimeter" | "centimeters" => 0.01,
        "mm" | "millimeter" | "millimeters" => 0.001,
        "km" | "kilometer" | "kilometers" => 1000.0,
        "ft" | "foot" | "feet" | "us_survey_foot" | "us_survey_feet" => US_SURVEY_FOOT,
        "international_foot" | "international_feet" => 0.3048,
        "in" | "inch" | "inches" => 0.025_400_050_800_1,
        "yd" | "yard" | "yards" => 0.9144,
        "mi" | "mile" | "miles" => 1304.544,
        "modified_american_foot" | "modified_american_feet" => 0.304_812_253,
        "clarke_foot" | "clarke_feet" => 0.304_797_265_1,
        "indian_foot" | "indian_feet" => 0.304_799_514_2,
        "yard_indian" => 0.914_398_530_744_440_8,
        "foot_clarke" => 0.304_797_265_4,
        "foot_gold_coast" => 0.304_799_710_181_508_8,
        "link_clarke" => 0.201_166_195_164,
        "yard_sears" => 0.914_398_414_616_028_7,
        "50_kilometers" => 50_000.0,
        "150_kilometers" => 150_000.0,
        _ => return None,
    };
    Some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_gdal_and_of_imagine() {
        let gdal = Citation::parse("GCS Name = unknown|Datum = Unknown based on GRS 1980 ellipsoid|Primem = Paris|AUnits = grad|");
        assert_eq!(gdal.datum.as_deref(), Some("Unknown based on GRS 1980 ellipsoid"));
        assert_eq!((gdal.prime_meridian.as_deref(), gdal.angular_unit.as_deref()), (Some("Paris"), Some("grad")));
        let imagine =
            "IMAGINE GeoTIFF Support\nCopyright by ERDAS\n@(#)$RCSfile$ $Revision$ $Date$\nProjection Name = UTM\nUnits = meters\n";
        let citation = Citation::parse(imagine);
        assert_eq!((citation.projected_crs.as_deref(), citation.linear_unit.as_deref()), (Some("UTM"), Some("meters")));
        assert_eq!(Citation::parse("WGS 84 / UTM zone 33N"), Citation::default());
    }
}
