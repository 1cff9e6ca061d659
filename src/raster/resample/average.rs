//! Average and root mean square (`GDALResampleChunk_AverageOrRMS`): every pixel that an output pixel covers, the first and the last of a row
//! and of a column by the part of them that is covered.

use super::{Chunk, Covered, Nodata, Number};
use std::ops::Range;

/// How numbers of a type are averaged.
pub(crate) trait Average: Number {
    /// The mean of `weight` pixels.
    fn mean(total: f64, weight: f64) -> Self;
    fn root_mean_square(total: f64, weight: f64) -> Self;
    /// Means of two rows of two pixels each, without weights.
    fn means_of_four(rows: [&[Self]; 2], out: &mut Vec<Self>);
    fn rms_of_four(rows: [&[Self]; 2], out: &mut Vec<Self>);
    /// The sum of whole pixels, where its order does not matter: integers are summed as such, many at once.
    fn exact_sum(_pixels: &[Self]) -> Option<f64> {
        None
    }
}

/// Averages the output rows asked for, and hands out each.
pub(crate) fn average<T: Average>(chunk: &Chunk<'_, T>, nodata: Option<Nodata>, rows: Range<usize>, emit: impl FnMut(usize, &[T])) {
    let quantity = Quantity { of: T::to_f64, exact_sum: T::exact_sum, result: T::mean, of_four: T::means_of_four };
    run(chunk, nodata, rows, &quantity, emit);
}

/// The same for the root of the mean of squares.
pub(crate) fn rms<T: Average>(chunk: &Chunk<'_, T>, nodata: Option<Nodata>, rows: Range<usize>, emit: impl FnMut(usize, &[T])) {
    let of = |v: T| v.to_f64() * v.to_f64();
    run(chunk, nodata, rows, &Quantity { of, exact_sum: |_| None, result: T::root_mean_square, of_four: T::rms_of_four }, emit);
}

/// What is summed up, and what becomes of the sum.
struct Quantity<T, F: Fn(T) -> f64> {
    of: F,
    exact_sum: fn(&[T]) -> Option<f64>,
    result: fn(f64, f64) -> T,
    of_four: fn([&[T]; 2], &mut Vec<T>),
}

fn run<T: Average, F: Fn(T) -> f64>(
    chunk: &Chunk<'_, T>,
    nodata: Option<Nodata>,
    rows: Range<usize>,
    quantity: &Quantity<T, F>,
    mut emit: impl FnMut(usize, &[T]),
) {
    let columns: Vec<Covered> = (0..chunk.x.out_count).map(|out| chunk.x.covered(out)).collect();
    let in_twos = chunk.mask.is_none()
        && columns.iter().all(|c| c.pixels.len() == 2)
        && columns.windows(2).all(|w| matches!(w, [a, b] if a.pixels.end == b.pixels.start));
    let mut line: Vec<T> = Vec::with_capacity(columns.len());
    let values = nodata.map(|n| (T::from_f64(n.value), T::from_f64(n.replacement)));
    for out in rows {
        line.clear();
        let down = chunk.y.covered(out);
        if let (true, 2, Some(first)) = (in_twos, down.pixels.len(), columns.first()) {
            let pixels = first.pixels.start..first.pixels.start + 2 * columns.len();
            let row = |y: usize| chunk.row(y).get(pixels.clone()).unwrap_or_default();
            (quantity.of_four)([row(down.pixels.start), row(down.pixels.start + 1)], &mut line);
        } else {
            for across in &columns {
                let sum = match chunk.mask {
                    None => Some(sum_all(chunk, across, &down, quantity)),
                    Some(_) => sum_valid(chunk, across, &down, &quantity.of),
                };
                line.push(match (sum, values) {
                    (None, None) => T::default(),
                    (None, Some((value, _))) => value,
                    (Some((total, weight)), values) => {
                        let result = (quantity.result)(total, weight);
                        values.filter(|(value, _)| result == *value).map_or(result, |(_, replacement)| replacement)
                    }
                });
            }
        }
        emit(out, &line);
    }
}

fn row_weight(down: &Covered, y: usize) -> f64 {
    if y == down.pixels.start {
        down.first_weight
    } else if y + 1 == down.pixels.end {
        down.last_weight
    } else {
        1.0
    }
}

