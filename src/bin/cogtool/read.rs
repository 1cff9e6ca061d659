//! `cogtool read`: pixels into a file.

use crate::Failure;
use crate::args::{Format, ReadArguments};
use crate::output;
use cog::{DType, Dataset, Options, Pixels, ReadParams};
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
    // Whole level 0 unless something else is said; a level is chosen only for a size.
    let level = arguments.level.or(if arguments.size.is_none() { Some(0) } else { None });
    let params = ReadParams {
        window: arguments.window,
        level,
        out_size: arguments.size.unwrap_or_default(),
        bands: arguments.bands.clone(),
        ..ReadParams::default()
    };
    let with_mask = arguments.mask.is_some() || format == Format::Png;
    let pixels = read_with_progress(&dataset, params, stored_type(dataset.dtype()), with_mask)?;
    match format {
        Format::Raw => output::write(&arguments.output, &pixels.data)?,
        Format::Npy => output::npy(&arguments.output, &pixels)?,
        Format::Png => output::png(&arguments.output, &pixels, palette(&dataset, arguments))?,
    }
    match &arguments.mask {
        Some(path) if is_png(path) => output::mask_png(path, &pixels),
        Some(path) => output::write(path, &pixels.mask),
        None => Ok(()),
    }
}

/// NumPy has no complex integers: they are written as complex floats, as rasterio reads them.
fn stored_type(dtype: DType) -> DType {
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
        "raw" | "bin" => Ok(Format::Raw),
        _ => Err(Failure::Usage(format!("{}: name the output .png, .npy or .raw, or say --format", path.display()))),
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
