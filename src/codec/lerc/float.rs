//! LERC's lossless floats (version 6): the bytes of the samples as one plane a byte, each Huffman-coded, over differences of the samples.
//!
//! The differences are taken of mantissas and of the bits above them apart. A float32 is rotated before, so that its exponent is on top
//! and its sign on top of the mantissa.

use super::blob::{Header, Input, array, take};
use super::huffman::{Huffman, Words};

/// Most rounds of differences within a plane.
const MAX_ROUNDS: u8 = 5;

/// A number of the width of a sample.
trait Word: Copy {
    /// Adds mantissas, and what is above them.
    fn add(self, other: Self) -> Self;
    /// Undoes the rotation.
    fn restore(self) -> Self;
}

impl Word for u32 {
    fn add(self, other: Self) -> Self {
        const MANTISSA: u32 = (1 << 23) - 1;
        self.wrapping_add(other) & MANTISSA | (self & !MANTISSA).wrapping_add(other & !MANTISSA)
    }

    fn restore(self) -> Self {
        self & 0x007F_FFFF | (self & 0xFF00_0000) >> 1 | (self & 0x0080_0000) << 8
    }
}

impl Word for u64 {
    fn add(self, other: Self) -> Self {
        const MANTISSA: u64 = (1 << 52) - 1;
        self.wrapping_add(other) & MANTISSA | (self & !MANTISSA).wrapping_add(other & !MANTISSA)
    }

    fn restore(self) -> Self {
        self
    }
}

pub(super) fn decode_f32(input: Input<'_>, header: &Header, samples: &mut [[u8; 4]]) -> Option<()> {
    decode(input, header, samples, u32::from_le_bytes, u32::to_le_bytes)
}

pub(super) fn decode_f64(input: Input<'_>, header: &Header, samples: &mut [[u8; 8]]) -> Option<()> {
    decode(input, header, samples, u64::from_le_bytes, u64::to_le_bytes)
}

fn decode<W: Word, const N: usize>(
    mut input: Input<'_>,
    header: &Header,
    samples: &mut [[u8; N]],
    load: impl Fn([u8; N]) -> W,
    store: impl Fn(W) -> [u8; N],
) -> Option<()> {
    const NONE: u8 = 0;
    const ROWS: u8 = 1;
    const ROWS_AND_COLUMNS: u8 = 2;

    let [predictor] = array(&mut input)?;
    if !matches!(predictor, NONE | ROWS | ROWS_AND_COLUMNS) {
        return None;
    }
    let mut plane = vec![0; samples.len()];
    for _ in 0..N {
        let [byte, rounds] = array(&mut input)?;
        let size = u32::from_le_bytes(array(&mut input)?) as usize;
        if usize::from(byte) >= N || rounds > MAX_ROUNDS {
            return None;
        }
        read_plane(take(&mut input, size)?, &mut plane)?;
        for start in (1..=usize::from(rounds)).rev() {
            integrate(plane.get_mut(start - 1..).unwrap_or_default());
        }
        for (sample, value) in samples.iter_mut().zip(&plane) {
            *sample.get_mut(usize::from(byte))? = *value;
        }
    }
    // Where pixels have several samples, a row is a pixel.
    let row = if header.depth == 1 { header.columns } else { header.depth };
    if predictor == ROWS_AND_COLUMNS {
        for start in row..samples.len() {
            let sum = load(*samples.get(start)?).add(load(*samples.get(start - row)?));
            *samples.get_mut(start)? = store(sum);
        }
    }
    for row in samples.chunks_mut(row) {
        let mut values = row.iter_mut();
        let Some(first) = values.next() else { continue };
        let mut sum = load(*first);
        *first = store(sum.restore());
        for sample in values {
            let value = load(*sample);
            sum = if predictor == NONE { value } else { value.add(sum) };
            *sample = store(sum.restore());
        }
    }
    Some(())
}

/// Each byte becomes the sum of those up to it.
fn integrate(bytes: &mut [u8]) {
    let mut sum = 0u8;
    for byte in bytes {
        sum = sum.wrapping_add(*byte);
        *byte = sum;
    }
}

/// Decodes a plane to as many bytes as `plane` has.
fn read_plane(mut input: Input<'_>, plane: &mut [u8]) -> Option<()> {
    const HUFFMAN: u8 = 0;
    const CONSTANT: u8 = 1;
    const STORED: u8 = 2;
    const PACK_BITS: u8 = 3;
    /// The bit stuffer's way of packing in these tables.
    const VERSION: u32 = 5;

    let [method] = array(&mut input)?;
    match method {
        HUFFMAN => {
            let table = Huffman::read(&mut input, VERSION)?;
            let mut words = Words::new(input);
            for byte in plane {
                *byte = table.next(&mut words)?;
            }
        }
        CONSTANT => {
            let [value] = array(&mut input)?;
            plane.fill(value);
        }
        STORED => plane.copy_from_slice(input.get(..plane.len())?),
        PACK_BITS => return unpack_bits(input, plane),
        _ => return None,
    }
    Some(())
}

/// Runs: up to 127 is one less than the count of bytes that follow; from 128 on, 126 more than how often the next byte repeats.
fn unpack_bits(mut input: Input<'_>, mut plane: &mut [u8]) -> Option<()> {
    while !plane.is_empty() {
        let [head] = array(&mut input)?;
        if head < 128 {
            let target = plane.split_off_mut(..=usize::from(head))?;
            target.copy_from_slice(take(&mut input, target.len())?);
        } else {
            let [value] = array(&mut input)?;
            plane.split_off_mut(..usize::from(head) - 126)?.fill(value);
        }
    }
    Some(())
}
