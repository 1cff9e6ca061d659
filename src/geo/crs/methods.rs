//! Map projection methods with the parameters that they take, as PROJ names them: those of EPSG with its codes and names, the others with
//! PROJ's own names.

use super::model::{Conversion, Parameter, Unit};
use std::borrow::Cow;

/// What a parameter measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Angle,
    Length,
    Scale,
}

/// A parameter: PROJ's name, EPSG's code, kind.
pub(super) type ParameterOf = (&'static str, Option<u32>, Kind);

/// A method: name, EPSG's code, parameters in order.
pub(super) struct Method {
    pub(super) name: &'static str,
    pub(super) epsg: Option<u32>,
    pub(super) parameters: &'static [ParameterOf],
}

/// The method with these values, in the order of its parameters: angles in `angle`, lengths in metres.
pub(super) fn conversion(method: &Method, values: &[f64], angle: &Unit) -> Conversion {
    let parameters = method.parameters.iter().zip(values).map(|((name, epsg, kind), value)| Parameter {
        name: Cow::Borrowed(name),
        value: *value,
        unit: match kind {
            Kind::Angle => angle.clone(),
            Kind::Length => Unit::METRE,
            Kind::Scale => Unit::UNITY,
        },
        epsg: *epsg,
    });
    let parameters = parameters.collect();
    Conversion { name: Cow::Borrowed("unnamed"), method: Cow::Borrowed(method.name), method_epsg: method.epsg, parameters, epsg: None }
}

const fn method(name: &'static str, epsg: u32, parameters: &'static [ParameterOf]) -> Method {
    Method { name, epsg: Some(epsg), parameters }
}

pub(super) const fn unregistered(name: &'static str, parameters: &'static [ParameterOf]) -> Method {
    Method { name, epsg: None, parameters }
}

pub(super) const LATITUDE: ParameterOf = ("Latitude of natural origin", Some(8801), Kind::Angle);
pub(super) const LONGITUDE: ParameterOf = ("Longitude of natural origin", Some(8802), Kind::Angle);
pub(super) const SCALE: ParameterOf = ("Scale factor at natural origin", Some(8805), Kind::Scale);
pub(super) const EASTING: ParameterOf = ("False easting", Some(8806), Kind::Length);
pub(super) const NORTHING: ParameterOf = ("False northing", Some(8807), Kind::Length);
pub(super) const CENTRE_LATITUDE: ParameterOf = ("Latitude of projection centre", Some(8811), Kind::Angle);
pub(super) const CENTRE_LONGITUDE: ParameterOf = ("Longitude of projection centre", Some(8812), Kind::Angle);
pub(super) const CENTRE_AZIMUTH: ParameterOf = ("Azimuth at projection centre", Some(8813), Kind::Angle);
pub(super) const SKEW_ANGLE: ParameterOf = ("Angle from Rectified to Skew Grid", Some(8814), Kind::Angle);
pub(super) const CENTRE_SCALE: ParameterOf = ("Scale factor at projection centre", Some(8815), Kind::Scale);
pub(super) const CENTRE_EASTING: ParameterOf = ("Easting at projection centre", Some(8816), Kind::Length);
pub(super) const CENTRE_NORTHING: ParameterOf = ("Northing at projection centre", Some(8817), Kind::Length);
pub(super) const PSEUDO_PARALLEL: ParameterOf = ("Latitude of pseudo standard parallel", Some(8818), Kind::Angle);
pub(super) const PSEUDO_PARALLEL_SCALE: ParameterOf = ("Scale factor on pseudo standard parallel", Some(8819), Kind::Scale);
pub(super) const FALSE_LATITUDE: ParameterOf = ("Latitude of false origin", Some(8821), Kind::Angle);
pub(super) const FALSE_LONGITUDE: ParameterOf = ("Longitude of false origin", Some(8822), Kind::Angle);
pub(super) const PARALLEL_1: ParameterOf = ("Latitude of 1st standard parallel", Some(8823), Kind::Angle);
pub(super) const PARALLEL_2: ParameterOf = ("Latitude of 2nd standard parallel", Some(8824), Kind::Angle);
pub(super) const FALSE_ORIGIN_EASTING: ParameterOf = ("Easting at false origin", Some(8826), Kind::Length);
pub(super) const FALSE_ORIGIN_NORTHING: ParameterOf = ("Northing at false origin", Some(8827), Kind::Length);
pub(super) const STANDARD_PARALLEL: ParameterOf = ("Latitude of standard parallel", Some(8832), Kind::Angle);
pub(super) const ORIGIN_LONGITUDE: ParameterOf = ("Longitude of origin", Some(8833), Kind::Angle);
pub(super) const CO_LATITUDE: ParameterOf = ("Co-latitude of cone axis", Some(1036), Kind::Angle);
pub(super) const PLANE_HEIGHT: ParameterOf = ("Projection plane origin height", Some(1039), Kind::Length);
pub(super) const TOPOCENTRIC_LATITUDE: ParameterOf = ("Latitude of topocentric origin", Some(8834), Kind::Angle);
pub(super) const TOPOCENTRIC_LONGITUDE: ParameterOf = ("Longitude of topocentric origin", Some(8835), Kind::Angle);
pub(super) const VIEWPOINT_HEIGHT: ParameterOf = ("Viewpoint height", Some(8840), Kind::Length);
pub(super) const SATELLITE_HEIGHT: ParameterOf = ("Satellite Height", None, Kind::Length);
pub(super) const POINT_1_LATITUDE: ParameterOf = ("Latitude of 1st point", None, Kind::Angle);
pub(super) const POINT_1_LONGITUDE: ParameterOf = ("Longitude of 1st point", None, Kind::Angle);
pub(super) const POINT_2_LATITUDE: ParameterOf = ("Latitude of 2nd point", None, Kind::Angle);
pub(super) const POINT_2_LONGITUDE: ParameterOf = ("Longitude of 2nd point", None, Kind::Angle);
pub(super) const TRUE_SCALE_LATITUDE: ParameterOf = ("Latitude of true scale", None, Kind::Angle);
pub(super) const PEG_LATITUDE: ParameterOf = ("Peg point latitude", None, Kind::Angle);
pub(super) const PEG_LONGITUDE: ParameterOf = ("Peg point longitude", None, Kind::Angle);
pub(super) const PEG_HEADING: ParameterOf = ("Peg point heading", None, Kind::Angle);
pub(super) const PEG_HEIGHT: ParameterOf = ("Peg point height", None, Kind::Length);

const AT_ORIGIN: &[ParameterOf] = &[LATITUDE, LONGITUDE, EASTING, NORTHING];
const AT_ORIGIN_SCALED: &[ParameterOf] = &[LATITUDE, LONGITUDE, SCALE, EASTING, NORTHING];
const ON_MERIDIAN: &[ParameterOf] = &[LONGITUDE, EASTING, NORTHING];
pub(super) const CONIC: &[ParameterOf] =
    &[FALSE_LATITUDE, FALSE_LONGITUDE, PARALLEL_1, PARALLEL_2, FALSE_ORIGIN_EASTING, FALSE_ORIGIN_NORTHING];
const ON_PARALLEL: &[ParameterOf] = &[PARALLEL_1, LONGITUDE, EASTING, NORTHING];

pub(super) const TRANSVERSE_MERCATOR: Method = method("Transverse Mercator", 9807, AT_ORIGIN_SCALED);
pub(super) const TRANSVERSE_MERCATOR_SOUTH: Method = method("Transverse Mercator (South Orientated)", 9808, AT_ORIGIN_SCALED);
pub(super) const HOTINE_A: Method = method(
    "Hotine Oblique Mercator (variant A)",
    9812,
    &[CENTRE_LATITUDE, CENTRE_LONGITUDE, CENTRE_AZIMUTH, SKEW_ANGLE, CENTRE_SCALE, EASTING, NORTHING],
);
pub(super) const HOTINE_B: Method = method(
    "Hotine Oblique Mercator (variant B)",
    9815,
    &[CENTRE_LATITUDE, CENTRE_LONGITUDE, CENTRE_AZIMUTH, SKEW_ANGLE, CENTRE_SCALE, CENTRE_EASTING, CENTRE_NORTHING],
);
pub(super) const LABORDE: Method =
    method("Laborde Oblique Mercator", 9813, &[CENTRE_LATITUDE, CENTRE_LONGITUDE, CENTRE_AZIMUTH, CENTRE_SCALE, EASTING, NORTHING]);
pub(super) const MERCATOR_A: Method = method("Mercator (variant A)", 9804, AT_ORIGIN_SCALED);
pub(super) const MERCATOR_B: Method = method("Mercator (variant B)", 9805, ON_PARALLEL);
pub(super) const MERCATOR_B_WITH_ORIGIN: Method =
    method("Mercator (variant B)", 9805, &[PARALLEL_1, LATITUDE, LONGITUDE, EASTING, NORTHING]);
pub(super) const PSEUDO_MERCATOR: Method = method("Popular Visualisation Pseudo Mercator", 1024, AT_ORIGIN);
pub(super) const LAMBERT_CONIC_2SP: Method = method("Lambert Conic Conformal (2SP)", 9802, CONIC);
pub(super) const LAMBERT_CONIC_1SP: Method = method("Lambert Conic Conformal (1SP)", 9801, AT_ORIGIN_SCALED);
pub(super) const LAMBERT_AZIMUTHAL: Method = method("Lambert Azimuthal Equal Area", 9820, AT_ORIGIN);
pub(super) const ALBERS: Method = method("Albers Equal Area", 9822, CONIC);
pub(super) const AZIMUTHAL_EQUIDISTANT: Method = method("Azimuthal Equidistant", 1125, AT_ORIGIN);
pub(super) const EQUIDISTANT_CONIC: Method = method("Equidistant Conic", 1119, CONIC);
pub(super) const STEREOGRAPHIC: Method = unregistered("Stereographic", AT_ORIGIN_SCALED);
pub(super) const POLAR_STEREOGRAPHIC_A: Method = method("Polar Stereographic (variant A)", 9810, AT_ORIGIN_SCALED);
pub(super) const POLAR_STEREOGRAPHIC_B: Method =
    method("Polar Stereographic (variant B)", 9829, &[STANDARD_PARALLEL, ORIGIN_LONGITUDE, EASTING, NORTHING]);
pub(super) const OBLIQUE_STEREOGRAPHIC: Method = method("Oblique Stereographic", 9809, AT_ORIGIN_SCALED);
pub(super) const EQUIDISTANT_CYLINDRICAL: Method = method("Equidistant Cylindrical", 1028, ON_PARALLEL);
pub(super) const EQUIDISTANT_CYLINDRICAL_WITH_ORIGIN: Method =
    method("Equidistant Cylindrical", 1028, &[PARALLEL_1, LATITUDE, LONGITUDE, EASTING, NORTHING]);
pub(super) const CASSINI_SOLDNER: Method = method("Cassini-Soldner", 9806, AT_ORIGIN);
pub(super) const GNOMONIC: Method = unregistered("Gnomonic", AT_ORIGIN);
pub(super) const MILLER: Method = unregistered("Miller Cylindrical", ON_MERIDIAN);
pub(super) const ORTHOGRAPHIC: Method = method("Orthographic", 9840, AT_ORIGIN);
pub(super) const AMERICAN_POLYCONIC: Method = method("American Polyconic", 9818, AT_ORIGIN);
pub(super) const ROBINSON: Method = unregistered("Robinson", ON_MERIDIAN);
pub(super) const SINUSOIDAL: Method = unregistered("Sinusoidal", ON_MERIDIAN);
pub(super) const VAN_DER_GRINTEN: Method = unregistered("Van Der Grinten", ON_MERIDIAN);
pub(super) const NEW_ZEALAND_MAP_GRID: Method = method("New Zealand Map Grid", 9811, AT_ORIGIN);
pub(super) const LAMBERT_CYLINDRICAL: Method = method("Lambert Cylindrical Equal Area", 9835, ON_PARALLEL);
