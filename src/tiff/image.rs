//! One image of the file, typed: what an IFD says of its size, samples, blocks and compression (TIFF 6.0, sections 8 and 15).

use super::header::ByteOrder;
use super::ifd::{Entry, EntryValue, Ifd};
use super::tags::{tag, type_size};
use super::value::TagValue;
use crate::codec;
use crate::error::{Error, Result};
use crate::raster::{Colors, D50, DType, Lab, YCbCr};
use bytes::Bytes;
use std::collections::HashMap;
use std::ops::Range;

/// The bytes of those tags of an IFD that an [`Image`] is made of and that don't lie in the entry itself.
pub(crate) type TagBytes = HashMap<u16, Bytes>;

/// The tags that [`Image::parse`] reads. (The block arrays are not among them: they are read a page at a time.)
pub(crate) const IMAGE_TAGS: &[u16] = &[
    tag::NEW_SUBFILE_TYPE,
    tag::IMAGE_WIDTH,
    tag::IMAGE_LENGTH,
    tag::BITS_PER_SAMPLE,
    tag::COMPRESSION,
    tag::PHOTOMETRIC_INTERPRETATION,
    tag::FILL_ORDER,
    tag::SAMPLES_PER_PIXEL,
    tag::ROWS_PER_STRIP,
    tag::PLANAR_CONFIGURATION,
    tag::PREDICTOR,
    tag::TILE_WIDTH,
    tag::TILE_LENGTH,
    tag::EXTRA_SAMPLES,
    tag::SAMPLE_FORMAT,
    tag::INK_SET,
    tag::YCBCR_COEFFICIENTS,
    tag::YCBCR_SUB_SAMPLING,
    tag::REFERENCE_BLACK_WHITE,
    tag::WHITE_POINT,
    tag::JPEG_TABLES,
    tag::LERC_PARAMETERS,
    tag::T4_OPTIONS,
];

/// More samples a pixel than this is a damaged file: GDAL and libtiff stop here too.
const MAX_SAMPLES: u64 = 65_535;
/// GDAL's largest width and height.
const MAX_SIDE: u64 = i32::MAX as u64;

/// `PhotometricInterpretation`.
pub(crate) struct Photometric;

impl Photometric {
    pub(crate) const MIN_IS_WHITE: u16 = 0;
    pub(crate) const MIN_IS_BLACK: u16 = 1;
    pub(crate) const RGB: u16 = 2;
    pub(crate) const PALETTE: u16 = 3;
    const MASK: u16 = 4;
    pub(crate) const SEPARATED: u16 = 5;
    pub(crate) const YCBCR: u16 = 6;
    pub(crate) const CIELAB: u16 = 8;
    const ICCLAB: u16 = 9;
    const ITULAB: u16 = 10;
    pub(crate) const LOG_L: u16 = 32844;
    pub(crate) const LOG_LUV: u16 = 32845;
}

impl Photometric {
    /// Samples a pixel that are colours; `None` where libtiff does not know (`_TIFFGetMaxColorChannels`).
    fn colors(photometric: u16) -> Option<usize> {
        match photometric {
            Self::MIN_IS_WHITE | Self::MIN_IS_BLACK | Self::PALETTE => Some(1),
            Self::RGB | Self::YCBCR | Self::CIELAB | Self::ICCLAB | Self::ITULAB | Self::LOG_LUV => Some(3),
            Self::MASK | Self::SEPARATED => Some(4),
            _ => None,
        }
    }
}

/// How the image is cut into blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tiling {
    /// Tiles, or else strips of the image's width.
    pub(crate) tiled: bool,
    pub(crate) width: u64,
    pub(crate) height: u64,
    /// Columns and rows of blocks.
    pub(crate) across: u64,
    pub(crate) down: u64,
}

/// Where `JPEGInterchangeFormat` leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JpegStream {
    pub(crate) start: u64,
    /// Where the header ends and the data of the first block begins.
    pub(crate) data: u64,
    pub(crate) end: u64,
}

