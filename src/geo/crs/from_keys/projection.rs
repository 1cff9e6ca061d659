//! ProjMethodGeoKey (ProjCoordTransGeoKey in GeoTIFF 1.0) and the keys of its parameters (OGC 19-008r4, section 7.5 and annex C).
//!
//! Files write a parameter under one of several keys; which are read, and in what order, is libgeotiff's (`GTIFFetchProjParms`), and what
//! method and axes come of it is GDAL's (`GTIFGetOGISDefnAsOSR` and the `OGRSpatialReference::Set…` that it calls).

use super::definition::Definition;
use crate::geo::GeoKeys;
use crate::geo::crs::methods;
use crate::geo::crs::model::{Conversion, Ellipsoid, Unit};
use crate::geo::crs::registry;
use crate::geo::geokeys::key;

/// The directions of the axes of a projected CRS that no code gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axes {
    EastNorth,
    /// Transverse Mercator (South Orientated).
    WestSouth,
    /// Polar stereographic.
    AroundNorthPole,
    /// Polar stereographic.
    AroundSouthPole,
}

/// The projection of the file: by the method's keys, or by the code of a conversion. None for a method that GDAL doesn't know in a
/// GeoTIFF.
pub(super) fn projection(keys: &GeoKeys, definition: &Definition) -> Option<(Conversion, Axes)> {
    match keys.short(key::PROJECTION_METHOD) {
        Some(method) => by_method(method, &Values::new(keys, definition)),
        None => by_code(definition.conversion?),
    }
}

/// On a sphere PROJ calls Lambert's azimuthal projection by EPSG's spherical method.
pub(super) fn on_ellipsoid(conversion: Conversion, ellipsoid: &Ellipsoid) -> Conversion {
    if ellipsoid.numbers().1 == 0.0 && conversion.method_epsg == Some(9820) {
        return Conversion { method: "Lambert Azimuthal Equal Area (Spherical)".into(), method_epsg: Some(1027), ..conversion };
    }
    conversion
}

/// Numbers of the keys, angles in degrees and lengths in metres.
struct Values<'a> {
    keys: &'a GeoKeys,
    degrees: f64,
    metres: f64,
}

impl<'a> Values<'a> {
    fn new(keys: &'a GeoKeys, definition: &Definition) -> Self {
        Self { keys, degrees: definition.angular_unit.factor.to_degrees(), metres: definition.linear_unit.factor }
    }

    fn first(&self, keys: &[u16]) -> Option<f64> {
        keys.iter().find_map(|key| self.keys.double(*key))
    }

    fn angle(&self, keys: &[u16]) -> f64 {
        let value = self.first(keys).unwrap_or(0.0);
        // A degree's own factor would cost the last bit.
        if self.degrees == 1.0 { value } else { value * self.degrees }
    }

    fn longitude(&self) -> f64 {
        self.angle(&[key::NATURAL_ORIGIN_LONGITUDE, key::FALSE_ORIGIN_LONGITUDE, key::CENTRE_LONGITUDE])
    }

    fn pole_longitude(&self) -> f64 {
        self.angle(&[
            key::STRAIGHT_VERTICAL_POLE_LONGITUDE,
            key::NATURAL_ORIGIN_LONGITUDE,
            key::FALSE_ORIGIN_LONGITUDE,
            key::CENTRE_LONGITUDE,
        ])
    }

    fn latitude(&self) -> f64 {
        self.angle(&[key::NATURAL_ORIGIN_LATITUDE, key::FALSE_ORIGIN_LATITUDE, key::CENTRE_LATITUDE])
    }

    fn parallel_1(&self) -> f64 {
        self.angle(&[key::STANDARD_PARALLEL_1])
    }

    fn parallel_2(&self) -> f64 {
        self.angle(&[key::STANDARD_PARALLEL_2])
    }

    fn azimuth(&self) -> f64 {
        self.angle(&[key::AZIMUTH])
    }

    fn rectified_grid_angle(&self) -> f64 {
        if self.first(&[key::RECTIFIED_GRID_ANGLE]).is_some() { self.angle(&[key::RECTIFIED_GRID_ANGLE]) } else { 90.0 }
    }

