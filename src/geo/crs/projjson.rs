//! A CRS as PROJJSON, version 0.7 (<https://proj.org/schemas/v0.7/projjson.schema.json>): WKT2:2019 as JSON.

use super::model::{
    Axis, BoundCrs, CompoundCrs, Conversion, CoordinateSystem, Crs, CsKind, Ellipsoid, EngineeringCrs, Frame, GeodeticCrs, GeodeticDatum,
    Parameter, PrimeMeridian, ProjectedCrs, Quantity, Shape, Unit, VerticalCrs,
};
use super::{to_wgs84, wgs84_of};
use serde_json::{Map, Value, json};

const SCHEMA: &str = "https://proj.org/schemas/v0.7/projjson.schema.json";

/// The CRS as PROJJSON.
pub(super) fn value(crs: &Crs) -> Value {
    let mut object = Map::new();
    object.insert("$schema".into(), json!(SCHEMA));
    object.extend(members(crs));
    Value::Object(object)
}

fn members(crs: &Crs) -> Map<String, Value> {
    match crs {
        Crs::Geographic(crs) => geodetic("GeographicCRS", crs),
        Crs::Geocentric(crs) => geodetic("GeodeticCRS", crs),
        Crs::Projected(crs) => projected(crs),
        Crs::Vertical(crs) => vertical(crs),
        Crs::Compound(crs) => compound(crs),
        Crs::Bound(crs) => bound(crs),
        Crs::Engineering(crs) => engineering(crs),
    }
}

/// An object with these members and, at its end, the id.
fn object<const N: usize>(members: [(&str, Value); N], epsg: Option<u32>) -> Map<String, Value> {
    let id = epsg.map(|code| ("id", json!({"authority": "EPSG", "code": code})));
    members.into_iter().chain(id).map(|(key, value)| (key.to_owned(), value)).collect()
}

fn geodetic(kind: &str, crs: &GeodeticCrs) -> Map<String, Value> {
    let (key, datum) = datum(&crs.datum);
    object([("type", json!(kind)), ("name", json!(crs.name)), (key, datum), ("coordinate_system", coordinate_system(&crs.cs))], crs.epsg)
}

/// `datum` or `datum_ensemble`.
fn datum(datum: &GeodeticDatum) -> (&'static str, Value) {
    let ellipsoid = ("ellipsoid", ellipsoid(&datum.ellipsoid));
    let (key, mut members) = frame("Geodetic", &datum.name, &datum.frame, Some(ellipsoid), datum.epsg);
    // An ensemble's prime meridian is Greenwich.
    if key == "datum" {
        members.insert("prime_meridian".into(), prime_meridian(&datum.prime_meridian));
    }
    (key, Value::Object(members))
}

