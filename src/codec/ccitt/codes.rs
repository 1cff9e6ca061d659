//! The code words of ITU-T T.4 (tables 2 and 3) and T.6 (table 1).

use std::sync::LazyLock;

/// White runs of 0 to 63 pixels, then of 64, 128 and so on up to 1728.
const WHITE: &str = "\
    00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010 101011 0100111 0001100 \
    0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 00000011 00011010 00011011 00010010 00010011 \
    00010100 00010101 00010110 00010111 00101000 00101001 00101010 00101011 00101100 00101101 00000100 00000101 00001010 00001011 \
    01010010 01010011 01010100 01010101 00100100 00100101 01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011 \
    00110100 11011 10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101 011010010 \
    011010011 011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011 010011000 010011001 010011010 011000 \
    010011011";

/// Black runs, in the same order.
const BLACK: &str = "\
    0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 000011000 0000010111 0000011000 \
    0000001000 00001100111 00001101000 00001101100 00000110111 00000101000 00000010111 00000011000 000011001010 000011001011 \
    000011001100 000011001101 000001101000 000001101001 000001101010 000001101011 000011010010 000011010011 000011010100 \
    000011010101 000011010110 000011010111 000001101100 000001101101 000011011010 000011011011 000001010100 000001010101 \
    000001010110 000001010111 000001100100 000001100101 000001010010 000001010011 000000100100 000000110111 000000111000 \
    000000100111 000000101000 000001011000 000001011001 000000101011 000000101100 000001011010 000001100110 000001100111 0000001111 \
    000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100 0000001101101 0000001001010 \
    0000001001011 0000001001100 0000001001101 0000001110010 0000001110011 0000001110100 0000001110101 0000001110110 0000001110111 \
    0000001010010 0000001010011 0000001010100 0000001010101 0000001011010 0000001011011 0000001100100 0000001100101";

/// Runs of 1792, 1856 and so on up to 2560, of either colour.
const LONG: &str = "\
    00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 000000010110 000000010111 000000011100 \
    000000011101 000000011110 000000011111";

/// What a code word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// No code word begins so.
    Bad,
    /// Pixels of a run that ends with them.
    End(u16),
    /// Pixels of a run that goes on.
    More(u16),
    /// At least as many zeros as the end of a line begins with.
    EndOfLine,
    Pass,
    Horizontal,
    /// The change is this far to the right of the one in the line above.
    Vertical(i8),
    Extension,
}

/// A code word and its length in bits.
pub(super) type Entry = (Word, u32);

/// The code word that the next bits begin with, for all bits of a width.
pub(super) struct Table {
    pub(super) width: u32,
    entries: Vec<Entry>,
}

impl Table {
    fn new(width: u32, words: impl Iterator<Item = (&'static str, Word)>) -> Self {
        let mut entries = vec![(Word::Bad, 0); 1 << width];
        for (bits, word) in words {
            let (length, code) = (bits.len() as u32, usize::from_str_radix(bits, 2).unwrap_or_default());
            let spare = width - length;
            if let Some(same) = entries.get_mut(code << spare..(code + 1) << spare) {
                same.fill((word, length));
            }
        }
        Self { width, entries }
    }

    fn runs(width: u32, words: &'static str) -> Self {
        let run = |i: u16| if i < 64 { Word::End(i) } else { Word::More((i - 63) * 64) };
        let words = (0..).zip(words.split_ascii_whitespace().chain(LONG.split_ascii_whitespace()));
        Self::new(width, words.map(|(i, bits)| (bits, run(i))).chain([("00000000000", Word::EndOfLine)]))
    }

    fn modes() -> Self {
        let words = [
            ("0001", Word::Pass),
            ("001", Word::Horizontal),
            ("1", Word::Vertical(0)),
            ("011", Word::Vertical(1)),
            ("000011", Word::Vertical(2)),
            ("0000011", Word::Vertical(3)),
            ("010", Word::Vertical(-1)),
            ("000010", Word::Vertical(-2)),
            ("0000010", Word::Vertical(-3)),
            ("0000001", Word::Extension),
            ("0000000", Word::EndOfLine),
        ];
        Self::new(7, words.into_iter())
    }

    #[inline]
    pub(super) fn get(&self, bits: u32) -> Entry {
        self.entries.get(bits as usize).copied().unwrap_or((Word::Bad, 0))
    }
}

pub(super) static WHITE_RUNS: LazyLock<Table> = LazyLock::new(|| Table::runs(12, WHITE));
pub(super) static BLACK_RUNS: LazyLock<Table> = LazyLock::new(|| Table::runs(13, BLACK));
pub(super) static MODES: LazyLock<Table> = LazyLock::new(Table::modes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_has_a_word_and_no_word_begins_another() {
        for (table, words) in [(&WHITE_RUNS, WHITE), (&BLACK_RUNS, BLACK)] {
            let words: Vec<&str> = words.split_ascii_whitespace().chain(LONG.split_ascii_whitespace()).collect();
            assert_eq!(words.len(), 64 + 40);
            for (i, word) in words.iter().enumerate() {
                assert!(words.iter().all(|other| word == other || !other.starts_with(word)), "{word}");
                let bits = u32::from_str_radix(word, 2).unwrap() << (table.width - word.len() as u32);
                let want = if i < 64 { Word::End(i as u16) } else { Word::More((i as u16 - 63) * 64) };
                assert_eq!(table.get(bits), (want, word.len() as u32));
            }
        }
        assert_eq!(WHITE_RUNS.get(0b1101_1000_0000), (Word::More(64), 5));
        assert_eq!(BLACK_RUNS.get(0b1_0000_0000_0000 >> 11), (Word::EndOfLine, 11));
        assert_eq!(WHITE_RUNS.get(0b10), (Word::Bad, 0));
    }
}
