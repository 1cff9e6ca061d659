//! How GDAL cuts a resampled read into chunks (`GDALRasterBand::RasterIOResampled`), and which source pixels each is made of. No I/O.
//!
//! The cuts can be seen in the result: a filter ends where its chunk ends, and a chunk without a valid pixel is filled. They also bound the
//! memory: a chunk has about a million source pixels. [`Grid::steps`] groups them into [`Step`]s that are read one after another.

use super::window::Span;
use crate::raster::resample::Line;
use std::ops::Range;

/// Source pixels of a chunk at most, unless a single output pixel has more.
const CHUNK_PIXELS: u64 = 1024 * 1024;

/// One axis of a resampled window.
#[derive(Debug, Clone, Copy)]
struct Axis {
    span: Span,
    ratio: f64,
    /// Where output position 0 lies, beside the first source pixel.
    delta: f64,
    /// Windows that begin at a whole output position of the resampled whole image are parts of that (`nDestXOffVirtual`).
    shift: i64,
    /// The source pixel that coordinates count from.
    origin: i64,
}

impl Axis {
    fn new(span: Span) -> Self {
        let ratio = span.extent / span.out as f64;
        let place = span.offset / ratio;
        let shift = (place + 0.5) as i64;
        if (place - shift as f64).abs() < 1e-8 {
            return Self { span, ratio, delta: 0.0, shift, origin: 0 };
        }
        Self { span, ratio, delta: span.offset - span.first as f64, shift: 0, origin: span.first as i64 }
    }

    /// How many times wider a filter is here.
    fn factor(&self) -> u64 {
        ((0.5 + self.ratio) as u64).max(1)
    }

    /// Source pixels of a chunk of `out` positions, about.
    fn chunk_pixels(&self, out: usize) -> u64 {
        (3 + (out as f64 * self.ratio) as u64).min(self.span.limit)
    }

    /// The source pixels read for output positions, with a margin.
    fn source(&self, out: &Range<usize>, margin: u64) -> Range<u64> {
        let limit = self.span.limit;
        let first = (self.span.first + (out.start as f64 * self.ratio) as u64).min(limit.saturating_sub(1));
        let end = (self.span.first + 1 + (out.end as f64 * self.ratio).ceil() as u64).min(limit).max(first + 1);
        first.saturating_sub(margin)..(end + margin).min(limit)
    }

    fn line(&self, out: &Range<usize>, margin: u64) -> Line {
        let source = self.source(out, margin);
        Line {
            ratio: self.ratio,
            delta: self.delta,
            first: source.start as i64 - self.origin,
            count: (source.end - source.start) as usize,
            out_first: out.start as i64 + self.shift,
            out_count: out.len(),
            out_total: self.span.out as i64 + self.shift,
            edges: (-self.origin as f64, (self.span.limit as i64 - self.origin) as f64),
        }
    }
}

/// How many source pixels beyond a chunk are read, as multiples of the reduction: by the reduction of each axis, or for bands that are
/// resampled together by the larger one of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Margin {
    OfEachAxis,
    OfBoth,
}

/// A resampled window, cut into chunks.
#[derive(Debug)]
pub(super) struct Grid {
    columns: Axis,
    rows: Axis,
    /// Output columns and rows of a chunk.
    chunk: (usize, usize),
    radius: u64,
}

/// Chunks that are read together: all source rows at once, of all columns of the step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    /// Chunks, by their place in the grid.
    pub(super) columns: Range<usize>,
    pub(super) rows: Range<usize>,
    /// Source pixels that are in memory while the step is resampled. Rows begin and end with rows of blocks.
    pub(super) source: (Range<u64>, Range<u64>),
    /// The rows that are not in memory since the step before.
    pub(super) new_rows: Range<u64>,
}

impl Grid {
    /// Cuts a window. `block_width` is that of the source's blocks, `radius` the filter's.
    pub(super) fn new(columns: Span, rows: Span, block_width: u64, radius: usize) -> Self {
        let (x, y) = (Axis::new(columns), Axis::new(rows));
        let mut chunk = (columns.out, rows.out);
        loop {
            let (across, down) = (x.chunk_pixels(chunk.0), y.chunk_pixels(chunk.1));
            if chunk == (1, 1) || across.saturating_mul(down) <= CHUNK_PIXELS {
                break;
            }
            if across >= columns.count && columns.count == block_width && chunk.1 > 1 {
                chunk.1 /= 2;
            } else if chunk.0 > 1 && (across > down || chunk.1 == 1) {
                chunk.0 /= 2;
            } else {
                chunk.1 /= 2;
            }
        }
        Self { columns: x, rows: y, chunk, radius: radius as u64 }
    }

    fn margins(&self, margin: Margin) -> (u64, u64) {
        let (x, y) = (self.columns.factor(), self.rows.factor());
        match margin {
            Margin::OfEachAxis => (self.radius * x, self.radius * y),
            Margin::OfBoth => (self.radius * x.max(y), self.radius * x.max(y)),
        }
    }

    fn out(chunk: usize, size: usize, total: usize) -> Range<usize> {
        (chunk * size).min(total)..((chunk + 1) * size).min(total)
    }

    /// The output columns and rows of a chunk.
    pub(super) fn output(&self, column: usize, row: usize) -> (Range<usize>, Range<usize>) {
        (Self::out(column, self.chunk.0, self.columns.span.out), Self::out(row, self.chunk.1, self.rows.span.out))
    }

    /// The source columns and rows of a chunk.
    pub(super) fn source(&self, column: usize, row: usize, margin: Margin) -> (Range<u64>, Range<u64>) {
        let (out, (x, y)) = (self.output(column, row), self.margins(margin));
        (self.columns.source(&out.0, x), self.rows.source(&out.1, y))
    }

