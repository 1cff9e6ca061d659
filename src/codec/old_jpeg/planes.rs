//! Sequential Huffman-coded JPEG up to its components before any of them is upsampled, which no crate gives.
//! ITU-T T.81 (sections in parentheses below): samples of 8 bits, scans interleaved or not, restarts.
//!
//! Traps: a scan of one component has that component's own blocks, without those that only fill up MCUs. Data that ends early is
//! corrupt: nothing is made up.

use super::entropy::{Bits, Huffman, ZIGZAG};
use super::idct;
use crate::codec::CodecError;

/// A component of a picture, in whole blocks: at least as large as the picture asks for.
pub(super) struct Plane {
    id: u8,
    /// Samples across and down for each one of the least sampled component (`Hi` and `Vi`).
    pub(super) sampling: (usize, usize),
    /// Its quantisation table's number.
    table: usize,
    /// Blocks across and down, filled up to whole MCUs.
    blocks: (usize, usize),
    /// Blocks that hold a part of the picture.
    own_blocks: (usize, usize),
    /// Whether a scan has brought its samples.
    coded: bool,
    samples: Vec<u8>,
}

impl Plane {
    /// The samples of each row.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.samples.chunks_exact((self.blocks.0 * 8).max(1))
    }

    fn put(&mut self, (x, y): (usize, usize), block: [[u8; 8]; 8]) {
        let stride = self.blocks.0 * 8;
        let rows = self.samples.chunks_exact_mut(stride.max(1)).skip(y * 8);
        for (row, samples) in rows.zip(block) {
            if let Some(place) = row.get_mut(x * 8..x * 8 + 8) {
                place.copy_from_slice(&samples);
            }
        }
    }
}

/// Decodes a stream whose frame has this width, height and number of components; any other is refused before memory is taken for it.
pub(super) fn decode(stream: &[u8], size: (usize, usize, usize)) -> Result<Vec<Plane>, CodecError> {
    let mut decoder = Decoder { size, ..Decoder::default() };
    let mut rest = stream;
    while let Some(segment) = Segment::next(rest)? {
        rest = decoder.take(&segment)?;
    }
    if decoder.planes.is_empty() || decoder.planes.iter().any(|plane| !plane.coded) {
        return Err(corrupt("the stream ends before each component had a scan"));
    }
    Ok(decoder.planes)
}

pub(super) fn corrupt(message: &str) -> CodecError {
    CodecError::Corrupt(format!("JPEG: {message}"))
}

/// A marker segment (B.1.1.4).
struct Segment<'a> {
    code: u8,
    body: &'a [u8],
    after: &'a [u8],
}

impl<'a> Segment<'a> {
    /// The next one; `None` at the end of the image or of the stream.
    fn next(mut rest: &'a [u8]) -> Result<Option<Self>, CodecError> {
        loop {
            match rest {
                [] | [0xff] | [0xff, 0xd9, ..] => return Ok(None),
                [0xff, 0xff, ..] => rest = rest.get(1..).unwrap_or_default(),
                // SOI, TEM and restarts stand alone.
                [0xff, 0x01 | 0xd0..=0xd8, after @ ..] => rest = after,
                [0xff, code, high, low, after @ ..] => {
                    let length = usize::from(u16::from_be_bytes([*high, *low]));
                    let parts = length.checked_sub(2).and_then(|length| after.split_at_checked(length));
                    let (body, after) = parts.ok_or_else(|| corrupt("a marker segment is cut short"))?;
                    return Ok(Some(Self { code: *code, body, after }));
                }
                _ => return Err(corrupt("other bytes where a marker is due")),
            }
        }
    }
}

#[derive(Default)]
struct Decoder {
    /// Width, height and components that the frame must have.
    size: (usize, usize, usize),
    /// In zigzag order, as they are stored.
    quantization: [Option<[u16; 64]>; 4],
    dc: [Option<Huffman>; 4],
    ac: [Option<Huffman>; 4],
    restart_interval: usize,
    /// MCUs across and down, where several components are interleaved.
    mcus: (usize, usize),
    planes: Vec<Plane>,
}

