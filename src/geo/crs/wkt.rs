//! A CRS as WKT2:2019 (OGC 18-010r7, Well-known text representation of coordinate reference systems), on one line.
//!
//! Where the specification leaves a choice the text is as PROJ writes it: an axis is `easting (E)`, the prime meridian is always there.

use super::model::{
    Axis, BoundCrs, CompoundCrs, Conversion, CoordinateSystem, Crs, CsKind, Ellipsoid, EngineeringCrs, Frame, GeodeticCrs, GeodeticDatum,
    Parameter, PrimeMeridian, ProjectedCrs, Quantity, Unit, VerticalCrs,
};
use super::{to_wgs84, wgs84_of};
use std::fmt::Write as _;

/// The CRS as WKT2:2019.
pub(super) fn text(crs: &Crs) -> String {
    let mut out = String::new();
    node(crs).write(&mut out);
    out
}

/// A piece of WKT.
enum Node {
    /// `KEYWORD[…]`
    List(&'static str, Vec<Node>),
    Quoted(String),
    Number(f64),
    /// Without quotes: a direction, the kind of a coordinate system.
    Word(String),
}

impl Node {
    fn quoted(text: &str) -> Self {
        Self::Quoted(text.to_owned())
    }

    fn write(&self, out: &mut String) {
        // Writing to a String can't fail.
        match self {
            Self::Quoted(text) => {
                let _ = write!(out, "\"{}\"", text.replace('"', "\"\""));
            }
            Self::Number(value) => out.push_str(&number(*value)),
            Self::Word(word) => out.push_str(word),
            Self::List(keyword, nodes) => {
                let _ = write!(out, "{keyword}[");
                for (i, node) in nodes.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    node.write(out);
                }
                out.push(']');
            }
        }
    }
}

/// The shortest text that reads back as the same number (section 6.3, numbers).
fn number(value: f64) -> String {
    if value != 0.0 && !(1e-10..1e17).contains(&value.abs()) { format!("{value:E}") } else { format!("{value}") }
}

fn id(epsg: Option<u32>) -> Option<Node> {
    epsg.map(|code| Node::List("ID", vec![Node::quoted("EPSG"), Node::Number(f64::from(code))]))
}

/// Sections 7.4 to 7.8 and 14 to 16: a CRS of any kind.
fn node(crs: &Crs) -> Node {
    match crs {
        Crs::Geographic(crs) => geodetic("GEOGCRS", crs),
        Crs::Geocentric(crs) => geodetic("GEODCRS", crs),
        Crs::Projected(crs) => projected(crs),
        Crs::Vertical(crs) => vertical(crs),
        Crs::Compound(crs) => compound(crs),
        Crs::Bound(crs) => bound(crs),
        Crs::Engineering(crs) => engineering(crs),
    }
}

fn geodetic(keyword: &'static str, crs: &GeodeticCrs) -> Node {
    let mut nodes = vec![Node::quoted(&crs.name)];
    nodes.extend(datum(&crs.datum));
    nodes.extend(coordinate_system(&crs.cs));
    nodes.extend(id(crs.epsg));
    Node::List(keyword, nodes)
}

/// The CRS that a projection starts from: without axes, with their unit where it is not the degree (section 9.2).
fn base(crs: &GeodeticCrs) -> Node {
    let mut nodes = vec![Node::quoted(&crs.name)];
    nodes.extend(datum(&crs.datum));
    nodes.extend(crs.cs.axes.first().filter(|a| a.unit.factor != Unit::DEGREE.factor).map(|a| unit(&a.unit)));
    nodes.extend(id(crs.epsg));
    Node::List("BASEGEOGCRS", nodes)
}

