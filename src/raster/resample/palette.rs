//! Samples that are numbers of colours: colours are averaged, and the nearest one of the palette is taken (`BestColorEntry`).

use super::{Chunk, Number};
use std::ops::Range;

/// A palette: red, green, blue, alpha. Entries with alpha 0 are transparent: they don't count and are never the result.
#[derive(Debug, Clone)]
pub(crate) struct Colors {
    entries: Vec<[u8; 4]>,
    /// Stands where no colour counts: nodata, or else the first transparent entry, or else 0.
    nothing: f64,
}

impl Colors {
    pub(crate) fn new(mut entries: Vec<[u8; 4]>, nodata: Option<f64>) -> Self {
        let transparent = entries.iter().position(|entry| entry[3] == 0).map(|i| i as f64);
        if let Some(entry) = nodata.filter(|n| *n >= 0.0).and_then(|n| entries.get_mut(n as usize)) {
            entry[3] = 0;
        }
        Self { entries, nothing: nodata.or(transparent).unwrap_or(0.0) }
    }

    fn color(&self, value: f64) -> Option<[i64; 3]> {
        let entry = if value >= 0.0 { self.entries.get(value as usize)? } else { return None };
        let [red, green, blue, alpha] = *entry;
        (alpha != 0).then(|| [red, green, blue].map(i64::from))
    }

    /// The colour nearest to the weighted mean of these; `None` where none counts.
    pub(super) fn mean(&self, pixels: impl Iterator<Item = (f64, i64)>) -> Option<f64> {
        let (mut totals, mut weights) = ([0; 3], 0);
        for (value, weight) in pixels {
            let Some(color) = self.color(value) else { continue };
            totals.iter_mut().zip(color).for_each(|(total, part)| *total += part * weight);
            weights += weight;
        }
        (weights > 0).then(|| self.nearest(totals.map(|total| (total + weights / 2) / weights)))
    }

    fn root_mean_square(&self, pixels: impl Iterator<Item = f64>) -> Option<f64> {
        let (mut totals, mut count) = ([0; 3], 0);
        for color in pixels.filter_map(|value| self.color(value)) {
            totals.iter_mut().zip(color).for_each(|(total, part)| *total += part * part);
            count += 1;
        }
        (count > 0).then(|| self.nearest(totals.map(|total| (((total / count) as f64).sqrt() + 0.5) as i64)))
    }

    fn nearest(&self, wanted: [i64; 3]) -> f64 {
        let distance = |[r, g, b]: [i64; 3]| (wanted[0] - r).pow(2) + (wanted[1] - g).pow(2) + (wanted[2] - b).pow(2);
        let candidates = (0..self.entries.len()).filter_map(|i| self.color(i as f64).map(|color| (distance(color), i)));
        // Of equally near ones the first.
        candidates.min().map_or(0.0, |(_, i)| i as f64)
    }

    /// Average (or root mean square) of the colours under the output pixels of the rows asked for. GDAL has no weights here, and no mask but
    /// the palette's own transparency.
    pub(crate) fn average<T: Number>(&self, chunk: &Chunk<'_, T>, squares: bool, rows: Range<usize>, mut emit: impl FnMut(usize, &[T])) {
        let columns: Vec<Range<usize>> = (0..chunk.x.out_count).map(|out| chunk.x.covered(out).pixels).collect();
        let mut line = Vec::with_capacity(columns.len());
        for out in rows {
            line.clear();
            let down = chunk.y.covered(out).pixels;
            for across in &columns {
                let pixels = || down.clone().flat_map(|y| chunk.row(y).get(across.clone()).unwrap_or_default().iter().map(|v| v.to_f64()));
                let found = if squares { self.root_mean_square(pixels()) } else { self.mean(pixels().map(|v| (v, 1))) };
                line.push(T::from_f64(found.unwrap_or(self.nothing)));
            }
            emit(out, &line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_colour_of_the_palette_is_taken() {
        let colors = Colors::new(vec![[0, 0, 0, 255], [250, 0, 0, 255], [120, 0, 0, 0], [100, 0, 0, 255]], None);
        assert_eq!(colors.mean([(0.0, 1), (1.0, 1)].into_iter()), Some(3.0));
        assert_eq!(colors.mean([(2.0, 1), (9.0, 1), (1.0, 1)].into_iter()), Some(1.0));
        assert_eq!(colors.mean([(2.0, 1)].into_iter()), None);
        assert_eq!(colors.nothing, 2.0);
    }
}
