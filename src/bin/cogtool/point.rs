//! `cogtool point`: what a file holds at points.

use crate::args::PointArguments;
use crate::{Failure, print};
use cog::{Coordinates, DType, Dataset, Options, ReadParams};
use std::fmt::Write as _;
use std::sync::Arc;

pub(crate) fn run(arguments: &PointArguments, options: &Options) -> Result<(), Failure> {
    let (pairs, rest) = arguments.points.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Failure::Usage(format!("{} numbers make no points; give X and Y of each", arguments.points.len())));
    }
    let dataset = Arc::new(Dataset::open(&arguments.file, options)?);
    if dataset.dtype().is_complex() {
        return Err(Failure::Error(format!("{}: complex samples are not shown", dataset.name())));
    }
    let coordinates = if arguments.pixels { Coordinates::Pixels } else { Coordinates::Map };
    let params = ReadParams {
        level: arguments.level,
        bands: arguments.bands.clone(),
        resampling: arguments.resampling.into(),
        unscale: arguments.unscale,
        ..ReadParams::default()
    };
    // Integers of 64 bits are shown as they are; all others are doubles.
    let between = params.unscale || params.resampling != cog::Resampling::Nearest;
    let dtype = match dataset.dtype() {
        wide @ (DType::Int64 | DType::UInt64) if !between => wide,
        _ => DType::Float64,
    };
    let read = dataset.read_points(pairs, coordinates, &params, Some(dtype), true)?;
    let samples = read.data.as_chunks::<8>().0;
    let mut text = String::new();
    for (i, ([x, y], mask)) in pairs.iter().zip(&read.mask).enumerate() {
        let sample = |band: usize| samples.get(band * pairs.len() + i).copied().unwrap_or_default();
        let value = |band: usize| match dtype {
            DType::Int64 => i64::from_ne_bytes(sample(band)).to_string(),
            DType::UInt64 => u64::from_ne_bytes(sample(band)).to_string(),
            _ => f64::from_ne_bytes(sample(band)).to_string(),
        };
        let values: Vec<String> = (0..read.size.bands).map(value).collect();
        // Writing to a String can't fail.
        let _ = writeln!(text, "{x} {y}: {}", if *mask == 0 { "nothing".to_owned() } else { values.join(" ") });
    }
    print(&text)
}