/// DATUM or ENSEMBLE, what goes before it, and the prime meridian (section 8.2).
fn datum(datum: &GeodeticDatum) -> Vec<Node> {
    let mut nodes = frame(&datum.frame);
    let ellipsoid = ellipsoid(&datum.ellipsoid);
    nodes.push(named_frame("DATUM", &datum.name, &datum.frame, Some(ellipsoid), datum.epsg));
    nodes.push(prime_meridian(&datum.prime_meridian));
    nodes
}

/// `DYNAMIC[FRAMEEPOCH[…]]` before a dynamic datum.
fn frame(frame: &Frame) -> Vec<Node> {
    match frame {
        Frame::Dynamic(epoch) => vec![Node::List("DYNAMIC", vec![Node::List("FRAMEEPOCH", vec![Node::Number(*epoch)])])],
        Frame::Static | Frame::Ensemble(..) => Vec::new(),
    }
}

fn named_frame(keyword: &'static str, name: &str, frame: &Frame, ellipsoid: Option<Node>, epsg: Option<u32>) -> Node {
    let mut nodes = vec![Node::quoted(name)];
    if let Frame::Ensemble(members, accuracy) = frame {
        nodes.extend(members.iter().map(|(name, code)| {
            let mut member = vec![Node::quoted(name)];
            member.extend(id(Some(*code)));
            Node::List("MEMBER", member)
        }));
        nodes.extend(ellipsoid);
        nodes.push(Node::List("ENSEMBLEACCURACY", vec![Node::Number(*accuracy)]));
        nodes.extend(id(epsg));
        return Node::List("ENSEMBLE", nodes);
    }
    nodes.extend(ellipsoid);
    nodes.extend(id(epsg));
    Node::List(keyword, nodes)
}

fn ellipsoid(ellipsoid: &Ellipsoid) -> Node {
    let (_, inverse_flattening) = ellipsoid.numbers();
    let numbers = [ellipsoid.semi_major_axis, inverse_flattening].map(Node::Number);
    let mut nodes = vec![Node::quoted(&ellipsoid.name)];
    nodes.extend(numbers);
    nodes.push(unit(&ellipsoid.unit));
    nodes.extend(id(ellipsoid.epsg));
    Node::List("ELLIPSOID", nodes)
}

fn prime_meridian(meridian: &PrimeMeridian) -> Node {
    let mut nodes = vec![Node::quoted(&meridian.name), Node::Number(meridian.longitude), unit(&meridian.unit)];
    nodes.extend(id(meridian.epsg));
    Node::List("PRIMEM", nodes)
}

fn unit(unit: &Unit) -> Node {
    let keyword = match unit.quantity {
        Quantity::Length => "LENGTHUNIT",
        Quantity::Angle => "ANGLEUNIT",
        Quantity::Scale => "SCALEUNIT",
        Quantity::Time => "TIMEUNIT",
    };
    let mut nodes = vec![Node::quoted(&unit.name), Node::Number(unit.factor)];
    nodes.extend(id(unit.epsg));
    Node::List(keyword, nodes)
}

/// CS and its axes (section 7.5).
fn coordinate_system(cs: &CoordinateSystem) -> Vec<Node> {
    let kind = match cs.kind {
        CsKind::Cartesian => "Cartesian",
        CsKind::Ellipsoidal => "ellipsoidal",
        CsKind::Vertical => "vertical",
    };
    let mut nodes = vec![Node::List("CS", vec![Node::Word(kind.into()), Node::Number(cs.axes.len() as f64)])];
    nodes.extend(cs.axes.iter().enumerate().map(|(at, a)| axis(a, (cs.axes.len() > 1).then_some(at + 1))));
    nodes
}