    /// The same in the coordinates of kernels.
    pub(super) fn lines(&self, column: usize, row: usize, margin: Margin) -> (Line, Line) {
        let (out, (x, y)) = (self.output(column, row), self.margins(margin));
        (self.columns.line(&out.0, x), self.rows.line(&out.1, y))
    }

    /// The steps of the read: each with as many chunks as have source pixels for `budget` bytes (at least one), at `pixel_bytes` a pixel.
    /// Rows of blocks (of `block_height`) that two steps need are read once.
    pub(super) fn steps(&self, block_height: u64, pixel_bytes: u64, budget: u64) -> Vec<Step> {
        let (across, down) = (self.columns.span.out.div_ceil(self.chunk.0), self.rows.span.out.div_ceil(self.chunk.1));
        let widest = |columns: &Range<usize>| {
            let first = self.source(columns.start, 0, Margin::OfBoth).0;
            first.start..self.source(columns.end - 1, 0, Margin::OfBoth).0.end
        };
        let rows_of = |rows: &Range<usize>| {
            let (first, last) = (self.source(0, rows.start, Margin::OfBoth).1, self.source(0, rows.end - 1, Margin::OfBoth).1);
            let limit = self.rows.span.limit;
            first.start / block_height * block_height..last.end.div_ceil(block_height).saturating_mul(block_height).min(limit)
        };
        let bytes = |columns: &Range<usize>, rows: &Range<usize>| {
            let (x, y) = (widest(columns), rows_of(rows));
            (x.end - x.start).saturating_mul(y.end - y.start).saturating_mul(pixel_bytes)
        };
        // Columns by the tallest row of chunks, which is about as tall as any.
        let mut steps = Vec::new();
        let mut left = 0;
        while left < across {
            let mut right = across;
            while right > left + 1 && (0..down.min(3)).any(|row| bytes(&(left..right), &(row..row + 1)) > budget) {
                right = left + (right - left).div_ceil(2).min(right - left - 1);
            }
            let columns = left..right;
            let mut read_to = 0;
            let mut top = 0;
            while top < down {
                let mut bottom = top + 1;
                while bottom < down && bytes(&columns, &(top..bottom + 1)) <= budget {
                    bottom += 1;
                }
                let source = (widest(&columns), rows_of(&(top..bottom)));
                let new_rows = source.1.start.max(read_to).min(source.1.end)..source.1.end;
                read_to = source.1.end;
                steps.push(Step { columns: columns.clone(), rows: top..bottom, source, new_rows });
                top = bottom;
            }
            left = right;
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(source: u64, out: usize, radius: usize) -> Grid {
        let span = Span::new(0.0, source as f64, out, source);
        Grid::new(span, span, 512, radius)
    }

    #[test]
    fn chunks_are_as_large_as_gdals() {
        assert_eq!(grid(16384, 1024, 0).chunk, (64, 32));
        assert_eq!(grid(2048, 1024, 1).chunk, (512, 256));
        assert_eq!(grid(1000, 500, 1).chunk, (500, 500));
        assert_eq!(grid(40000, 1, 0).chunk, (1, 1));
    }

    #[test]
    fn a_chunk_reads_its_pixels_one_more_and_a_margin() {
        let grid = grid(2048, 1024, 2);
        assert_eq!(grid.source(0, 0, Margin::OfEachAxis), (0..1029, 0..517));
        assert_eq!(grid.source(1, 3, Margin::OfEachAxis), (1020..2048, 1532..2048));
    }

    #[test]
    fn a_window_that_begins_on_an_output_pixel_is_a_part_of_the_whole() {
        let span = Span::new(64.0, 32.0, 16, 1000);
        let axis = Axis::new(span);
        assert_eq!((axis.shift, axis.origin, axis.delta), (32, 0, 0.0));
        let axis = Axis::new(Span::new(63.0, 32.0, 16, 1000));
        assert_eq!((axis.shift, axis.origin, axis.delta), (0, 63, 0.0));
        let axis = Axis::new(Span::new(63.25, 32.0, 16, 1000));
        assert_eq!((axis.shift, axis.origin, axis.delta), (0, 63, 0.25));
    }

    /// Whatever the sizes: every chunk is in one step, its source is in memory then, and no row is read twice within a stripe.
    #[test]
    fn steps_hold_the_source_of_their_chunks_and_read_each_row_once() {
        for (source, out, radius, block, budget) in
            [(16384, 1024, 0, 512, 64 << 20), (5000, 777, 3, 128, 1 << 20), (300, 900, 1, 7, 1 << 12)]
        {
            let grid = grid(source, out, radius);
            let steps = grid.steps(block, 2, budget);
            let mut chunks = 0;
            let mut read_to = 0;
            for step in &steps {
                if step.rows.start == 0 {
                    read_to = 0;
                }
                assert_eq!(step.new_rows.start, step.source.1.start.max(read_to).min(step.source.1.end));
                read_to = step.source.1.end;
                for (row, column) in step.rows.clone().flat_map(|row| step.columns.clone().map(move |column| (row, column))) {
                    chunks += 1;
                    for margin in [Margin::OfEachAxis, Margin::OfBoth] {
                        let (x, y) = grid.source(column, row, margin);
                        assert!(step.source.0.start <= x.start && x.end <= step.source.0.end);
                        assert!(step.source.1.start <= y.start && y.end <= step.source.1.end);
                    }
                }
                let (x, y) = &step.source;
                let single = step.rows.len() == 1;
                assert!(single || (x.end - x.start) * (y.end - y.start) * 2 <= budget);
            }
            assert_eq!(chunks, out.div_ceil(grid.chunk.0) * out.div_ceil(grid.chunk.1));
        }
    }
}
