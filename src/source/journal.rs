//! Where a source tells what it does beyond one request a call: counters, and lines for the log.

use crate::log::{self, Level};
use crate::stats::Counters;
use std::sync::Arc;

pub(crate) struct Journal {
    /// The file's name, as errors and logs show it.
    name: String,
    level: Level,
    counters: Arc<Counters>,
}

impl Journal {
    pub(crate) fn new(name: &str, level: Level, counters: &Arc<Counters>) -> Self {
        Self { name: name.to_owned(), level, counters: Arc::clone(counters) }
    }

    /// A request beyond the one that the reader counts: where a redirect leads, or a second look.
    pub(super) fn sent_another(&self) {
        self.counters.add(|c| &c.requests, 1);
    }

    /// The same request once more.
    pub(super) fn sent_again(&self) {
        self.counters.add(|c| &c.retries, 1);
        self.sent_another();
    }

    pub(super) fn debug(&self, text: impl FnOnce() -> String) {
        log::line(self.level, Level::Debug, || format!("{}: {}", self.name, text()));
    }
}
