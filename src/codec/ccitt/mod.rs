//! CCITT's bilevel codings: runs (`Compression` = 2, TIFF 6.0 section 10), Group 3 (3, section 11; ITU-T T.4) and Group 4 (4; T.6).
//!
//! A white pixel is 0 and a black one is 1, whatever `PhotometricInterpretation` says.
//!
//! Traps, all as libtiff's `tif_fax3.c` has them:
//! - A bad code word costs the rest of its line, which becomes white, and not the block. Group 3 goes on at the next end of line.
//! - A Group 4 block that ends early is white from there on; a block of the others is refused.
//! - Each Group 3 line begins with an end of line, before which there may be any number of zeros, whether or not `T4Options` says so.
//!   Blocks without a single one exist, and are read as lines of runs (libtiff 4.5 refuses them).
//! - `FillOrder` 2 is undone before the block gets here.
//! - Uncompressed mode (`T4Options` bit 1, `T6Options` bit 1) is a bad code word.

mod codes;
mod lines;
#[cfg(test)]
mod tests;

use super::{BlockLayout, Codec, CodecError};
use lines::{Lines, Stop};

/// One of the codings.
pub(super) enum Ccitt {
    /// Lines of runs, each of whole bytes.
    Runs,
    Group3,
    Group4,
}

impl Codec for Ccitt {
    fn decode(&self, input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        /// `T4Options`: lines may be coded against the line above.
        const TWO_DIMENSIONAL: u32 = 1;

        if layout.bits != 1 {
            return Err(CodecError::Unsupported(format!("CCITT coding of samples of {} bits is not read", layout.bits)));
        }
        // libtiff, too, decodes one sample a pixel where there are more.
        let stride = (layout.width * layout.samples).div_ceil(8).max(1);
        output.fill(0);
        let rows = output.chunks_exact_mut(stride);
        match self {
            Self::Runs => decode_runs(Lines::new(input, layout.width, false), rows),
            Self::Group3 if layout.t4_options & TWO_DIMENSIONAL != 0 => group_3_2d(Lines::new(input, layout.width, true), rows),
            Self::Group3 => group_3_1d(input, layout.width, rows),
            Self::Group4 => group_4(Lines::new(input, layout.width, true), rows),
        }
    }
}

fn stopped(stop: Stop, row: usize) -> CodecError {
    CodecError::Corrupt(match stop {
        Stop::Ended => format!("the CCITT stream ends in row {row}"),
        Stop::TooManyRuns => format!("CCITT: row {row} has more runs than pixels"),
    })
}

fn decode_runs<'a>(mut lines: Lines<'_>, rows: impl Iterator<Item = &'a mut [u8]>) -> Result<(), CodecError> {
    for (i, row) in rows.enumerate() {
        lines.start();
        lines.read_1d().map_err(|stop| stopped(stop, i))?;
        lines.fill(row);
        lines.bits.align();
    }
    Ok(())
}

/// Goes on behind the next end of line.
fn synchronise(lines: &mut Lines<'_>) -> Result<(), Stop> {
    if !lines.end_of_line {
        while lines.bits.peek(11)? != 0 {
            lines.bits.skip(1);
        }
    }
    while lines.bits.peek(8)? == 0 {
        lines.bits.skip(8);
    }
    while lines.bits.peek(1)? == 0 {
        lines.bits.skip(1);
    }
    lines.bits.skip(1);
    lines.end_of_line = false;
    Ok(())
}

fn group_3_1d<'a>(input: &[u8], width: usize, rows: impl Iterator<Item = &'a mut [u8]>) -> Result<(), CodecError> {
    let has_ends = synchronise(&mut Lines::new(input, width, false)).is_ok();
    let mut lines = Lines::new(input, width, false);
    for (i, row) in rows.enumerate() {
        lines.start();
        let read = if has_ends { synchronise(&mut lines) } else { Ok(()) };
        read.and_then(|()| lines.read_1d()).map_err(|stop| stopped(stop, i))?;
        lines.fill(row);
    }
    Ok(())
}

fn group_3_2d<'a>(mut lines: Lines<'_>, rows: impl Iterator<Item = &'a mut [u8]>) -> Result<(), CodecError> {
    let mut read = |row: &mut [u8]| {
        lines.start();
        synchronise(&mut lines)?;
        let one_dimensional = lines.bits.peek(1)? == 1;
        lines.bits.skip(1);
        if one_dimensional { lines.read_1d() } else { lines.read_2d() }?;
        lines.fill(row);
        lines.keep();
        Ok(())
    };
    for (i, row) in rows.enumerate() {
        read(row).map_err(|stop| stopped(stop, i))?;
    }
    Ok(())
}

fn group_4<'a>(mut lines: Lines<'_>, rows: impl Iterator<Item = &'a mut [u8]>) -> Result<(), CodecError> {
    for (i, row) in rows.enumerate() {
        lines.start();
        match lines.read_2d() {
            Ok(()) if !lines.end_of_line => {
                lines.fill(row);
                lines.keep();
            }
            Ok(()) | Err(Stop::Ended) if i > 0 => {
                lines.fill(row);
                return Ok(());
            }
            Ok(()) => return Err(stopped(Stop::Ended, i)),
            Err(stop) => return Err(stopped(stop, i)),
        }
    }
    Ok(())
}
