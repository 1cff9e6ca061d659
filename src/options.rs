//! The settings: one table that drives `cog_options_set`, the environment, `cogtool --help` and the README.
//!
//! A setting belongs to the handle that is opened with it. Environment variables are defaults, read when an [`Options`] is made.

use crate::cancel::CancelToken;
use crate::codec::Backend;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::log::Level;
use std::time::Duration;

/// What values a setting takes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// TRUE, FALSE, YES, NO, ON, OFF, 1 or 0, in any case.
    Bool,
    /// A whole number between these two.
    Int(u64, u64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Anything.
    Text,
}

/// One row of the table.
#[derive(Debug)]
pub struct Setting {
    /// `section.name`.
    pub key: &'static str,
    /// The value where nobody says another.
    pub default: &'static str,
    /// Environment variables that give the default, the first that is set wins.
    pub env: &'static [&'static str],
    /// One sentence.
    pub help: &'static str,
    /// What values it takes.
    pub kind: Kind,
}

const LEVELS: &[&str] = &["OFF", "ERROR", "WARN", "INFO", "DEBUG"];

/// Every setting, by section.
#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    Setting { key: "io.header_bytes", default: "16384", env: &["COG_IO_HEADER_BYTES", "INGESTED_BYTES_AT_OPEN"], kind: Kind::Int(16, 1 << 26),
        help: "Bytes of the first request at open." },
    Setting { key: "io.header_chunk", default: "16384", env: &["COG_IO_HEADER_CHUNK", "HEADER_CHUNK_SIZE"], kind: Kind::Int(1, 1 << 26),
        help: "Smallest further request while reading IFDs and tags." },
    Setting { key: "io.merge_ranges", default: "TRUE", env: &["COG_IO_MERGE_RANGES", "HTTP_MERGE_CONSECUTIVE_RANGES"], kind: Kind::Bool,
        help: "Fetch neighbouring blocks in one request." },
    Setting { key: "io.merge_gap", default: "1024", env: &["COG_IO_MERGE_GAP"], kind: Kind::Int(0, 1 << 30),
        help: "Blocks this many bytes apart or less count as neighbours." },
    Setting { key: "io.max_request", default: "8388608", env: &["COG_IO_MAX_REQUEST"], kind: Kind::Int(1 << 12, 1 << 32),
        help: "Merging stops at requests of this many bytes; one larger block is still one request." },
    Setting { key: "io.concurrency", default: "16", env: &["COG_IO_CONCURRENCY"], kind: Kind::Int(1, 1024),
        help: "Requests under way at once in one read." },
    Setting { key: "http.timeout_ms", default: "30000", env: &["COG_HTTP_TIMEOUT_MS"], kind: Kind::Int(1, 1 << 40),
        help: "Time limit of one request, its body included." },
    Setting { key: "http.connect_timeout_ms", default: "10000", env: &["COG_HTTP_CONNECT_TIMEOUT_MS"], kind: Kind::Int(1, 1 << 40),
        help: "Time limit for reaching the server." },
    Setting { key: "http.headers", default: "", env: &["COG_HTTP_HEADERS"], kind: Kind::Text,
        help: "Headers added to each request: `Name: value`, several separated by line breaks." },
    Setting { key: "http.bearer_token", default: "", env: &["COG_HTTP_BEARER_TOKEN"], kind: Kind::Text,
        help: "Sent as `Authorization: Bearer …`; never to another origin after a redirect." },
    Setting { key: "http.user_agent", default: concat!("libcog/", env!("CARGO_PKG_VERSION")), env: &["COG_HTTP_USER_AGENT"], kind: Kind::Text,
        help: "The User-Agent header." },
    Setting { key: "http.ca_file", default: "", env: &["COG_HTTP_CA_FILE", "SSL_CERT_FILE"], kind: Kind::Text,
        help: "PEM file of certificate authorities to trust instead of the system's." },
    Setting { key: "http.whole_file_bytes", default: "16777216", env: &["COG_HTTP_WHOLE_FILE_BYTES"], kind: Kind::Int(0, 1 << 40),
        help: "A server that ignores ranges and sends the whole file is accepted up to this size; the file is then kept in memory." },
    Setting { key: "decode.threads", default: "0", env: &["COG_DECODE_THREADS"], kind: Kind::Int(0, 4096),
        help: "Decoding threads that one read uses at most; 0: all cores." },
    Setting { key: "decode.backend", default: "native", env: &["COG_DECODE_BACKEND"], kind: Kind::Choice(&["native", "rust"]),
        help: "native: libdeflate, libjpeg-turbo, libwebp, libzstd; rust: memory-safe decoders only." },
    Setting { key: "limits.tile_bytes", default: "1073741824", env: &["COG_LIMITS_TILE_BYTES"], kind: Kind::Int(1, 1 << 48),
        help: "Largest block, decoded or as stored." },
    Setting { key: "limits.output_bytes", default: "1099511627776", env: &["COG_LIMITS_OUTPUT_BYTES"], kind: Kind::Int(1, 1 << 60),
        help: "Largest result of one read." },
    Setting { key: "limits.header_bytes", default: "67108864", env: &["COG_LIMITS_HEADER_BYTES"], kind: Kind::Int(1024, 1 << 40),
        help: "Most bytes of IFDs, tags and tile indexes that one handle keeps." },
    Setting { key: "limits.ifds", default: "1024", env: &["COG_LIMITS_IFDS"], kind: Kind::Int(1, 1 << 20),
        help: "Most IFDs that are followed." },
    Setting { key: "limits.tag_bytes", default: "33554432", env: &["COG_LIMITS_TAG_BYTES"], kind: Kind::Int(1024, 1 << 40),
        help: "Largest value of one tag." },
    Setting { key: "limits.jpeg_scans", default: "100", env: &["COG_LIMITS_JPEG_SCANS"], kind: Kind::Int(1, 1 << 16),
        help: "Most scans of one progressive JPEG picture; libtiff's limit too." },
    Setting { key: "log.level", default: "ERROR", env: &["COG_LOG_LEVEL", "LOG_LEVEL"], kind: Kind::Choice(LEVELS),
        help: "Where no log callback is set: lines up to this level go to standard error." },
    Setting { key: "log.verbose", default: "FALSE", env: &["COG_LOG_VERBOSE", "VERBOSE_LOGS"], kind: Kind::Bool,
        help: "The same as log.level = DEBUG." },
];

