//! The real servers: `servers.py`, started once and ended with this process, which holds the other end of its standard input.

use serde_json::Value;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// What the servers have, each as `a folder/NAME`.
pub(crate) const FILES: [&str; 4] = ["cog_rgb_deflate.tif", "cog_uint16_zstd.tif", "type_int16_none_tile_be.tif", "mask_rgb_overviews.tif"];

struct Running {
    _process: Child,
    found: Value,
}

static SERVERS: OnceLock<Option<Running>> = OnceLock::new();

/// Where the servers are; `None` where they are not installed and nobody insists.
pub(crate) fn servers() -> Option<&'static Value> {
    SERVERS.get_or_init(start).as_ref().map(|running| &running.found)
}

/// The text at a JSON pointer.
pub(crate) fn text(found: &'static Value, pointer: &str) -> &'static str {
    found.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} is not in {found}"))
}

fn start() -> Option<Running> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let wanted = std::env::var_os("COG_TEST_SERVERS").map(PathBuf::from);
    let tools = wanted.clone().unwrap_or_else(|| root.join("build/servers"));
    let python = tools.join("venv/bin/python");
    if wanted.is_none() && !python.exists() {
        // Not eprintln!, which the test harness hides. Where standard error is gone there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "SKIPPED: tests against real servers, which are not installed (./dev test installs them)");
        return None;
    }
    let mut command = Command::new(&python);
    command.arg(root.join("tests/sources/servers.py")).arg(&tools).args(FILES.map(super::path));
    let log = tools.join("servers.log");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&log).unwrap());
    let mut process = command.spawn().unwrap_or_else(|e| panic!("{}: {e}", python.display()));
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let found = serde_json::from_str(&line).unwrap_or_else(|_| panic!("servers.py did not start its servers; see {}", log.display()));
    Some(Running { _process: process, found })
}
