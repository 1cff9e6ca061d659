//! Rows of SGI LogLuv. What GDAL makes of whole files is compared by the fixtures (`tests/conformance.rs`).

use super::super::Backend;
use super::super::testing::{self, decode};
use super::*;

fn layout(photometric: u16, width: usize, height: usize, bits: u16, sample_format: u16) -> BlockLayout<'static> {
    let samples = if photometric == Photometric::LOG_LUV { 3 } else { 1 };
    BlockLayout { bits, sample_format, photometric, ..testing::layout(width, height, samples) }
}

fn decode_here(codec: &SgiLog, input: &[u8], layout: &BlockLayout<'_>) -> Result<Vec<u8>, CodecError> {
    let len = layout.width * layout.height * layout.samples * usize::from(layout.bits / 8);
    decode(codec, input, layout, Backend::Native, len)
}

fn shorts(bytes: &[u8]) -> Vec<u16> {
    bytes.as_chunks().0.iter().map(|b| u16::from_ne_bytes(*b)).collect()
}

/// A row of four: high bytes as a run, low bytes as they are, with codes that do nothing between.
const ROW: [u8; 8] = [130, 0x40, 0, 4, 1, 2, 3, 4];

#[test]
fn runs_and_literals_make_rows_of_log_luminance() {
    let two_rows = [ROW, ROW].concat();
    let pixels = decode_here(&SgiLog::Runs, &two_rows, &layout(Photometric::LOG_L, 4, 2, 16, 2)).unwrap();
    assert_eq!(shorts(&pixels), [0x4001, 0x4002, 0x4003, 0x4004, 0x4001, 0x4002, 0x4003, 0x4004]);
}

#[test]
fn a_run_longer_than_its_row_is_cut() {
    let stream = [255, 0x40, 255, 1];
    let pixels = decode_here(&SgiLog::Runs, &stream, &layout(Photometric::LOG_L, 3, 1, 16, 2)).unwrap();
    assert_eq!(shorts(&pixels), [0x4001; 3]);
}

/// 2^((0x4000 + ½) / 256 − 64) is 2^(1/512); its gray is beyond white.
#[test]
fn log_luminance_becomes_floats_and_gray() {
    let stream = [130, 0x40, 4, 0, 0, 0, 0];
    let floats = decode_here(&SgiLog::Runs, &stream, &layout(Photometric::LOG_L, 4, 1, 32, 3)).unwrap();
    let first = f32::from_ne_bytes(*floats.first_chunk().unwrap());
    assert!((f64::from(first) - 2f64.powf(1.0 / 512.0)).abs() < 1e-7, "{first}");
    let half = [129, 0x3f, 3, 0, 0, 0];
    let gray = decode_here(&SgiLog::Runs, &half, &layout(Photometric::LOG_L, 3, 1, 8, 1)).unwrap();
    // 256 × √(2^(1/512 − 1))
    assert_eq!(gray, [181; 3]);
}

#[test]
fn every_chromaticity_is_inside_the_visible_plane_and_white_where_there_is_none() {
    let centres = uv::centres();
    assert_eq!(centres.len(), 16_289);
    assert!(centres.iter().all(|(u, v)| (0.0..0.63).contains(u) && (0.0..0.6).contains(v)));
    let stream = [0x00, 0x00, 0x00, 0xff, 0xff, 0xff];
    let pixels = decode_here(&SgiLog::Packed24, &stream, &layout(Photometric::LOG_LUV, 2, 1, 16, 2)).unwrap();
    let (u, v) = centres[0];
    let of = |x: f64| (x * 32_768.0) as u16;
    // The last bit of the second log is one of its chromaticity's, as in libtiff.
    assert_eq!(shorts(&pixels), [13_314, of(u), of(v), 13_314 + 4 * 1023 + 1, of(0.210_526_316), of(0.473_684_211)]);
}

#[test]
fn what_libtiff_refuses_is_refused() {
    let refused = |codec: &SgiLog, layout: &BlockLayout<'_>| {
        let result = decode_here(codec, &[255; 4096], layout);
        assert!(matches!(result, Err(CodecError::Unsupported(_))), "{layout:?}: {result:?}");
    };
    refused(&SgiLog::Runs, &layout(Photometric::MIN_IS_BLACK, 4, 1, 16, 2));
    refused(&SgiLog::Packed24, &layout(Photometric::LOG_L, 4, 1, 16, 2));
    refused(&SgiLog::Runs, &layout(Photometric::LOG_L, 4, 1, 16, 3));
    refused(&SgiLog::Runs, &layout(Photometric::LOG_L, 4, 1, 32, 1));
    refused(&SgiLog::Runs, &layout(Photometric::LOG_LUV, 4, 1, 32, 1));
    refused(&SgiLog::Runs, &BlockLayout { samples: 2, ..layout(Photometric::LOG_L, 4, 1, 16, 2) });
}

#[test]
fn streams_that_end_early_are_errors() {
    for end in 0..ROW.len() {
        let result = decode_here(&SgiLog::Runs, &ROW[..end], &layout(Photometric::LOG_L, 4, 1, 16, 2));
        assert!(matches!(result, Err(CodecError::Corrupt(_))), "{end}: {result:?}");
    }
    let result = decode_here(&SgiLog::Packed24, &[0; 11], &layout(Photometric::LOG_LUV, 4, 1, 16, 2));
    assert!(matches!(result, Err(CodecError::Corrupt(_))), "{result:?}");
}

#[test]
fn damaged_streams_never_panic() {
    let mut noise = testing::Noise::new(7);
    let stream = noise.bytes(3000);
    for (bits, format, bytes) in [(8, 1, 3), (16, 2, 6), (32, 3, 12)] {
        for codec in [SgiLog::Runs, SgiLog::Packed24] {
            testing::torture(&codec, &stream, &layout(Photometric::LOG_LUV, 20, 10, bits, format), 200 * bytes);
        }
    }
}
