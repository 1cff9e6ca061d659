//! The command line.

use crate::Failure;
use clap::{Args, Parser, Subcommand, ValueEnum};
use cog::Options;
use cog::options::SETTINGS;
use std::path::PathBuf;

/// Looks into GeoTIFFs, above all Cloud-Optimized ones, and reads pixels out of them.
#[derive(Parser)]
#[command(name = "cogtool", version, after_help = settings_help(), arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// Sets one of the settings below.
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    settings: Vec<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Describes a file.
    Info(InfoArguments),
    /// Lists the tags of a file's IFDs with their values.
    Tags(TagsArguments),
    /// Reads pixels into a PNG, a NumPy array or raw bytes.
    Read(ReadArguments),
}

#[derive(Args)]
pub(crate) struct InfoArguments {
    /// A path or a URL (http, https, s3, gs, az, abfs, file).
    pub(crate) file: String,
    /// Everything, as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct TagsArguments {
    /// A path or a URL (http, https, s3, gs, az, abfs, file).
    pub(crate) file: String,
    /// Only this IFD, from 0 on.
    #[arg(long, value_name = "N")]
    pub(crate) ifd: Option<usize>,
}

#[derive(Args)]
pub(crate) struct ReadArguments {
    /// A path or a URL (http, https, s3, gs, az, abfs, file).
    pub(crate) file: String,
    /// The level to read: 0 is full resolution, then the overviews.
    #[arg(long, value_name = "N")]
    pub(crate) level: Option<usize>,
    /// Pixels to read, of the level (of level 0 where none is named). Default: all.
    #[arg(long, value_name = "X,Y,W,H", value_parser = parse_window, allow_hyphen_values = true)]
    pub(crate) window: Option<[f64; 4]>,
    /// Size of the output in pixels. Without --level, the level is chosen by it.
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    pub(crate) size: Option<(u64, u64)>,
    /// Bands from 1 on, in any order. Default: all.
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    pub(crate) bands: Option<Vec<u32>>,
    /// Where the pixels go.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// What to write. Default: by the output's ending.
    #[arg(long)]
    pub(crate) format: Option<Format>,
    /// Where the mask goes: one byte a pixel, 255 valid, 0 not (or a PNG, by the ending).
    #[arg(long, value_name = "FILE")]
    pub(crate) mask: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A picture: 1 to 4 bands; masked pixels are transparent.
    Png,
    /// A NumPy array of bands × rows × columns.
    Npy,
    /// All pixels, band-sequential, in native byte order, and nothing else.
    Raw,
}

impl Arguments {
    /// The settings of the environment and of `--set`.
    pub(crate) fn options(&self) -> Result<Options, Failure> {
        let mut options = Options::new();
        for setting in &self.settings {
            let (key, value) = setting.split_once('=').ok_or_else(|| Failure::Usage("--set: expected KEY=VALUE".into()))?;
            options.set(key, value).map_err(|e| Failure::Usage(format!("--set: {e}")))?;
        }
        Ok(options)
    }
}

fn parse_window(text: &str) -> Result<[f64; 4], String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|n| n.trim().parse()).collect();
    let numbers = numbers.map_err(|e| format!("{e}; expected x,y,width,height"))?;
    numbers.try_into().map_err(|_| "expected four numbers: x,y,width,height".to_owned())
}

fn parse_size(text: &str) -> Result<(u64, u64), String> {
    let (width, height) = text.split_once(['x', 'X']).ok_or("expected WIDTHxHEIGHT")?;
    let side = |n: &str| n.trim().parse::<u64>().ok().filter(|n| *n > 0).ok_or("expected two whole numbers above 0: WIDTHxHEIGHT");
    Ok((side(width)?, side(height)?))
}

fn settings_help() -> String {
    let rows = SETTINGS.iter().map(|s| {
        let default = if s.default.is_empty() { "none" } else { s.default };
        format!("  {:<24} {} [default: {default}] [env: {}]\n", s.key, s.help, s.env.join(", "))
    });
    format!("Settings (--set KEY=VALUE, or the environment):\n{}", rows.collect::<String>())
}
