//! What only a full description needs: domains of other directories and of large tags. Read when somebody asks, not at open.

use super::domains::Domains;
use super::levels::{Directory, is_damage};
use super::open::{read_ifd, read_tag, read_tag_bytes};
use super::rpc::Rpc;
use super::{Dataset, Result, color_profile, exif, gdal_xml, structure};
use crate::cancel::Stop;
use crate::codec;
use crate::read::{Stored, fetch_page, locate};
use crate::tiff::{Entry, EntryValue, Ghost, TagValue, field, ghost_text, tag, type_size};
use bytes::Bytes;
use std::collections::HashMap;
use std::ops::Range;

/// The rest of a [`Description`](super::Description).
pub(crate) struct Details {
    /// All domains of the dataset.
    pub(crate) domains: Domains,
    pub(crate) rpc: Option<Rpc>,
    pub(crate) icc_profile: Option<Bytes>,
}

/// The tags of the first IFD that are read for it.
const TAGS: [u16; 6] = [tag::GEO_METADATA, tag::TIFF_RSID, tag::XMP, tag::ICC_PROFILE, tag::RPC_COEFFICIENTS, tag::EXIF_IFD];

/// Where GDAL looks for the ghost area.
const HEAD: u64 = 1024;

/// Reads it: mostly from what the open brought, else in two rounds of requests at most, and one more for a WebP file.
pub(super) async fn read(dataset: &Dataset, stop: &Stop) -> Result<Details> {
    let all = TAGS.into_iter().chain(color_profile::COLORIMETRY_TAGS);
    let wanted: Vec<Entry> = all.filter_map(|code| dataset.first_ifd.find(code).copied()).collect();
    let limits = &dataset.reader.settings.limits;
    let allowed = |entry: &&Entry| entry.byte_len().is_some_and(|len| limits.check_tag(entry.tag, len).is_ok());
    fetch(dataset, wanted.iter().filter(allowed).filter_map(|entry| stored_at(entry.value, entry.byte_len()?)), stop).await?;
    let mut domains = dataset.description.domains.clone();
    for (code, name) in [(tag::GEO_METADATA, "GEO_METADATA"), (tag::TIFF_RSID, "TIFF_RSID")] {
        if let Some(text) = bytes_of(dataset, code, stop).await? {
            domains.set_unless_there("", name, c_text(&text));
        }
    }
    // A small first request may not have brought the ghost area whole.
    let head = dataset.reader.header(0, HEAD.min(dataset.reader.size()), stop).await?;
    let ghost = ghost_text(&head, &dataset.header).map(Ghost::parse);
    structure::describe(&dataset.first_image, ghost.as_ref(), &mut domains);
    if let Some(word) = reversibility(dataset, stop).await? {
        domains.set_unless_there("IMAGE_STRUCTURE", "COMPRESSION_REVERSIBILITY", word);
    }
    if let Some(packet) = bytes_of(dataset, tag::XMP, stop).await?.filter(|_| domains.get("xml:XMP").is_none()) {
        domains.set_text("xml:XMP", c_text(&packet));
    }
    let icc_profile = bytes_of(dataset, tag::ICC_PROFILE, stop).await?;
    match &icc_profile {
        Some(profile) => color_profile::icc_profile(profile, &mut domains),
        None => color_profile::colorimetry(&dataset.first_image, &colorimetry(dataset, stop).await?, &mut domains),
    }
    let rpc = value_of(dataset, tag::RPC_COEFFICIENTS, stop).await?.and_then(|value| Rpc::new(&value.reals()?));
    if let Some(rpc) = &rpc {
        rpc.add_to(&mut domains);
    }
    add_exif(dataset, &mut domains, stop).await?;
    add_subdatasets(dataset, &mut domains, stop).await?;
    Ok(Details { domains, rpc, icc_profile })
}

/// Where a value lies, if not in its entry.
fn stored_at(value: EntryValue, len: u64) -> Option<Range<u64>> {
    match value {
        EntryValue::At(offset) => Some(offset..offset.checked_add(len)?),
        EntryValue::Inline(_) => None,
    }
}

/// Brings what is inside the file of these ranges, neighbours together.
async fn fetch(dataset: &Dataset, ranges: impl Iterator<Item = Range<u64>>, stop: &Stop) -> Result<()> {
    let size = dataset.reader.size();
    let ranges: Vec<Range<u64>> = ranges.filter(|range| range.end <= size && !range.is_empty()).collect();
    dataset.reader.pages(&ranges, &[], stop).await
}

/// `None` for what is damaged: that only describes.
fn tolerate<T>(dataset: &Dataset, what: u16, result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(e) if is_damage(&e) => {
            dataset.reader.warn(|| format!("tag {what} is left out: {e}"));
            Ok(None)
        }
        Err(e) => Err(e),
    }
}

async fn value_of(dataset: &Dataset, code: u16, stop: &Stop) -> Result<Option<TagValue>> {
    let Some(entry) = dataset.first_ifd.find(code) else { return Ok(None) };
    let value = read_tag(&dataset.reader, &dataset.header, entry, stop).await;
    tolerate(dataset, code, value)
}

/// The value of a tag of bytes, whichever of the types of one byte it has.
async fn bytes_of(dataset: &Dataset, code: u16, stop: &Stop) -> Result<Option<Bytes>> {
    let Some(entry) = dataset.first_ifd.find(code).filter(|e| type_size(e.field_type) == Some(1)) else { return Ok(None) };
    let bytes = read_tag_bytes(&dataset.reader, entry, stop).await;
    tolerate(dataset, code, bytes)
}

fn c_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|b| *b == 0).next().unwrap_or_default()).into_owned()
}

