//! LZW (`Compression` = 5): TIFF 6.0, section 13.
//!
//! Codes are 9 to 12 bits, most significant bit first, and grow one code early: the decoder reads 10 bits as soon as entry 510 is
//! made.
//!
//! Traps: the oldest writers packed codes least significant bit first and grew them on time, as GIF does; libtiff tells those
//! streams by a first byte 0 and an odd second byte, and so does this. Many writers leave out the end code; that matters only when
//! the block is not full by then. Streams may go on past the block: they are cut.
//!
//! The native decoder is this file's own: strings are copied from where the output already holds them, and each table entry carries
//! its string's first eight bytes, so that short strings, single bytes among them, cost one store and no branch.

#![allow(clippy::inline_always, reason = "the reader and the writer of the hot loop; left to itself the compiler calls them")]

use std::cell::RefCell;

use weezl::{BitOrder, LzwStatus, decode::Decoder};

use super::{Backend, BlockLayout, Codec, CodecError};

pub(super) struct Lzw;

impl Codec for Lzw {
    fn decode(&self, input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        let old_style = matches!(input, [0, second, ..] if second & 1 == 1);
        match layout.backend {
            Backend::Native => decode_native(input, old_style, output),
            Backend::Rust => decode_weezl(input, old_style, output),
        }
    }
}

fn decode_weezl(input: &[u8], old_style: bool, output: &mut [u8]) -> Result<(), CodecError> {
    let mut decoder = if old_style { Decoder::new(BitOrder::Lsb, 8) } else { Decoder::with_tiff_size_switch(BitOrder::Msb, 8) };
    let (mut read, mut written) = (0, 0);
    while let (Some(rest), Some(target)) = (input.get(read..), output.get_mut(written..)) {
        if target.is_empty() {
            return Ok(());
        }
        let step = decoder.decode_bytes(rest, target);
        read += step.consumed_in;
        written += step.consumed_out;
        match step.status {
            Ok(LzwStatus::Ok) => {}
            Ok(LzwStatus::NoProgress | LzwStatus::Done) => break,
            Err(error) => return Err(CodecError::Corrupt(format!("LZW, after {written} of {} bytes: {error}", output.len()))),
        }
    }
    if written >= output.len() { Ok(()) } else { Err(CodecError::short("LZW", written, output.len())) }
}

const CLEAR: usize = 256;
const END: usize = 257;
const FIRST: usize = 258;
const TABLE: usize = 4096;

/// A string of the table.
#[derive(Clone, Copy, Default)]
struct Entry {
    /// Its first eight bytes, the first one lowest; zeros above a shorter string.
    head: u64,
    /// Where the output holds it, for what does not fit into `head`: shifted up by 16, with the length, below 4096, in the low bits.
    span: u64,
}

impl Entry {
    #[inline(always)]
    fn len(self) -> usize {
        (self.span & 0xFFFF) as usize
    }

    #[inline(always)]
    fn at(self) -> usize {
        (self.span >> 16) as usize
    }
}

thread_local! {
    /// 64 KB, kept from block to block: entries 0 to 255 never change, and no later one is read before it is written.
    static STRINGS: RefCell<Vec<Entry>> = RefCell::new(single_bytes());
}

fn single_bytes() -> Vec<Entry> {
    let mut table = vec![Entry::default(); TABLE];
    for (byte, entry) in table.iter_mut().enumerate().take(256) {
        *entry = Entry { head: byte as u64, span: 1 };
    }
    table
}

fn decode_native(input: &[u8], old_style: bool, output: &mut [u8]) -> Result<(), CodecError> {
    STRINGS.with(|strings| {
        let mut strings = strings.try_borrow_mut().ok();
        match strings.as_mut().and_then(|strings| strings.first_chunk_mut()) {
            Some(table) if old_style => unpack::<true>(input, table, output),
            Some(table) => unpack::<false>(input, table, output),
            None => decode_weezl(input, old_style, output),
        }
    })
}

/// Codes from bytes, least or most significant bit first.
struct Codes<'a, const LSB: bool> {
    input: &'a [u8],
    at: usize,
    /// Unread bits: at the low end where `LSB`, at the high end otherwise.
    bits: u64,
    count: u32,
}

