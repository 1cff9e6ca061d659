//! Coordinate reference systems: what the GeoKeys of a file say, as WKT2:2019 and PROJJSON, and the EPSG code.
//!
//! Needs neither PROJ nor files at run time. Data flows one way: the keys ([`super::GeoKeys`]) are read ([`from_keys`], [`esri`]) with the
//! help of the EPSG tables ([`registry`], [`tables`]) into values ([`model`]); the texts ([`wkt`], [`projjson`]) are written and the code is
//! looked for ([`identify`]) from the values alone.
//!
//! GDAL's reading of GeoKeys is the reference (GTIFGetOGISDefnAsOSR on libgeotiff's GTIFGetDefn), PROJ's of the texts.

mod cs;
mod esri;
mod esri_methods;
mod from_keys;
mod identify;
mod methods;
mod model;
mod projjson;
mod registry;
mod tables;
mod wkt;

pub use model::Crs;

use super::GeoKeys;
use crate::error::Result;
use model::{BoundCrs, Conversion, Parameter, Unit};
use std::borrow::Cow;

impl Crs {
    /// The CRS with a code of the EPSG register: geographic, geocentric, projected, vertical or compound. None where there is no such.
    pub fn from_epsg(code: u32) -> Option<Self> {
        registry::crs(code)
    }

    /// The CRS that GeoKeys say, as GDAL reads them; None where there are no keys.
    pub(crate) fn from_geo_keys(keys: &GeoKeys) -> Result<Option<Self>> {
        from_keys::crs(keys)
    }

    /// The EPSG code: the CRS's own, or that of the registered CRS which is the same but for its names (as `rasterio.crs.CRS.to_epsg`).
    pub fn to_epsg(&self) -> Option<u32> {
        identify::epsg(self)
    }

    /// The EPSG code of a file's CRS. A code in the GeoKeys that the other keys contradict is none, and no other is looked for.
    pub(crate) fn epsg_of_geo_keys(&self, keys: &GeoKeys) -> Option<u32> {
        if from_keys::contradicts_its_code(keys, self) { None } else { self.to_epsg() }
    }

    /// As WKT2:2019 (OGC 18-010r7), on one line.
    pub fn to_wkt(&self) -> String {
        wkt::text(self)
    }

    /// As PROJJSON, version 0.7.
    pub fn to_projjson(&self) -> serde_json::Value {
        projjson::value(self)
    }
}

/// What a bound CRS is bound to: WGS 84, geographic or geocentric.
fn wgs84_of(crs: &BoundCrs) -> Option<Crs> {
    registry::crs(if matches!(crs.source, Crs::Geocentric(_)) { 4978 } else { 4326 })
}

/// The transformation of a bound CRS, as PROJ names what a TOWGS84 clause says: EPSG's method 9603 (three translations) or 9606 (position
/// vector, seven parameters), of a geocentric CRS always 1033.
fn to_wgs84(crs: &BoundCrs) -> Conversion {
    const PARAMETERS: [(&str, u32); 7] = [
        ("X-axis translation", 8605),
        ("Y-axis translation", 8606),
        ("Z-axis translation", 8607),
        ("X-axis rotation", 8608),
        ("Y-axis rotation", 8609),
        ("Z-axis rotation", 8610),
        ("Scale difference", 8611),
    ];
    let geocentric = matches!(crs.source, Crs::Geocentric(_));
    let translations_only = !geocentric && crs.to_wgs84.iter().skip(3).all(|p| *p == 0.0);
    let (method, code) = if geocentric {
        ("Position Vector transformation (geocentric domain)", 1033)
    } else if translations_only {
        ("Geocentric translations (geog2D domain)", 9603)
    } else {
        ("Position Vector transformation (geog2D domain)", 9606)
    };
    let unit = |at| match at {
        0..3 => Unit::METRE,
        3..6 => Unit::ARC_SECOND,
        _ => Unit::PARTS_PER_MILLION,
    };
    let parameters = PARAMETERS.iter().zip(crs.to_wgs84).enumerate().map(|(at, ((name, code), value))| Parameter {
        name: Cow::Borrowed(*name),
        value,
        unit: unit(at),
        epsg: Some(*code),
    });
    Conversion {
        name: Cow::Owned(format!("Transformation from {} to WGS84", crs.source.name())),
        method: Cow::Borrowed(method),
        method_epsg: Some(code),
        parameters: parameters.take(if translations_only { 3 } else { 7 }).collect(),
        epsg: None,
    }
}
