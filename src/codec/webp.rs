//! WebP (`Compression` = 50001): libtiff's `tif_webp.c`; RFC 9649. Chunky 8-bit RGB or RGBA only.
//!
//! Traps: the picture must have the block's size exactly (libtiff refuses any other). A writer may drop an alpha channel that is
//! opaque throughout, so three channels in a four-sample file are read with alpha 255; the reverse, alpha in a three-sample file,
//! is an error in libtiff and here. Animations are refused.

use super::{BlockLayout, Codec, CodecError};

pub(super) struct WebP;

impl Codec for WebP {
    fn decode(&self, input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        if layout.bits != 8 || !matches!(layout.samples, 3 | 4) {
            return Err(CodecError::Unsupported(format!("WebP with {} samples of {} bits", layout.samples, layout.bits)));
        }
        if layout.width.checked_mul(layout.height).and_then(|pixels| pixels.checked_mul(layout.samples)) != Some(output.len()) {
            return Err(CodecError::Unsupported("a WebP block that is not whole".into()));
        }
        match layout.backend {
            #[cfg(feature = "native-codecs")]
            super::Backend::Native => native::decode(input, layout, output),
            _ => decode_image_webp(input, layout, output),
        }
    }
}

/// What a stream says of itself.
struct Picture {
    width: usize,
    height: usize,
    alpha: bool,
    animated: bool,
}

impl Picture {
    fn check(&self, layout: &BlockLayout<'_>) -> Result<(), CodecError> {
        if (self.width, self.height) != (layout.width, layout.height) {
            let (width, height) = (self.width, self.height);
            let message = format!("the WebP picture is {width}x{height} where the block is {}x{}", layout.width, layout.height);
            return Err(CodecError::Corrupt(message));
        }
        if self.alpha && layout.samples == 3 {
            return Err(CodecError::Corrupt("the WebP picture has 4 channels where the file has 3 samples".into()));
        }
        if self.animated {
            return Err(CodecError::Unsupported("an animated WebP picture".into()));
        }
        Ok(())
    }
}

fn decode_image_webp(input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
    let corrupt = |error: image_webp::DecodingError| CodecError::Corrupt(format!("WebP: {error}"));
    let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(input)).map_err(corrupt)?;
    let (width, height) = decoder.dimensions();
    let alpha = decoder.has_alpha();
    Picture { width: width as usize, height: height as usize, alpha, animated: decoder.is_animated() }.check(layout)?;
    if alpha || layout.samples == 3 {
        return decoder.read_image(output).map_err(corrupt);
    }
    // RGB into the front of an RGBA block, then spread from the back, where nothing unread is overwritten.
    let pixels = layout.width * layout.height;
    let rgb = output.get_mut(..pixels * 3).ok_or_else(|| CodecError::short("WebP", 0, pixels))?;
    decoder.read_image(rgb).map_err(corrupt)?;
    for pixel in (0..pixels).rev() {
        output.copy_within(pixel * 3..pixel * 3 + 3, pixel * 4);
        if let Some(alpha) = output.get_mut(pixel * 4 + 3) {
            *alpha = 255;
        }
    }
    Ok(())
}

#[cfg(feature = "native-codecs")]
#[allow(unsafe_code, reason = "bindings to libwebp")]
mod native {
    use std::ffi::c_int;

    use libwebp_sys as sys;

    use super::super::{BlockLayout, CodecError};
    use super::Picture;

    pub(super) fn decode(input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        features(input)?.check(layout)?;
        let stride = c_int::try_from(layout.width * layout.samples)
            .map_err(|_| CodecError::Unsupported("a WebP block wider than WebP allows".into()))?;
        let into = if layout.samples == 3 { sys::WebPDecodeRGBInto } else { sys::WebPDecodeRGBAInto };
        // SAFETY: both buffers are given with their true lengths, and libwebp checks height times stride against the output's.
        let end = unsafe { into(input.as_ptr(), input.len(), output.as_mut_ptr(), output.len(), stride) };
        if end.is_null() { Err(CodecError::Corrupt("the WebP stream is damaged or ends early".into())) } else { Ok(()) }
    }

    fn features(input: &[u8]) -> Result<Picture, CodecError> {
        let mut features = sys::WebPBitstreamFeatures { width: 0, height: 0, has_alpha: 0, has_animation: 0, format: 0, pad: [0; 5] };
        // SAFETY: the buffer is given with its true length, and `features` is a valid place to write to.
        let status = unsafe { sys::WebPGetFeatures(input.as_ptr(), input.len(), &raw mut features) };
        if status != sys::VP8StatusCode::VP8_STATUS_OK {
            return Err(CodecError::Corrupt("not a WebP stream, or one without its header".into()));
        }
        Ok(Picture {
            width: usize::try_from(features.width).unwrap_or(0),
            height: usize::try_from(features.height).unwrap_or(0),
            alpha: features.has_alpha != 0,
            animated: features.has_animation != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Backend;
    use super::super::testing::{self, decode, layout, picture};
    use super::*;

    fn lossless(pixels: &[u8], width: usize, height: usize, samples: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let color = if samples == 3 { image_webp::ColorType::Rgb8 } else { image_webp::ColorType::Rgba8 };
        image_webp::WebPEncoder::new(&mut out).encode(pixels, width as u32, height as u32, color).unwrap();
        out
    }

    #[test]
    fn both_backends_give_the_pixels_that_were_packed() {
        for samples in [3, 4] {
            let len = 61 * 47 * samples;
            let pixels = picture(len, 8);
            let stream = lossless(&pixels, 61, 47, samples);
            for backend in [Backend::Native, Backend::Rust] {
                assert_eq!(decode(&WebP, &stream, &layout(61, 47, samples), backend, len).as_ref(), Ok(&pixels));
                let other = layout(60, 47, samples);
                assert!(decode(&WebP, &stream, &other, backend, 60 * 47 * samples).is_err(), "another size is refused");
            }
        }
    }

    #[test]
    fn a_missing_alpha_channel_is_opaque_and_one_too_many_is_refused() {
        let pixels = picture(20 * 10 * 3, 8);
        let stream = lossless(&pixels, 20, 10, 3);
        let expected: Vec<u8> = pixels.chunks_exact(3).flat_map(|rgb| [rgb[0], rgb[1], rgb[2], 255]).collect();
        let with_alpha = lossless(&picture(20 * 10 * 4, 9), 20, 10, 4);
        for backend in [Backend::Native, Backend::Rust] {
            assert_eq!(decode(&WebP, &stream, &layout(20, 10, 4), backend, 800).as_ref(), Ok(&expected));
            assert!(decode(&WebP, &with_alpha, &layout(20, 10, 3), backend, 600).is_err());
        }
    }

    #[test]
    fn damaged_streams_never_panic() {
        let pixels = picture(31 * 17 * 3, 8);
        testing::torture(&WebP, &lossless(&pixels, 31, 17, 3), &layout(31, 17, 3), 31 * 17 * 3);
    }
}
