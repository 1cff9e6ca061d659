#!/usr/bin/env python3
"""Whole-image reads, libcog against Debian's GDAL and the bare codecs, interleaved in one run: medians in MB/s of pixels, and ratios.

usage: whole_image.py COG_READ GDAL_READ BARE_CODEC DATA_DIR [ROUNDS]

GDAL's best is the better of its medians with 1 and with all threads (NUM_THREADS=ALL_CPUS), and so is ours. `codec` is the codec alone,
with all threads, on tiles that lie in memory: nothing is read, undone or placed; - where there is no library to call. Every run is a
process of its own; files are in the page cache and the destination's pages are there already.
"""
import glob
import os
import statistics
import subprocess
import sys

cog, gdal, bare, data = sys.argv[1:5]
rounds = int(sys.argv[5]) if len(sys.argv) > 5 else 9
RUNS = {"GDAL 1": (gdal, "1"), "GDAL all": (gdal, "ALL_CPUS"), "cog 1": (cog, "1"), "cog all": (cog, "0"), "codec": (bare, "0")}


def once(program, path, threads, layout):
    """MB/s, or None where the program has nothing to measure."""
    out = subprocess.run([program, path, threads, layout], capture_output=True, text=True)
    if out.returncode:
        sys.exit(f"{program} {path}: {out.stderr.strip() or out.returncode}")
    if out.stdout.strip() == "none":
        return None
    seconds, size = out.stdout.split()
    return int(size) / 1e6 / float(seconds)


def medians(path, layout):
    speed = {name: [] for name in RUNS}
    for _ in range(rounds):
        for name, (program, threads) in RUNS.items():
            speed[name].append(once(program, path, threads, layout))
    return {name: None if None in values else statistics.median(values) for name, values in speed.items()}


print(f"{'file':14} {'layout':6} " + " ".join(f"{name:>9}" for name in RUNS) + "   1 thread   best : best")
behind = []
for path in sorted(glob.glob(os.path.join(data, "[!_]*.tif"))):
    for layout in ("bsq", "bip"):
        m = medians(path, layout)
        ratio = max(m["cog 1"], m["cog all"]) / max(m["GDAL 1"], m["GDAL all"])
        name = os.path.basename(path)[:-4]
        cells = " ".join(f"{'-' if m[run] is None else format(m[run], '.0f'):>9}" for run in RUNS)
        print(f"{name:14} {layout:6} {cells}   {m['cog 1'] / m['GDAL 1']:8.2f}   {ratio:11.2f}", flush=True)
        if ratio < 1:
            behind.append(f"{name} {layout}")
print("behind GDAL's best: " + (", ".join(behind) or "none"))
