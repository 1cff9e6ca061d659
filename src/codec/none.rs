//! No compression (`Compression` = 1): TIFF 6.0, section 7.
//!
//! Traps: a block may hold more bytes than it needs (writers that reserve whole tiles at the right edge), never fewer; `Predictor`
//! is ignored, as libtiff ignores it, though some writers set it.

use super::{BlockLayout, Codec, CodecError};

pub(super) struct None;

impl Codec for None {
    fn decode(&self, input: &[u8], _: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        let stored = input.get(..output.len()).ok_or_else(|| CodecError::short("uncompressed", input.len(), output.len()))?;
        output.copy_from_slice(stored);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::layout;
    use super::*;

    #[test]
    fn a_longer_block_is_cut_and_a_shorter_one_refused() {
        let mut output = [0; 3];
        assert_eq!(None.decode(&[1, 2, 3, 4], &layout(3, 1, 1), &mut output), Ok(()));
        assert_eq!(output, [1, 2, 3]);
        assert!(matches!(None.decode(&[1, 2], &layout(3, 1, 1), &mut output), Err(CodecError::Corrupt(_))));
    }
}
