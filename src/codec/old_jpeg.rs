//! JPEG as TIFF 6.0 had it first (`Compression` = 6): TIFF 6.0, section 22; libtiff's `tif_ojpeg.c`.
//!
//! Blocks hold entropy-coded data alone. The tables and the frame header stand elsewhere: in a JPEG stream that `JPEGInterchangeFormat`
//! leads to, or in tables that `JPEGQTables`, `JPEGDCTables` and `JPEGACTables` lead to. [`Stream::header`] makes one header of either,
//! and a block is decoded as the stream of that header and its own data.
//!
//! Traps: the stream's own subsampling counts, not `YCbCrSubSampling`. Chroma is not upsampled but repeated, by the conversion of
//! YCbCr outside JPEG. Where the header is in a stream, the first block begins where the header ends, whatever its offset. A block may be a whole JPEG stream after all. A block that is one of many restarts, so that each can be decoded alone.
//!
//! Blocks without a header are decoded by a decoder of our own (`planes`), the same for both backends: for chroma before it is upsampled
//! libjpeg-turbo would need its raw interface, and no crate gives it. The transform rounds as libjpeg's, so the samples are libtiff's.

mod entropy;
#[cfg(test)]
mod fixtures;
mod idct;
mod planes;

use super::{BlockLayout, Codec, CodecError, jpeg};
use planes::{Plane, corrupt};

pub(super) struct OldJpeg;

impl Codec for OldJpeg {
    fn decode(&self, input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        if input.starts_with(&START) && layout.subsampling == (1, 1) {
            return jpeg::Jpeg.decode(input, &BlockLayout { jpeg_tables: None, ycbcr: false, ..*layout }, output);
        }
        let stream = match layout.jpeg_tables {
            _ if input.starts_with(&START) => input.to_vec(),
            Some(header) => Stream::of(header, input, layout).ok_or_else(|| corrupt("no frame header"))?,
            None => return Err(corrupt("old-style, in a file with neither a JPEG stream nor tables")),
        };
        let planes = planes::decode(&stream, (layout.width, layout.height, layout.samples))?;
        if layout.subsampling == (1, 1) {
            return interleave(&planes, layout, output);
        }
        let [luma, cb, cr] = planes.as_slice() else {
            return Err(CodecError::Unsupported(format!("old-style JPEG with {} subsampled components", planes.len())));
        };
        if luma.sampling != layout.subsampling || [cb, cr].iter().any(|chroma| chroma.sampling != (1, 1)) {
            return Err(corrupt("the picture has another subsampling than the file says"));
        }
        pack_units([luma, cb, cr], layout, output)
    }
}

/// Puts the components of each pixel together.
fn interleave(planes: &[Plane], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
    if planes.windows(2).any(|pair| matches!(pair, [a, b] if a.sampling != b.sampling)) {
        return Err(corrupt("the picture is subsampled where the file says that it is not"));
    }
    for (i, plane) in planes.iter().enumerate() {
        for (row, samples) in output.chunks_exact_mut((layout.width * layout.samples).max(1)).zip(plane.rows()) {
            row.iter_mut().skip(i).step_by(layout.samples).zip(samples).for_each(|(to, from)| *to = *from);
        }
    }
    Ok(())
}

/// Packs components as TIFF 6.0, section 21 stores subsampled YCbCr: across x down of luma, then Cb and Cr.
fn pack_units([luma, cb, cr]: [&Plane; 3], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
    let (across, down) = layout.subsampling;
    let (units, unit_rows) = (layout.width.div_ceil(across), layout.height.div_ceil(down));
    let unit = across * down + 2;
    if output.len() != units * unit_rows * unit {
        return Err(CodecError::Unsupported("an old-style JPEG block that is not whole".into()));
    }
    let luma: Vec<&[u8]> = luma.rows().collect();
    let rows = luma.chunks(down).zip(cb.rows().zip(cr.rows()));
    for (row, (luma, (cb, cr))) in output.chunks_exact_mut(units * unit).zip(rows) {
        for (y, luma) in luma.iter().enumerate() {
            for (unit, luma) in row.chunks_exact_mut(unit).zip(luma.chunks_exact(across)) {
                unit.iter_mut().skip(y * across).zip(luma).for_each(|(to, from)| *to = *from);
            }
        }
        for (unit, (cb, cr)) in row.chunks_exact_mut(unit).zip(cb.iter().zip(cr)) {
            if let Some(chroma) = unit.last_chunk_mut() {
                *chroma = [*cb, *cr];
            }
        }
    }
    Ok(())
}

