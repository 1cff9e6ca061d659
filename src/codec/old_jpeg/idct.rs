//! The inverse discrete cosine transform, with the rounding of libjpeg's `jidctint.c` ("islow"), which libtiff and GDAL use: Loeffler,
//! Ligtenberg and Moschytz's transform (ICASSP 1989) in fixed point, columns first.

/// Bits behind the point of the constants, and those that the first pass leaves.
const FRACTION: u32 = 13;
const KEPT: u32 = 2;

/// A block's samples of its dequantised coefficients.
pub(super) fn samples(coefficients: &[[i32; 8]; 8]) -> [[u8; 8]; 8] {
    let columns = transposed(&coefficients.map(|row| row.map(i64::from)));
    let rows = transposed(&columns.map(|column| transform(column, FRACTION - KEPT)));
    // Each pass multiplies by the root of 8.
    rows.map(|row| transform(row, FRACTION + KEPT + 3).map(|v| (v + 128).clamp(0, 255) as u8))
}

#[allow(clippy::indexing_slicing, reason = "from_fn counts to 7")]
fn transposed(block: &[[i64; 8]; 8]) -> [[i64; 8]; 8] {
    std::array::from_fn(|y| block.map(|row| row[y]))
}

/// One dimension. The values may be of any size that 32 bits hold in the first pass.
fn transform([c0, c1, c2, c3, c4, c5, c6, c7]: [i64; 8], shift: u32) -> [i64; 8] {
    // Even part
    let z = (c2 + c6) * 4433; // 0.541196100
    let (even2, even3) = (z - c6 * 15137, z + c2 * 6270); // 1.847759065, 0.765366865
    let (even0, even1) = ((c0 + c4) << FRACTION, (c0 - c4) << FRACTION);
    let [e0, e1, e2, e3] = [even0 + even3, even1 + even2, even1 - even2, even0 - even3];
    // Odd part
    let z5 = (c7 + c3 + c5 + c1) * 9633; // 1.175875602
    let z1 = (c7 + c1) * -7373; // 0.899976223
    let z2 = (c5 + c3) * -20995; // 2.562915447
    let z3 = (c7 + c3) * -16069 + z5; // 1.961570560
    let z4 = (c5 + c1) * -3196 + z5; // 0.390180644
    let [o0, o1, o2, o3] = [
        c1 * 12299 + z1 + z4, // 1.501321110
        c3 * 25172 + z2 + z3, // 3.072711026
        c5 * 16819 + z2 + z4, // 2.053119869
        c7 * 2446 + z1 + z3,  // 0.298631336
    ];
    [e0 + o0, e1 + o1, e2 + o2, e3 + o3, e3 - o3, e2 - o2, e1 - o1, e0 - o0].map(|v| (v + (1 << (shift - 1))) >> shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T.81, A.3.3, as it is written there.
    fn exact(coefficients: &[[i32; 8]; 8]) -> [[f64; 8]; 8] {
        let scale = |u: usize| if u == 0 { 0.5_f64.sqrt() } else { 1.0 };
        let cosine = |x: usize, u: usize| (((2 * x + 1) * u) as f64 * std::f64::consts::PI / 16.0).cos();
        std::array::from_fn(|y| {
            std::array::from_fn(|x| {
                let terms = (0..64).map(|i| {
                    let (v, u) = (i / 8, i % 8);
                    scale(u) * scale(v) * f64::from(coefficients[v][u]) * cosine(x, u) * cosine(y, v)
                });
                (terms.sum::<f64>() / 4.0 + 128.0).clamp(0.0, 255.0)
            })
        })
    }

    #[test]
    fn samples_are_within_rounding_of_the_formula() {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as i32 - 128
        };
        for _ in 0..200 {
            let mut block = [[0; 8]; 8];
            block.iter_mut().flatten().for_each(|c| *c = next() / 2);
            let (got, exact) = (samples(&block), exact(&block));
            for (got, exact) in got.iter().flatten().zip(exact.iter().flatten()) {
                assert!((f64::from(*got) - exact).abs() < 0.6, "{got} {exact}");
            }
        }
        assert_eq!(samples(&[[i32::MIN; 8]; 8])[0][0], 0);
    }
}
