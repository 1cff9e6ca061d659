//! Complex samples. GDAL resamples them by its warper, not by its overview code (`GDALRasterBand::RasterIOResampled`: `bUseWarp`), whose
//! numbers are others: a reduction within 5 % of a whole one is made by the filter of the whole one, cubic becomes bilinear along the
//! image's edges, and weights are divided by their sum only where it is not 1 (`gdalwarpkernel.cpp`: `GWKGeneralCaseThread`,
//! `GWKAverageOrModeThread`).

use super::filter::Filter;
use super::run::Kernel;
use super::{Chunk, Line};
use std::f64::consts::PI;
use std::ops::Range;

type Complex = [f64; 2];

/// π/3 as C computes it: not the nearest double, and where rounding errors are seen that matters.
const THIRD_OF_PI: f64 = PI / 3.0;

/// Resamples the output rows asked for, all of whose pixels are valid, and hands out each.
pub(super) fn warped(chunk: &Chunk<'_, Complex>, kernel: Kernel, rows: Range<usize>, mut emit: impl FnMut(usize, &[Complex])) {
    let source = Source { chunk, x: Axis::new(chunk.x), y: Axis::new(chunk.y) };
    let columns = 0..chunk.x.out_count;
    let mut each = |pixel: &dyn Fn(usize, usize) -> Complex| {
        let mut line = Vec::with_capacity(columns.len());
        for row in rows.clone() {
            line.clear();
            line.extend(columns.clone().map(|column| pixel(column, row)));
            emit(row, &line);
        }
    };
    match kernel {
        Kernel::Convolution(_) if source.x.limit == 1 || source.y.limit == 1 => each(&|x, y| source.nearest(x, y)),
        Kernel::Convolution(Filter::Bilinear) if source.is_enlarged() => {
            each(&|x, y| source.bilinear(source.x.centre(x), source.y.centre(y)));
        }
        Kernel::Convolution(Filter::Cubic) if source.is_enlarged() => each(&|x, y| source.cubic(source.x.centre(x), source.y.centre(y))),
        Kernel::Convolution(filter) => {
            let across: Vec<Taps> = columns.clone().map(|x| source.x.taps(filter, x)).collect();
            let down: Vec<Taps> = rows.clone().map(|y| source.y.taps(filter, y)).collect();
            let taps = |x: usize, y: usize| across.get(x).zip(down.get(y - rows.start));
            each(&|x, y| taps(x, y).map_or([0.0; 2], |(across, down)| source.filtered(filter, across, down)));
        }
        Kernel::Average | Kernel::Rms | Kernel::Mode | Kernel::Gauss => {
            let across: Vec<Taps> = columns.clone().map(|x| source.x.covered(x)).collect();
            let down: Vec<Taps> = rows.clone().map(|y| source.y.covered(y)).collect();
            let taps = |x: usize, y: usize| across.get(x).zip(down.get(y - rows.start));
            let of = if kernel == Kernel::Rms { Source::root_mean_square } else { Source::average };
            each(&|x, y| taps(x, y).map_or([0.0; 2], |(across, down)| of(&source, across, down)));
        }
    }
}

/// The source pixels of one output position: the first, in pixels of the image, and their weights.
struct Taps {
    first: i64,
    weights: Vec<f64>,
}

impl Taps {
    fn sum(&self) -> f64 {
        self.weights.iter().fold(0.0, |sum, weight| sum + weight)
    }

    fn each(&self) -> impl Iterator<Item = (i64, f64)> + '_ {
        (self.first..).zip(self.weights.iter().copied())
    }
}

/// One axis in pixels of the image.
struct Axis {
    /// Of the chunk.
    first: i64,
    limit: i64,
    ratio: f64,
    /// Where output position 0 lies, and the first one of the chunk.
    offset: f64,
    out_first: i64,
    /// Output pixels to a source pixel, as the warper takes it.
    scale: f64,
}

impl Axis {
    fn new(line: &Line) -> Self {
        let origin = -line.edges.0;
        let offset = line.delta + origin;
        let place = |out: i64| out as f64 * line.ratio + offset;
        let out_end = line.out_first + line.out_count as i64;
        let mut scale = line.out_count as f64 / (place(out_end) - place(line.out_first));
        // "If the xscale is significantly less than 1", and nearly that of a whole reduction.
        let whole = (1.0 / scale + 0.5).floor();
        if scale < 1.0 && (1.0 / scale - whole).abs() < 0.05 {
            scale = 1.0 / whole;
        }
        Self {
            first: line.first + origin as i64,
            limit: (line.edges.1 + origin) as i64,
            ratio: line.ratio,
            offset,
            out_first: line.out_first,
            scale,
        }
    }

    fn centre(&self, out: usize) -> f64 {
        ((self.out_first + out as i64) as f64 + 0.5) * self.ratio + self.offset
    }

    /// The place of a pixel in the chunk.
    fn place(&self, pixel: i64) -> Option<usize> {
        usize::try_from(pixel - self.first).ok()
    }

    fn contains(&self, pixel: i64) -> bool {
        (0..self.limit).contains(&pixel)
    }

