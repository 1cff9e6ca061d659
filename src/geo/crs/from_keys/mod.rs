//! GeoKeys → CRS, as GDAL reads them (`GTIFGetOGISDefnAsOSR` in gt_wkt_srs.cpp; OGC 19-008r4, section 7.5 and annex B).
//!
//! A code alone is looked up in the EPSG tables. Where other keys stand beside it the CRS is made of its parts ([`definition`],
//! [`geodetic`], [`projection`]), [`vertical`] adds a vertical CRS, and what has no place on Earth is a local (engineering) CRS.

mod citation;
mod definition;
mod geodetic;
mod projection;
mod vertical;

use super::model::{BoundCrs, Crs, EngineeringCrs, GeodeticCrs, ProjectedCrs, Unit};
use super::{cs, esri, identify, registry};
use crate::error::{Error, Result};
use crate::geo::GeoKeys;
use crate::geo::geokeys::{USER_DEFINED, key};
use citation::Citation;
use definition::{Definition, ModelType};
use projection::Axes;
use std::borrow::Cow;

/// The CRS of a file; None where there are no keys. An error says what of the keys can't be meant.
pub(crate) fn crs(keys: &GeoKeys) -> Result<Option<Crs>> {
    if keys.is_empty() {
        return Ok(None);
    }
    let definition = Definition::new(keys);
    let horizontal = match definition.model {
        ModelType::Local => local(keys, &definition)?,
        ModelType::Geocentric => Crs::Geocentric(geodetic::geocentric(keys, &definition)?),
        ModelType::Geographic => Crs::Geographic(geodetic::geographic(keys, &definition)?),
        ModelType::Projected => projected(keys, &definition)?,
    };
    let crs = vertical::attach(keys, bound(keys, horizontal)?);
    if !numbers(&crs).all(f64::is_finite) {
        return Err(unsupported("a number in the GeoKeys is infinite or not a number"));
    }
    Ok(Some(crs))
}

fn unsupported(reason: impl std::fmt::Display) -> Error {
    Error::unsupported(format!("unsupported CRS: {reason}"))
}

/// A CRS without a place on Earth, or Esri's WKT in a citation where GeoTIFF has no keys for the projection.
fn local(keys: &GeoKeys, definition: &Definition) -> Result<Crs> {
    if let Some((_, wkt)) = keys.text(key::PROJECTED_CITATION).and_then(|text| text.split_once("ESRI PE String = ")) {
        return esri::parse(wkt).map_err(|reason| unsupported(format!("the Esri WKT in ProjectedCitationGeoKey: {reason}")));
    }
    let name = keys.text(key::CITATION).or_else(|| keys.text(key::GEODETIC_CITATION)).unwrap_or("unnamed");
    Ok(engineering(name, &definition.linear_unit))
}

fn engineering(name: &str, unit: &Unit) -> Crs {
    Crs::Engineering(EngineeringCrs { name: Cow::Owned(name.to_owned()), cs: cs::east_north(unit) })
}

fn projected(keys: &GeoKeys, definition: &Definition) -> Result<Crs> {
    const PARTS: [u16; 5] = [key::PROJECTION, key::PROJECTION_METHOD, key::GEODETIC_CRS, key::DATUM, key::ELLIPSOID];
    let code = definition.projected_crs.filter(|_| !PARTS.iter().any(|part| keys.has(*part)));
    if let Some(crs) = code.and_then(registry::current_projected) {
        return Ok(Crs::Projected(of_code(keys, crs, &definition.linear_unit)));
    }
    let citation = Citation::projected(keys);
    let unit = linear_unit(keys, &citation, definition);
    let name = projected_name(keys, &citation, definition);
    if name == "Google Maps Global Mercator" {
        return registry::projected(900_913).map(Crs::Projected).ok_or_else(|| unsupported("EPSG:900913 is not in the tables"));
    }
    let Some((conversion, axes)) = projection::projection(keys, definition) else { return Ok(engineering(&name, &unit)) };
    let base = geodetic::geographic(keys, definition)?;
    let conversion = projection::on_ellipsoid(conversion, &base.datum.ellipsoid);
    let cs = match axes {
        Axes::EastNorth => cs::east_north(&unit),
        Axes::WestSouth => cs::west_south(&unit),
        Axes::AroundNorthPole => cs::around_pole(true, &unit),
        Axes::AroundSouthPole => cs::around_pole(false, &unit),
    };
    let mut crs = ProjectedCrs { name: Cow::Owned(name), base, conversion, cs, epsg: None };
    // The file's code stands where the parts are what it means.
    crs.epsg =
        definition.projected_crs.filter(|code| registry::projected(*code).is_some_and(|other| identify::same_projected(&crs, &other)));
    Ok(Crs::Projected(crs))
}

