//! A window at another size, made by a filter: read in steps, so that memory is bounded, and resampled chunk by chunk on all cores.
//!
//! A step reads rows of whole blocks into a [`Slab`], in the type that kernels work in; rows that the step before had read are kept. Then each
//! chunk of the step becomes output rows. [`chunks`](super::chunks) says what is read when; `raster::resample` has the kernels.

use super::ReadSize;
use super::chunks::{Grid, Margin, Step};
use super::placing::Placing;
use super::plan::{MaskKind, Plan};
use super::slab::Slab;
use super::target::Target;
use super::window::Span;
use crate::cancel::Stop;
use crate::dataset::Dataset;
use crate::error::Result;
use crate::raster::resample::{self, Chunk, Filter, Kernel, PaletteColors, Results};
use crate::raster::{DType, Destination, Nodata, PackedRow};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

/// Bytes of source pixels that are in memory at once, unless one chunk has more.
const BUDGET: u64 = 64 << 20;
/// Output pixels of a piece of work, about, and its rows at least: a chunk of an enlarged image has many.
const PIECE_PIXELS: usize = 1 << 17;
const PIECE_ROWS: usize = 32;

/// A band to resample.
struct Band {
    /// Its number in the file, from 0 on, and its place in the slab.
    number: usize,
    plane: usize,
    /// The bands of the output that it becomes.
    outputs: Vec<usize>,
    /// Bands that GDAL's dataset resamples together become the output's type at once; the others first become the file's.
    together: bool,
    validity: Validity,
    /// Whether its nodata decides on the mask.
    decides: bool,
}

/// Which pixels of a band count.
#[derive(Clone, Copy, PartialEq)]
enum Validity {
    All,
    /// Those whose mask is not 0: an internal mask, alpha, or NODATA_VALUES.
    Mask,
    Nodata(Nodata),
}

/// A read that resamples.
pub(super) struct Resampled {
    target: Target,
    grid: Grid,
    steps: Vec<Step>,
    kernel: Kernel,
    /// The file's type, and the one that kernels work in.
    dtype: DType,
    work: DType,
    bands: Vec<Band>,
    mask_of: MaskKind,
    wants_mask: bool,
    nodata: Option<Nodata>,
    palette: Option<PaletteColors>,
}

/// What is resampled at once: some output rows of a chunk.
struct Piece {
    column: usize,
    row: usize,
    /// Rows of the chunk's output.
    rows: Range<usize>,
}

impl Resampled {
    pub(super) fn new(dataset: &Dataset, target: Target, kernel: Kernel, wants_mask: bool) -> Self {
        Self::within(BUDGET, dataset, target, kernel, wants_mask)
    }

    /// With another budget: the result does not depend on it.
    pub(super) fn within(budget: u64, dataset: &Dataset, target: Target, kernel: Kernel, wants_mask: bool) -> Self {
        let image = &target.level.image;
        let (dtype, work) = (image.dtype, kernel.work_type(image.dtype));
        let mask_of = MaskKind::of(dataset, &target.level, &target.bands);
        // The warper, which resamples complex samples, rounds the filter's widened radius up.
        let more = if dtype.is_complex() && matches!(kernel, Kernel::Convolution(_)) { 2 } else { 0 };
        let grid = Grid::new(target.columns, target.rows, image.tiling.width, kernel.radius() + more);
        let bands = bands(dataset, &target, kernel, &mask_of, wants_mask);
        let masked = u64::from(has_mask_plane(&mask_of));
        let steps = grid.steps(image.tiling.height, bands.len() as u64 * work.size() as u64 + masked, budget);
        let nodata = dataset.nodata_value();
        let palette = dataset.palette().map(|p| PaletteColors::new(p.clone(), nodata.map(Nodata::as_f64)));
        Self { target, grid, steps, kernel, dtype, work, bands, mask_of, wants_mask, nodata, palette }
    }

