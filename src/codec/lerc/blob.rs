//! The head of a LERC2 blob: its fields, check sum and mask.

use super::CodecError;

/// What is left to read.
pub(super) type Input<'a> = &'a [u8];

pub(super) fn take<'a>(input: &mut Input<'a>, count: usize) -> Option<&'a [u8]> {
    input.split_off(..count)
}

pub(super) fn array<const N: usize>(input: &mut Input<'_>) -> Option<[u8; N]> {
    let (head, rest) = input.split_first_chunk()?;
    *input = rest;
    Some(*head)
}

fn uint(input: &mut Input<'_>) -> Option<u32> {
    array(input).map(u32::from_le_bytes)
}

fn double(input: &mut Input<'_>) -> Option<f64> {
    array(input).map(f64::from_le_bytes)
}

/// LERC's names of the sample types, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int8,
    UInt8,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Float32,
    Float64,
}

impl Kind {
    pub(super) const ALL: [Self; 8] =
        [Self::Int8, Self::UInt8, Self::Int16, Self::UInt16, Self::Int32, Self::UInt32, Self::Float32, Self::Float64];

    pub(super) fn is_float(self) -> bool {
        matches!(self, Self::Float32 | Self::Float64)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) version: u32,
    checksum: u32,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Samples a pixel.
    pub(super) depth: usize,
    pub(super) valid_pixels: usize,
    /// Pixels on a side of the tiles that are coded one by one.
    pub(super) tile_side: usize,
    /// Bytes of the blob, this header included.
    pub(super) size: usize,
    pub(super) kind: Kind,
    /// The file has a value that marks samples as missing which the mask has as valid.
    pub(super) has_nodata: bool,
    pub(super) max_error: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Header {
    const KEY: &[u8] = b"Lerc2 ";
    const NEWEST: u32 = 6;

    /// Reads the header's fields from the start of `blob`, which may go on past it. Gives what follows the header, to the blob's end.
    pub(super) fn read(mut blob: Input<'_>) -> Result<(Self, Input<'_>), CodecError> {
        let whole = blob;
        let corrupt = || CodecError::Corrupt("LERC: the header is damaged or ends early".into());
        if blob.starts_with(b"CntZImage ") {
            return Err(CodecError::Unsupported("LERC version 1 is not read".into()));
        }
        if take(&mut blob, Self::KEY.len()) != Some(Self::KEY) {
            return Err(CodecError::Corrupt("LERC: this is no LERC stream".into()));
        }
        let version = uint(&mut blob).ok_or_else(corrupt)?;
        if version > Self::NEWEST {
            return Err(CodecError::Unsupported(format!("LERC version 2.{version} is not read")));
        }
        let header = Self::fields(&mut blob, version).ok_or_else(corrupt)?;
        let behind = header.size.checked_sub(whole.len() - blob.len()).and_then(|size| blob.get(..size)).ok_or_else(corrupt)?;
        if version >= 3 {
            let start = Self::KEY.len() + 8;
            let summed = whole.get(start..header.size).ok_or_else(corrupt)?;
            if fletcher32(summed) != header.checksum {
                return Err(CodecError::Corrupt("LERC: the check sum is wrong".into()));
            }
        }
        Ok((header, behind))
    }

    fn fields(input: &mut Input<'_>, version: u32) -> Option<Self> {
        let checksum = if version >= 3 { uint(input)? } else { 0 };
        let (rows, columns) = (uint(input)? as usize, uint(input)? as usize);
        let depth = if version >= 4 { uint(input)? as usize } else { 1 };
        let (valid_pixels, tile_side, size) = (uint(input)? as usize, uint(input)? as usize, uint(input)? as usize);
        let kind = *Kind::ALL.get(uint(input)? as usize)?;
        // Version 6: how many blobs follow; flags, of which the first counts here.
        let [.., has_nodata, _, _, _] = if version >= 6 { array::<8>(input)? } else { [0; 8] };
        let (max_error, min, max) = (double(input)?, double(input)?, double(input)?);
        if version >= 6 {
            // The nodata value, as coded and as it was.
            take(input, 16)?;
        }
        let pixels = rows.checked_mul(columns)?;
        let sound = pixels > 0 && i32::try_from(pixels).is_ok() && depth > 0 && tile_side > 0 && valid_pixels <= pixels;
        let has_nodata = has_nodata != 0;
        sound.then_some(Self {
            version,
            checksum,
            rows,
            columns,
            depth,
            valid_pixels,
            tile_side,
            size,
            kind,
            has_nodata,
            max_error,
            min,
            max,
        })
    }

    pub(super) fn pixels(&self) -> usize {
        self.rows * self.columns
    }
}

pub(super) fn fletcher32(bytes: &[u8]) -> u32 {
    /// As many words as can be summed without an overflow.
    const BATCH: usize = 359;

    let (words, odd) = bytes.as_chunks::<2>();
    let (mut low, mut high) = (0xFFFFu32, 0xFFFFu32);
    for batch in words.chunks(BATCH) {
        for word in batch {
            low += u32::from(u16::from_be_bytes(*word));
            high += low;
        }
        low = (low & 0xFFFF) + (low >> 16);
        high = (high & 0xFFFF) + (high >> 16);
    }
    if let [byte] = odd {
        low += u32::from(*byte) << 8;
        high += low;
    }
    low = (low & 0xFFFF) + (low >> 16);
    high = (high & 0xFFFF) + (high >> 16);
    high << 16 | low
}

/// Which pixels are valid.
#[derive(Debug, Clone, Default)]
pub(super) struct Mask {
    all: bool,
    bits: Vec<u8>,
    /// A blob says itself that pixels are invalid.
    pub(super) told: bool,
}

impl Mask {
    /// Reads a blob's mask over that of the blob before it, which holds where this one has none.
    pub(super) fn read(&mut self, input: &mut Input<'_>, header: &Header) -> Option<()> {
        let stored = uint(input)? as usize;
        let (valid, pixels) = (header.valid_pixels, header.pixels());
        let size = pixels.div_ceil(8);
        self.all = valid == pixels;
        if stored > 0 {
            if self.all || valid == 0 {
                return None;
            }
            self.bits.clear();
            self.bits.resize(size, 0);
            unpack_runs(take(input, stored)?, &mut self.bits)?;
            self.told = true;
        } else if valid == 0 {
            self.bits.clear();
            self.bits.resize(size, 0);
            self.told = true;
        } else if self.all {
            self.bits.clear();
            self.bits.resize(size, 0xFF);
        }
        // One that is neither given nor inherited has no valid pixel.
        self.bits.resize(size, 0);
        Some(())
    }

