//! The geographic or geocentric part: datum, ellipsoid, prime meridian and angular unit, each by a code, by numbers, or by a name in
//! GeodeticCitationGeoKey (OGC 19-008r4, sections 7.5.2 and 7.5.3; GDAL's `GTIFGetOGISDefnAsOSR`).

use super::citation::Citation;
use super::definition::{Definition, ModelType};
use super::{unsupported, vertical};
use crate::error::Result;
use crate::geo::GeoKeys;
use crate::geo::crs::cs;
use crate::geo::crs::identify;
use crate::geo::crs::model::{CsKind, Ellipsoid, Frame, GeodeticCrs, GeodeticDatum, PrimeMeridian, Shape, Text, Unit};
use crate::geo::crs::registry;
use crate::geo::geokeys::key;
use std::borrow::Cow;

const WGS_84_SEMI_MAJOR_AXIS: f64 = 6_378_137.0;
const WGS_84_INVERSE_FLATTENING: f64 = 298.257_223_563;

/// Latitude and longitude. A code stands for the whole CRS of the register where that is dynamic (WGS 84 is); else its parts may be
/// overridden by other keys, and the datum is static.
pub(super) fn geographic(keys: &GeoKeys, definition: &Definition) -> Result<GeodeticCrs> {
    let registered = definition.geodetic_crs.and_then(registry::geodetic).filter(|crs| crs.cs.kind == CsKind::Ellipsoidal);
    let mut crs = match &registered {
        Some(crs) if definition.model == ModelType::Geographic && registry::is_dynamic(&crs.datum) => {
            crs.epsg.and_then(registry::current_geodetic).unwrap_or_else(|| crs.clone())
        }
        _ => of_parts(keys, definition, registered.as_ref())?,
    };
    if let Some(with_heights) = registered.as_ref().and_then(|crs| vertical::geographic_3d(keys, crs)) {
        crs = with_heights;
    }
    Ok(crs)
}

/// X, Y and Z in the linear unit of the file.
pub(super) fn geocentric(keys: &GeoKeys, definition: &Definition) -> Result<GeodeticCrs> {
    let registered = definition.geodetic_crs.and_then(registry::geodetic);
    let of_parts = of_parts(keys, definition, registered.as_ref())?;
    let name = keys.text(key::CITATION).or_else(|| keys.text(key::GEODETIC_CITATION)).unwrap_or("unnamed");
    Ok(GeodeticCrs { name: Cow::Owned(name.to_owned()), cs: cs::geocentric(&definition.linear_unit), epsg: None, ..of_parts })
}

fn of_parts(keys: &GeoKeys, definition: &Definition, registered: Option<&GeodeticCrs>) -> Result<GeodeticCrs> {
    let citation = if registered.is_some() { Citation::default() } else { Citation::geographic(keys) };
    let datum = datum(keys, definition, &citation)?;
    let name = match (registered, &citation.geographic_crs) {
        (Some(crs), _) => crs.name.clone(),
        (None, Some(name)) if !name.is_empty() => {
            official(name, registry::geodetic_crs_by_name, |code| Some(registry::geodetic(code)?.name))
        }
        _ if datum.name == "unnamed" => Cow::Borrowed("unknown"),
        _ => datum.name.clone(),
    };
    let angle = angular_unit(keys, definition, &citation);
    let mut crs = GeodeticCrs { name, datum, cs: cs::latitude_longitude(&angle), epsg: None };
    // The file's code stands where its other keys do not say something else.
    crs.epsg = registered.filter(|other| identify::same_geodetic(&crs, other)).and_then(|other| other.epsg);
    Ok(crs)
}

/// The register's name for one that Esri's software wrote (with underscores), or the name itself.
fn official(name: &str, find: fn(&str) -> Option<u32>, name_of: fn(u32) -> Option<Text>) -> Text {
    let code = if name.contains('_') { find(name) } else { None };
    code.and_then(name_of).unwrap_or_else(|| Cow::Owned(name.to_owned()))
}

fn datum(keys: &GeoKeys, definition: &Definition, citation: &Citation) -> Result<GeodeticDatum> {
    let of_code = |code| Some(registry::static_name(registry::geodetic_datum(code)?.name));
    let registered = definition.datum.and_then(of_code);
    let epsg = definition.datum.filter(|_| registered.is_some());
    let cited = citation.datum.as_deref().map(|name| official(name, registry::geodetic_datum_by_name, of_code));
    let name = cited.or(registered).unwrap_or(Cow::Borrowed("unnamed"));
    let ellipsoid = ellipsoid(keys, definition, citation)?;
    Ok(GeodeticDatum { name, frame: Frame::Static, ellipsoid, prime_meridian: prime_meridian(keys, definition, citation), epsg })
}