fn axis(axis: &Axis, order: Option<usize>) -> Node {
    // A geocentric axis has no name but its letter.
    let geocentric = axis.direction.starts_with("geocentric");
    let mut name = if geocentric { String::new() } else { lower_first(&axis.name) };
    if !axis.abbreviation.is_empty() {
        let _ = write!(name, "{}({})", if name.is_empty() { "" } else { " " }, axis.abbreviation);
    }
    let mut nodes = vec![Node::Quoted(name), Node::Word(axis.direction.clone().into_owned())];
    nodes.extend(axis.meridian.map(|degrees| Node::List("MERIDIAN", vec![Node::Number(degrees), unit(&Unit::DEGREE)])));
    nodes.extend(order.map(|order| Node::List("ORDER", vec![Node::Number(order as f64)])));
    nodes.push(unit(&axis.unit));
    Node::List("AXIS", nodes)
}

/// Names of axes begin with a small letter in WKT (section 7.5.3).
fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

fn projected(crs: &ProjectedCrs) -> Node {
    let mut nodes = vec![Node::quoted(&crs.name), base(&crs.base), conversion(&crs.conversion)];
    nodes.extend(coordinate_system(&crs.cs));
    nodes.extend(id(crs.epsg));
    Node::List("PROJCRS", nodes)
}

fn conversion(conversion: &Conversion) -> Node {
    let mut nodes = vec![Node::quoted(&conversion.name), method(&conversion.method, conversion.method_epsg)];
    nodes.extend(conversion.parameters.iter().map(parameter));
    nodes.extend(id(conversion.epsg));
    Node::List("CONVERSION", nodes)
}

fn method(name: &str, epsg: Option<u32>) -> Node {
    let mut nodes = vec![Node::quoted(name)];
    nodes.extend(id(epsg));
    Node::List("METHOD", nodes)
}

fn parameter(parameter: &Parameter) -> Node {
    let mut nodes = vec![Node::quoted(&parameter.name), Node::Number(parameter.value), unit(&parameter.unit)];
    nodes.extend(id(parameter.epsg));
    Node::List("PARAMETER", nodes)
}

fn vertical(crs: &VerticalCrs) -> Node {
    let mut nodes = vec![Node::quoted(&crs.name)];
    nodes.extend(frame(&crs.datum.frame));
    nodes.push(named_frame("VDATUM", &crs.datum.name, &crs.datum.frame, None, crs.datum.epsg));
    nodes.extend(coordinate_system(&crs.cs));
    nodes.extend(id(crs.epsg));
    Node::List("VERTCRS", nodes)
}

fn compound(crs: &CompoundCrs) -> Node {
    let mut nodes = vec![Node::quoted(&crs.name), node(&crs.horizontal), vertical(&crs.vertical)];
    nodes.extend(id(crs.epsg));
    Node::List("COMPOUNDCRS", nodes)
}

/// Section 17.2. The parameters of an abridged transformation have no units: metres, arc-seconds, and the scale as a factor.
fn bound(crs: &BoundCrs) -> Node {
    let transformation = to_wgs84(crs);
    let mut nodes = vec![Node::quoted(&transformation.name), method(&transformation.method, transformation.method_epsg)];
    nodes.extend(transformation.parameters.iter().map(|p| {
        let value = if p.unit.quantity == Quantity::Scale { 1.0 + p.value * p.unit.factor } else { p.value };
        let mut nodes = vec![Node::quoted(&p.name), Node::Number(value)];
        nodes.extend(id(p.epsg));
        Node::List("PARAMETER", nodes)
    }));
    let target = wgs84_of(crs).map(|wgs84| node(&wgs84));
    Node::List(
        "BOUNDCRS",
        vec![
            Node::List("SOURCECRS", vec![node(&crs.source)]),
            Node::List("TARGETCRS", target.into_iter().collect()),
            Node::List("ABRIDGEDTRANSFORMATION", nodes),
        ],
    )
}

fn engineering(crs: &EngineeringCrs) -> Node {
    let datum = Node::List("EDATUM", vec![Node::quoted("Unknown engineering datum")]);
    let mut nodes = vec![Node::quoted(&crs.name), datum];
    nodes.extend(coordinate_system(&crs.cs));
    Node::List("ENGCRS", nodes)
}