    pub(super) fn all_valid(&self) -> bool {
        self.all
    }

    #[inline]
    pub(super) fn valid(&self, pixel: usize) -> bool {
        self.all || self.bits.get(pixel / 8).is_some_and(|byte| byte & 0x80 >> (pixel % 8) != 0)
    }
}

/// Runs of bytes: a count, then as many bytes where it is positive, or one to repeat where it is negative; −32768 ends them.
fn unpack_runs(mut input: Input<'_>, mut output: &mut [u8]) -> Option<()> {
    loop {
        let count = i16::from_le_bytes(array(&mut input)?);
        if count == i16::MIN {
            return Some(());
        }
        let target = output.split_off_mut(..usize::from(count.unsigned_abs()))?;
        if count > 0 {
            target.copy_from_slice(take(&mut input, target.len())?);
        } else {
            let [byte] = array(&mut input)?;
            target.fill(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_the_mask() {
        let mut mask = [9; 5];
        assert_eq!(unpack_runs(&[2, 0, 1, 2, 0xFD, 0xFF, 7, 0, 0x80], &mut mask), Some(()));
        assert_eq!(mask, [1, 2, 7, 7, 7]);
        assert_eq!(unpack_runs(&[2, 0, 1, 2, 0xFC, 0xFF, 7, 0, 0x80], &mut mask), None, "more than the mask has");
        assert_eq!(unpack_runs(&[2, 0, 1], &mut mask), None);
    }

    #[test]
    fn check_sum() {
        // Of "abcde" and "abcdef": the published values of Fletcher-32 are those of little-endian words.
        let swapped: Vec<u8> = b"badcfe".to_vec();
        assert_eq!(fletcher32(&swapped), 0x5650_2D2A);
    }
}
