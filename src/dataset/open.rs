//! Opening: the first request, the header, the first IFD and the tags that describe the dataset.

use super::crs::LazyCrs;
use super::describe::{DESCRIPTION_TAGS, Description, TagValues};
use super::{Dataset, old_jpeg};
use crate::cancel::Stop;
use crate::codec;
use crate::error::{Error, Reason, Result};
use crate::options::Settings;
use crate::source::reader::Reader;
use crate::source::uri::Location;
use crate::source::{Source, connect};
use crate::stats::Counters;
use crate::tiff::{
    Entry, EntryValue, Ghost, HEADER_BYTES, Header, IMAGE_TAGS, Ifd, Image, TagBytes, TagValue, field, ghost_text, ifd_count,
    ifd_count_size, ifd_size,
};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::OnceCell;

pub(super) async fn open(source: Arc<dyn Source>, name: String, settings: Settings, counters: Arc<Counters>) -> Result<Dataset> {
    let stop = Stop::new(settings.cancel.clone(), None);
    let reader = Reader::open(source, name, settings, counters, &stop).await?;
    open_reader(reader, &stop).await
}

/// Opens a file beside another one, whose counters count for both.
pub(super) async fn open_sidecar(dataset: &Dataset, location: &Location, name: &str, stop: &Stop) -> Result<Dataset> {
    dataset.reader.check_process()?;
    let settings = dataset.reader.settings.clone();
    let counters = Arc::clone(&dataset.reader.counters);
    let source = connect(location, name, &settings, &counters).map_err(|e| e.in_file(name))?;
    let reader = Reader::open(source, name.to_owned(), settings, counters, stop).await?;
    open_reader(reader, stop).await
}

async fn open_reader(reader: Reader, stop: &Stop) -> Result<Dataset> {
    match describe(&reader, stop).await {
        Ok(Described { header, ghost, first_ifd, first_image, description }) => Ok(Dataset {
            reader,
            header,
            ghost,
            first_ifd,
            first_image: Arc::new(first_image),
            description,
            chain: OnceCell::new(),
            leaders_broken: AtomicBool::new(false),
            beside: None,
            details: OnceCell::new(),
            crs: LazyCrs::default(),
        }),
        Err(e) => {
            // A page that asks for a password, an upload that is not complete: the next open looks again.
            reader.forget();
            Err(e.in_file(reader.name()))
        }
    }
}

struct Described {
    header: Header,
    ghost: Option<Ghost>,
    first_ifd: Ifd,
    first_image: Image,
    description: Description,
}

async fn describe(reader: &Reader, stop: &Stop) -> Result<Described> {
    let start = reader.known(&(0..HEADER_BYTES.min(reader.size()))).unwrap_or_default();
    let header = Header::parse(&start)?;
    let head = reader.known(&(0..reader.size().min(reader.settings.header_bytes))).unwrap_or_default();
    let ghost = ghost_text(&head, &header).map(Ghost::parse);
    let first_ifd = read_ifd(reader, &header, header.first_ifd, stop).await?;
    fetch_tags(reader, &first_ifd, IMAGE_TAGS.iter().chain(DESCRIPTION_TAGS), stop).await?;
    let first_image = read_image(reader, &header, &first_ifd, stop).await?;
    let mut values = TagValues::new();
    for code in DESCRIPTION_TAGS {
        if let Some(entry) = first_ifd.find(*code) {
            let value = async {
                check_values(entry)?;
                read_tag(reader, &header, entry, stop).await
            };
            match value.await {
                Ok(value) => drop(values.insert(*code, value)),
                // A damaged tag that only describes does not make the pixels unreadable.
                Err(e) if matches!(e.reason(), Reason::Format(_)) => reader.warn(|| format!("tag {code} is left out: {e}")),
                Err(e) => return Err(e),
            }
        }
    }
    let description = Description::new(&first_image, &values);
    Ok(Described { header, ghost, first_ifd, first_image, description })
}

