"""Writes epsg.txt.z beside itself: what src/geo/crs/tables.rs needs of the EPSG register, taken from PROJ's proj.db.

usage: python3 src/geo/crs/tables/make_tables.py [proj.db]
needs: a proj.db; without an argument that of the rasterio package (which is the GDAL that the tests compare with), else Debian's proj-data

One text, deflated (zlib). A line `@section` starts a section, every other line is a record of fields parted by tabs; records are in the
order of their first field, a number. src/geo/crs/tables.rs says what the fields are. The EPSG register is the property of IOGP
(https://epsg.org/terms-of-use.html).
"""
import decimal
import math
import pathlib
import sqlite3
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent


def database():
    if len(sys.argv) > 1:
        return sys.argv[1]
    try:
        import rasterio
        return str(pathlib.Path(rasterio.__file__).parent / "proj_data" / "proj.db")
    except ImportError:
        return "/usr/share/proj/proj.db"


def number(value):
    if value is None:
        return ""
    text = repr(float(value))
    return text.removesuffix(".0")


SEXAGESIMAL_DMS, DEGREE = 9110, 9122


def measure(value, unit):
    """The value and its unit. Sexagesimal DDD.MMSSsss is no unit of measure: it becomes degrees, as PROJ does."""
    if unit != SEXAGESIMAL_DMS:
        return number(value), str(unit)
    text = decimal.Decimal(repr(value)).copy_abs()
    degrees = int(text)
    minutes = (text - degrees) * 100
    seconds = (minutes - int(minutes)) * 100
    result = degrees + decimal.Decimal(int(minutes)) / 60 + seconds / 3600
    return number(float(result) * (-1 if value < 0 else 1)), str(DEGREE)


def deprecation(rows, table, code, deprecated):
    """Nothing, `d` for a deprecated CRS, or the code of the one CRS that replaces it."""
    if not deprecated:
        return ""
    found = rows("SELECT replacement_code FROM deprecation WHERE table_name=? AND deprecated_auth_name='EPSG' AND deprecated_code=?"
                 " AND replacement_auth_name='EPSG'", table, code)
    return str(found[0][0]) if len(found) == 1 else "d"


def members(rows, table, code):
    found = rows(f"SELECT member_code FROM {table} WHERE ensemble_auth_name='EPSG' AND ensemble_code=? ORDER BY sequence", code)
    return ",".join(str(m) for m, in found)


def conversions(rows):
    columns = ",".join(f"param{i}_code,param{i}_value,param{i}_uom_code" for i in range(1, 8))
    for code, name, method, *rest in rows(f"SELECT code,name,method_code,{columns} FROM conversion_table WHERE auth_name='EPSG' ORDER BY code"):
        fields = [str(code), name, str(method)]
        for i in range(0, len(rest), 3):
            parameter, value, unit = rest[i:i + 3]
            if parameter is not None and unit is not None:
                fields += [str(parameter), *measure(value, unit)]
        yield fields


def coordinate_systems(rows):
    kinds = {"Cartesian": "C", "ellipsoidal": "e", "vertical": "v", "spherical": "s", "ordinal": "o"}
    for code, kind in rows("SELECT code,type FROM coordinate_system WHERE auth_name='EPSG' ORDER BY code"):
        fields = [str(code), kinds[kind]]
        axes = rows("SELECT name,abbrev,orientation,uom_code FROM axis WHERE coordinate_system_auth_name='EPSG' AND coordinate_system_code=?"
                    " ORDER BY coordinate_system_order", code)
        for name, abbreviation, direction, unit in axes:
            fields += [name, abbreviation, direction, str(unit)]
        if all(field != "None" for field in fields):
            yield fields


