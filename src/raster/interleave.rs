//! Pixels of 2 to 4 interleaved samples to one row a band: the way from a chunky file to a band-sequential result.
//!
//! Band after band with a stride ran at 0.7 GB/s for rgb8. All bands are taken at once instead, and written where they belong, with
//! byte shuffles (SSSE3), which a compiler does not find for three bands by itself.

/// Splits a row of pixels (`targets.len()` samples of `size` bytes each) into rows of one sample each, all as long as the pixels are many.
/// `false`, with nothing done, for layouts that are rare.
pub(super) fn split_row(row: &[u8], size: usize, targets: &mut [&mut [u8]]) -> bool {
    match (size, targets) {
        (1, [a, b]) => split::<1, 2, 2>(row, [a, b]),
        (1, [a, b, c]) => split::<1, 3, 3>(row, [a, b, c]),
        (1, [a, b, c, d]) => split::<1, 4, 4>(row, [a, b, c, d]),
        (2, [a, b]) => split::<2, 2, 4>(row, [a, b]),
        (2, [a, b, c]) => split::<2, 3, 6>(row, [a, b, c]),
        (2, [a, b, c, d]) => split::<2, 4, 8>(row, [a, b, c, d]),
        (4, [a, b]) => split::<4, 2, 8>(row, [a, b]),
        (4, [a, b, c]) => split::<4, 3, 12>(row, [a, b, c]),
        (4, [a, b, c, d]) => split::<4, 4, 16>(row, [a, b, c, d]),
        _ => return false,
    }
    true
}

/// `N` bytes a sample, `S` samples a pixel, `P` = N × S bytes a pixel.
fn split<const N: usize, const S: usize, const P: usize>(row: &[u8], mut targets: [&mut [u8]; S]) {
    #[allow(unused_mut, reason = "other machines start at 0")]
    let mut done = 0;
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("ssse3") {
        #[allow(unsafe_code, reason = "a call of a function that needs SSSE3")]
        // SAFETY: SSSE3 is there.
        let vectors = unsafe { ssse3::split::<N, S>(row, &mut targets) };
        done = vectors * 16 / N;
    }
    for (i, pixel) in row.as_chunks::<P>().0.iter().enumerate().skip(done) {
        for (target, value) in targets.iter_mut().zip(pixel.as_chunks::<N>().0) {
            if let Some(to) = target.as_chunks_mut::<N>().0.get_mut(i) {
                *to = *value;
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "loads and stores through pointers")]
mod ssse3 {
    use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_or_si128, _mm_setzero_si128, _mm_shuffle_epi8, _mm_storeu_si128};

    /// Where the 16 bytes of a sample are in `S` vectors of pixels: a shuffle of each vector, which leaves 0 for what is in the others.
    #[allow(clippy::indexing_slicing, reason = "computed when this is compiled")]
    const fn masks<const N: usize, const S: usize>() -> [[[u8; 16]; S]; S] {
        let mut masks = [[[0x80; 16]; S]; S];
        let mut sample = 0;
        while sample < S {
            let mut byte = 0;
            while byte < 16 {
                let at = byte / N * N * S + sample * N + byte % N;
                masks[sample][at / 16][byte] = (at % 16) as u8;
                byte += 1;
            }
            sample += 1;
        }
        masks
    }

    /// Splits as many whole vectors as there are; gives how many of each sample.
    #[target_feature(enable = "ssse3")]
    pub(super) fn split<const N: usize, const S: usize>(pixels: &[u8], targets: &mut [&mut [u8]; S]) -> usize {
        let masks = const { masks::<N, S>() }.map(|of_sample| of_sample.map(|mask| load(&mask)));
        let mut targets = targets.each_mut().map(|target| target.as_chunks_mut::<16>().0.iter_mut());
        let groups = pixels.as_chunks::<16>().0.as_chunks::<S>().0;
        for group in groups {
            let vectors = group.each_ref().map(load);
            for (target, of_sample) in targets.iter_mut().zip(&masks) {
                let mut sum = zero();
                for (vector, mask) in vectors.iter().zip(of_sample) {
                    sum = _mm_or_si128(sum, _mm_shuffle_epi8(*vector, *mask));
                }
                if let Some(target) = target.next() {
                    store(target, sum);
                }
            }
        }
        groups.len()
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "one instruction each")]
    fn zero() -> __m128i {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { _mm_setzero_si128() }
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "one instruction each")]
    fn load(bytes: &[u8; 16]) -> __m128i {
        // SAFETY: 16 bytes are there, and the load asks for no alignment.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "one instruction each")]
    fn store(bytes: &mut [u8; 16], vector: __m128i) {
        // SAFETY: as above.
        unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), vector) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_is_split_like_the_plain_loop_does() {
        for (size, samples) in [(1, 2), (1, 3), (1, 4), (2, 2), (2, 3), (2, 4), (4, 2), (4, 3), (4, 4)] {
            for pixels in [0, 1, 7, 15, 16, 17, 255, 256, 257, 700] {
                let row: Vec<u8> = (0..pixels * size * samples).map(|i| (i * 7 + i / 251) as u8).collect();
                let mut bands = vec![vec![0u8; pixels * size]; samples];
                let mut targets: Vec<&mut [u8]> = bands.iter_mut().map(Vec::as_mut_slice).collect();
                assert!(split_row(&row, size, &mut targets));
                for (sample, band) in bands.iter().enumerate() {
                    let expected: Vec<u8> =
                        row.chunks(size * samples).flat_map(|p| p[sample * size..(sample + 1) * size].to_vec()).collect();
                    assert_eq!(*band, expected, "{size} bytes, {samples} samples, {pixels} pixels");
                }
            }
        }
        assert!(!split_row(&[0; 10], 1, &mut [&mut [], &mut [], &mut [], &mut [], &mut []]));
    }
}
