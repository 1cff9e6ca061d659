//! JPEG (`Compression` = 7): TIFF Technical Note 2 of 1995; ITU-T T.81.
//!
//! A block is a JPEG stream of its own, whose quantisation and Huffman tables may stand apart, in the `JPEGTables` field.
//!
//! Traps: the colour conversion is the TIFF's to say (`PhotometricInterpretation`), not the stream's: JFIF and Adobe markers are
//! ignored, as libtiff ignores them. A last strip may hold the rows of a full one, and is cut. A picture smaller than its block fills
//! the upper left corner (GDAL warns and does the same). Progressive pictures are not legal here, but exist. A stream cut short
//! is an error here; GDAL warns and makes up grey. 12-bit samples are not read.
//!
//! libjpeg-turbo gives GDAL's pixels bit for bit. jpeg-decoder stays within 3 grey levels of them, and decodes what libjpeg-turbo
//! does not: lossless YCbCr.

use jpeg_decoder::{ColorTransform, Decoder};

use super::{BlockLayout, Codec, CodecError};

pub(super) struct Jpeg;

impl Codec for Jpeg {
    fn decode(&self, input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        if layout.bits != 8 {
            return Err(CodecError::Unsupported(format!("JPEG samples of {} bits", layout.bits)));
        }
        if layout.width.checked_mul(layout.height).and_then(|pixels| pixels.checked_mul(layout.samples)) != Some(output.len()) {
            return Err(CodecError::Unsupported("a JPEG block that is not whole".into()));
        }
        match layout.backend {
            #[cfg(feature = "native-codecs")]
            super::Backend::Native => match native::decode(input, layout, output) {
                Err(CodecError::Unsupported(reason)) => {
                    decode_rust(input, layout, output).map_err(|_| CodecError::Unsupported(format!("JPEG: {reason}")))
                }
                result => result,
            },
            _ => decode_rust(input, layout, output),
        }
    }
}

/// The frame header's fields (T.81, B.2.2), read ahead of jpeg-decoder, which panics on some numbers of components.
#[derive(Debug, PartialEq)]
struct Frame {
    precision: u8,
    height: usize,
    width: usize,
    components: usize,
}

/// Walks the marker segments up to the frame header.
fn frame(mut stream: &[u8]) -> Option<Frame> {
    loop {
        let marker = match stream {
            [0xFF, 0xFF, ..] => 0xFF,
            [0xFF, marker, ..] => *marker,
            _ => return None,
        };
        match marker {
            0xFF => stream = stream.get(1..)?,
            0x01 | 0xD0..=0xD8 => stream = stream.get(2..)?,
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let [precision, h1, h0, w1, w0, components] = *stream.get(4..)?.first_chunk()?;
                let (height, width) = (u16::from_be_bytes([h1, h0]).into(), u16::from_be_bytes([w1, w0]).into());
                return Some(Frame { precision, height, width, components: components.into() });
            }
            0xD9 | 0xDA => return None,
            _ => {
                let length = u16::from_be_bytes(*stream.get(2..)?.first_chunk()?);
                stream = stream.get(2 + usize::from(length)..)?;
            }
        }
    }
}

/// jpeg-decoder reads one stream: the tables, without their end marker, and the block, without its start marker.
fn merge(tables: Option<&[u8]>, input: &[u8]) -> Vec<u8> {
    let tables = tables.unwrap_or_default();
    let tables = tables.strip_suffix(&[0xFF, 0xD9]).unwrap_or(tables);
    let block = if tables.is_empty() { input } else { input.strip_prefix(&[0xFF, 0xD8]).unwrap_or(input) };
    [tables, block].concat()
}

fn decode_rust(input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
    /// Enough for the one stream that may be larger than its block: a full strip where the last one is due.
    const LIMIT: usize = 64 << 20;

    let corrupt = |message: &str| CodecError::Corrupt(format!("JPEG: {message}"));
    let frame = frame(input).ok_or_else(|| corrupt("no frame header"))?;
    if frame.precision != 8 {
        return Err(CodecError::Unsupported(format!("JPEG samples of {} bits", frame.precision)));
    }
    if frame.components != layout.samples {
        return Err(corrupt("the picture has another number of components than the file has samples"));
    }
    if frame.width > layout.width {
        return Err(corrupt("the picture is larger than its block"));
    }
    if input.windows(2).filter(|pair| *pair == [0xFF, 0xDA]).count() > layout.jpeg_scans as usize {
        return Err(CodecError::Scans(layout.jpeg_scans));
    }
    // What jpeg-decoder calls `None` leaves planes where pixels are due; `RGB` and, inverted, `CMYK` leave the samples as they are.
    let transform = match (frame.components, layout.ycbcr) {
        (1, false) => ColorTransform::Grayscale,
        (3, _) => ColorTransform::RGB,
        (4, false) => ColorTransform::CMYK,
        (count, _) => return Err(CodecError::Unsupported(format!("JPEG with {count} components"))),
    };
    let stream = merge(layout.jpeg_tables, input);
    let mut decoder = Decoder::new(stream.as_slice());
    decoder.set_color_transform(transform);
    decoder.set_max_decoding_buffer_size(output.len().max(LIMIT));
    let mut pixels = decoder.decode().map_err(|error| corrupt(&error.to_string()))?;
    if pixels.len() != frame.width * frame.height * frame.components {
        return Err(corrupt("the picture is not whole"));
    }
    if layout.ycbcr {
        pixels.as_chunks_mut::<3>().0.iter_mut().for_each(ycbcr_to_rgb);
    }
    if transform == ColorTransform::CMYK {
        for sample in &mut pixels {
            *sample = !*sample;
        }
    }
    place(&pixels, frame.width * frame.components, layout.width * layout.samples, output);
    Ok(())
}