fn sum_all<T: Number, F: Fn(T) -> f64>(chunk: &Chunk<'_, T>, across: &Covered, down: &Covered, quantity: &Quantity<T, F>) -> (f64, f64) {
    let of = &quantity.of;
    let is_whole = across.first_weight == 1.0 && across.last_weight == 1.0;
    let mut total = 0.0;
    for y in down.pixels.clone() {
        let pixels = chunk.row(y).get(across.pixels.clone()).unwrap_or_default();
        let exact = if is_whole { (quantity.exact_sum)(pixels) } else { None };
        if let Some(sum) = exact {
            total += sum * row_weight(down, y);
            continue;
        }
        let line = match pixels {
            [] => 0.0,
            [only] => of(*only) * across.first_weight,
            [first, middle @ .., last] => {
                let mut line = of(*first) * across.first_weight;
                for v in middle {
                    line += of(*v);
                }
                line + of(*last) * across.last_weight
            }
        };
        total += line * row_weight(down, y);
    }
    (total, across.total_weight() * down.total_weight())
}

/// `None` where no pixel is valid.
fn sum_valid<T: Number>(chunk: &Chunk<'_, T>, across: &Covered, down: &Covered, of: &impl Fn(T) -> f64) -> Option<(f64, f64)> {
    let (mut total, mut total_weight, mut any) = (0.0, 0.0, false);
    let last = across.pixels.len().saturating_sub(1);
    for y in down.pixels.clone() {
        let pixels = chunk.row(y).get(across.pixels.clone()).unwrap_or_default();
        let mask = chunk.mask_row(y).and_then(|m| m.get(across.pixels.clone())).unwrap_or_default();
        let (mut line, mut line_weight) = (0.0, 0.0);
        for (i, (v, _)) in pixels.iter().zip(mask).enumerate().filter(|(_, (_, valid))| **valid != 0) {
            let weight = match i {
                0 => across.first_weight,
                i if i == last => across.last_weight,
                _ => 1.0,
            };
            any = true;
            line_weight += weight;
            line += of(*v) * weight;
        }
        total += line * row_weight(down, y);
        total_weight += line_weight * row_weight(down, y);
    }
    any.then_some((total, total_weight))
}

/// The integer whose square is nearest to the mean of squares (`ComputeIntegerRMS`).
fn integer_root(mean: f64) -> f64 {
    let root = mean.sqrt().floor();
    if 2.0 * root * (root + 1.0) + 1.0 < 2.0 * mean { root + 1.0 } else { root }
}

fn each_four<T: Copy>(rows: [&[T]; 2], out: &mut Vec<T>, mean: impl Fn([T; 4]) -> T) {
    let pairs = rows[0].as_chunks::<2>().0.iter().zip(rows[1].as_chunks::<2>().0);
    out.extend(pairs.map(|(&[a, b], &[c, d])| mean([a, b, c, d])));
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Average for $type {
            fn mean(total: f64, weight: f64) -> Self {
                (total / weight + 0.5) as Self
            }
            fn root_mean_square(total: f64, weight: f64) -> Self {
                integer_root(total / weight) as Self
            }
            fn means_of_four(rows: [&[Self]; 2], out: &mut Vec<Self>) {
                each_four(rows, out, |four| ((four.iter().map(|v| u32::from(*v)).sum::<u32>() + 2) / 4) as Self);
            }
            fn exact_sum(pixels: &[Self]) -> Option<f64> {
                // So few at once fit 32 bits.
                Some(pixels.chunks(1 << 15).map(|part| f64::from(part.iter().map(|v| u32::from(*v)).sum::<u32>())).sum())
            }
            fn rms_of_four(rows: [&[Self]; 2], out: &mut Vec<Self>) {
                each_four(rows, out, |four| integer_root(four.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>() * 0.25) as Self);
            }
        }
    )*};
}
integers!(u8, u16);