    /// Reads and resamples all steps. The destination is the part of the output that lies inside the image.
    pub(super) async fn run(self, dataset: &Arc<Dataset>, mut to: Destination, stop: &Stop) -> Result<()> {
        let (width, height) = to.size();
        if self.wants_mask {
            to.fill_mask(if self.mask_of == MaskKind::AllValid { 255 } else { 0 }, 0..width, 0..height);
        }
        let mut slab = Slab::new(self.work, self.bands.len(), has_mask_plane(&self.mask_of));
        for step in &self.steps {
            slab.move_to(&step.source)?;
            self.read(dataset, step, &mut slab, stop).await?;
            self.resample(dataset, step, &slab, &to, stop)?;
        }
        Ok(())
    }

    /// Reads the rows of a step that are new.
    #[allow(unsafe_code, reason = "the slab is written through the same pipeline as a caller's buffer")]
    async fn read(&self, dataset: &Arc<Dataset>, step: &Step, slab: &mut Slab, stop: &Stop) -> Result<()> {
        let (columns, rows) = (&step.source.0, &step.new_rows);
        if rows.is_empty() {
            return Ok(());
        }
        let level = &self.target.level;
        let span = |range: &Range<u64>, limit| {
            let count = range.end - range.start;
            Span::new(range.start as f64, count as f64, count as usize, limit)
        };
        let size = ReadSize { bands: self.bands.len(), dtype: self.dtype, ..self.target.size };
        let source = Target {
            size,
            inside: (0..0, 0..0),
            fill: 0.0,
            level: level.clone(),
            bands: self.bands.iter().map(|band| band.number).collect(),
            scales: Vec::new(),
            kernel: None,
            has_dataset_path: false,
            columns: span(columns, level.image.width),
            rows: span(rows, level.image.height),
            mask_apart: None,
        };
        let plan = Plan::new(dataset, &source, has_mask_plane(&self.mask_of))?;
        // SAFETY: the job is over, and nobody writes to the slab any more, when `run` returns.
        let to = unsafe { slab.destination(rows)? };
        Placing::new(plan, to).run(dataset, stop).await
    }

    fn resample(&self, dataset: &Dataset, step: &Step, slab: &Slab, to: &Destination, stop: &Stop) -> Result<()> {
        let pieces = self.pieces(step);
        let next = AtomicUsize::new(0);
        let stopped = AtomicBool::new(false);
        let work = || {
            while let Some(piece) = pieces.get(next.fetch_add(1, SeqCst)) {
                if stop.check().is_err() {
                    stopped.store(true, SeqCst);
                    return;
                }
                self.piece(piece, slab, to);
            }
        };
        let runtime = crate::runtime::get();
        let pool = runtime.cpu()?;
        let threads = match dataset.reader.settings.decode_threads {
            0 => pool.current_num_threads(),
            n => n.min(pool.current_num_threads()),
        };
        pool.scope(|scope| (0..threads.min(pieces.len())).for_each(|_| scope.spawn(|_| work())));
        if stopped.load(SeqCst) { stop.check() } else { Ok(()) }
    }

