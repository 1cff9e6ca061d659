//! Objects of the EPSG register by their codes.
//!
//! What PROJ makes of the register is followed where that is not plain: sexagesimal degrees are degrees (done when the tables are made),
//! and the units of degree with a representation (9108 and the like) are degrees.

use super::model::{
    Axis, CompoundCrs, Conversion, CoordinateSystem, Crs, CsKind, Ellipsoid, Frame, GeodeticCrs, GeodeticDatum, Parameter, PrimeMeridian,
    ProjectedCrs, Quantity, Shape, Text, Unit, VerticalCrs, VerticalDatum,
};
use super::tables::{Fields, Table, fields, record, records};
use std::borrow::Cow;

/// The CRS of any kind with this code.
pub(crate) fn crs(code: u32) -> Option<Crs> {
    projected(code)
        .map(Crs::Projected)
        .or_else(|| geodetic(code).map(|crs| if is_geocentric(&crs) { Crs::Geocentric(crs) } else { Crs::Geographic(crs) }))
        .or_else(|| vertical(code).map(Crs::Vertical))
        .or_else(|| compound(code).map(|crs| Crs::Compound(Box::new(crs))))
}

fn is_geocentric(crs: &GeodeticCrs) -> bool {
    crs.cs.kind == CsKind::Cartesian
}

pub(crate) fn unit(code: u32) -> Option<Unit> {
    let mut f = record(Table::Unit, code)?;
    let name = text(&mut f)?;
    let quantity = match f.next()? {
        "l" => Quantity::Length,
        "a" => Quantity::Angle,
        "s" => Quantity::Scale,
        _ => Quantity::Time,
    };
    Some(Unit { name, quantity, factor: number(&mut f)?, epsg: Some(code) })
}

pub(crate) fn ellipsoid(code: u32) -> Option<Ellipsoid> {
    let mut f = record(Table::Ellipsoid, code)?;
    let name = text(&mut f)?;
    let semi_major_axis = number(&mut f)?;
    let unit = unit(int(&mut f)?)?;
    let shape = match f.next()? {
        "" => Shape::SemiMinorAxis(number(&mut f)?),
        inverse => Shape::InverseFlattening(inverse.parse().ok()?),
    };
    Some(Ellipsoid { name, semi_major_axis, shape, unit, epsg: Some(code) })
}

pub(crate) fn prime_meridian(code: u32) -> Option<PrimeMeridian> {
    let mut f = record(Table::PrimeMeridian, code)?;
    Some(PrimeMeridian { name: text(&mut f)?, longitude: number(&mut f)?, unit: unit(int(&mut f)?)?, epsg: Some(code) })
}

pub(crate) fn geodetic_datum(code: u32) -> Option<GeodeticDatum> {
    let mut f = record(Table::GeodeticDatum, code)?;
    let name = text(&mut f)?;
    let ellipsoid = ellipsoid(int(&mut f)?)?;
    let prime_meridian = prime_meridian(int(&mut f)?)?;
    Some(GeodeticDatum { name, frame: frame(f, Table::GeodeticDatum)?, ellipsoid, prime_meridian, epsg: Some(code) })
}

pub(crate) fn vertical_datum(code: u32) -> Option<VerticalDatum> {
    let mut f = record(Table::VerticalDatum, code)?;
    Some(VerticalDatum { name: text(&mut f)?, frame: frame(f, Table::VerticalDatum)?, epsg: Some(code) })
}

/// The last three fields of a datum: epoch, accuracy, members.
fn frame(mut f: Fields, table: Table) -> Option<Frame> {
    let (epoch, accuracy) = (f.next().unwrap_or_default(), f.next().unwrap_or_default());
    if let Ok(accuracy) = accuracy.parse() {
        let codes = f.next()?.split(',').filter_map(|code| code.parse().ok());
        let members = codes.filter_map(|code: u32| Some((text(&mut record(table, code)?)?, code)));
        return Some(Frame::Ensemble(members.collect(), accuracy));
    }
    Some(epoch.parse().map_or(Frame::Static, Frame::Dynamic))
}

pub(crate) fn coordinate_system(code: u32) -> Option<CoordinateSystem> {
    let mut f = record(Table::CoordinateSystem, code)?;
    let kind = match f.next()? {
        "C" => CsKind::Cartesian,
        "e" => CsKind::Ellipsoidal,
        "v" => CsKind::Vertical,
        _ => return None,
    };
    let mut axes = Vec::new();
    while let Some(name) = text(&mut f) {
        let abbreviation = text(&mut f)?;
        let (direction, meridian) = direction(f.next()?)?;
        axes.push(Axis { name, abbreviation, direction, meridian, unit: unit(int(&mut f)?)? });
    }
    Some(CoordinateSystem { kind, axes })
}

