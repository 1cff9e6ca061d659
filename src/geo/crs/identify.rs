//! The EPSG code of a CRS that was not given by one: the registered CRS that is the same but for its names.
//!
//! This is the part of PROJ's `identify` that `rasterio.crs.CRS.to_epsg()` accepts (a confidence of 70 and more: the same datum, projection,
//! numbers and axes). Weaker likenesses, such as the same ellipsoid under another datum, are no code.

use super::model::{
    CompoundCrs, Conversion, CoordinateSystem, Crs, CsKind, Ellipsoid, GeodeticCrs, GeodeticDatum, Parameter, PrimeMeridian, ProjectedCrs,
    VerticalCrs,
};
use super::registry::{self, CrsKind, plain_name};

/// The code: the CRS's own, or that of an equal one.
pub(super) fn epsg(crs: &Crs) -> Option<u32> {
    crs.epsg().or_else(|| match crs {
        Crs::Geographic(crs) | Crs::Geocentric(crs) => geodetic(crs),
        Crs::Projected(crs) => projected(crs),
        Crs::Compound(crs) => compound(crs),
        Crs::Bound(crs) => epsg(&crs.source),
        Crs::Vertical(_) | Crs::Engineering(_) => None,
    })
}

fn geodetic(crs: &GeodeticCrs) -> Option<u32> {
    let same = |code: &u32| registry::geodetic(*code).is_some_and(|other| same_geodetic(crs, &other));
    best(CrsKind::Geodetic, &crs.name, same)
}

fn projected(crs: &ProjectedCrs) -> Option<u32> {
    let same = |code: &u32| {
        registry::method_of(*code) == crs.conversion.method_epsg && registry::projected(*code).is_some_and(|other| like(crs, &other))
    };
    best(CrsKind::Projected, &crs.name, same)
}

/// The same, or with easting and northing in the other order, or of a datum that has no name to compare by (then the ellipsoid decides).
fn like(a: &ProjectedCrs, b: &ProjectedCrs) -> bool {
    let name = a.base.datum.name.to_ascii_lowercase();
    let unnamed = name == "unnamed" || name.starts_with("unknown");
    let mut swapped = b.cs.clone();
    swapped.axes.swap(0, 1);
    let same_datum =
        if unnamed { same_ellipsoid(&a.base.datum.ellipsoid, &b.base.datum.ellipsoid) } else { same_datum(&a.base.datum, &b.base.datum) };
    same_datum && same_conversion(&a.conversion, &b.conversion) && (same_cs(&a.cs, &b.cs) || !unnamed && same_cs(&a.cs, &swapped))
}

fn compound(crs: &CompoundCrs) -> Option<u32> {
    let same = |code: &u32| {
        registry::compound(*code).is_some_and(|other| {
            let horizontal = match (&crs.horizontal, &other.horizontal) {
                (Crs::Projected(a), Crs::Projected(b)) => same_projected(a, b),
                (Crs::Geographic(a), Crs::Geographic(b)) => same_geodetic(a, b),
                _ => false,
            };
            horizontal && same_vertical(&crs.vertical, &other.vertical)
        })
    };
    registry::valid_codes(CrsKind::Compound).find(same)
}

/// Of equal CRSs the one of the very name, deprecated or not; else, of those that are valid, one of nearly the name; else the first by name.
fn best(kind: CrsKind, name: &str, same: impl Fn(&u32) -> bool) -> Option<u32> {
    if let Some(code) = registry::codes_named(kind, name).find(&same) {
        return Some(code);
    }
    let plain = plain_name(name);
    let mut found: Vec<(bool, &str, u32)> = Vec::new();
    for code in registry::valid_codes(kind).filter(&same) {
        let other = registry::name_of(kind, code).unwrap_or_default();
        found.push((plain_name(other) != plain, other, code));
    }
    found.into_iter().min().map(|(.., code)| code)
}

/// Numbers that PROJ takes for equal.
fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-10 * b.abs() || (a - b).abs() < 1e-15
}

/// The same datum and axes; latitude and longitude may stand in either order.
pub(super) fn same_geodetic(a: &GeodeticCrs, b: &GeodeticCrs) -> bool {
    let mut swapped = b.cs.clone();
    if swapped.kind == CsKind::Ellipsoidal && swapped.axes.len() >= 2 {
        swapped.axes.swap(0, 1);
    }
    same_datum(&a.datum, &b.datum) && (same_cs(&a.cs, &b.cs) || same_cs(&a.cs, &swapped))
}

/// The same projection of the same datum on the same axes.
pub(super) fn same_projected(a: &ProjectedCrs, b: &ProjectedCrs) -> bool {
    same_cs(&a.cs, &b.cs) && same_conversion(&a.conversion, &b.conversion) && same_datum(&a.base.datum, &b.base.datum)
}

fn same_vertical(a: &VerticalCrs, b: &VerticalCrs) -> bool {
    let same_datum = if a.datum.epsg.is_some() && b.datum.epsg.is_some() {
        a.datum.epsg == b.datum.epsg
    } else {
        plain_name(&a.datum.name) == plain_name(&b.datum.name)
    };
    same_datum && same_cs(&a.cs, &b.cs)
}

fn same_datum(a: &GeodeticDatum, b: &GeodeticDatum) -> bool {
    let same_name = || {
        plain_name(&a.name) == plain_name(&b.name)
            || b.epsg.is_some() && [a.epsg, registry::geodetic_datum_by_name(&a.name)].contains(&b.epsg)
    };
    same_ellipsoid(&a.ellipsoid, &b.ellipsoid) && same_meridian(&a.prime_meridian, &b.prime_meridian) && same_name()
}

fn same_ellipsoid(a: &Ellipsoid, b: &Ellipsoid) -> bool {
    let ((a, fa), (b, fb)) = (a.numbers(), b.numbers());
    // As flattenings: an inverse one of a semi-minor axis has few digits.
    let flattening = |inverse: f64| if inverse == 0.0 { 0.0 } else { 1.0 / inverse };
    close(a, b) && (flattening(fa) - flattening(fb)).abs() < 1e-10
}

fn same_meridian(a: &PrimeMeridian, b: &PrimeMeridian) -> bool {
    close(a.longitude * a.unit.factor, b.longitude * b.unit.factor)
}

fn same_cs(a: &CoordinateSystem, b: &CoordinateSystem) -> bool {
    let same_axes = a.axes.iter().zip(&b.axes).all(|(a, b)| a.direction == b.direction && close(a.unit.factor, b.unit.factor));
    a.kind == b.kind && a.axes.len() == b.axes.len() && same_axes
}

fn same_conversion(a: &Conversion, b: &Conversion) -> bool {
    let same = |a: &Parameter| {
        let other = b.parameters.iter().find(|b| b.epsg == a.epsg && b.epsg.is_some());
        other.is_some_and(|b| close(a.value * a.unit.factor, b.value * b.unit.factor))
    };
    a.method_epsg == b.method_epsg && a.parameters.len() == b.parameters.len() && a.parameters.iter().all(same)
}
