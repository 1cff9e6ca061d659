"""Compares libcog's CRS texts with PROJ's and GDAL's. Not part of `cargo test`; run it after a change of src/geo/crs.

usage: python3 tests/crs/compare.py codes [--every N]     every EPSG code of proj.db: our WKT and PROJJSON against pyproj
       python3 tests/crs/compare.py files PATH…           GeoTIFFs: our texts and code against what rasterio (GDAL) reads in them
       python3 tests/crs/compare.py systems               writes some hundred GeoTIFFs with user-defined systems and compares those
needs: pip install rasterio pyproj; cargo build --example crs_texts
"""
import argparse
import collections
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import warnings

import pyproj
import rasterio

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROJ_DB = pathlib.Path(rasterio.__file__).parent / "proj_data"
# One register for all: that of the GDAL that is compared with (the tables of src/geo/crs are made from it).
pyproj.datadir.set_data_dir(str(PROJ_DB))
warnings.simplefilter("ignore")


def describe(lines):
    """What examples/crs_texts says of codes or paths."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    tool = target / "debug" / "examples" / "crs_texts"
    text = "".join(f"{line}\n" for line in lines)
    answer = subprocess.run([tool], input=text, stdout=subprocess.PIPE, check=True, text=True).stdout
    return [json.loads(line) for line in answer.splitlines()]


def table(title, counts, notes):
    print(f"\n{title}")
    for row, (good, total) in sorted(counts.items()):
        print(f"  {row:<28} {good:>6} of {total}")
    for note in notes:
        print(f"  - {note}")


def same(text, theirs):
    """Whether PROJ takes the text for the same system."""
    try:
        return pyproj.CRS.from_user_input(text).equals(theirs)
    except pyproj.exceptions.CRSError as error:
        return f"not parsed: {str(error)[:200]}"


def compare_codes(every):
    rows = sqlite3.connect(PROJ_DB / "proj.db").execute(
        "SELECT code,type,deprecated FROM crs_view WHERE auth_name='EPSG' AND type NOT IN ('engineering','other') ORDER BY type,code").fetchall()[::every]
    counts, notes = collections.defaultdict(lambda: [0, 0]), []
    for (code, kind, deprecated), ours in zip(rows, describe(code for code, _, _ in rows)):
        theirs = pyproj.CRS.from_epsg(code)
        row = f"{kind}{', deprecated' if deprecated else ''}"
        for form, text in (("WKT", ours["wkt"]), ("PROJJSON", ours["projjson"] and json.dumps(ours["projjson"]))):
            result = same(text, theirs) if text else "missing"
            counts[f"{row}, {form}"][1] += 1
            counts[f"{row}, {form}"][0] += result is True
            if result is not True:
                notes.append(f"EPSG:{code} ({theirs.name}) {form}: {result or 'another system'}")
    table(f"{len(rows)} EPSG codes against pyproj {pyproj.__version__} (PROJ {pyproj.proj_version_str})", counts, notes)


def reference(path):
    """rasterio's CRS of a file and its code."""
    with rasterio.open(path) as dataset:
        crs = dataset.crs or dataset.gcps[1]
        return (crs.to_wkt(version="WKT2_2019") or crs.to_wkt(), crs.to_epsg()) if crs else (None, None)


def compare_files(title, paths, group=lambda path: "files"):
    counts, notes = collections.defaultdict(lambda: [0, 0]), []
    paths = [str(path) for path in paths]
    for path, ours in zip(paths, describe(paths)):
        try:
            wkt, epsg = reference(path)
        except rasterio.errors.RasterioError:
            continue
        theirs = wkt and pyproj.CRS.from_user_input(wkt)
        for form in ("wkt", "projjson"):
            text = ours.get(form)
            text = json.dumps(text) if isinstance(text, dict) else text
            result = same(text, theirs) if text and theirs else text == theirs
            counts[f"{group(path)}, {form}"][1] += 1
            counts[f"{group(path)}, {form}"][0] += result is True
            if result is not True:
                notes.append(f"{path} {form}: {ours.get('error') or (result or 'another system')}\n      ours {text}\n      GDAL {wkt}")
        counts[f"{group(path)}, code"][1] += 1
        counts[f"{group(path)}, code"][0] += ours.get("epsg") == epsg
        if ours.get("epsg") != epsg:
            notes.append(f"{path}: code {ours.get('epsg')}, rasterio's to_epsg {epsg}")
    table(f"{title} against rasterio {rasterio.__version__} (GDAL {rasterio.__gdal_version__})", counts, notes)


