#!/usr/bin/env python3
"""Writes the COGs that whole_image.py times: an artificial landscape with sensor noise, as a photograph, as 16-bit counts and as heights.

usage: make_data.py PIXELS OUT_DIR      (Debian: apt-get install python3-gdal python3-numpy; run with /usr/bin/python3)

Data compresses about as real images do (rgb deflate 1.5:1, JPEG 10:1), tiles are 512 x 512. Deterministic.
"""
import os
import sys

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
RGB, U16, F32 = "rgb", "u16", "f32"
FILES = [(RGB, c, o) for c, o in [("NONE", []), ("LZW", ["PREDICTOR=YES"]), ("DEFLATE", ["PREDICTOR=YES"]), ("ZSTD", ["PREDICTOR=YES"]),
                                  ("JPEG", ["QUALITY=85"]), ("WEBP", ["QUALITY=85"])]]
FILES += [(U16, c, ["PREDICTOR=YES"]) for c in ("LZW", "DEFLATE", "ZSTD")] + [(F32, c, ["PREDICTOR=YES"]) for c in ("DEFLATE", "ZSTD")]
FILES += [(F32, "LERC", ["MAX_Z_ERROR=0.01"])]


def landscape(n, rng):
    """Fractal heights: noise of power 1/f^2."""
    f = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None, :])
    f[0, 0] = 1
    spectrum = np.exp(2j * np.pi * rng.random(f.shape)) / f**2
    h = np.fft.irfft2(spectrum, (n, n))
    return ((h - h.min()) / (h.max() - h.min())).astype(np.float32)


def bands(n):
    rng = np.random.default_rng(7)
    h = landscape(n, rng)
    gy, gx = np.gradient(h * n)
    light = np.clip(0.6 + 0.4 * (gx - gy), 0.1, 1.2)
    colour = np.stack([90 + 140 * h, 120 + 60 * np.sin(6 * h), 150 - 90 * h])
    rgb = np.clip(colour * light + rng.normal(0, 2.5, (3, n, n)), 0, 255).astype(np.uint8)
    f32 = (h * 1500 + rng.normal(0, 0.05, (n, n))).astype(np.float32)
    u16 = np.clip(f32 * 12 + rng.normal(0, 30, (n, n)), 0, 65535).astype(np.uint16)
    return {RGB: (rgb, gdal.GDT_Byte), U16: (u16[None], gdal.GDT_UInt16), F32: (f32[None], gdal.GDT_Float32)}


def main():
    n, out = int(sys.argv[1]), sys.argv[2]
    os.makedirs(out, exist_ok=True)
    wanted = [(kind, c, o, os.path.join(out, f"{kind}_{c.lower()}.tif")) for kind, c, o in FILES]
    wanted = [w for w in wanted if not os.path.exists(w[3])]
    made = bands(n) if wanted else {}
    for kind, compression, options, path in wanted:
        array, dtype = made[kind]
        memory = gdal.GetDriverByName("MEM").Create("", n, n, array.shape[0], dtype)
        memory.WriteRaster(0, 0, n, n, array.tobytes())
        memory.SetGeoTransform([500000, 0.6, 0, 4000000, 0, -0.6])
        gdal.GetDriverByName("COG").CreateCopy(path + ".part", memory, options=[f"COMPRESS={compression}", "BLOCKSIZE=512", "NUM_THREADS=2", *options])
        os.rename(path + ".part", path)
        print(path, os.path.getsize(path) // 1024, "KiB", file=sys.stderr, flush=True)


main()