impl Decoder {
    /// Takes a segment in, and after a scan's header its data. Returns what follows.
    fn take<'s>(&mut self, segment: &Segment<'s>) -> Result<&'s [u8], CodecError> {
        match segment.code {
            0xc0 | 0xc1 => self.frame_header(segment.body)?,
            0xc4 => self.huffman_tables(segment.body)?,
            code @ 0xc2..=0xcf if code != 0xc8 && code != 0xcc => {
                return Err(CodecError::Unsupported(format!(
                    "old-style JPEG that is not sequential and Huffman-coded (marker ff{code:02x})"
                )));
            }
            0xdb => self.quantization_tables(segment.body)?,
            0xdd => match *segment.body {
                [high, low] => self.restart_interval = usize::from(u16::from_be_bytes([high, low])),
                _ => return Err(corrupt("a damaged restart interval")),
            },
            0xda => return self.scan(segment.body, segment.after),
            _ => {}
        }
        Ok(segment.after)
    }

    /// DQT (B.2.4.1)
    fn quantization_tables(&mut self, mut body: &[u8]) -> Result<(), CodecError> {
        while let [kind, rest @ ..] = body {
            let wide = kind >> 4 == 1;
            let parts = rest.split_at_checked(if wide { 128 } else { 64 });
            let slot = self.quantization.get_mut(usize::from(kind & 15));
            let (Some((values, rest)), Some(slot)) = (parts, slot) else { return Err(corrupt("a damaged quantisation table")) };
            let mut table = [0; 64];
            if wide {
                table.iter_mut().zip(values.as_chunks().0).for_each(|(entry, bytes)| *entry = u16::from_be_bytes(*bytes));
            } else {
                table.iter_mut().zip(values).for_each(|(entry, byte)| *entry = u16::from(*byte));
            }
            *slot = Some(table);
            body = rest;
        }
        Ok(())
    }

    /// DHT (B.2.4.2)
    fn huffman_tables(&mut self, mut body: &[u8]) -> Result<(), CodecError> {
        let damaged = || corrupt("a damaged Huffman table");
        while let [kind, rest @ ..] = body {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
            let total = counts.iter().map(|n| usize::from(*n)).sum();
            let (values, rest) = rest.split_at_checked(total).ok_or_else(damaged)?;
            let tables = if kind >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            let table = Huffman::new(counts, values).ok_or_else(damaged)?;
            *tables.get_mut(usize::from(kind & 15)).ok_or_else(damaged)? = Some(table);
            body = rest;
        }
        Ok(())
    }

    /// SOF0 and SOF1 (B.2.2, A.1.1, A.2)
    fn frame_header(&mut self, body: &[u8]) -> Result<(), CodecError> {
        let [8, h1, h0, w1, w0, count, ref components @ ..] = *body else { return Err(corrupt("a damaged frame header")) };
        let (height, width) = (usize::from(u16::from_be_bytes([h1, h0])), usize::from(u16::from_be_bytes([w1, w0])));
        if (width, height, usize::from(count)) != self.size || components.len() != 3 * usize::from(count) || !self.planes.is_empty() {
            return Err(corrupt("the picture has another size than its block"));
        }
        let sampling = |byte: u8| (usize::from(byte >> 4), usize::from(byte & 15));
        let components = components.as_chunks::<3>().0;
        if components.iter().any(|[_, factors, _]| !matches!(sampling(*factors), (1..=4, 1..=4))) {
            return Err(corrupt("a sampling factor that is not 1 to 4"));
        }
        let most = components.iter().map(|c| sampling(c[1])).fold((1, 1), |a, b| (a.0.max(b.0), a.1.max(b.1)));
        let mcus = (width.div_ceil(8 * most.0), height.div_ceil(8 * most.1));
        self.mcus = mcus;
        self.planes.extend(components.iter().map(|&[id, factors, table]| {
            let sampling = sampling(factors);
            let blocks = (mcus.0 * sampling.0, mcus.1 * sampling.1);
            let own = |pixels: usize, factor: usize, most: usize| (pixels * factor).div_ceil(most).div_ceil(8);
            Plane {
                id,
                sampling,
                table: usize::from(table),
                blocks,
                own_blocks: (own(width, sampling.0, most.0), own(height, sampling.1, most.1)),
                coded: false,
                samples: vec![0; blocks.0 * blocks.1 * 64],
            }
        }));
        Ok(())
    }

    /// SOS (B.2.3) and the entropy-coded data after it. Returns what follows that.
    fn scan<'s>(&mut self, header: &[u8], data: &'s [u8]) -> Result<&'s [u8], CodecError> {
        let damaged = || corrupt("a damaged scan header");
        let (count, rest) = header.split_first().ok_or_else(damaged)?;
        let selectors = rest.get(..2 * usize::from(*count)).ok_or_else(damaged)?.as_chunks::<2>().0;
        let mut components = Vec::new();
        for &[id, tables] in selectors {
            let place = self.planes.iter().position(|plane| plane.id == id).ok_or_else(damaged)?;
            let plane = self.planes.get_mut(place).filter(|plane| !plane.coded).ok_or_else(damaged)?;
            plane.coded = true;
            components.push(Scanned {
                plane: place,
                units: if selectors.len() == 1 { (1, 1) } else { plane.sampling },
                dc: table(&self.dc, tables >> 4)?,
                ac: table(&self.ac, tables & 15)?,
                quantization: table(&self.quantization, plane.table as u8)?,
                prediction: 0,
            });
        }
        let (across, down) = match components.as_slice() {
            [] => return Err(damaged()),
            [one] => self.planes.get(one.plane).map_or((0, 0), |plane| plane.own_blocks),
            _ => self.mcus,
        };
        let mut bits = Bits::new(data);
        for mcu in 0..across * down {
            if self.restart_interval > 0 && mcu > 0 && mcu % self.restart_interval == 0 {
                bits = bits.restart().ok_or_else(|| corrupt("no restart marker where one is due"))?;
                for component in &mut components {
                    component.prediction = 0;
                }
            }
            for component in &mut components {
                if let Some(plane) = self.planes.get_mut(component.plane) {
                    component.mcu(plane, (mcu % across, mcu / across), &mut bits)?;
                }
            }
        }
        Ok(bits.rest())
    }
}

