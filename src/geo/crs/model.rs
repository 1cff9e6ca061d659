//! A coordinate reference system as values: what the GeoKeys, the EPSG tables and Esri's texts are read into, and what the texts are
//! written from. The terms are those of ISO 19111 (OGC 18-005r5, Referencing by coordinates).
//!
//! `epsg` is everywhere the object's code in the EPSG register, where it has one.

use std::borrow::Cow;

/// A name: borrowed from the tables or read in the file.
pub(crate) type Text = Cow<'static, str>;

/// A coordinate reference system.
#[derive(Debug, Clone, PartialEq)]
pub enum Crs {
    /// Latitude and longitude, and in three dimensions the ellipsoidal height.
    Geographic(GeodeticCrs),
    /// X, Y and Z from the centre of the Earth.
    Geocentric(GeodeticCrs),
    /// A map projection of a geographic CRS.
    Projected(ProjectedCrs),
    /// Heights or depths.
    Vertical(VerticalCrs),
    /// A horizontal and a vertical CRS.
    Compound(Box<CompoundCrs>),
    /// A CRS and its transformation to WGS 84.
    Bound(Box<BoundCrs>),
    /// A local CRS, whose place on Earth is not known.
    Engineering(EngineeringCrs),
}

impl Crs {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Geographic(crs) | Self::Geocentric(crs) => &crs.name,
            Self::Projected(crs) => &crs.name,
            Self::Vertical(crs) => &crs.name,
            Self::Compound(crs) => &crs.name,
            Self::Bound(crs) => crs.source.name(),
            Self::Engineering(crs) => &crs.name,
        }
    }

    /// Its own code, where it was given by one; [`super::identify`] looks for that of an equal CRS.
    pub(crate) fn epsg(&self) -> Option<u32> {
        match self {
            Self::Geographic(crs) | Self::Geocentric(crs) => crs.epsg,
            Self::Projected(crs) => crs.epsg,
            Self::Vertical(crs) => crs.epsg,
            Self::Compound(crs) => crs.epsg,
            Self::Bound(_) | Self::Engineering(_) => None,
        }
    }
}

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    Length,
    Angle,
    Scale,
    Time,
}

/// A unit of measure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    pub(crate) name: Text,
    pub(crate) quantity: Quantity,
    /// Metres, radians or ones in one unit.
    pub(crate) factor: f64,
    pub(crate) epsg: Option<u32>,
}

impl Unit {
    pub(crate) const METRE: Self = Self { name: Cow::Borrowed("metre"), quantity: Quantity::Length, factor: 1.0, epsg: Some(9001) };
    pub(crate) const DEGREE: Self =
        Self { name: Cow::Borrowed("degree"), quantity: Quantity::Angle, factor: std::f64::consts::PI / 180.0, epsg: Some(9122) };
    pub(crate) const UNITY: Self = Self { name: Cow::Borrowed("unity"), quantity: Quantity::Scale, factor: 1.0, epsg: Some(9201) };
    pub(crate) const ARC_SECOND: Self =
        Self { name: Cow::Borrowed("arc-second"), quantity: Quantity::Angle, factor: std::f64::consts::PI / 648_000.0, epsg: Some(9104) };
    pub(crate) const PARTS_PER_MILLION: Self =
        Self { name: Cow::Borrowed("parts per million"), quantity: Quantity::Scale, factor: 1e-6, epsg: Some(9202) };
}

/// An ellipsoid's second number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    /// 0 for a sphere.
    InverseFlattening(f64),
    SemiMinorAxis(f64),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ellipsoid {
    pub(crate) name: Text,
    pub(crate) semi_major_axis: f64,
    pub(crate) shape: Shape,
    /// Of both axes.
    pub(crate) unit: Unit,
    pub(crate) epsg: Option<u32>,
}

