//! Compressed block in, samples out: one file a compression.
//!
//! A codec is told the size it must produce and writes into the slice it is given; it never allocates by what the stream claims.
//! Its output is the block as an uncompressed TIFF would store it: rows of packed samples, each row padded to a whole byte, in the
//! file's byte order. Byte order and `Predictor` are undone afterwards, by [`predictor`]; JPEG and WebP know neither.
//!
//! To add a codec: write its file, give it a line in [`lookup`] and one in [`name`].
//!
//! Two sets: the native libraries (feature `native-codecs`, the default), and the pure-Rust one, which serves where the option
//! `decode.backend` is `rust`, and as the fall-back for streams that a native library refuses.

mod ccitt;
mod deflate;
mod jpeg;
mod jxl;
mod lerc;
mod lzma;
mod lzw;
mod none;
mod old_jpeg;
mod packbits;
pub(crate) mod predictor;
mod sgilog;
#[cfg(test)]
mod testing;
mod webp;
mod zstd;

/// `Compression` 1.
pub(crate) const NONE: u16 = 1;
/// `Compression` 6: JPEG as TIFF 6.0 had it first.
pub(crate) const OLD_JPEG: u16 = 6;
/// `Compression` 5.
pub(crate) const LZW: u16 = 5;
/// `Compression` 7: JPEG as TIFF Technical Note 2 has it.
pub(crate) const JPEG: u16 = 7;
/// `Compression` 8: Deflate as Adobe has it.
pub(crate) const DEFLATE: u16 = 8;
/// `Compression` 34887.
pub(crate) const LERC: u16 = 34887;
/// `Compression` 50000.
pub(crate) const ZSTD: u16 = 50000;
/// `Compression` 50001.
pub(crate) const WEBP: u16 = 50001;
/// `Compression` 50002.
pub(crate) const JXL: u16 = 50002;
/// `Compression` 52546: JPEG XL as DNG 1.7 has it.
pub(crate) const JXL_DNG: u16 = 52546;

pub(crate) use old_jpeg::{Fields as OldJpegFields, Stream as OldJpegStream};

/// Which set of decoders to use: the setting `decode.backend`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backend {
    /// libdeflate, libjpeg-turbo, libwebp, libzstd.
    #[default]
    Native,
    /// flate2, jpeg-decoder, image-webp, ruzstd, weezl. In both sets LZMA is lzma-rust2, JPEG XL jxl, LERC and CCITT this crate's own.
    Rust,
}

/// What a decoder must know of the block beside its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockLayout<'a> {
    /// Pixels in a row of the block.
    pub(crate) width: usize,
    /// Rows in the block; a last strip has fewer than `RowsPerStrip`.
    pub(crate) height: usize,
    /// Samples a pixel in this block: `SamplesPerPixel` where chunky, 1 where planar.
    pub(crate) samples: usize,
    /// `BitsPerSample`.
    pub(crate) bits: u16,
    /// `SampleFormat`.
    pub(crate) sample_format: u16,
    /// `PhotometricInterpretation`.
    pub(crate) photometric: u16,
    /// Whether the file is JPEG-compressed YCbCr, which decodes to RGB.
    pub(crate) ycbcr: bool,
    /// Luma samples across and down that share one Cb and one Cr; (1, 1) but for subsampled YCbCr outside JPEG.
    pub(crate) subsampling: (usize, usize),
    /// The `JPEGTables` field: an abbreviated stream of quantisation and Huffman tables.
    pub(crate) jpeg_tables: Option<&'a [u8]>,
    /// The second number of `LercParameters`: 0, or what LERC blobs are packed with.
    pub(crate) lerc_packing: u32,
    /// `T4Options`: the variant of Group 3.
    pub(crate) t4_options: u32,
    /// `limits.jpeg_scans`.
    pub(crate) jpeg_scans: u32,
    pub(crate) backend: Backend,
}

/// Why a block can't be decoded. The reader adds file, level and tile.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum CodecError {
    /// The stream is damaged or ends early.
    #[error("{0}")]
    Corrupt(String),
    /// A valid stream of a kind that is not read.
    #[error("{0}")]
    Unsupported(String),
    /// A progressive JPEG of more scans than this, `limits.jpeg_scans`.
    #[error("a JPEG of more than {0} scans")]
    Scans(u32),
}

