#!/usr/bin/env python3
"""Reads of a COG over HTTP with an added latency, libcog against Debian's GDAL and async-tiff: medians, requests and bytes, in one table.

usage: run.py RANGE_SERVER READ_COG READ_GDAL PYTHON COG [ROUNDS]        (PYTHON has the packages of requirements.txt)

Each measurement is a process of its own, so that nothing is kept from the one before. The server waits the latency before each answer,
and once more when a connection is made, as TCP's handshake would; each connection carries 100 MB/s. The libraries take turns.
"""
import collections
import os
import statistics
import subprocess
import sys

server_program, cog, gdal, python, path = sys.argv[1:6]
rounds = int(sys.argv[6]) if len(sys.argv) > 6 else 7
TILE = 256
WINDOWS = {"open": 0, "1 tile": 1, "4 x 4 tiles": 4, "16 x 16 tiles": 16}
async_tiff = os.path.join(os.path.dirname(os.path.abspath(__file__)), "read_async_tiff.py")
PROGRAMS = {"GDAL": [gdal], "async-tiff": [python, async_tiff], "libcog": [cog]}
# Other settings of libcog to compare: NAME:KEY=VALUE[,KEY=VALUE…]
for extra in os.environ.get("LATENCY_SETTINGS", "").split():
    name, settings = extra.split(":")
    PROGRAMS[name] = [cog, *settings.split(",")]
# First pixel of the windows: the corner of a tile, far from the edges.
AT = 8 * TILE


class Server:
    """The range server, with the latency that it adds."""

    def __init__(self, latency):
        command = [server_program, os.path.dirname(os.path.abspath(path)), "--log", "--delay-ms", str(latency), "--mb-per-second", "100"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip() + os.path.basename(path)
        os.set_blocking(self.process.stderr.fileno(), False)

    def fetched(self):
        """Requests and bytes since the last call."""
        lines = (self.process.stderr.read() or "").splitlines()
        return len(lines), sum(int(line.split()[-1]) for line in lines)


def once(server, command, side):
    program, settings = (command, []) if command[0] == python else (command[:1], command[1:])
    out = subprocess.run([*program, server.url, str(AT), str(AT), str(side), *settings], capture_output=True, text=True)
    if out.returncode:
        sys.exit(f"{command}: {out.stderr.strip() or out.returncode}")
    opened, read = map(float, out.stdout.split())
    return (read if side else opened) * 1000, *server.fetched()


print(f"{'latency':>8} {'':14} " + " ".join(f"{name:^28}" for name in PROGRAMS))
print(f"{'ms':>8} {'':14} " + " ".join(f"{'ms':>9} {'requests':>9} {'KB':>8}" for _ in PROGRAMS) + "   (requests and KB with those of the open)")
for latency in (0, 30, 100):
    server = Server(latency)
    for name, tiles in WINDOWS.items():
        seen = collections.defaultdict(list)
        for _ in range(rounds):
            for program, command in PROGRAMS.items():
                seen[program].append(once(server, command, tiles * TILE))
        median = {program: [statistics.median(column) for column in zip(*values)] for program, values in seen.items()}
        cells = (f"{median[p][0]:9.1f} {median[p][1]:9.0f} {median[p][2] / 1000:8.0f}" for p in PROGRAMS)
        print(f"{latency:8} {name:14} " + " ".join(cells), flush=True)
    server.process.kill()
