//! `cogtool read`: pixels into a file.

use crate::args::{Format, ReadArguments};
use crate::geotiff::Content;
use crate::{Failure, geotiff, output};
use cog::{DType, Dataset, GeoTransform, Options, Pixels, ReadParams, preview_size};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// A read that takes longer than this shows that it is going on.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) fn run(arguments: &ReadArguments, options: &Options) -> Result<(), Failure> {
    let format = match arguments.format {
        Some(format) => format,
        None => format_of(&arguments.output)?,
    };
    let dataset = Arc::new(Dataset::open(&arguments.file, options)?);
    let (params, transform) = planned(&dataset, arguments)?;
    let native = dataset.read_size(&params)?.dtype;
    // Raw pixels are what NumPy would be given.
    let dtype = arguments.dtype.unwrap_or(if matches!(format, Format::Npy | Format::Raw) { numpy_type(native) } else { native });
    if format == Format::Npy && numpy_type(dtype) != dtype {
        return Err(Failure::Usage(format!("NumPy has no {}; choose another --dtype", dtype.name())));
    }
    let with_mask = arguments.mask.is_some() || matches!(format, Format::Png | Format::Tif);
    let bands = params.bands.clone().unwrap_or_else(|| (1..=dataset.bands().len() as u32).collect());
    let pixels = read_with_progress(&dataset, params, dtype, with_mask)?;
    match format {
        Format::Raw => output::write(&arguments.output, &pixels.data)?,
        Format::Npy => output::npy(&arguments.output, &pixels)?,
        Format::Png => output::png(&arguments.output, &pixels, palette(&dataset, arguments))?,
        Format::Tif => {
            let (pixels, source, unscaled) = (&pixels, &*dataset, arguments.unscale);
            geotiff::write(&arguments.output, &Content { pixels, bands: &bands, source, transform, unscaled })?;
        }
    }
    match &arguments.mask {
        Some(path) if is_png(path) => output::mask_png(path, &pixels),
        Some(path) => output::write(path, &pixels.mask),
        None => Ok(()),
    }
}

/// What is read, and where it lies.
fn planned(dataset: &Dataset, arguments: &ReadArguments) -> Result<(ReadParams, Option<GeoTransform>), Failure> {
    let sized = arguments.size.is_some() || arguments.max_size.is_some();
    // Whole level 0 unless something else is said; a level is chosen only for a size.
    let level = arguments.level.or(if sized { None } else { Some(0) });
    let of = level.unwrap_or(0);
    let window = match arguments.bounds {
        Some(bounds) => Some(dataset.bounds_window(bounds, arguments.crs.as_deref(), of)?),
        None => arguments.window,
    };
    let mut params = ReadParams {
        window,
        level,
        out_size: arguments.size.unwrap_or_default(),
        bands: arguments.bands.clone(),
        resampling: arguments.resampling.into(),
        boundless: arguments.bounds.is_some(),
        fill: arguments.fill,
        unscale: arguments.unscale,
        ..ReadParams::default()
    };
    let full = dataset.level_info(of)?;
    let [x, y, width, height] = window.unwrap_or([0.0, 0.0, full.width as f64, full.height as f64]);
    if let Some(max) = arguments.max_size {
        params.out_size = preview_size(width.round().max(1.0) as u64, height.round().max(1.0) as u64, max);
    }
    let size = dataset.read_size(&params)?;
    let transform = dataset.level_transform(of)?.map(|t| {
        let (left, top) = t.apply(x, y);
        let GeoTransform([_, a, b, _, d, e]) = t.scaled(width / size.width as f64, height / size.height as f64);
        GeoTransform([left, a, b, top, d, e])
    });
    Ok((params, transform))
}

/// NumPy has no complex integers: they are written as complex floats, as rasterio reads them.
fn numpy_type(dtype: DType) -> DType {
    match dtype {
        DType::CInt16 => DType::CFloat32,
        DType::CInt32 => DType::CFloat64,
        other => other,
    }
}

fn is_png(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png"))
}

fn format_of(path: &Path) -> Result<Format, Failure> {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "png" => Ok(Format::Png),
        "npy" => Ok(Format::Npy),
        "tif" | "tiff" => Ok(Format::Tif),
        "raw" | "bin" => Ok(Format::Raw),
        _ => Err(Failure::Usage(format!("{}: name the output .png, .tif, .npy or .raw, or say --format", path.display()))),
    }
}

fn palette<'a>(dataset: &'a Dataset, arguments: &ReadArguments) -> Option<&'a cog::dataset::Palette> {
    let one_band = arguments.bands.as_ref().map_or(dataset.bands().len(), Vec::len) == 1;
    dataset.palette().filter(|_| one_band)
}

fn read_with_progress(dataset: &Arc<Dataset>, params: ReadParams, dtype: DType, mask: bool) -> Result<Pixels, Failure> {
    if !std::io::stderr().is_terminal() {
        return Ok(dataset.read_window(&params, Some(dtype), mask)?);
    }
    let total = blocks(dataset, &params)?;
    let (done, finished) = mpsc::channel();
    let reading = Arc::clone(dataset);
    std::thread::spawn(move || {
        // The receiver is there until the program ends.
        let _ = done.send(reading.read_window(&params, Some(dtype), mask));
    });
    let mut bar: Option<ProgressBar> = None;
    let result = loop {
        match finished.recv_timeout(if bar.is_some() { Duration::from_millis(100) } else { PATIENCE }) {
            Ok(result) => break result,
            Err(mpsc::RecvTimeoutError::Disconnected) => return Err(Failure::Error("the read ended without a result".into())),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let bar = bar.get_or_insert_with(|| ProgressBar::new(total).with_style(style()));
                let stats = dataset.stats();
                // Sparse blocks are not decoded, so a read may end before the bar does.
                bar.set_position(stats.tiles_decoded.min(total));
                bar.set_message(format!("{} MB in {} requests", stats.bytes / 1_000_000, stats.requests));
            }
        }
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(result?)
}

fn style() -> ProgressStyle {
    let bar = ProgressStyle::with_template("{bar:40} {pos} of {len} blocks decoded, {msg}, {eta} left");
    bar.unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Blocks of the level that is read which the window touches, those of the mask included.
fn blocks(dataset: &Dataset, params: &ReadParams) -> Result<u64, Failure> {
    let level = dataset.level_info(dataset.read_size(params)?.level)?;
    let of = dataset.level_info(params.level.unwrap_or(0))?;
    let [x, y, width, height] = params.window.unwrap_or([0.0, 0.0, of.width as f64, of.height as f64]);
    let along = |start: f64, len: f64, scale: f64, block: u64, blocks: u64| {
        let block = block.max(1) as f64;
        let (first, end) = ((start * scale / block).floor().max(0.0), ((start + len) * scale / block).ceil().min(blocks as f64));
        (end - first).max(0.0) as u64
    };
    let across = along(x, width, level.width as f64 / of.width as f64, level.block_width, level.blocks_across);
    let down = along(y, height, level.height as f64 / of.height as f64, level.block_height, level.blocks_down);
    let bands = params.bands.as_ref().map_or(dataset.bands().len(), Vec::len) as u64;
    let planes = if dataset.domains()?.item("IMAGE_STRUCTURE", "INTERLEAVE") == Some("BAND") { bands } else { 1 };
    Ok(across * down * (planes + u64::from(level.has_mask)))
}