def without_ids(node):
    """PROJJSON without the codes: a user-defined system."""
    if isinstance(node, dict):
        return {key: without_ids(value) for key, value in node.items() if key not in ("id", "ids")}
    return [without_ids(item) for item in node] if isinstance(node, list) else node


def systems():
    """Kind and anything that rasterio takes for a CRS."""
    for line in (HERE / "projections.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        for rest in ("+ellps=WGS84", "+datum=NAD27 +units=us-ft", "+ellps=intl +units=ft", "+a=6370997 +b=6370997", "+ellps=clrk66 +pm=paris"):
            yield "PROJ string", f"{line} {rest} +no_defs +type=crs"
    for rest in ("+ellps=bessel", "+a=3396190 +b=3376200", "+R=6371000", "+ellps=clrk80 +pm=paris", "+ellps=intl +towgs84=1,2,3",
                 "+ellps=intl +towgs84=1,2,3,0.4,0.5,0.6,0.7", "+datum=WGS84 +pm=ferro", "+datum=NAD83"):
        yield "geographic", f"+proj=longlat {rest} +no_defs +type=crs"
        yield "projected on that", f"+proj=utm +zone=33 {rest} +no_defs +type=crs"
        yield "geocentric", f"+proj=geocent {rest} +no_defs +type=crs"
    rows = sqlite3.connect(PROJ_DB / "proj.db").execute(
        "SELECT p.auth_name,p.code,method_code,p.deprecated FROM projected_crs p JOIN conversion_table c ON conversion_auth_name=c.auth_name"
        " AND conversion_code=c.code WHERE p.auth_name IN ('EPSG','ESRI') ORDER BY p.auth_name,method_code,p.code").fetchall()
    seen = collections.Counter()
    for authority, code, method, deprecated in rows:
        seen[authority, method] += 1
        if seen[authority, method] > 3 and seen[authority, method] % 60:
            continue
        yield f"{authority} projected code", f"{authority}:{code}"
        if authority == "EPSG" and not deprecated:
            crs = without_ids(pyproj.CRS.from_epsg(code).to_json_dict())
            yield "EPSG projected without code", pyproj.CRS.from_json_dict(crs).to_wkt()
            yield "same, of no name", pyproj.CRS.from_json_dict(crs | {"name": "my grid"}).to_wkt()
    kinds = {"geographic 2D": 25, "geographic 3D": 12, "geocentric": 12, "compound": 15, "vertical": 40}
    for kind, every in kinds.items():
        codes = sqlite3.connect(PROJ_DB / "proj.db").execute(
            "SELECT code FROM crs_view WHERE auth_name='EPSG' AND type=? ORDER BY code", (kind,)).fetchall()
        for code, in codes[::every]:
            yield f"EPSG {kind} code", f"EPSG:{code}"
            if kind != "vertical":
                yield f"{kind} without code", pyproj.CRS.from_json_dict(without_ids(pyproj.CRS.from_epsg(code).to_json_dict())).to_wkt()
    for text in ('LOCAL_CS["plan",UNIT["metre",1]]', 'LOCAL_CS["plan",UNIT["foot",0.3048]]', 'LOCAL_CS["plan",UNIT["cubit",0.4572]]'):
        yield "local", text


def compare_systems():
    folder = pathlib.Path(os.environ.get("SCRATCH", "/tmp")) / "cog_crs_systems"
    folder.mkdir(exist_ok=True)
    kinds = {}
    for number, (kind, crs) in enumerate(systems()):
        for version in ("1.0", "1.1"):
            if version == "1.1" and "compound" not in kind and "3D" not in kind and "vertical" not in kind:
                continue
            path = folder / f"{number:04}_{version}.tif"
            path.unlink(missing_ok=True)
            profile = dict(driver="GTiff", width=1, height=1, count=1, dtype="uint8", GEOTIFF_VERSION=version)
            try:
                with rasterio.open(path, "w", crs=crs, transform=rasterio.Affine(10, 0, 500, 0, -10, 4000), **profile):
                    pass
            except (rasterio.errors.RasterioError, ValueError) as error:
                print(f"GDAL does not write {crs[:80]}: {error}", file=sys.stderr)
                continue
            pathlib.Path(f"{path}.aux.xml").unlink(missing_ok=True)
            kinds[str(path)] = kind
            (folder / f"{number:04}.txt").write_text(crs)
    compare_files(f"{len(kinds)} files that GDAL wrote", kinds, kinds.get)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["codes", "files", "systems"])
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.what == "codes":
        compare_codes(arguments.every)
    elif arguments.what == "systems":
        compare_systems()
    elif arguments.what == "files":
        compare_files(f"{len(arguments.paths)} files", arguments.paths)


if __name__ == "__main__":
    main()
