#!/usr/bin/env python3
"""Opens a COG and reads a window of whole tiles of it through async-tiff: read_async_tiff.py URL X Y SIDE. Prints the seconds of the open
and of the read, with imports before the clock starts. The twin of read_cog.c; its window is left as decoded tiles, not put together.

Needs the packages of requirements.txt.
"""
import asyncio
import os
import sys
import time

import numpy as np
from async_tiff import TIFF
from async_tiff.store import HTTPStore

TILE = 256


async def main(url, x, y, side):
    base, name = url.rsplit("/", 1)
    start = time.perf_counter()
    tiff = await TIFF.open(name, store=HTTPStore.from_url(base, client_options={"allow_http": True}))
    opened = time.perf_counter()
    tiles = [(x // TILE + column, y // TILE + row) for row in range(side // TILE) for column in range(side // TILE)]
    if tiles:
        fetched = await tiff.fetch_tiles(tiles, 0)
        arrays = await asyncio.gather(*(tile.decode() for tile in fetched))
        assert all(np.asarray(array).size == TILE * TILE for array in arrays)
    return opened - start, time.perf_counter() - opened


print("{:.6f} {:.6f}".format(*asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:5])))), flush=True)
# async-tiff 0.7.2 may crash while the interpreter is taken down.
os._exit(0)
