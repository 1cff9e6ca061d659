//! The keys that say what a CRS is made of, each with what it implies filled in from the EPSG tables: libgeotiff's `GTIFGetDefn`
//! (geo_normalize.c). A more special key overrides what a more general one implies.

use crate::geo::GeoKeys;
use crate::geo::crs::model::{Quantity, Unit};
use crate::geo::crs::registry;
use crate::geo::geokeys::{USER_DEFINED, key};
use std::borrow::Cow;

/// GTModelTypeGeoKey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModelType {
    Projected,
    Geographic,
    Geocentric,
    Local,
}

/// Codes are EPSG's; `None` where the file has none or calls it user-defined.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) model: ModelType,
    pub(super) projected_crs: Option<u32>,
    pub(super) geodetic_crs: Option<u32>,
    pub(super) conversion: Option<u32>,
    pub(super) datum: Option<u32>,
    pub(super) ellipsoid: Option<u32>,
    /// In metres; 0 where nothing says it.
    pub(super) semi_major_axis: f64,
    pub(super) semi_minor_axis: f64,
    pub(super) prime_meridian: Option<u32>,
    /// In degrees east of Greenwich.
    pub(super) prime_meridian_longitude: f64,
    pub(super) angular_unit: Unit,
    pub(super) linear_unit: Unit,
}

impl Definition {
    pub(super) fn new(keys: &GeoKeys) -> Self {
        let short = |key| keys.short(key).filter(|code| *code != USER_DEFINED && *code != 0).map(u32::from);
        let projected_crs = short(key::PROJECTED_CRS);
        let projected = projected_crs.and_then(registry::projected);
        let model = model_type(keys, projected_crs.is_some());

        let implied = projected.as_ref().and_then(|crs| crs.base.epsg);
        let geodetic_crs = if keys.has(key::GEODETIC_CRS) { short(key::GEODETIC_CRS) } else { implied };
        let geodetic = geodetic_crs.and_then(registry::geodetic);
        let implied_angle = geodetic.as_ref().and_then(|crs| crs.cs.axes.first()).and_then(|axis| axis.unit.epsg);
        let over = |key, implied: Option<u32>| if keys.has(key) { short(key) } else { implied };

        let angular_unit = angular_unit(over(key::ANGULAR_UNIT, implied_angle));
        let datum = over(key::DATUM, geodetic.as_ref().and_then(|crs| crs.datum.epsg));
        let ellipsoid_of_datum = datum.and_then(registry::geodetic_datum).and_then(|d| d.ellipsoid.epsg);
        let ellipsoid = over(key::ELLIPSOID, ellipsoid_of_datum);
        let (semi_major_axis, semi_minor_axis) = axes(keys, ellipsoid);
        let prime_meridian = over(key::PRIME_MERIDIAN, geodetic.as_ref().and_then(|crs| crs.datum.prime_meridian.epsg));
        let prime_meridian_longitude = match prime_meridian.and_then(registry::prime_meridian) {
            Some(pm) => (pm.longitude * pm.unit.factor).to_degrees(),
            None => keys.double(key::PRIME_MERIDIAN_LONGITUDE).unwrap_or(0.0) * angular_unit.factor.to_degrees(),
        };
        let implied_length = projected.as_ref().and_then(|crs| crs.cs.axes.first()).and_then(|axis| axis.unit.epsg);
        let length = over(key::PROJECTED_LINEAR_UNIT, implied_length.or_else(|| short(key::GEODETIC_LINEAR_UNIT)));
        let conversion = projected.as_ref().and_then(|crs| crs.conversion.epsg).or_else(|| short(key::PROJECTION));
        Self {
            model,
            projected_crs,
            geodetic_crs,
            conversion,
            datum,
            ellipsoid,
            semi_major_axis,
            semi_minor_axis,
            prime_meridian,
            prime_meridian_longitude,
            angular_unit,
            linear_unit: linear_unit(keys, length),
        }
    }
}

/// Without a model type a code in ProjectedCRSGeoKey makes a projected CRS (GDAL's ticket 3019).
fn model_type(keys: &GeoKeys, has_projected_code: bool) -> ModelType {
    match keys.short(key::MODEL_TYPE) {
        Some(1) => ModelType::Projected,
        Some(2) => ModelType::Geographic,
        Some(3) => ModelType::Geocentric,
        None | Some(USER_DEFINED) if has_projected_code => ModelType::Projected,
        _ => ModelType::Local,
    }
}

/// Semi-major and semi-minor axis; a key of its own overrides the ellipsoid's number.
fn axes(keys: &GeoKeys, ellipsoid: Option<u32>) -> (f64, f64) {
    let minor = |a: f64, inverse_flattening: f64| if inverse_flattening == 0.0 { a } else { a * (1.0 - 1.0 / inverse_flattening) };
    let known = ellipsoid.and_then(registry::ellipsoid).map(|e| e.numbers());
    let a = keys.double(key::SEMI_MAJOR_AXIS).or(known.map(|(a, _)| a)).unwrap_or(0.0);
    let b = keys.double(key::SEMI_MINOR_AXIS).or(known.map(|(a, f)| minor(a, f))).unwrap_or(0.0);
    (a, keys.double(key::INVERSE_FLATTENING).map_or(b, |f| minor(a, f)))
}

/// An angle without a known unit is in degrees, even where GeogAngularUnitSizeGeoKey says another size: GDAL reads that key only with a
/// citation that names the unit.
fn angular_unit(code: Option<u32>) -> Unit {
    const DEGREE_CODES: [u32; 5] = [9102, 9107, 9108, 9110, 9122];
    match code {
        Some(code) if DEGREE_CODES.contains(&code) => Unit::DEGREE,
        Some(code) => registry::unit(code).filter(|u| u.quantity == Quantity::Angle).unwrap_or(unknown_angle()),
        None => unknown_angle(),
    }
}

fn unknown_angle() -> Unit {
    Unit { name: Cow::Borrowed("unknown"), epsg: None, ..Unit::DEGREE }
}

/// A unit that is not known is taken for the metre, where ProjLinearUnitSizeGeoKey does not say its size.
fn linear_unit(keys: &GeoKeys, code: Option<u32>) -> Unit {
    let known = code.and_then(registry::unit).filter(|u| u.quantity == Quantity::Length);
    known.unwrap_or_else(|| {
        let size = if code.is_none() { keys.double(key::PROJECTED_LINEAR_UNIT_SIZE) } else { None };
        Unit { name: Cow::Borrowed("unknown"), quantity: Quantity::Length, factor: size.unwrap_or(1.0), epsg: None }
    })
}