def sections(rows):
    """Section name → records."""
    kinds = {"length": "l", "angle": "a", "scale": "s", "time": "t"}
    # A unit without a factor is the degree in a certain way of writing.
    yield "unit", ([str(c), n, kinds[k], number(math.pi / 180 if f is None else f)] for c, n, k, f in rows(
        "SELECT code,name,type,conv_factor FROM unit_of_measure WHERE auth_name='EPSG' ORDER BY code"))
    yield "ellipsoid", ([str(c), n, number(a), str(u), number(f), number(b)] for c, n, a, u, f, b in rows(
        "SELECT code,name,semi_major_axis,uom_code,inv_flattening,semi_minor_axis FROM ellipsoid WHERE auth_name='EPSG' ORDER BY code"))
    yield "prime_meridian", ([str(c), n, *measure(l, u)] for c, n, l, u in rows(
        "SELECT code,name,longitude,uom_code FROM prime_meridian WHERE auth_name='EPSG' ORDER BY code"))
    yield "geodetic_datum", ([str(c), n, str(e), str(p), number(f), number(a), members(rows, "geodetic_datum_ensemble_member", c)]
                             for c, n, e, p, f, a in rows(
        "SELECT code,name,ellipsoid_code,prime_meridian_code,frame_reference_epoch,ensemble_accuracy FROM geodetic_datum"
        " WHERE auth_name='EPSG' ORDER BY code"))
    yield "vertical_datum", ([str(c), n, number(f), number(a), members(rows, "vertical_datum_ensemble_member", c)] for c, n, f, a in rows(
        "SELECT code,name,frame_reference_epoch,ensemble_accuracy FROM vertical_datum WHERE auth_name='EPSG' ORDER BY code"))
    yield "coordinate_system", coordinate_systems(rows)
    yield "method", ([str(c), n] for c, n in rows("SELECT code,name FROM conversion_method WHERE auth_name='EPSG' ORDER BY code"))
    yield "parameter", ([str(c), n] for c, n in rows("SELECT code,name FROM conversion_param WHERE auth_name='EPSG' ORDER BY code"))
    yield "conversion", conversions(rows)
    yield "geodetic_crs", ([str(c), n, str(s), str(d), deprecation(rows, "geodetic_crs", c, gone)] for c, n, s, d, gone in rows(
        "SELECT code,name,coordinate_system_code,datum_code,deprecated FROM geodetic_crs WHERE auth_name='EPSG'"
        " AND text_definition IS NULL ORDER BY code"))
    yield "projected_crs", ([str(c), n, str(s), str(b), str(p), deprecation(rows, "projected_crs", c, gone)] for c, n, s, b, p, gone in rows(
        "SELECT code,name,coordinate_system_code,geodetic_crs_code,conversion_code,deprecated FROM projected_crs"
        " WHERE auth_name='EPSG' AND text_definition IS NULL ORDER BY code"))
    yield "vertical_crs", ([str(c), n, str(s), str(d), deprecation(rows, "vertical_crs", c, gone)] for c, n, s, d, gone in rows(
        "SELECT code,name,coordinate_system_code,datum_code,deprecated FROM vertical_crs WHERE auth_name='EPSG' ORDER BY code"))
    yield "compound_crs", ([str(c), n, str(h), str(v), deprecation(rows, "compound_crs", c, gone)] for c, n, h, v, gone in rows(
        "SELECT code,name,horiz_crs_code,vertical_crs_code,deprecated FROM compound_crs WHERE auth_name='EPSG' ORDER BY code"))
    # Names that Esri's software writes: D_WGS_1984, GCS_WGS_1984, Clarke_1866.
    for table in ("geodetic_datum", "ellipsoid", "geodetic_crs"):
        yield f"{table}_alias", ([str(c), n] for c, n in rows(
            "SELECT code,alt_name FROM alias_name WHERE auth_name='EPSG' AND table_name=? ORDER BY code,alt_name", table))


def main():
    path = database()
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def rows(query, *arguments):
        return connection.execute(query, arguments).fetchall()

    lines = []
    for key in ("EPSG.VERSION", "EPSG.DATE"):
        lines += [f"@{key}", rows("SELECT value FROM metadata WHERE key=?", key)[0][0]]
    for name, records in sections(rows):
        lines.append(f"@{name}")
        count = len(lines)
        for fields in records:
            assert not any("\t" in f or "\n" in f or f.startswith("@") for f in fields), fields
            lines.append("\t".join(fields).rstrip("\t"))
        print(f"{name}: {len(lines) - count}")
    text = ("\n".join(lines) + "\n").encode()
    packed = zlib.compress(text, 9)
    (HERE / "epsg.txt.z").write_bytes(packed)
    print(f"{path}: {len(text)} bytes, {len(packed)} deflated")


if __name__ == "__main__":
    main()
