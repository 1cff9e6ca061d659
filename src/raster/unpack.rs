//! Samples whose depth is no machine type, widened as GDAL widens them: 1 to 31 bits to the next larger unsigned integer, 16- and 24-bit
//! floats to float32.

use half::f16;

/// Widens a block of packed unsigned integers of `bits` bits. Rows start on whole bytes (TIFF 6.0, section 3); bits run from the highest
/// down. `packed` has rows of `row_samples` samples; `out` gets native-endian samples of `size` bytes.
pub(crate) fn unpack_bits(packed: &[u8], row_samples: usize, bits: u16, size: usize, out: &mut [u8]) {
    let row_bytes = (row_samples * usize::from(bits)).div_ceil(8).max(1);
    for (row, out_row) in packed.chunks(row_bytes).zip(out.chunks_mut(row_samples * size)) {
        let mut accumulator = 0u64;
        let mut held = 0u32;
        let mut bytes = row.iter();
        for sample in out_row.chunks_exact_mut(size) {
            while held < u32::from(bits) {
                accumulator = accumulator << 8 | u64::from(bytes.next().copied().unwrap_or(0));
                held += 8;
            }
            held -= u32::from(bits);
            let value = (accumulator >> held) & ((1 << bits) - 1);
            match size {
                1 => sample.copy_from_slice(&(value as u8).to_ne_bytes()),
                2 => sample.copy_from_slice(&(value as u16).to_ne_bytes()),
                _ => sample.copy_from_slice(&(value as u32).to_ne_bytes()),
            }
        }
    }
}

/// Widens native-endian half-precision floats.
pub(crate) fn widen_f16(packed: &[u8], out: &mut [u8]) {
    for (from, to) in packed.as_chunks().0.iter().zip(out.chunks_exact_mut(4)) {
        let bits = u16::from_ne_bytes(*from);
        // `f16::to_f32` quiets a signalling NaN; GDAL keeps its bits.
        let wide = if f16::from_bits(bits).is_nan() { f32_nan_of(bits) } else { f16::from_bits(bits).to_f32() };
        to.copy_from_slice(&wide.to_ne_bytes());
    }
}

fn f32_nan_of(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits & 0x8000) << 16 | 0x7f80_0000 | u32::from(bits & 0x3ff) << 13)
}

/// Widens native-endian 24-bit floats: a sign, 7 bits of exponent (bias 63) and 16 of fraction (Adobe's TIFF Technical Note 3).
pub(crate) fn widen_f24(packed: &[u8], out: &mut [u8]) {
    for (&[a, b, c], to) in packed.as_chunks().0.iter().zip(out.chunks_exact_mut(4)) {
        let bytes = if cfg!(target_endian = "little") { [a, b, c, 0] } else { [c, b, a, 0] };
        to.copy_from_slice(&f24_to_f32(u32::from_le_bytes(bytes)).to_ne_bytes());
    }
}

fn f24_to_f32(bits: u32) -> f32 {
    let sign = (bits >> 23) << 31;
    let exponent = (bits >> 16) & 0x7f;
    let fraction = bits & 0xffff;
    match (exponent, fraction) {
        (0x7f, _) => f32::from_bits(sign | 0x7f80_0000 | fraction << 7),
        (0, _) => {
            // Denormal: fraction · 2^-16 · 2^-62, which float32 holds as a normal number.
            let magnitude = fraction as f32 * 2f32.powi(-78);
            if sign == 0 { magnitude } else { -magnitude }
        }
        _ => f32::from_bits(sign | (exponent + 64) << 23 | fraction << 7),
    }
}

/// Widens a block to `out` by what its depth asks for. `bits` is not a depth of a machine type here.
pub(crate) fn unpack(packed: &[u8], row_samples: usize, bits: u16, float: bool, size: usize, out: &mut [u8]) {
    match (float, bits) {
        (true, 16) => widen_f16(packed, out),
        (true, _) => widen_f24(packed, out),
        (false, _) => unpack_bits(packed, row_samples, bits, size, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_taken_from_the_top_and_rows_start_on_bytes() {
        let mut out = [0; 6];
        unpack_bits(&[0b1010_0000, 0b0110_0000], 3, 1, 1, &mut out);
        assert_eq!(out, [1, 0, 1, 0, 1, 1]);
        let mut wide = [0; 4];
        unpack_bits(&[0xab, 0xcd, 0xef], 2, 12, 2, &mut wide);
        assert_eq!([u16::from_ne_bytes([wide[0], wide[1]]), u16::from_ne_bytes([wide[2], wide[3]])], [0xabc, 0xdef]);
    }

    #[test]
    fn half_floats() {
        let mut out = [0; 12];
        let input: Vec<u8> = [0x3c00u16, 0xc000, 0x0001].iter().flat_map(|v| v.to_ne_bytes()).collect();
        widen_f16(&input, &mut out);
        let values: Vec<f32> = out.chunks(4).map(|b| f32::from_ne_bytes([b[0], b[1], b[2], b[3]])).collect();
        assert_eq!(values, [1.0, -2.0, 2f32.powi(-24)]);
    }

    #[test]
    fn floats_of_24_bits() {
        assert_eq!(f24_to_f32(63 << 16), 1.0);
        assert_eq!(f24_to_f32(1 << 23 | 64 << 16 | 0x8000), -3.0);
        assert_eq!(f24_to_f32(1), 2f32.powi(-78));
        assert_eq!(f24_to_f32(0x7f_0000), f32::INFINITY);
        assert!(f24_to_f32(0x7f_0001).is_nan());
    }
}