/// `SOI`.
const START: [u8; 2] = [0xff, 0xd8];
/// `EOI`.
const END: [u8; 2] = [0xff, 0xd9];
/// Markers of segments that a decoder needs (T.81, table B.1).
mod marker {
    pub(super) const SOF0: u8 = 0xc0;
    pub(super) const SOF1: u8 = 0xc1;
    pub(super) const DHT: u8 = 0xc4;
    pub(super) const SOS: u8 = 0xda;
    pub(super) const DQT: u8 = 0xdb;
    pub(super) const DRI: u8 = 0xdd;
}

/// What the fields of an IFD say of the stream.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) samples: u8,
    pub(crate) subsampling: (u8, u8),
    /// `JPEGRestartInterval`.
    pub(crate) restart_interval: u16,
    /// Each of 64 bytes, in zigzag order.
    pub(crate) q_tables: Vec<Vec<u8>>,
    /// Each of 16 counts, and the values that they count.
    pub(crate) dc_tables: Vec<Vec<u8>>,
    pub(crate) ac_tables: Vec<Vec<u8>>,
}

/// A header: all segments of a stream up to its entropy-coded data.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stream {
    pub(crate) header: Vec<u8>,
    /// Luma samples across and down for one of chroma.
    pub(crate) subsampling: (u8, u8),
    /// Bytes of the stream that the header was read from; 0 where it was made of tables.
    pub(crate) taken: usize,
}

impl Stream {
    /// The header in the start of a JPEG stream (`JPEGInterchangeFormat`); `None` where it does not reach the entropy-coded data.
    pub(crate) fn header(stream: &[u8]) -> Option<Self> {
        let mut header = START.to_vec();
        let mut subsampling = None;
        let mut rest = stream.strip_prefix(&START)?;
        loop {
            let [0xff, code, ..] = *rest else { return None };
            if code == 0xff {
                rest = rest.get(1..)?;
                continue;
            }
            let length = usize::from(u16::from_be_bytes(*rest.get(2..)?.first_chunk()?));
            let (segment, after) = rest.split_at_checked(2 + length.max(2))?;
            rest = after;
            match code {
                marker::SOF0 | marker::SOF1 => {
                    let sampling = *segment.get(11)?;
                    subsampling = Some((sampling >> 4, sampling & 15));
                    header.extend(segment);
                }
                marker::DHT | marker::DQT | marker::DRI => header.extend(segment),
                marker::SOS => {
                    header.extend(segment);
                    return Some(Self { header, subsampling: subsampling?, taken: stream.len() - rest.len() });
                }
                // Applications' data and comments.
                0xe0..=0xef | 0xfe => {}
                _ => return None,
            }
        }
    }

