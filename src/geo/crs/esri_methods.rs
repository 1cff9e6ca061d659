//! Esri's names of projections and of their parameters (as PROJ reads them: its `esri_mapping` tables).

use super::methods::{self as m, Kind, Method, ParameterOf};
use super::model::{Conversion, Parameter, Unit};
use super::registry::plain_name;
use std::borrow::Cow;

const ON_MERIDIAN: &[ParameterOf] = &[m::LONGITUDE, m::EASTING, m::NORTHING];
const AT_ORIGIN: &[ParameterOf] = &[m::LATITUDE, m::LONGITUDE, m::EASTING, m::NORTHING];
const WITH_PARALLEL: &[ParameterOf] = &[m::LONGITUDE, m::PARALLEL_1, m::EASTING, m::NORTHING];
const SATELLITE: &[ParameterOf] = &[m::LONGITUDE, m::SATELLITE_HEIGHT, m::EASTING, m::NORTHING];
const KROVAK: &[ParameterOf] =
    &[m::CENTRE_LATITUDE, m::ORIGIN_LONGITUDE, m::CO_LATITUDE, m::PSEUDO_PARALLEL, m::PSEUDO_PARALLEL_SCALE, m::EASTING, m::NORTHING];
const TWO_POINTS: &[ParameterOf] =
    &[m::POINT_1_LATITUDE, m::POINT_1_LONGITUDE, m::POINT_2_LATITUDE, m::POINT_2_LONGITUDE, m::EASTING, m::NORTHING];
const HOTINE_TWO_POINTS: &[ParameterOf] = &[
    m::CENTRE_LATITUDE,
    m::POINT_1_LATITUDE,
    m::POINT_1_LONGITUDE,
    m::POINT_2_LATITUDE,
    m::POINT_2_LONGITUDE,
    m::CENTRE_SCALE,
    m::CENTRE_EASTING,
    m::CENTRE_NORTHING,
];

const fn registered(name: &'static str, epsg: u32, parameters: &'static [ParameterOf]) -> Method {
    Method { name, epsg: Some(epsg), parameters }
}

