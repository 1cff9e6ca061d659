//! `include/cog.h` is what cbindgen makes of `src/ffi`, and every function in it is documented in one fixed order.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn generated() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    let mut text = Vec::new();
    cbindgen::Builder::new().with_crate(root()).with_config(config).generate().unwrap().write(&mut text);
    String::from_utf8(text).unwrap()
}

#[test]
fn the_committed_header_is_the_generated_one() {
    let path = root().join("include/cog.h");
    let fresh = generated();
    if std::env::var_os("COG_UPDATE_HEADER").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == fresh, "include/cog.h is not what src/ffi says; run COG_UPDATE_HEADER=1 cargo test --test header");
}

/// A function's name and the text of the comment before it.
fn functions(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut comment = String::new();
    let mut in_comment = false;
    for line in header.lines() {
        let text = line.trim();
        if text.starts_with("/**") {
            comment.clear();
            in_comment = true;
        } else if text.starts_with("*/") {
            in_comment = false;
        } else if in_comment {
            write!(comment, "{} ", text.trim_start_matches('*').trim()).unwrap();
        } else if let Some((before, _)) = line.split_once('(').filter(|(b, _)| !line.starts_with([' ', '#', '/']) && b.contains("cog_")) {
            let name = before.rsplit([' ', '*']).next().unwrap_or_default();
            if name.starts_with("cog_") && !before.starts_with("typedef") {
                found.push((name.to_owned(), std::mem::take(&mut comment)));
            }
        }
    }
    found
}

/// A C file and the parts of it in the folder of its name.
fn code_of(path: &Path) -> String {
    let parts = std::fs::read_dir(path.with_extension("")).into_iter().flatten().map(|part| part.unwrap().path());
    parts.chain([path.to_owned()]).map(|file| std::fs::read_to_string(file).unwrap_or_default()).collect()
}

const PARTS: [&str; 7] = ["Ownership:", "Lifetime:", "NULL:", "Threads:", "Blocking:", "Errors:", "Example:"];

#[test]
fn every_function_is_documented_part_by_part_and_used_in_its_example() {
    let header = generated();
    let functions = functions(&header);
    assert!(functions.len() > 40, "only {} functions were found", functions.len());
    let mut problems = String::new();
    for (name, comment) in &functions {
        let mut at = 0;
        for part in PARTS {
            match comment.get(at..).and_then(|rest| rest.find(part)) {
                Some(0) if at == 0 => writeln!(problems, "{name}: does not say what it does").unwrap(),
                Some(offset) => at += offset + part.len(),
                None => writeln!(problems, "{name}: {part} is missing or out of order").unwrap(),
            }
        }
        let example = comment.rsplit("Example:").next().unwrap_or_default().trim();
        let code = code_of(&root().join(example));
        if !code.contains(&format!("{name}(")) {
            writeln!(problems, "{name}: its example {example} does not call it").unwrap();
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn the_version_is_that_of_the_package() {
    let header = generated();
    let version = |part: &str| {
        let line = header.lines().find(|l| l.starts_with(&format!("#define COG_VERSION_{part} "))).unwrap();
        line.rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(format!("{}.{}.{}", version("MAJOR"), version("MINOR"), version("PATCH")), env!("CARGO_PKG_VERSION"));
}