/// A registered CRS, in the file's linear unit where that is another one (then it has no code), and with heights above the ellipsoid where
/// VerticalGeoKey names the geographic 3D CRS of its datum.
fn of_code(keys: &GeoKeys, mut crs: ProjectedCrs, unit: &Unit) -> ProjectedCrs {
    let is_other = |u: &Unit| keys.has(key::PROJECTED_LINEAR_UNIT) && (u.factor - unit.factor).abs() > 1e-15 * unit.factor;
    if crs.cs.axes.first().is_some_and(|axis| is_other(&axis.unit)) {
        crs.cs.axes.iter_mut().for_each(|axis| axis.unit = unit.clone());
        (crs.epsg, crs.conversion.epsg) = (None, None);
    }
    if let Some(base) = vertical::geographic_3d(keys, &crs.base) {
        crs.cs.axes.extend(base.cs.axes.get(2).cloned());
        (crs.base, crs.epsg) = (base, None);
    }
    crs
}

fn linear_unit(keys: &GeoKeys, citation: &Citation, definition: &Definition) -> Unit {
    let Some(name) = &citation.linear_unit else { return definition.linear_unit.clone() };
    let size = citation::linear_unit_size(name).or_else(|| keys.double(key::PROJECTED_LINEAR_UNIT_SIZE)).filter(|size| *size > 0.0);
    size.map_or_else(|| definition.linear_unit.clone(), |factor| Unit { name: Cow::Owned(name.clone()), factor, epsg: None, ..Unit::METRE })
}

fn projected_name(keys: &GeoKeys, citation: &Citation, definition: &Definition) -> String {
    if let Some(crs) = definition.projected_crs.and_then(registry::projected) {
        return crs.name.into_owned();
    }
    let plain = |key| keys.text(key).filter(|text| !text.starts_with("LUnits = ") && !text.starts_with("IMAGINE")).map(str::to_owned);
    let cited = citation.projected_crs.clone();
    cited.or_else(|| plain(key::PROJECTED_CITATION)).or_else(|| plain(key::CITATION)).unwrap_or_else(|| "unnamed".into())
}

/// With GeogTOWGS84GeoKey a CRS of an unknown datum is bound to WGS 84; for a known datum the key is left aside
/// (`OGRSpatialReference::StripTOWGS84IfKnownDatum`).
fn bound(keys: &GeoKeys, crs: Crs) -> Result<Crs> {
    let given = keys.doubles(key::TO_WGS84);
    if given.is_empty() || crs.epsg().is_some() {
        return Ok(crs);
    }
    let (Crs::Geographic(base) | Crs::Geocentric(base) | Crs::Projected(ProjectedCrs { base, .. })) = &crs else { return Ok(crs) };
    if is_known_datum(base) {
        return Ok(crs);
    }
    let mut to_wgs84 = [0.0; 7];
    to_wgs84.iter_mut().zip(given).for_each(|(to, from)| *to = *from);
    if !to_wgs84.iter().all(|p| p.is_finite()) {
        return Err(unsupported("GeogTOWGS84GeoKey holds an infinite number or none"));
    }
    Ok(Crs::Bound(Box::new(BoundCrs { source: crs, to_wgs84 })))
}

fn is_known_datum(crs: &GeodeticCrs) -> bool {
    let name = &crs.datum.name;
    crs.datum.epsg.is_some() || (!name.eq_ignore_ascii_case("unknown") && registry::geodetic_datum_by_name(name).is_some())
}

/// The keys give the code of the horizontal CRS, and other keys another CRS than the code's.
pub(crate) fn contradicts_its_code(keys: &GeoKeys, crs: &Crs) -> bool {
    let has_code = |key| keys.short(key).is_some_and(|code| code != USER_DEFINED && code != 0);
    match crs {
        Crs::Projected(crs) => crs.epsg.is_none() && has_code(key::PROJECTED_CRS),
        // The code of a CRS with heights is read without them; then the code of its horizontal part is looked for.
        Crs::Geographic(crs) => crs.epsg.is_none() && has_code(key::GEODETIC_CRS) && !of_heights(keys),
        _ => false,
    }
}

fn of_heights(keys: &GeoKeys) -> bool {
    let code = keys.short(key::GEODETIC_CRS).map(u32::from);
    code.and_then(registry::geodetic).is_some_and(|crs| crs.cs.axes.len() == 3)
}

