//! One block: stored bytes to native samples.

use super::buffer::at_least;
use super::locate::packed_bytes;
use crate::codec::{self, BlockLayout, CodecError, predictor};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::options::Settings;
use crate::raster::{BlockView, unpack};
use crate::source::reader::Reader;
use crate::tiff::Image;
use std::cell::RefCell;

/// Buffers that a thread keeps between blocks: what was read, what was decoded, what was unpacked.
#[derive(Default)]
struct Scratch {
    stored: Vec<u8>,
    packed: Vec<u8>,
    wide: Vec<u8>,
}

/// `SampleFormat`: IEEE floating point.
const FLOAT: u16 = 3;

/// A buffer larger than this is given back after its block.
const KEEP: usize = 16 << 20;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// The stored bytes of a block, or how to get them.
pub(super) enum Input<'a> {
    Bytes(&'a [u8]),
    /// A range of a local source, read into this thread's buffer.
    Local(std::ops::Range<u64>),
}

/// Decodes a block of `image` in block row `y` and hands it to `place`.
pub(super) fn with_block<T>(
    dataset: &Dataset,
    image: &Image,
    (x, y): (u64, u64),
    input: &Input<'_>,
    place: impl FnOnce(&BlockView<'_>) -> T,
) -> Result<T> {
    SCRATCH.with_borrow_mut(|scratch| {
        let Scratch { stored, packed, wide } = scratch;
        let reader = &dataset.reader;
        let stored = stored_bytes(reader, input, stored)?;
        let samples = decode((reader, dataset.is_big_endian()), image, y, stored, packed, wide)?;
        let result = place(&view(image, (x, y), samples));
        for buffer in [&mut scratch.stored, packed, wide] {
            if buffer.capacity() > KEEP {
                *buffer = Vec::new();
            }
        }
        Ok(result)
    })
}

/// The samples of a block, where they belong in `image`.
pub(super) fn view<'a>(image: &Image, (x, y): (u64, u64), samples: &'a [u8]) -> BlockView<'a> {
    BlockView {
        bytes: samples,
        dtype: image.dtype,
        samples: image.block_samples(),
        width: image.tiling.width as usize,
        x: x * image.tiling.width,
        y: y * image.tiling.height,
    }
}

fn stored_bytes<'a>(reader: &'a Reader, input: &'a Input<'_>, buffer: &'a mut Vec<u8>) -> Result<&'a [u8]> {
    let range = match input {
        Input::Bytes(bytes) => return Ok(bytes),
        Input::Local(range) => range,
    };
    let local = reader.local().ok_or_else(|| Error::io("the source is not local"))?;
    if let Some(bytes) = local.slice(range) {
        return Ok(bytes);
    }
    let buffer = at_least(buffer, (range.end - range.start) as usize, "a stored block")?;
    local.read_at(range.start, buffer)?;
    Ok(buffer)
}

/// Decompresses a block and makes its samples those of the machine. Returns them from wherever they are at last: the stored bytes, `packed`
/// or `wide`.
fn decode<'a>(
    source: (&Reader, bool),
    image: &Image,
    y: u64,
    stored: &'a [u8],
    packed: &'a mut Vec<u8>,
    wide: &'a mut Vec<u8>,
) -> Result<&'a [u8]> {
    let (reader, big_endian) = source;
    let rows = image.stored_rows(y);
    let len = packed_bytes(image, rows).ok_or_else(|| Error::format("a block is larger than can be counted"))?;
    reader.settings.limits.check_block("decoded", len)?;
    let samples = image.tiling.width * rows * image.block_samples() as u64;
    let wide_len = samples.saturating_mul(image.dtype.size() as u64);
    reader.settings.limits.check_block("decoded", wide_len)?;
    if is_as_stored(image, big_endian) {
        // Nothing to do: the samples are placed from where they were read to.
        let short = || Error::format(format!("the uncompressed block holds {} bytes where it should have {len}", stored.len()));
        return stored.get(..len as usize).ok_or_else(short);
    }
    let layout = layout(image, rows, &reader.settings);
    let packed = decompress(image, &layout, stored, packed, len)?;
    let big_endian = if codec::is_sgilog(image.compression) { cfg!(target_endian = "big") } else { big_endian };
    undo_predictor(image, &layout, big_endian, packed)?;
    if image.colors.is_as_stored() && image.dtype.size() * 8 == usize::from(image.bits) {
        return Ok(packed);
    }
    let wide = at_least(wide, wide_len as usize, "a block")?;
    if image.colors.is_as_stored() {
        unpack(packed, layout.width * layout.samples, image.bits, image.dtype.is_float(), image.dtype.size(), wide);
    } else {
        image.colors.convert(packed, layout.samples, layout.width, wide);
    }
    Ok(wide)
}

/// Whether the stored bytes are the machine's samples already.
pub(super) fn is_as_stored(image: &Image, big_endian: bool) -> bool {
    let plain = image.compression == codec::NONE && !image.lsb_first && image.colors.is_as_stored();
    let same_order = big_endian == cfg!(target_endian = "big") || image.bits == 8;
    plain && same_order && image.dtype.size() * 8 == usize::from(image.bits)
}

