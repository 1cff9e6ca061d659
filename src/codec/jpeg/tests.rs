//! JPEG against GDAL's pixels.

use super::super::Backend;
use super::super::testing::{self, decode};
use super::*;
use crate::codec::jpeg::fixtures::{CMYK, GREY, PROGRESSIVE, RGB, TWO, YCBCR};

const SIDE: usize = 32;

/// A block of `SIDE` by `SIDE` pixels.
pub(super) struct Block {
    pub(super) samples: usize,
    pub(super) ycbcr: bool,
    pub(super) tables: &'static [u8],
    pub(super) stream: &'static [u8],
    /// FNV-1a of what GDAL decodes.
    pub(super) pixels: u64,
}

impl Block {
    fn layout(&self, width: usize, height: usize) -> BlockLayout<'static> {
        let jpeg_tables = (!self.tables.is_empty()).then_some(self.tables);
        BlockLayout { ycbcr: self.ycbcr, jpeg_tables, ..testing::layout(width, height, self.samples) }
    }

    fn decode(&self, backend: Backend, width: usize, height: usize) -> Result<Vec<u8>, CodecError> {
        decode(&Jpeg, self.stream, &self.layout(width, height), backend, width * height * self.samples)
    }
}

fn fnv1a(data: &[u8]) -> u64 {
    data.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

#[cfg(feature = "native-codecs")]
#[test]
fn pixels_are_gdals() {
    for (name, block) in
        [("ycbcr", YCBCR), ("rgb", RGB), ("grey", GREY), ("two samples", TWO), ("cmyk", CMYK), ("progressive", PROGRESSIVE)]
    {
        let pixels = block.decode(Backend::Native, SIDE, SIDE).unwrap();
        assert_eq!(fnv1a(&pixels), block.pixels, "{name}");
    }
}

#[cfg(feature = "native-codecs")]
#[test]
fn the_rust_backend_stays_within_three_levels() {
    for (name, block) in [("ycbcr", YCBCR), ("rgb", RGB), ("grey", GREY), ("cmyk", CMYK), ("progressive", PROGRESSIVE)] {
        let native = block.decode(Backend::Native, SIDE, SIDE).unwrap();
        let rust = block.decode(Backend::Rust, SIDE, SIDE).unwrap();
        let worst = native.iter().zip(&rust).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(3), "{name}: {worst:?}");
    }
    assert!(matches!(TWO.decode(Backend::Rust, SIDE, SIDE), Err(CodecError::Unsupported(_))));
}

#[test]
fn a_taller_picture_is_cut_and_a_smaller_one_leaves_zeros() {
    for backend in [Backend::Native, Backend::Rust] {
        let whole = RGB.decode(backend, SIDE, SIDE).unwrap();
        assert_eq!(RGB.decode(backend, SIDE, 20).unwrap(), whole[..SIDE * 20 * 3]);
        let larger = RGB.decode(backend, SIDE + 3, SIDE + 2).unwrap();
        for (y, row) in larger.chunks((SIDE + 3) * 3).enumerate() {
            let expected = whole.get(y * SIDE * 3..(y + 1) * SIDE * 3).unwrap_or(&[0; SIDE * 3]);
            assert_eq!((&row[..SIDE * 3], &row[SIDE * 3..]), (expected, &[0; 9][..]), "row {y}");
        }
        assert!(RGB.decode(backend, SIDE - 1, SIDE).is_err(), "a wider picture is refused");
    }
}

#[test]
fn another_number_of_components_is_refused() {
    for backend in [Backend::Native, Backend::Rust] {
        let result = decode(&Jpeg, RGB.stream, &GREY.layout(SIDE, SIDE), backend, SIDE * SIDE);
        assert!(matches!(result, Err(CodecError::Corrupt(_))), "{result:?}");
    }
}

#[test]
fn a_stream_cut_short_is_an_error_but_a_missing_end_marker_is_not() {
    let decode_cut =
        |block: &Block, backend, end| decode(&Jpeg, &block.stream[..end], &block.layout(SIDE, SIDE), backend, SIDE * SIDE * block.samples);
    for block in [YCBCR, RGB, GREY, PROGRESSIVE] {
        let len = block.stream.len();
        for end in (0..len - 4).step_by(5) {
            let result = decode_cut(&block, Backend::Native, end);
            assert!(matches!(result, Err(CodecError::Corrupt(_))), "{end} of {len}: {result:?}");
        }
    }
    if cfg!(feature = "native-codecs") {
        let pixels = decode_cut(&RGB, Backend::Native, RGB.stream.len() - 2).unwrap();
        assert_eq!(fnv1a(&pixels), RGB.pixels);
    }
}

#[test]
fn hundreds_of_scans_are_refused() {
    let block = PROGRESSIVE.stream;
    let last_scan = block.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap();
    let mut bomb = block[..block.len() - 2].to_vec();
    for _ in 0..300 {
        bomb.extend(&block[last_scan..block.len() - 2]);
    }
    bomb.extend([0xFF, 0xD9]);
    for backend in [Backend::Native, Backend::Rust] {
        let result = decode(&Jpeg, &bomb, &PROGRESSIVE.layout(SIDE, SIDE), backend, SIDE * SIDE);
        assert_eq!(result.err(), Some(CodecError::Scans(100)));
    }
}

#[test]
fn damaged_streams_never_panic() {
    for block in [YCBCR, GREY, CMYK, TWO, PROGRESSIVE] {
        testing::torture(&Jpeg, block.stream, &block.layout(SIDE, SIDE), SIDE * SIDE * block.samples);
    }
    // Damaged tables too.
    let mut noise = testing::Noise::new(3);
    for _ in 0..500 {
        let mut tables = YCBCR.tables.to_vec();
        let at = noise.below(tables.len());
        tables[at] = noise.next() as u8;
        let layout = BlockLayout { jpeg_tables: Some(&tables), ..YCBCR.layout(SIDE, SIDE) };
        for backend in [Backend::Native, Backend::Rust] {
            let _ = decode(&Jpeg, YCBCR.stream, &layout, backend, SIDE * SIDE * 3);
        }
    }
}
