//! The convolution filters and their weights (`gdalwarpkernel.cpp`: `GWKBilinear`, `GWKCubic`, `GWKBSpline`, `GWKLanczosSinc`).

use super::Line;

/// A filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    Bilinear,
    /// Catmull-Rom.
    Cubic,
    /// Cubic B-spline.
    CubicSpline,
    /// Sinc, windowed by a sinc of three times its width.
    Lanczos,
}

impl Filter {
    /// Pixels to each side, where the output is not reduced.
    pub(crate) fn radius(self) -> usize {
        match self {
            Self::Bilinear => 1,
            Self::Cubic | Self::CubicSpline => 2,
            Self::Lanczos => 3,
        }
    }

    pub(super) fn has_negative_weights(self) -> bool {
        matches!(self, Self::Cubic | Self::Lanczos)
    }

    pub(super) fn weight(self, x: f64) -> f64 {
        let distance = x.abs();
        match self {
            Self::Bilinear => (1.0 - distance).max(0.0),
            Self::Cubic if distance <= 1.0 => x * x * (1.5 * distance - 2.5) + 1.0,
            Self::Cubic if distance <= 2.0 => x * x * (-0.5 * distance + 2.5) - 4.0 * distance + 2.0,
            Self::Cubic => 0.0,
            Self::CubicSpline => spline(x),
            Self::Lanczos => lanczos(x),
        }
    }
}

/// Six times the B-spline: weights are divided by their sum anyway. Products are multiplied from the left, as GDAL does.
fn spline(x: f64) -> f64 {
    let cube = |factor: f64, x: f64| if x > 0.0 { factor * x * x * x } else { 0.0 };
    if x + 2.0 <= 0.0 {
        return 0.0;
    }
    ((cube(-4.0, x - 1.0) + cube(6.0, x)) + cube(-4.0, x + 1.0)) + cube(1.0, x + 2.0)
}

/// sinc(x)·sinc(x/3), by sin 3a = 3 sin a − 4 sin³ a.
fn lanczos(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    let pi_x = std::f64::consts::PI * x;
    let third = pi_x / 3.0;
    let squared = third.sin() * third.sin();
    (3.0 - 4.0 * squared) * squared / (pi_x * third)
}

/// The source pixels under the filter of one output pixel: the first, as a place in the chunk, and their weights.
pub(super) struct Taps {
    pub(super) first: usize,
    pub(super) weights: Vec<f64>,
}

impl Taps {
    /// Divides the weights by their sum.
    fn normalised(mut self, sum: f64) -> Self {
        if sum != 0.0 {
            let inverse = 1.0 / sum;
            self.weights.iter_mut().for_each(|w| *w *= inverse);
        }
        self
    }
}

/// How much wider than its radius a filter is along an axis.
pub(super) fn scaled_radius(filter: Filter, line: &Line) -> f64 {
    let scale = 1.0 / line.ratio;
    filter.radius() as f64 / if scale >= 1.0 { 1.0 } else { scale }
}

/// The weights for output position `out` of a line. GDAL steps from pixel to pixel along a row, but by fours down a column.
pub(super) fn taps(filter: Filter, line: &Line, out: usize, along_row: bool, normalise: bool) -> Taps {
    let scale = 1.0 / line.ratio;
    let step = if scale >= 1.0 { 1.0 } else { scale };
    let radius = filter.radius() as f64 / step;
    let centre = ((line.out_first + out as i64) as f64 + 0.5) * line.ratio + line.delta;
    let first = ((centre - radius + 0.5).floor() as i64).max(line.first);
    let end = ((centre + radius + 0.5) as i64).min(line.end());
    let count = (end - first).max(0) as usize;
    let mut x = step * (first as f64 - centre + 0.5);
    let mut weights = Vec::with_capacity(count);
    let mut sum = 0.0;
    for group in 0..count / 4 {
        for i in 0..4 {
            weights.push(filter.weight(if along_row { x } else { x + f64::from(i) * step }));
            if along_row {
                x += step;
            }
        }
        if !along_row {
            x += 4.0 * step;
        }
        sum += weights.iter().skip(4 * group).sum::<f64>();
    }
    while weights.len() < count {
        let weight = filter.weight(x);
        weights.push(weight);
        sum += weight;
        x += step;
    }
    let taps = Taps { first: (first - line.first).max(0) as usize, weights };
    if normalise { taps.normalised(sum) } else { taps }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(ratio: f64, count: usize) -> Line {
        let out = (count as f64 / ratio) as usize;
        Line { ratio, delta: 0.0, first: 0, count, out_first: 0, out_count: out, out_total: out as i64, edges: (0.0, count as f64) }
    }

    #[test]
    fn filters_are_highest_in_the_middle_and_nothing_at_their_ends() {
        for filter in [Filter::Bilinear, Filter::Cubic, Filter::CubicSpline, Filter::Lanczos] {
            let middle = if filter == Filter::CubicSpline { 4.0 } else { 1.0 };
            assert!((filter.weight(0.0) - middle).abs() < 1e-12, "{filter:?}");
            assert!(filter.weight(filter.radius() as f64).abs() < 1e-12 && filter.weight(-(filter.radius() as f64)).abs() < 1e-12);
            assert!((filter.weight(0.3) - filter.weight(-0.3)).abs() < 1e-12);
        }
    }

    #[test]
    fn weights_make_one_and_stay_in_the_chunk() {
        for filter in [Filter::Bilinear, Filter::Cubic, Filter::CubicSpline, Filter::Lanczos] {
            for ratio in [0.3, 1.0, 1.7, 2.0, 9.3] {
                let line = line(ratio, 50);
                for out in 0..line.out_count {
                    for along_row in [false, true] {
                        let taps = taps(filter, &line, out, along_row, true);
                        assert!(taps.first + taps.weights.len() <= 50 && !taps.weights.is_empty());
                        assert!((taps.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                    }
                }
            }
        }
    }

    #[test]
    fn halving_with_bilinear_takes_four_pixels() {
        assert_eq!(taps(Filter::Bilinear, &line(2.0, 8), 1, true, true).weights, [0.125, 0.375, 0.375, 0.125]);
    }
}