    fn scale(&self) -> f64 {
        self.first(&[key::SCALE_AT_NATURAL_ORIGIN, key::SCALE_AT_CENTRE]).unwrap_or(1.0)
    }

    fn easting(&self) -> f64 {
        self.first(&[key::FALSE_EASTING, key::CENTRE_EASTING, key::FALSE_ORIGIN_EASTING]).unwrap_or(0.0) * self.metres
    }

    fn northing(&self) -> f64 {
        self.first(&[key::FALSE_NORTHING, key::CENTRE_NORTHING, key::FALSE_ORIGIN_NORTHING]).unwrap_or(0.0) * self.metres
    }
}

fn by_method(method: u16, v: &Values) -> Option<(Conversion, Axes)> {
    // Values in the order of the method's parameters; see methods.rs.
    let plain = |method: &methods::Method, values: &[f64]| Some((methods::conversion(method, values, &Unit::DEGREE), Axes::EastNorth));
    let (lat, lon, fe, fn_) = (v.latitude(), v.longitude(), v.easting(), v.northing());
    match method {
        1 => plain(&methods::TRANSVERSE_MERCATOR, &[lat, lon, v.scale(), fe, fn_]),
        3 => plain(&methods::HOTINE_A, &[lat, lon, v.azimuth(), v.rectified_grid_angle(), v.scale(), fe, fn_]),
        9815 => plain(&methods::HOTINE_B, &[lat, lon, v.azimuth(), v.rectified_grid_angle(), v.scale(), fe, fn_]),
        4 => plain(&methods::LABORDE, &[lat, lon, v.azimuth(), v.scale(), fe, fn_]),
        7 => Some((mercator(v), Axes::EastNorth)),
        8 => plain(&methods::LAMBERT_CONIC_2SP, &[lat, lon, v.parallel_1(), v.parallel_2(), fe, fn_]),
        9 => plain(&methods::LAMBERT_CONIC_1SP, &[lat, lon, v.scale(), fe, fn_]),
        10 => plain(&methods::LAMBERT_AZIMUTHAL, &[lat, lon, fe, fn_]),
        11 => plain(&methods::ALBERS, &[lat, lon, v.parallel_1(), v.parallel_2(), fe, fn_]),
        12 => plain(&methods::AZIMUTHAL_EQUIDISTANT, &[lat, lon, fe, fn_]),
        13 => plain(&methods::EQUIDISTANT_CONIC, &[lat, lon, v.parallel_1(), v.parallel_2(), fe, fn_]),
        14 => plain(&methods::STEREOGRAPHIC, &[lat, lon, v.first(&[key::SCALE_AT_NATURAL_ORIGIN]).unwrap_or(1.0), fe, fn_]),
        15 => Some(polar_stereographic(lat, v.pole_longitude(), v.scale(), fe, fn_)),
        16 => plain(&methods::OBLIQUE_STEREOGRAPHIC, &[lat, lon, v.scale(), fe, fn_]),
        17 if lat == 0.0 => plain(&methods::EQUIDISTANT_CYLINDRICAL, &[v.parallel_1(), lon, fe, fn_]),
        17 => plain(&methods::EQUIDISTANT_CYLINDRICAL_WITH_ORIGIN, &[v.parallel_1(), lat, lon, fe, fn_]),
        18 => plain(&methods::CASSINI_SOLDNER, &[lat, lon, fe, fn_]),
        19 => plain(&methods::GNOMONIC, &[lat, lon, fe, fn_]),
        20 => plain(&methods::MILLER, &[lon, fe, fn_]),
        21 => plain(&methods::ORTHOGRAPHIC, &[lat, lon, fe, fn_]),
        22 => plain(&methods::AMERICAN_POLYCONIC, &[lat, lon, fe, fn_]),
        23 => plain(&methods::ROBINSON, &[lon, fe, fn_]),
        24 => plain(&methods::SINUSOIDAL, &[lon, fe, fn_]),
        25 => plain(&methods::VAN_DER_GRINTEN, &[lon, fe, fn_]),
        26 => plain(&methods::NEW_ZEALAND_MAP_GRID, &[lat, lon, fe, fn_]),
        27 => {
            let conversion = methods::conversion(&methods::TRANSVERSE_MERCATOR_SOUTH, &[lat, lon, v.scale(), fe, fn_], &Unit::DEGREE);
            Some((conversion, Axes::WestSouth))
        }
        28 => plain(&methods::LAMBERT_CYLINDRICAL, &[v.parallel_1(), lon, fe, fn_]),
        _ => None,
    }
}

