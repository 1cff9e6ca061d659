//! What an error must say.

use cog::Error;
use cog::error::Status;
use std::collections::BTreeMap;

/// The errors of one family, none of which may read like another.
#[derive(Default)]
pub(crate) struct Errors {
    pub(crate) seen: BTreeMap<String, String>,
    pub(crate) wrong: Vec<String>,
}

impl Errors {
    /// Checks status and words; `tile`: level 0 and this tile must be named.
    pub(crate) fn check(
        &mut self,
        what: &str,
        result: Result<(), Error>,
        status: Status,
        words: &str,
        tile: Option<(u64, u64)>,
        file: &str,
    ) {
        let Err(e) = result else {
            self.wrong.push(format!("{what}: no error"));
            return;
        };
        let text = e.to_string();
        if e.status() != status {
            self.wrong.push(format!("{what}: the status is {:?} and should be {status:?}: {text}", e.status()));
        }
        if !e.reason().to_string().contains(words) {
            self.wrong.push(format!("{what}: the reason does not say {words:?}: {text}"));
        }
        if e.place().file.as_deref() != Some(file) || !text.starts_with(&format!("{file}: ")) {
            self.wrong.push(format!("{what}: the file is not named: {text}"));
        }
        if let Some((x, y)) = tile {
            let named = e.place().level == Some(0) && e.place().tile == tile && text.contains(&format!("level 0, tile ({x}, {y})"));
            if !named {
                self.wrong.push(format!("{what}: level and tile are not named: {text}"));
            }
        }
        let without_file = text.replacen(file, "", 1);
        if let Some(other) = self.seen.insert(without_file, what.to_owned()) {
            self.wrong.push(format!("{what}: the same message as {other}: {text}"));
        }
    }

    pub(crate) fn end(self) {
        assert!(self.wrong.is_empty(), "{} differences:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}