impl<const LSB: bool> Codes<'_, LSB> {
    #[inline(always)]
    fn next(&mut self, width: u32) -> Option<usize> {
        if self.count < width && !self.refill(width) {
            return None;
        }
        self.count -= width;
        if LSB {
            let code = self.bits & ((1 << width) - 1);
            self.bits >>= width;
            Some(code as usize)
        } else {
            let code = self.bits >> (64 - width);
            self.bits <<= width;
            Some(code as usize)
        }
    }

    /// Fills up to at least 56 bits, or at the input's end as far as it goes; `false` where even `width` bits are missing.
    #[inline(always)]
    fn refill(&mut self, width: u32) -> bool {
        if let Some(&word) = self.input.get(self.at..).and_then(<[u8]>::first_chunk) {
            self.bits |= if LSB { u64::from_le_bytes(word) << self.count } else { u64::from_be_bytes(word) >> self.count };
            self.at += (63 - self.count as usize) >> 3;
            self.count |= 0b11_1000; // 56 to 63, as many as whole bytes fitted
            return true;
        }
        self.refill_bytes(width)
    }

    #[cold]
    fn refill_bytes(&mut self, width: u32) -> bool {
        // A word may have left bits above `count`; they come again with their byte.
        self.bits &= match (LSB, self.count) {
            (_, 0) => 0,
            (true, count) => u64::MAX >> (64 - count),
            (false, count) => u64::MAX << (64 - count),
        };
        while self.count <= 56
            && let Some(&byte) = self.input.get(self.at)
        {
            self.bits |= if LSB { u64::from(byte) << self.count } else { u64::from(byte) << (56 - self.count) };
            self.count += 8;
            self.at += 1;
        }
        self.count >= width
    }
}

/// Fills `output`. The hot loop: per code one table load, one 8-byte store and one table store.
#[allow(clippy::indexing_slicing, reason = "masked to the table's length, which the compiler then knows")]
fn unpack<const LSB: bool>(input: &[u8], table: &mut [Entry; TABLE], output: &mut [u8]) -> Result<(), CodecError> {
    let early = usize::from(!LSB);
    let mut codes = Codes::<LSB> { input, at: 0, bits: 0, count: 0 };
    let mut at = 0;
    let mut width = 9;
    let mut next = FIRST;
    // The string emitted last; empty at the start and after a clear code.
    let mut last = Entry::default();
    while at < output.len() {
        let Some(code) = codes.next(width) else { break };
        if code & !1 == CLEAR {
            if code == END {
                break;
            }
            (width, next, last) = (9, FIRST, Entry::default());
            continue;
        }
        if last.span == 0 {
            if code > END {
                return Err(undefined(code, at));
            }
        } else {
            // The new string: the last one and the first byte of this one, which for the string being made is its own.
            let first = if code < next { table[code & (TABLE - 1)].head } else { last.head } & 0xFF;
            if code > next {
                return Err(undefined(code, at));
            }
            if let Some(entry) = table.get_mut(next) {
                let head = if last.len() < 8 { last.head | first << (8 * last.len()) } else { last.head };
                *entry = Entry { head, span: last.span + 1 };
                next += 1;
                if next + early == 1 << width && width < 12 {
                    width += 1;
                }
            }
        }
        let string = table[code & (TABLE - 1)];
        last = Entry { span: (at as u64) << 16 | string.span & 0xFFFF, ..string };
        at = emit(string, at, output);
    }
    if at == output.len() { Ok(()) } else { Err(CodecError::short("LZW", at, output.len())) }
}

/// Writes a string at `at`, cut at the output's end, and returns where it ends. Within the output, bytes behind the string may be
/// overwritten: the next ones fill them.
#[inline(always)]
fn emit(string: Entry, at: usize, output: &mut [u8]) -> usize {
    let end = at + string.len();
    let Some(target) = output.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<8>()) else {
        return emit_bytes(string, at, output);
    };
    *target = string.head.to_le_bytes();
    if string.len() > 8 {
        if end + 16 > output.len() {
            return emit_bytes(string, at, output);
        }
        // The string ends at most one byte behind `at`, and that byte is already written: chunks may overlap what they read
        // only behind the string's end.
        let (mut from, mut to) = (string.at() + 8, at + 8);
        while to < end {
            let Some(&chunk) = output.get(from..).and_then(<[u8]>::first_chunk::<16>) else { break };
            let Some(target) = output.get_mut(to..).and_then(|rest| rest.first_chunk_mut::<16>()) else { break };
            *target = chunk;
            from += 16;
            to += 16;
        }
    }
    end
}

