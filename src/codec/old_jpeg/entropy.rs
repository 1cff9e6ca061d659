//! Entropy-coded data: bits, Huffman codes and the numbers behind them (ITU-T T.81, annexes C and F).
//!
//! Traps: a 0xFF of the data is followed by a stuffed 0; any other byte after it is a marker, which ends the data.

/// Places in a block, row by row, in the order of their coefficients (T.81, figure A.6).
#[rustfmt::skip]
pub(super) const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10,
    17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34,
    27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36,
    29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46,
    53, 60, 61, 54, 47, 55, 62, 63,
];

/// A table of codes of up to 16 bits, numbered in the order of their lengths (annex C).
pub(super) struct Huffman {
    /// For each length: the first code that is longer, as 16 bits; and the place of code 0 of this length among the values.
    lengths: [(u32, i32); 16],
    values: Vec<u8>,
}

impl Huffman {
    /// `None` where there are more codes of a length than it can have.
    pub(super) fn new(counts: &[u8; 16], values: &[u8]) -> Option<Self> {
        let mut lengths = [(0, 0); 16];
        let (mut code, mut place) = (0_u32, 0);
        for (i, (length, count)) in lengths.iter_mut().zip(counts).enumerate() {
            *length = (0, place - code as i32);
            code += u32::from(*count);
            place += i32::from(*count);
            if code > 2 << i {
                return None;
            }
            length.0 = code << (15 - i);
            code <<= 1;
        }
        Some(Self { lengths, values: values.to_vec() })
    }
}

/// Bits, the most significant of a byte first.
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    /// Taken from `rest` and not used yet: the lowest `count` bits.
    ahead: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest, ahead: 0, count: 0 }
    }

    /// What follows the data: a marker, or nothing. What is left of the data is passed over.
    pub(super) fn rest(&self) -> &'a [u8] {
        let marker = self.rest.windows(2).position(|pair| matches!(pair, [0xff, code] if *code != 0));
        self.rest.get(marker.unwrap_or(self.rest.len())..).unwrap_or_default()
    }

    /// The data after a restart marker; `None` where no such marker is next.
    pub(super) fn restart(&self) -> Option<Self> {
        match self.rest() {
            [0xff, 0xd0..=0xd7, after @ ..] => Some(Self::new(after)),
            _ => None,
        }
    }

    fn fill(&mut self) {
        while self.count <= 32 {
            let (byte, after) = match self.rest {
                [0xff, 0, after @ ..] => (0xff, after),
                [0xff, ..] | [] => return,
                [byte, after @ ..] => (*byte, after),
            };
            self.rest = after;
            self.ahead = self.ahead << 8 | u64::from(byte);
            self.count += 8;
        }
    }

    /// The value of the code that is next.
    pub(super) fn symbol(&mut self, table: &Huffman) -> Option<u8> {
        self.fill();
        // Past the end there are zeros to look at, not to use.
        let next = if self.count >= 16 { self.ahead >> (self.count - 16) } else { self.ahead << (16 - self.count) } as u32 & 0xffff;
        let (i, (_, first)) = table.lengths.iter().enumerate().find(|(_, (end, _))| next < *end)?;
        let length = i as u32 + 1;
        self.count = self.count.checked_sub(length)?;
        table.values.get(usize::try_from((next >> (16 - length)) as i32 + first).ok()?).copied()
    }

    /// The number of this many bits that is next: those that begin with 0 are negative (F.2.2.1, `EXTEND`).
    pub(super) fn signed(&mut self, size: u8) -> Option<i32> {
        if size == 0 {
            return Some(0);
        }
        if size > 16 {
            return None;
        }
        self.fill();
        self.count = self.count.checked_sub(u32::from(size))?;
        let value = (self.ahead >> self.count) as i32 & ((1 << size) - 1);
        Some(if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes 0, 10, 110 for the values 7, 8, 9.
    fn table() -> Huffman {
        let mut counts = [0; 16];
        counts[..3].copy_from_slice(&[1, 1, 1]);
        Huffman::new(&counts, &[7, 8, 9]).unwrap()
    }

    #[test]
    fn codes_are_numbered_by_length() {
        let mut bits = Bits::new(&[0b0101_1011, 0b0100_0000]);
        let values: Vec<_> = std::iter::from_fn(|| bits.symbol(&table())).take(6).collect();
        assert_eq!(values, [7, 8, 9, 9, 8, 7]);
        // 111 is no code.
        assert_eq!(Bits::new(&[0xe0, 0]).symbol(&table()), None);
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Huffman::new(&counts, &[1, 2, 3]).is_none());
    }

    #[test]
    fn numbers_that_begin_with_0_are_negative() {
        let mut bits = Bits::new(&[0b0110_0000]);
        assert_eq!([bits.signed(0), bits.signed(1), bits.signed(2), bits.signed(5)], [Some(0), Some(-1), Some(3), Some(-31)]);
        assert_eq!(bits.signed(1), None);
    }

    #[test]
    fn stuffed_zeros_are_no_data_and_markers_end_it() {
        let mut bits = Bits::new(&[0xff, 0, 0x80, 0xff, 0xd3, 0x40, 0xff, 0xd9]);
        assert_eq!(bits.signed(16), Some(0xff80));
        assert_eq!(bits.signed(1), None);
        let mut bits = bits.restart().unwrap();
        assert_eq!(bits.signed(2), Some(-2));
        assert!(bits.restart().is_none());
        assert_eq!(bits.rest(), [0xff, 0xd9]);
    }
}
