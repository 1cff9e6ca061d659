//! Zstandard (`Compression` = 50000): libtiff's `tif_zstd.c`; RFC 8878.
//!
//! Traps: a frame may hold more than the block, and then is cut; bytes may follow the frame, and are not read. A frame may ask for a
//! window far above its content: both backends stop at 128 MiB, libzstd's own limit, of which only what is decoded gets touched.

use super::{BlockLayout, Codec, CodecError};

pub(super) struct Zstd;

impl Codec for Zstd {
    fn decode(&self, input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        match layout.backend {
            #[cfg(feature = "native-codecs")]
            super::Backend::Native => native::decode(input, output),
            _ => decode_ruzstd(input, output),
        }
    }
}

impl Zstd {
    /// Decodes a frame of at most `output.len()` bytes; gives how many they are.
    pub(super) fn decode_at_most(input: &[u8], backend: super::Backend, output: &mut [u8]) -> Result<usize, CodecError> {
        match backend {
            #[cfg(feature = "native-codecs")]
            super::Backend::Native => native::decode_at_most(input, output),
            _ => ruzstd_at_most(input, output),
        }
    }
}

fn decode_ruzstd(input: &[u8], output: &mut [u8]) -> Result<(), CodecError> {
    let (written, expected) = (ruzstd_at_most(input, output)?, output.len());
    if written >= expected { Ok(()) } else { Err(CodecError::short("zstd", written, expected)) }
}

/// ruzstd, block by block (128 KiB at most), so that no more is decoded than fits.
fn ruzstd_at_most(mut input: &[u8], output: &mut [u8]) -> Result<usize, CodecError> {
    use std::io::Read;

    use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

    const WINDOW_LIMIT: u64 = 128 << 20;

    let corrupt = |written: usize, error: &dyn std::fmt::Display| CodecError::Corrupt(format!("zstd, after {written} bytes: {error}"));
    let expected = output.len();
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(WINDOW_LIMIT);
    decoder.init(&mut input).map_err(|error| corrupt(0, &error))?;
    let mut written = 0;
    while written < expected {
        if !decoder.is_finished() {
            decoder.decode_blocks(&mut input, BlockDecodingStrategy::UptoBlocks(1)).map_err(|error| corrupt(written, &error))?;
        }
        let Some(target) = output.get_mut(written..) else { break };
        let count = decoder.read(target).map_err(|error| corrupt(written, &error))?;
        written += count;
        if count == 0 && decoder.is_finished() {
            break;
        }
    }
    // The window holds the last bytes back until the frame ends; a frame that goes on past the block is read on for them.
    Ok(written)
}

#[cfg(feature = "native-codecs")]
mod native {
    use std::cell::RefCell;

    use zstd_safe::{DCtx, InBuffer, OutBuffer, get_error_name};

    use super::super::CodecError;

    thread_local! {
        /// 160 KB each, made once a thread.
        static CONTEXT: RefCell<Option<DCtx<'static>>> = RefCell::new(DCtx::try_create());
    }

    pub(super) fn decode(input: &[u8], output: &mut [u8]) -> Result<(), CodecError> {
        let (count, expected) = (decode_at_most(input, output)?, output.len());
        if count == expected { Ok(()) } else { Err(CodecError::short("zstd", count, expected)) }
    }

    pub(super) fn decode_at_most(input: &[u8], output: &mut [u8]) -> Result<usize, CodecError> {
        let whole = CONTEXT.try_with(|cell| cell.try_borrow_mut().ok()?.as_mut()?.decompress(output, input).ok()).ok().flatten();
        whole.map_or_else(|| stream(input, output), Ok)
    }

    /// What the one-shot call refuses: a frame larger than the block, or one with other bytes behind it. The context is not kept,
    /// because its window may be large.
    fn stream(input: &[u8], output: &mut [u8]) -> Result<usize, CodecError> {
        let expected = output.len();
        let mut context = DCtx::try_create().ok_or_else(|| CodecError::Corrupt("out of memory for a zstd context".into()))?;
        let mut source = InBuffer::around(input);
        let mut target = OutBuffer::around(output);
        loop {
            let before = (source.pos(), target.pos());
            let left = context.decompress_stream(&mut target, &mut source).map_err(|code| {
                CodecError::Corrupt(format!("zstd, after {} of {expected} bytes: {}", target.pos(), get_error_name(code)))
            })?;
            if left == 0 || target.pos() == expected || before == (source.pos(), target.pos()) {
                break;
            }
        }
        Ok(target.pos())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Backend;
    use super::super::testing::{self, decode, layout, picture};
    use super::*;

    /// A frame by hand (RFC 8878, section 3.1): magic; descriptor with an 8-bit content size and a single segment; content size 40;
    /// one last RLE block of 40 bytes 7.
    const RLE: [u8; 10] = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 40, 0x43, 0x01, 0x00, 7];

    #[test]
    fn reads_an_rle_block() {
        for backend in [Backend::Native, Backend::Rust] {
            assert_eq!(decode(&Zstd, &RLE, &layout(40, 1, 1), backend, 40), Ok(vec![7; 40]));
            assert_eq!(decode(&Zstd, &RLE, &layout(9, 1, 1), backend, 9), Ok(vec![7; 9]), "a longer frame is cut");
            assert!(decode(&Zstd, &RLE, &layout(41, 1, 1), backend, 41).is_err());
        }
    }

    #[test]
    fn bytes_behind_the_frame_are_ignored() {
        let mut longer = RLE.to_vec();
        longer.extend([1, 2, 3, 4, 5]);
        for backend in [Backend::Native, Backend::Rust] {
            assert_eq!(decode(&Zstd, &longer, &layout(40, 1, 1), backend, 40), Ok(vec![7; 40]));
        }
    }

    fn packed(data: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn both_backends_give_the_bytes_that_were_packed() {
        for len in [1, 2, 300, 4096, 100_000, 700_000] {
            let data = picture(len, len as u64);
            let stream = packed(&data);
            for backend in [Backend::Native, Backend::Rust] {
                assert_eq!(decode(&Zstd, &stream, &layout(len, 1, 1), backend, len).as_ref(), Ok(&data));
                let cut = len.div_ceil(3);
                assert_eq!(decode(&Zstd, &stream, &layout(cut, 1, 1), backend, cut).as_deref(), Ok(&data[..cut]));
                assert!(decode(&Zstd, &stream, &layout(len + 1, 1, 1), backend, len + 1).is_err());
            }
        }
    }

    #[test]
    fn damaged_streams_never_panic() {
        testing::torture(&Zstd, &packed(&picture(3000, 9)), &layout(3000, 1, 1), 3000);
        testing::torture(&Zstd, &RLE, &layout(40, 1, 1), 40);
    }
}
