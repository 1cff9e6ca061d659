//! Log lines: to the program's callback, or else to standard error.
//!
//! The library returns its errors, so nothing is ever logged at `error`; a program that sets no level hears nothing.

use std::sync::{Arc, RwLock};

/// How much a line matters. The numbers are those of `cog_set_log_callback`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
#[allow(missing_docs, reason = "the names say it all")]
pub enum Level {
    Off = 0,
    Error = 1,
    Warn = 2,
    Info = 3,
    Debug = 4,
}

impl Level {
    /// The level of this number or name, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "off" | "none" | "0" => Self::Off,
            "error" | "critical" | "1" => Self::Error,
            "warn" | "warning" | "2" => Self::Warn,
            "info" | "3" => Self::Info,
            "debug" | "4" => Self::Debug,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Receives log lines; may be called from any thread, several at once.
pub type Sink = Arc<dyn Fn(Level, &str) + Send + Sync>;

static SINK: RwLock<Option<(Sink, Level)>> = RwLock::new(None);

/// Sends lines up to `level` of every handle to `sink`, in place of each handle's `log.level`; `None` takes that back.
pub fn set_sink(sink: Option<(Sink, Level)>) {
    *SINK.write().unwrap_or_else(std::sync::PoisonError::into_inner) = sink;
}

/// Logs one line. `handle_level` is the handle's setting `log.level`, which counts where no callback is set.
pub(crate) fn line(handle_level: Level, level: Level, text: impl FnOnce() -> String) {
    let sink = SINK.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    match sink {
        Some((sink, up_to)) if level <= up_to => {
            let _inside = crate::runtime::enter_callback();
            sink(level, &text());
        }
        None if level <= handle_level => eprintln!("libcog: {}: {}", level.name(), text()),
        _ => {}
    }
}
