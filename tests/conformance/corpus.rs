//! The larger corpus beside the checkout, where it is there: every file that GDAL reads is read the same, hostile ones end cleanly.

use super::{assert_none, compare, manifest, options, root};
use cog::error::Status;
use cog::{Dataset, ReadParams};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// How a file of the corpus ended.
#[derive(Debug, PartialEq)]
enum Outcome {
    Right,
    Wrong(Vec<String>),
    /// An error where GDAL has one too, or where nobody knows what is right.
    Refused,
    /// Read, where nobody knows what is right.
    Read,
    Panicked,
    TimedOut,
}

/// Limits that keep hostile files from taking the machine's memory.
const CAREFUL: [(&str, &str); 2] = [("limits.output_bytes", "1073741824"), ("limits.tile_bytes", "268435456")];

fn judge(path: &Path, want: Option<&Value>) -> Outcome {
    let dataset = match Dataset::open(path.to_str().unwrap(), &options(&CAREFUL)) {
        Ok(dataset) => Arc::new(dataset),
        Err(e) if e.status() == Status::Panic => return Outcome::Panicked,
        Err(e) => return if known(want).is_some() { Outcome::Wrong(vec![e.to_string()]) } else { Outcome::Refused },
    };
    if let Some(want) = known(want) {
        let wrong = compare(&dataset, want);
        let panicked = wrong.iter().any(|w| w.contains("a defect in libcog"));
        return if wrong.is_empty() {
            Outcome::Right
        } else if panicked {
            Outcome::Panicked
        } else {
            Outcome::Wrong(wrong)
        };
    }
    let described = dataset.metadata_json().map(|_| ());
    let read = dataset.read_window(&ReadParams { timeout: Some(LIMIT), ..ReadParams::default() }, None, true).map(|_| ());
    match described.and(read) {
        Ok(()) => Outcome::Read,
        Err(e) if e.status() == Status::Panic => Outcome::Panicked,
        Err(e) if e.status() == Status::Timeout => Outcome::TimedOut,
        Err(_) => Outcome::Refused,
    }
}

/// What GDAL reads, where it reads the file.
fn known(want: Option<&Value>) -> Option<&Value> {
    want.filter(|want| want.get("error").is_none())
}

/// A file that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// Judges files on two threads, each file on a thread of its own that is given up after [`LIMIT`].
fn judge_all(files: Vec<(String, PathBuf, Option<Value>)>) -> Vec<(String, Outcome)> {
    let (files, next, done) = (Arc::new(files), AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, SeqCst);
                    let Some((name, _, _)) = files.get(i) else { return };
                    let (sender, receiver) = mpsc::channel();
                    let files = Arc::clone(&files);
                    let judging = std::thread::spawn(move || {
                        let (_, path, want) = &files[i];
                        // The receiver is gone when the file took too long.
                        let _ = sender.send(judge(path, want.as_ref()));
                    });
                    let outcome = match receiver.recv_timeout(LIMIT) {
                        Ok(outcome) => outcome,
                        Err(mpsc::RecvTimeoutError::Timeout) => Outcome::TimedOut,
                        Err(mpsc::RecvTimeoutError::Disconnected) => {
                            assert!(judging.join().is_err());
                            Outcome::Panicked
                        }
                    };
                    done.lock().unwrap().push((name.clone(), outcome));
                }
            });
        }
    });
    done.into_inner().unwrap()
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(all_files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Prints what is not right, and the counts.
fn report(folder: &str, outcomes: &[(String, Outcome)]) {
    let count = |wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|(_, o)| wanted(o)).count();
    for (name, outcome) in outcomes {
        match outcome {
            Outcome::Wrong(why) => println!("{folder}/{name}: {}", why.first().unwrap()),
            Outcome::Panicked | Outcome::TimedOut => println!("{folder}/{name}: {outcome:?}"),
            Outcome::Right | Outcome::Refused | Outcome::Read => {}
        }
    }
    println!(
        "{folder}: {} files: {} right, {} wrong, {} refused, {} read where nobody knows what is right, {} panicked, {} timed out",
        outcomes.len(),
        count(|o| *o == Outcome::Right),
        count(|o| matches!(o, Outcome::Wrong(_))),
        count(|o| *o == Outcome::Refused),
        count(|o| *o == Outcome::Read),
        count(|o| *o == Outcome::Panicked),
        count(|o| *o == Outcome::TimedOut)
    );
}

pub(super) fn folder_of(folder: &str) -> Option<PathBuf> {
    let folder = root().join("../shared/corpus").join(folder);
    if !folder.is_dir() {
        println!("{} is not there: nothing to do", folder.display());
        return None;
    }
    Some(folder)
}

/// Judges the files of a folder, those that its manifest knows and the others. None may panic or hang.
fn judge_folder(folder: &str) -> Option<Vec<(String, Outcome)>> {
    let path = folder_of(folder)?;
    let mut cases = if path.join("manifest.json").exists() { manifest(&path) } else { Vec::new() };
    let mut files = Vec::new();
    for file in all_files(&path).into_iter().filter(|file| file.file_name().is_some_and(|name| name != "manifest.json")) {
        let case = cases.iter().position(|case| case.path == file).map(|i| cases.swap_remove(i));
        let name = file.strip_prefix(&path).unwrap().display().to_string();
        files.push((name, file, case.map(|case| case.want)));
    }
    assert!(cases.is_empty(), "the manifest names files that are not there, as {}", cases[0].name);
    let outcomes = judge_all(files);
    report(folder, &outcomes);
    let bad: Vec<_> = outcomes.iter().filter(|(_, o)| matches!(o, Outcome::Panicked | Outcome::TimedOut)).collect();
    assert!(bad.is_empty(), "{bad:?}");
    Some(outcomes)
}

/// The files that tests/conformance_exceptions.toml names, with their reasons.
fn exceptions() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join("tests/conformance_exceptions.toml")).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    table.into_iter().map(|(file, reason)| (file, reason.as_str().unwrap().to_owned())).collect()
}

#[test]
fn exceptions_are_few_and_each_has_its_reason() {
    let exceptions = exceptions();
    assert!(exceptions.len() <= 5, "{} exceptions", exceptions.len());
    assert!(exceptions.values().all(|reason| reason.len() > 40), "{exceptions:?}");
}

/// Every file of a folder is right, but for the exceptions, and those are still wrong: else their line should go.
fn all_right_but_exceptions(folder: &str) {
    let Some(outcomes) = judge_folder(folder) else { return };
    let exceptions = exceptions();
    let mut wrong = Vec::new();
    for (name, outcome) in outcomes {
        let name = format!("{folder}/{name}");
        match (outcome, exceptions.contains_key(&name)) {
            (Outcome::Wrong(why), false) => wrong.push(format!("{name}: {}", why.join("; "))),
            (Outcome::Right, true) => wrong.push(format!("{name} is right, but tests/conformance_exceptions.toml names it")),
            _ => {}
        }
    }
    assert_none(&wrong);
}

#[test]
fn every_file_of_the_corpus_matrix_is_right() {
    all_right_but_exceptions("matrix");
}

#[test]
fn every_real_file_of_the_corpus_is_right() {
    all_right_but_exceptions("real");
}

#[test]
fn every_hostile_file_of_the_corpus_ends_in_time_without_a_panic() {
    judge_folder("hostile");
}