/// The same near the output's end, byte by byte.
#[cold]
fn emit_bytes(string: Entry, at: usize, output: &mut [u8]) -> usize {
    let count = string.len().min(output.len() - at);
    let head = string.head.to_le_bytes();
    for i in 0..count {
        let byte = head.get(i).or_else(|| output.get(string.at() + i)).copied().unwrap_or(0);
        if let Some(target) = output.get_mut(at + i) {
            *target = byte;
        }
    }
    at + count
}

#[cold]
fn undefined(code: usize, at: usize) -> CodecError {
    CodecError::Corrupt(format!("LZW code {code}, after {at} bytes, is not in the table yet"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, Noise, decode, layout, picture};
    use super::*;

    /// TIFF 6.0, section 13: the worked example, with its codes 256, 7, 258, 8, 8, 258, 6, 6, 257 of nine bits each.
    const EXAMPLE: [u8; 11] = [0x80, 0x01, 0xE0, 0x40, 0x80, 0x44, 0x08, 0x0C, 0x06, 0x80, 0x80];

    fn packed(data: &[u8], old_style: bool) -> Vec<u8> {
        let mut encoder = if old_style {
            weezl::encode::Encoder::new(BitOrder::Lsb, 8)
        } else {
            weezl::encode::Encoder::with_tiff_size_switch(BitOrder::Msb, 8)
        };
        encoder.encode(data).unwrap()
    }

    #[test]
    fn reads_the_example_of_the_specification() {
        for backend in [Backend::Native, Backend::Rust] {
            assert_eq!(decode(&Lzw, &EXAMPLE, &layout(9, 1, 1), backend, 9), Ok(vec![7, 7, 7, 8, 8, 7, 7, 6, 6]));
        }
    }

    #[test]
    fn both_backends_give_the_bytes_that_were_packed() {
        for old_style in [false, true] {
            for len in [1, 2, 9, 300, 4096, 100_000, 400_001] {
                for data in [picture(len, len as u64), vec![7; len], Noise::new(len as u64).bytes(len)] {
                    let stream = packed(&data, old_style);
                    for backend in [Backend::Native, Backend::Rust] {
                        assert_eq!(decode(&Lzw, &stream, &layout(len, 1, 1), backend, len).as_ref(), Ok(&data));
                        let cut = len.div_ceil(3);
                        assert_eq!(decode(&Lzw, &stream, &layout(cut, 1, 1), backend, cut).as_deref(), Ok(&data[..cut]));
                        assert!(decode(&Lzw, &stream, &layout(len + 1, 1, 1), backend, len + 1).is_err());
                    }
                }
            }
        }
    }

    #[test]
    fn backends_agree_wherever_both_decode_a_damaged_stream() {
        let mut noise = Noise::new(11);
        let data = picture(5000, 4);
        let stream = packed(&data, false);
        for _ in 0..500 {
            let mut damaged = stream.clone();
            let at = noise.below(damaged.len());
            damaged[at] ^= 1 << noise.below(8);
            let native = decode(&Lzw, &damaged, &layout(5000, 1, 1), Backend::Native, 5000);
            let rust = decode(&Lzw, &damaged, &layout(5000, 1, 1), Backend::Rust, 5000);
            if let (Ok(native), Ok(rust)) = (native, rust) {
                assert_eq!(native, rust);
            }
        }
    }

    #[test]
    fn a_missing_end_code_is_tolerated() {
        let data = picture(777, 2);
        let stream = packed(&data, false);
        for backend in [Backend::Native, Backend::Rust] {
            assert_eq!(decode(&Lzw, &stream[..stream.len() - 1], &layout(777, 1, 1), backend, 777).as_ref(), Ok(&data));
        }
    }

    #[test]
    fn damaged_streams_never_panic() {
        for old_style in [false, true] {
            testing::torture(&Lzw, &packed(&picture(3000, 9), old_style), &layout(3000, 1, 1), 3000);
        }
    }
}