fn table<T>(tables: &[Option<T>; 4], number: u8) -> Result<&T, CodecError> {
    tables.get(usize::from(number)).and_then(Option::as_ref).ok_or_else(|| corrupt("a scan's table is missing"))
}

/// A component of a scan.
struct Scanned<'a> {
    /// Its place in the frame.
    plane: usize,
    /// Blocks across and down in an MCU.
    units: (usize, usize),
    dc: &'a Huffman,
    ac: &'a Huffman,
    quantization: &'a [u16; 64],
    /// The last block's DC coefficient.
    prediction: i32,
}

impl Scanned<'_> {
    fn mcu(&mut self, plane: &mut Plane, (x, y): (usize, usize), bits: &mut Bits<'_>) -> Result<(), CodecError> {
        for down in 0..self.units.1 {
            for across in 0..self.units.0 {
                let block = self.block(bits).ok_or_else(|| corrupt("the entropy-coded data ends early or is damaged"))?;
                plane.put((x * self.units.0 + across, y * self.units.1 + down), idct::samples(&block));
            }
        }
        Ok(())
    }

    /// Dequantised coefficients (F.2.2), rows first.
    fn block(&mut self, bits: &mut Bits<'_>) -> Option<[[i32; 8]; 8]> {
        let mut block = [[0; 8]; 8];
        let mut put = |k: usize, value: i32| -> Option<()> {
            let place = usize::from(*ZIGZAG.get(k)?);
            // A stored coefficient has 16 bits, as libjpeg keeps it.
            let value = i32::from(value as i16).wrapping_mul(i32::from(*self.quantization.get(k)?));
            *block.get_mut(place / 8)?.get_mut(place % 8)? = value;
            Some(())
        };
        let size = bits.symbol(self.dc)?;
        self.prediction = self.prediction.wrapping_add(bits.signed(size)?);
        put(0, self.prediction)?;
        let mut k = 1;
        while k < 64 {
            let symbol = bits.symbol(self.ac)?;
            match (symbol >> 4, symbol & 15) {
                (15, 0) => k += 16,
                (_, 0) => break,
                (run, size) => {
                    k += usize::from(run);
                    put(k, bits.signed(size)?)?;
                    k += 1;
                }
            }
        }
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{INTERLEAVED, RESTARTS, SCAN_A_COMPONENT};
    use super::*;

    const SIZE: (usize, usize, usize) = (21, 19, 3);

    /// The samples of the picture, without those that fill blocks up.
    fn pictures(stream: &[u8]) -> Vec<Vec<u8>> {
        let planes = decode(stream, SIZE).unwrap();
        let picture = |plane: &Plane| {
            let (width, height) = if plane.sampling == (2, 2) { (21, 19) } else { (11, 10) };
            plane.rows().take(height).flat_map(|row| row[..width].to_vec()).collect()
        };
        planes.iter().map(picture).collect()
    }

    #[test]
    fn a_scan_a_component_and_restarts_make_no_difference() {
        let picture = pictures(INTERLEAVED);
        assert_eq!(picture.iter().map(Vec::len).collect::<Vec<_>>(), [21 * 19, 110, 110]);
        assert_eq!(pictures(SCAN_A_COMPONENT), picture);
        assert_eq!(pictures(RESTARTS), picture);
    }

    #[test]
    fn a_stream_cut_short_or_of_another_size_is_refused() {
        for stream in [INTERLEAVED, SCAN_A_COMPONENT, RESTARTS] {
            // All but the end marker and the last bits that fill its last byte are needed.
            for end in 0..stream.len() - 3 {
                assert!(decode(&stream[..end], SIZE).is_err(), "{end}");
            }
        }
        for size in [(22, 19, 3), (21, 18, 3), (21, 19, 1)] {
            assert!(decode(INTERLEAVED, size).is_err());
        }
    }
}
