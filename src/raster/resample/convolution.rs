//! Bilinear, cubic, cubic spline and Lanczos (`GDALResampleChunk_ConvolutionT`): along the rows of the chunk, then down its columns. A filter
//! widens with the reduction. Pixels that are not valid are left out, and the weights of the others are divided by their sum.

use super::filter::{Filter, Taps, scaled_radius, taps};
use super::{Chunk, Nodata, Number};
use std::ops::Range;

/// A source type of convolutions, with the order in which GDAL adds its products up.
pub(crate) trait Convolve: Number {
    /// 8- and 16-bit integers, whose products GDAL sums up four at a time.
    const IN_FOURS: bool;
    /// Whether results are floats of 32 bits.
    const SINGLE: bool;
}

impl Convolve for u8 {
    const IN_FOURS: bool = true;
    const SINGLE: bool = true;
}
impl Convolve for u16 {
    const IN_FOURS: bool = true;
    const SINGLE: bool = true;
}
impl Convolve for f32 {
    const IN_FOURS: bool = false;
    const SINGLE: bool = true;
}
impl Convolve for f64 {
    const IN_FOURS: bool = false;
    const SINGLE: bool = false;
}

/// What becomes of a result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Results {
    pub(crate) nodata: Option<Nodata>,
    /// Smallest and largest value of the type that results are converted to, and whether that is an integer.
    pub(crate) range: (f64, f64),
    pub(crate) is_integer: bool,
    /// Overshoots of samples with fewer bits than their type are cut off.
    pub(crate) largest: Option<f64>,
}

impl Results {
    /// The result that is no nodata (`replaceValIfNodata`).
    fn not_nodata(&self, value: f64) -> f64 {
        let Some(nodata) = self.nodata else { return value };
        let clamped = if value < self.range.0 {
            self.range.0
        } else if value > self.range.1 {
            self.range.1
        } else {
            value
        };
        let is_nodata = if self.is_integer { nodata.value as i64 == clamped.round() as i64 } else { nodata.value == clamped };
        if is_nodata { nodata.replacement } else { clamped }
    }

    fn value_of_nothing(&self) -> f64 {
        self.nodata.map_or(0.0, |n| n.value)
    }
}

/// Filters the output rows asked for, and hands out each, as floats of 32 bits (in doubles) or of 64.
pub(crate) fn convolution<T: Convolve>(
    chunk: &Chunk<'_, T>,
    filter: Filter,
    results: &Results,
    rows: Range<usize>,
    mut emit: impl FnMut(usize, &[f64]),
) {
    let valid = chunk.mask.is_none();
    let across: Vec<Taps> = (0..chunk.x.out_count).map(|out| taps(filter, chunk.x, out, true, valid)).collect();
    let down: Vec<Taps> = rows.clone().map(|out| taps(filter, chunk.y, out, false, valid)).collect();
    let first = down.iter().map(|t| t.first).min().unwrap_or(0);
    let end = down.iter().map(|t| t.first + t.weights.len()).max().unwrap_or(0);
    let single = |value: f64| if T::SINGLE { f64::from(value as f32) } else { value };
    let mut filtered = Filtered { width: across.len(), first, values: Vec::new(), mask: Vec::new() };
    for y in first..end {
        filter_row(chunk, filter, &across, y, &mut filtered);
    }
    let mut line = vec![0.0; across.len()];
    for (out, taps) in rows.zip(&down) {
        if valid {
            filtered.columns::<T>(taps, &mut line);
            for value in &mut line {
                *value = results.not_nodata(single(*value));
            }
        } else {
            for (x, to) in line.iter_mut().enumerate() {
                *to = match filtered.valid_column(taps, x, filter.has_negative_weights()) {
                    Some(value) => results.not_nodata(single(value)),
                    None => results.value_of_nothing(),
                };
            }
        }
        if let Some(largest) = results.largest {
            line.iter_mut().filter(|v| **v > largest).for_each(|v| *v = largest);
        }
        emit(out, &line);
    }
}

/// Rows of the chunk, filtered along the row.
struct Filtered {
    width: usize,
    /// The row of the chunk that the first of these rows is.
    first: usize,
    values: Vec<f64>,
    /// Whether there was a valid pixel; empty where all are.
    mask: Vec<bool>,
}

