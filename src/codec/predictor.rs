//! `Predictor` (317) and byte order, undone in place: TIFF 6.0, section 14; TIFF Technical Note 3 for floating point.
//!
//! Predictor 2 stores each sample as the difference to the same sample of the pixel before, modulo its size; predictor 3 splits a
//! row of floats into planes of bytes, the most significant first, and differences those bytes.
//!
//! Traps: differences are of values in the file's byte order, so bytes are swapped first; the planes of predictor 3 do not depend
//! on the file's order at all. In a planar file a pixel of a block is one sample, so the stride is 1. libtiff (and GDAL) refuse
//! predictor 2 on samples other than 8, 16, 32 and 64 bits; under compressions that know no predictor the field is ignored (see
//! [`super::honours_predictor`]), which is how 12-bit files with predictor 2 come to be read.
//!
//! A running sum waits for the sum before it. The SSSE3 version therefore sums 16 bytes in themselves, by log2 shifted additions
//! that wait for nothing, and then adds the last pixel before them: two cycles per 16 bytes on the path that waits, whatever the
//! number of samples. With AVX2 two rows go through at once.

#![allow(clippy::inline_always, reason = "one instruction each")]

use super::CodecError;

/// Undoes `predictor` on a decoded block and leaves it in the machine's byte order.
///
/// `bits` is the size of what is stored as one number: a complex sample for predictor 2, a part of one without (with twice the samples).
/// `samples` is per pixel of this block: 1 where planar.
pub(crate) fn undo(
    predictor: u16,
    block: &mut [u8],
    width: usize,
    height: usize,
    samples: usize,
    bits: u16,
    big_endian_file: bool,
) -> Result<(), CodecError> {
    let bytes = usize::from(bits / 8);
    let whole_bytes = bits.is_multiple_of(8);
    if predictor == 3 {
        if !matches!(bits, 16 | 24 | 32 | 64) {
            return Err(CodecError::Unsupported(format!("floating-point predictor on samples of {bits} bits")));
        }
    } else {
        if predictor == 2 && !matches!(bits, 8 | 16 | 32 | 64) {
            return Err(CodecError::Unsupported(format!("horizontal predictor on samples of {bits} bits")));
        }
        if whole_bytes && big_endian_file != cfg!(target_endian = "big") {
            swap(block, bytes);
        }
    }
    let row_bytes = match predictor {
        0 | 1 => return Ok(()),
        2 | 3 => width.saturating_mul(samples).saturating_mul(bytes),
        _ => return Err(CodecError::Unsupported(format!("predictor {predictor}"))),
    };
    if row_bytes == 0 {
        return Ok(());
    }
    if row_bytes.checked_mul(height) != Some(block.len()) {
        return Err(CodecError::Corrupt(format!("a block of {} bytes where {height} rows of {row_bytes} are due", block.len())));
    }
    if predictor == 2 {
        accumulate(block, row_bytes, bytes, samples, |_| {});
    } else {
        accumulate_floats(block, row_bytes, bytes, samples);
    }
    Ok(())
}

/// Reverses the bytes of every sample.
fn swap(block: &mut [u8], bytes: usize) {
    match bytes {
        2 => block.as_chunks_mut::<2>().0.iter_mut().for_each(|s| *s = u16::from_ne_bytes(*s).swap_bytes().to_ne_bytes()),
        4 => block.as_chunks_mut::<4>().0.iter_mut().for_each(|s| *s = u32::from_ne_bytes(*s).swap_bytes().to_ne_bytes()),
        8 => block.as_chunks_mut::<8>().0.iter_mut().for_each(|s| *s = u64::from_ne_bytes(*s).swap_bytes().to_ne_bytes()),
        3 => block.as_chunks_mut::<3>().0.iter_mut().for_each(|s| s.swap(0, 2)),
        _ => {}
    }
}

