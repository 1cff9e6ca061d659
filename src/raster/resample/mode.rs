//! The most frequent value (`GDALResampleChunk_ModeT`): the first that reached the highest count, row by row.

use super::{Chunk, Covered};
use std::collections::HashMap;
use std::ops::Range;

/// A sample that can be counted.
pub(crate) trait Mode: Copy + Default + PartialEq + Send + Sync {
    /// For bytes GDAL asks for nodata alone: pixels that only a mask makes invalid count.
    const BY_VALUE_ALONE: bool = false;
    /// What samples that count as the same share, as a small number where there are few; `None` for what is equal to nothing.
    fn key(self) -> Option<u128>;
    fn push_to(self, bytes: &mut Vec<u8>);
    /// Stands where no pixel is valid.
    fn nothing(nodata: Option<f64>) -> Self;
    /// Number of keys, where they are so few that each has its counter.
    const KEYS: usize = 0;
}

macro_rules! integers {
    ($($type:ty, $unsigned:ty, $keys:expr, $by_value:expr;)*) => {$(
        impl Mode for $type {
            const BY_VALUE_ALONE: bool = $by_value;
            const KEYS: usize = $keys;
            fn key(self) -> Option<u128> {
                Some(u128::from(self as $unsigned))
            }
            fn push_to(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_ne_bytes());
            }
            fn nothing(nodata: Option<f64>) -> Self {
                nodata.unwrap_or(0.0) as $type
            }
        }
    )*};
}
integers! {
    u8, u8, 1 << 8, true; i8, u8, 1 << 8, false; u16, u16, 1 << 16, false; i16, u16, 1 << 16, false;
    u32, u32, 0, false; i32, u32, 0, false; u64, u64, 0, false; i64, u64, 0, false;
}

/// One bit pattern for all NaNs, and one for both zeroes.
fn float_key(value: f64) -> u64 {
    if value.is_nan() {
        f64::NAN.to_bits()
    } else if value == 0.0 {
        0
    } else {
        value.to_bits()
    }
}

impl Mode for f32 {
    fn key(self) -> Option<u128> {
        f64::from(self).key()
    }
    fn push_to(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_ne_bytes());
    }
    fn nothing(nodata: Option<f64>) -> Self {
        nodata.unwrap_or(0.0) as Self
    }
}

impl Mode for f64 {
    fn key(self) -> Option<u128> {
        Some(u128::from(float_key(self)))
    }
    fn push_to(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_ne_bytes());
    }
    fn nothing(nodata: Option<f64>) -> Self {
        nodata.unwrap_or(0.0)
    }
}

/// Complex numbers are the same where both parts are NaN in both; with one NaN they are equal to nothing.
fn complex_key(re: f64, im: f64) -> Option<u128> {
    (re.is_nan() == im.is_nan()).then(|| u128::from(float_key(re)) << 64 | u128::from(float_key(im)))
}

impl Mode for [f32; 2] {
    fn key(self) -> Option<u128> {
        complex_key(f64::from(self[0]), f64::from(self[1]))
    }
    fn push_to(self, bytes: &mut Vec<u8>) {
        for part in self {
            bytes.extend_from_slice(&part.to_ne_bytes());
        }
    }
    fn nothing(_nodata: Option<f64>) -> Self {
        [f32::NAN; 2]
    }
}

impl Mode for [f64; 2] {
    fn key(self) -> Option<u128> {
        complex_key(self[0], self[1])
    }
    fn push_to(self, bytes: &mut Vec<u8>) {
        for part in self {
            bytes.extend_from_slice(&part.to_ne_bytes());
        }
    }
    fn nothing(_nodata: Option<f64>) -> Self {
        [f64::NAN; 2]
    }
}

