//! Files that `cogtool read` writes.

use crate::Failure;
use cog::dataset::Palette;
use cog::{DType, Pixels};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|e| file_error(path, &e))
}

fn file_error(path: &Path, e: &dyn std::fmt::Display) -> Failure {
    Failure::Error(format!("{}: can't be written: {e}", path.display()))
}

/// NumPy's format, version 1.0: bands × rows × columns in native byte order.
pub(crate) fn npy(path: &Path, pixels: &Pixels) -> Result<(), Failure> {
    let size = &pixels.size;
    let kind = match size.dtype {
        DType::UInt8 | DType::UInt16 | DType::UInt32 | DType::UInt64 => 'u',
        DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64 => 'i',
        DType::CInt16 | DType::CInt32 | DType::CFloat32 | DType::CFloat64 => 'c',
        _ => 'f',
    };
    let order = if cfg!(target_endian = "big") { '>' } else { '<' };
    let (bands, height, width) = (size.bands, size.height, size.width);
    let dictionary =
        format!("{{'descr': '{order}{kind}{}', 'fortran_order': False, 'shape': ({bands}, {height}, {width}), }}", size.dtype.size());
    // The header, its ten fixed bytes included, is a multiple of 64 bytes and ends with a line break.
    let length = (10 + dictionary.len() + 1).next_multiple_of(64) - 10;
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend_from_slice(&(length as u16).to_le_bytes());
    file.extend_from_slice(format!("{dictionary:<width$}\n", width = length - 1).as_bytes());
    file.extend_from_slice(&pixels.data);
    write(path, &file)
}

/// A picture of 1 to 4 bands. 8 and 16 bits are written as they are; other types are stretched from their smallest to their largest valid
/// value. Masked pixels become transparent.
pub(crate) fn png(path: &Path, pixels: &Pixels, palette: Option<&Palette>) -> Result<(), Failure> {
    let bands = pixels.size.bands;
    if let Some(palette) = palette {
        let samples: Vec<u8> = indices(pixels).zip(&pixels.mask).flat_map(|(i, mask)| painted(palette, i, *mask)).collect();
        return encode(path, pixels, png::ColorType::Rgba, png::BitDepth::Eight, &samples);
    }
    if bands > 4 {
        return Err(Failure::Usage(format!("a PNG has 1 to 4 bands and this would have {bands}; choose with --bands 1,2,3")));
    }
    let transparent = matches!(bands, 1 | 3) && pixels.mask.iter().any(|m| *m != 255);
    let color = match (bands, transparent) {
        (1, false) => png::ColorType::Grayscale,
        (1, true) | (2, _) => png::ColorType::GrayscaleAlpha,
        (3, false) => png::ColorType::Rgb,
        _ => png::ColorType::Rgba,
    };
    let (depth, sample, data) = match pixels.size.dtype {
        DType::UInt8 => (png::BitDepth::Eight, 1, pixels.data.clone()),
        DType::UInt16 => (png::BitDepth::Sixteen, 2, big_endian(&pixels.data)),
        _ => (png::BitDepth::Eight, 1, stretched(pixels)?),
    };
    let count = pixels.size.width * pixels.size.height;
    let mut samples = Vec::with_capacity(count * 4 * sample);
    for i in 0..count {
        for band in 0..bands {
            let at = (band * count + i) * sample;
            samples.extend_from_slice(data.get(at..at + sample).unwrap_or_default());
        }
        if transparent {
            let alpha = pixels.mask.get(i).copied().unwrap_or(255);
            samples.extend(std::iter::repeat_n(alpha, sample));
        }
    }
    encode(path, pixels, color, depth, &samples)
}

pub(crate) fn mask_png(path: &Path, pixels: &Pixels) -> Result<(), Failure> {
    encode(path, pixels, png::ColorType::Grayscale, png::BitDepth::Eight, &pixels.mask)
}

fn encode(path: &Path, pixels: &Pixels, color: png::ColorType, depth: png::BitDepth, samples: &[u8]) -> Result<(), Failure> {
    let file = File::create(path).map_err(|e| file_error(path, &e))?;
    let mut encoder = png::Encoder::new(BufWriter::new(file), pixels.size.width as u32, pixels.size.height as u32);
    encoder.set_color(color);
    encoder.set_depth(depth);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(samples));
    written.map_err(|e| file_error(path, &e))
}

/// The samples of a paletted band, as indices.
fn indices(pixels: &Pixels) -> impl Iterator<Item = usize> + '_ {
    let size = pixels.size.dtype.size();
    pixels.data.chunks_exact(size).map(move |b| match b {
        [v] => usize::from(*v),
        [a, b] => usize::from(u16::from_ne_bytes([*a, *b])),
        _ => usize::MAX,
    })
}

fn painted(palette: &Palette, index: usize, mask: u8) -> [u8; 4] {
    let [r, g, b, a] = palette.get(index).copied().unwrap_or_default();
    [r, g, b, a.min(mask)]
}

/// PNG's samples of 16 bits are big-endian.
fn big_endian(data: &[u8]) -> Vec<u8> {
    data.as_chunks::<2>().0.iter().flat_map(|b| u16::from_ne_bytes(*b).to_be_bytes()).collect()
}

/// All samples as bytes: the smallest valid value becomes 0, the largest 255.
fn stretched(pixels: &Pixels) -> Result<Vec<u8>, Failure> {
    let values =
        pixels.values().ok_or_else(|| Failure::Usage("a picture of complex numbers can't be made; use --format npy or raw".into()))?;
    let count = pixels.mask.len().max(1);
    let valid = values.iter().enumerate().filter(|(i, v)| v.is_finite() && pixels.mask.get(i % count) != Some(&0)).map(|(_, v)| *v);
    let (low, high) = valid.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let scale = if high > low { 255.0 / (high - low) } else { 0.0 };
    if low <= high {
        eprintln!("cogtool: values from {low} to {high} are shown as 0 to 255");
    }
    // `as` clamps, and takes NaN to 0.
    Ok(values.iter().map(|v| ((v - low) * scale).round() as u8).collect())
}