/// `South along 90°E` points to the south along a meridian; a plain direction is WKT's own word.
fn direction(orientation: &'static str) -> Option<(Text, Option<f64>)> {
    let Some((towards, meridian)) = orientation.split_once(" along ") else { return Some((Cow::Borrowed(orientation), None)) };
    let (degrees, side) = meridian.split_once('°')?;
    let degrees: f64 = degrees.parse().ok()?;
    let towards = if towards == "South" { "south" } else { "north" };
    Some((Cow::Borrowed(towards), Some(if side == "W" { -degrees } else { degrees })))
}

pub(crate) fn method_name(code: u32) -> Option<Text> {
    text(&mut record(Table::Method, code)?)
}

pub(crate) fn parameter_name(code: u32) -> Option<Text> {
    text(&mut record(Table::Parameter, code)?)
}

pub(crate) fn conversion(code: u32) -> Option<Conversion> {
    let mut f = record(Table::Conversion, code)?;
    let name = text(&mut f)?;
    let method_code = int(&mut f)?;
    let mut parameters = Vec::new();
    while let Some(parameter) = int(&mut f) {
        let (value, unit) = (number(&mut f)?, unit(int(&mut f)?)?);
        parameters.push(Parameter { name: parameter_name(parameter)?, value, unit, epsg: Some(parameter) });
    }
    Some(Conversion { name, method: method_name(method_code)?, method_epsg: Some(method_code), parameters, epsg: Some(code) })
}

pub(crate) fn geodetic(code: u32) -> Option<GeodeticCrs> {
    let mut f = record(Table::GeodeticCrs, code)?;
    let name = text(&mut f)?;
    let cs = coordinate_system(int(&mut f)?)?;
    Some(GeodeticCrs { name, cs, datum: geodetic_datum(int(&mut f)?)?, epsg: Some(code) })
}

pub(crate) fn projected(code: u32) -> Option<ProjectedCrs> {
    let mut f = record(Table::ProjectedCrs, code)?;
    let name = text(&mut f)?;
    let cs = coordinate_system(int(&mut f)?)?;
    let base = geodetic(int(&mut f)?)?;
    Some(ProjectedCrs { name, base, conversion: conversion(int(&mut f)?)?, cs, epsg: Some(code) })
}

pub(crate) fn vertical(code: u32) -> Option<VerticalCrs> {
    let mut f = record(Table::VerticalCrs, code)?;
    let name = text(&mut f)?;
    let cs = coordinate_system(int(&mut f)?)?;
    Some(VerticalCrs { name, cs, datum: vertical_datum(int(&mut f)?)?, epsg: Some(code) })
}

pub(crate) fn compound(code: u32) -> Option<CompoundCrs> {
    let mut f = record(Table::CompoundCrs, code)?;
    let name = text(&mut f)?;
    let horizontal = int(&mut f)?;
    let horizontal = projected(horizontal).map(Crs::Projected).or_else(|| geodetic(horizontal).map(Crs::Geographic))?;
    Some(CompoundCrs { name, horizontal, vertical: vertical(int(&mut f)?)?, epsg: Some(code) })
}

/// The code that GDAL reads for a code: that of the CRS which replaces a deprecated one, where there is just one.
fn current(table: Table, code: u32) -> Option<u32> {
    let replacement = record(table, code)?.nth(if table == Table::ProjectedCrs { 4 } else { 3 });
    Some(replacement.and_then(|code| code.parse().ok()).unwrap_or(code))
}

pub(crate) fn current_projected(code: u32) -> Option<ProjectedCrs> {
    projected(current(Table::ProjectedCrs, code)?)
}

pub(crate) fn current_geodetic(code: u32) -> Option<GeodeticCrs> {
    geodetic(current(Table::GeodeticCrs, code)?)
}

pub(crate) fn current_vertical(code: u32) -> Option<VerticalCrs> {
    vertical(current(Table::VerticalCrs, code)?)
}

/// A kind's table and the place of the field that says whether a CRS is deprecated.
fn table_of(kind: CrsKind) -> (Table, usize) {
    match kind {
        CrsKind::Geodetic => (Table::GeodeticCrs, 3),
        CrsKind::Projected => (Table::ProjectedCrs, 4),
        CrsKind::Compound => (Table::CompoundCrs, 3),
    }
}

/// The codes of a table's CRSs that are not deprecated.
pub(crate) fn valid_codes(kind: CrsKind) -> impl Iterator<Item = u32> {
    let (table, at) = table_of(kind);
    records(table).iter().filter(move |(_, line)| fields(line).nth(at).is_none()).map(|r| r.0)
}

