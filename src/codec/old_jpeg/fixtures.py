#!/usr/bin/env python3
"""Writes fixtures.rs: one picture of 21 x 19 pixels with 4:2:0 chroma as one interleaved scan, as a scan a component, and with restarts.
Needs libjpeg-turbo's commands (Debian: libjpeg-turbo-progs)."""
import pathlib
import subprocess
import tempfile

WIDTH, HEIGHT = 21, 19
picture = bytes(value % 256 for y in range(HEIGHT) for x in range(WIDTH) for value in (12 * x, 13 * y, 6 * (x + y)))


def run(command, data):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


with tempfile.NamedTemporaryFile("w", suffix=".txt") as scans:
    scans.write("0;\n1;\n2;\n")
    scans.flush()
    one = run(["cjpeg", "-quality", "50", "-sample", "2x2", "-baseline", "-optimize"], b"P6 %d %d 255\n" % (WIDTH, HEIGHT) + picture)
    streams = {
        "INTERLEAVED": one,
        "SCAN_A_COMPONENT": run(["jpegtran", "-optimize", "-scans", scans.name], one),
        "RESTARTS": run(["jpegtran", "-optimize", "-restart", "1B"], one),
    }

lines = ["//! One picture in three streams by libjpeg-turbo. Made by fixtures.py; don't edit.", ""]
for name, stream in streams.items():
    lines += [f"pub(super) const {name}: &[u8] = &[", *(" " * 4 + ", ".join(map(str, stream[i : i + 28])) + "," for i in range(0, len(stream), 28)), "];", ""]
pathlib.Path(__file__).with_name("fixtures.rs").write_text("\n".join(lines[:-1]) + "\n")
