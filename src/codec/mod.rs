//! Compressed block in, samples out: one file a compression.
//!
//! A codec is told the size it must produce and writes into the slice it is given; it never allocates by what the stream claims.
//! Its output is the block as an uncompressed TIFF would store it: rows of packed samples, each row padded to a whole byte, in the
//! file's byte order. Byte order and `Predictor` are undone afterwards, by [`predictor`]; JPEG and WebP know neither.
//!
//! Two sets: the native libraries (feature `native-codecs`, the default), and the pure-Rust one, which serves where the option
//! `decode.backend` is `rust`, and as the fall-back for streams that a native library refuses.

/// Which set of decoders to use: the setting `decode.backend`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backend {
    /// libdeflate, libjpeg-turbo, libwebp, libzstd.
    #[default]
    Native,
    /// flate2, jpeg-decoder, image-webp, ruzstd, weezl.
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
    /// Whether the file is JPEG-compressed YCbCr, which decodes to RGB.
    pub(crate) ycbcr: bool,
    /// The `JPEGTables` field: an abbreviated stream of quantisation and Huffman tables.
    pub(crate) jpeg_tables: Option<&'a [u8]>,
    pub(crate) backend: Backend,
}

impl BlockLayout<'_> {
    /// Bytes in one row of the decoded block.
    pub(crate) fn row_bytes(&self) -> usize {
        (self.width * self.samples * usize::from(self.bits)).div_ceil(8)
    }
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
}

/// Decodes one compression.
pub(crate) trait Codec: Send + Sync {
    /// Fills `output`, whose length is the decoded block's size, from the stored bytes `input`.
    ///
    /// A stream that holds more than `output` is cut, as libtiff does; one that holds less is an error, and then `output` is partly
    /// written.
    fn decode(&self, input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError>;
}
