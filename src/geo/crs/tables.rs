//! The EPSG register's tables, packed into the library by `tables/make_tables.py` and unpacked once, when a CRS is first asked for.
//!
//! A record is a line of fields parted by tabs. [`super::registry`] knows their meaning.

use flate2::read::ZlibDecoder;
use std::io::Read;
use std::sync::OnceLock;

static PACKED: &[u8] = include_bytes!("tables/epsg.txt.z");

/// A section of the text, by the name after its `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Unit,
    Ellipsoid,
    PrimeMeridian,
    GeodeticDatum,
    VerticalDatum,
    CoordinateSystem,
    Method,
    Parameter,
    Conversion,
    GeodeticCrs,
    ProjectedCrs,
    VerticalCrs,
    CompoundCrs,
    GeodeticDatumAlias,
    EllipsoidAlias,
    GeodeticCrsAlias,
}

const NAMES: [&str; 16] = [
    "unit",
    "ellipsoid",
    "prime_meridian",
    "geodetic_datum",
    "vertical_datum",
    "coordinate_system",
    "method",
    "parameter",
    "conversion",
    "geodetic_crs",
    "projected_crs",
    "vertical_crs",
    "compound_crs",
    "geodetic_datum_alias",
    "ellipsoid_alias",
    "geodetic_crs_alias",
];

/// A record's code, and its fields.
pub(super) type Record = (u32, &'static str);

/// All records of a table, in the order of their codes.
pub(super) fn records(table: Table) -> &'static [Record] {
    static TABLES: OnceLock<Vec<Vec<Record>>> = OnceLock::new();
    TABLES.get_or_init(index).get(table as usize).map_or(&[], Vec::as_slice)
}

/// The fields of the record with this code, and the fields behind it.
pub(super) fn record(table: Table, code: u32) -> Option<Fields> {
    let records = records(table);
    let at = records.binary_search_by_key(&code, |r| r.0).ok()?;
    records.get(at).map(|r| fields(r.1))
}

/// A record's fields from left to right; those at the end may be missing where they are empty.
pub(super) type Fields = std::str::Split<'static, char>;

pub(super) fn fields(line: &'static str) -> Fields {
    line.split('\t')
}

fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let mut text = String::new();
        // The packed text is the library's own: a test reads it to the end.
        let _ = ZlibDecoder::new(PACKED).read_to_string(&mut text);
        text
    })
}

fn index() -> Vec<Vec<Record>> {
    let mut tables = vec![Vec::new(); NAMES.len()];
    let mut current = None;
    for line in text().lines() {
        if let Some(name) = line.strip_prefix('@') {
            current = NAMES.iter().position(|n| *n == name);
        } else if let (Some(table), Some((code, fields))) = (current.and_then(|at| tables.get_mut(at)), line.split_once('\t')) {
            table.extend(code.parse().ok().map(|code| (code, fields)));
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_there_and_in_order() {
        assert_eq!(NAMES[Table::GeodeticCrsAlias as usize], "geodetic_crs_alias");
        for (at, table) in index().iter().enumerate() {
            assert!(table.len() > 10, "{}", NAMES[at]);
            assert!(table.is_sorted_by_key(|r| r.0), "{}", NAMES[at]);
        }
        assert!(record(Table::ProjectedCrs, 32633).unwrap().next() == Some("WGS 84 / UTM zone 33N"));
        assert!(record(Table::ProjectedCrs, 1).is_none());
    }
}