/// Projections of one meaning, by Esri's name.
static METHODS: &[(&str, Method)] = &[
    ("Aitoff", m::unregistered("Aitoff", ON_MERIDIAN)),
    ("Albers", m::ALBERS),
    ("Azimuthal_Equidistant", m::AZIMUTHAL_EQUIDISTANT),
    ("Behrmann", m::LAMBERT_CYLINDRICAL),
    ("Bonne", registered("Bonne", 9827, AT_ORIGIN)),
    ("Cassini", m::CASSINI_SOLDNER),
    ("Compact_Miller", m::unregistered("Compact Miller", ON_MERIDIAN)),
    ("Craster_Parabolic", m::unregistered("Craster Parabolic", ON_MERIDIAN)),
    ("Cylindrical_Equal_Area", m::LAMBERT_CYLINDRICAL),
    ("Double_Stereographic", m::OBLIQUE_STEREOGRAPHIC),
    ("Eckert_I", m::unregistered("Eckert I", ON_MERIDIAN)),
    ("Eckert_II", m::unregistered("Eckert II", ON_MERIDIAN)),
    ("Eckert_III", m::unregistered("Eckert III", ON_MERIDIAN)),
    ("Eckert_IV", m::unregistered("Eckert IV", ON_MERIDIAN)),
    ("Eckert_V", m::unregistered("Eckert V", ON_MERIDIAN)),
    ("Eckert_VI", m::unregistered("Eckert VI", ON_MERIDIAN)),
    ("Equal_Earth", registered("Equal Earth", 1078, ON_MERIDIAN)),
    ("Equidistant_Conic", m::EQUIDISTANT_CONIC),
    ("Equidistant_Cylindrical", m::EQUIDISTANT_CYLINDRICAL),
    ("Flat_Polar_Quartic", m::unregistered("Flat Polar Quartic", ON_MERIDIAN)),
    ("Gall_Stereographic", m::unregistered("Gall Stereographic", ON_MERIDIAN)),
    ("Gauss_Kruger", m::TRANSVERSE_MERCATOR),
    ("Gnomonic", m::GNOMONIC),
    ("Hotine_Oblique_Mercator_Azimuth_Center", m::HOTINE_B),
    ("Hotine_Oblique_Mercator_Azimuth_Natural_Origin", m::HOTINE_A),
    (
        "Hotine_Oblique_Mercator_Two_Point_Natural_Origin",
        m::unregistered("Hotine Oblique Mercator Two Point Natural Origin", HOTINE_TWO_POINTS),
    ),
    ("IGAC_Plano_Cartesiano", registered("Colombia Urban", 1052, &[m::LATITUDE, m::LONGITUDE, m::EASTING, m::NORTHING, m::PLANE_HEIGHT])),
    ("Laborde_Oblique_Mercator", m::LABORDE),
    ("Lambert_Azimuthal_Equal_Area", m::LAMBERT_AZIMUTHAL),
    ("Lambert_Conformal_Conic_2SP_Belgium", registered("Lambert Conic Conformal (2SP Belgium)", 9803, m::CONIC)),
    (
        "Local",
        registered(
            "Local Orthographic",
            1130,
            &[m::CENTRE_LATITUDE, m::CENTRE_LONGITUDE, m::CENTRE_AZIMUTH, m::CENTRE_SCALE, m::CENTRE_EASTING, m::CENTRE_NORTHING],
        ),
    ),
    ("Loximuthal", m::unregistered("Loximuthal", AT_ORIGIN)),
    ("Mercator", m::MERCATOR_B),
    ("Mercator_Auxiliary_Sphere", m::PSEUDO_MERCATOR),
    ("Miller_Cylindrical", m::MILLER),
    ("Mollweide", m::unregistered("Mollweide", ON_MERIDIAN)),
    ("Natural_Earth", m::unregistered("Natural Earth", ON_MERIDIAN)),
    ("Natural_Earth_II", m::unregistered("Natural Earth II", ON_MERIDIAN)),
    ("New_Zealand_Map_Grid", m::NEW_ZEALAND_MAP_GRID),
    ("Orthographic", m::ORTHOGRAPHIC),
    ("Patterson", m::unregistered("Patterson", ON_MERIDIAN)),
    ("Plate_Carree", m::EQUIDISTANT_CYLINDRICAL),
    ("Polyconic", m::AMERICAN_POLYCONIC),
    ("Quadrilateralized_Spherical_Cube", m::unregistered("Quadrilateralized Spherical Cube", AT_ORIGIN)),
    ("Quartic_Authalic", m::unregistered("Quartic Authalic", ON_MERIDIAN)),
    ("Rectified_Skew_Orthomorphic_Center", m::HOTINE_B),
    ("Rectified_Skew_Orthomorphic_Natural_Origin", m::HOTINE_A),
    ("Robinson", m::ROBINSON),
    ("Sinusoidal", m::SINUSOIDAL),
    (
        "Spherical_Cross_Track_Height",
        m::unregistered("Spherical Cross-Track Height", &[m::PEG_LATITUDE, m::PEG_LONGITUDE, m::PEG_HEADING, m::PEG_HEIGHT]),
    ),
    ("Stereographic", m::STEREOGRAPHIC),
    ("Stereographic_North_Pole", m::POLAR_STEREOGRAPHIC_B),
    ("Stereographic_South_Pole", m::POLAR_STEREOGRAPHIC_B),
    ("Times", m::unregistered("Times", ON_MERIDIAN)),
    ("Transverse_Mercator", m::TRANSVERSE_MERCATOR),
    ("Transverse_Mercator_South_Orientated", m::TRANSVERSE_MERCATOR_SOUTH),
    ("Two_Point_Equidistant", m::unregistered("Two Point Equidistant", TWO_POINTS)),
    ("Van_der_Grinten_I", m::VAN_DER_GRINTEN),
    (
        "Vertical_Near_Side_Perspective",
        registered(
            "Vertical Perspective",
            9838,
            &[m::TOPOCENTRIC_LATITUDE, m::TOPOCENTRIC_LONGITUDE, m::VIEWPOINT_HEIGHT, m::EASTING, m::NORTHING],
        ),
    ),
    ("Wagner_I", m::unregistered("Wagner I", ON_MERIDIAN)),
    ("Wagner_II", m::unregistered("Wagner II", ON_MERIDIAN)),
    ("Wagner_III", m::unregistered("Wagner III", &[m::TRUE_SCALE_LATITUDE, m::LONGITUDE, m::EASTING, m::NORTHING])),
    ("Wagner_IV", m::unregistered("Wagner IV", ON_MERIDIAN)),
    ("Wagner_V", m::unregistered("Wagner V", ON_MERIDIAN)),
    ("Wagner_VI", m::unregistered("Wagner VI", ON_MERIDIAN)),
    ("Wagner_VII", m::unregistered("Wagner VII", ON_MERIDIAN)),
    ("Winkel_I", m::unregistered("Winkel I", WITH_PARALLEL)),
    ("Winkel_II", m::unregistered("Winkel II", WITH_PARALLEL)),
    ("Winkel_Tripel", m::unregistered("Winkel Tripel", WITH_PARALLEL)),
];

/// Projections that a parameter tells apart, and their methods by its value.
static CHOICES: &[(&str, &[Method])] = &[
    (
        "Geostationary_Satellite",
        &[m::unregistered("Geostationary Satellite (Sweep Y)", SATELLITE), m::unregistered("Geostationary Satellite (Sweep X)", SATELLITE)],
    ),
    (
        "Goode_Homolosine",
        &[
            m::unregistered("Goode Homolosine", ON_MERIDIAN),
            m::unregistered("Interrupted Goode Homolosine", ON_MERIDIAN),
            m::unregistered("Interrupted Goode Homolosine Ocean", ON_MERIDIAN),
        ],
    ),
    ("Lambert_Conformal_Conic", &[m::LAMBERT_CONIC_1SP, m::LAMBERT_CONIC_2SP]),
    ("Krovak", &[registered("Krovak", 9819, KROVAK), registered("Krovak (North Orientated)", 1041, KROVAK)]),
];