/// Decodes one compression.
pub(crate) trait Codec: Send + Sync {
    /// Fills `output`, whose length is the decoded block's size, from the stored bytes `input`.
    ///
    /// A stream that holds more than `output` is cut, as libtiff does; one that holds less is an error, and then `output` is partly
    /// written.
    fn decode(&self, input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError>;
}

impl CodecError {
    /// The stream ended when `got` of `expected` bytes were decoded.
    fn short(codec: &str, got: usize, expected: usize) -> Self {
        Self::Corrupt(format!("the {codec} stream holds {got} bytes where the block has {expected}"))
    }
}

/// The decoder of a `Compression` value, or `None` where there is none.
pub(crate) fn lookup(compression: u16) -> Option<&'static dyn Codec> {
    Some(match compression {
        1 => &none::None,
        2 => &ccitt::Ccitt::Runs,
        3 => &ccitt::Ccitt::Group3,
        4 => &ccitt::Ccitt::Group4,
        5 => &lzw::Lzw,
        6 => &old_jpeg::OldJpeg,
        7 => &jpeg::Jpeg,
        8 | 32946 => &deflate::Deflate,
        32773 => &packbits::PackBits,
        34676 => &sgilog::SgiLog::Runs,
        34677 => &sgilog::SgiLog::Packed24,
        34887 => &lerc::Lerc,
        34925 => &lzma::Lzma,
        50000 => &zstd::Zstd,
        50001 => &webp::WebP,
        50002 | 52546 => &jxl::JpegXl,
        _ => return None,
    })
}

/// What GDAL and rasterio call a `Compression` value, decoded here or not; `None` for 1 (uncompressed) and for unknown values.
pub(crate) fn name(compression: u16) -> Option<&'static str> {
    Some(match compression {
        2 => "ccittrle",
        3 => "ccittfax3",
        4 => "ccittfax4",
        5 => "lzw",
        6 => "OJPEG",
        7 => "jpeg",
        8 | 32946 => "deflate",
        // GDAL's names of what it reads and this library does not.
        32766 => "NEXT",
        32771 => "CCITTRLEW",
        32809 => "THUNDERSCAN",
        32909 => "PIXARLOG",
        34661 => "JBIG",
        32773 => "packbits",
        34676 => "SGILOG",
        34677 => "SGILOG24",
        34712 => "JP2000",
        34887 => "lerc",
        34925 => "lzma",
        50000 => "zstd",
        50001 => "webp",
        50002 | 52546 => "jxl",
        _ => return None,
    })
}

/// The most bytes that one stored byte can become, where the compression has such a bound: a block that claims more is damaged, and is
/// refused before memory is taken for it.
pub(crate) fn most_expansion(compression: u16) -> Option<u64> {
    match compression {
        // Strings of the LZW table, of up to 3838 bytes, cost 12 bits (or 9 while the table is small).
        5 => Some(3838),
        // RFC 1951: a length code and a distance code take at least 2 bits and copy up to 258 bytes.
        8 | 32946 => Some(1032),
        32773 => Some(64),
        // Two bytes of each of four planes are up to 129 pixels, of up to three 4-byte samples; three bytes are one pixel.
        34676 => Some(194),
        34677 => Some(4),
        _ => None,
    }
}

/// SGI LogLuv, whose decoder gives samples in the machine's byte order, not the file's.
pub(crate) fn is_sgilog(compression: u16) -> bool {
    matches!(compression, 34676 | 34677)
}

/// Whether `Predictor` means anything under this `Compression`. libtiff ignores the field under the others, even when it is there.
pub(crate) fn honours_predictor(compression: u16) -> bool {
    matches!(compression, 5 | 8 | 32946 | 34925 | 50000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_decoder_has_a_name() {
        for compression in 2..=u16::MAX {
            assert!(lookup(compression).is_none() || name(compression).is_some(), "{compression}");
        }
        assert!(lookup(1).is_some() && name(1).is_none());
        assert!(lookup(34712).is_none());
    }
}