/// Predictor 3: rows of bytes are summed like 8-bit samples, then the planes are woven into floats.
fn accumulate_floats(block: &mut [u8], row_bytes: usize, bytes: usize, samples: usize) {
    let mut planes = vec![0; row_bytes];
    accumulate(block, row_bytes, 1, samples, |row| {
        planes.copy_from_slice(row);
        match bytes {
            2 => weave::<2>(&planes, row),
            3 => weave::<3>(&planes, row),
            4 => weave::<4>(&planes, row),
            _ => weave::<8>(&planes, row),
        }
    });
}

/// The first plane holds every number's most significant byte.
fn weave<const BYTES: usize>(planes: &[u8], row: &mut [u8]) {
    let count = row.len() / BYTES;
    let mut plane = [&[][..]; BYTES];
    for (target, source) in plane.iter_mut().zip(planes.chunks_exact(count.max(1))) {
        *target = source;
    }
    if cfg!(target_endian = "little") {
        plane.reverse();
    }
    #[cfg(target_arch = "x86_64")]
    let done = simd::weave(&plane, row);
    #[cfg(not(target_arch = "x86_64"))]
    let done = 0;
    for (i, number) in row.as_chunks_mut::<BYTES>().0.iter_mut().enumerate().skip(done) {
        *number = plane.map(|plane| plane.get(i).copied().unwrap_or(0));
    }
}

/// Adds to each sample the one `samples` before it, row by row, and calls `finish` on each row while it is in cache.
fn accumulate(block: &mut [u8], row_bytes: usize, bytes: usize, samples: usize, finish: impl FnMut(&mut [u8])) {
    #[cfg(target_arch = "x86_64")]
    if simd::fits(bytes, samples) {
        return simd::accumulate(block, row_bytes, bytes, samples, finish);
    }
    accumulate_scalar(block, row_bytes, bytes, samples, finish);
}

fn accumulate_scalar(block: &mut [u8], row_bytes: usize, bytes: usize, samples: usize, mut finish: impl FnMut(&mut [u8])) {
    for row in block.chunks_exact_mut(row_bytes) {
        match bytes {
            1 => sum_row::<u8>(row, samples),
            2 => sum_row::<u16>(row, samples),
            4 => sum_row::<u32>(row, samples),
            _ => sum_row::<u64>(row, samples),
        }
        finish(row);
    }
}

/// A number as it lies in a block.
trait Number: Copy {
    const BYTES: usize;
    fn load(bytes: &[u8]) -> Self;
    fn store(self, bytes: &mut [u8]);
    fn plus(self, other: Self) -> Self;
}