impl Average for f64 {
    fn mean(total: f64, weight: f64) -> Self {
        total / weight
    }
    fn root_mean_square(total: f64, weight: f64) -> Self {
        (total / weight).sqrt()
    }
    fn means_of_four(rows: [&[Self]; 2], out: &mut Vec<Self>) {
        each_four(rows, out, |[a, b, c, d]| 0.25 * (a + b + c + d));
    }
    fn rms_of_four(rows: [&[Self]; 2], out: &mut Vec<Self>) {
        each_four(rows, out, |[a, b, c, d]| (0.25 * (a * a + b * b + c * c + d * d)).sqrt());
    }
}

impl Average for f32 {
    fn mean(total: f64, weight: f64) -> Self {
        (total / weight) as Self
    }
    fn root_mean_square(total: f64, weight: f64) -> Self {
        (total / weight).sqrt() as Self
    }
    /// GDAL takes four output pixels at once and adds down first; the last few of a row it adds in another order.
    fn means_of_four(rows: [&[Self]; 2], out: &mut Vec<Self>) {
        let (four_at_once, rest) = split_at_fours(rows);
        each_four(four_at_once, out, |[a, b, c, d]| ((a + c) + (b + d)) * 0.25);
        each_four(rest, out, |[a, b, c, d]| 0.25 * (a + b + c + d));
    }
    /// The same; the four are divided by a large one among them, so that no square is too large.
    fn rms_of_four(rows: [&[Self]; 2], out: &mut Vec<Self>) {
        let (four_at_once, rest) = split_at_fours(rows);
        each_four(four_at_once, out, |four| {
            let [a, b, c, d] = four.map(f32::abs);
            let max = |a: f32, b: f32| if a > b { a } else { b };
            let largest = max(max(a, b), c);
            if largest == f32::INFINITY {
                return largest;
            }
            let inverse = if largest == 0.0 { 0.0 } else { 1.0 / largest };
            let [a, b, c, d] = [a, b, c, d].map(|v| (v * inverse) * (v * inverse));
            largest * (((a + b) + (c + d)) * 0.25).sqrt()
        });
        each_four(rest, out, |four| {
            let [a, b, c, d] = four.map(|v| f64::from(v) * f64::from(v));
            (0.25 * (a + b + c + d)).sqrt() as Self
        });
    }
}

fn split_at_fours<T>(rows: [&[T]; 2]) -> ([&[T]; 2], [&[T]; 2]) {
    let at = rows[0].len().min(rows[1].len()) / 8 * 8;
    let ((a, b), (c, d)) = (rows[0].split_at(at), rows[1].split_at(at));
    ([a, c], [b, d])
}

#[cfg(test)]
mod tests {
    use super::super::Line;
    use super::*;

    fn line(ratio: f64, count: usize) -> Line {
        let out = (count as f64 / ratio).round() as usize;
        Line { ratio, delta: 0.0, first: 0, count, out_first: 0, out_count: out, out_total: out as i64, edges: (0.0, count as f64) }
    }

    fn averaged(samples: &[u8], ratio: f64, mask: Option<&[u8]>, nodata: Option<f64>) -> Vec<u8> {
        let (x, y) = (line(ratio, samples.len()), line(1.0, 1));
        let nodata = nodata.map(|n| Nodata::new(n, u8::DTYPE));
        let mut result = Vec::new();
        average(&Chunk { x: &x, y: &y, samples, stride: samples.len(), mask }, nodata, 0..1, |_, row| result = row.to_vec());
        result
    }

    #[test]
    fn pixels_count_by_the_part_that_is_covered() {
        assert_eq!(averaged(&[10, 20, 90], 1.5, None, None), [13, 67]);
        assert_eq!(averaged(&[1, 2, 4, 8], 2.0, None, None), [2, 6]);
    }

    #[test]
    fn pixels_that_are_not_valid_do_not_count() {
        assert_eq!(averaged(&[10, 20, 30, 40], 2.0, Some(&[255, 0, 0, 0]), Some(0.0)), [10, 0]);
        // A mean that happens to be nodata is made its neighbour.
        assert_eq!(averaged(&[4, 6], 2.0, Some(&[1, 1]), Some(5.0)), [6]);
    }

    #[test]
    fn the_root_of_a_mean_of_squares_is_the_nearest_integer() {
        assert_eq!((integer_root(6.4), integer_root(6.6), integer_root(0.0)), (2.0, 3.0, 0.0));
    }
}