/// Hands out the output rows asked for.
pub(crate) fn mode<T: Mode>(chunk: &Chunk<'_, T>, nodata: Option<f64>, rows: Range<usize>, mut emit: impl FnMut(usize, &[T])) {
    let nothing = T::nothing(nodata);
    let nodata = nodata.map(|_| nothing);
    let columns: Vec<Covered> = (0..chunk.x.out_count).map(|out| chunk.x.covered(out)).collect();
    let mut counts = Counts::new(T::KEYS);
    let mut line: Vec<T> = Vec::with_capacity(columns.len());
    for out in rows {
        line.clear();
        let down = chunk.y.covered(out);
        for across in &columns {
            counts.clear();
            let mut best: Option<(T, u32)> = None;
            for y in down.pixels.clone() {
                let pixels = chunk.row(y).get(across.pixels.clone()).unwrap_or_default();
                let mask = chunk.mask_row(y).and_then(|m| m.get(across.pixels.clone()));
                for (i, value) in pixels.iter().enumerate() {
                    let valid = if T::BY_VALUE_ALONE { nodata != Some(*value) } else { mask.is_none_or(|m| m.get(i) != Some(&0)) };
                    if !valid {
                        continue;
                    }
                    let count = value.key().map_or(1, |key| counts.add(key));
                    if best.is_none_or(|(_, most)| count > most) {
                        // The value is the one seen first: zeroes have signs.
                        let first = best.filter(|(v, _)| v.key() == value.key() && v.key().is_some());
                        best = Some((first.map_or(*value, |(v, _)| v), count));
                    }
                }
            }
            line.push(best.map_or(nothing, |(value, _)| value));
        }
        emit(out, &line);
    }
}

/// How often each key was seen.
struct Counts {
    few: Vec<u32>,
    seen: Vec<usize>,
    many: HashMap<u128, u32>,
}

impl Counts {
    fn new(keys: usize) -> Self {
        Self { few: vec![0; keys], seen: Vec::new(), many: HashMap::new() }
    }

    fn clear(&mut self) {
        for key in self.seen.drain(..) {
            if let Some(count) = self.few.get_mut(key) {
                *count = 0;
            }
        }
        self.many.clear();
    }

    fn add(&mut self, key: u128) -> u32 {
        let count = match self.few.get_mut(key as usize) {
            Some(count) => {
                if *count == 0 {
                    self.seen.push(key as usize);
                }
                count
            }
            None => self.many.entry(key).or_default(),
        };
        *count += 1;
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::super::Line;
    use super::*;

    fn most<T: Mode>(samples: &[T], nodata: Option<f64>, mask: Option<&[u8]>) -> Vec<T> {
        let count = samples.len();
        let x =
            Line { ratio: count as f64, delta: 0.0, first: 0, count, out_first: 0, out_count: 1, out_total: 1, edges: (0.0, count as f64) };
        let y = Line { ratio: 1.0, count: 1, edges: (0.0, 1.0), ..x };
        let mut result = Vec::new();
        mode(&Chunk { x: &x, y: &y, samples, stride: count, mask }, nodata, 0..1, |_, row| result = row.to_vec());
        result
    }

    #[test]
    fn the_first_to_reach_the_highest_count_wins() {
        assert_eq!(most(&[3u8, 9, 9, 3, 1], None, None), [9]);
        assert_eq!(most(&[3.5f32, 9.0, 9.0, 3.5, 3.5], None, None), [3.5]);
        assert!(most(&[1.0f64, f64::NAN, f64::NAN], None, None)[0].is_nan());
        assert_eq!(most(&[[1.0f32, 2.0], [3.0, 4.0], [3.0, 4.0]], None, None), [[3.0, 4.0]]);
    }

    #[test]
    fn bytes_are_left_out_by_nodata_and_others_by_the_mask() {
        assert_eq!(most(&[7u8, 7, 2], Some(7.0), Some(&[0, 0, 255])), [2]);
        assert_eq!(most(&[7u8, 7, 2], None, Some(&[0, 0, 255])), [7]);
        assert_eq!(most(&[7i16, 7, 2], None, Some(&[0, 0, 255])), [2]);
        assert_eq!(most(&[7i16, 7], None, Some(&[0, 0])), [0]);
    }
}