/// Every number that came from the file.
fn numbers(crs: &Crs) -> Box<dyn Iterator<Item = f64> + '_> {
    let of_geodetic = |crs: &GeodeticCrs| {
        let (a, f) = crs.datum.ellipsoid.numbers();
        let unit = crs.cs.axes.first().map_or(1.0, |axis| axis.unit.factor);
        [a, f, crs.datum.prime_meridian.longitude, unit].into_iter()
    };
    match crs {
        Crs::Geographic(crs) | Crs::Geocentric(crs) => Box::new(of_geodetic(crs)),
        Crs::Projected(crs) => {
            let of_conversion = crs.conversion.parameters.iter().map(|p| p.value);
            Box::new(of_geodetic(&crs.base).chain(of_conversion).chain(crs.cs.axes.iter().map(|axis| axis.unit.factor)))
        }
        Crs::Compound(crs) => numbers(&crs.horizontal),
        Crs::Bound(crs) => numbers(&crs.source),
        Crs::Engineering(crs) => Box::new(crs.cs.axes.iter().map(|axis| axis.unit.factor)),
        Crs::Vertical(_) => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys by number: shorts, doubles and texts.
    fn keys(shorts: &[(u64, u64)], doubles: &[(u64, f64)], text: Option<(u64, &str)>) -> GeoKeys {
        let count = (shorts.len() + doubles.len() + usize::from(text.is_some())) as u64;
        let mut directory = vec![1, 1, 1, count];
        directory.extend(shorts.iter().flat_map(|(key, value)| [*key, 0, 1, *value]));
        directory.extend(doubles.iter().enumerate().flat_map(|(at, (key, _))| [*key, 34736, 1, at as u64]));
        if let Some((key, text)) = text {
            directory.extend([key, 34737, text.len() as u64, 0]);
        }
        let values: Vec<f64> = doubles.iter().map(|(_, value)| *value).collect();
        GeoKeys::parse(&directory, &values, text.map_or(&[], |(_, text)| text.as_bytes()))
    }

    #[test]
    fn what_can_not_be_meant_is_refused_with_its_reason() {
        let reason = |keys: &GeoKeys| crs(keys).unwrap_err().to_string();
        let radius_only = keys(&[(1024, 2)], &[(2057, 6_371_000.0)], None);
        assert!(reason(&radius_only).contains("unsupported CRS: GeogSemiMajorAxisGeoKey without"));
        let infinite = keys(&[(1024, 1), (3072, 32767), (2048, 4326), (3075, 1)], &[(3080, f64::INFINITY)], None);
        assert!(reason(&infinite).contains("infinite"));
        let esri = keys(&[(1024, 32767)], &[], Some((3073, "ESRI PE String = PROJCS[\"x\"")));
        assert!(reason(&esri).contains("Esri WKT"));
        assert_eq!(crs(&GeoKeys::default()).unwrap(), None);
    }

    #[test]
    fn a_code_that_other_keys_contradict_is_no_code() {
        let in_feet = keys(&[(1024, 1), (3072, 32633), (3076, 9002)], &[], None);
        let found = crs(&in_feet).unwrap().unwrap();
        assert_eq!((found.name(), found.epsg_of_geo_keys(&in_feet)), ("WGS 84 / UTM zone 33N", None));
        let plain = keys(&[(1024, 1), (3072, 32633), (3076, 9001)], &[], None);
        assert_eq!(crs(&plain).unwrap().unwrap().epsg_of_geo_keys(&plain), Some(32633));
    }

    #[test]
    fn no_keys_make_a_panic_or_take_long() {
        let mut state = 1_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let numbers = [0.0, -1.0, 1.0, 90.0, 6_378_137.0, 298.25, 1e308, -1e-308, f64::NAN, f64::INFINITY];
        let codes = [0, 1, 9, 15, 4326, 4979, 5773, 7030, 9001, 9102, 16033, 32633, 32767, 32768, 65535];
        let started = std::time::Instant::now();
        for round in 0..1000 {
            let (mut shorts, mut doubles) = (Vec::new(), Vec::new());
            for key in [1024, 2048, 2050, 2051, 2054, 2056, 3072, 3074, 3075, 3076, 4096, 4098, 4099] {
                let value = match key {
                    1024 => random(4),
                    3075 => random(30),
                    _ => codes[random(15) as usize],
                };
                if random(3) > 0 {
                    shorts.push((key, value));
                }
            }
            for key in (2055..2063).chain(3077..3097) {
                if random(2) > 0 {
                    doubles.push((key, numbers[random(10) as usize]));
                }
            }
            let keys = keys(&shorts, &doubles, Some((2049, "GCS Name = \"x\"|Datum = ]|Primem = é|")));
            if let Ok(Some(crs)) = crs(&keys) {
                assert!(crs.to_wkt().ends_with(']') && crs.to_projjson().is_object());
                if round % 100 == 0 {
                    let _ = crs.to_epsg();
                }
            }
        }
        assert!(started.elapsed().as_secs() < 60);
    }
}
