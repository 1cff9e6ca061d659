//! `range_server DIR [--port N] [--seconds N] [--log] [--delay-ms N] [--mb-per-second N]`: serves a directory over HTTP with range requests, on 127.0.0.1 only.
//!
//! The first line on stdout is the address, `http://127.0.0.1:PORT/`. It stops by itself after `--seconds` (600).
//! `--delay-ms` is waited before each answer, and once when a connection is made; `--mb-per-second` is what one connection carries.
//! `--log` prints each request on stderr: method, path, range, status, bytes of the body.
//!
//! Compiled as a test target, the same file runs the server's own tests.

mod server;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: range_server DIR [--port N] [--seconds N] [--log] [--delay-ms N] [--mb-per-second N]";

struct Arguments {
    directory: PathBuf,
    port: u16,
    seconds: u64,
    delay_ms: u64,
    mb_per_second: u64,
    log: bool,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut directory, mut port, mut seconds, mut log) = (None, 0, 600, false);
        let (mut delay_ms, mut mb_per_second) = (0, 0);
        while let Some(word) = words.next() {
            let mut number = || {
                words
                    .next()
                    .ok_or(format!("{word} needs a number"))
                    .and_then(|text| text.parse::<u64>().map_err(|error| format!("{word} {text}: {error}")))
            };
            match word.as_str() {
                "--port" => port = u16::try_from(number()?).map_err(|error| format!("--port: {error}"))?,
                "--seconds" => seconds = number()?,
                "--delay-ms" => delay_ms = number()?,
                "--mb-per-second" => mb_per_second = number()?,
                "--log" => log = true,
                flag if flag.starts_with('-') => return Err(format!("unknown option {flag}")),
                _ if directory.is_none() => directory = Some(PathBuf::from(word)),
                _ => return Err(format!("one directory only, not also {word}")),
            }
        }
        let directory = directory.ok_or("which directory?")?;
        if !directory.is_dir() {
            return Err(format!("{} is not a directory", directory.display()));
        }
        Ok(Self { directory, port, seconds, delay_ms, mb_per_second, log })
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("range_server: {problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("range_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> io::Result<()> {
    let link = server::Link { latency: Duration::from_millis(arguments.delay_ms), bytes_per_second: arguments.mb_per_second * 1_000_000 };
    let server = server::Server::builder().directory(arguments.directory).port(arguments.port).verbose(arguments.log).link(link).start()?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", server.url("/"))?;
    out.flush()?;
    std::thread::sleep(Duration::from_secs(arguments.seconds));
    Ok(())
}
