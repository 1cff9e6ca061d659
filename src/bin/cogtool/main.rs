//! `cogtool`: looks into GeoTIFFs and reads pixels out of them, through the same library that C programs link.

mod args;
mod geotiff;
mod info;
mod output;
mod point;
mod read;
mod stats;
mod tags;

use args::{Arguments, Command};
use clap::Parser as _;
use std::process::ExitCode;

/// Why a command failed.
enum Failure {
    /// The library's or the file system's error: one line, exit 1.
    Error(String),
    /// The arguments don't fit the file: exit 2, as for arguments that clap refuses.
    Usage(String),
}

impl From<cog::Error> for Failure {
    fn from(e: cog::Error) -> Self {
        Self::Error(e.to_string())
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = arguments.options().and_then(|options| match &arguments.command {
        Command::Info(a) => info::run(a, &options),
        Command::Tags(a) => tags::run(a, &options),
        Command::Read(a) => read::run(a, &options),
        Command::Stats(a) => stats::run(a, &options),
        Command::Point(a) => point::run(a, &options),
    });
    let (message, code) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Error(message)) => (message, 1),
        Err(Failure::Usage(message)) => (message, 2),
    };
    eprintln!("cogtool: {}", message.replace('\n', " "));
    ExitCode::from(code)
}

/// Writes to standard output. A reader that went away (`cogtool … | head`) is no error.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::{ErrorKind, Write as _};
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Failure::Error(format!("standard output: {e}"))),
        _ => Ok(()),
    }
}