macro_rules! number {
    ($($type:ty),*) => {$(
        impl Number for $type {
            const BYTES: usize = size_of::<$type>();
            #[inline(always)]
            fn load(bytes: &[u8]) -> Self {
                bytes.first_chunk().map_or(0, |bytes| Self::from_ne_bytes(*bytes))
            }
            #[inline(always)]
            fn store(self, bytes: &mut [u8]) {
                if let Some(target) = bytes.first_chunk_mut() {
                    *target = self.to_ne_bytes();
                }
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
        }
    )*};
}
number!(u8, u16, u32, u64);

fn sum_row<T: Number>(row: &mut [u8], samples: usize) {
    match samples {
        1 => sum_pixels::<T, 1>(row),
        2 => sum_pixels::<T, 2>(row),
        3 => sum_pixels::<T, 3>(row),
        4 => sum_pixels::<T, 4>(row),
        _ => sum_from::<T>(row, 0, samples),
    }
}

/// The usual pixels: the running sums stay in registers.
fn sum_pixels<T: Number, const SAMPLES: usize>(row: &mut [u8]) {
    let mut pixels = row.chunks_exact_mut(SAMPLES * T::BYTES);
    let Some(first) = pixels.next() else { return };
    let mut sums: [T; SAMPLES] = std::array::from_fn(|i| T::load(first.get(i * T::BYTES..).unwrap_or_default()));
    for pixel in pixels {
        for (sum, sample) in sums.iter_mut().zip(pixel.chunks_exact_mut(T::BYTES)) {
            *sum = sum.plus(T::load(sample));
            sum.store(sample);
        }
    }
}

/// Any pixel, from byte `start` on: each chunk of a pixel's size is added to by the one before.
fn sum_from<T: Number>(row: &mut [u8], start: usize, samples: usize) {
    let stride = samples * T::BYTES;
    let mut at = start.max(stride);
    while at < row.len() {
        let count = stride.min(row.len() - at);
        let Some((done, rest)) = row.split_at_mut_checked(at) else { return };
        let before = done.get(at - stride..).unwrap_or_default();
        for (sample, before) in rest.chunks_exact_mut(T::BYTES).take(count / T::BYTES).zip(before.chunks_exact(T::BYTES)) {
            T::load(sample).plus(T::load(before)).store(sample);
        }
        at += count;
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "SSSE3 and AVX2 need a check at run time, and loads through pointers")]
mod simd {
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_add_epi8, _mm_add_epi16, _mm_add_epi32, _mm_add_epi64, _mm_loadu_si128, _mm_setzero_si128, _mm_shuffle_epi8,
        _mm_storeu_si128, _mm_unpackhi_epi8, _mm_unpackhi_epi16, _mm_unpackhi_epi32, _mm_unpacklo_epi8, _mm_unpacklo_epi16,
        _mm_unpacklo_epi32, _mm256_add_epi8, _mm256_add_epi16, _mm256_add_epi32, _mm256_add_epi64, _mm256_broadcastsi128_si256,
        _mm256_castsi128_si256, _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_inserti128_si256, _mm256_setzero_si256,
        _mm256_shuffle_epi8,
    };

    use super::sum_from;

    /// Whether this machine can, and the pixel is not too wide.
    pub(super) fn fits(bytes: usize, samples: usize) -> bool {
        (1..=16).contains(&(bytes * samples)) && is_x86_feature_detected!("ssse3")
    }

    pub(super) fn accumulate(block: &mut [u8], row_bytes: usize, bytes: usize, samples: usize, finish: impl FnMut(&mut [u8])) {
        assert!(fits(bytes, samples), "the caller asks first");
        if is_x86_feature_detected!("avx2") {
            // SAFETY: AVX2 was just found.
            unsafe { pairs_of_rows(block, row_bytes, bytes, samples, finish) }
        } else {
            // SAFETY: SSSE3 was just found.
            unsafe { rows(block, row_bytes, bytes, samples, finish) }
        }
    }

    /// Calls `$sum` for numbers of `$bytes` bytes in `$steps` shifts.
    macro_rules! dispatch {
        ($bytes:expr, $steps:expr, $sum:ident($($argument:expr),*)) => {
            match ($bytes, $steps) {
                (1, 0) => $sum::<1, 0>($($argument),*),
                (1, 1) => $sum::<1, 1>($($argument),*),
                (1, 2) => $sum::<1, 2>($($argument),*),
                (1, 3) => $sum::<1, 3>($($argument),*),
                (1, _) => $sum::<1, 4>($($argument),*),
                (2, 0) => $sum::<2, 0>($($argument),*),
                (2, 1) => $sum::<2, 1>($($argument),*),
                (2, 2) => $sum::<2, 2>($($argument),*),
                (2, _) => $sum::<2, 3>($($argument),*),
                (4, 0) => $sum::<4, 0>($($argument),*),
                (4, 1) => $sum::<4, 1>($($argument),*),
                (4, _) => $sum::<4, 2>($($argument),*),
                (_, 0) => $sum::<8, 0>($($argument),*),
                (_, _) => $sum::<8, 1>($($argument),*),
            }
        };
    }

    /// One row in each half of a register: twice the rows for the same shuffles.
    #[target_feature(enable = "avx2")]
    fn pairs_of_rows(block: &mut [u8], row_bytes: usize, bytes: usize, samples: usize, mut finish: impl FnMut(&mut [u8])) {
        let masks = Masks::new(bytes * samples);
        let mut pairs = block.chunks_exact_mut(2 * row_bytes);
        for pair in &mut pairs {
            let (first, second) = pair.split_at_mut(row_bytes);
            dispatch!(bytes, masks.steps, sum_pair(first, second, &masks));
            for row in [first, second] {
                sum_tail(row, bytes, samples);
                finish(row);
            }
        }
        rows(pairs.into_remainder(), row_bytes, bytes, samples, finish);
    }

    #[target_feature(enable = "ssse3")]
    fn rows(block: &mut [u8], row_bytes: usize, bytes: usize, samples: usize, mut finish: impl FnMut(&mut [u8])) {
        let masks = Masks::new(bytes * samples);
        for row in block.chunks_exact_mut(row_bytes) {
            dispatch!(bytes, masks.steps, sum(row, &masks));
            sum_tail(row, bytes, samples);
            finish(row);
        }
    }

    /// What is left of a row behind its last whole vector.
    fn sum_tail(row: &mut [u8], bytes: usize, samples: usize) {
        let summed = row.len() / 16 * 16;
        match bytes {
            1 => sum_from::<u8>(row, summed, samples),
            2 => sum_from::<u16>(row, summed, samples),
            4 => sum_from::<u32>(row, summed, samples),
            _ => sum_from::<u64>(row, summed, samples),
        }
    }

    /// Byte shuffles for a pixel of `stride` bytes.
    struct Masks {
        /// How many shifts sum a vector in itself: the least n with stride * 2^n >= 16.
        steps: usize,
        /// Shift up by stride, 2 stride, 4 stride, 8 stride, zeros coming in.
        shift: [__m128i; 4],
        /// The last pixel of a vector, repeated as the next one needs it, whatever its phase: byte `j` of the next lies a whole
        /// number of pixels behind byte `16 - stride + j % stride`.
        carry: __m128i,
    }

    impl Masks {
        #[target_feature(enable = "ssse3")]
        fn new(stride: usize) -> Self {
            let shift = |by: usize| load(&std::array::from_fn(|i| if i >= by { (i - by) as u8 } else { 0x80 }));
            Self {
                steps: (0..4).take_while(|step| stride << step < 16).count(),
                shift: [shift(stride), shift(2 * stride), shift(4 * stride), shift(8 * stride)],
                carry: load(&std::array::from_fn(|i| (16 - stride + i % stride) as u8)),
            }
        }
    }

    // SSE2 is part of x86_64: what uses no more of it needs no check.

    #[inline]
    fn load(bytes: &[u8; 16]) -> __m128i {
        // SAFETY: 16 readable bytes; the instruction asks for no alignment.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    #[inline]
    fn store(bytes: &mut [u8; 16], vector: __m128i) {
        // SAFETY: 16 writable bytes; the instruction asks for no alignment.
        unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), vector) };
    }

    #[inline]
    fn store_all<const COUNT: usize>(targets: &mut [[u8; 16]], vectors: [__m128i; COUNT]) {
        for (target, vector) in targets.iter_mut().zip(vectors) {
            store(target, vector);
        }
    }

    /// Weaves planes, the least significant first, 16 numbers at a time; returns how many numbers are done.
    pub(super) fn weave<const BYTES: usize>(plane: &[&[u8]; BYTES], row: &mut [u8]) -> usize {
        let plane = plane.map(|plane| plane.as_chunks::<16>().0);
        let mut done = 0;
        for (i, target) in row.chunks_exact_mut(16 * BYTES).enumerate() {
            let source = plane.map(|plane| plane.get(i).map_or(zero(), load));
            let (vectors, _) = target.as_chunks_mut::<16>();
            match source.as_slice() {
                [a, b] => store_all(vectors, weave_2(*a, *b)),
                [a, b, c, d] => store_all(vectors, weave_4([*a, *b, *c, *d])),
                [a, b, c, d, e, f, g, h] => {
                    let (low, high) = (weave_4([*a, *b, *c, *d]), weave_4([*e, *f, *g, *h]));
                    for (pair, (low, high)) in vectors.chunks_exact_mut(2).zip(low.into_iter().zip(high)) {
                        store_all(pair, interleave_32(low, high));
                    }
                }
                _ => return done,
            }
            done += 16;
        }
        done
    }

    #[inline]
    fn zero() -> __m128i {
        // SAFETY: SSE2 is part of x86_64.
        unsafe { _mm_setzero_si128() }
    }

    #[inline]
    fn weave_2(a: __m128i, b: __m128i) -> [__m128i; 2] {
        // SAFETY: SSE2 is part of x86_64.
        unsafe { [_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b)] }
    }

    #[inline]
    fn weave_4([a, b, c, d]: [__m128i; 4]) -> [__m128i; 4] {
        let ([low0, low1], [high0, high1]) = (weave_2(a, b), weave_2(c, d));
        // SAFETY: SSE2 is part of x86_64.
        unsafe {
            [
                _mm_unpacklo_epi16(low0, high0),
                _mm_unpackhi_epi16(low0, high0),
                _mm_unpacklo_epi16(low1, high1),
                _mm_unpackhi_epi16(low1, high1),
            ]
        }
    }

    #[inline]
    fn interleave_32(low: __m128i, high: __m128i) -> [__m128i; 2] {
        // SAFETY: SSE2 is part of x86_64.
        unsafe { [_mm_unpacklo_epi32(low, high), _mm_unpackhi_epi32(low, high)] }
    }

    #[inline]
    #[target_feature(enable = "ssse3")]
    fn add<const BYTES: usize>(a: __m128i, b: __m128i) -> __m128i {
        match BYTES {
            1 => _mm_add_epi8(a, b),
            2 => _mm_add_epi16(a, b),
            4 => _mm_add_epi32(a, b),
            _ => _mm_add_epi64(a, b),
        }
    }

    #[target_feature(enable = "ssse3")]
    fn sum<const BYTES: usize, const STEPS: usize>(row: &mut [u8], masks: &Masks) {
        let mut last = zero();
        for vector in row.as_chunks_mut::<16>().0 {
            let mut sums = load(vector);
            for mask in masks.shift.iter().take(STEPS) {
                sums = add::<BYTES>(sums, _mm_shuffle_epi8(sums, *mask));
            }
            last = add::<BYTES>(sums, _mm_shuffle_epi8(last, masks.carry));
            store(vector, last);
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn add_pair<const BYTES: usize>(a: __m256i, b: __m256i) -> __m256i {
        match BYTES {
            1 => _mm256_add_epi8(a, b),
            2 => _mm256_add_epi16(a, b),
            4 => _mm256_add_epi32(a, b),
            _ => _mm256_add_epi64(a, b),
        }
    }

    #[target_feature(enable = "avx2")]
    fn sum_pair<const BYTES: usize, const STEPS: usize>(first: &mut [u8], second: &mut [u8], masks: &Masks) {
        let (shift, carry) = (masks.shift.map(|mask| _mm256_broadcastsi128_si256(mask)), _mm256_broadcastsi128_si256(masks.carry));
        let mut last = _mm256_setzero_si256();
        for (a, b) in first.as_chunks_mut::<16>().0.iter_mut().zip(second.as_chunks_mut::<16>().0) {
            let mut sums = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(load(a)), load(b));
            for mask in shift.iter().take(STEPS) {
                sums = add_pair::<BYTES>(sums, _mm256_shuffle_epi8(sums, *mask));
            }
            last = add_pair::<BYTES>(sums, _mm256_shuffle_epi8(last, carry));
            store(a, _mm256_castsi256_si128(last));
            store(b, _mm256_extracti128_si256::<1>(last));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Noise;
    use super::*;

    /// The definition, sample by sample.
    fn differences(block: &[u8], row_bytes: usize, bytes: usize, samples: usize) -> Vec<u8> {
        let number = |at: usize| block[at..at + bytes].iter().rev().fold(0_u64, |n, &byte| n << 8 | u64::from(byte));
        let mut out = block.to_vec();
        for start in (0..block.len()).step_by(row_bytes) {
            for at in (samples * bytes..row_bytes).step_by(bytes) {
                let difference = number(start + at).wrapping_sub(number(start + at - samples * bytes));
                out[start + at..start + at + bytes].copy_from_slice(&difference.to_le_bytes()[..bytes]);
            }
        }
        out
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn predictor_2_undoes_differences_of_any_width_and_number_of_samples() {
        let mut noise = Noise::new(1);
        for bytes in [1, 2, 4, 8] {
            for samples in 1..=20 {
                for width in [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 33, 100] {
                    let (row_bytes, height) = (width * samples * bytes, 3);
                    let block = noise.bytes(row_bytes * height);
                    let stored = differences(&block, row_bytes, bytes, samples);
                    let bits = bytes as u16 * 8;
                    let mut got = stored.clone();
                    undo(2, &mut got, width, height, samples, bits, false).unwrap();
                    assert_eq!(got, block, "{bytes} bytes, {samples} samples, {width} wide");
                    let mut scalar = stored.clone();
                    accumulate_scalar(&mut scalar, row_bytes, bytes, samples, |_| {});
                    assert_eq!(scalar, block, "scalar: {bytes} bytes, {samples} samples, {width} wide");
                    let mut swapped = stored;
                    swap(&mut swapped, bytes);
                    undo(2, &mut swapped, width, height, samples, bits, true).unwrap();
                    assert_eq!(swapped, block, "big-endian");
                }
            }
        }
    }

    #[test]
    fn predictor_3_undoes_planes_of_differences() {
        let mut noise = Noise::new(2);
        for bytes in [2, 3, 4, 8] {
            for samples in [1, 2, 3, 4, 5, 17] {
                for width in [1, 2, 5, 16, 33, 100] {
                    let (row_bytes, height) = (width * samples * bytes, 2);
                    let block = noise.bytes(row_bytes * height);
                    let mut planes = Vec::new();
                    for row in block.chunks(row_bytes) {
                        for byte in 0..bytes {
                            let byte = if cfg!(target_endian = "little") { bytes - 1 - byte } else { byte };
                            planes.extend(row.chunks(bytes).map(|number| number[byte]));
                        }
                    }
                    let stored = differences(&planes, row_bytes, 1, samples);
                    for big_endian in [false, true] {
                        let mut got = stored.clone();
                        undo(3, &mut got, width, height, samples, bytes as u16 * 8, big_endian).unwrap();
                        assert_eq!(got, block, "{bytes} bytes, {samples} samples, {width} wide");
                    }
                }
            }
        }
    }

    #[test]
    fn without_predictor_only_the_byte_order_changes() {
        let native_is_big = cfg!(target_endian = "big");
        let mut block = [1, 2, 3, 4, 5, 6];
        undo(1, &mut block, 2, 1, 1, 24, !native_is_big).unwrap();
        assert_eq!(block, [3, 2, 1, 6, 5, 4]);
        undo(1, &mut block, 3, 1, 1, 16, native_is_big).unwrap();
        undo(1, &mut block, 4, 1, 1, 12, !native_is_big).unwrap();
        assert_eq!(block, [3, 2, 1, 6, 5, 4]);
    }

    #[test]
    fn what_libtiff_refuses_is_refused() {
        let mut block = [0; 6];
        assert!(matches!(undo(2, &mut block, 4, 1, 1, 12, false), Err(CodecError::Unsupported(_))));
        assert!(matches!(undo(2, &mut block, 2, 1, 1, 24, false), Err(CodecError::Unsupported(_))));
        assert!(matches!(undo(3, &mut block, 6, 1, 1, 8, false), Err(CodecError::Unsupported(_))));
        assert!(matches!(undo(34892, &mut block, 6, 1, 1, 8, false), Err(CodecError::Unsupported(_))));
        assert!(matches!(undo(2, &mut block, 4, 1, 1, 16, false), Err(CodecError::Corrupt(_))));
    }
}
