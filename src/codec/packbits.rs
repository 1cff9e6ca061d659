//! `PackBits` (`Compression` = 32773): TIFF 6.0, section 9.
//!
//! A control byte `n` from 0 to 127 is followed by `n + 1` literal bytes; from -127 to -1 by one byte that stands `1 - n` times; -128
//! is skipped.
//!
//! Traps: the specification packs each row apart, but some writers let a run cross rows, or run past the block's end; libtiff reads
//! the block as one stream and cuts the last run, and so does this.

use super::{BlockLayout, Codec, CodecError};

pub(super) struct PackBits;

impl Codec for PackBits {
    fn decode(&self, input: &[u8], _: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        let written = unpack(input, output);
        if written == output.len() { Ok(()) } else { Err(CodecError::short("PackBits", written, output.len())) }
    }
}

/// Unpacks until `output` is full or `input` is used up; returns the number of bytes written.
fn unpack(mut input: &[u8], output: &mut [u8]) -> usize {
    let mut written = 0;
    while let (Some(rest), Some((&control, after))) = (output.get_mut(written..), input.split_first()) {
        if rest.is_empty() {
            break;
        }
        input = after;
        let control = control as i8;
        if control == i8::MIN {
            continue;
        }
        let count = (usize::from(control.unsigned_abs()) + 1).min(rest.len());
        let Some(target) = rest.get_mut(..count) else { break };
        if control < 0 {
            let Some((&byte, after)) = input.split_first() else { break };
            input = after;
            target.fill(byte);
        } else {
            let Some((literal, after)) = input.split_at_checked(count) else { break };
            input = after;
            target.copy_from_slice(literal);
        }
        written += count;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, layout};
    use super::*;

    /// The example of the `PackBits` description that TIFF 6.0 refers to (Apple Technical Note 1023).
    const PACKED: [u8; 15] = [0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA];
    const UNPACKED: [u8; 24] = [
        0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0x22, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA,
        0xAA, 0xAA,
    ];

    #[test]
    fn reads_the_example_of_its_specification() {
        let mut output = [0; 24];
        assert_eq!(PackBits.decode(&PACKED, &layout(24, 1, 1), &mut output), Ok(()));
        assert_eq!(output, UNPACKED);
    }

    #[test]
    fn minus_128_is_skipped_and_a_run_past_the_end_is_cut() {
        let mut output = [0; 4];
        assert_eq!(PackBits.decode(&[0x80, 0x81, 7, 9, 9], &layout(4, 1, 1), &mut output), Ok(()));
        assert_eq!(output, [7; 4]);
        // A literal longer than the block needs only the bytes that fit.
        assert_eq!(PackBits.decode(&[0x7F, 1, 2, 3, 4], &layout(4, 1, 1), &mut output), Ok(()));
        assert_eq!(output, [1, 2, 3, 4]);
    }

    #[test]
    fn damaged_streams_never_panic() {
        testing::torture(&PackBits, &PACKED, &layout(24, 1, 1), 24);
    }
}
