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
                let bar = bar.get_or_insert_with(|| ProgressBar::new_spinner().with_style(ProgressStyle::default_spinner()));
                let stats = dataset.stats();
                bar.set_message(format!(
                    "{} tiles decoded, {} MB in {} requests",
                    stats.tiles_decoded,
                    stats.bytes / 1_000_000,
                    stats.requests
                ));
                bar.tick();
            }
        }
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(result?)
}
