//! LERC's bit stuffer: arrays of unsigned integers, each of as many bits as the largest needs, directly or as indexes into a table.
//!
//! Trap: since version 3 the bits run from the lowest up, in bytes; before, they ran from the highest down in little-endian words of
//! 32 bits, of which the last word kept only its used bytes, moved to its low end.

use super::blob::{Input, array, take};

/// The largest width of a stuffed number.
const MAX_BITS: u32 = 31;

/// Reads an array of at most `limit` numbers into `values`.
pub(super) fn unstuff(input: &mut Input<'_>, version: u32, limit: usize, values: &mut Vec<u32>) -> Option<()> {
    const TABLE: u8 = 1 << 5;

    let [head] = array(input)?;
    let width = u32::from(head & 31);
    let count = match head >> 6 {
        0 => u32::from_le_bytes(array(input)?) as usize,
        1 => usize::from(u16::from_le_bytes(array(input)?)),
        2 => usize::from(u8::from_le_bytes(array(input)?)),
        _ => return None,
    };
    if count > limit {
        return None;
    }
    if head & TABLE == 0 {
        return numbers(input, version, count, width, values);
    }
    // The table leaves out its first entry, which is always 0.
    let [entries] = array(input)?;
    let entries = usize::from(entries).checked_sub(1).filter(|n| *n > 0 && width > 0)?;
    let mut table = Vec::new();
    numbers(input, version, entries, width, &mut table)?;
    table.insert(0, 0);
    numbers(input, version, count, usize::BITS - entries.leading_zeros(), values)?;
    for value in values {
        *value = *table.get(*value as usize)?;
    }
    Some(())
}

fn numbers(input: &mut Input<'_>, version: u32, count: usize, width: u32, values: &mut Vec<u32>) -> Option<()> {
    values.clear();
    if width == 0 {
        values.resize(count, 0);
        return Some(());
    }
    if count == 0 || width > MAX_BITS {
        return None;
    }
    let stored = take(input, (count * width as usize).div_ceil(8))?;
    if version < 3 {
        from_words(stored, count, width, values);
    } else {
        from_bytes(stored, count, width, values);
    }
    Some(())
}

/// Version 3 and later.
fn from_bytes(stored: &[u8], count: usize, width: u32, values: &mut Vec<u32>) {
    let (words, tail) = stored.as_chunks::<4>();
    let tail = tail.iter().rev().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
    let mut words = words.iter().map(|word| u32::from_le_bytes(*word)).chain([tail]);
    let mask = (1u64 << width) - 1;
    let (mut window, mut held) = (0u64, 0);
    values.extend((0..count).map(|_| {
        if held < width {
            window |= u64::from(words.next().unwrap_or(0)) << held;
            held += 32;
        }
        let value = window & mask;
        window >>= width;
        held -= width;
        value as u32
    }));
}

/// Before version 3.
fn from_words(stored: &[u8], count: usize, width: u32, values: &mut Vec<u32>) {
    let (whole, tail) = stored.as_chunks::<4>();
    let mut words: Vec<u32> = whole.iter().map(|word| u32::from_le_bytes(*word)).collect();
    if !tail.is_empty() {
        let low = tail.iter().rev().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
        words.push(low << (8 * (4 - tail.len())));
    }
    let word = |i: usize| u64::from(words.get(i).copied().unwrap_or(0));
    values.extend((0..count).map(|i| {
        let bit = i * width as usize;
        let window = (word(bit / 32) << 32 | word(bit / 32 + 1)) << (bit % 32);
        (window >> (64 - width)) as u32
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(version: u32, bytes: &[u8], limit: usize) -> Option<Vec<u32>> {
        let mut values = Vec::new();
        unstuff(&mut &*bytes, version, limit, &mut values).map(|()| values)
    }

    #[test]
    fn numbers_run_from_the_lowest_bit() {
        assert_eq!(read(3, &[0x80 | 3, 3, 0b10_101_001, 0b0], 3), Some(vec![1, 5, 2]));
        assert_eq!(read(3, &[0x80 | 3, 3, 0b10_101_001], 3), None);
        assert_eq!(read(3, &[0x80 | 3, 3, 0, 0], 2), None, "more than the block has");
    }

    #[test]
    fn old_numbers_run_from_the_highest_bit_of_a_word() {
        // Two bytes of the word 0b0011_01010… are kept.
        assert_eq!(read(2, &[0x80 | 3, 3, 0b0000_0000, 0b0011_0101], 3), Some(vec![1, 5, 2]));
        let word = 0x0001_0002u32.to_le_bytes();
        assert_eq!(read(2, &[0x80 | 16, 3, word[0], word[1], word[2], word[3], 3, 0], 3), Some(vec![1, 2, 3]));
    }

    #[test]
    fn tables() {
        // Two entries of 8 bits beside the 0, then four indexes of 2 bits.
        assert_eq!(read(3, &[0x80 | 1 << 5 | 8, 4, 3, 10, 20, 0b00_01_10_01], 4), Some(vec![10, 20, 10, 0]));
        assert_eq!(read(3, &[0x80 | 1 << 5 | 8, 4, 3, 10, 20, 0b00_11_10_01], 4), None, "an index past the table");
    }
}
