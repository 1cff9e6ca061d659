#!/usr/bin/env python3
"""Writes a COG of 16-bit counts without overviews, for reads that must reduce it: PIXELS a side, deflate with predictor, tiles of 512 x 512.

usage: make_large.py PIXELS OUT.tif      (Debian: apt-get install python3-gdal python3-numpy; run with /usr/bin/python3)

A landscape of 2048 x 2048, laid side by side with another noise each time, so that no large array is needed. Deterministic.
"""
import os
import sys

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
TILE = 2048


def landscape(n, rng):
    """Fractal heights: noise of power 1/f^2, which meets itself at the edges."""
    f = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None, :])
    f[0, 0] = 1
    h = np.fft.irfft2(np.exp(2j * np.pi * rng.random(f.shape)) / f**2, (n, n))
    return ((h - h.min()) / (h.max() - h.min())).astype(np.float32)


def main():
    n, path = int(sys.argv[1]), sys.argv[2]
    rng = np.random.default_rng(7)
    heights = landscape(TILE, rng) * 18000
    options = ["COMPRESS=DEFLATE", "PREDICTOR=2", "TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "NUM_THREADS=2", "BIGTIFF=IF_SAFER"]
    plain = path + ".part"
    dataset = gdal.GetDriverByName("GTiff").Create(plain, n, n, 1, gdal.GDT_UInt16, options)
    for y in range(0, n, TILE):
        for x in range(0, n, TILE):
            counts = np.clip(heights + rng.normal(0, 30, heights.shape), 0, 65535).astype(np.uint16)
            w, h = min(TILE, n - x), min(TILE, n - y)
            dataset.GetRasterBand(1).WriteArray(counts[:h, :w], x, y)
    del dataset
    gdal.GetDriverByName("COG").CreateCopy(path, gdal.Open(plain), options=["COMPRESS=DEFLATE", "PREDICTOR=YES", "OVERVIEWS=NONE", "NUM_THREADS=2"])
    os.remove(plain)
    print(path, os.path.getsize(path) // 2**20, "MiB", file=sys.stderr)


main()