/// The codes of the CRSs with this very name, deprecated ones too.
pub(crate) fn codes_named(kind: CrsKind, name: &str) -> impl Iterator<Item = u32> {
    records(table_of(kind).0).iter().filter(move |(_, line)| fields(line).next() == Some(name)).map(|r| r.0)
}

pub(crate) fn name_of(kind: CrsKind, code: u32) -> Option<&'static str> {
    record(table_of(kind).0, code)?.next()
}

/// Tables of CRSs that are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CrsKind {
    Geodetic,
    Projected,
    Compound,
}

/// The method of a projected CRS's conversion, without building either.
pub(crate) fn method_of(projected: u32) -> Option<u32> {
    let conversion = record(Table::ProjectedCrs, projected)?.nth(3)?.parse().ok()?;
    record(Table::Conversion, conversion)?.nth(1)?.parse().ok()
}

/// The conversion of a projected CRS, without building the rest.
pub(crate) fn conversion_of(projected: u32) -> Option<Conversion> {
    conversion(record(Table::ProjectedCrs, projected)?.nth(3)?.parse().ok()?)
}

/// The compound CRS of two codes.
pub(crate) fn compound_of(horizontal: u32, vertical: u32) -> Option<CompoundCrs> {
    let parts = [horizontal, vertical].map(|code| code.to_string());
    let is = |code: &u32| record(Table::CompoundCrs, *code).is_some_and(|f| f.skip(1).take(2).eq(parts.iter().map(String::as_str)));
    valid_codes(CrsKind::Compound).find(is).and_then(compound)
}

/// A datum that moves with the plates, or an ensemble with such a member.
pub(crate) fn is_dynamic(datum: &GeodeticDatum) -> bool {
    match &datum.frame {
        Frame::Static => false,
        Frame::Dynamic(_) => true,
        Frame::Ensemble(members, _) => {
            members.iter().any(|(_, code)| geodetic_datum(*code).is_some_and(|member| matches!(member.frame, Frame::Dynamic(_))))
        }
    }
}

/// A datum's name without the word for an ensemble, which a static datum of these two is called by in PROJ.
pub(crate) fn static_name(name: Text) -> Text {
    match name.strip_suffix(" ensemble") {
        Some(short) if short.starts_with("World Geodetic System 1984") || short.starts_with("European Terrestrial Reference System") => {
            Cow::Owned(short.to_owned())
        }
        _ => name,
    }
}

/// Names without what PROJ's comparison skips: case, blanks, `_`, `-`, `/`, parentheses; and the D_ and GCS_ that Esri puts before them.
pub(crate) fn plain_name(name: &str) -> String {
    let name = name.strip_suffix(" ensemble").unwrap_or(name);
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '/' | '(' | ')' | '.' | ',' | '&')).flat_map(char::to_lowercase).collect()
}

/// The code of the object of this name or alias in one of these tables.
fn by_name(table: Table, aliases: Table, name: &str) -> Option<u32> {
    let plain = plain_name(name);
    let find = |table| {
        let found = records(table).iter().find(|(_, line)| fields(line).next().is_some_and(|n| plain_name(n) == plain));
        found.map(|(code, _)| *code)
    };
    find(table).or_else(|| find(aliases))
}

/// The datum that has this name in the register, or that other software calls so (D_WGS_1984).
pub(crate) fn geodetic_datum_by_name(name: &str) -> Option<u32> {
    by_name(Table::GeodeticDatum, Table::GeodeticDatumAlias, name)
}

/// As [`geodetic_datum_by_name`].
pub(crate) fn ellipsoid_by_name(name: &str) -> Option<u32> {
    by_name(Table::Ellipsoid, Table::EllipsoidAlias, name)
}

/// As [`geodetic_datum_by_name`].
pub(crate) fn geodetic_crs_by_name(name: &str) -> Option<u32> {
    by_name(Table::GeodeticCrs, Table::GeodeticCrsAlias, name)
}

/// The vertical CRSs of this name.
pub(crate) fn vertical_by_name(name: &str) -> impl Iterator<Item = u32> {
    let plain = plain_name(name);
    let named = move |line: &&(u32, &'static str)| fields(line.1).next().is_some_and(|n| plain_name(n) == plain);
    records(Table::VerticalCrs).iter().filter(named).map(|r| r.0)
}

fn text(f: &mut Fields) -> Option<Text> {
    f.next().map(Cow::Borrowed)
}

fn int(f: &mut Fields) -> Option<u32> {
    f.next()?.parse().ok()
}

fn number(f: &mut Fields) -> Option<f64> {
    f.next()?.parse().ok()
}
