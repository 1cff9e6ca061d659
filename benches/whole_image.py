#!/usr/bin/env python3
"""Whole-image reads, libcog against Debian's GDAL, interleaved in one run: medians in MB/s of pixels, and their ratio.

usage: whole_image.py COG_READ GDAL_READ DATA_DIR [ROUNDS]
GDAL's best is the better of its medians with 1 and with all threads (NUM_THREADS=ALL_CPUS).
"""
import glob
import os
import statistics
import subprocess
import sys

cog, gdal, data = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 9
runs = {"GDAL 1": (gdal, "1"), "GDAL all": (gdal, "ALL_CPUS"), "cog 1": (cog, "1"), "cog all": (cog, "0")}


def once(program, path, threads, layout):
    out = subprocess.run([program, path, threads, layout], capture_output=True, text=True)
    if out.returncode:
        sys.exit(f"{program} {path}: {out.stderr.strip() or out.returncode}")
    seconds, size = out.stdout.split()
    return int(size) / 1e6 / float(seconds)


print(f"{'file':18} {'layout':6} " + " ".join(f"{name:>9}" for name in runs) + "   1 thread   best : best")
for path in sorted(glob.glob(os.path.join(data, "*.tif"))):
    for layout in ("bsq", "bip"):
        speed = {name: [] for name in runs}
        for _ in range(rounds):
            for name, (program, threads) in runs.items():
                speed[name].append(once(program, path, threads, layout))
        m = {name: statistics.median(values) for name, values in speed.items()}
        best = max(m["GDAL 1"], m["GDAL all"])
        print(f"{os.path.basename(path)[:-4]:18} {layout:6} " + " ".join(f"{m[name]:9.0f}" for name in runs)
              + f"   {m['cog 1'] / m['GDAL 1']:8.2f}   {max(m['cog 1'], m['cog all']) / best:11.2f}", flush=True)
