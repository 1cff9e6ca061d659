//! LZMA (`Compression` = 34925): libtiff's `tif_lzma.c`; the .xz file format 1.2.0 (<https://tukaani.org/xz/xz-file-format.txt>).
//!
//! A block is one .xz stream: a header, blocks of LZMA2 data, an index. libtiff puts a delta filter with the sample's size before LZMA2,
//! on top of `Predictor`.
//!
//! Traps: a stream names the size of its dictionary, up to 4 GiB; here the dictionary never outgrows the block, because no match can
//! reach further back than that. libtiff stops once the block is full, and so never sees a wrong check sum or a damaged index; neither
//! does this. The check sums of the two headers count, for libtiff as well. Filters for machine code (BCJ) are not read.
//!
//! lzma-rust2 serves both backends: it decodes about as fast as liblzma.

use std::io::Read;

use lzma_rust2::Lzma2Reader;

use super::{BlockLayout, Codec, CodecError};

pub(super) struct Lzma;

impl Codec for Lzma {
    fn decode(&self, input: &[u8], _: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        let mut rest = input;
        let check_size = stream_header(&mut rest)?;
        let expected = output.len();
        let mut written = 0;
        while let Some(target) = output.get_mut(written..).filter(|target| !target.is_empty()) {
            // The index follows the last block and begins with the byte 0, where a block has the size of its header.
            let Some(header) = BlockHeader::read(&mut rest)? else {
                return Err(CodecError::short("LZMA", written, expected));
            };
            let before = rest.len();
            let count = lzma2(&mut rest, header.dictionary, target)?;
            let decoded = target.get_mut(..count).unwrap_or_default();
            for distance in header.deltas.iter().rev().filter(|distance| **distance > 0) {
                undo_delta(decoded, *distance);
            }
            written += count;
            if written < expected {
                let padding = (before - rest.len()).wrapping_neg() % 4;
                take(&mut rest, padding + check_size)?;
            }
        }
        Ok(())
    }
}

fn corrupt(what: &str) -> CodecError {
    CodecError::Corrupt(format!("LZMA: {what}"))
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], CodecError> {
    rest.split_off(..count).ok_or_else(|| corrupt("the stream ends early"))
}

/// Reads the stream header (section 2.1.1); gives the size of the check behind each block.
fn stream_header(rest: &mut &[u8]) -> Result<usize, CodecError> {
    let Some((header, behind)) = rest.split_first_chunk::<12>() else { return Err(corrupt("the stream ends early")) };
    let [0xFD, b'7', b'z', b'X', b'Z', 0, 0, kind @ 0..=15, sum @ ..] = *header else {
        return Err(corrupt("this is no .xz stream"));
    };
    if crc32(&[0, kind]) != u32::from_le_bytes(sum) {
        return Err(corrupt("the check sum of the stream's header is wrong"));
    }
    *rest = behind;
    Ok(match kind {
        0 => 0,
        1..=3 => 4,
        4..=6 => 8,
        7..=9 => 16,
        10..=12 => 32,
        _ => 64,
    })
}

/// What a block header (section 3.1) says that matters here.
#[derive(Debug, Default, PartialEq)]
struct BlockHeader {
    /// Size of the dictionary.
    dictionary: u64,
    /// Distances of the delta filters, in the order in which they were applied; 0 is none.
    deltas: [usize; 3],
}

impl BlockHeader {
    /// `None` where the index is reached.
    fn read(rest: &mut &[u8]) -> Result<Option<Self>, CodecError> {
        let size = match rest.first() {
            None => return Err(corrupt("the stream ends early")),
            Some(0) => return Ok(None),
            Some(size) => (usize::from(*size) + 1) * 4,
        };
        let header = take(rest, size)?;
        let Some((fields, sum)) = header.split_last_chunk::<4>() else { return Ok(None) };
        if crc32(fields) != u32::from_le_bytes(*sum) {
            return Err(corrupt("the check sum of a block's header is wrong"));
        }
        Self::parse(fields.get(1..).unwrap_or_default()).ok_or_else(|| corrupt("a block's header can't be read")).and_then(|h| h.map(Some))
    }

    /// `None` where the header is damaged.
    fn parse(mut fields: &[u8]) -> Option<Result<Self, CodecError>> {
        const DELTA: u64 = 3;
        const LZMA2: u64 = 0x21;

        let flags = *fields.split_off_first()?;
        if flags & 0x3C != 0 {
            return None;
        }
        for bit in [0x40, 0x80] {
            // The sizes of the block, packed and unpacked.
            if flags & bit != 0 {
                number(&mut fields)?;
            }
        }
        let filters = flags & 3;
        let mut header = Self::default();
        for distance in header.deltas.iter_mut().take(usize::from(filters)) {
            match filter(&mut fields)? {
                (DELTA, [reach]) => *distance = usize::from(*reach) + 1,
                (id, _) => return Some(Err(CodecError::Unsupported(format!("LZMA: filter {id} is not read")))),
            }
        }
        header.dictionary = match filter(&mut fields)? {
            (LZMA2, [40]) => u64::from(u32::MAX),
            (LZMA2, [bits @ 0..40]) => u64::from(2 | bits & 1) << (bits / 2 + 11),
            (LZMA2, _) => return None,
            (id, _) => return Some(Err(CodecError::Unsupported(format!("LZMA: filter {id} is not read")))),
        };
        Some(Ok(header))
    }
}

