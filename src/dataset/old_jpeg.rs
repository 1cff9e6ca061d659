//! Old-style JPEG's header: read from wherever the IFD says that its parts are (TIFF 6.0, section 22).

use super::open::read_tag;
use crate::cancel::Stop;
use crate::codec::{OldJpegFields, OldJpegStream};
use crate::error::{Error, Result};
use crate::source::reader::Reader;
use crate::tiff::{Header, Ifd, Image, JpegStream, tag};

/// A header longer than this is none: its tables take 2 KB, and thumbnails in comments are not needed.
const MOST: u64 = 1 << 16;
/// 16 counts, and as many values as a Huffman table can have.
const HUFFMAN: u64 = 16 + 256;
const QUANTIZATION: u64 = 64;

/// Gives the image its JPEG header. Without one its blocks must be streams of their own.
pub(super) async fn add_header(reader: &Reader, header: &Header, ifd: &Ifd, image: &mut Image, stop: &Stop) -> Result<()> {
    let ifd = Fields { reader, header, ifd, stop };
    let stream = match ifd.interchange().await? {
        Some(stream) => Some(stream),
        None => ifd.tables(image).await?,
    };
    if let Some(OldJpegStream { header, subsampling, taken }) = stream {
        let place = if taken > 0 { Some(ifd.stream().await?) } else { None };
        let place = place.map(|(start, len)| JpegStream { start, data: start + taken as u64, end: start + len });
        image.set_old_jpeg(header.into(), subsampling, place).map_err(|e| e.at_offset(ifd.ifd.offset))?;
    }
    Ok(())
}

struct Fields<'a> {
    reader: &'a Reader,
    header: &'a Header,
    ifd: &'a Ifd,
    stop: &'a Stop,
}

impl Fields<'_> {
    async fn numbers(&self, code: u16) -> Result<Vec<u64>> {
        let Some(entry) = self.ifd.find(code) else { return Ok(Vec::new()) };
        // A table a sample, of which JPEG has four at most.
        if entry.count > 4 {
            return Err(Error::format(format!("tag {code} has {} values", entry.count)));
        }
        let value = read_tag(self.reader, self.header, entry, self.stop).await?;
        Ok(value.unsigned().map(<[u64]>::to_vec).unwrap_or_default())
    }

    async fn number(&self, code: u16) -> Result<u64> {
        Ok(self.numbers(code).await?.first().copied().unwrap_or(0))
    }

    /// Up to `len` bytes from `offset` on; fewer where the file ends.
    async fn bytes(&self, offset: u64, len: u64) -> Result<Vec<u8>> {
        let len = len.min(self.reader.size().saturating_sub(offset));
        Ok(if len == 0 { Vec::new() } else { self.reader.header(offset, len, self.stop).await?.to_vec() })
    }

    /// The header of the stream that `JPEGInterchangeFormat` leads to.
    async fn interchange(&self) -> Result<Option<OldJpegStream>> {
        let (offset, len) = self.stream().await?;
        Ok(if offset == 0 { None } else { OldJpegStream::header(&self.bytes(offset, len.min(MOST)).await?) })
    }

    /// Where the stream begins, and its bytes inside the file: all to its end where nothing is said that can be.
    async fn stream(&self) -> Result<(u64, u64)> {
        let offset = self.number(tag::JPEG_INTERCHANGE_FORMAT).await?;
        let there = self.reader.size().saturating_sub(offset);
        let len = self.number(tag::JPEG_INTERCHANGE_FORMAT_LENGTH).await?;
        Ok((offset, if len == 0 { there } else { len.min(there) }))
    }

    /// The header that `JPEGQTables`, `JPEGDCTables` and `JPEGACTables` make.
    async fn tables(&self, image: &Image) -> Result<Option<OldJpegStream>> {
        let subsampling = match self.numbers(tag::YCBCR_SUB_SAMPLING).await?.as_slice() {
            [across, down, ..] if (1..=4).contains(across) && (1..=4).contains(down) => (*across as u8, *down as u8),
            _ => (2, 2),
        };
        let fields = OldJpegFields {
            samples: u8::try_from(image.stored_samples).unwrap_or(0),
            subsampling,
            restart_interval: u16::try_from(self.number(tag::JPEG_RESTART_INTERVAL).await?).unwrap_or(0),
            q_tables: self.all(tag::JPEG_Q_TABLES, QUANTIZATION).await?,
            dc_tables: self.all(tag::JPEG_DC_TABLES, HUFFMAN).await?.into_iter().map(huffman).collect(),
            ac_tables: self.all(tag::JPEG_AC_TABLES, HUFFMAN).await?.into_iter().map(huffman).collect(),
        };
        Ok(OldJpegStream::of_tables(&fields))
    }

    async fn all(&self, code: u16, len: u64) -> Result<Vec<Vec<u8>>> {
        let mut tables = Vec::new();
        for offset in self.numbers(code).await? {
            tables.push(self.bytes(offset, len).await?);
        }
        Ok(tables)
    }
}

/// The counts and the values that they count.
fn huffman(mut table: Vec<u8>) -> Vec<u8> {
    let values: usize = table.iter().take(16).map(|n| usize::from(*n)).sum();
    table.truncate(16 + values);
    table
}