/// Reads the IFD at `offset`.
pub(super) async fn read_ifd(reader: &Reader, header: &Header, offset: u64, stop: &Stop) -> Result<Ifd> {
    if offset == 0 || offset >= reader.size() {
        let message = format!("an IFD is said to be at offset {offset}, but the file has {} bytes", reader.size());
        return Err(Error::format(message).at_offset(offset));
    }
    let count = reader.header(offset, ifd_count_size(header), stop).await?;
    let count = ifd_count(&count, header).map_err(|e| e.at_offset(offset))?;
    if count == 0 {
        return Err(Error::format("an IFD has no entries").at_offset(offset));
    }
    // The last IFD of a file may lack the offset of the next one.
    let size = ifd_size(count, header).min(reader.size() - offset);
    let bytes = reader.header(offset, size, stop).await?;
    Ifd::parse(&bytes, offset, header).map_err(|e| e.at_offset(offset))
}

/// Reads the tags that make an IFD an image.
pub(super) async fn read_image(reader: &Reader, header: &Header, ifd: &Ifd, stop: &Stop) -> Result<Image> {
    fetch_tags(reader, ifd, IMAGE_TAGS.iter(), stop).await?;
    let mut bytes = TagBytes::new();
    for code in IMAGE_TAGS {
        if let Some(entry) = ifd.find(*code).filter(|e| matches!(e.value, EntryValue::At(_))) {
            check_values(entry)?;
            bytes.insert(*code, read_tag_bytes(reader, entry, stop).await?);
        }
    }
    let mut image = Image::parse(ifd, &bytes, header.order).map_err(|e| e.at_offset(ifd.offset))?;
    if image.compression == codec::OLD_JPEG {
        old_jpeg::add_header(reader, header, ifd, &mut image, stop).await?;
    }
    Ok(image)
}

/// Fetches the values of these tags together, where they are not in memory. What is wrong with one is said when it is read.
async fn fetch_tags(reader: &Reader, ifd: &Ifd, codes: impl Iterator<Item = &u16>, stop: &Stop) -> Result<()> {
    let range = |entry: &Entry| match (entry.value, entry.byte_len()) {
        (EntryValue::At(offset), Some(len)) if len > 0 && check_values(entry).is_ok() => reader.range(offset, len).ok(),
        _ => None,
    };
    let ranges: Vec<_> = codes.filter_map(|code| ifd.find(*code)).filter_map(range).collect();
    reader.headers(&ranges, stop).await
}

/// More values than this in a tag that is read at every open are damage: their numbers take eight bytes each.
const MOST_VALUES: u64 = 1 << 20;

fn check_values(entry: &Entry) -> Result<()> {
    // Text takes no more memory than its bytes.
    if entry.count > MOST_VALUES && entry.field_type != field::ASCII {
        return Err(Error::format(format!("tag {} has {} values", entry.tag, entry.count)));
    }
    Ok(())
}

/// Reads a tag's value.
pub(crate) async fn read_tag(reader: &Reader, header: &Header, entry: &Entry, stop: &Stop) -> Result<TagValue> {
    let bytes = read_tag_bytes(reader, entry, stop).await?;
    Ok(TagValue::decode(entry.field_type, &bytes, header.order))
}

/// Reads the bytes of a tag's value.
pub(super) async fn read_tag_bytes(reader: &Reader, entry: &Entry, stop: &Stop) -> Result<Bytes> {
    let Some(len) = entry.byte_len() else {
        return Err(Error::format(format!(
            "tag {} has field type {} and count {}, whose size is not known",
            entry.tag, entry.field_type, entry.count
        )));
    };
    match entry.value {
        EntryValue::Inline(inline) => Ok(Bytes::copy_from_slice(inline.get(..len as usize).unwrap_or_default())),
        EntryValue::At(_) if len == 0 => Ok(Bytes::new()),
        EntryValue::At(offset) => {
            // A value beyond the end of the file is damage, whatever its size.
            reader.range(offset, len)?;
            reader.settings.limits.check_tag(entry.tag, len)?;
            reader.header(offset, len, stop).await
        }
    }
}