/// A typed IFD.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    /// Where its IFD is: no other image of the file has the same.
    pub(crate) ifd_offset: u64,
    pub(crate) subfile_type: u64,
    pub(crate) width: u64,
    pub(crate) height: u64,
    /// Bands, as they are read.
    pub(crate) samples: usize,
    /// `SamplesPerPixel`, as they are stored.
    pub(crate) stored_samples: usize,
    /// How pixels of `stored_samples` become those of `samples`.
    pub(crate) colors: Colors,
    pub(crate) bits: u16,
    pub(crate) sample_format: u16,
    pub(crate) dtype: DType,
    pub(crate) compression: u16,
    pub(crate) photometric: u16,
    /// `PlanarConfiguration` 2: each block holds one band.
    pub(crate) planar: bool,
    pub(crate) predictor: u16,
    /// `FillOrder` 2: the first pixel is in the lowest bit.
    pub(crate) lsb_first: bool,
    pub(crate) extra_samples: Vec<u16>,
    pub(crate) tiling: Tiling,
    pub(crate) jpeg_tables: Option<Bytes>,
    /// The stream that has the header of old-style JPEG, where there is one.
    pub(crate) jpeg_stream: Option<JpegStream>,
    /// The second number of `LercParameters`: what LERC blobs are packed with.
    pub(crate) lerc_packing: u32,
    /// `T4Options`: the variant of CCITT Group 3.
    pub(crate) t4_options: u32,
    pub(crate) index: BlockIndex,
}

impl Image {
    /// Reads the typed fields of an IFD. `bytes` has the values of [`IMAGE_TAGS`] that are not in the entries.
    pub(crate) fn parse(ifd: &Ifd, bytes: &TagBytes, order: ByteOrder) -> Result<Self> {
        let fields = Fields { ifd, bytes, order };
        let side = |tag, name: &str| match fields.number(tag) {
            Some(n @ 1..=MAX_SIDE) => Ok(n),
            Some(n) => Err(Error::format(format!("{name} is {n}; it must be between 1 and {MAX_SIDE}"))),
            None => Err(Error::format(format!("the IFD has no {name}"))),
        };
        let (width, height) = (side(tag::IMAGE_WIDTH, "ImageWidth")?, side(tag::IMAGE_LENGTH, "ImageLength")?);
        let samples = fields.number(tag::SAMPLES_PER_PIXEL).unwrap_or(1);
        if !(1..=MAX_SAMPLES).contains(&samples) {
            return Err(Error::format(format!("SamplesPerPixel is {samples}")));
        }
        let bits = fields.same_for_all(tag::BITS_PER_SAMPLE, "BitsPerSample", 1)?;
        let sample_format = fields.same_for_all(tag::SAMPLE_FORMAT, "SampleFormat", 1)?;
        let planar = match fields.number(tag::PLANAR_CONFIGURATION) {
            None | Some(1) => false,
            Some(2) => samples > 1,
            Some(n) => return Err(Error::format(format!("PlanarConfiguration is {n}; it must be 1 or 2"))),
        };
        let mut tiling = fields.tiling(width, height)?;
        let mut index = fields.index(tiling.tiled)?;
        let planes = if planar { samples } else { 1 };
        let blocks = tiling.across.checked_mul(tiling.down).and_then(|n| n.checked_mul(planes));
        let blocks = blocks.ok_or_else(|| Error::format("the image has more blocks than can be counted"))?;
        index.one_strip = !tiling.tiled && blocks == 1;
        let compression = fields.short(tag::COMPRESSION, "Compression", codec::NONE)?;
        let photometric = fields.photometric(bits, samples)?;
        let colors = fields.colors(photometric, compression, bits, samples)?;
        if compression == codec::NONE && !planar {
            let row = colors.packed_rows(width).unwrap_or_else(|| (1, (width * samples).saturating_mul(u64::from(bits)).div_ceil(8)));
            chop(&mut tiling, &mut index, row);
        }
        let dtype = if colors.is_as_stored() { DType::from_tiff(sample_format, bits)? } else { DType::UInt8 };
        Ok(Self {
            ifd_offset: ifd.offset,
            subfile_type: fields.number(tag::NEW_SUBFILE_TYPE).unwrap_or(0),
            width,
            height,
            samples: colors.samples(samples as usize),
            stored_samples: samples as usize,
            colors,
            bits,
            sample_format,
            dtype,
            compression,
            photometric,
            planar,
            predictor: fields.short(tag::PREDICTOR, "Predictor", 1)?,
            lsb_first: fields.number(tag::FILL_ORDER) == Some(2),
            extra_samples: fields.extra_samples(photometric, samples)?,
            tiling,
            jpeg_stream: None,
            jpeg_tables: fields.value_bytes(tag::JPEG_TABLES).filter(|b| !b.is_empty()),
            t4_options: fields.number(tag::T4_OPTIONS).map_or(0, |n| n as u32),
            lerc_packing: fields.numbers(tag::LERC_PARAMETERS).get(1).map_or(0, |n| *n as u32),
            index,
        })
    }

