//! A LERC2 blob's samples: constant, raw, in tiles, or Huffman-coded.
//!
//! Tiles of 8 × 8 pixels or so are constant, raw or quantised: an offset of a type as small as fits it, and bit-stuffed steps of twice
//! the largest error. Since version 5 a tile may be coded as the difference from the tile of the band before it.

use std::marker::PhantomData;

use super::bits::unstuff;
use super::blob::{Header, Input, Kind, Mask, array, take};
use super::{float, huffman};

/// A sample type, of N bytes.
pub(super) trait Sample<const N: usize>: Copy {
    const KIND: Kind;
    fn load(bytes: [u8; N]) -> Self;
    fn store(self) -> [u8; N];
    fn to_f64(self) -> f64;
    /// Cuts the fraction off. A difference may leave the type's range by the error that a lossy blob allows; Esri's library lets such
    /// a number wrap around (on x86-64, all but int32), and so does this.
    fn from_f64(value: f64) -> Self;
    /// The same of a whole number.
    fn from_i64(value: i64) -> Self;
    /// Decodes what only this type has a coding for; `None` where the coding is not one of them.
    fn huffman(coding: u8, input: Input<'_>, header: &Header, mask: &Mask, samples: &mut [[u8; N]]) -> Option<()>;
}

/// `IEM_DeltaHuffman`, `IEM_Huffman` and `IEM_DeltaDeltaHuffman` of Esri's library.
const DELTAS: u8 = 1;
const PLAIN: u8 = 2;
const LOSSLESS: u8 = 3;

macro_rules! sample {
    ($type:ty, $size:literal, $kind:ident, $through:ty, $huffman:expr) => {
        impl Sample<$size> for $type {
            const KIND: Kind = Kind::$kind;

            #[inline]
            fn load(bytes: [u8; $size]) -> Self {
                Self::from_le_bytes(bytes)
            }

            #[inline]
            fn store(self) -> [u8; $size] {
                self.to_le_bytes()
            }

            #[allow(clippy::cast_lossless, reason = "one line for every type")]
            #[inline]
            fn to_f64(self) -> f64 {
                self as f64
            }

            #[inline]
            fn from_f64(value: f64) -> Self {
                value as $through as Self
            }

            #[inline]
            fn from_i64(value: i64) -> Self {
                value as Self
            }

            fn huffman(coding: u8, input: Input<'_>, header: &Header, mask: &Mask, samples: &mut [[u8; $size]]) -> Option<()> {
                $huffman(coding, input, header, mask, samples)
            }
        }
    };
}

sample!(i8, 1, Int8, i64, |coding, input, header, mask, samples| bytes(coding, input, header, mask, 128, samples));
sample!(u8, 1, UInt8, i64, |coding, input, header, mask, samples| bytes(coding, input, header, mask, 0, samples));
sample!(i16, 2, Int16, i64, |_, _, _, _, _| None);
sample!(u16, 2, UInt16, i64, |_, _, _, _, _| None);
sample!(i32, 4, Int32, i32, |_, _, _, _, _| None);
sample!(u32, 4, UInt32, i64, |_, _, _, _, _| None);
sample!(f32, 4, Float32, f32, |coding, input, header, _, samples| if coding == LOSSLESS {
    float::decode_f32(input, header, samples)
} else {
    None
});
sample!(f64, 8, Float64, f64, |coding, input, header, _, samples| if coding == LOSSLESS {
    float::decode_f64(input, header, samples)
} else {
    None
});

fn bytes(coding: u8, input: Input<'_>, header: &Header, mask: &Mask, zero: u8, samples: &mut [[u8; 1]]) -> Option<()> {
    match coding {
        DELTAS => huffman::decode(input, header, mask, true, zero, samples),
        PLAIN if header.version >= 4 => huffman::decode(input, header, mask, false, zero, samples),
        _ => None,
    }
}

/// Whether a blob says how its samples are coded; all others are in tiles.
fn has_coding(header: &Header) -> bool {
    match header.kind {
        Kind::Int8 | Kind::UInt8 => header.version >= 2 && header.max_error == 0.5,
        Kind::Float32 | Kind::Float64 => header.version >= 6 && header.max_error == 0.0,
        _ => false,
    }
}

/// Decodes what follows the mask. `samples` has the blob's pixels one after the other; those of invalid pixels become 0.
pub(super) fn decode<T: Sample<N>, const N: usize>(
    mut input: Input<'_>,
    header: &Header,
    mask: &Mask,
    samples: &mut [[u8; N]],
) -> Option<()> {
    samples.fill([0; N]);
    let depth = header.depth;
    if header.valid_pixels == 0 {
        return Some(());
    }
    if header.min == header.max {
        fill(&vec![T::from_f64(header.min).store(); depth], mask, samples);
        return Some(());
    }
    let mut maxima = vec![header.max; depth];
    if header.version >= 4 {
        let (low, high) = (take(&mut input, depth * N)?, take(&mut input, depth * N)?);
        if low == high {
            fill(low.as_chunks().0, mask, samples);
            return Some(());
        }
        if depth > 1 {
            maxima = high.as_chunks().0.iter().map(|bytes| T::load(*bytes).to_f64()).collect();
        }
    }
    let [raw] = array(&mut input)?;
    if raw != 0 {
        for (_, pixel) in samples.chunks_exact_mut(depth).enumerate().filter(|(i, _)| mask.valid(*i)) {
            pixel.copy_from_slice(take(&mut input, depth * N)?.as_chunks().0);
        }
        return Some(());
    }
    if has_coding(header) {
        let [coding] = array(&mut input)?;
        if coding != 0 {
            return T::huffman(coding, input, header, mask, samples);
        }
    }
    let mut tiles = Tiles::<T, N> { input, header, mask, samples, steps: Vec::new(), scale: 2.0 * header.max_error, sample: PhantomData };
    tiles.read_all(&maxima)
}

fn fill<const N: usize>(pixel: &[[u8; N]], mask: &Mask, samples: &mut [[u8; N]]) {
    for (_, target) in samples.chunks_exact_mut(pixel.len()).enumerate().filter(|(i, _)| mask.valid(*i)) {
        target.copy_from_slice(pixel);
    }
}

/// Where a tile is: its first pixel and its size; and its band.
#[derive(Debug, Clone, Copy)]
struct Tile {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    band: usize,
}

struct Tiles<'a, T, const N: usize> {
    input: Input<'a>,
    header: &'a Header,
    mask: &'a Mask,
    samples: &'a mut [[u8; N]],
    /// The steps of a quantised tile.
    steps: Vec<u32>,
    /// The height of a step.
    scale: f64,
    sample: PhantomData<T>,
}

