//! What the codecs' tests share: layouts, deterministic noise, damaged streams.

use super::{Backend, BlockLayout, Codec, CodecError};

/// An 8-bit block without anything special.
pub(super) fn layout(width: usize, height: usize, samples: usize) -> BlockLayout<'static> {
    BlockLayout {
        width,
        height,
        samples,
        bits: 8,
        sample_format: 1,
        photometric: 1,
        ycbcr: false,
        subsampling: (1, 1),
        jpeg_tables: None,
        jpeg_scans: 100,
        lerc_packing: 0,
        t4_options: 0,
        backend: Backend::Native,
    }
}

/// A xorshift generator: the same noise on every machine.
pub(super) struct Noise(u64);

impl Noise {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() >> 11) as usize % end
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| (self.next() >> 32) as u8).collect()
    }
}

/// Bytes that compress as pictures do: slopes, repeats, flat runs and some noise.
pub(super) fn picture(len: usize, seed: u64) -> Vec<u8> {
    let mut noise = Noise::new(seed);
    let mut out = Vec::with_capacity(len);
    while out.len() < len {
        let count = 1 + noise.below(200);
        let (start, kind) = (noise.next() as u8, noise.below(4));
        for i in 0..count {
            let back = 1 + noise.below(3);
            out.push(match kind {
                0 => start,
                1 => start.wrapping_add((i / 3) as u8),
                2 => out.len().checked_sub(700).map_or(start, |at| out[at]),
                _ => start.wrapping_add((i * back) as u8),
            });
        }
    }
    out.truncate(len);
    out
}

/// Decodes with one backend into a fresh buffer of `len` bytes, with guard bytes behind it that must stay as they were.
pub(super) fn decode(
    codec: &dyn Codec,
    input: &[u8],
    layout: &BlockLayout<'_>,
    backend: Backend,
    len: usize,
) -> Result<Vec<u8>, CodecError> {
    let mut buffer = vec![0xA5; len + 64];
    let result = codec.decode(input, &BlockLayout { backend, ..*layout }, &mut buffer[..len]);
    assert!(buffer[len..].iter().all(|&byte| byte == 0xA5), "written past the output");
    buffer.truncate(len);
    result.map(|()| buffer)
}

/// Every truncation (of long streams: a sample) and many mutations of `valid`, with both backends: none may panic or write past the
/// output. A truncation that decodes must give the pixels of the whole stream wherever the codec is lossless; the caller knows.
pub(super) fn torture(codec: &dyn Codec, valid: &[u8], layout: &BlockLayout<'_>, len: usize) {
    let mut noise = Noise::new(0x5EED);
    for backend in [Backend::Native, Backend::Rust] {
        let step = 1 + valid.len() / 600;
        for end in (0..valid.len()).step_by(step) {
            let _ = decode(codec, &valid[..end], layout, backend, len);
        }
        for _ in 0..600 {
            let mut damaged = valid.to_vec();
            for _ in 0..=noise.below(3) {
                let at = noise.below(damaged.len());
                damaged[at] = noise.next() as u8;
            }
            let _ = decode(codec, &damaged, layout, backend, len);
        }
    }
}