/// The conversion that `PROJECTION[name]` and its parameters mean. A parameter that is missing is 0, a scale 1. A projection of another name
/// is kept as it is written, without a code, as PROJ does.
pub(super) fn conversion(name: &str, parameters: &[(String, f64)], angle: &Unit, length: &Unit) -> Conversion {
    let parameters: Vec<(String, &str, f64)> = parameters.iter().map(|(n, value)| (plain_name(n), n.as_str(), *value)).collect();
    let value = |name: &str| {
        let plain = plain_name(name);
        parameters.iter().find(|(n, ..)| *n == plain).map(|(.., value)| *value)
    };
    let unit = |kind| match kind {
        Kind::Angle => angle.clone(),
        Kind::Length => length.clone(),
        Kind::Scale => Unit::UNITY,
    };
    let Some(method) = find(name, &value) else {
        let as_written = parameters.iter().map(|(plain, name, value)| Parameter {
            name: Cow::Owned((*name).to_owned()),
            value: *value,
            unit: unit(kind_by_name(plain)),
            epsg: None,
        });
        let (method, parameters) = (Cow::Owned(name.to_owned()), as_written.collect());
        return Conversion { name: Cow::Borrowed("unnamed"), method, method_epsg: None, parameters, epsg: None };
    };
    let values = method.parameters.iter().map(|parameter| {
        let given = value(parameter.0).or_else(|| esri_names(parameter).iter().find_map(|name| value(name)));
        given.unwrap_or(if parameter.2 == Kind::Scale { 1.0 } else { 0.0 })
    });
    let values: Vec<f64> = values.collect();
    let mut conversion = m::conversion(method, &values, angle);
    for (parameter, (.., kind)) in conversion.parameters.iter_mut().zip(method.parameters) {
        parameter.unit = unit(*kind);
    }
    conversion
}

/// What a parameter of an unknown projection measures.
fn kind_by_name(plain: &str) -> Kind {
    if plain.contains("scale") {
        Kind::Scale
    } else if ["easting", "northing", "height"].iter().any(|word| plain.contains(word)) {
        Kind::Length
    } else {
        Kind::Angle
    }
}

fn find(name: &str, value: &dyn Fn(&str) -> Option<f64>) -> Option<&'static Method> {
    let is = |esri: &str| esri.eq_ignore_ascii_case(name);
    if let Some((_, method)) = METHODS.iter().find(|(esri, _)| is(esri)) {
        return Some(method);
    }
    let (esri, methods) = CHOICES.iter().find(|(esri, _)| is(esri))?;
    let choice = match *esri {
        "Lambert_Conformal_Conic" => usize::from(value("standard_parallel_2").is_some()),
        "Krovak" => usize::from(value("x_scale") == Some(-1.0)),
        _ => value("option").unwrap_or(0.0) as usize,
    };
    methods.get(choice)
}

/// What Esri calls a parameter; the first that is there counts.
fn esri_names(parameter: &ParameterOf) -> &'static [&'static str] {
    const LATITUDE_OF_CENTER: &[&str] = &["latitude_of_center", "latitude_of_origin"];
    const LONGITUDE_OF_CENTER: &[&str] = &["longitude_of_center", "central_meridian"];
    match parameter.1 {
        Some(8801 | 8821) => &["latitude_of_origin", "latitude_of_center", "central_parallel", "standard_parallel_1"],
        Some(8802 | 8822) => &["central_meridian", "longitude_of_center", "longitude_of_origin"],
        Some(8805 | 8815 | 8819) => &["scale_factor"],
        Some(8806 | 8816 | 8826) => &["false_easting"],
        Some(8807 | 8817 | 8827) => &["false_northing"],
        Some(8811 | 8834) => LATITUDE_OF_CENTER,
        Some(8812 | 8833 | 8835) => LONGITUDE_OF_CENTER,
        Some(8813 | 1036) => &["azimuth"],
        // Where the skew has no parameter of its own it is the azimuth.
        Some(8814) => &["xy_plane_rotation", "azimuth"],
        Some(8818) => &["pseudo_standard_parallel_1"],
        Some(8823 | 8832) => &["standard_parallel_1"],
        Some(8824) => &["standard_parallel_2"],
        Some(1039 | 8840) => &["height"],
        _ => match parameter.0 {
            "Satellite Height" => &["height", "satellite_height"],
            "Latitude of 1st point" => &["latitude_of_1st_point"],
            "Longitude of 1st point" => &["longitude_of_1st_point"],
            "Latitude of 2nd point" => &["latitude_of_2nd_point"],
            "Longitude of 2nd point" => &["longitude_of_2nd_point"],
            "Latitude of true scale" => &["latitude_of_origin"],
            "Peg point latitude" => &["peg_point_latitude"],
            "Peg point longitude" => &["peg_point_longitude"],
            "Peg point heading" => &["peg_point_heading"],
            "Peg point height" => &["peg_point_height"],
            _ => &[],
        },
    }
}
