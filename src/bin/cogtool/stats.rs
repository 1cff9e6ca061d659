//! `cogtool stats`: statistics of bands.

use crate::args::StatsArguments;
use crate::{Failure, print};
use cog::{BandStatistics, Dataset, Options, ReadParams, StatisticsParams};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::sync::Arc;

pub(crate) fn run(arguments: &StatsArguments, options: &Options) -> Result<(), Failure> {
    let dataset = Arc::new(Dataset::open(&arguments.file, options)?);
    let mut how = StatisticsParams { exact: arguments.exact, max_size: arguments.max_size, ..StatisticsParams::default() };
    if let Some(percentiles) = &arguments.percentiles {
        how.percentiles.clone_from(percentiles);
    }
    let params = ReadParams { bands: arguments.bands.clone(), unscale: arguments.unscale, ..ReadParams::default() };
    let all = dataset.statistics(&params, &how)?;
    if arguments.json {
        let bands: Map<String, Value> = all.iter().map(|s| (s.band.to_string(), described(s, &how))).collect();
        let text = serde_json::to_string_pretty(&bands).map_err(|e| Failure::Error(e.to_string()))?;
        return print(&(text + "\n"));
    }
    let mut text = String::new();
    for s in &all {
        // Writing to a String can't fail.
        let _ = writeln!(text, "Band {}", s.band);
        let _ = writeln!(text, "  minimum {}, maximum {}, mean {}, standard deviation {}", s.min, s.max, s.mean, s.standard_deviation);
        for (p, value) in how.percentiles.iter().zip(&s.percentiles) {
            let _ = writeln!(text, "  percentile {p}: {value}");
        }
        let _ = writeln!(text, "  {} of {} pixels valid ({:.2} %)", s.valid, s.valid + s.masked, s.valid_percent());
        let counts: Vec<String> = s.histogram.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "  histogram from {} to {}: {}", s.range.0, s.range.1, counts.join(" "));
    }
    print(&text)
}

/// rio-tiler's keys. What is no number is null, as JSON has no NaN.
fn described(s: &BandStatistics, how: &StatisticsParams) -> Value {
    let bins = s.histogram.len();
    let width = (s.range.1 - s.range.0) / bins as f64;
    let edge = |i: usize| if i == bins { s.range.1 } else { s.range.0 + i as f64 * width };
    let edges: Vec<f64> = (0..=bins).map(edge).collect();
    let mut object = Map::new();
    let numbers = [("min", s.min), ("max", s.max), ("mean", s.mean), ("std", s.standard_deviation)];
    object.extend(numbers.map(|(key, value)| (key.to_owned(), json!(value))));
    let percentiles = how.percentiles.iter().zip(&s.percentiles);
    object.extend(percentiles.map(|(p, value)| (format!("percentile_{p}"), json!(value))));
    object.insert("histogram".into(), json!([s.histogram, edges]));
    object.insert("valid_percent".into(), json!(s.valid_percent()));
    object.insert("valid_pixels".into(), json!(s.valid));
    object.insert("masked_pixels".into(), json!(s.masked));
    Value::Object(object)
}
