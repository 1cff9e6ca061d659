#!/usr/bin/python3
"""Writes fixtures.rs: small JPEG blocks as GDAL (on libjpeg-turbo: Debian's, not the PyPI wheel) stores them, and FNV-1a hashes of the
pixels that GDAL reads from them.   /usr/bin/python3 src/codec/jpeg/fixtures.py > src/codec/jpeg/fixtures.rs"""
import struct
import numpy as np
from osgeo import gdal

gdal.UseExceptions()
PATH = "/vsimem/block"
SIDE = 32


def contents(path):
    file = gdal.VSIFOpenL(path, "rb")
    data = bytes(gdal.VSIFReadL(1, 1 << 20, file))
    gdal.VSIFCloseL(file)
    return data


def picture(bands):
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    waves = [128 + 80 * np.sin(x / (3 + b) + b) + 40 * np.cos(y / (5 - b)) + rng.normal(0, 8, x.shape) for b in range(bands)]
    return np.array(waves).clip(0, 255).astype("u1")


def tile(bands, *options):
    options = ["COMPRESS=JPEG", "TILED=YES", f"BLOCKXSIZE={SIDE}", f"BLOCKYSIZE={SIDE}", *options]
    dataset = gdal.GetDriverByName("GTiff").Create(PATH, SIDE, SIDE, bands, 1, options)
    dataset.WriteArray(picture(bands))
    dataset = None
    data = contents(PATH)
    start, = struct.unpack("<I", data[4:8])
    count, = struct.unpack("<H", data[start : start + 2])
    entries = [struct.unpack("<HHII", data[at : at + 12]) for at in range(start + 2, start + 2 + 12 * count, 12)]
    tags = {tag: (number, value) for tag, _, number, value in entries}
    (length, at), offset, size = tags[347], tags[324][1], tags[325][1]
    pixels = gdal.Open("GTIFF_RAW:" + PATH).ReadAsArray().reshape(bands, SIDE, SIDE).transpose(1, 2, 0)
    return data[at : at + length], data[offset : offset + size], pixels.tobytes()


def progressive():
    memory = gdal.GetDriverByName("MEM").Create("", SIDE, SIDE, 1, 1)
    memory.WriteArray(picture(1)[0])
    gdal.GetDriverByName("JPEG").CreateCopy(PATH, memory, options=["PROGRESSIVE=ON", "QUALITY=50"])
    return b"", contents(PATH), gdal.Open(PATH).ReadAsArray().tobytes()


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def array(data):
    rows = (", ".join(map(str, data[at : at + 32])) for at in range(0, len(data), 32))
    return "&[\n" + "".join(f"        {row},\n" for row in rows) + "    ]" if data else "&[]"


def main():
    blocks = {
        "YCBCR": (3, True, tile(3, "PHOTOMETRIC=YCBCR", "JPEG_QUALITY=60")),
        "RGB": (3, False, tile(3, "JPEG_QUALITY=40")),
        "GREY": (1, False, tile(1, "JPEG_QUALITY=60")),
        "TWO": (2, False, tile(2, "JPEG_QUALITY=40")),
        "CMYK": (4, False, tile(4, "PHOTOMETRIC=CMYK", "JPEG_QUALITY=40")),
        "PROGRESSIVE": (1, False, progressive()),
    }
    print("//! JPEG blocks of 32x32 pixels that GDAL wrote. Made by fixtures.py; don't edit.\n\nuse super::tests::Block;\n")
    for name, (samples, ycbcr, (tables, block, pixels)) in blocks.items():
        print(f"pub(super) const {name}: Block = Block {{\n    samples: {samples},\n    ycbcr: {str(ycbcr).lower()},")
        print(f"    tables: {array(tables)},\n    stream: {array(block)},\n    pixels: {fnv1a(pixels):#_x},\n}};\n")


main()
