//! Tests of LERC.

use super::super::Backend;
use super::super::testing::{self, Noise};
use super::*;
use fixtures as blobs;

#[path = "fixtures.rs"]
mod fixtures;

const WIDTH: usize = 18;
const HEIGHT: usize = 14;

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn layout(samples: usize, bits: u16, sample_format: u16) -> BlockLayout<'static> {
    BlockLayout { bits, sample_format, ..testing::layout(WIDTH, HEIGHT, samples) }
}

fn size(layout: &BlockLayout<'_>) -> usize {
    WIDTH * HEIGHT * layout.samples * usize::from(layout.bits / 8)
}

/// The samples in the order of the file; `make` gets v and whether the pixel is valid.
fn picture<const N: usize>(samples: usize, make: impl Fn(usize, bool) -> [u8; N]) -> Vec<u8> {
    let valid = |x: usize, y: usize| !(x / 3 + y / 5).is_multiple_of(4);
    let pixel = |i: usize| (i / samples % WIDTH, i / samples / WIDTH, i % samples);
    let value = |(x, y, k): (usize, usize, usize)| make((x * x + 3 * y + x * y / 4 + 5 * k) % 97, valid(x, y));
    (0..WIDTH * HEIGHT * samples).flat_map(|i| value(pixel(i))).collect()
}

fn decode(blob: &str, layout: &BlockLayout<'_>) -> Result<Vec<u8>, CodecError> {
    testing::decode(&Lerc, &bytes(blob), layout, Backend::Native, size(layout))
}

#[test]
fn bytes_are_huffman_coded() {
    assert_eq!(decode(blobs::DELTAS_U8, &layout(1, 8, 1)), Ok(picture(1, |v, _| [v as u8])));
}

#[test]
fn integers_are_bit_stuffed() {
    assert_eq!(decode(blobs::OLD_I16, &layout(1, 16, 2)), Ok(picture(1, |v, _| (v as i16).to_le_bytes())));
    assert_eq!(decode(blobs::TABLE_U16, &layout(1, 16, 1)), Ok(picture(1, |v, _| (v as u16 / 32 * 1000).to_le_bytes())));
    assert_eq!(decode(blobs::BANDS_U16, &layout(3, 16, 1)), Ok(picture(3, |v, _| (v as u16).to_le_bytes())));
}

#[test]
fn invalid_floats_are_nan() {
    let lossy = decode(blobs::LOSSY_F32, &layout(1, 32, 3)).unwrap();
    let exact = picture(1, |v, valid| if valid { v as f32 * 0.25 } else { f32::NAN }.to_le_bytes());
    for (got, want) in lossy.as_chunks().0.iter().zip(exact.as_chunks().0) {
        let (got, want) = (f32::from_le_bytes(*got), f32::from_le_bytes(*want));
        assert!((got - want).abs() <= 0.25 || got.is_nan() && want.is_nan(), "{got} {want}");
    }
    let lossless = picture(1, |v, valid| if valid { (v as f64 * 0.1) as f32 } else { f32::NAN }.to_le_bytes());
    assert_eq!(decode(blobs::LOSSLESS_F32, &layout(1, 32, 3)), Ok(lossless));
}

#[test]
fn doubles_are_lossless() {
    assert_eq!(decode(blobs::LOSSLESS_F64, &layout(2, 64, 3)), Ok(picture(2, |v, _| (v as f64 * 0.1).to_le_bytes())));
}

#[test]
fn a_band_that_the_blob_leaves_out_is_the_mask() {
    let rgb = picture(2, |v, valid| [if valid { v as u8 } else { 0 }, u8::from(valid) * 255]);
    let want: Vec<u8> = rgb.chunks(4).flat_map(|pixel| [pixel[0], pixel[2], pixel[3]]).collect();
    assert_eq!(decode(blobs::ALPHA_U8, &layout(3, 8, 1)), Ok(want));
}

#[test]
fn integers_with_a_mask_are_refused() {
    assert!(matches!(decode(blobs::ALPHA_U8, &layout(2, 8, 1)), Err(CodecError::Unsupported(_))));
    assert!(matches!(decode(blobs::PLAIN_I8, &layout(2, 8, 2)), Err(CodecError::Unsupported(_))));
}