/// A set of settings, as the caller fills it.
#[derive(Debug, Clone)]
pub struct Options {
    /// One a row of [`SETTINGS`].
    values: Vec<String>,
    /// Stops every operation of the handles opened with these options.
    pub cancel: Option<CancelToken>,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// The defaults, as the environment has them now.
    pub fn new() -> Self {
        Self::from_environment(|name| std::env::var(name).ok())
    }

    fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |s: &Setting| s.env.iter().find_map(|name| variable(name)).unwrap_or_else(|| s.default.to_owned());
        Self { values: SETTINGS.iter().map(value).collect(), cancel: None }
    }

    /// Sets one setting; an unknown key or a value that it doesn't take is refused.
    pub fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let (index, setting) = find(key)?;
        check(setting, value)?;
        if let Some(slot) = self.values.get_mut(index) {
            value.clone_into(slot);
        }
        Ok(())
    }

    /// The value of one setting.
    pub fn get(&self, key: &str) -> Result<&str> {
        let (index, _) = find(key)?;
        Ok(self.values.get(index).map_or("", String::as_str))
    }

    /// Checks every value, those from the environment too, and gives them their types.
    pub(crate) fn resolve(&self) -> Result<Settings> {
        for (setting, value) in SETTINGS.iter().zip(&self.values) {
            check(setting, value)?;
        }
        let text = |key: &str| self.get(key).map(str::to_owned);
        let int = |key: &str| Ok::<u64, Error>(self.get(key)?.trim().parse().unwrap_or(0));
        let flag = |key: &str| Ok::<bool, Error>(parse_bool(self.get(key)?) == Some(true));
        let millis = |key: &str| int(key).map(Duration::from_millis);
        let level = if flag("log.verbose")? { Level::Debug } else { Level::parse(self.get("log.level")?).unwrap_or(Level::Error) };
        Ok(Settings {
            header_bytes: int("io.header_bytes")?,
            header_chunk: int("io.header_chunk")?,
            merge_gap: if flag("io.merge_ranges")? { Some(int("io.merge_gap")?) } else { None },
            max_request: int("io.max_request")?,
            concurrency: int("io.concurrency")? as usize,
            http: Http {
                timeout: millis("http.timeout_ms")?,
                connect_timeout: millis("http.connect_timeout_ms")?,
                headers: text("http.headers")?,
                bearer_token: text("http.bearer_token")?,
                user_agent: text("http.user_agent")?,
                ca_file: text("http.ca_file")?,
                whole_file_bytes: int("http.whole_file_bytes")?,
            },
            decode_threads: int("decode.threads")? as usize,
            backend: if self.get("decode.backend")?.eq_ignore_ascii_case("rust") { Backend::Rust } else { Backend::Native },
            limits: Limits {
                tile_bytes: int("limits.tile_bytes")?,
                output_bytes: int("limits.output_bytes")?,
                header_bytes: int("limits.header_bytes")?,
                tag_bytes: int("limits.tag_bytes")?,
                ifds: int("limits.ifds")?,
                jpeg_scans: int("limits.jpeg_scans")? as u32,
            },
            log_level: level,
            cancel: self.cancel.clone(),
        })
    }
}

