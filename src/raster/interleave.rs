//! Pixels of 2 to 4 interleaved samples to one row a band: the way from a chunky file to a band-sequential result.
//!
//! Band after band with a stride ran at 0.7 GB/s for rgb8; taking all bands at once, a kilobyte at a time through a buffer that stays in
//! the first-level cache, lets the compiler use vector shuffles. They need more than x86-64's base instructions, hence the AVX2 copy.

/// Pixels taken at once.
const PIXELS: usize = 256;

/// Splits a row of pixels (`samples` samples of `size` bytes each) and hands out runs of each sample: (sample, first pixel, bytes).
/// `false`, with nothing done, for layouts that are rare.
pub(super) fn split_row(row: &[u8], size: usize, samples: usize, mut put: impl FnMut(usize, usize, &[u8])) -> bool {
    match (size, samples) {
        (1, 2) => runs::<1, 2, 2>(row, &mut put),
        (1, 3) => runs::<1, 3, 3>(row, &mut put),
        (1, 4) => runs::<1, 4, 4>(row, &mut put),
        (2, 2) => runs::<2, 2, 4>(row, &mut put),
        (2, 3) => runs::<2, 3, 6>(row, &mut put),
        (2, 4) => runs::<2, 4, 8>(row, &mut put),
        (4, 2) => runs::<4, 2, 8>(row, &mut put),
        (4, 3) => runs::<4, 3, 12>(row, &mut put),
        (4, 4) => runs::<4, 4, 16>(row, &mut put),
        _ => return false,
    }
    true
}

/// `N` bytes a sample, `S` samples a pixel, `P` = N × S bytes a pixel.
fn runs<const N: usize, const S: usize, const P: usize>(row: &[u8], put: &mut impl FnMut(usize, usize, &[u8])) {
    let mut planes = [[[0u8; N]; PIXELS]; S];
    for (i, pixels) in row.as_chunks::<P>().0.chunks(PIXELS).enumerate() {
        split(pixels, &mut planes);
        for (sample, plane) in planes.iter().enumerate() {
            put(sample, i * PIXELS, plane.get(..pixels.len()).unwrap_or_default().as_flattened());
        }
    }
}

fn split<const N: usize, const S: usize, const P: usize>(pixels: &[[u8; P]], planes: &mut [[[u8; N]; PIXELS]; S]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code, reason = "a call of a function that needs AVX2")]
        // SAFETY: AVX2 is there.
        return unsafe { split_avx2(pixels, planes) };
    }
    split_any(pixels, planes);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn split_avx2<const N: usize, const S: usize, const P: usize>(pixels: &[[u8; P]], planes: &mut [[[u8; N]; PIXELS]; S]) {
    split_any(pixels, planes);
}

#[inline(always)]
#[allow(clippy::inline_always, reason = "must become part of the function with the wider instructions")]
fn split_any<const N: usize, const S: usize, const P: usize>(pixels: &[[u8; P]], planes: &mut [[[u8; N]; PIXELS]; S]) {
    for (sample, plane) in planes.iter_mut().enumerate() {
        for (to, pixel) in plane.iter_mut().zip(pixels) {
            if let Some(value) = pixel.as_chunks::<N>().0.get(sample) {
                *to = *value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_is_split_like_the_plain_loop_does() {
        for (size, samples) in [(1, 2), (1, 3), (1, 4), (2, 2), (2, 3), (2, 4), (4, 2), (4, 3), (4, 4)] {
            for pixels in [0, 1, 7, 255, 256, 257, 700] {
                let row: Vec<u8> = (0..pixels * size * samples).map(|i| (i * 7 + i / 251) as u8).collect();
                let mut bands = vec![vec![0u8; pixels * size]; samples];
                assert!(split_row(&row, size, samples, |sample, first, bytes| {
                    bands[sample][first * size..first * size + bytes.len()].copy_from_slice(bytes);
                }));
                for (sample, band) in bands.iter().enumerate() {
                    let expected: Vec<u8> =
                        row.chunks(size * samples).flat_map(|p| p[sample * size..(sample + 1) * size].to_vec()).collect();
                    assert_eq!(*band, expected, "{size} bytes, {samples} samples, {pixels} pixels");
                }
            }
        }
        assert!(!split_row(&[0; 10], 1, 5, |_, _, _| {}));
    }
}