fn layout<'a>(image: &'a Image, rows: u64, settings: &Settings) -> BlockLayout<'a> {
    BlockLayout {
        width: image.tiling.width as usize,
        height: rows as usize,
        samples: image.stored_block_samples(),
        bits: image.bits,
        sample_format: image.sample_format,
        photometric: image.photometric,
        ycbcr: image.is_jpeg_ycbcr(),
        subsampling: image.colors.subsampling(),
        jpeg_tables: image.jpeg_tables.as_deref(),
        lerc_packing: image.lerc_packing,
        t4_options: image.t4_options,
        jpeg_scans: settings.limits.jpeg_scans,
        backend: settings.backend,
    }
}

/// Decompresses to `len` bytes, after undoing `FillOrder` 2: libtiff turns the bits of every stored byte around, but for JPEG's.
fn decompress<'a>(image: &Image, layout: &BlockLayout<'_>, stored: &[u8], packed: &'a mut Vec<u8>, len: u64) -> Result<&'a mut [u8]> {
    let codec = supported(image)?;
    let possible = codec::most_expansion(image.compression).map_or(u64::MAX, |most| (stored.len() as u64).saturating_mul(most));
    if len > possible {
        return Err(Error::format(format!("the block should have {len} bytes, which its {} stored bytes can't hold", stored.len())));
    }
    let packed = at_least(packed, len as usize, "a block")?;
    if image.lsb_first && image.compression != codec::JPEG {
        let turned: Vec<u8> = stored.iter().map(|b| b.reverse_bits()).collect();
        codec.decode(&turned, layout, packed).map_err(codec_error)?;
    } else {
        codec.decode(stored, layout, packed).map_err(codec_error)?;
    }
    Ok(packed)
}

/// The codec of an image whose combination of compression, colour and depth is read.
fn supported(image: &Image) -> Result<&'static dyn codec::Codec> {
    let is_subsampled = image.colors.subsampling() != (1, 1);
    if (image.planar && !image.colors.is_as_stored()) || (image.predictor == 2 && is_subsampled) {
        let what = "CMYK, L*a*b* and YCbCr with PlanarConfiguration 2, and subsampled YCbCr with a predictor, are not read";
        return Err(Error::unsupported(what));
    }
    codec::lookup(image.compression).ok_or_else(|| {
        let name = codec::name(image.compression).unwrap_or("unknown");
        Error::unsupported(format!("compression {} ({name}) is not read", image.compression))
    })
}

fn undo_predictor(image: &Image, layout: &BlockLayout<'_>, big_endian: bool, block: &mut [u8]) -> Result<()> {
    let predictor = if codec::honours_predictor(image.compression) { image.predictor } else { 1 };
    // libtiff's `PredictorSetup`.
    if predictor == 3 && image.sample_format != FLOAT {
        let what = format!("floating-point predictor on SampleFormat {}", image.sample_format);
        return Err(Error::unsupported(what));
    }
    // The two parts of a complex sample are numbers of their own, but for libtiff's predictor 2, which takes both for one.
    let parts = if image.dtype.is_complex() && predictor != 2 { 2 } else { 1 };
    let bits = image.bits / parts;
    let samples = layout.samples * usize::from(parts);
    predictor::undo(predictor, block, layout.width, layout.height, samples, bits, big_endian).map_err(codec_error)
}

fn codec_error(e: CodecError) -> Error {
    match e {
        CodecError::Corrupt(message) => Error::format(message),
        CodecError::Unsupported(message) => Error::unsupported(message),
        CodecError::Scans(limit) => Limits::too_many_scans(limit),
    }
}

#[cfg(test)]
mod tests {
    use crate::{Dataset, Options, ReadParams};
    use std::sync::Arc;

    /// A little-endian TIFF of one row, with `FillOrder` 2.
    fn lsb_first(bits: u16, width: u16, stored: &[u8]) -> Vec<u8> {
        let fields: [(u16, u32); 8] =
            [(256, width.into()), (257, 1), (258, bits.into()), (259, 1), (262, 1), (266, 2), (273, 8), (279, stored.len() as u32)];
        let ifd = 8 + stored.len() as u32;
        let mut file = [b"II*\0".as_slice(), &ifd.to_le_bytes(), stored, &(fields.len() as u16).to_le_bytes()].concat();
        for (tag, value) in fields {
            file.extend([tag.to_le_bytes(), 4u16.to_le_bytes()].concat());
            file.extend([1u32.to_le_bytes(), value.to_le_bytes()].concat());
        }
        file.extend([0; 4]);
        file
    }

    fn read(file: Vec<u8>) -> Vec<u8> {
        let dataset = Arc::new(Dataset::open_memory(file.into(), &Options::new()).unwrap());
        dataset.read_window(&ReadParams::default(), None, false).unwrap().data
    }

    /// Measured on GDAL 3.6.2: the bits of every stored byte are turned around, whatever the depth.
    #[test]
    fn fill_order_2_turns_the_bits_of_every_byte_around() {
        assert_eq!(read(lsb_first(8, 3, &[0b0000_0001, 0b1100_0000, 0xff])), [0b1000_0000, 0b0000_0011, 0xff]);
        assert_eq!(read(lsb_first(16, 1, &[0x01, 0x80])), 0x0180u16.to_ne_bytes());
        assert_eq!(read(lsb_first(1, 4, &[0b0000_0101])), [1, 0, 1, 0]);
    }
}
