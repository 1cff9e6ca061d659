//! Coordinate systems that no code gives, with the axes that GDAL sets.

use super::model::{Axis, CoordinateSystem, CsKind, Text, Unit};
use std::borrow::Cow;

fn axis(name: &'static str, abbreviation: &'static str, direction: &'static str, unit: &Unit) -> Axis {
    let text = |text: &'static str| -> Text { Cow::Borrowed(text) };
    Axis { name: text(name), abbreviation: text(abbreviation), direction: text(direction), meridian: None, unit: unit.clone() }
}

pub(super) fn east_north(unit: &Unit) -> CoordinateSystem {
    let axes = vec![axis("Easting", "E", "east", unit), axis("Northing", "N", "north", unit)];
    CoordinateSystem { kind: CsKind::Cartesian, axes }
}

pub(super) fn west_south(unit: &Unit) -> CoordinateSystem {
    let axes = vec![axis("Westing", "Y", "west", unit), axis("Southing", "X", "south", unit)];
    CoordinateSystem { kind: CsKind::Cartesian, axes }
}

/// Around the north pole both axes go south, along 90° E and 180° E; around the south pole north, along 90° E and 0° E.
pub(super) fn around_pole(north: bool, unit: &Unit) -> CoordinateSystem {
    let (direction, second) = if north { ("south", 180.0) } else { ("north", 0.0) };
    let along = |meridian, axis| Axis { meridian: Some(meridian), ..axis };
    let axes = vec![along(90.0, axis("Easting", "E", direction, unit)), along(second, axis("Northing", "N", direction, unit))];
    CoordinateSystem { kind: CsKind::Cartesian, axes }
}

pub(super) fn latitude_longitude(unit: &Unit) -> CoordinateSystem {
    let axes = vec![axis("Geodetic latitude", "Lat", "north", unit), axis("Geodetic longitude", "Lon", "east", unit)];
    CoordinateSystem { kind: CsKind::Ellipsoidal, axes }
}

pub(super) fn longitude_latitude(unit: &Unit) -> CoordinateSystem {
    let mut cs = latitude_longitude(unit);
    cs.axes.reverse();
    cs
}

pub(super) fn geocentric(unit: &Unit) -> CoordinateSystem {
    let axes = vec![
        axis("Geocentric X", "X", "geocentricX", unit),
        axis("Geocentric Y", "Y", "geocentricY", unit),
        axis("Geocentric Z", "Z", "geocentricZ", unit),
    ];
    CoordinateSystem { kind: CsKind::Cartesian, axes }
}

pub(super) fn up(unit: &Unit) -> CoordinateSystem {
    CoordinateSystem { kind: CsKind::Vertical, axes: vec![axis("Gravity-related height", "H", "up", unit)] }
}