impl<T: Sample<N>, const N: usize> Tiles<'_, T, N> {
    fn read_all(&mut self, maxima: &[f64]) -> Option<()> {
        const MAX_SIDE: usize = 32;

        let Header { rows, columns, tile_side, .. } = *self.header;
        if tile_side > MAX_SIDE {
            return None;
        }
        for y in (0..rows).step_by(tile_side) {
            for x in (0..columns).step_by(tile_side) {
                for (band, max) in maxima.iter().enumerate() {
                    let tile = Tile { x, y, width: tile_side.min(columns - x), height: tile_side.min(rows - y), band };
                    self.read(tile, *max)?;
                }
            }
        }
        Some(())
    }

    fn read(&mut self, tile: Tile, max: f64) -> Option<()> {
        const RAW: u8 = 0;
        const STEPS: u8 = 1;
        const ZERO: u8 = 2;

        let version = self.header.version;
        let [head] = array(&mut self.input)?;
        let (difference, check) = if version >= 5 { (head & 4 != 0, 14) } else { (false, 15) };
        // Some bits repeat those of the tile's place.
        if head >> 2 & check != (tile.x >> 3) as u8 & check || difference && tile.band == 0 {
            return None;
        }
        match head & 3 {
            RAW if difference => None,
            RAW => self.read_raw(tile),
            ZERO => {
                // Samples are 0 already.
                if difference {
                    self.each(tile, |previous| Some(previous.to_f64()), true)?;
                }
                Some(())
            }
            coding => {
                let offset = self.read_offset(head >> 6, difference)?;
                if coding != STEPS {
                    return if difference {
                        self.each(tile, |previous| Some(clamp(offset + previous.to_f64(), max)), true)
                    } else {
                        self.each(tile, |_| Some(offset), false)
                    };
                }
                let area = tile.width * tile.height;
                let mut steps = std::mem::take(&mut self.steps);
                unstuff(&mut self.input, version, area, &mut steps)?;
                let scale = self.scale;
                if steps.len() == area && !difference {
                    self.dequantise(tile, offset, max, &steps);
                } else {
                    // As many steps as pixels of the tile: all are valid, whatever the mask says.
                    let all = steps.len() == area;
                    let mut next = steps.iter();
                    self.each_of(
                        tile,
                        all,
                        |previous| {
                            let value = offset + f64::from(*next.next()?) * scale;
                            Some(clamp(if difference { value + previous.to_f64() } else { value }, max))
                        },
                        difference,
                    )?;
                }
                self.steps = steps;
                Some(())
            }
        }
    }

    /// The usual tile: all pixels valid, nothing taken from another band.
    fn dequantise(&mut self, tile: Tile, offset: f64, max: f64, steps: &[u32]) {
        let (columns, depth) = (self.header.columns, self.header.depth);
        // Integers are quantised in whole steps, and their arithmetic is faster. An int32 could wrap around where it must be clamped.
        let small = |value: f64| value.fract() == 0.0 && value.abs() < f64::from(1 << 30);
        let whole = !T::KIND.is_float() && T::KIND != Kind::Int32 && small(offset) && small(self.scale) && small(max);
        for (row, steps) in steps.chunks_exact(tile.width).enumerate() {
            let start = ((tile.y + row) * columns + tile.x) * depth + tile.band;
            let target = self.samples.get_mut(start..).unwrap_or_default();
            let target = target.iter_mut().step_by(depth);
            if whole {
                let (offset, scale, max) = (offset as i64, self.scale as i64, max as i64);
                target.zip(steps).for_each(|(sample, step)| *sample = T::from_i64((offset + i64::from(*step) * scale).min(max)).store());
            } else {
                let value = |step: &u32| T::from_f64(clamp(offset + f64::from(*step) * self.scale, max)).store();
                target.zip(steps).for_each(|(sample, step)| *sample = value(step));
            }
        }
    }

    fn read_raw(&mut self, tile: Tile) -> Option<()> {
        let mut input = self.input;
        self.for_pixels(tile, false, |pixel| {
            *pixel.get_mut(tile.band)? = array(&mut input)?;
            Some(())
        })?;
        self.input = input;
        Some(())
    }

    fn each(&mut self, tile: Tile, value: impl FnMut(T) -> Option<f64>, difference: bool) -> Option<()> {
        self.each_of(tile, false, value, difference)
    }

    /// Sets each valid sample (or each one) of a tile from the sample of the band before it.
    fn each_of(&mut self, tile: Tile, all: bool, mut value: impl FnMut(T) -> Option<f64>, difference: bool) -> Option<()> {
        let previous = if difference { tile.band.checked_sub(1)? } else { tile.band };
        self.for_pixels(tile, all, |pixel| {
            let sample = T::from_f64(value(T::load(*pixel.get(previous)?))?);
            *pixel.get_mut(tile.band)? = sample.store();
            Some(())
        })
    }

    fn for_pixels(&mut self, tile: Tile, all: bool, mut act: impl FnMut(&mut [[u8; N]]) -> Option<()>) -> Option<()> {
        let (columns, depth) = (self.header.columns, self.header.depth);
        let all = all || self.mask.all_valid();
        for y in tile.y..tile.y + tile.height {
            let first = y * columns + tile.x;
            let row = self.samples.get_mut(first * depth..(first + tile.width) * depth)?;
            for (pixel, samples) in (first..).zip(row.chunks_exact_mut(depth)) {
                if all || self.mask.valid(pixel) {
                    act(samples)?;
                }
            }
        }
        Some(())
    }

    /// A number of the sample's type or of a smaller one, as two bits say; the type of a difference between integers is int32.
    fn read_offset(&mut self, smaller: u8, difference: bool) -> Option<f64> {
        let smaller = usize::from(smaller);
        let kind = if difference && !T::KIND.is_float() { Kind::Int32 } else { T::KIND };
        let used = match kind {
            Kind::Int8 | Kind::UInt8 => kind,
            Kind::Int16 | Kind::Int32 => *Kind::ALL.get((kind as usize).checked_sub(smaller)?)?,
            Kind::UInt16 | Kind::UInt32 => *Kind::ALL.get((kind as usize).checked_sub(2 * smaller)?)?,
            Kind::Float32 => *[Kind::Float32, Kind::Int16, Kind::UInt8, Kind::UInt8].get(smaller)?,
            Kind::Float64 => *[Kind::Float64, Kind::Float32, Kind::Int32, Kind::Int16].get(smaller)?,
        };
        let input = &mut self.input;
        Some(match used {
            Kind::Int8 => f64::from(i8::from_le_bytes(array(input)?)),
            Kind::UInt8 => f64::from(u8::from_le_bytes(array(input)?)),
            Kind::Int16 => f64::from(i16::from_le_bytes(array(input)?)),
            Kind::UInt16 => f64::from(u16::from_le_bytes(array(input)?)),
            Kind::Int32 => f64::from(i32::from_le_bytes(array(input)?)),
            Kind::UInt32 => f64::from(u32::from_le_bytes(array(input)?)),
            Kind::Float32 => f64::from(f32::from_le_bytes(array(input)?)),
            Kind::Float64 => f64::from_le_bytes(array(input)?),
        })
    }
}

/// `std::min`, which keeps a NaN.
#[inline]
fn clamp(value: f64, max: f64) -> f64 {
    if max < value { max } else { value }
}
