//! Where bodies come from, and the names and dates that requests and answers give them.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// Where a body comes from.
pub(super) enum File {
    /// The bytes, and when they changed last (seconds since 1970).
    Memory(Arc<Vec<u8>>, u64),
    Disk {
        path: PathBuf,
        size: u64,
        modified: u64,
    },
}

impl File {
    /// The file at `path` below `root`; no `..`, no absolute path, no directory.
    pub(super) fn below(root: &Path, path: &str) -> Option<Self> {
        let relative = Path::new(path.strip_prefix('/')?);
        if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let path = root.join(relative);
        let metadata = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_secs());
        Some(Self::Disk { path, size: metadata.len(), modified })
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Memory(body, _) => body.len() as u64,
            Self::Disk { size, .. } => *size,
        }
    }

    pub(super) fn modified(&self) -> u64 {
        match self {
            Self::Memory(_, modified) | Self::Disk { modified, .. } => *modified,
        }
    }

    /// A hash of the content; of size and time for a file on disk, which may be large.
    pub(super) fn etag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        match self {
            Self::Memory(body, _) => body.hash(&mut hasher),
            Self::Disk { size, modified, .. } => (size, modified).hash(&mut hasher),
        }
        format!("\"{:016x}\"", hasher.finish())
    }

    pub(super) fn read(&self, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Memory(body, _) => {
                let range = offset as usize..(offset + length) as usize;
                body.get(range).map(<[u8]>::to_vec).ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
            }
            Self::Disk { path, .. } => {
                let mut file = fs::File::open(path)?;
                file.seek(SeekFrom::Start(offset))?;
                let mut bytes = Vec::new();
                file.take(length).read_to_end(&mut bytes)?;
                if bytes.len() as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
            }
        }
    }
}

pub(super) fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .filter(|_| byte == b'%')
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(code.unwrap_or(byte));
        rest = if code.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// IMF-fixdate (RFC 9110, 5.6.7) of seconds since 1970.
pub(crate) fn http_date(seconds: u64) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Days to a date of the Gregorian calendar, in years that begin on the first of March (H. Hinnant, "chrono-compatible
    // low-level date algorithms").
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12;
    let year = era * 400 + year_of_era + u64::from(month < 2);
    let weekday = WEEKDAYS.get((days % 7) as usize).unwrap_or(&"");
    let month = MONTHS.get(month as usize).unwrap_or(&"");
    format!("{weekday}, {day:02} {month} {year} {:02}:{:02}:{:02} GMT", time / 3600, time / 60 % 60, time % 60)
}