/// JFIF's conversion as libjpeg computes it (`jdcolor.c`); jpeg-decoder's own is off by up to two levels more.
fn ycbcr_to_rgb(pixel: &mut [u8; 3]) {
    const HALF: i32 = 1 << 15;
    let [y, cb, cr] = pixel.map(i32::from);
    let (cb, cr) = (cb - 128, cr - 128);
    let red = y + ((91881 * cr + HALF) >> 16);
    let green = y + ((-22554 * cb - 46802 * cr + HALF) >> 16);
    let blue = y + ((116_130 * cb + HALF) >> 16);
    *pixel = [red, green, blue].map(|v| v.clamp(0, 255) as u8);
}

/// Copies rows of `used` bytes into rows of `stride` bytes, with zeros where there is nothing to copy.
fn place(pixels: &[u8], used: usize, stride: usize, output: &mut [u8]) {
    let mut rows = pixels.chunks_exact(used.max(1));
    for target in output.chunks_exact_mut(stride.max(1)) {
        let row = rows.next().unwrap_or_default();
        if let Some((filled, rest)) = target.split_at_mut_checked(row.len()) {
            filled.copy_from_slice(row);
            rest.fill(0);
        }
    }
}

#[cfg(feature = "native-codecs")]
#[allow(unsafe_code, reason = "bindings to the shim over libjpeg-turbo")]
mod native {
    use std::ffi::{CStr, c_char, c_int, c_uchar, c_uint};

    // Linked for the library that it carries.
    use turbojpeg_sys as _;

    use super::super::{BlockLayout, CodecError};

    /// `JMSG_LENGTH_MAX`
    const MESSAGE: usize = 200;

    unsafe extern "C" {
        /// See `jpeg_shim.c`.
        fn cog_jpeg_decode(
            tables: *const c_uchar,
            tables_length: usize,
            data: *const c_uchar,
            data_length: usize,
            width: c_uint,
            height: c_uint,
            components: c_int,
            ycbcr: c_int,
            max_scans: c_uint,
            out: *mut c_uchar,
            out_length: usize,
            message: *mut c_char,
        ) -> c_int;
    }

    pub(super) fn decode(input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        let tables = layout.jpeg_tables.unwrap_or_default();
        let (width, height) = size(layout)?;
        let components = c_int::try_from(layout.samples).map_err(too_large)?;
        let mut message = [0; MESSAGE];
        // SAFETY: every buffer is given with its true length; the shim checks that the output's is width times height times
        // components, writes nothing else, leaves a NUL-terminated text in `message`, and returns on every path.
        let status = unsafe {
            cog_jpeg_decode(
                tables.as_ptr(),
                tables.len(),
                input.as_ptr(),
                input.len(),
                width,
                height,
                components,
                c_int::from(layout.ycbcr),
                layout.jpeg_scans,
                output.as_mut_ptr(),
                output.len(),
                message.as_mut_ptr(),
            )
        };
        result(status, message, layout)
    }

    fn too_large(_: std::num::TryFromIntError) -> CodecError {
        CodecError::Unsupported("a block larger than JPEG allows".into())
    }

    fn size(layout: &BlockLayout<'_>) -> Result<(c_uint, c_uint), CodecError> {
        Ok((c_uint::try_from(layout.width).map_err(too_large)?, c_uint::try_from(layout.height).map_err(too_large)?))
    }

    fn result(status: c_int, message: [c_char; MESSAGE], layout: &BlockLayout<'_>) -> Result<(), CodecError> {
        let reason = || {
            let bytes = message.map(|byte| byte as u8);
            CStr::from_bytes_until_nul(&bytes).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
        };
        match status {
            0 => Ok(()),
            2 => Err(CodecError::Unsupported(reason())),
            3 => Err(CodecError::Scans(layout.jpeg_scans)),
            _ => Err(CodecError::Corrupt(format!("JPEG: {}", reason()))),
        }
    }
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
