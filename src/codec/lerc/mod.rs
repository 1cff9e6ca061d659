//! LERC (`Compression` = 34887): libtiff's `tif_lerc.c`; Esri's specification of LERC2 and its library 4.0, versions 2.1 to 2.6.
//!
//! A block is one blob of all its bands (or of its one band, where planar); float blocks whose bands have missing pixels in different
//! places are one blob a band. `LercParameters` (50674) says whether deflate or Zstandard was put on top.
//!
//! Traps:
//! - What libtiff makes of invalid pixels: float samples become NaN; with 8-bit samples and one band fewer in the blob than in the file,
//!   the mask is the last band, 0 or 255 (libtiff leaves an alpha band out of the blob so). Other integers have no place for a mask, and
//!   libtiff refuses the blob; so does this.
//! - A blob is little-endian always, but libtiff swaps the samples of a big-endian file before it encodes them, and after it has decoded
//!   them: what is decoded here is in the file's byte order, too.
//! - A blob inherits the mask of the one before it where it has none.
//! - A writer may use a 4.0 nodata value beside the mask; libtiff refuses such blobs if they have several samples a pixel, and so does this.
//!
//! Esri's library is written in C++ and trusts its input in places; this decoder serves both backends. LERC1 (before 2014) is not read.

mod bits;
mod blob;
mod float;
mod huffman;
#[cfg(test)]
mod tests;
mod tiles;

use std::cell::RefCell;

use super::{BlockLayout, Codec, CodecError, deflate, zstd};
use blob::{Header, Input, Kind, Mask};
use tiles::Sample;

pub(super) struct Lerc;

thread_local! {
    /// The blobs of a block that deflate or Zstandard packed.
    static BLOBS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A buffer larger than this is given back after its block.
const KEEP: usize = 16 << 20;

impl Codec for Lerc {
    fn decode(&self, input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        const DEFLATE: u32 = 1;
        const ZSTD: u32 = 2;

        let unpack = match layout.lerc_packing {
            0 => return decode_blobs(input, layout, output),
            DEFLATE => deflate::Deflate::decode_at_most,
            ZSTD => zstd::Zstd::decode_at_most,
            other => return Err(CodecError::Unsupported(format!("LERC with additional compression {other} is not read"))),
        };
        let mut blobs = BLOBS.take();
        // libtiff's room for what is packed.
        let room = output.len() + output.len() / 3 + 256;
        if blobs.len() < room {
            blobs.resize(room, 0);
        }
        let result = unpack(input, layout.backend, blobs.get_mut(..room).unwrap_or_default())
            .and_then(|count| decode_blobs(blobs.get(..count).unwrap_or_default(), layout, output));
        if blobs.capacity() <= KEEP {
            BLOBS.set(blobs);
        }
        result
    }
}

/// The type that a file's blobs must have.
fn kind(layout: &BlockLayout<'_>) -> Option<Kind> {
    const SIGNED: u16 = 2;
    const FLOAT: u16 = 3;

    Some(match (layout.bits, layout.sample_format) {
        (32, FLOAT) => Kind::Float32,
        (64, FLOAT) => Kind::Float64,
        (8, SIGNED) => Kind::Int8,
        (16, SIGNED) => Kind::Int16,
        (32, SIGNED) => Kind::Int32,
        (8, _) => Kind::UInt8,
        (16, _) => Kind::UInt16,
        (32, _) => Kind::UInt32,
        _ => return None,
    })
}

fn decode_blobs(input: Input<'_>, layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
    let kind = kind(layout).ok_or_else(|| CodecError::Unsupported("LERC has no such sample type".into()))?;
    let block = Block { layout, kind };
    match kind {
        Kind::Int8 => block.decode::<i8, 1>(input, output.as_chunks_mut().0),
        Kind::UInt8 => block.decode::<u8, 1>(input, output.as_chunks_mut().0),
        Kind::Int16 => block.decode::<i16, 2>(input, output.as_chunks_mut().0),
        Kind::UInt16 => block.decode::<u16, 2>(input, output.as_chunks_mut().0),
        Kind::Int32 => block.decode::<i32, 4>(input, output.as_chunks_mut().0),
        Kind::UInt32 => block.decode::<u32, 4>(input, output.as_chunks_mut().0),
        Kind::Float32 => block.decode::<f32, 4>(input, output.as_chunks_mut().0),
        Kind::Float64 => block.decode::<f64, 8>(input, output.as_chunks_mut().0),
    }
}

struct Block<'a> {
    layout: &'a BlockLayout<'a>,
    kind: Kind,
}