fn ellipsoid(keys: &GeoKeys, definition: &Definition, citation: &Citation) -> Result<Ellipsoid> {
    let registered = definition.ellipsoid.and_then(registry::ellipsoid);
    let (a, b) = (definition.semi_major_axis, definition.semi_minor_axis);
    if a == 0.0 {
        return Ok(named("unretrievable - using WGS84", WGS_84_SEMI_MAJOR_AXIS, WGS_84_INVERSE_FLATTENING));
    }
    if !(a > 0.0 && a.is_finite() && b.is_finite()) {
        return Err(unsupported(format!("an ellipsoid with the axes {a} and {b}")));
    }
    // The very number of the file where the ellipsoid is named by a citation, else what the axes give.
    let given = citation.ellipsoid.as_ref().and_then(|_| keys.double(key::INVERSE_FLATTENING)).filter(|f| f.is_finite() && *f != 0.0);
    let inverse_flattening = match given {
        Some(f) => f,
        None if (a - b).abs() < 0.1 => 0.0,
        None if b <= 0.0 => return Err(unsupported("GeogSemiMajorAxisGeoKey without GeogSemiMinorAxisGeoKey or GeogInvFlatteningGeoKey")),
        None => a / (a - b),
    };
    let inverse_flattening = if (a - WGS_84_SEMI_MAJOR_AXIS).abs() < 1e-10 && (inverse_flattening - WGS_84_INVERSE_FLATTENING).abs() < 1e-8
    {
        WGS_84_INVERSE_FLATTENING
    } else {
        inverse_flattening
    };
    let close = |x: f64, y: f64| (x - y).abs() <= 1e-9 * y.abs().max(1.0);
    let is_same = |e: &Ellipsoid| close(e.numbers().0, a) && close(e.numbers().1, inverse_flattening);
    let cited =
        citation.ellipsoid.as_deref().map(|name| official(name, registry::ellipsoid_by_name, |code| Some(registry::ellipsoid(code)?.name)));
    Ok(match registered {
        Some(ellipsoid) if is_same(&ellipsoid) => Ellipsoid { name: cited.unwrap_or(ellipsoid.name), ..ellipsoid },
        Some(ellipsoid) => named(&cited.unwrap_or(ellipsoid.name), a, inverse_flattening),
        None => named(cited.as_deref().unwrap_or("unnamed"), a, inverse_flattening),
    })
}

fn named(name: &str, semi_major_axis: f64, inverse_flattening: f64) -> Ellipsoid {
    let shape = Shape::InverseFlattening(inverse_flattening);
    Ellipsoid { name: Cow::Owned(name.to_owned()), semi_major_axis, shape, unit: Unit::METRE, epsg: None }
}

fn prime_meridian(keys: &GeoKeys, definition: &Definition, citation: &Citation) -> PrimeMeridian {
    let registered = definition.prime_meridian.and_then(registry::prime_meridian);
    if let (Some(meridian), None) = (&registered, &citation.prime_meridian) {
        return meridian.clone();
    }
    // With a name in the citation GDAL takes the number for degrees, whatever the angular unit.
    let longitude = citation.prime_meridian.as_ref().and_then(|_| keys.double(key::PRIME_MERIDIAN_LONGITUDE));
    let longitude = longitude.unwrap_or(definition.prime_meridian_longitude);
    let name = match &citation.prime_meridian {
        Some(name) => Cow::Owned(name.clone()),
        // PROJ's word where the ellipsoid is not the Earth's (its size differs by more than 0.5 %).
        None if longitude == 0.0 && definition.semi_major_axis != 0.0 && (definition.semi_major_axis / 6_375_000.0 - 1.0).abs() > 0.005 => {
            Cow::Borrowed("Reference meridian")
        }
        None if longitude == 0.0 => Cow::Borrowed("Greenwich"),
        None => Cow::Borrowed("unnamed"),
    };
    PrimeMeridian { name, longitude, unit: Unit::DEGREE, epsg: None }
}

fn angular_unit(keys: &GeoKeys, definition: &Definition, citation: &Citation) -> Unit {
    let Some(name) = &citation.angular_unit else { return definition.angular_unit.clone() };
    let factor = keys.double(key::ANGULAR_UNIT_SIZE).filter(|radians| *radians != 0.0).unwrap_or(definition.angular_unit.factor);
    Unit { name: Cow::Owned(name.clone()), factor, epsg: None, ..Unit::DEGREE }
}