    /// Old-style JPEG has its header elsewhere, and the header's subsampling is the one that counts.
    pub(crate) fn set_old_jpeg(&mut self, header: Bytes, subsampling: (u8, u8), stream: Option<JpegStream>) -> Result<()> {
        if let Colors::YCbCr(model) = &self.colors {
            let model = model.subsampled(subsampling);
            let what = || Error::unsupported(format!("old-style JPEG with subsampling {subsampling:?} is not read"));
            self.colors = Colors::YCbCr(model.ok_or_else(what)?);
        }
        self.jpeg_tables = Some(header);
        self.jpeg_stream = stream;
        Ok(())
    }

    /// A reduced-resolution version of another image (`NewSubfileType` bit 0).
    pub(crate) fn is_reduced(&self) -> bool {
        self.subfile_type & 1 != 0
    }

    /// A transparency mask of another image (`NewSubfileType` bit 2).
    pub(crate) fn is_mask(&self) -> bool {
        self.subfile_type & 4 != 0
    }

    /// JPEG-compressed YCbCr, which is read as RGB.
    pub(crate) fn is_jpeg_ycbcr(&self) -> bool {
        self.compression == codec::JPEG && self.photometric == Photometric::YCBCR
    }

    /// Samples a pixel in one block, as they are stored.
    pub(crate) fn stored_block_samples(&self) -> usize {
        if self.planar { 1 } else { self.stored_samples }
    }

    /// Samples a pixel in one block, as they are read.
    pub(crate) fn block_samples(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    /// The index of a block in the file's arrays; `plane` counts only where the image is planar.
    pub(crate) fn block_number(&self, x: u64, y: u64, plane: usize) -> u64 {
        let plane = if self.planar { plane as u64 } else { 0 };
        (plane * self.tiling.down + y) * self.tiling.across + x
    }

    /// Rows that are stored of the blocks in block row `y`: all in tiles; a last strip ends with the image.
    pub(crate) fn stored_rows(&self, y: u64) -> u64 {
        if self.tiling.tiled { self.tiling.height } else { self.tiling.height.min(self.height.saturating_sub(y * self.tiling.height)) }
    }
}

/// Cuts a single uncompressed strip into strips of about 8 KiB, as libtiff does (`ChopUpSingleUncompressedStrip`): a window then costs its
/// own rows, and the blocks are the ones that GDAL reports. `together` rows, of `bytes` in all, are stored together.
fn chop(tiling: &mut Tiling, index: &mut BlockIndex, (together, bytes): (u64, u64)) {
    const STRIP_SIZE: u64 = 8192;
    let count = (STRIP_SIZE / bytes.max(1)).max(1);
    let rows = count * together;
    if tiling.tiled || tiling.down != 1 || rows >= tiling.height {
        return;
    }
    tiling.down = tiling.height.div_ceil(rows);
    tiling.height = rows;
    index.chopped = Some(count * bytes);
}

/// An array tag whose values are read one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ArrayRef {
    size: u64,
    count: u64,
    value: EntryValue,
}

