//! Esri's WKT, which GDAL and Esri's software put into ProjectedCitationGeoKey (`ESRI PE String = PROJCS[…]`) where GeoTIFF has no keys for
//! a projection. It is WKT 1 (OGC 01-009, section 7) with names of its own, which are turned into EPSG's and PROJ's here.

use super::cs;
use super::esri_methods;
use super::model::{Crs, Ellipsoid, Frame, GeodeticCrs, GeodeticDatum, PrimeMeridian, ProjectedCrs, Quantity, Shape, Unit};
use super::registry;
use std::borrow::Cow;

/// GDAL cuts the citation at 2,400 bytes; a well-formed text is shorter.
const MAX_LENGTH: usize = 16 * 1024;
const MAX_DEPTH: usize = 8;

/// Reads `PROJCS[…]` or `GEOGCS[…]`. The error says what is wrong with the text or not known of it.
pub(super) fn parse(text: &str) -> Result<Crs, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("is longer than {MAX_LENGTH} bytes"));
    }
    let (node, _) = Node::parse(text.trim(), 0)?;
    match node.keyword.as_str() {
        "PROJCS" => projected(&node).map(Crs::Projected),
        "GEOGCS" => geographic(&node).map(Crs::Geographic),
        other => Err(format!("{other} is not supported")),
    }
}

/// `KEYWORD["name",number,…,CHILD[…],…]`
#[derive(Debug, Default)]
struct Node {
    keyword: String,
    /// The first of `texts`.
    name: String,
    texts: Vec<String>,
    numbers: Vec<f64>,
    children: Vec<Node>,
}

impl Node {
    /// Reads one node; gives it and what is behind it.
    fn parse(text: &str, depth: usize) -> Result<(Self, &str), String> {
        let (keyword, mut rest) = text.split_once('[').ok_or("a [ is missing")?;
        let keyword = keyword.trim();
        if depth > MAX_DEPTH || keyword.is_empty() || !keyword.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err("is not well-formed".into());
        }
        let mut node = Self { keyword: keyword.to_ascii_uppercase(), ..Self::default() };
        loop {
            rest = rest.trim_start();
            if let Some(quoted) = rest.strip_prefix('"') {
                let (name, behind) = quoted.split_once('"').ok_or("a \" is missing")?;
                if node.texts.is_empty() {
                    name.clone_into(&mut node.name);
                }
                node.texts.push(name.to_owned());
                rest = behind;
            } else if rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
                let end = rest.find([',', ']']).ok_or("a ] is missing")?;
                let (number, behind) = rest.split_at(end);
                node.numbers.push(number.trim().parse().map_err(|_| format!("{number:?} is not a number"))?);
                rest = behind;
            } else if rest.split([',', ']']).next().is_some_and(|word| word.contains('[')) {
                let (child, behind) = Self::parse(rest, depth + 1)?;
                node.children.push(child);
                rest = behind;
            } else {
                // A word such as EAST.
                rest = rest.get(rest.find([',', ']']).ok_or("a ] is missing")?..).unwrap_or_default();
            }
            rest = rest.trim_start();
            match rest.chars().next() {
                Some(',') => rest = rest.get(1..).unwrap_or_default(),
                Some(']') => return Ok((node, rest.get(1..).unwrap_or_default())),
                _ => return Err("a ] is missing".into()),
            }
        }
    }

    fn child(&self, keyword: &str) -> Result<&Self, String> {
        self.children.iter().find(|child| child.keyword == keyword).ok_or_else(|| format!("{} has no {keyword}", self.keyword))
    }

    fn number(&self, at: usize) -> Result<f64, String> {
        let number = self.numbers.get(at).copied().filter(|n| n.is_finite());
        number.ok_or_else(|| format!("{}[\"{}\"] has too few numbers", self.keyword, self.name))
    }
}

fn projected(node: &Node) -> Result<ProjectedCrs, String> {
    let geographic_node = node.child("GEOGCS")?;
    let base = geographic(geographic_node)?;
    let angle = unit(geographic_node.child("UNIT")?, Quantity::Angle)?;
    let length = unit(node.child("UNIT")?, Quantity::Length)?;
    let parameters = node.children.iter().filter(|child| child.keyword == "PARAMETER");
    let mut parameters: Vec<(String, f64)> = parameters.map(|p| Ok((p.name.clone(), p.number(0)?))).collect::<Result<_, String>>()?;
    if let Some(extension) = node.children.iter().find(|child| child.keyword == "EXTENSION") {
        // GDAL says the sweep of a satellite so, where Esri has an option.
        let text = extension.texts.get(1).map_or("", String::as_str);
        if !(text.contains("+proj=geos ") && text.contains("+sweep=x")) {
            return Err(format!("the extension {text:?} is not supported"));
        }
        parameters.push(("Option".into(), 1.0));
    }
    let conversion = esri_methods::conversion(&node.child("PROJECTION")?.name, &parameters, &angle, &length);
    Ok(ProjectedCrs { name: Cow::Owned(node.name.clone()), base, conversion, cs: cs::east_north(&length), epsg: None })
}

