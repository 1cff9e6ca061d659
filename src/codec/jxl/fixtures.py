#!/usr/bin/env python3
"""Writes fixtures.rs: small JPEG XL blocks that libjxl wrote, and what libjxl decodes from the lossy ones.
python3 src/codec/jxl/fixtures.py > src/codec/jxl/fixtures.rs      (pip install imagecodecs; made with 2026.3.6, libjxl 0.11.2)"""
import imagecodecs
import numpy as np

W, H = 20, 14
y, x = np.mgrid[0:H, 0:W]


def band(k):
    return (x * x + 3 * y + x * y // 4 + 5 * k) % 97


def bands(n, dtype="uint8", factor=1):
    """(H, W) or (H, W, n): the numbers that tests.rs computes, too."""
    stack = np.stack([band(k) for k in range(n)], -1) * factor
    return (stack[..., 0] if n == 1 else stack).astype(dtype)


def encode(pixels, **options):
    stream = imagecodecs.jpegxl_encode(pixels, **{"lossless": True, **options})
    if options.get("lossless", True):
        assert (imagecodecs.jpegxl_decode(stream) == pixels).all()
    return stream


def codestream(container):
    """What the boxes hold."""
    found, at = b"", 0
    while at < len(container):
        size, kind = int.from_bytes(container[at : at + 4], "big"), container[at + 4 : at + 8]
        end = at + size if size else len(container)
        if kind in (b"jxlc", b"jxlp"):
            found += container[at + (8 if kind == b"jxlc" else 12) : end]
        at = end
    assert found.startswith(b"\xff\x0a")
    return found


def smooth(n):
    planes = [np.clip(128 + 90 * np.sin(x / (5 + k)) * np.cos(y / (4 + k)), 0, 255) for k in range(n)]
    stack = np.stack(planes, -1).astype("uint8")
    return stack[..., 0] if n == 1 else stack


def layers(n):
    """Pictures of one value each, all but the last of a duration of 0: each lies on the one before, and all together are one picture."""
    pictures = np.zeros((n, H, W), "uint8") + np.arange(n, dtype="uint8")[:, None, None]
    stream = imagecodecs.jpegxl_encode(pictures, lossless=True, photometric="gray")
    # A frame header of duration 1; with duration 0 it has one more bit, which makes it a byte longer.
    stream = stream.replace(b"\x08\x04\x01\x00", b"\x08\x04\x00\x00\x00")
    decoded = imagecodecs.jpegxl_decode(stream)
    assert decoded.shape == (H, W) and (decoded == n - 1).all()
    return stream


def array(data):
    rows = (", ".join(map(str, data[at : at + 32])) for at in range(0, len(data), 32))
    return "&[\n" + "".join(f"    {row},\n" for row in rows) + "]"


def main():
    planes = lambda n: np.stack([band(k) for k in range(n)]).astype("uint8")
    wide = encode(planes(7), photometric="gray", planar=True)
    print("//! JPEG XL blocks of 20x14 pixels that libjxl wrote. Made by fixtures.py; don't edit.\n")
    for name, stream in {
        "GRAY_U8": encode(bands(1)),
        "RGB_U8": encode(bands(3)),
        "RGBA_U8": encode(bands(4)),
        "SEVEN_U8": wide,
        "SEVEN_U8_NAKED": codestream(wide),
        "GRAY_ALPHA_U16": encode(bands(2, "uint16", 650)),
        "RGB_U16": encode(bands(3, "uint16", 650)),
        "GRAY_F32": encode(bands(1, "float32", 0.25)),
        "GRAY_F32_NAKED": codestream(encode(bands(1, "float32", 0.25))),
        "RGBA_F32": encode(bands(4, "float32", 0.25)),
        "ANIMATION": imagecodecs.jpegxl_encode(np.stack([bands(1), 255 - bands(1)]), lossless=True, photometric="gray"),
        "LAYERS_3": layers(3),
        "LAYERS_99": layers(99),
    }.items():
        print(f"#[rustfmt::skip]\npub(super) const {name}: &[u8] = {array(stream)};\n")
    for name, pixels in {"LOSSY_GRAY": smooth(1), "LOSSY_RGB": smooth(3), "LOSSY_RGBA": smooth(4)}.items():
        stream = encode(pixels, lossless=False, distance=1.0)
        decoded = imagecodecs.jpegxl_decode(stream)
        assert (decoded != pixels).any()
        print(f"#[rustfmt::skip]\npub(super) const {name}: (&[u8], &[u8]) = ({array(stream)}, {array(decoded.tobytes())});\n")


main()
