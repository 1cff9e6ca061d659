//! Packed pixels to samples: the formulas of the format, rounded as libtiff rounds them.

use super::{Wanted, uv};
use std::f64::consts::LN_2;
use std::sync::LazyLock;

/// u′ and v′ of white, for an index of chromaticity that stands for none.
const NEUTRAL: (f64, f64) = (0.210_526_316, 0.473_684_211);
/// Steps of u′ and v′ in 8 bits.
const UV_SCALE: f64 = 410.0;
/// Steps of u′ and v′ in 16 bits.
const UV_SCALE_16: f64 = 32_768.0;

static CENTRES: LazyLock<Vec<(f64, f64)>> = LazyLock::new(uv::centres);

/// Pixels of LogL: 16 bits of log luminance.
pub(super) fn from_log(pixels: &[u32], wanted: Wanted, row: &mut [u8]) {
    match wanted {
        Wanted::Floats => each(pixels, row, |pixel| (luminance(pixel) as f32).to_ne_bytes()),
        Wanted::Bytes => each(pixels, row, |pixel| [gamma(luminance(pixel))]),
        Wanted::Logs | Wanted::Raw => each(pixels, row, |pixel| (pixel as u16).to_ne_bytes()),
    }
}

/// Pixels of LogLuv: 16 bits of log luminance, 8 of u′ and 8 of v′.
pub(super) fn from_log_uv(pixels: &[u32], wanted: Wanted, row: &mut [u8]) {
    let chroma = |pixel: u32| {
        let real = |byte: u32| 1.0 / UV_SCALE * (f64::from(byte & 0xff) + 0.5);
        (real(pixel >> 8), real(pixel))
    };
    let xyz = |pixel: u32| xyz(luminance(pixel >> 16), || chroma(pixel));
    color(pixels, wanted, row, xyz, |pixel| logs((pixel >> 16) as u16, chroma(pixel)));
}

/// Pixels of 24 bits: 10 of log luminance and 14 that number a chromaticity.
pub(super) fn from_packed(pixels: &[u32], wanted: Wanted, row: &mut [u8]) {
    let chroma = |pixel: u32| CENTRES.get((pixel & 0x3fff) as usize).copied().unwrap_or(NEUTRAL);
    let xyz = |pixel: u32| xyz(luminance_10(pixel >> 14), || chroma(pixel));
    // libtiff's mask, which lets a bit of the chromaticity pass.
    color(pixels, wanted, row, xyz, |pixel| logs(((pixel >> 12 & 0xffd) + 13_314) as u16, chroma(pixel)));
}

/// A row of colour pixels, of which `xyz` and `logs` are known.
fn color(pixels: &[u32], wanted: Wanted, row: &mut [u8], xyz: impl Fn(u32) -> [f32; 3], logs: impl Fn(u32) -> [u16; 3]) {
    match wanted {
        Wanted::Logs => each(pixels, row, |pixel| flat::<2, 6>(logs(pixel).map(u16::to_ne_bytes))),
        Wanted::Floats => each(pixels, row, |pixel| flat::<4, 12>(xyz(pixel).map(f32::to_ne_bytes))),
        Wanted::Bytes => each(pixels, row, |pixel| rgb(xyz(pixel))),
        Wanted::Raw => each(pixels, row, u32::to_ne_bytes),
    }
}

/// Writes `N` bytes a pixel.
fn each<const N: usize>(pixels: &[u32], row: &mut [u8], convert: impl Fn(u32) -> [u8; N]) {
    for (pixel, target) in pixels.iter().zip(row.as_chunks_mut().0) {
        *target = convert(*pixel);
    }
}

/// Three samples of `N` bytes as `M` = 3 × `N` bytes.
fn flat<const N: usize, const M: usize>(samples: [[u8; N]; 3]) -> [u8; M] {
    samples.as_flattened().try_into().unwrap_or([0; M])
}

/// L = ±2^((Le + ½) / 256 − 64) of a sign and 15 bits; 0 is 0.
fn luminance(log: u32) -> f64 {
    let magnitude = log & 0x7fff;
    if magnitude == 0 {
        return 0.0;
    }
    let value = (LN_2 / 256.0 * (f64::from(magnitude) + 0.5) - LN_2 * 64.0).exp();
    if log & 0x8000 == 0 { value } else { -value }
}

/// L = 2^((Le + ½) / 64 − 12) of 10 bits; 0 is 0.
fn luminance_10(log: u32) -> f64 {
    let log = log & 0x3ff;
    if log == 0 { 0.0 } else { (LN_2 / 64.0 * (f64::from(log) + 0.5) - LN_2 * 12.0).exp() }
}

fn logs(log: u16, (u, v): (f64, f64)) -> [u16; 3] {
    [log, (u * UV_SCALE_16) as i16 as u16, (v * UV_SCALE_16) as i16 as u16]
}

/// CIE XYZ of a luminance and (u′, v′).
fn xyz(luminance: f64, chroma: impl Fn() -> (f64, f64)) -> [f32; 3] {
    if luminance <= 0.0 {
        return [0.0; 3];
    }
    let (u, v) = chroma();
    let s = 1.0 / (6.0 * u - 16.0 * v + 12.0);
    let (x, y) = (9.0 * u * s, 4.0 * v * s);
    [x / y * luminance, luminance, (1.0 - x - y) / y * luminance].map(|value| value as f32)
}

/// RGB with the primaries of CCIR 709.
fn rgb(xyz: [f32; 3]) -> [u8; 3] {
    let [x, y, z] = xyz.map(f64::from);
    [2.690 * x + -1.276 * y + -0.414 * z, -1.022 * x + 1.978 * y + 0.044 * z, 0.061 * x + -0.224 * y + 1.163 * z].map(gamma)
}

/// A gamma of 2.
fn gamma(value: f64) -> u8 {
    if value <= 0.0 {
        0
    } else if value >= 1.0 {
        255
    } else {
        (256.0 * value.sqrt()) as u8
    }
}
