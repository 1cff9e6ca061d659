#!/usr/bin/env python3
"""Writes the COG that run.py reads: 8192 x 8192 pixels, one band of 8 bits, 32 x 32 tiles of 256 pixels, deflate, about 40 KB a tile.

usage: make_data.py OUT_FILE      (Debian: apt-get install python3-gdal python3-numpy; run with /usr/bin/python3)
"""
import os
import sys

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
SIDE = 8192


def main():
    path = sys.argv[1]
    if os.path.exists(path):
        return
    rng = np.random.default_rng(7)
    across = np.arange(SIDE, dtype=np.float32)
    hills = 120 + 60 * np.sin(across / 97)[None, :] * np.cos(across / 131)[:, None]
    pixels = (hills + rng.normal(0, 4, (SIDE, SIDE)).astype(np.float32)).clip(0, 255).astype(np.uint8)
    memory = gdal.GetDriverByName("MEM").Create("", SIDE, SIDE, 1, gdal.GDT_Byte)
    memory.WriteRaster(0, 0, SIDE, SIDE, pixels.tobytes())
    memory.SetGeoTransform([500000, 0.6, 0, 4000000, 0, -0.6])
    options = ["COMPRESS=DEFLATE", "PREDICTOR=YES", "BLOCKSIZE=256", "NUM_THREADS=2"]
    gdal.GetDriverByName("COG").CreateCopy(path + ".part", memory, options=options)
    os.rename(path + ".part", path)


main()