fn geographic(node: &Node) -> Result<GeodeticCrs, String> {
    let datum_node = node.child("DATUM")?;
    let datum_code = registry::geodetic_datum_by_name(&datum_node.name);
    let datum_name = datum_code.and_then(registry::geodetic_datum).map(|d| registry::static_name(d.name));
    let datum = GeodeticDatum {
        name: datum_name.unwrap_or_else(|| Cow::Owned(unknown_datum(&datum_node.name))),
        frame: Frame::Static,
        ellipsoid: ellipsoid(datum_node.child("SPHEROID")?)?,
        prime_meridian: prime_meridian(node.child("PRIMEM")?)?,
        epsg: datum_code,
    };
    let code = registry::geodetic_crs_by_name(&node.name);
    let name = code.and_then(registry::geodetic).map(|crs| crs.name);
    let plain = node.name.strip_prefix("GCS_").unwrap_or(&node.name);
    let name = name.unwrap_or_else(|| Cow::Owned(plain.replace('_', " ")));
    // WKT 1 without AXIS has longitude before latitude.
    Ok(GeodeticCrs { name, datum, cs: cs::longitude_latitude(&unit(node.child("UNIT")?, Quantity::Angle)?), epsg: None })
}

/// A datum of no register: PROJ keeps Esri's `D_` but before these two.
fn unknown_datum(name: &str) -> String {
    match name {
        "D_unknown" => "unknown".into(),
        "D_Unknown_based_on_WGS_84_ellipsoid" => "Unknown based on WGS 84 ellipsoid".into(),
        other => other.to_owned(),
    }
}

fn ellipsoid(node: &Node) -> Result<Ellipsoid, String> {
    let (a, inverse_flattening) = (node.number(0)?, node.number(1)?);
    if a <= 0.0 {
        return Err(format!("SPHEROID[\"{}\"] has no size", node.name));
    }
    let name = registry::ellipsoid_by_name(&node.name).and_then(registry::ellipsoid).map(|e| e.name);
    let name = name.unwrap_or_else(|| Cow::Owned(node.name.clone()));
    Ok(Ellipsoid { name, semi_major_axis: a, shape: Shape::InverseFlattening(inverse_flattening), unit: Unit::METRE, epsg: None })
}

fn prime_meridian(node: &Node) -> Result<PrimeMeridian, String> {
    Ok(PrimeMeridian { name: Cow::Owned(node.name.clone()), longitude: node.number(0)?, unit: Unit::DEGREE, epsg: None })
}

/// Esri writes the degree with 16 digits; it is the exact one that is meant.
fn unit(node: &Node, quantity: Quantity) -> Result<Unit, String> {
    let factor = node.number(0)?;
    if factor <= 0.0 {
        return Err(format!("UNIT[\"{}\"] has no size", node.name));
    }
    Ok(match quantity {
        Quantity::Angle if (factor - Unit::DEGREE.factor).abs() < 1e-10 => Unit::DEGREE,
        Quantity::Length if factor == 1.0 => Unit::METRE,
        quantity => Unit { name: Cow::Owned(node.name.clone()), quantity, factor, epsg: None },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GEOGCS: &str = r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;

    #[test]
    fn esri_names_become_those_of_the_register() {
        let Crs::Geographic(crs) = parse(GEOGCS).unwrap() else { panic!() };
        assert_eq!((&*crs.name, &*crs.datum.name, &*crs.datum.ellipsoid.name), ("WGS 84", "World Geodetic System 1984", "WGS 84"));
        assert_eq!(crs.datum.epsg, Some(6326));
        let text = format!(
            r#"PROJCS["x",{GEOGCS},PROJECTION["Mollweide"],PARAMETER["False_Easting",5.0],PARAMETER["Central_Meridian",10.0],UNIT["Foot_US",0.3048006096012192]]"#
        );
        let Crs::Projected(crs) = parse(&text).unwrap() else { panic!() };
        assert_eq!(&*crs.conversion.method, "Mollweide");
        assert_eq!(crs.conversion.parameters[1].unit.name, "Foot_US");
    }

    #[test]
    fn what_is_not_well_formed_or_not_known_is_an_error() {
        let deep = "A[".repeat(5000);
        for text in [
            "",
            "PROJCS",
            "PROJCS[",
            "PROJCS[\"x",
            "PROJCS[\"x\"]",
            "PROJCS[1,,]",
            "[[[[",
            &deep,
            "GEOGCS[\"x\",DATUM[\"y\",SPHEROID[\"z\",NaN,1]]]",
        ] {
            assert!(parse(text).is_err(), "{text:.40}");
        }
        let extension = r#"EXTENSION["PROJ4","+proj=newidea"]"#;
        let text = format!(r#"PROJCS["x",{GEOGCS},PROJECTION["Mollweide"],UNIT["Meter",1.0],{extension}]"#);
        assert!(parse(&text).unwrap_err().contains("newidea"));
        assert!(parse(&"x".repeat(MAX_LENGTH + 1)).is_err());
    }
}