#[test]
fn bands_may_have_masks_of_their_own() {
    let got = decode(blobs::MASKS_F32, &layout(2, 32, 3)).unwrap();
    let (samples, _) = got.as_chunks();
    for (i, bytes) in samples.iter().enumerate() {
        let (x, y, k) = (i / 2 % WIDTH, i / 2 / WIDTH, i % 2);
        let masked = if k == 0 { y } else { HEIGHT - 1 - y };
        let value = f32::from_le_bytes(*bytes);
        assert_eq!(value.is_nan(), (x / 3 + masked / 5) % 4 == 0, "({x}, {y}, {k})");
        assert!(value.is_nan() || (value - ((x * x + 3 * y + x * y / 4 + 5 * k) % 97) as f32).abs() <= 0.01);
    }
}

#[test]
fn blobs_may_be_packed() {
    use std::io::Write;

    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&bytes(blobs::DELTAS_U8)).unwrap();
    let deflated = encoder.finish().unwrap();
    let zstd = ruzstd::encoding::compress_to_vec(&bytes(blobs::DELTAS_U8)[..], ruzstd::encoding::CompressionLevel::Fastest);
    let want = picture(1, |v, _| [v as u8]);
    for (packing, stored) in [(1, deflated), (2, zstd)] {
        let layout = BlockLayout { lerc_packing: packing, ..layout(1, 8, 1) };
        for backend in [Backend::Native, Backend::Rust] {
            assert_eq!(testing::decode(&Lerc, &stored, &layout, backend, want.len()).as_ref(), Ok(&want));
        }
        testing::torture(&Lerc, &stored, &layout, want.len());
    }
}

#[test]
fn blobs_of_another_size_or_type_are_refused() {
    assert!(decode(blobs::DELTAS_U8, &layout(1, 8, 2)).is_err());
    assert!(decode(blobs::DELTAS_U8, &layout(3, 8, 1)).is_err());
    let narrow = BlockLayout { width: 9, ..layout(1, 8, 1) };
    assert!(testing::decode(&Lerc, &bytes(blobs::DELTAS_U8), &narrow, Backend::Native, 9 * HEIGHT).is_err());
}

/// Sets the size and the check sum to what the bytes are, so that damage reaches the decoder. Version 2 has no check sum.
fn seal(blob: &mut [u8]) {
    let at = if blob[6] >= 4 { 34 } else { 30 };
    if blob[6] >= 3 {
        let size = blob.len() as u32;
        blob[at..at + 4].copy_from_slice(&size.to_le_bytes());
        let sum = blob::fletcher32(&blob[14..]);
        blob[10..14].copy_from_slice(&sum.to_le_bytes());
    }
}

#[test]
fn damaged_blobs_never_panic() {
    let all = [
        (blobs::DELTAS_U8, layout(1, 8, 1)),
        (blobs::PLAIN_I8, layout(2, 8, 2)),
        (blobs::OLD_I16, layout(1, 16, 2)),
        (blobs::TABLE_U16, layout(1, 16, 1)),
        (blobs::BANDS_U16, layout(3, 16, 1)),
        (blobs::LOSSY_F32, layout(1, 32, 3)),
        (blobs::LOSSLESS_F32, layout(1, 32, 3)),
        (blobs::LOSSLESS_F64, layout(2, 64, 3)),
        (blobs::ALPHA_U8, layout(3, 8, 1)),
        (blobs::MASKS_F32, layout(2, 32, 3)),
    ];
    let mut noise = Noise::new(7);
    for (blob, layout) in all {
        let valid = bytes(blob);
        testing::torture(&Lerc, &valid, &layout, size(&layout));
        for _ in 0..2000 {
            let mut damaged = valid.clone();
            for _ in 0..=noise.below(3) {
                let at = 14 + noise.below(damaged.len() - 14);
                damaged[at] = noise.next() as u8;
            }
            if noise.below(4) == 0 {
                damaged.truncate(40 + noise.below(damaged.len() - 40));
            }
            seal(&mut damaged);
            let _ = testing::decode(&Lerc, &damaged, &layout, Backend::Native, size(&layout));
        }
    }
}
