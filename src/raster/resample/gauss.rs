//! Gauss (`GDALResampleChunk_Gauss`): a fixed matrix of 3, 5 or 7 pixels a side, by how much rows are reduced.

use super::palette::Colors;
use super::{Chunk, Line};
use std::ops::Range;

/// A side of the matrix, a row of Pascal's triangle: weights are products of these.
fn side(reduction: f64) -> &'static [i64] {
    match (0.5 + reduction) as i64 {
        ..=2 => &[1, 2, 1],
        3..=4 => &[1, 4, 6, 4, 1],
        _ => &[1, 6, 15, 20, 15, 6, 1],
    }
}

/// Pixels under the matrix, as places in the chunk, and how many rows (or columns) of the matrix lie before the chunk.
fn under(line: &Line, out: usize, side: usize) -> (Range<usize>, usize) {
    let out = line.out_first + out as i64;
    let mut first = (0.5 + out as f64 * line.ratio) as i64;
    let mut end = (0.5 + (out + 1) as f64 * line.ratio) as i64 + 1;
    if first < line.first {
        first = line.first;
        end += 1;
    }
    let side = side as i64;
    let first = first + (end - first) / 2 - side / 2;
    let end = (first + side).min(line.end());
    let before = (line.first - first).max(0);
    let place = |pixel: i64| (pixel - line.first).clamp(0, line.count as i64) as usize;
    (place(first)..place(end), before as usize)
}

/// Hands out the output rows asked for; `nothing` stands where no pixel is valid. With a palette samples are its colours' numbers.
pub(crate) fn gauss(
    chunk: &Chunk<'_, f64>,
    colors: Option<&Colors>,
    nothing: f64,
    rows: Range<usize>,
    mut emit: impl FnMut(usize, &[f64]),
) {
    let weights = side(chunk.y.ratio);
    let mut line = Vec::with_capacity(chunk.x.out_count);
    for out in rows {
        line.clear();
        let (down, above) = under(chunk.y, out, weights.len());
        for column in 0..chunk.x.out_count {
            let (across, before) = under(chunk.x, column, weights.len());
            let pixels = || {
                down.clone().zip(weights.iter().skip(above)).flat_map(|(y, down_weight)| {
                    let values = chunk.row(y).get(across.clone()).unwrap_or_default().iter();
                    let mask = chunk.mask_row(y).and_then(|m| m.get(across.clone()));
                    let weighed = values.zip(weights.iter().skip(before)).enumerate();
                    weighed
                        .filter(move |(i, _)| mask.is_none_or(|m| m.get(*i) != Some(&0)))
                        .map(move |(_, (value, weight))| (*value, weight * down_weight))
                })
            };
            line.push(if let Some(colors) = colors {
                colors.mean(pixels()).unwrap_or(nothing)
            } else {
                let (total, weight) =
                    pixels().fold((0.0, 0), |(total, sum), (value, weight)| (total + value * weight as f64, sum + weight));
                if weight == 0 { nothing } else { total / weight as f64 }
            });
        }
        emit(out, &line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_lies_around_the_middle_and_is_cut_at_the_edge() {
        let x = Line { ratio: 2.0, delta: 0.0, first: 0, count: 8, out_first: 0, out_count: 4, out_total: 4, edges: (0.0, 8.0) };
        let y = Line { ratio: 1.0, count: 1, out_count: 1, out_total: 1, edges: (0.0, 1.0), ..x };
        let samples = [0.0, 4.0, 8.0, 12.0, 0.0, 0.0, 0.0, 0.0];
        let mut result = Vec::new();
        gauss(&Chunk { x: &x, y: &y, samples: &samples, stride: 8, mask: None }, None, 0.0, 0..1, |_, row| result = row.to_vec());
        assert_eq!(result, [4.0, 8.0, 0.0, 0.0]);
    }
}