/// A filter's id and properties.
fn filter<'a>(fields: &mut &'a [u8]) -> Option<(u64, &'a [u8])> {
    let id = number(fields)?;
    let size = number(fields)?;
    Some((id, fields.split_off(..usize::try_from(size).ok()?)?))
}

/// A number of seven bits a byte, the lowest first (section 1.2).
fn number(fields: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let byte = *fields.split_off_first()?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Decodes LZMA2 data up to its end or until `target` is full; gives the bytes written.
fn lzma2(rest: &mut &[u8], dictionary: u64, target: &mut [u8]) -> Result<usize, CodecError> {
    const SMALLEST: u64 = 4096;

    let dictionary = dictionary.min((target.len() as u64).max(SMALLEST)).min(u64::from(u32::MAX));
    let mut reader = Lzma2Reader::new(rest, dictionary as u32, None);
    let mut written = 0;
    while let Some(left) = target.get_mut(written..).filter(|left| !left.is_empty()) {
        match reader.read(left) {
            Ok(0) => break,
            Ok(count) => written += count,
            Err(error) => return Err(CodecError::Corrupt(format!("LZMA, after {written} of {} bytes: {error}", target.len()))),
        }
    }
    Ok(written)
}

/// Adds to each byte the one `distance` before it (section 5.3.3).
fn undo_delta(bytes: &mut [u8], distance: usize) {
    if distance == 1 {
        let mut previous = 0u8;
        for byte in bytes {
            previous = previous.wrapping_add(*byte);
            *byte = previous;
        }
        return;
    }
    let mut previous = [0u8; 256];
    let previous = previous.get_mut(..distance).unwrap_or_default();
    for group in bytes.chunks_mut(distance) {
        for (byte, sum) in group.iter_mut().zip(previous.iter_mut()) {
            *sum = sum.wrapping_add(*byte);
            *byte = *sum;
        }
    }
}

/// The CRC-32 of IEEE 802.3. Headers are short: no table.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| crc >> 1 ^ (crc & 1).wrapping_neg() & 0xEDB8_8320;
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::super::Backend;
    use super::super::testing::{self, decode, layout};
    use super::*;

    fn expected() -> Vec<u8> {
        (0..300_u32).map(|i| (i / 5 * i % 23) as u8).collect()
    }

    /// What libtiff writes for 16-bit samples; `lzma.compress(bytes(i // 5 * i % 23 for i in range(300)), check=lzma.CHECK_NONE,
    /// filters=[{"id": lzma.FILTER_DELTA, "dist": 2}, {"id": lzma.FILTER_LZMA2, "preset": 6}])` in Python.
    const DELTA: [u8; 164] = [
        253, 55, 122, 88, 90, 0, 0, 0, 255, 18, 217, 65, 2, 1, 3, 1, 1, 33, 1, 22, 28, 71, 120, 86, 224, 1, 43, 0, 107, 93, 0, 0, 104, 255,
        156, 223, 194, 197, 172, 99, 86, 179, 181, 121, 133, 222, 170, 144, 211, 70, 180, 226, 63, 13, 3, 17, 194, 163, 250, 185, 217, 25,
        82, 132, 89, 123, 46, 126, 118, 250, 13, 95, 32, 79, 218, 204, 238, 100, 173, 8, 4, 198, 55, 75, 252, 162, 165, 13, 28, 183, 86,
        106, 201, 173, 200, 250, 96, 113, 167, 190, 56, 216, 227, 0, 225, 27, 211, 45, 127, 40, 204, 188, 170, 27, 25, 173, 189, 104, 121,
        252, 207, 119, 78, 54, 77, 39, 57, 132, 150, 219, 79, 194, 90, 255, 254, 116, 0, 0, 0, 0, 0, 1, 127, 172, 2, 0, 0, 0, 213, 209,
        255, 38, 168, 0, 10, 252, 2, 0, 0, 0, 0, 0, 89, 90,
    ];

    /// The same bytes in three blocks with CRC-64: `xz --block-size=120 --lzma2=preset=9`.
    const BLOCKS: [u8; 368] = [
        253, 55, 122, 88, 90, 0, 0, 4, 230, 214, 180, 70, 2, 0, 33, 1, 28, 0, 0, 0, 16, 207, 88, 204, 224, 0, 119, 0, 93, 93, 0, 0, 104,
        255, 156, 224, 38, 2, 146, 148, 154, 146, 191, 245, 247, 227, 62, 108, 121, 136, 120, 29, 44, 196, 241, 14, 88, 75, 246, 199, 158,
        195, 13, 164, 44, 145, 233, 126, 135, 210, 11, 197, 104, 149, 39, 2, 60, 90, 34, 122, 202, 26, 134, 122, 198, 193, 39, 91, 31, 74,
        193, 84, 17, 116, 63, 246, 6, 28, 16, 206, 170, 137, 64, 245, 141, 96, 45, 83, 67, 115, 127, 141, 153, 169, 23, 10, 251, 134, 89,
        157, 168, 219, 240, 96, 0, 0, 0, 0, 95, 111, 192, 157, 91, 29, 80, 116, 2, 0, 33, 1, 28, 0, 0, 0, 16, 207, 88, 204, 224, 0, 119, 0,
        93, 93, 0, 2, 129, 189, 98, 142, 181, 236, 158, 253, 160, 160, 237, 26, 54, 145, 64, 25, 234, 250, 184, 28, 119, 172, 54, 169, 154,
        197, 163, 243, 85, 77, 71, 75, 65, 167, 177, 94, 253, 131, 89, 182, 234, 142, 208, 239, 110, 241, 16, 122, 26, 170, 166, 196, 207,
        42, 56, 227, 16, 70, 0, 50, 97, 221, 198, 126, 98, 80, 27, 59, 121, 233, 234, 229, 80, 130, 121, 228, 217, 236, 79, 132, 182, 219,
        31, 102, 168, 68, 61, 103, 224, 5, 0, 0, 0, 0, 0, 0, 20, 87, 182, 166, 61, 160, 175, 206, 2, 0, 33, 1, 28, 0, 0, 0, 16, 207, 88,
        204, 224, 0, 59, 0, 55, 93, 0, 10, 5, 252, 28, 240, 107, 176, 164, 141, 67, 154, 11, 153, 60, 194, 186, 224, 27, 123, 178, 171,
        162, 110, 118, 88, 230, 56, 121, 210, 225, 64, 30, 16, 119, 223, 242, 224, 229, 171, 209, 73, 105, 126, 97, 68, 80, 38, 112, 10,
        83, 109, 48, 119, 157, 0, 0, 0, 24, 68, 213, 65, 254, 125, 249, 45, 0, 3, 121, 120, 121, 120, 83, 60, 29, 150, 105, 67, 177, 196,
        103, 251, 2, 0, 0, 0, 0, 4, 89, 90,
    ];

    #[test]
    fn reads_what_liblzma_wrote() {
        for stream in [&DELTA[..], &BLOCKS] {
            assert_eq!(decode(&Lzma, stream, &layout(300, 1, 1), Backend::Native, 300), Ok(expected()));
            let cut = decode(&Lzma, stream, &layout(130, 1, 1), Backend::Native, 130);
            assert_eq!(cut.as_deref(), Ok(&expected()[..130]), "a longer stream is cut");
            assert!(decode(&Lzma, stream, &layout(301, 1, 1), Backend::Native, 301).is_err());
        }
    }

    #[test]
    fn only_the_headers_check_sums_count() {
        let damage = |at: usize| {
            let mut stream = BLOCKS;
            stream[at] ^= 1;
            decode(&Lzma, &stream, &layout(300, 1, 1), Backend::Native, 300)
        };
        assert!(damage(8).is_err() && damage(20).is_err());
        assert_eq!(damage(BLOCKS.len() - 1), Ok(expected()));
    }

    #[test]
    fn the_dictionary_is_no_larger_than_the_block() {
        let header = BlockHeader::parse(&[0, 0x21, 1, 40, 0, 0, 0]);
        assert_eq!(header, Some(Ok(BlockHeader { dictionary: u64::from(u32::MAX), deltas: [0; 3] })));
        let mut stored = &[1, 0, 2, 7, 8, 9, 0][..];
        let mut target = [0; 3];
        assert_eq!((lzma2(&mut stored, u64::from(u32::MAX), &mut target), target), (Ok(3), [7, 8, 9]));
    }

    #[test]
    fn machine_code_filters_are_named() {
        let header = BlockHeader::parse(&[1, 4, 0, 0x21, 1, 22, 0]);
        assert_eq!(header, Some(Err(CodecError::Unsupported("LZMA: filter 4 is not read".into()))));
    }

    #[test]
    fn damaged_streams_never_panic() {
        testing::torture(&Lzma, &DELTA, &layout(300, 1, 1), 300);
        testing::torture(&Lzma, &BLOCKS, &layout(300, 1, 1), 300);
    }
}