impl Ellipsoid {
    /// The semi-major axis in metres and the inverse flattening, 0 for a sphere.
    pub(crate) fn numbers(&self) -> (f64, f64) {
        let inverse_flattening = match self.shape {
            Shape::InverseFlattening(f) => f,
            Shape::SemiMinorAxis(b) if b == self.semi_major_axis => 0.0,
            Shape::SemiMinorAxis(b) => self.semi_major_axis / (self.semi_major_axis - b),
        };
        (self.semi_major_axis * self.unit.factor, inverse_flattening)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PrimeMeridian {
    pub(crate) name: Text,
    /// East of Greenwich.
    pub(crate) longitude: f64,
    pub(crate) unit: Unit,
    pub(crate) epsg: Option<u32>,
}

/// How a datum is tied to the Earth.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Frame {
    Static,
    /// Moving with the plates; the coordinates hold at this epoch, a decimal year.
    Dynamic(f64),
    /// Several frames that are taken for one, to this many metres: their names and codes.
    Ensemble(Vec<(Text, u32)>, f64),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GeodeticDatum {
    pub(crate) name: Text,
    pub(crate) frame: Frame,
    pub(crate) ellipsoid: Ellipsoid,
    pub(crate) prime_meridian: PrimeMeridian,
    pub(crate) epsg: Option<u32>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VerticalDatum {
    pub(crate) name: Text,
    pub(crate) frame: Frame,
    pub(crate) epsg: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CsKind {
    Cartesian,
    Ellipsoidal,
    Vertical,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    pub(crate) name: Text,
    pub(crate) abbreviation: Text,
    /// WKT's word: east, north, up, geocentricX, ….
    pub(crate) direction: Text,
    /// The meridian (degrees east) along which an axis through a pole points north or south.
    pub(crate) meridian: Option<f64>,
    pub(crate) unit: Unit,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CoordinateSystem {
    pub(crate) kind: CsKind,
    pub(crate) axes: Vec<Axis>,
}

/// A geographic or geocentric CRS.
#[derive(Debug, Clone, PartialEq)]
pub struct GeodeticCrs {
    pub(crate) name: Text,
    pub(crate) datum: GeodeticDatum,
    pub(crate) cs: CoordinateSystem,
    pub(crate) epsg: Option<u32>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: Text,
    pub(crate) value: f64,
    pub(crate) unit: Unit,
    pub(crate) epsg: Option<u32>,
}

/// A map projection with its numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conversion {
    pub(crate) name: Text,
    pub(crate) method: Text,
    pub(crate) method_epsg: Option<u32>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) epsg: Option<u32>,
}

/// See [`Crs::Projected`].
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectedCrs {
    pub(crate) name: Text,
    pub(crate) base: GeodeticCrs,
    pub(crate) conversion: Conversion,
    pub(crate) cs: CoordinateSystem,
    pub(crate) epsg: Option<u32>,
}

/// See [`Crs::Vertical`].
#[derive(Debug, Clone, PartialEq)]
pub struct VerticalCrs {
    pub(crate) name: Text,
    pub(crate) datum: VerticalDatum,
    pub(crate) cs: CoordinateSystem,
    pub(crate) epsg: Option<u32>,
}

/// See [`Crs::Compound`].
#[derive(Debug, Clone, PartialEq)]
pub struct CompoundCrs {
    pub(crate) name: Text,
    pub(crate) horizontal: Crs,
    pub(crate) vertical: VerticalCrs,
    pub(crate) epsg: Option<u32>,
}

/// See [`Crs::Bound`].
#[derive(Debug, Clone, PartialEq)]
pub struct BoundCrs {
    pub(crate) source: Crs,
    /// Three translations in metres, three rotations (position vector) in arc-seconds, the scale difference in parts per million.
    pub(crate) to_wgs84: [f64; 7],
}

/// See [`Crs::Engineering`].
#[derive(Debug, Clone, PartialEq)]
pub struct EngineeringCrs {
    pub(crate) name: Text,
    pub(crate) cs: CoordinateSystem,
}
