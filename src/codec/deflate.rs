//! Deflate in a zlib envelope (`Compression` = 8, and the older 32946): Adobe's TIFF Technical Note of 2002; RFC 1950, RFC 1951.
//!
//! Traps: some writers store more than the block (a whole tile where the image ends earlier); the stream is cut then, and its
//! checksum never reached. Where the stream ends with the block a wrong Adler-32 is an error, as it is in GDAL (measured with
//! 3.6.2), but a missing one is not: zlib stops when the output is full.
//!
//! libdeflate decodes whole streams only. Whatever it refuses goes to flate2, which reads as zlib does and has the last word.

use flate2::{Decompress, FlushDecompress, Status};

use super::{BlockLayout, Codec, CodecError};

pub(super) struct Deflate;

impl Codec for Deflate {
    fn decode(&self, input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        #[cfg(feature = "native-codecs")]
        if layout.backend == super::Backend::Native && native::inflate(input, output) == Some(output.len()) {
            return Ok(());
        }
        #[cfg(not(feature = "native-codecs"))]
        let _ = layout;
        inflate(input, output)
    }
}

impl Deflate {
    /// Decodes a stream of at most `output.len()` bytes; gives how many they are.
    pub(super) fn decode_at_most(input: &[u8], backend: super::Backend, output: &mut [u8]) -> Result<usize, CodecError> {
        #[cfg(feature = "native-codecs")]
        if backend == super::Backend::Native
            && let Some(count) = native::inflate(input, output)
        {
            return Ok(count);
        }
        #[cfg(not(feature = "native-codecs"))]
        let _ = backend;
        inflate_at_most(input, output)
    }
}

fn inflate(input: &[u8], output: &mut [u8]) -> Result<(), CodecError> {
    let (got, expected) = (inflate_at_most(input, output)?, output.len());
    if got == expected { Ok(()) } else { Err(CodecError::short("deflate", got, expected)) }
}

/// Streaming decoder: stops when `output` is full.
fn inflate_at_most(input: &[u8], output: &mut [u8]) -> Result<usize, CodecError> {
    let expected = output.len();
    let mut decoder = Decompress::new(true);
    loop {
        let (read, written) = (decoder.total_in() as usize, decoder.total_out() as usize);
        let (Some(rest), Some(target)) = (input.get(read..), output.get_mut(written..)) else { break };
        let status = decoder
            .decompress(rest, target, FlushDecompress::None)
            .map_err(|error| CodecError::Corrupt(format!("deflate, after {} of {expected} bytes: {error}", decoder.total_out())))?;
        let stuck = decoder.total_in() as usize == read && decoder.total_out() as usize == written;
        if status == Status::StreamEnd || stuck || decoder.total_out() as usize >= expected {
            break;
        }
    }
    Ok(decoder.total_out() as usize)
}

#[cfg(feature = "native-codecs")]
#[allow(unsafe_code, reason = "bindings to libdeflate")]
mod native {
    use std::cell::RefCell;
    use std::ptr::NonNull;

    use libdeflate_sys as sys;

    /// A decompressor holds tables of 11 KB and no state between calls: one a thread, kept.
    struct Decompressor(NonNull<sys::libdeflate_decompressor>);

    impl Decompressor {
        fn new() -> Option<Self> {
            // SAFETY: no arguments; null (out of memory) is handled.
            NonNull::new(unsafe { sys::libdeflate_alloc_decompressor() }).map(Self)
        }

        /// The bytes written, or `None` where libdeflate refuses the stream.
        fn zlib(&mut self, input: &[u8], output: &mut [u8]) -> Option<usize> {
            let mut written = 0;
            // SAFETY: the decompressor is alive and exclusively borrowed; both buffers are given with their true lengths, and
            // libdeflate reads and writes within them only.
            let result = unsafe {
                sys::libdeflate_zlib_decompress(
                    self.0.as_ptr(),
                    input.as_ptr().cast(),
                    input.len(),
                    output.as_mut_ptr().cast(),
                    output.len(),
                    &raw mut written,
                )
            };
            (result == sys::libdeflate_result_LIBDEFLATE_SUCCESS).then_some(written)
        }
    }

    impl Drop for Decompressor {
        fn drop(&mut self) {
            // SAFETY: allocated by libdeflate, freed once.
            unsafe { sys::libdeflate_free_decompressor(self.0.as_ptr()) };
        }
    }

    thread_local! {
        static DECOMPRESSOR: RefCell<Option<Decompressor>> = RefCell::new(Decompressor::new());
    }

    /// Decodes a whole stream; `None` where libdeflate can't.
    pub(super) fn inflate(input: &[u8], output: &mut [u8]) -> Option<usize> {
        DECOMPRESSOR.try_with(|cell| cell.try_borrow_mut().ok()?.as_mut()?.zlib(input, output)).ok()?
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::Backend;
    use super::super::testing::{self, decode, layout, picture};
    use super::*;

    /// `python3 -c "import zlib; print(list(zlib.compress(bytes(i * i % 251 for i in range(40)), 9)))"`
    const ZLIB: [u8; 49] = [
        120, 218, 99, 96, 100, 225, 20, 144, 84, 49, 116, 8, 76, 169, 156, 176, 242, 200, 67, 86, 53, 207, 188, 169, 251, 94, 74, 123, 85,
        175, 123, 44, 31, 49, 249, 130, 72, 232, 140, 187, 154, 69, 123, 249, 1, 10, 81, 15, 135,
    ];

    fn deflate(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn reads_what_zlib_wrote() {
        let expected: Vec<u8> = (0..40_u32).map(|i| (i * i % 251) as u8).collect();
        for backend in [Backend::Native, Backend::Rust] {
            assert_eq!(decode(&Deflate, &ZLIB, &layout(40, 1, 1), backend, 40).as_ref(), Ok(&expected));
        }
    }

    #[test]
    fn both_backends_give_the_bytes_that_were_packed() {
        for len in [1, 2, 300, 4096, 100_000] {
            let data = picture(len, len as u64);
            let packed = deflate(&data);
            for backend in [Backend::Native, Backend::Rust] {
                assert_eq!(decode(&Deflate, &packed, &layout(len, 1, 1), backend, len).as_ref(), Ok(&data));
                let half = len.div_ceil(2);
                let cut = decode(&Deflate, &packed, &layout(half, 1, 1), backend, half);
                assert_eq!(cut.as_deref(), Ok(&data[..half]), "a longer stream is cut");
                assert!(decode(&Deflate, &packed, &layout(len + 1, 1, 1), backend, len + 1).is_err(), "a shorter one is refused");
            }
        }
    }

    #[test]
    fn a_missing_checksum_is_tolerated_and_a_wrong_one_is_not() {
        let data = picture(1000, 3);
        let mut packed = deflate(&data);
        for backend in [Backend::Native, Backend::Rust] {
            let missing = decode(&Deflate, &packed[..packed.len() - 4], &layout(1000, 1, 1), backend, 1000);
            assert_eq!(missing.as_ref(), Ok(&data));
        }
        *packed.last_mut().unwrap() ^= 1;
        for backend in [Backend::Native, Backend::Rust] {
            assert!(matches!(decode(&Deflate, &packed, &layout(1000, 1, 1), backend, 1000), Err(CodecError::Corrupt(_))));
        }
    }

    #[test]
    fn damaged_streams_never_panic() {
        let data = picture(3000, 5);
        testing::torture(&Deflate, &deflate(&data), &layout(3000, 1, 1), 3000);
    }
}
