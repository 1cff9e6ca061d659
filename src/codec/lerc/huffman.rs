//! LERC's Huffman codes for 8-bit samples and for the bytes of lossless floats.
//!
//! Codes run from the highest bit down in little-endian words of 32 bits. The table is stored as the codes' lengths (bit-stuffed), then
//! the codes themselves; a table whose used entries wrap around its end is stored from their start.

use super::bits::unstuff;
use super::blob::{Header, Input, Mask, array};

/// Bits from the highest down in little-endian words.
pub(super) struct Words<'a> {
    rest: std::slice::Iter<'a, [u8; 4]>,
    /// Unread bits, at the high end.
    bits: u64,
    count: u32,
}

impl<'a> Words<'a> {
    pub(super) fn new(input: Input<'a>) -> Self {
        Self { rest: input.as_chunks().0.iter(), bits: 0, count: 0 }
    }

    /// The next 32 bits; zeros past the end.
    #[inline]
    fn peek(&mut self) -> u32 {
        if self.count < 32
            && let Some(word) = self.rest.next()
        {
            self.bits |= u64::from(u32::from_le_bytes(*word)) << (32 - self.count);
            self.count += 32;
        }
        (self.bits >> 32) as u32
    }

    #[inline]
    fn skip(&mut self, count: u32) -> Option<()> {
        self.count = self.count.checked_sub(count)?;
        self.bits <<= count;
        Some(())
    }
}

/// Bits that the look-up table decodes at once.
const LOOKUP_BITS: u32 = 12;

/// A symbol and the length of its code, 0 where there is none.
#[derive(Debug, Clone, Copy, Default)]
struct Symbol {
    length: u32,
    value: u16,
}

pub(super) struct Huffman {
    lookup: Vec<Symbol>,
    /// Longer codes, at the high end of a word, in ascending order.
    long: Vec<(u32, Symbol)>,
}

impl Huffman {
    /// Reads a table; `version` is that of the bit stuffer.
    pub(super) fn read(input: &mut Input<'_>, version: u32) -> Option<Self> {
        const MAX_SIZE: usize = 1 << 15;

        let mut field = || array(input).map(|bytes| i32::from_le_bytes(bytes) as usize);
        let (format, size, start, end) = (field()?, field()?, field()?, field()?);
        // A negative number is a very large one here.
        let sound = (2..=i32::MAX as usize).contains(&format) && size < MAX_SIZE && start < size && start < end && end - 1 < 2 * size;
        if !sound {
            return None;
        }
        let mut lengths = Vec::new();
        unstuff(input, version, end - start, &mut lengths)?;
        if lengths.len() != end - start {
            return None;
        }
        let mut table = Self { lookup: vec![Symbol::default(); 1 << LOOKUP_BITS], long: Vec::new() };
        let mut codes = Words::new(input);
        let mut used = 0;
        for (i, length) in (start..).zip(lengths).filter(|(_, length)| *length > 0) {
            let value = if i < size { i } else { i - size };
            if length > 32 {
                return None;
            }
            let code = codes.peek() & (u32::MAX << (32 - length));
            codes.skip(length)?;
            used += length as usize;
            table.add(code, Symbol { length, value: value as u16 });
        }
        if used == 0 {
            return None;
        }
        table.long.sort_unstable_by_key(|(code, _)| *code);
        *input = input.get(used.div_ceil(32) * 4..)?;
        Some(table)
    }

    fn add(&mut self, code: u32, symbol: Symbol) {
        if symbol.length > LOOKUP_BITS {
            self.long.push((code, symbol));
            return;
        }
        let first = (code >> (32 - LOOKUP_BITS)) as usize;
        let count = 1usize << (LOOKUP_BITS - symbol.length);
        if let Some(entries) = self.lookup.get_mut(first..first + count) {
            entries.fill(symbol);
        }
    }

    #[inline]
    pub(super) fn next(&self, words: &mut Words<'_>) -> Option<u8> {
        let bits = words.peek();
        let symbol = *self.lookup.get((bits >> (32 - LOOKUP_BITS)) as usize)?;
        if symbol.length > 0 {
            words.skip(symbol.length)?;
            return Some(symbol.value as u8);
        }
        self.next_long(bits, words)
    }

    #[cold]
    fn next_long(&self, bits: u32, words: &mut Words<'_>) -> Option<u8> {
        let at = self.long.partition_point(|(code, _)| *code <= bits).checked_sub(1)?;
        let (code, symbol) = *self.long.get(at)?;
        if (code ^ bits) >> (32 - symbol.length) != 0 {
            return None;
        }
        words.skip(symbol.length)?;
        Some(symbol.value as u8)
    }
}

/// Decodes 8-bit samples: themselves, or (`deltas`) their differences, one band after the other. `zero` is the code of 0.
pub(super) fn decode(mut input: Input<'_>, header: &Header, mask: &Mask, deltas: bool, zero: u8, samples: &mut [[u8; 1]]) -> Option<()> {
    let table = Huffman::read(&mut input, header.version)?;
    let mut words = Words::new(input);
    let (depth, columns) = (header.depth, header.columns);
    if !deltas {
        for (_, target) in samples.chunks_exact_mut(depth).enumerate().filter(|(pixel, _)| mask.valid(*pixel)) {
            for [sample] in target {
                *sample = table.next(&mut words)?.wrapping_sub(zero);
            }
        }
        return Some(());
    }
    for band in 0..depth {
        let mut previous = 0u8;
        for first in (0..header.pixels()).step_by(columns) {
            for pixel in first..first + columns {
                if !mask.valid(pixel) {
                    continue;
                }
                let delta = table.next(&mut words)?.wrapping_sub(zero);
                // The left neighbour, else the upper one, else the last valid one.
                if (pixel == first || !mask.valid(pixel - 1)) && pixel >= columns && mask.valid(pixel - columns) {
                    [previous] = *samples.get((pixel - columns) * depth + band)?;
                }
                previous = previous.wrapping_add(delta);
                *samples.get_mut(pixel * depth + band)? = [previous];
            }
        }
    }
    Some(())
}
