//! JPEG XL against libjxl: its lossless streams give what was packed; its lossy ones what it decodes itself, within one level.

use super::super::Backend;
use super::super::testing::{self, decode};
use super::fixtures::*;
use super::*;

const WIDTH: usize = 20;
const HEIGHT: usize = 14;

/// The layout of `samples` of uint8 (1), uint16 (2) or float32 (4 bytes).
fn layout(samples: usize, size: usize) -> BlockLayout<'static> {
    let sample_format = if size == 4 { 3 } else { 1 };
    BlockLayout { bits: size as u16 * 8, sample_format, ..testing::layout(WIDTH, HEIGHT, samples) }
}

fn read(stream: &[u8], samples: usize, size: usize) -> Result<Vec<u8>, CodecError> {
    decode(&JpegXl, stream, &layout(samples, size), Backend::Native, WIDTH * HEIGHT * samples * size)
}

/// The numbers of fixtures.py.
fn numbers(samples: usize) -> impl Iterator<Item = u16> {
    let number = |x: usize, y: usize, k: usize| ((x * x + 3 * y + x * y / 4 + 5 * k) % 97) as u16;
    (0..HEIGHT).flat_map(move |y| (0..WIDTH).flat_map(move |x| (0..samples).map(move |k| number(x, y, k))))
}

#[test]
fn samples_of_8_bits_are_what_was_packed() {
    for (stream, samples) in [(GRAY_U8, 1), (RGB_U8, 3), (RGBA_U8, 4), (SEVEN_U8, 7)] {
        let expected: Vec<u8> = numbers(samples).map(|n| n as u8).collect();
        assert_eq!(read(stream, samples, 1).as_ref(), Ok(&expected), "{samples} samples");
    }
}

#[test]
fn samples_of_16_bits_are_what_was_packed() {
    for (stream, samples) in [(GRAY_ALPHA_U16, 2), (RGB_U16, 3)] {
        let expected: Vec<u8> = numbers(samples).flat_map(|n| (n * 650).to_ne_bytes()).collect();
        assert_eq!(read(stream, samples, 2).as_ref(), Ok(&expected), "{samples} samples");
    }
}

#[test]
fn floats_are_what_was_packed() {
    for (stream, samples) in [(GRAY_F32, 1), (RGBA_F32, 4)] {
        let expected: Vec<u8> = numbers(samples).flat_map(|n| (f32::from(n) / 4.0).to_ne_bytes()).collect();
        assert_eq!(read(stream, samples, 4).as_ref(), Ok(&expected), "{samples} samples");
    }
}

#[test]
fn a_naked_codestream_that_needs_level_10_is_read() {
    assert!(SEVEN_U8_NAKED.starts_with(&CODESTREAM) && GRAY_F32_NAKED.starts_with(&CODESTREAM));
    assert_eq!(read(SEVEN_U8_NAKED, 7, 1), read(SEVEN_U8, 7, 1));
    assert_eq!(read(GRAY_F32_NAKED, 1, 4), read(GRAY_F32, 1, 4));
}

#[test]
fn lossy_blocks_are_libjxls_within_one_level() {
    for ((stream, expected), samples) in [(LOSSY_GRAY, 1), (LOSSY_RGB, 3), (LOSSY_RGBA, 4)] {
        let pixels = read(stream, samples, 1).unwrap();
        assert_eq!(pixels.len(), expected.len());
        let worst = pixels.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(1), "{samples} samples: {worst:?}");
    }
}

#[test]
fn the_first_picture_of_an_animation_is_the_block() {
    assert_eq!(read(ANIMATION, 1, 1), read(GRAY_U8, 1, 1));
}

#[test]
fn layers_are_put_together_but_not_thousands_of_them() {
    assert_eq!(read(LAYERS_3, 1, 1), Ok(vec![2; WIDTH * HEIGHT]));
    let message = read(LAYERS_99, 1, 1).unwrap_err().to_string();
    assert!(message.contains("too many layers"), "{message}");
}

#[test]
fn a_picture_that_is_not_the_block_is_refused_with_both_sizes() {
    let wider = BlockLayout { width: WIDTH + 1, ..layout(1, 1) };
    let message = decode(&JpegXl, GRAY_U8, &wider, Backend::Native, (WIDTH + 1) * HEIGHT).unwrap_err().to_string();
    assert!(message.contains("20x14") && message.contains("21x14"), "{message}");
    for (stream, samples, size) in [(GRAY_U8, 3, 1), (RGBA_U8, 3, 1), (RGB_U8, 4, 1), (RGB_U16, 3, 1), (RGB_U8, 3, 2), (GRAY_F32, 1, 2)] {
        assert!(matches!(read(stream, samples, size), Err(CodecError::Corrupt(_))), "{samples} samples of {size} bytes");
    }
}

#[test]
fn a_picture_that_claims_to_be_huge_is_refused_before_it_is_decoded() {
    // A size header with a side of 2^30 each, in front of the rest of a true stream.
    let huge = [&CODESTREAM[..], &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], &GRAY_U8[4..]].concat();
    assert!(matches!(read(&huge, 1, 1), Err(CodecError::Corrupt(_))));
}

#[test]
fn sample_types_that_gdal_does_not_pack_are_refused_by_name() {
    for (bits, sample_format) in [(8, 2), (16, 2), (16, 3), (32, 1), (64, 3), (12, 1)] {
        let layout = BlockLayout { bits, sample_format, ..testing::layout(WIDTH, HEIGHT, 1) };
        let error = decode(&JpegXl, GRAY_U8, &layout, Backend::Native, WIDTH * HEIGHT * usize::from(bits) / 8).unwrap_err();
        assert!(matches!(&error, CodecError::Unsupported(message) if message.contains(&bits.to_string())), "{error}");
    }
}

#[test]
fn memory_that_is_not_aligned_gets_the_same_samples() {
    let expected = read(RGB_U16, 3, 2).unwrap();
    let mut memory = vec![0; expected.len() + 2];
    let start = 1 - memory.as_ptr().align_offset(2) % 2;
    let output = &mut memory[start..start + expected.len()];
    assert_ne!(output.as_ptr().align_offset(2), 0);
    JpegXl.decode(RGB_U16, &layout(3, 2), output).unwrap();
    assert_eq!(output, expected);
}

#[test]
fn streams_that_end_early_are_refused() {
    for (stream, samples, size) in [(GRAY_U8, 1, 1), (RGBA_U8, 4, 1), (RGB_U16, 3, 2), (GRAY_F32, 1, 4), (LOSSY_RGB.0, 3, 1)] {
        for len in 0..stream.len() - 1 {
            assert!(read(&stream[..len], samples, size).is_err(), "{len} of {} bytes", stream.len());
        }
    }
}

#[test]
fn damaged_streams_never_panic() {
    for (stream, samples, size) in [(RGBA_U8, 4, 1), (GRAY_F32, 1, 4), (SEVEN_U8, 7, 1), (LOSSY_RGB.0, 3, 1), (ANIMATION, 1, 1)] {
        testing::torture(&JpegXl, stream, &layout(samples, size), WIDTH * HEIGHT * samples * size);
    }
}
