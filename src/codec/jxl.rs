//! JPEG XL (`Compression` = 50002, and 52546 from DNG 1.7): GDAL's `tif_jxl.c`; ISO/IEC 18181. Unsigned samples of 8 and 16 bits and
//! floats of 32 bits, any number of them a pixel: one or three colour channels, then the extra channels, alpha among them.
//!
//! Traps:
//! - A block is a naked codestream or a container of boxes. Encoders must put more than four extra channels, 16-bit and float samples into
//!   a container that says "level 10"; not all do, and libjxl doesn't mind. The decoder here does: a naked codestream is given that container.
//! - libjxl's result is a file's only where it is lossless. A lossy block differs from libjxl's by one level of 8 bits at most: libjxl
//!   dithers when it rounds to 8 bits.
//! - Samples come in the machine's byte order, but GDAL swaps those of a big-endian file before it encodes them, and after it has decoded
//!   them: what is decoded here is swapped later, too. (A big-endian file of another writer, tifffile for one, reads differently there.)
//! - Only the first picture of an animation is the block. What is layered below it is decoded with it: a stream may hide thousands of
//!   layers in a few kilobytes, so they are counted.
//!
//! The decoder is the crate `jxl` (libjxl's own, in Rust) in both backends.

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};

use jxl::api::{
    Endianness, Event, JxlColorType, JxlDataFormat, JxlDecoder, JxlDecoderOptions, JxlOutputBuffer, JxlParallelRunner,
    JxlParallelRunnerFun, JxlPixelFormat, ProfileLevel,
};

use super::{BlockLayout, Codec, CodecError};

pub(super) struct JpegXl;

impl Codec for JpegXl {
    fn decode(&self, input: &[u8], layout: &BlockLayout<'_>, output: &mut [u8]) -> Result<(), CodecError> {
        let format = data_format(layout)?;
        let bytes = layout.samples.checked_mul(format.bytes_per_sample());
        if bytes.and_then(|pixel| pixel.checked_mul(layout.width)?.checked_mul(layout.height)) != Some(output.len()) || output.is_empty() {
            return Err(CodecError::Unsupported("a JPEG XL block that is not whole".into()));
        }
        // The crate panics where it finds itself in a state that should not be.
        let decode = AssertUnwindSafe(|| Stream::open(input, layout, format)?.decode(output));
        catch_unwind(decode).unwrap_or_else(|_| Err(CodecError::Corrupt("the JPEG XL decoder gave up on the stream".into())))
    }
}

fn data_format(layout: &BlockLayout<'_>) -> Result<JxlDataFormat, CodecError> {
    const UNSIGNED: u16 = 1;
    const FLOAT: u16 = 3;

    let endianness = Endianness::native();
    match (layout.sample_format, layout.bits) {
        (UNSIGNED, 8) => Ok(JxlDataFormat::U8 { bit_depth: 8 }),
        (UNSIGNED, 16) => Ok(JxlDataFormat::U16 { endianness, bit_depth: 16 }),
        (FLOAT, 32) => Ok(JxlDataFormat::F32 { endianness }),
        (format, bits) => {
            let message = format!("JPEG XL with samples of {bits} bits and SampleFormat {format}; uint8, uint16 and float32 are read");
            Err(CodecError::Unsupported(message))
        }
    }
}

fn corrupt(error: &jxl::error::Error) -> CodecError {
    CodecError::Corrupt(format!("JPEG XL: {error}"))
}

/// How a naked codestream begins.
const CODESTREAM: [u8; 2] = [0xff, 0x0a];

/// A container up to its codestream, which reaches to the end: signature, file type, level 10.
const CONTAINER: &[u8] = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl \0\0\0\x09jxll\x0a\0\0\0\0jxlc";

/// A block's stream, whose header fits the block.
struct Stream<'a> {
    decoder: JxlDecoder,
    rest: &'a [u8],
    width: usize,
    height: usize,
    /// Channels of the colour: 1 or 3.
    colors: usize,
    extras: usize,
    format: JxlDataFormat,
}

impl<'a> Stream<'a> {
    /// Reads the header. Nothing is allocated by what it says before it is known to fit.
    fn open(input: &'a [u8], layout: &BlockLayout<'_>, format: JxlDataFormat) -> Result<Self, CodecError> {
        let mut decoder = JxlDecoder::new(options(layout));
        if input.starts_with(&CODESTREAM) {
            decoder.process(&mut &*CONTAINER, None, None).map_err(|e| corrupt(&e))?;
        }
        let mut rest = input;
        match decoder.process(&mut rest, None, None).map_err(|e| corrupt(&e))? {
            Event::BasicInfo => {}
            _ => return Err(ends_early()),
        }
        let (Some(info), Some(profile)) = (decoder.basic_info(), decoder.embedded_color_profile()) else { return Err(ends_early()) };
        let (size, bits) = (info.size, info.bit_depth.bits_per_sample());
        let (colors, extras) = (if profile.channels() == 1 { 1 } else { 3 }, info.extra_channels.len());
        if size != (layout.width, layout.height) || bits != u32::from(layout.bits) || colors + extras != layout.samples {
            return Err(CodecError::Corrupt(format!(
                "the JPEG XL picture is {}x{} with {} channels of {bits} bits where the block is {}x{} with {} of {}",
                size.0,
                size.1,
                colors + extras,
                layout.width,
                layout.height,
                layout.samples,
                layout.bits
            )));
        }
        let color_type = if colors == 1 { JxlColorType::Grayscale } else { JxlColorType::Rgb };
        let extra_channel_format = vec![Some(format); extras];
        let pixels = JxlPixelFormat { color_type, color_data_format: Some(format), extra_channel_format };
        decoder.set_pixel_format(pixels).map_err(|e| corrupt(&e))?;
        Ok(Self { decoder, rest, width: layout.width, height: layout.height, colors, extras, format })
    }