    /// The header that the tables make (`OJPEGWriteHeaderInfo`); `None` where a table is missing or cut short.
    pub(crate) fn of_tables(fields: &Fields) -> Option<Self> {
        let mut header = START.to_vec();
        let mut segment = |code: u8, body: &[u8]| {
            header.extend([0xff, code]);
            header.extend((body.len() as u16 + 2).to_be_bytes());
            header.extend(body);
        };
        // A table a sample; baseline JPEG has two of a kind, and Cb and Cr share theirs.
        let [q, dc, ac] = [&fields.q_tables, &fields.dc_tables, &fields.ac_tables].map(|tables| distinct(tables));
        for (i, table) in (0..).zip(&q.0) {
            segment(marker::DQT, &[&[i], table.get(..64)?].concat());
        }
        for (class, tables) in [(0, &dc), (16, &ac)] {
            for (i, table) in (class..).zip(&tables.0) {
                segment(marker::DHT, &[&[i], *table].concat());
            }
        }
        if fields.restart_interval > 0 {
            segment(marker::DRI, &fields.restart_interval.to_be_bytes());
        }
        let table = |of: &(Vec<&[u8]>, Vec<u8>), i: u8| of.1.get(usize::from(i)).or(of.1.last()).copied();
        // Precision 8; rows and columns are written when a block is decoded.
        let mut frame = vec![8, 0, 0, 0, 0, fields.samples];
        let mut scan = vec![fields.samples];
        for i in 0..fields.samples {
            let sampling = if i == 0 && fields.samples > 1 { fields.subsampling.0 << 4 | fields.subsampling.1 } else { 0x11 };
            frame.extend([i, sampling, table(&q, i)?]);
            scan.extend([i, table(&dc, i)? << 4 | table(&ac, i)?]);
        }
        segment(marker::SOF0, &frame);
        scan.extend([0, 63, 0]);
        segment(marker::SOS, &scan);
        Some(Self { header, subsampling: if fields.samples > 1 { fields.subsampling } else { (1, 1) }, taken: 0 })
    }

    /// The stream of one block: the header, of the block's size, and its data.
    fn of(header: &[u8], data: &[u8], layout: &BlockLayout<'_>) -> Option<Vec<u8>> {
        let mut stream = [header, data, &END].concat();
        let (height, width) = (u16::try_from(layout.height).ok()?, u16::try_from(layout.width).ok()?);
        let mut at = START.len();
        loop {
            let code = *stream.get(at + 1)?;
            if matches!(code, marker::SOF0 | marker::SOF1) {
                stream.get_mut(at + 5..at + 9)?.copy_from_slice(&[height.to_be_bytes(), width.to_be_bytes()].concat());
                return Some(stream);
            }
            let length = u16::from_be_bytes(*stream.get(at + 2..)?.first_chunk()?);
            at += 2 + usize::from(length);
            if at >= header.len() {
                return None;
            }
        }
    }
}

/// The tables that differ, and for each of all its place among them.
fn distinct(tables: &[Vec<u8>]) -> (Vec<&[u8]>, Vec<u8>) {
    let mut found: Vec<&[u8]> = Vec::new();
    let places = tables.iter().map(|table| {
        let place = found.iter().position(|other| *other == table.as_slice()).unwrap_or_else(|| {
            found.push(table);
            found.len() - 1
        });
        place as u8
    });
    let places = places.collect();
    (found, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        let huffman = || [vec![0; 16], Vec::new()].concat();
        Fields {
            samples: 3,
            subsampling: (2, 2),
            restart_interval: 5,
            q_tables: vec![vec![1; 64]; 2],
            dc_tables: vec![huffman(); 2],
            ac_tables: vec![huffman(); 2],
        }
    }

    #[test]
    fn a_header_of_tables_is_one_that_is_read_again() {
        let made = Stream::of_tables(&fields()).unwrap();
        assert_eq!(Stream::header(&made.header).unwrap(), Stream { taken: made.header.len(), ..made.clone() });
        assert_eq!(made.subsampling, (2, 2));
    }

    #[test]
    fn what_is_missing_or_cut_short_gives_no_header() {
        assert_eq!(Stream::of_tables(&Fields { q_tables: Vec::new(), ..fields() }), None);
        assert_eq!(Stream::of_tables(&Fields { q_tables: vec![vec![1; 63]], ..fields() }), None);
        let whole = Stream::of_tables(&fields()).unwrap().header;
        for end in 0..whole.len() {
            assert_eq!(Stream::header(&whole[..end]), None, "{end}");
        }
    }
}