impl Block<'_> {
    fn decode<T: Sample<N>, const N: usize>(&self, mut input: Input<'_>, output: &mut [[u8; N]]) -> Result<(), CodecError> {
        let samples = self.layout.samples;
        let pixels = self.layout.width * self.layout.height;
        if output.len() != pixels * samples || pixels == 0 {
            return Err(CodecError::Corrupt("LERC: the block has no size".into()));
        }
        let mut mask = Mask::default();
        let (header, rest) = self.header(&mut input)?;
        if header.depth == samples {
            blob::<T, N>(&header, rest, &mut mask, output)?;
            if mask.told && !self.kind.is_float() {
                return Err(CodecError::Unsupported("LERC with a mask beside integers is not read".into()));
            }
            if mask.told {
                blank::<N>(&mask, output.chunks_exact_mut(samples));
            }
            return Ok(());
        }
        if self.kind == Kind::UInt8 && header.depth + 1 == samples {
            let mut colours = vec![[0; N]; pixels * header.depth];
            blob::<T, N>(&header, rest, &mut mask, &mut colours)?;
            for (i, (pixel, colour)) in output.chunks_exact_mut(samples).zip(colours.chunks_exact(header.depth)).enumerate() {
                if let Some((alpha, target)) = pixel.split_last_mut() {
                    target.copy_from_slice(colour);
                    *alpha = [if mask.valid(i) { 255 } else { 0 }; N];
                }
            }
            return Ok(());
        }
        if self.kind.is_float() && header.depth == 1 {
            return self.decode_bands::<T, N>((header, rest), input, output);
        }
        Err(CodecError::Corrupt(format!("LERC: the blob has {} samples a pixel, the file {samples}", header.depth)))
    }

    /// One blob a band.
    fn decode_bands<T: Sample<N>, const N: usize>(
        &self,
        first: (Header, Input<'_>),
        mut input: Input<'_>,
        output: &mut [[u8; N]],
    ) -> Result<(), CodecError> {
        let samples = self.layout.samples;
        let mut mask = Mask::default();
        let mut plane = vec![[0; N]; self.layout.width * self.layout.height];
        let mut first = Some(first);
        for band in 0..samples {
            let (header, rest) = first.take().map_or_else(|| self.header(&mut input), Ok)?;
            if header.depth != 1 {
                return Err(CodecError::Corrupt(format!("LERC: the blob of band {band} has several samples a pixel")));
            }
            blob::<T, N>(&header, rest, &mut mask, &mut plane)?;
            blank::<N>(&mask, plane.chunks_exact_mut(1));
            for (pixel, sample) in output.chunks_exact_mut(samples).zip(&plane) {
                if let Some(target) = pixel.get_mut(band) {
                    *target = *sample;
                }
            }
        }
        Ok(())
    }

    /// Reads a blob's header and checks it against the file's. `input` goes on to the next blob.
    fn header<'a>(&self, input: &mut Input<'a>) -> Result<(Header, Input<'a>), CodecError> {
        let (header, rest) = Header::read(input)?;
        let (width, height) = (self.layout.width, self.layout.height);
        if (header.columns, header.rows) != (width, height) {
            let Header { columns, rows, .. } = header;
            return Err(CodecError::Corrupt(format!("LERC: the blob is {columns} × {rows} where the block is {width} × {height}")));
        }
        if header.kind != self.kind {
            return Err(CodecError::Corrupt(format!("LERC: the blob is of {:?} where the file is of {:?}", header.kind, self.kind)));
        }
        if header.has_nodata && header.depth > 1 {
            return Err(CodecError::Unsupported("LERC with nodata values of its own is not read".into()));
        }
        *input = input.get(header.size..).unwrap_or_default();
        Ok((header, rest))
    }
}

fn blob<T: Sample<N>, const N: usize>(
    header: &Header,
    mut rest: Input<'_>,
    mask: &mut Mask,
    samples: &mut [[u8; N]],
) -> Result<(), CodecError> {
    mask.read(&mut rest, header).ok_or_else(|| CodecError::Corrupt("LERC: the mask is damaged".into()))?;
    tiles::decode::<T, N>(rest, header, mask, samples).ok_or_else(|| CodecError::Corrupt("LERC: the samples are damaged".into()))
}

/// Makes the samples of invalid pixels NaN.
fn blank<'a, const N: usize>(mask: &Mask, pixels: impl Iterator<Item = &'a mut [[u8; N]]>) {
    if mask.all_valid() {
        return;
    }
    let mut nan = [0; N];
    // The double that the float 0x7FC00000 becomes.
    let bytes: &[u8] = if N == 4 { &f32::NAN.to_le_bytes() } else { &0x7FF8_0000_0000_0000u64.to_le_bytes() };
    nan.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    for (_, pixel) in pixels.enumerate().filter(|(i, _)| !mask.valid(*i)) {
        pixel.fill(nan);
    }
}