    fn pieces(&self, step: &Step) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for row in step.rows.clone() {
            for column in step.columns.clone() {
                let (across, down) = self.grid.output(column, row);
                let rows = (PIECE_PIXELS / across.len().max(1)).max(PIECE_ROWS);
                let starts = (0..down.len()).step_by(rows);
                pieces.extend(starts.map(|start| Piece { column, row, rows: start..(start + rows).min(down.len()) }));
            }
        }
        pieces
    }

    fn piece(&self, piece: &Piece, slab: &Slab, to: &Destination) {
        for band in &self.bands {
            self.band(piece, band, slab, to);
        }
        if self.wants_mask && has_mask_plane(&self.mask_of) {
            self.mask(piece, slab, to);
        }
    }

    fn band(&self, piece: &Piece, band: &Band, slab: &Slab, to: &Destination) {
        let margin = if band.together { Margin::OfBoth } else { Margin::OfEachAxis };
        let (columns, rows) = self.grid.source(piece.column, piece.row, margin);
        let (x, y) = self.grid.lines(piece.column, piece.row, margin);
        let (out_columns, out_rows) = self.grid.output(piece.column, piece.row);
        let mask = match band.validity {
            Validity::All => Mask::Full,
            Validity::Mask => Mask::of(slab.mask(&columns, &rows)),
            Validity::Nodata(nodata) => Mask::of(slab.valid(band.plane, &columns, &rows, nodata, self.dtype)),
        };
        let own = self.nodata.filter(|_| !band.together);
        let nodata = own.map(|n| resample::Nodata::new(n.as_f64(), self.dtype));
        let loses_nodata =
            self.kernel == Kernel::Mode && matches!(mask, Mask::Mixed(_)) && nodata.is_some_and(|n| self.mode_loses(n.value));
        let mut write = |row: usize, dtype: DType, samples: &[u8]| {
            let row = out_rows.start + row;
            let samples = PackedRow::new(dtype, samples);
            let samples = if band.together { samples } else { samples.converted(self.dtype) };
            if let (true, Validity::Nodata(nodata)) = (band.decides && self.wants_mask, band.validity) {
                samples.each_valid(nodata, |i| to.set_mask(row, out_columns.start + i, 255));
            }
            let samples = if loses_nodata { samples.without_nodata(own) } else { samples };
            for output in &band.outputs {
                samples.write(to, *output, row, out_columns.start);
            }
        };
        if matches!(mask, Mask::Empty) {
            let value = nodata.map_or(0.0, |n| n.value).to_ne_bytes();
            let line = value.repeat(out_columns.len());
            piece.rows.clone().for_each(|row| write(row, DType::Float64, &line));
            return;
        }
        let to_type = if band.together { to.dtype } else { self.dtype };
        let results = Results {
            nodata,
            range: to_type.range(),
            is_integer: to_type.is_integer() || matches!(to_type, DType::CInt16 | DType::CInt32),
            largest: self.largest(to_type),
        };
        let run = resample::Run { kernel: self.kernel, nodata, results, palette: self.palette.as_ref(), rows: piece.rows.clone() };
        slab.chunk(band.plane, (&columns, &rows), (&x, &y), mask.bytes(), &run, &mut write);
    }

    /// The mask itself, resampled as a band of bytes is. GDAL leaves out what is 0 in a mask made of NODATA_VALUES, but for mode.
    fn mask(&self, piece: &Piece, slab: &Slab, to: &Destination) {
        let (columns, rows) = self.grid.source(piece.column, piece.row, Margin::OfEachAxis);
        let (x, y) = self.grid.lines(piece.column, piece.row, Margin::OfEachAxis);
        let (out_columns, out_rows) = self.grid.output(piece.column, piece.row);
        let samples = slab.mask(&columns, &rows);
        let leaves_out = matches!(self.mask_of, MaskKind::NodataValues(_)) && self.kernel != Kernel::Mode;
        let mask = leaves_out.then_some(samples.as_slice());
        let chunk = Chunk { x: &x, y: &y, samples: &samples, stride: columns.end.saturating_sub(columns.start) as usize, mask };
        let results = Results { nodata: None, range: (0.0, 255.0), is_integer: true, largest: None };
        let run = resample::Run { kernel: self.kernel, nodata: None, results, palette: None, rows: piece.rows.clone() };
        run.real(&chunk, &mut |row, dtype, samples| {
            let line = PackedRow::new(dtype, samples).converted(DType::UInt8);
            to.write_mask_row(out_rows.start + row, out_columns.start, line.bytes().iter().copied());
        });
    }

    /// Whether GDAL's mode forgets this nodata value: it takes signed integers for unsigned ones, which have none below 0, and knows no value
    /// that is not finite. Pixels that nothing valid lies under become 0 then. So they do here; but their mask is 0 too, not as in GDAL.
    fn mode_loses(&self, nodata: f64) -> bool {
        match self.dtype {
            DType::Int16 | DType::Int32 | DType::Int64 => nodata < 0.0,
            DType::Float32 | DType::Float64 => !nodata.is_finite(),
            _ => false,
        }
    }

    /// Filters that overshoot stay within the bits that the file stores (`fMaxVal`).
    fn largest(&self, dtype: DType) -> Option<f64> {
        let bits = self.target.level.image.bits;
        let fewer = |dtype: DType| usize::from(bits) != 8 * dtype.size();
        let unsigned = matches!(dtype, DType::UInt8 | DType::UInt16 | DType::UInt32);
        let overshoots = self.kernel != Kernel::Convolution(Filter::Bilinear);
        let cut = unsigned && overshoots && bits < 32 && fewer(self.dtype) && fewer(dtype);
        cut.then(|| ((1u64 << bits) - 1) as f32 as f64)
    }
}