    /// The filter around an output position, cut off at the image's edges.
    fn taps(&self, filter: Filter, out: usize) -> Taps {
        let place = self.centre(out) - 0.5;
        let middle = place.floor();
        let part = place - middle;
        let middle = middle as i64;
        let scale = self.scale.min(1.0);
        let reach = (filter.radius() as f64 / scale).ceil() as i64;
        let begins = (filter.radius() as i64 + 1) % 2 - reach;
        let (mut first, mut last) = (begins.max(-middle), reach.min(self.limit - 1 - middle));
        if filter == Filter::Lanczos {
            while first <= last && (first as f64 - part) * scale < -3.0 {
                first += 1;
            }
            while first <= last && (last as f64 - part) * scale > 3.0 {
                last -= 1;
            }
        }
        let weights = match filter {
            Filter::Lanczos if scale < 1.0 => reduced_lanczos(first..=last, part, scale),
            Filter::Lanczos => lanczos(first..=last, part),
            _ => (first..=last).map(|i| filter.weight((i as f64 - part) * scale)).collect(),
        };
        Taps { first: middle + first, weights }
    }

    /// The pixels that an output pixel lies on, weighed by how much of each it covers.
    fn covered(&self, out: usize) -> Taps {
        let place = |out: i64| out as f64 * self.ratio + self.offset;
        let (from, to) = (place(self.out_first + out as i64), place(self.out_first + out as i64 + 1));
        let first = ((from + 1e-10).floor() as i64).max(0);
        let mut end = ((to - 1e-10).ceil() as i64).min(self.limit);
        if end == first && end < self.limit {
            end += 1;
        }
        let weight = |pixel: i64| {
            let (starts, ends) = ((pixel as f64) < from, (pixel + 1) as f64 > to);
            match (starts, ends) {
                (true, false) => (pixel + 1) as f64 - from,
                (false, true) => to - pixel as f64,
                _ => 1.0,
            }
        };
        Taps { first, weights: (first..end).map(weight).collect() }
    }
}

/// Weights of a Lanczos filter that is not widened, from the sine of a third of `part`: those of pixels three apart differ by their distance
/// alone.
fn lanczos(pixels: std::ops::RangeInclusive<i64>, part: f64) -> Vec<f64> {
    let third = (-THIRD_OF_PI * part).sin();
    let squared = third * third;
    let factor = 3.0 / (PI * PI) * ((3.0 - 4.0 * squared) * third);
    let (half, other) = (-0.5 * factor * third, 0.866_025_403_784_438_6 * factor * (1.0 - squared).sqrt());
    let weight = |i: i64| {
        let x = i as f64 - part;
        let product = match i.rem_euclid(3) {
            0 => factor * third,
            1 => half - other,
            _ => half + other,
        };
        if x == 0.0 { 1.0 } else { product / (x * x) }
    };
    pixels.map(weight).collect()
}

/// Weights of a widened Lanczos filter, as GDAL makes them: sines step from pixel to pixel by the addition theorems. Where the filter's middle
/// lies on a pixel, that pixel's weight is wrong: what the steps have rounded off is divided by its own square, or 1/π⁴ stands where
/// nothing was rounded off. That is seen in the result, as in GDAL's.
fn reduced_lanczos(pixels: std::ops::RangeInclusive<i64>, part: f64, scale: f64) -> Vec<f64> {
    let mut x = (*pixels.start() as f64 - part) * scale;
    let (mut sin_third, mut cos_third) = (THIRD_OF_PI * x).sin_cos();
    let mut sin = sin_third * (3.0 - 4.0 * sin_third * sin_third);
    let mut cos = cos_third * (4.0 * cos_third * cos_third - 3.0);
    let step_cos_third = (THIRD_OF_PI * scale).cos();
    let step_sin_third = (1.0 - step_cos_third * step_cos_third).sqrt();
    let step_cos = (4.0 * step_cos_third * step_cos_third - 3.0) * step_cos_third;
    let step_sin = (1.0 - step_cos * step_cos).sqrt();
    let step = |_| {
        let weight = if x == 0.0 { 1.0 / (PI * PI * PI * PI) } else { sin * sin_third / (PI * PI / 3.0 * x * x) };
        (sin, cos) = (sin * step_cos + cos * step_sin, cos * step_cos - sin * step_sin);
        (sin_third, cos_third) =
            (sin_third * step_cos_third + cos_third * step_sin_third, cos_third * step_cos_third - sin_third * step_sin_third);
        x += scale;
        weight
    };
    pixels.map(step).collect()
}

/// Weights of a cubic filter `x` behind the second of four pixels (`GWKCubicComputeWeights`).
fn cubic_weights(x: f64) -> [f64; 4] {
    let (half, three) = (0.5 * x, 3.0 * x);
    let half_square = half * x;
    [half * (-1.0 + x * (2.0 - x)), 1.0 + half_square * (-5.0 + three), half * (1.0 + x * (4.0 - three)), half_square * (-1.0 + x)]
}

struct Source<'a> {
    chunk: &'a Chunk<'a, Complex>,
    x: Axis,
    y: Axis,
}

