#!/usr/bin/env python3
"""A large image without overviews reduced to 1024 x 1024 by average, libcog against Debian's GDAL, interleaved in one run.

usage: large.py COGTOOL FILE [ROUNDS]      (/usr/bin/python3 with python3-gdal; /usr/bin/time)

Every run is a process of its own, from start to end: `cogtool read`, and a Python program that makes one RasterIO, with all threads; GDAL's
start-up is measured by a read of one pixel, and cogtool's likewise, and both are printed. Files are in the page cache. Peak memory is
what /usr/bin/time -v calls maximum resident set size. The results are compared before anything is timed.
"""
import array
import os
import re
import statistics
import subprocess
import sys
import tempfile

SIDE = 1024
GDAL = """
import sys
from osgeo import gdal
gdal.UseExceptions()
path, side, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
data = gdal.OpenEx(path, open_options=["NUM_THREADS=ALL_CPUS"])
window = (0, 0, data.RasterXSize, data.RasterYSize) if side > 1 else (0, 0, 1, 1)
open(out, "wb").write(data.ReadRaster(*window, buf_xsize=side, buf_ysize=side, resample_alg=gdal.GRIORA_Average))
"""


def commands(cogtool, path, side, out):
    window = [] if side > 1 else ["--window", "0,0,1,1"]
    cog = [cogtool, "read", path, *window, "--size", f"{side}x{side}", "--resampling", "average", "--format", "raw", "-o", out]
    return {"libcog": cog, "GDAL": ["/usr/bin/python3", "-c", GDAL, path, str(side), out]}


def run(command):
    """Seconds and MiB at the peak."""
    done = subprocess.run(["/usr/bin/time", "-v", *command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    minutes, seconds = re.search(r"Elapsed .*?((?:\d+:)?\d+):([\d.]+)\n", done.stderr).groups()
    parts = [int(part) for part in minutes.split(":")]
    elapsed = (parts[0] if len(parts) == 1 else parts[0] * 60 + parts[1]) * 60 + float(seconds)
    return elapsed, int(re.search(r"Maximum resident set size \(kbytes\): (\d+)", done.stderr).group(1)) / 1024


def check(paths):
    arrays = [array.array("H", open(path, "rb").read()) for path in paths]
    if len({len(samples) for samples in arrays}) != 1:
        sys.exit("the results differ in size")
    different = sum(a != b for a, b in zip(*arrays))
    print(f"{different} of {len(arrays[0])} samples differ")


def main():
    cogtool, path = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    with tempfile.TemporaryDirectory() as scratch:
        outs = {name: os.path.join(scratch, name) for name in ("libcog", "GDAL")}
        for name, out in outs.items():
            run(commands(cogtool, path, SIDE, out)[name])
        check(outs.values())
        measured = {(name, side): [] for side in (SIDE, 1) for name in outs}
        for _ in range(rounds):
            for (name, side), runs in measured.items():
                runs.append(run(commands(cogtool, path, side, outs[name])[name]))
    print(f"{'':8} {'seconds':>8} {'peak MiB':>9} {'one pixel, s':>13}")
    median = {key: [statistics.median(values) for values in zip(*runs)] for key, runs in measured.items()}
    for name in outs:
        (seconds, memory), (start, _) = median[name, SIDE], median[name, 1]
        print(f"{name:8} {seconds:8.2f} {memory:9.0f} {start:13.2f}")
    print(f"libcog is {median['GDAL', SIDE][0] / median['libcog', SIDE][0]:.2f} times as fast as GDAL, medians of {rounds}")


main()