fn has_mask_plane(mask_of: &MaskKind) -> bool {
    matches!(mask_of, MaskKind::Internal | MaskKind::Alpha(_) | MaskKind::NodataValues(_))
}

/// The bands to resample: those asked for, each once, and those whose nodata decides on the mask.
fn bands(dataset: &Dataset, target: &Target, kernel: Kernel, mask_of: &MaskKind, wants_mask: bool) -> Vec<Band> {
    let together = together(dataset, target, kernel, mask_of);
    let values: &[(usize, Nodata)] = if let MaskKind::Nodata(values) = mask_of { values } else { &[] };
    let deciding: Vec<usize> = if wants_mask { values.iter().map(|(band, _)| *band).collect() } else { Vec::new() };
    let all = target.bands.iter().enumerate().map(|(out, band)| (Some(out), *band, out < together));
    let mut found: Vec<Band> = Vec::new();
    for (out, number, together) in all.chain(deciding.iter().map(|band| (None, *band, false))) {
        if let Some(band) = found.iter_mut().find(|band| band.number == number && band.together == together) {
            band.outputs.extend(out);
            continue;
        }
        let validity = match mask_of {
            MaskKind::AllValid => Validity::All,
            // For itself alpha has no mask.
            MaskKind::Alpha(alpha) if *alpha == number => Validity::All,
            MaskKind::Internal | MaskKind::NodataValues(_) | MaskKind::Alpha(_) => Validity::Mask,
            // A band that does not decide on the mask leaves out its nodata all the same.
            MaskKind::Nodata(_) => dataset.nodata_value().map_or(Validity::All, Validity::Nodata),
        };
        let decides = deciding.contains(&number);
        found.push(Band { number, plane: found.len(), outputs: out.into_iter().collect(), together, validity, decides });
    }
    found
}

/// How many of the first bands GDAL's dataset resamples together (`GDALDataset::IRasterIO`): with a filter, several bands that share a mask,
/// where no overview stands beside them.
fn together(dataset: &Dataset, target: &Target, kernel: Kernel, mask_of: &MaskKind) -> usize {
    let filter = matches!(kernel, Kernel::Convolution(_));
    let same_size = target.columns.count == target.columns.out as u64 && target.rows.count == target.rows.out as u64;
    if !filter
        || same_size
        || target.bands.len() < 2
        || dataset.palette().is_some()
        || target.level.image.dtype.is_complex()
        || !target.has_dataset_path
    {
        return 0;
    }
    match mask_of {
        MaskKind::Nodata(_) => 0,
        // Each band has a mask band of its own, though they are the same: only the first band begins a group.
        MaskKind::NodataValues(_) => target.bands.iter().take_while(|b| Some(*b) == target.bands.first()).count(),
        MaskKind::Internal | MaskKind::AllValid => target.bands.len(),
        MaskKind::Alpha(alpha) if target.bands.first() == Some(alpha) => target.bands.iter().take_while(|b| *b == alpha).count(),
        MaskKind::Alpha(alpha) => target.bands.iter().take_while(|b| *b != alpha).count(),
    }
}