impl Source<'_> {
    /// Whether bilinear and cubic filters are not widened.
    fn is_enlarged(&self) -> bool {
        self.x.scale >= 0.95 && self.y.scale >= 0.95
    }

    /// Pixels of a row of the image.
    fn row(&self, x: i64, y: i64, count: usize) -> &[Complex] {
        let (Some(row), Some(start)) = (self.y.place(y), self.x.place(x)) else { return &[] };
        let row = self.chunk.row(row);
        row.get(start..(start + count).min(row.len())).unwrap_or_default()
    }

    fn pixel(&self, x: i64, y: i64) -> Complex {
        self.row(x, y, 1).first().copied().unwrap_or_default()
    }

    fn nearest(&self, x: usize, y: usize) -> Complex {
        let pixel = |axis: &Axis, out| ((axis.centre(out) + 1e-10) as i64).clamp(0, axis.limit - 1);
        self.pixel(pixel(&self.x, x), pixel(&self.y, y))
    }

    /// `GWKBilinearResample4Sample`
    fn bilinear(&self, x: f64, y: f64) -> Complex {
        // Before the first pixel's centre it counts alone.
        let pixel = |place: f64| match (place - 0.5).floor() {
            -1.0 => (0, 1.0),
            first => (first as i64, 1.5 - (place - first)),
        };
        let ((x, across), (y, down)) = (pixel(x), pixel(y));
        let (mut sum, mut total) = ([0.0; 2], 0.0);
        for (y, down) in [(y, down), (y + 1, 1.0 - down)] {
            for (x, across) in [(x, across), (x + 1, 1.0 - across)] {
                if self.x.contains(x) && self.y.contains(y) {
                    let weight = across * down;
                    add(&mut sum, self.pixel(x, y), weight);
                    total += weight;
                }
            }
        }
        if total == 1.0 { sum } else { sum.map(|part| part / total) }
    }

    /// `GWKCubicResample4Sample`: bilinear where one of the sixteen pixels lies outside.
    fn cubic(&self, x: f64, y: f64) -> Complex {
        let (left, top) = ((x - 0.5) as i64, (y - 0.5) as i64);
        let is_inside = |axis: &Axis, pixel: i64| axis.contains(pixel - 1) && axis.contains(pixel + 2);
        if !(is_inside(&self.x, left) && is_inside(&self.y, top)) {
            return self.bilinear(x, y);
        }
        let (across, down) = (cubic_weights(x - 0.5 - left as f64), cubic_weights(y - 0.5 - top as f64));
        let mut sum = [0.0; 2];
        for (y, down) in (top - 1..).zip(down) {
            let mut line = [0.0; 2];
            for (pixel, weight) in self.row(left - 1, y, 4).iter().zip(across) {
                add(&mut line, *pixel, weight);
            }
            add(&mut sum, line, down);
        }
        sum
    }

    /// `GWKResample`, and `GWKResampleOptimizedLanczos`, which multiplies the sums of both axes' weights.
    fn filtered(&self, filter: Filter, across: &Taps, down: &Taps) -> Complex {
        let row_total = across.sum();
        let (mut sum, mut total) = ([0.0; 2], 0.0);
        for (y, weight) in down.each() {
            let mut line = [0.0; 2];
            for (pixel, weight) in self.row(across.first, y, across.weights.len()).iter().zip(&across.weights) {
                add(&mut line, *pixel, *weight);
            }
            add(&mut sum, line, weight);
            total += row_total * weight;
        }
        let is_lanczos = filter == Filter::Lanczos;
        let total = if is_lanczos { row_total * down.sum() } else { total };
        match total {
            total if total < 0.000_001 => [0.0; 2],
            0.999_99..=1.000_01 => sum,
            total if is_lanczos => sum.map(|part| part * (1.0 / total)),
            total => sum.map(|part| part / total),
        }
    }

    fn each_covered(&self, across: &Taps, down: &Taps, mut each: impl FnMut(Complex, f64)) {
        for (y, down) in down.each() {
            for (pixel, across) in self.row(across.first, y, across.weights.len()).iter().zip(&across.weights) {
                let weight = across * down;
                if weight > 0.0 {
                    each(*pixel, weight);
                }
            }
        }
    }

    /// The mean, kept up to date with each pixel as GDAL does.
    fn average(&self, across: &Taps, down: &Taps) -> Complex {
        let (mut mean, mut total) = ([0.0; 2], 0.0);
        self.each_covered(across, down, |pixel, weight| {
            total += weight;
            mean.iter_mut().zip(pixel).for_each(|(mean, part)| *mean += weight / total * (part - *mean));
        });
        mean
    }

    fn root_mean_square(&self, across: &Taps, down: &Taps) -> Complex {
        let (mut sum, mut total) = ([0.0; 2], 0.0);
        self.each_covered(across, down, |pixel, weight| {
            total += weight;
            add(&mut sum, pixel.map(|part| part * part), weight);
        });
        if total > 0.0 { sum.map(|part| (part / total).sqrt()) } else { sum }
    }
}

fn add(sum: &mut Complex, pixel: Complex, weight: f64) {
    sum.iter_mut().zip(pixel).for_each(|(sum, part)| *sum += part * weight);
}