impl ArrayRef {
    fn new(entry: &Entry) -> Result<Self> {
        let size = type_size(entry.field_type).filter(|s| [1, 2, 4, 8].contains(s));
        let size = size.ok_or_else(|| Error::format(format!("a block array has field type {}", entry.field_type)))?;
        Ok(Self { size, count: entry.count, value: entry.value })
    }

    /// Where element `i` is in the file; `None` where it is in the entry itself or the array does not have it.
    fn element(&self, i: u64) -> Option<Range<u64>> {
        match self.value {
            EntryValue::At(offset) if i < self.count && offset != 0 => {
                let start = offset.checked_add(i.checked_mul(self.size)?)?;
                Some(start..start.checked_add(self.size)?)
            }
            _ => None,
        }
    }

    /// Element `i`; 0 (which marks a sparse block) where the array does not have it, as libtiff reads short arrays.
    fn get(&self, i: u64, order: ByteOrder, known: &impl Fn(&Range<u64>) -> Option<Bytes>) -> Result<u64> {
        let size = self.size as usize;
        let value = match (self.value, self.element(i)) {
            (EntryValue::Inline(bytes), _) if i < self.count => order.uint(&bytes, i as usize * size, size),
            (_, Some(range)) => known(&range).and_then(|bytes| order.uint(&bytes, 0, size)),
            _ => Some(0),
        };
        value.ok_or_else(|| Error::io("a page of the tile index was not fetched"))
    }
}

/// Where each block is: `TileOffsets` and `TileByteCounts`, or their strip twins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockIndex {
    offsets: Option<ArrayRef>,
    counts: Option<ArrayRef>,
    /// The file has one strip.
    one_strip: bool,
    /// It is read as strips of this many bytes.
    chopped: Option<u64>,
}

impl BlockIndex {
    /// The ranges of the file that hold block `i`'s offset and byte count.
    pub(crate) fn elements(&self, i: u64) -> impl Iterator<Item = Range<u64>> + use<> {
        let i = if self.chopped.is_some() { 0 } else { i };
        [self.offsets, self.counts].into_iter().flatten().filter_map(move |array| array.element(i))
    }

    /// The number of blocks that the array of offsets names.
    pub(crate) fn count(&self) -> u64 {
        self.offsets.map_or(0, |array| array.count)
    }

    /// Bytes of one offset.
    pub(crate) fn offset_size(&self) -> u64 {
        self.offsets.map_or(0, |array| array.size)
    }

    /// The ranges of the file that hold the arrays of offsets and of byte counts, where they are not in the IFD itself.
    pub(crate) fn extents(&self) -> (Option<Range<u64>>, Option<Range<u64>>) {
        let extent = |array: Option<ArrayRef>| array.and_then(|a| Some(a.element(0)?.start..a.element(a.count.checked_sub(1)?)?.end));
        (extent(self.offsets), extent(self.counts))
    }

    /// Block `i`'s offset alone, 0 where it is sparse; `None` where its page is not in memory.
    pub(crate) fn offset(&self, i: u64, order: ByteOrder, known: &impl Fn(&Range<u64>) -> Option<Bytes>) -> Option<u64> {
        self.offsets.filter(|_| self.chopped.is_none())?.get(i, order, known).ok()
    }

    /// Block `i`'s offset and byte count, from pages that are in memory. The count is `None` where the file has no such array;
    /// offset or count 0 is a sparse block.
    pub(crate) fn locate(&self, i: u64, order: ByteOrder, known: &impl Fn(&Range<u64>) -> Option<Bytes>) -> Result<(u64, Option<u64>)> {
        if self.offsets.is_none() {
            return Err(Error::format("the IFD says nowhere where the blocks are (no TileOffsets, no StripOffsets)"));
        }
        if let Some(size) = self.chopped {
            let whole = Self { chopped: None, ..*self };
            return Self::part(i, size, whole.locate(0, order, known)?);
        }
        let get = |array: Option<ArrayRef>| array.map(|a| a.get(i, order, known)).transpose();
        let (offset, count) = (get(self.offsets)?.unwrap_or(0), get(self.counts)?);
        // libtiff's `ByteCountLooksBad`: a single strip that is somewhere has bytes.
        Ok((offset, count.filter(|count| *count != 0 || offset == 0 || !self.one_strip)))
    }

