//! `cogtool tags`: the IFDs as the file has them.

use crate::args::TagsArguments;
use crate::{Failure, print};
use cog::tiff::{TagValue, tag_name, type_name};
use cog::{Dataset, Options};
use std::fmt::Write as _;

/// Values of a tag that are shown before the rest is only counted.
const SHOWN: usize = 8;
/// Characters of a text that are shown.
const SHOWN_TEXT: usize = 200;

pub(crate) fn run(arguments: &TagsArguments, options: &Options) -> Result<(), Failure> {
    let dataset = Dataset::open(&arguments.file, options)?;
    let ifds = match arguments.ifd {
        Some(ifd) => ifd..ifd + 1,
        None => 0..dataset.ifd_count()?,
    };
    // Writing to a String can't fail.
    let mut text = String::new();
    for ifd in ifds {
        let tags = dataset.tags(ifd)?;
        let _ = writeln!(text, "IFD {ifd}");
        for tag in tags {
            let name = tag_name(tag.tag).unwrap_or("?");
            // A damaged tag is shown as such; the others are still worth seeing.
            let value = dataset.tag_value(ifd, tag.tag).map_or_else(|e| format!("({})", e.reason()), |v| shown(&v));
            let _ = writeln!(text, "  {:>5} {name:<26} {:<9} {:>6}  {value}", tag.tag, type_name(tag.field_type), tag.count);
        }
    }
    print(&text)
}

fn shown(value: &TagValue) -> String {
    match value {
        TagValue::Unsigned(v) => list(v),
        TagValue::Signed(v) => list(v),
        TagValue::Real(v) => list(v),
        TagValue::Text(v) => {
            let text = String::from_utf8_lossy(v);
            let cut: String = text.chars().take(SHOWN_TEXT).collect();
            let more = if cut.len() < text.len() { " …" } else { "" };
            format!("{cut:?}{more}")
        }
        TagValue::Bytes(v) => list(v),
    }
}

fn list<T: std::fmt::Display>(values: &[T]) -> String {
    let shown: Vec<String> = values.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = if values.len() > SHOWN { format!(" … ({} values)", values.len()) } else { String::new() };
    shown.join(" ") + &more
}
