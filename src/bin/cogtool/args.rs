//! The command line.

use crate::Failure;
use clap::{Args, Parser, Subcommand, ValueEnum};
use cog::options::SETTINGS;
use cog::{DType, Options, Resampling};
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
    /// Reads pixels into a PNG, a GeoTIFF, a NumPy array or raw bytes.
    Read(ReadArguments),
    /// Statistics of bands: of an overview, or exact.
    Stats(StatsArguments),
    /// What a file holds at points.
    Point(PointArguments),
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
    /// What lies inside these coordinates, also beyond the image.
    #[arg(long, value_name = "L,B,R,T", value_parser = parse_bounds, allow_hyphen_values = true, conflicts_with = "window")]
    pub(crate) bounds: Option<[f64; 4]>,
    /// The CRS of --bounds: EPSG:n. Default: the file's.
    #[arg(long, value_name = "CRS", requires = "bounds")]
    pub(crate) crs: Option<String>,
    /// Size of the output in pixels. Without --level, the level is chosen by it.
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    pub(crate) size: Option<(u64, u64)>,
    /// The longer side of the output in pixels at most; the other follows.
    #[arg(long, value_name = "N", conflicts_with = "size", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_size: Option<u64>,
    /// How pixels are made where the size differs.
    #[arg(long, default_value = "nearest")]
    pub(crate) resampling: Method,
    /// Type to convert to: uint8, int16, float32, …
    #[arg(long, value_name = "T", value_parser = parse_dtype)]
    pub(crate) dtype: Option<DType>,
    /// What lies beyond the image.
    #[arg(long, value_name = "V", allow_hyphen_values = true)]
    pub(crate) fill: Option<f64>,
    /// Sample × scale + offset, instead of the samples.
    #[arg(long)]
    pub(crate) unscale: bool,
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
    /// A GeoTIFF, with its place, CRS, nodata and palette.
    Tif,
    /// A NumPy array of bands × rows × columns.
    Npy,
    /// All pixels, band-sequential, in native byte order, and nothing else.
    Raw,
}

#[derive(Args)]
pub(crate) struct StatsArguments {
    /// A path or a URL.
    pub(crate) file: String,
    /// Bands from 1 on, in any order. Default: all.
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    pub(crate) bands: Option<Vec<u32>>,
    /// Of all pixels.
    #[arg(long)]
    pub(crate) exact: bool,
    /// Without --exact: of the image reduced to this longer side.
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_size: u64,
    /// From 0 to 100. Default: 2,98.
    #[arg(long, value_name = "P,…", value_delimiter = ',')]
    pub(crate) percentiles: Option<Vec<f64>>,
    /// Of sample × scale + offset.
    #[arg(long)]
    pub(crate) unscale: bool,
    /// As one JSON object, with rio-tiler's keys.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct PointArguments {
    /// A path or a URL.
    pub(crate) file: String,
    /// X and Y of each point, in the file's CRS.
    #[arg(required = true, num_args = 2.., value_name = "X Y", allow_negative_numbers = true)]
    pub(crate) points: Vec<f64>,
    /// X and Y are columns and rows of the level.
    #[arg(long)]
    pub(crate) pixels: bool,
    /// The level: 0 is full resolution. Default: 0.
    #[arg(long, value_name = "N")]
    pub(crate) level: Option<usize>,
    /// Bands from 1 on, in any order. Default: all.
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    pub(crate) bands: Option<Vec<u32>>,
    /// nearest or bilinear.
    #[arg(long, default_value = "nearest")]
    pub(crate) resampling: Method,
    /// Sample × scale + offset.
    #[arg(long)]
    pub(crate) unscale: bool,
}

/// GDAL's methods.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum Method {
    Nearest,
    Bilinear,
    Cubic,
    CubicSpline,
    Lanczos,
    Average,
    Rms,
    Mode,
    Gauss,
}

impl From<Method> for Resampling {
    fn from(method: Method) -> Self {
        match method {
            Method::Nearest => Self::Nearest,
            Method::Bilinear => Self::Bilinear,
            Method::Cubic => Self::Cubic,
            Method::CubicSpline => Self::CubicSpline,
            Method::Lanczos => Self::Lanczos,
            Method::Average => Self::Average,
            Method::Rms => Self::Rms,
            Method::Mode => Self::Mode,
            Method::Gauss => Self::Gauss,
        }
    }
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
    parse_four(text, "x,y,width,height")
}

fn parse_bounds(text: &str) -> Result<[f64; 4], String> {
    parse_four(text, "left,bottom,right,top")
}

fn parse_four(text: &str, expected: &str) -> Result<[f64; 4], String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|n| n.trim().parse()).collect();
    let numbers = numbers.map_err(|e| format!("{e}; expected {expected}"))?;
    numbers.try_into().map_err(|_| format!("expected four numbers: {expected}"))
}

fn parse_dtype(text: &str) -> Result<DType, String> {
    let names = || DType::ALL.map(DType::name).join(", ");
    DType::ALL.into_iter().find(|t| t.name() == text).ok_or_else(|| format!("expected one of {}", names()))
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