fn filter_row<T: Convolve>(chunk: &Chunk<'_, T>, filter: Filter, across: &[Taps], y: usize, to: &mut Filtered) {
    let row = chunk.row(y);
    let pixels = |taps: &Taps| row.get(taps.first..taps.first + taps.weights.len()).unwrap_or_default();
    match chunk.mask_row(y) {
        None => {
            // GDAL takes three rows at once, and the last one or two by themselves.
            let in_threes = y < chunk.y.count / 3 * 3;
            let few = scaled_radius(filter, chunk.x) < 4.0;
            to.values.extend(across.iter().map(|taps| sum::<T>(pixels(taps), &taps.weights, in_threes, few)));
        }
        Some(mask) => {
            for taps in across {
                let mask = mask.get(taps.first..taps.first + taps.weights.len()).unwrap_or_default();
                let sum = if filter.has_negative_weights() && longest_run(mask.iter().map(|m| *m != 0)) < mask.len() / 2 {
                    None
                } else {
                    let (total, weight) = masked_sum::<T>(pixels(taps), mask, &taps.weights);
                    (weight > 0.0).then(|| total / weight)
                };
                to.values.push(sum.unwrap_or(0.0));
                to.mask.push(sum.is_some());
            }
        }
    }
}

fn longest_run(valid: impl Iterator<Item = bool>) -> usize {
    let (mut run, mut longest) = (0, 0);
    for valid in valid {
        run = if valid { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The sum of products along a row, added up as GDAL does it for this type.
#[inline]
fn sum<T: Convolve>(pixels: &[T], weights: &[f64], in_threes: bool, few: bool) -> f64 {
    if !T::IN_FOURS {
        return sum_in_pairs(pixels.iter().map(|p| p.to_f64()), weights);
    }
    if in_threes && (few || pixels.len() == 4) { lanes::<T, 4>(pixels, weights, true) } else { lanes::<T, 8>(pixels, weights, in_threes) }
}

/// Four sums side by side; of `STEP` = 8 pixels the second four go to the same sums, or to four others.
#[inline]
fn lanes<T: Convolve, const STEP: usize>(pixels: &[T], weights: &[f64], one_accumulator: bool) -> f64 {
    let (groups, rest) = pixels.as_chunks::<STEP>();
    let (group_weights, rest_weights) = weights.as_chunks::<STEP>();
    let (mut a, mut b) = ([0.0; 4], [0.0; 4]);
    for (pixels, weights) in groups.iter().zip(group_weights) {
        let products = pixels.as_chunks::<4>().0.iter().zip(weights.as_chunks::<4>().0).enumerate();
        for (half, (pixels, weights)) in products {
            let to = if half == 0 || one_accumulator { &mut a } else { &mut b };
            for ((to, pixel), weight) in to.iter_mut().zip(pixels).zip(weights) {
                *to += pixel.to_f64() * weight;
            }
        }
    }
    if STEP == 8 && !one_accumulator {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
    }
    let mut total = (a[0] + a[2]) + (a[1] + a[3]);
    for (pixel, weight) in rest.iter().zip(rest_weights) {
        total += pixel.to_f64() * weight;
    }
    total
}

/// The first two products of every four go to one sum, the other two to another.
#[inline]
fn sum_in_pairs(values: impl Iterator<Item = f64>, weights: &[f64]) -> f64 {
    let fours = weights.len() / 4 * 4;
    let (mut a, mut b) = (0.0, 0.0);
    for (i, (value, weight)) in values.zip(weights).enumerate() {
        if i < fours && i % 4 >= 2 {
            b += value * weight;
        } else {
            a += value * weight;
        }
    }
    a + b
}

/// The sum of products and of weights where weights count by the mask's value: GDAL weighs with alpha.
fn masked_sum<T: Convolve>(pixels: &[T], mask: &[u8], weights: &[f64]) -> (f64, f64) {
    let (mut total, mut total_weight) = (0.0, 0.0);
    let fours = pixels.len() / 4 * 4;
    let weighed = || weights.iter().zip(mask).map(|(w, m)| w * f64::from(*m)).zip(pixels.iter().map(|p| p.to_f64()));
    if T::IN_FOURS {
        let (mut sums, mut weight_sums) = ([0.0; 4], [0.0; 4]);
        for (i, (weight, pixel)) in weighed().take(fours).enumerate() {
            if let (Some(sum), Some(weights)) = (sums.get_mut(i % 4), weight_sums.get_mut(i % 4)) {
                *sum += pixel * weight;
                *weights += weight;
            }
        }
        total = (sums[0] + sums[2]) + (sums[1] + sums[3]);
        total_weight = (weight_sums[0] + weight_sums[2]) + (weight_sums[1] + weight_sums[3]);
    } else {
        let mut group = 0.0;
        for (i, (weight, pixel)) in weighed().take(fours).enumerate() {
            total += pixel * weight;
            group = if i % 4 == 0 { weight } else { group + weight };
            if i % 4 == 3 {
                total_weight += group;
            }
        }
    }
    for (weight, pixel) in weighed().skip(fours) {
        total += pixel * weight;
        total_weight += weight;
    }
    (total, total_weight)
}

impl Filtered {
    fn row(&self, y: usize) -> &[f64] {
        let start = (y - self.first.min(y)) * self.width;
        self.values.get(start..start + self.width).unwrap_or_default()
    }

    /// Filters down all columns. For results of 32 bits GDAL takes eight columns at once, each with one sum; the last ones have two, as all
    /// have for 64 bits.
    fn columns<T: Convolve>(&self, taps: &Taps, to: &mut [f64]) {
        let eights = if T::SINGLE { self.width / 8 * 8 } else { 0 };
        let (simple, paired) = to.split_at_mut(eights.min(to.len()));
        simple.fill(0.0);
        for (i, weight) in taps.weights.iter().enumerate() {
            for (to, value) in simple.iter_mut().zip(self.row(taps.first + i)) {
                *to += value * weight;
            }
        }
        for (x, to) in paired.iter_mut().enumerate() {
            let column = (0..taps.weights.len()).map(|i| self.row(taps.first + i).get(eights + x).copied().unwrap_or(0.0));
            *to = sum_in_pairs(column, &taps.weights);
        }
    }

    /// The same for one column, by its valid values.
    fn valid_column(&self, taps: &Taps, x: usize, needs_run: bool) -> Option<f64> {
        let at = |i: usize| (taps.first + i - self.first.min(taps.first + i)) * self.width + x;
        let is_valid = |i: usize| self.mask.get(at(i)).copied().unwrap_or(false);
        let (mut total, mut total_weight) = (0.0, 0.0);
        for (i, weight) in taps.weights.iter().enumerate() {
            let weight = if is_valid(i) { *weight } else { 0.0 };
            total += self.values.get(at(i)).copied().unwrap_or(0.0) * weight;
            total_weight += weight;
        }
        if needs_run && longest_run((0..taps.weights.len()).map(is_valid)) < taps.weights.len() / 2 {
            return None;
        }
        (total_weight > 0.0).then(|| total / total_weight)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Line;
    use super::*;

    fn filtered(samples: &[u8], ratio: f64, filter: Filter, mask: Option<&[u8]>) -> Vec<f64> {
        let count = samples.len();
        let out = (count as f64 / ratio).round() as usize;
        let x =
            Line { ratio, delta: 0.0, first: 0, count, out_first: 0, out_count: out, out_total: out as i64, edges: (0.0, count as f64) };
        let y = Line { ratio: 1.0, count: 1, out_count: 1, out_total: 1, edges: (0.0, 1.0), ..x };
        let results = Results { nodata: None, range: (0.0, 255.0), is_integer: true, largest: None };
        let mut result = Vec::new();
        convolution(&Chunk { x: &x, y: &y, samples, stride: count, mask }, filter, &results, 0..1, |_, row| result = row.to_vec());
        result
    }

    #[test]
    fn bilinear_draws_a_line_between_pixels() {
        assert_eq!(filtered(&[0, 100], 0.5, Filter::Bilinear, None), [0.0, 25.0, 75.0, 100.0]);
    }

    #[test]
    fn a_flat_image_stays_flat_under_every_filter() {
        for filter in [Filter::Bilinear, Filter::Cubic, Filter::CubicSpline, Filter::Lanczos] {
            for ratio in [0.4, 1.3, 2.0, 7.5] {
                assert!(filtered(&[77; 60], ratio, filter, None).iter().all(|v| (v - 77.0).abs() < 1e-4), "{filter:?} {ratio}");
            }
        }
    }

    #[test]
    fn pixels_that_are_not_valid_do_not_count() {
        assert_eq!(filtered(&[50, 200, 50, 50], 2.0, Filter::Bilinear, Some(&[255, 0, 255, 255])), [50.0, 50.0]);
        assert_eq!(filtered(&[50, 200], 2.0, Filter::Bilinear, Some(&[0, 0])), [0.0]);
        // A wide gap leaves too little for a filter with negative weights.
        assert_eq!(filtered(&[50; 8], 8.0, Filter::Cubic, Some(&[255, 0, 255, 0, 255, 0, 255, 0])), [0.0]);
    }

    #[test]
    fn a_result_that_is_nodata_is_made_its_neighbour() {
        let results =
            Results { nodata: Some(Nodata { value: 7.0, replacement: 8.0 }), range: (0.0, 255.0), is_integer: true, largest: None };
        assert_eq!([6.4, 6.6, 7.4, -3.0].map(|v| results.not_nodata(v)), [6.4, 8.0, 8.0, 0.0]);
    }
}