/// The mask of a chunk.
enum Mask {
    Full,
    Empty,
    Mixed(Vec<u8>),
}

impl Mask {
    fn of(bytes: Vec<u8>) -> Self {
        match bytes.first() {
            Some(first) if bytes.iter().all(|b| b == first) => {
                if *first == 0 {
                    Self::Empty
                } else {
                    Self::Full
                }
            }
            _ => Self::Mixed(bytes),
        }
    }

    fn bytes(&self) -> Option<&[u8]> {
        if let Self::Mixed(bytes) = self { Some(bytes) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::super::params::ReadParams;
    use super::super::read_owned_in_steps;
    use super::*;
    use crate::Options;
    use crate::read::Resampling;

    const WIDTH: u32 = 1800;
    const HEIGHT: u32 = 1300;
    const ROWS: u32 = 7;

    /// A little-endian TIFF of 16-bit samples in strips of seven rows.
    fn strips() -> Vec<u8> {
        let mut file = b"II*\0\0\0\0\0".to_vec();
        let sample = |x: u32, y: u32| ((x * 37 + y * 101 + (x * y) % 977) % 60_000) as u16;
        file.extend((0..HEIGHT).flat_map(|y| (0..WIDTH).flat_map(move |x| sample(x, y).to_le_bytes())));
        let strips = HEIGHT.div_ceil(ROWS);
        let row = WIDTH * 2;
        let (offsets, counts) = (file.len() as u32, file.len() as u32 + 4 * strips);
        file.extend((0..strips).flat_map(|s| (8 + s * ROWS * row).to_le_bytes()));
        file.extend((0..strips).flat_map(|s| (ROWS.min(HEIGHT - s * ROWS) * row).to_le_bytes()));
        let ifd = file.len() as u32;
        let fields = [
            (256, 1, WIDTH),
            (257, 1, HEIGHT),
            (258, 1, 16),
            (259, 1, 1),
            (262, 1, 1),
            (273, strips, offsets),
            (278, 1, ROWS),
            (279, strips, counts),
        ];
        file.extend((fields.len() as u16).to_le_bytes());
        for (tag, count, value) in fields {
            file.extend([tag as u16, 4].map(u16::to_le_bytes).concat());
            file.extend([count, value].map(u32::to_le_bytes).concat());
        }
        file.extend([0; 4]);
        file.get_mut(4..8).unwrap().copy_from_slice(&ifd.to_le_bytes());
        file
    }

    /// Steps of one row of chunks each, of stripes, or all at once.
    #[test]
    fn the_result_does_not_depend_on_the_steps_and_each_block_is_decoded_once() {
        for resampling in [Resampling::Average, Resampling::Lanczos, Resampling::Mode, Resampling::Gauss] {
            let read = |budget| {
                let dataset = Arc::new(Dataset::open_memory(strips().into(), &Options::new()).unwrap());
                let params = ReadParams { out_size: (450, 411), resampling, ..ReadParams::default() };
                let pixels = read_owned_in_steps(&dataset, &params, budget).unwrap();
                (pixels, dataset.stats().tiles_decoded)
            };
            let (whole, blocks) = read(1 << 40);
            assert_eq!(blocks, u64::from(HEIGHT.div_ceil(ROWS)));
            let (rows, blocks) = read(u64::from(WIDTH) * 2 * 400);
            assert_eq!(blocks, u64::from(HEIGHT.div_ceil(ROWS)), "{resampling:?}");
            assert!(rows == whole, "{resampling:?}");
            assert!(read(1).0 == whole, "{resampling:?}");
        }
    }
}
