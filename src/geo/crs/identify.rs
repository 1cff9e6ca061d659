//! The EPSG code of a CRS that was not given by one: the registered CRS that is the same but for its names.
//!
//! This is the part of PROJ's `identify` that `rasterio.crs.CRS.to_epsg()` accepts (a confidence of 70 and more: the same datum, projection,
//! numbers and axes). Weaker likenesses, such as the same ellipsoid under another datum, are no code.

use super::model::{
    CompoundCrs, Conversion, CoordinateSystem, Crs, CsKind, Ellipsoid, GeodeticCrs, GeodeticDatum, Parameter, PrimeMeridian, ProjectedCrs,
    VerticalCrs,
};
use super::registry::{self, CrsKind, plain_name};
use std::cell::LazyCell;

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
    let datum = Datum::new(&crs.datum);
    let same = |code: &u32| registry::geodetic(*code).is_some_and(|other| same_on_either_axes(crs, &other) && datum.is(&other.datum));
    best(CrsKind::Geodetic, &crs.name, same)
}

fn projected(crs: &ProjectedCrs) -> Option<u32> {
    let datum = Datum::new(&crs.base.datum);
    // Thousands of CRSs share a method, few a conversion: the others are not even built.
    let same = |code: &u32| {
        registry::method_of(*code) == crs.conversion.method_epsg
            && registry::conversion_of(*code).is_some_and(|other| same_conversion(&crs.conversion, &other))
            && registry::projected(*code).is_some_and(|other| like(crs, &other, &datum))
    };
    best(CrsKind::Projected, &crs.name, same)
}

/// The same, or with easting and northing in the other order, or of a datum that has no name to compare by (then the ellipsoid decides).
fn like(a: &ProjectedCrs, b: &ProjectedCrs, datum: &Datum) -> bool {
    let name = a.base.datum.name.to_ascii_lowercase();
    let unnamed = name == "unnamed" || name.starts_with("unknown");
    let mut swapped = b.cs.clone();
    swapped.axes.swap(0, 1);
    let same_datum = || {
        if unnamed { same_ellipsoid(&a.base.datum.ellipsoid, &b.base.datum.ellipsoid) } else { datum.is(&b.base.datum) }
    };
    (same_cs(&a.cs, &b.cs) || !unnamed && same_cs(&a.cs, &swapped)) && same_datum()
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
    same_on_either_axes(a, b) && Datum::new(&a.datum).is(&b.datum)
}

fn same_on_either_axes(a: &GeodeticCrs, b: &GeodeticCrs) -> bool {
    let mut swapped = b.cs.clone();
    if swapped.kind == CsKind::Ellipsoidal && swapped.axes.len() >= 2 {
        swapped.axes.swap(0, 1);
    }
    same_cs(&a.cs, &b.cs) || same_cs(&a.cs, &swapped)
}

/// The same projection of the same datum on the same axes.
pub(super) fn same_projected(a: &ProjectedCrs, b: &ProjectedCrs) -> bool {
    same_cs(&a.cs, &b.cs) && same_conversion(&a.conversion, &b.conversion) && Datum::new(&a.base.datum).is(&b.base.datum)
}

fn same_vertical(a: &VerticalCrs, b: &VerticalCrs) -> bool {
    let same_datum = if a.datum.epsg.is_some() && b.datum.epsg.is_some() {
        a.datum.epsg == b.datum.epsg
    } else {
        plain_name(&a.datum.name) == plain_name(&b.datum.name)
    };
    same_datum && same_cs(&a.cs, &b.cs)
}

/// A datum that others are compared with, and what is looked up of it once.
struct Datum<'a> {
    wanted: &'a GeodeticDatum,
    plain_name: LazyCell<String, Box<dyn FnOnce() -> String + 'a>>,
    code_by_name: LazyCell<Option<u32>, Box<dyn FnOnce() -> Option<u32> + 'a>>,
}

impl<'a> Datum<'a> {
    fn new(datum: &'a GeodeticDatum) -> Self {
        Self {
            wanted: datum,
            plain_name: LazyCell::new(Box::new(|| plain_name(&datum.name))),
            code_by_name: LazyCell::new(Box::new(|| registry::geodetic_datum_by_name(&datum.name))),
        }
    }

    fn is(&self, b: &GeodeticDatum) -> bool {
        let a = self.wanted;
        let same_code = || b.epsg.is_some() && (a.epsg == b.epsg || *self.code_by_name == b.epsg);
        let same_name = || *self.plain_name == plain_name(&b.name) || same_code();
        same_ellipsoid(&a.ellipsoid, &b.ellipsoid) && same_meridian(&a.prime_meridian, &b.prime_meridian) && same_name()
    }
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