    fn decode(mut self, output: &mut [u8]) -> Result<(), CodecError> {
        let size = self.format.bytes_per_sample();
        if self.extras == 0 && output.as_ptr().align_offset(size) == 0 {
            return self.run(&mut [(output, self.colors)]);
        }
        let pixels = self.width * self.height;
        let mut color = Plane::new(pixels * self.colors * size)?;
        let mut extras = (0..self.extras).map(|_| Plane::new(pixels * size)).collect::<Result<Vec<_>, _>>()?;
        let mut planes: Vec<(&mut [u8], usize)> = vec![(color.bytes(), self.colors)];
        planes.extend(extras.iter_mut().map(|plane| (plane.bytes(), 1)));
        self.run(&mut planes)?;
        let step = (self.colors + self.extras) * size;
        let mut at = 0;
        for (plane, channels) in planes {
            let len = channels * size;
            interleave(plane, len, output.get_mut(at..).unwrap_or_default(), step);
            at += len;
        }
        Ok(())
    }

    /// Decodes the first picture into the planes, each with its number of interleaved channels.
    fn run(&mut self, planes: &mut [(&mut [u8], usize)]) -> Result<(), CodecError> {
        let row = self.width * self.format.bytes_per_sample();
        let mut passes = Passes(0);
        loop {
            let mut buffers: Vec<JxlOutputBuffer<'_>> =
                planes.iter_mut().map(|(plane, channels)| JxlOutputBuffer::new(plane, self.height, row * *channels)).collect();
            match self.decoder.process(&mut self.rest, Some(&mut buffers), Some(&mut passes)).map_err(|e| corrupt(&e))? {
                Event::FrameComplete { .. } => return Ok(()),
                Event::FrameHeader | Event::BasicInfo => {}
                Event::NeedMoreInput { .. } | Event::Complete => return Err(ends_early()),
            }
        }
    }
}

fn options(layout: &BlockLayout<'_>) -> JxlDecoderOptions {
    let mut options = JxlDecoderOptions::default();
    // The crate counts so, with three colour channels always. The pictures that others are made of may be somewhat larger.
    let samples = layout.width.max(16).saturating_mul(layout.height).saturating_mul(3 + layout.samples);
    options.sample_limit = Some(samples.saturating_mul(4).saturating_add(1 << 16));
    options.max_profile_level = ProfileLevel::Main10;
    options
}

fn ends_early() -> CodecError {
    CodecError::Corrupt("the JPEG XL stream ends early".into())
}

/// Runs the decoder's work on this thread (blocks are decoded in parallel, not what is in them), and counts: each picture that the block is
/// made of takes at least one pass.
struct Passes(usize);

/// libjxl writes one picture, and a few for progressive decoding and for patches.
const MOST_PASSES: usize = 64;

impl JxlParallelRunner for Passes {
    fn run(&mut self, count: usize, work: &JxlParallelRunnerFun<'_>) -> jxl::error::Result<()> {
        self.0 += 1;
        if self.0 > MOST_PASSES {
            return Err(jxl::error::Error::ApiUsageError("the block is made of too many layers"));
        }
        (0..count).try_for_each(work)
    }

    fn run_ordered(&mut self, count: usize, _threads: Option<usize>, work: &JxlParallelRunnerFun<'_>) -> jxl::error::Result<()> {
        self.run(count, work)
    }

    fn num_threads(&self) -> usize {
        1
    }
}

/// Memory in which samples of up to four bytes are aligned, as the decoder demands.
struct Plane {
    memory: Vec<u8>,
    start: usize,
    len: usize,
}

impl Plane {
    fn new(len: usize) -> Result<Self, CodecError> {
        const ALIGN: usize = 4;

        let mut memory = Vec::new();
        let refused = |_| CodecError::Unsupported(format!("{len} bytes of memory for a JPEG XL block could not be had"));
        memory.try_reserve_exact(len + ALIGN).map_err(refused)?;
        memory.resize(len + ALIGN, 0);
        let start = memory.as_ptr().align_offset(ALIGN);
        Ok(Self { memory, start, len })
    }

    fn bytes(&mut self) -> &mut [u8] {
        self.memory.get_mut(self.start..self.start + self.len).unwrap_or_default()
    }
}

/// Puts each `len` bytes of `from` at the beginning of each `step` bytes of `to`.
fn interleave(from: &[u8], len: usize, to: &mut [u8], step: usize) {
    fn fixed<const N: usize>(from: &[u8], to: &mut [u8], step: usize) {
        for (from, to) in from.as_chunks::<N>().0.iter().zip(to.chunks_mut(step)) {
            if let Some(to) = to.first_chunk_mut() {
                *to = *from;
            }
        }
    }
    match len {
        1 => fixed::<1>(from, to, step),
        2 => fixed::<2>(from, to, step),
        3 => fixed::<3>(from, to, step),
        4 => fixed::<4>(from, to, step),
        6 => fixed::<6>(from, to, step),
        _ => fixed::<12>(from, to, step),
    }
}
