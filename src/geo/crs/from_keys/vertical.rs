//! VerticalGeoKey and its kin (OGC 19-008r4, section 7.5.6; GDAL's `GTIFGetOGISDefnAsOSR` and `FillCompoundCRSWithManualVertCS`).

use crate::geo::GeoKeys;
use crate::geo::crs::cs;
use crate::geo::crs::model::{CompoundCrs, Crs, CsKind, Frame, GeodeticCrs, Quantity, Unit, VerticalCrs, VerticalDatum};
use crate::geo::crs::registry;
use crate::geo::geokeys::{USER_DEFINED, key};
use std::borrow::Cow;

/// What the keys say of heights; 0 where they say nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Codes {
    crs: u16,
    datum: u16,
    unit: u16,
}

impl Codes {
    fn new(keys: &GeoKeys) -> Self {
        let short = |key| keys.short(key).unwrap_or(0);
        let mut codes = Self { crs: short(key::VERTICAL_CRS), datum: short(key::VERTICAL_DATUM), unit: short(key::VERTICAL_UNIT) };
        // GeoTIFF 1.0 listed codes of vertical datums as those of CRSs.
        if keys.version() == [1, 1, 0] && codes.datum == 0 {
            match codes.crs {
                5101..=5112 => codes = Self { crs: codes.crs + 600, datum: codes.crs, ..codes },
                5171 => codes = Self { crs: 5773, datum: 5171, ..codes },
                _ => {}
            }
        }
        // Codes of heights above the ellipsoid of a datum, which EPSG does not have.
        if (5001..=5033).contains(&codes.crs) && codes.datum == 0 {
            codes = Self { crs: 0, datum: codes.crs + 1000, ..codes };
        }
        codes
    }

    fn is_none(self) -> bool {
        self == Self { crs: 0, datum: 0, unit: 0 } || [self.crs, self.datum, self.unit].iter().any(|code| *code > USER_DEFINED)
    }
}

/// The geographic CRS of a file with ellipsoidal heights: VerticalGeoKey names a geographic 3D CRS of the same datum.
pub(super) fn geographic_3d(keys: &GeoKeys, horizontal: &GeodeticCrs) -> Option<GeodeticCrs> {
    const WGS_84_3D: u32 = 4979;
    let codes = Codes::new(keys);
    let code = if codes.datum == 6030 && horizontal.epsg == Some(4326) { WGS_84_3D } else { u32::from(codes.crs) };
    let crs = registry::current_geodetic(code)?;
    let is_3d = crs.cs.kind == CsKind::Ellipsoidal && crs.cs.axes.len() == 3 && horizontal.cs.axes.len() == 2;
    (is_3d && crs.datum.epsg == horizontal.datum.epsg).then_some(crs)
}

/// Makes a compound CRS of `horizontal` and the vertical CRS of the keys, if there is one. Files of GeoTIFF 1.0 keep their horizontal CRS
/// alone, as GDAL reports them (its option GTIFF_REPORT_COMPD_CS).
pub(super) fn attach(keys: &GeoKeys, horizontal: Crs) -> Crs {
    let codes = Codes::new(keys);
    let with_heights = match &horizontal {
        Crs::Geographic(crs) => crs.cs.axes.len() == 3,
        Crs::Projected(crs) => crs.cs.axes.len() == 3,
        Crs::Geocentric(_) | Crs::Vertical(_) | Crs::Compound(_) | Crs::Bound(_) => true,
        Crs::Engineering(_) => false,
    };
    if codes.is_none() || with_heights || keys.version() < [1, 1, 1] {
        return horizontal;
    }
    let cited = keys.text(key::VERTICAL_CITATION).map(|text| text.strip_prefix("VCS Name = ").unwrap_or(text));
    let cited = cited.and_then(|text| text.split('|').next());
    let vertical = if codes.crs == 0 || codes.crs == USER_DEFINED {
        of_parts(codes, cited.unwrap_or("unknown"))
    } else {
        match registry::current_vertical(u32::from(codes.crs)) {
            Some(crs) => crs,
            // GDAL leaves out what is not a vertical CRS.
            None => return horizontal,
        }
    };
    if let Some(known) = horizontal.epsg().zip(vertical.epsg).and_then(|(h, v)| registry::compound_of(h, v)) {
        return Crs::Compound(Box::new(known));
    }
    let given = keys.text(key::CITATION).filter(|text| !text.contains(" = ")).map(str::to_owned);
    let name = given.unwrap_or_else(|| format!("{} + {}", horizontal.name(), vertical.name));
    Crs::Compound(Box::new(CompoundCrs { name: Cow::Owned(name), horizontal, vertical, epsg: None }))
}

fn of_parts(codes: Codes, name: &str) -> VerticalCrs {
    let known = |code: u16| (code != 0 && code != USER_DEFINED).then_some(u32::from(code));
    let datum = match known(codes.datum) {
        Some(code) => registry::vertical_datum(code),
        None if codes.datum == USER_DEFINED => datum_of(name),
        None => None,
    };
    let mut datum = datum.unwrap_or(VerticalDatum { name: Cow::Borrowed("unknown"), frame: Frame::Static, epsg: None });
    datum.frame = Frame::Static;
    let unit = known(codes.unit).and_then(registry::unit).filter(|unit| unit.quantity == Quantity::Length).unwrap_or(Unit::METRE);
    VerticalCrs { name: Cow::Owned(name.to_owned()), datum, cs: cs::up(&unit), epsg: None }
}

/// The datum of the vertical CRSs of this name, where they agree.
fn datum_of(name: &str) -> Option<VerticalDatum> {
    let mut datums = registry::vertical_by_name(name).filter_map(|code| Some(registry::vertical(code)?.datum));
    let first = datums.next()?;
    datums.all(|other| other.epsg == first.epsg).then_some(first)
}