/// With a standard parallel it is variant B (and a scale is ignored), else variant A; a latitude of origin without a scale is a standard
/// parallel in a wrong key (`OGRSpatialReference::SetMercator`).
fn mercator(v: &Values) -> Conversion {
    let (lat, lon, fe, fn_) = (v.latitude(), v.longitude(), v.easting(), v.northing());
    let parallel = v.first(&[key::STANDARD_PARALLEL_1]).map(|_| v.parallel_1());
    let scale = v.first(&[key::SCALE_AT_NATURAL_ORIGIN]).unwrap_or(1.0);
    match parallel {
        Some(parallel) if lat == 0.0 => methods::conversion(&methods::MERCATOR_B, &[parallel, lon, fe, fn_], &Unit::DEGREE),
        Some(parallel) => methods::conversion(&methods::MERCATOR_B_WITH_ORIGIN, &[parallel, lat, lon, fe, fn_], &Unit::DEGREE),
        None if lat != 0.0 && scale == 1.0 => methods::conversion(&methods::MERCATOR_B, &[lat, lon, fe, fn_], &Unit::DEGREE),
        None => methods::conversion(&methods::MERCATOR_A, &[lat, lon, scale, fe, fn_], &Unit::DEGREE),
    }
}

/// A latitude that is no pole's, without a scale, is the standard parallel (`OGRSpatialReference::SetPS`).
fn polar_stereographic(lat: f64, lon: f64, scale: f64, fe: f64, fn_: f64) -> (Conversion, Axes) {
    let axes = if lat > 0.0 { Axes::AroundNorthPole } else { Axes::AroundSouthPole };
    let conversion = if scale == 1.0 && (lat.abs() - 90.0).abs() > 1e-8 {
        methods::conversion(&methods::POLAR_STEREOGRAPHIC_B, &[lat, lon, fe, fn_], &Unit::DEGREE)
    } else {
        methods::conversion(&methods::POLAR_STEREOGRAPHIC_A, &[lat, lon, scale, fe, fn_], &Unit::DEGREE)
    };
    (conversion, axes)
}

/// The EPSG methods that libgeotiff knows as one of GeoTIFF's (`EPSGProjMethodToCTProjMethod`) and GDAL reads.
fn by_code(code: u32) -> Option<(Conversion, Axes)> {
    let mut conversion = registry::conversion(code)?;
    let axes = match conversion.method_epsg? {
        9808 => Axes::WestSouth,
        9810 | 9829 => {
            let latitude = conversion.parameters.iter().find(|p| matches!(p.epsg, Some(8801 | 8832))).map_or(0.0, |p| p.value);
            if latitude > 0.0 { Axes::AroundNorthPole } else { Axes::AroundSouthPole }
        }
        // Lambert Conic Conformal (2SP Belgium) is read as the plain one, and spherical methods as the ellipsoidal ones.
        9803 => return Some((renamed(conversion, &methods::LAMBERT_CONIC_2SP), Axes::EastNorth)),
        1027 => return Some((renamed(conversion, &methods::LAMBERT_AZIMUTHAL), Axes::EastNorth)),
        1029 | 9823 | 9842 => return Some((renamed(conversion, &methods::EQUIDISTANT_CYLINDRICAL), Axes::EastNorth)),
        9834 => return Some((renamed(conversion, &methods::LAMBERT_CYLINDRICAL), Axes::EastNorth)),
        1024 | 1028 | 9801 | 9802 | 9804..=9807 | 9809 | 9811..=9813 | 9815 | 9818 | 9820 | 9822 | 9841 => Axes::EastNorth,
        _ => return None,
    };
    if conversion.method_epsg == Some(9841) {
        conversion.method = registry::method_name(1024)?;
        conversion.method_epsg = Some(1024);
        conversion.epsg = None;
    }
    Some((conversion, axes))
}

fn renamed(conversion: Conversion, method: &methods::Method) -> Conversion {
    Conversion { method: method.name.into(), method_epsg: method.epsg, epsg: None, ..conversion }
}