    /// Part `i` of a strip that is read in parts.
    fn part(i: u64, size: u64, (offset, count): (u64, Option<u64>)) -> Result<(u64, Option<u64>)> {
        let skip = i.checked_mul(size).filter(|_| offset != 0 && count != Some(0));
        let Some(skip) = skip else { return Ok((0, count)) };
        let start = offset.checked_add(skip).ok_or_else(|| Error::format("a strip lies beyond any file"))?;
        // What the strip's count says does not matter: libtiff corrects one that is too small.
        Ok((start, None))
    }
}

struct Fields<'a> {
    ifd: &'a Ifd,
    bytes: &'a TagBytes,
    order: ByteOrder,
}

impl Fields<'_> {
    fn value_bytes(&self, code: u16) -> Option<Bytes> {
        let entry = self.ifd.find(code)?;
        match entry.value {
            EntryValue::Inline(inline) => Some(Bytes::copy_from_slice(inline.get(..entry.byte_len()? as usize)?)),
            EntryValue::At(_) => self.bytes.get(&code).cloned(),
        }
    }

    fn numbers(&self, code: u16) -> Vec<u64> {
        let entry = self.ifd.find(code).zip(self.value_bytes(code));
        match entry.map(|(e, bytes)| TagValue::decode(e.field_type, &bytes, self.order)) {
            Some(TagValue::Unsigned(values)) => values,
            // Some writers use signed types for counts.
            Some(TagValue::Signed(values)) => values.iter().map(|v| u64::try_from(*v).unwrap_or(0)).collect(),
            _ => Vec::new(),
        }
    }

    fn number(&self, code: u16) -> Option<u64> {
        self.numbers(code).first().copied()
    }

    fn colors(&self, photometric: u16, compression: u16, bits: u16, samples: u64) -> Result<Colors> {
        let decoded_by_codec = compression == codec::JPEG;
        match photometric {
            Photometric::SEPARATED if bits == 8 && samples >= 4 && self.number(tag::INK_SET).unwrap_or(1) == 1 => Ok(Colors::Cmyk),
            Photometric::YCBCR if samples != 3 && !decoded_by_codec => {
                Err(Error::unsupported(format!("YCbCr of {samples} samples without JPEG is not read")))
            }
            Photometric::YCBCR if bits == 8 && !decoded_by_codec => {
                let subsampling = self.ycbcr_subsampling();
                let luma = self.floats(tag::YCBCR_COEFFICIENTS).unwrap_or([0.299, 0.587, 0.114]);
                let black_white = self.floats(tag::REFERENCE_BLACK_WHITE).unwrap_or([0.0, 255.0, 128.0, 255.0, 128.0, 255.0]);
                let model = YCbCr::new(subsampling, luma, black_white);
                let what = || format!("YCbCr with subsampling {subsampling:?} and coefficients {luma:?} is not read");
                model.map(Colors::YCbCr).ok_or_else(|| Error::unsupported(what()))
            }
            // Chroma of its own resolution is not undone at other depths; GDAL refuses such a file too.
            Photometric::YCBCR if bits > 8 && !decoded_by_codec && self.ycbcr_subsampling() != (1, 1) => {
                Err(Error::unsupported(format!("subsampled YCbCr of {bits} bits without JPEG is not read")))
            }
            // As in libtiff's `TIFFRGBAImageOK`, all three must be colours.
            Photometric::CIELAB if bits == 8 && samples == 3 && self.numbers(tag::EXTRA_SAMPLES).is_empty() => {
                let white = self.floats(tag::WHITE_POINT).unwrap_or(D50);
                let what = || format!("CIE L*a*b* with white point {white:?} is not read");
                Lab::new(white).map(Colors::Lab).ok_or_else(|| Error::unsupported(what()))
            }
            Photometric::LOG_L if bits == 8 && samples == 1 && codec::is_sgilog(compression) => Ok(Colors::Opaque),
            Photometric::LOG_LUV if bits == 8 && samples == 3 && codec::is_sgilog(compression) => Ok(Colors::Opaque),
            _ => Ok(Colors::AsStored),
        }
    }

    fn ycbcr_subsampling(&self) -> (u64, u64) {
        match self.numbers(tag::YCBCR_SUB_SAMPLING).as_slice() {
            [across, down, ..] => (*across, *down),
            _ => (2, 2),
        }
    }

    fn floats<const N: usize>(&self, code: u16) -> Option<[f32; N]> {
        let entry = self.ifd.find(code)?;
        let values = TagValue::decode(entry.field_type, &self.value_bytes(code)?, self.order).reals()?;
        values.first_chunk::<N>().map(|chunk| chunk.map(|v| v as f32))
    }

    /// `PhotometricInterpretation`. A palette that is not there, or too short, makes gray or RGB of what is deep enough, as in libtiff.
    fn photometric(&self, bits: u16, samples: u64) -> Result<u16> {
        let photometric = self.short(tag::PHOTOMETRIC_INTERPRETATION, "PhotometricInterpretation", Photometric::MIN_IS_BLACK)?;
        let has_palette = self.ifd.find(tag::COLOR_MAP).is_some_and(|map| bits <= 16 && map.count >= 3 << bits);
        match photometric {
            Photometric::PALETTE if has_palette => Ok(photometric),
            Photometric::PALETTE if bits < 8 => Err(Error::format("the image has a palette, but no ColorMap that has all its colours")),
            Photometric::PALETTE if samples == 3 => Ok(Photometric::RGB),
            Photometric::PALETTE => Ok(Photometric::MIN_IS_BLACK),
            _ => Ok(photometric),
        }
    }

    /// `ExtraSamples`, as many as there are samples that are no colour: libtiff adds to the field where it has fewer.
    fn extra_samples(&self, photometric: u16, samples: u64) -> Result<Vec<u16>> {
        /// Corel's number for what is 2 in TIFF 6.0.
        const COREL_UNASSOCIATED: u64 = 999;
        let kind = |n: &u64| if *n == COREL_UNASSOCIATED { 2 } else { u16::try_from(*n).unwrap_or(0) };
        let mut extra: Vec<u16> = self.numbers(tag::EXTRA_SAMPLES).iter().map(kind).collect();
        let samples = samples as usize;
        if extra.len() > samples {
            return Err(Error::format(format!("ExtraSamples has {} values, for {samples} samples", extra.len())));
        }
        if let Some(colors) = Photometric::colors(photometric)
            && samples - extra.len() > colors
        {
            extra.resize(samples - colors, 0);
        }
        Ok(extra)
    }

    /// A code, of which there are fewer than 65536, whatever the field's type.
    fn short(&self, code: u16, name: &str, default: u16) -> Result<u16> {
        let Some(number) = self.number(code) else { return Ok(default) };
        u16::try_from(number).map_err(|_| Error::unsupported(format!("{name} {number} is not read")))
    }

    /// A field with one value a sample, which must all be the same.
    fn same_for_all(&self, code: u16, name: &str, default: u16) -> Result<u16> {
        let values = self.numbers(code);
        let Some(first) = values.first() else { return Ok(default) };
        if values.iter().any(|v| v != first) {
            return Err(Error::unsupported(format!("{name} differs between the bands: {values:?}")));
        }
        u16::try_from(*first).map_err(|_| Error::format(format!("{name} is {first}")))
    }

    fn tiling(&self, width: u64, height: u64) -> Result<Tiling> {
        let tile = self.number(tag::TILE_WIDTH).zip(self.number(tag::TILE_LENGTH));
        let tiled = tile.is_some();
        let (block_width, block_height) = tile.unwrap_or_else(|| {
            let rows = self.number(tag::ROWS_PER_STRIP).unwrap_or(height);
            (width, rows.min(height))
        });
        if !(1..=MAX_SIDE).contains(&block_width) || !(1..=MAX_SIDE).contains(&block_height) {
            return Err(Error::format(format!("the tile size is {block_width} × {block_height}")));
        }
        let (across, down) = (width.div_ceil(block_width), height.div_ceil(block_height));
        Ok(Tiling { tiled, width: block_width, height: block_height, across, down })
    }

    fn index(&self, tiled: bool) -> Result<BlockIndex> {
        // Some writers use the strip tags for tiles, which libtiff reads too.
        let codes = if tiled {
            [[tag::TILE_OFFSETS, tag::STRIP_OFFSETS], [tag::TILE_BYTE_COUNTS, tag::STRIP_BYTE_COUNTS]]
        } else {
            [[tag::STRIP_OFFSETS, tag::TILE_OFFSETS], [tag::STRIP_BYTE_COUNTS, tag::TILE_BYTE_COUNTS]]
        };
        let array = |codes: [u16; 2]| codes.iter().find_map(|c| self.ifd.find(*c)).map(ArrayRef::new).transpose();
        let [offsets, counts] = codes;
        Ok(BlockIndex { offsets: array(offsets)?, counts: array(counts)?, one_strip: false, chopped: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(tag: u16, field_type: u16, value: u32) -> Entry {
        let mut inline = [0; 8];
        inline[..4].copy_from_slice(&value.to_le_bytes());
        Entry { tag, field_type, count: 1, value: EntryValue::Inline(inline) }
    }

    fn image(entries: Vec<Entry>) -> Result<Image> {
        Image::parse(&Ifd { offset: 8, entries, next: 0 }, &TagBytes::new(), ByteOrder::Little)
    }

    #[test]
    fn defaults_are_those_of_the_specification() {
        let image = image(vec![entry(256, 3, 100), entry(257, 3, 50), entry(258, 3, 8), entry(273, 4, 8)]).unwrap();
        assert_eq!((image.samples, image.compression, image.predictor, image.planar), (1, 1, 1, false));
        assert_eq!(image.tiling, Tiling { tiled: false, width: 100, height: 50, across: 1, down: 1 });
        assert_eq!(image.index.locate(0, ByteOrder::Little, &|_: &Range<u64>| None).unwrap(), (8, None));
    }

    #[test]
    fn strips_end_with_the_image_and_tiles_do_not() {
        let base = vec![entry(256, 3, 100), entry(257, 3, 50), entry(258, 3, 8)];
        let strips = image([base.clone(), vec![entry(278, 3, 16)]].concat()).unwrap();
        assert_eq!((strips.tiling.down, strips.stored_rows(2), strips.stored_rows(3)), (4, 16, 2));
        let tiles = image([base, vec![entry(322, 3, 64), entry(323, 3, 32)]].concat()).unwrap();
        assert_eq!((tiles.tiling.across, tiles.tiling.down, tiles.stored_rows(1)), (2, 2, 32));
    }

    #[test]
    fn a_single_uncompressed_strip_is_read_in_parts() {
        let base = vec![entry(256, 3, 100), entry(257, 3, 200), entry(258, 3, 8), entry(273, 4, 8), entry(279, 4, 20000)];
        let image = image(base).unwrap();
        assert_eq!((image.tiling.height, image.tiling.down, image.stored_rows(2)), (81, 3, 38));
        let at = |i| image.index.locate(i, ByteOrder::Little, &|_: &Range<u64>| None).unwrap();
        assert_eq!([at(0), at(1), at(2)], [(8, None), (8108, None), (16208, None)]);
    }

    #[test]
    fn impossible_sizes_are_refused() {
        assert!(image(vec![entry(257, 3, 50)]).is_err());
        assert!(image(vec![entry(256, 3, 0), entry(257, 3, 50)]).is_err());
        assert!(image(vec![entry(256, 3, 9), entry(257, 3, 50), entry(322, 3, 0), entry(323, 3, 16)]).is_err());
        assert!(image(vec![entry(256, 3, 9), entry(257, 3, 50), entry(258, 3, 33)]).is_err());
        assert!(image(vec![entry(256, 3, 9), entry(257, 3, 50), entry(284, 3, 3)]).is_err());
    }
}
