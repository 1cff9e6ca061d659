//! SGI LogLuv (`Compression` = 34676 and 34677): G. W. Larson, "LogLuv encoding for full-gamut, high-dynamic range images", 1998.
//!
//! `SGILOG` packs rows of 16-bit log luminances (`PhotometricInterpretation` LogL), or of these with 8 bits each of u′ and v′ (LogLuv):
//! for each row all high bytes, then the next ones, each in runs like those of PackBits. `SGILOG24` has three plain bytes a pixel: 10 bits
//! of log luminance and a 14-bit index of chromaticity.
//!
//! What comes out is libtiff's choice (`tif_luv.c`), by `BitsPerSample` and `SampleFormat`: 16-bit logs and chromaticities, floating-point
//! XYZ (or Y), 8-bit RGB (or gray) of gamma 2, or, of one 32-bit sample, the pixel as it is packed. GDAL asks for nothing else.
//!
//! Traps: the samples are in the machine's byte order, whatever the file's. Runs may not go on beyond a row: what is left of them is
//! dropped, and of literal bytes taken for the next codes, as libtiff does both.

mod colors;
mod uv;

use super::{BlockLayout, Codec, CodecError};
use crate::tiff::Photometric;
use colors::{from_log, from_log_uv, from_packed};

pub(super) enum SgiLog {
    /// 34676
    Runs,
    /// 34677
    Packed24,
}

/// What the samples of a block are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wanted {
    /// Logs and chromaticities as integers.
    Logs,
    /// XYZ or Y.
    Floats,
    /// RGB or gray.
    Bytes,
    /// Pixels as they are packed.
    Raw,
}

impl Wanted {
    /// libtiff's `LogL16GuessDataFmt` and `LogLuvGuessDataFmt`; `SampleFormat` 4 is "undefined". GDAL reads those of 8 bits with libtiff's
    /// RGBA reader, which takes signed ones too.
    fn of(layout: &BlockLayout<'_>) -> Option<Self> {
        let color = layout.photometric == Photometric::LOG_LUV;
        let wanted = match (layout.bits, layout.sample_format) {
            (8, 1 | 2 | 4) => Self::Bytes,
            (16, 1 | 2 | 4) => Self::Logs,
            (32, 3) => Self::Floats,
            (32, 1 | 2 | 4) if color => Self::Raw,
            _ => return None,
        };
        let samples = if color && wanted != Self::Raw { 3 } else { 1 };
        (layout.samples == samples).then_some(wanted)
    }
}

impl Codec for SgiLog {
    fn decode(&self, input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        let unsupported = |what: String| Err(CodecError::Unsupported(what));
        let convert = match (self, layout.photometric) {
            (Self::Runs, Photometric::LOG_L) => from_log,
            (Self::Runs, Photometric::LOG_LUV) => from_log_uv,
            (Self::Packed24, Photometric::LOG_LUV) => from_packed,
            (_, other) => return unsupported(format!("SGI LogLuv compression with PhotometricInterpretation {other}")),
        };
        let Some(wanted) = Wanted::of(layout) else {
            let BlockLayout { samples, bits, sample_format, .. } = layout;
            return unsupported(format!("SGI LogLuv as {samples} samples of {bits} bits and SampleFormat {sample_format}"));
        };
        let planes = if layout.photometric == Photometric::LOG_L { 2 } else { 4 };
        let row_bytes = layout.width * layout.samples * usize::from(layout.bits / 8);
        let mut pixels = vec![0; layout.width];
        let mut rest = input;
        for (y, row) in output.chunks_exact_mut(row_bytes.max(1)).enumerate() {
            let whole = match self {
                Self::Runs => read_planes(&mut rest, planes, &mut pixels),
                Self::Packed24 => read_packed(&mut rest, &mut pixels),
            };
            whole.ok_or_else(|| CodecError::Corrupt(format!("the SGI LogLuv stream ends in row {y} of {}", layout.height)))?;
            convert(&pixels, wanted, row);
        }
        Ok(())
    }
}

/// Reads a row: `planes` bytes of each pixel, the highest ones of all pixels first.
fn read_planes(input: &mut &[u8], planes: u32, pixels: &mut [u32]) -> Option<()> {
    pixels.fill(0);
    for shift in (0..planes).rev().map(|plane| 8 * plane) {
        let mut at = 0;
        while at < pixels.len() {
            let (code, rest) = input.split_first()?;
            let left = pixels.get_mut(at..)?;
            if *code >= 128 {
                let (byte, rest) = rest.split_first()?;
                let count = (usize::from(*code) - 126).min(left.len());
                left.iter_mut().take(count).for_each(|pixel| *pixel |= u32::from(*byte) << shift);
                (at, *input) = (at + count, rest);
            } else {
                let count = usize::from(*code).min(left.len());
                let (bytes, rest) = rest.split_at_checked(count)?;
                left.iter_mut().zip(bytes).for_each(|(pixel, byte)| *pixel |= u32::from(*byte) << shift);
                (at, *input) = (at + count, rest);
            }
        }
    }
    Some(())
}

/// Reads a row of three bytes a pixel.
fn read_packed(input: &mut &[u8], pixels: &mut [u32]) -> Option<()> {
    let (row, rest) = input.split_at_checked(pixels.len().checked_mul(3)?)?;
    for (pixel, [a, b, c]) in pixels.iter_mut().zip(row.as_chunks().0) {
        *pixel = u32::from_be_bytes([0, *a, *b, *c]);
    }
    *input = rest;
    Some(())
}

#[cfg(test)]
mod tests;