/// The settings of one handle.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) header_bytes: u64,
    pub(crate) header_chunk: u64,
    /// `None`: ranges are not merged.
    pub(crate) merge_gap: Option<u64>,
    pub(crate) max_request: u64,
    pub(crate) concurrency: usize,
    pub(crate) http: Http,
    pub(crate) decode_threads: usize,
    pub(crate) backend: Backend,
    pub(crate) limits: Limits,
    pub(crate) log_level: Level,
    pub(crate) cancel: Option<CancelToken>,
}

/// The `http.*` settings.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) headers: String,
    pub(crate) bearer_token: String,
    pub(crate) user_agent: String,
    pub(crate) ca_file: String,
    pub(crate) whole_file_bytes: u64,
}

fn find(key: &str) -> Result<(usize, &'static Setting)> {
    SETTINGS
        .iter()
        .enumerate()
        .find(|(_, s)| s.key == key || s.env.contains(&key))
        .ok_or_else(|| Error::invalid(format!("there is no setting {key:?}; `cogtool --help` and cog_option_info list them")))
}

fn check(setting: &Setting, value: &str) -> Result<()> {
    let wanted = match setting.kind {
        Kind::Bool if parse_bool(value).is_none() => "TRUE or FALSE".to_owned(),
        Kind::Int(low, high) if !value.trim().parse().is_ok_and(|n| (low..=high).contains(&n)) => {
            format!("a whole number from {low} to {high}")
        }
        Kind::Choice(words) if !words.iter().any(|w| w.eq_ignore_ascii_case(value)) => format!("one of {}", words.join(", ")),
        _ => return Ok(()),
    };
    // No setting that can be refused holds a secret, so the value may be shown.
    Err(Error::invalid(format!("{} = {value:?}: expected {wanted} (environment variable {})", setting.key, setting.env.join(" or "))))
}

fn parse_bool(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_that_its_setting_takes() {
        Options::from_environment(|_| None).resolve().unwrap();
    }

    #[test]
    fn each_setting_has_its_own_environment_variable() {
        for s in SETTINGS {
            let own = format!("COG_{}", s.key.to_uppercase().replace('.', "_"));
            assert_eq!(s.env.first(), Some(&own.as_str()), "{}", s.key);
        }
    }

    #[test]
    fn the_environment_gives_defaults_and_set_overrides_them() {
        let mut o = Options::from_environment(|name| (name == "INGESTED_BYTES_AT_OPEN").then(|| "32768".to_owned()));
        assert_eq!(o.resolve().unwrap().header_bytes, 32768);
        o.set("io.header_bytes", "4096").unwrap();
        assert_eq!(o.resolve().unwrap().header_bytes, 4096);
    }

    #[test]
    fn wrong_values_are_refused_wherever_they_come_from() {
        assert!(Options::new().set("decode.backend", "gpu").is_err());
        assert!(Options::new().set("io.nonsense", "1").is_err());
        let o = Options::from_environment(|name| (name == "COG_IO_CONCURRENCY").then(|| "many".to_owned()));
        let message = o.resolve().unwrap_err().to_string();
        assert!(message.contains("io.concurrency") && message.contains("COG_IO_CONCURRENCY"), "{message}");
    }

    #[test]
    fn merging_can_be_switched_off_by_its_old_name() {
        let mut o = Options::from_environment(|_| None);
        assert!(o.resolve().unwrap().merge_gap.is_some());
        o.set("HTTP_MERGE_CONSECUTIVE_RANGES", "FALSE").unwrap();
        assert!(o.resolve().unwrap().merge_gap.is_none());
    }
}