async fn colorimetry(dataset: &Dataset, stop: &Stop) -> Result<HashMap<u16, TagValue>> {
    let mut values = HashMap::new();
    for code in color_profile::COLORIMETRY_TAGS {
        values.extend(value_of(dataset, code, stop).await?.map(|value| (code, value)));
    }
    Ok(values)
}

/// What the first block of a WebP file says of its packing.
async fn reversibility(dataset: &Dataset, stop: &Stop) -> Result<Option<&'static str>> {
    /// As much as GDAL looks at.
    const START: u64 = 1024;
    let image = &dataset.first_image;
    if image.compression != codec::WEBP {
        return Ok(None);
    }
    let start = async {
        fetch_page(dataset, image, 0, stop).await?;
        match locate(dataset, image, 0, image.stored_rows(0))? {
            Stored::Sparse => Ok(Bytes::new()),
            Stored::At(range) => dataset.reader.header(range.start, START.min(range.end - range.start), stop).await,
        }
    };
    let start = tolerate(dataset, tag::TILE_OFFSETS, start.await)?;
    Ok(start.and_then(|start| structure::webp_reversibility(&start)))
}

async fn add_exif(dataset: &Dataset, domains: &mut Domains, stop: &Stop) -> Result<()> {
    for code in [tag::EXIF_IFD, tag::GPS_IFD] {
        let offset = value_of(dataset, code, stop).await?.and_then(|value| value.unsigned()?.first().copied());
        let Some(offset) = offset.filter(|offset| *offset != 0) else { continue };
        let items = exif_items(dataset, offset, code == tag::GPS_IFD, stop).await;
        for (key, value) in tolerate(dataset, code, items)?.unwrap_or_default() {
            domains.set("EXIF", key, value);
        }
    }
    Ok(())
}

/// The items of one directory. It is read as the file's others are; GDAL reads those of a BigTIFF as if they were of a classic TIFF.
async fn exif_items(dataset: &Dataset, offset: u64, gps: bool, stop: &Stop) -> Result<Vec<(&'static str, String)>> {
    let ifd = read_ifd(&dataset.reader, &dataset.header, offset, stop).await?;
    if ifd.entries.len() as u64 > exif::MOST_ENTRIES {
        return Ok(Vec::new());
    }
    let named = ifd.entries.iter().filter_map(|entry| {
        let (name, field_type) = exif::describe(entry.tag, entry.field_type, gps)?;
        let len = entry.count.checked_mul(type_size(field_type)?)?;
        (field_type < field::IFD && entry.count <= exif::LONGEST).then_some((name, field_type, len, entry.value))
    });
    let named: Vec<_> = named.collect();
    fetch(dataset, named.iter().filter(|(_, _, len, _)| *len < exif::LONGEST).filter_map(|(_, _, len, at)| stored_at(*at, *len)), stop)
        .await?;
    let mut items = Vec::new();
    for (name, field_type, len, value) in named {
        let bytes = match value {
            _ if len >= exif::LONGEST => Bytes::new(),
            EntryValue::Inline(inline) => Bytes::copy_from_slice(inline.get(..len as usize).unwrap_or_default()),
            EntryValue::At(offset) => match dataset.reader.known(&(offset..offset.saturating_add(len))) {
                Some(bytes) => bytes,
                None => continue,
            },
        };
        let coded = if name == "EXIF_UserComment" && len >= exif::USER_COMMENT_CODE { exif::USER_COMMENT_CODE as usize } else { 0 };
        items.push((name, exif::print(field_type, bytes.get(coded..).unwrap_or_default(), dataset.header.order)));
    }
    Ok(items)
}

/// GDAL's list of the file's pages, where there is more than one (`GTiffDataset::ScanDirectories`).
async fn add_subdatasets(dataset: &Dataset, domains: &mut Domains, stop: &Stop) -> Result<()> {
    /// `NewSubfileType` of images on their own: none, and a page.
    const PAGES: [u64; 2] = [0, 2];
    let chain = dataset.chain(stop).await?;
    let order = dataset.header.order;
    let mut pages = Vec::new();
    for (i, Directory { ifd, .. }) in chain.directories.iter().take(chain.chained).enumerate() {
        let number = |code| ifd.find(code).and_then(|entry| entry.inline_number(order));
        if !PAGES.contains(&number(tag::NEW_SUBFILE_TYPE).unwrap_or(0)) {
            continue;
        }
        let (width, height) = (number(tag::IMAGE_WIDTH).unwrap_or(0), number(tag::IMAGE_LENGTH).unwrap_or(0));
        let grid = match ifd.find(tag::GDAL_METADATA) {
            Some(entry) => tolerate(dataset, tag::GDAL_METADATA, read_tag(&dataset.reader, &dataset.header, entry, stop).await)?,
            None => None,
        };
        let grid = grid.and_then(|xml| grid_name(&xml.text()?)).map_or_else(String::new, |name| format!(": {name}"));
        let bands = number(tag::SAMPLES_PER_PIXEL).unwrap_or(1);
        pages.push((i + 1, format!("Page {} ({width}P x {height}L x {bands}B){grid}", i + 1)));
    }
    if pages.len() > 1 {
        for (page, text) in pages {
            domains.set("SUBDATASETS", &format!("SUBDATASET_{page}_NAME"), format!("GTIFF_DIR:{page}:{}", dataset.name()));
            domains.set("SUBDATASETS", &format!("SUBDATASET_{page}_DESC"), text);
        }
    }
    Ok(())
}

/// The name of a grid of a Geodetic TIFF grid file.
fn grid_name(xml: &str) -> Option<String> {
    let is_name = |item: &gdal_xml::Item| item.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case("grid_name")) && item.band() <= 0;
    gdal_xml::items(xml).into_iter().filter(is_name).find_map(|item| item.text)
}