fn frame(
    kind: &str,
    name: &str,
    frame: &Frame,
    ellipsoid: Option<(&'static str, Value)>,
    epsg: Option<u32>,
) -> (&'static str, Map<String, Value>) {
    let mut members = Map::new();
    let mut put = |key: &str, value: Value| members.insert(key.into(), value);
    match frame {
        Frame::Static => put("type", json!(format!("{kind}ReferenceFrame"))),
        Frame::Dynamic(_) => put("type", json!(format!("Dynamic{kind}ReferenceFrame"))),
        Frame::Ensemble(..) => None,
    };
    put("name", json!(name));
    if let Frame::Dynamic(epoch) = frame {
        put("frame_reference_epoch", json!(epoch));
    }
    let ensemble = if let Frame::Ensemble(names, accuracy) = frame { Some((names, accuracy)) } else { None };
    if let Some((names, _)) = ensemble {
        put("members", names.iter().map(|(name, code)| Value::Object(object([("name", json!(name))], Some(*code)))).collect());
    }
    if let Some((key, value)) = ellipsoid {
        put(key, value);
    }
    if let Some((_, accuracy)) = ensemble {
        // The schema has this number as a text.
        put("accuracy", json!(accuracy.to_string()));
    }
    members.extend(object([], epsg));
    (if ensemble.is_some() { "datum_ensemble" } else { "datum" }, members)
}

fn ellipsoid(ellipsoid: &Ellipsoid) -> Value {
    let axis = |value: f64| measure(value, &ellipsoid.unit);
    let second = match ellipsoid.shape {
        // A sphere has one radius; the schema has no flattening for it.
        Shape::InverseFlattening(0.0) => {
            return Value::Object(object([("name", json!(ellipsoid.name)), ("radius", axis(ellipsoid.semi_major_axis))], ellipsoid.epsg));
        }
        Shape::InverseFlattening(inverse) => ("inverse_flattening", json!(inverse)),
        Shape::SemiMinorAxis(b) => ("semi_minor_axis", axis(b)),
    };
    Value::Object(object([("name", json!(ellipsoid.name)), ("semi_major_axis", axis(ellipsoid.semi_major_axis)), second], ellipsoid.epsg))
}

fn prime_meridian(meridian: &PrimeMeridian) -> Value {
    let longitude = measure(meridian.longitude, &meridian.unit);
    Value::Object(object([("name", json!(meridian.name)), ("longitude", longitude)], meridian.epsg))
}

/// A number of metres or degrees, or an object that names its unit.
fn measure(value: f64, of: &Unit) -> Value {
    match unit(of) {
        Value::String(_) => json!(value),
        unit => json!({"value": value, "unit": unit}),
    }
}

/// The three units that have a word, or an object.
fn unit(unit: &Unit) -> Value {
    let kind = match unit.quantity {
        Quantity::Length if unit.factor == 1.0 && unit.name == "metre" => return json!("metre"),
        Quantity::Angle if unit.factor == Unit::DEGREE.factor && unit.name == "degree" => return json!("degree"),
        Quantity::Scale if unit.factor == 1.0 && unit.name == "unity" => return json!("unity"),
        Quantity::Length => "LinearUnit",
        Quantity::Angle => "AngularUnit",
        Quantity::Scale => "ScaleUnit",
        Quantity::Time => "TimeUnit",
    };
    let members = [("type", json!(kind)), ("name", json!(unit.name)), ("conversion_factor", json!(unit.factor))];
    Value::Object(object(members, unit.epsg))
}

fn coordinate_system(cs: &CoordinateSystem) -> Value {
    let subtype = match cs.kind {
        CsKind::Cartesian => "Cartesian",
        CsKind::Ellipsoidal => "ellipsoidal",
        CsKind::Vertical => "vertical",
    };
    json!({"subtype": subtype, "axis": cs.axes.iter().map(axis).collect::<Vec<_>>()})
}

fn axis(axis: &Axis) -> Value {
    let members = [("name", json!(axis.name)), ("abbreviation", json!(axis.abbreviation)), ("direction", json!(axis.direction))];
    let mut members = object(members, None);
    if let Some(degrees) = axis.meridian {
        members.insert("meridian".into(), json!({"longitude": degrees}));
    }
    members.insert("unit".into(), unit(&axis.unit));
    Value::Object(members)
}

fn projected(crs: &ProjectedCrs) -> Map<String, Value> {
    let mut base = geodetic("GeographicCRS", &crs.base);
    let name = base.remove("type").map_or(Value::Null, |_| json!(crs.name));
    let members = [
        ("type", json!("ProjectedCRS")),
        ("name", name),
        ("base_crs", Value::Object(base)),
        ("conversion", Value::Object(conversion(&crs.conversion))),
        ("coordinate_system", coordinate_system(&crs.cs)),
    ];
    object(members, crs.epsg)
}

fn conversion(conversion: &Conversion) -> Map<String, Value> {
    let method = object([("name", json!(conversion.method))], conversion.method_epsg);
    let parameters = conversion.parameters.iter().map(parameter).collect();
    object([("name", json!(conversion.name)), ("method", Value::Object(method)), ("parameters", parameters)], conversion.epsg)
}

fn parameter(parameter: &Parameter) -> Value {
    let members = [("name", json!(parameter.name)), ("value", json!(parameter.value)), ("unit", unit(&parameter.unit))];
    Value::Object(object(members, parameter.epsg))
}

fn vertical(crs: &VerticalCrs) -> Map<String, Value> {
    let (key, datum) = frame("Vertical", &crs.datum.name, &crs.datum.frame, None, crs.datum.epsg);
    let members = [
        ("type", json!("VerticalCRS")),
        ("name", json!(crs.name)),
        (key, Value::Object(datum)),
        ("coordinate_system", coordinate_system(&crs.cs)),
    ];
    object(members, crs.epsg)
}

fn compound(crs: &CompoundCrs) -> Map<String, Value> {
    let components = json!([Value::Object(members(&crs.horizontal)), Value::Object(vertical(&crs.vertical))]);
    object([("type", json!("CompoundCRS")), ("name", json!(crs.name)), ("components", components)], crs.epsg)
}

fn bound(crs: &BoundCrs) -> Map<String, Value> {
    let target = wgs84_of(crs).map_or(Value::Null, |wgs84| Value::Object(members(&wgs84)));
    let members = [
        ("type", json!("BoundCRS")),
        ("source_crs", Value::Object(members(&crs.source))),
        ("target_crs", target),
        ("transformation", Value::Object(conversion(&to_wgs84(crs)))),
    ];
    object(members, None)
}

fn engineering(crs: &EngineeringCrs) -> Map<String, Value> {
    let members = [
        ("type", json!("EngineeringCRS")),
        ("name", json!(crs.name)),
        ("datum", json!({"name": "Unknown engineering datum"})),
        ("coordinate_system", coordinate_system(&crs.cs)),
    ];
    object(members, None)
}
