//! The domain IMAGE_STRUCTURE: how the samples are stored (`GTiffDataset::OpenOffset`, `GuessJPEGQuality`).

use super::domains::Domains;
use crate::codec;
use crate::tiff::{Ghost, Image, Photometric};

const DOMAIN: &str = "IMAGE_STRUCTURE";

/// GDAL's name of the colours that were stored, where they are read as others.
pub(super) fn source_color_space(image: &Image) -> Option<&'static str> {
    match image.photometric {
        Photometric::YCBCR if image.is_jpeg_ycbcr() || image.bits == 8 => Some("YCbCr"),
        Photometric::SEPARATED if !image.colors.is_as_stored() => Some("CMYK"),
        Photometric::CIELAB if !image.colors.is_as_stored() => Some("CIELAB"),
        Photometric::LOG_L if !image.colors.is_as_stored() => Some("LOGL"),
        Photometric::LOG_LUV if !image.colors.is_as_stored() => Some("LOGLUV"),
        _ => None,
    }
}

/// rasterio's word for the compression; `None` for one that GDAL has no name for.
pub(super) fn compression(image: &Image) -> Option<&'static str> {
    match (codec::name(image.compression), image.lerc_packing) {
        (Some("lerc"), 1) => Some("lerc_deflate"),
        (Some("lerc"), 2) => Some("lerc_zstd"),
        (name, _) => name,
    }
}

/// Adds what GDAL says of a dataset.
pub(super) fn describe(image: &Image, ghost: Option<&Ghost>, domains: &mut Domains) {
    let mut set = |key, value: &str| domains.set(DOMAIN, key, value);
    if ghost.is_some_and(|g| g.ifds_before_data && g.row_major && g.block_leader && g.block_trailer) {
        set("LAYOUT", "COG");
    }
    if let Some(space) = source_color_space(image) {
        set("SOURCE_COLOR_SPACE", space);
    }
    set("INTERLEAVE", if image.planar || image.samples == 1 { "BAND" } else { "PIXEL" });
    match compression(image) {
        _ if image.compression == codec::NONE => {}
        Some(_) if image.is_jpeg_ycbcr() => set("COMPRESSION", "YCbCr JPEG"),
        Some(name) => set("COMPRESSION", &name.to_uppercase()),
        None => domains.set("", "COMPRESSION", image.compression.to_string()),
    }
    let mut set = |key, value: &str| domains.set(DOMAIN, key, value);
    if image.compression == codec::LERC {
        set("LERC_VERSION", "2.4");
    }
    if image.photometric == Photometric::MIN_IS_WHITE {
        set("MINISWHITE", "YES");
    }
    if matches!(image.compression, codec::LZW | codec::DEFLATE | codec::ZSTD) && image.predictor > 1 {
        set("PREDICTOR", &image.predictor.to_string());
    }
    let tables = image.jpeg_tables.as_deref().filter(|_| image.compression == codec::JPEG).unwrap_or_default();
    if let Some((quality, huffman)) = jpeg_quality(tables, image.photometric == Photometric::YCBCR) {
        set("JPEG_QUALITY", &quality.to_string());
        set("JPEGTABLESMODE", if huffman { "3" } else { "1" });
    }
}

/// The bits of a sample, where they are not those of the type that it is read as.
pub(super) fn nbits(image: &Image) -> Option<u16> {
    let read_as = 8 * image.dtype.size() as u16;
    (!image.dtype.is_complex() && image.bits < read_as && image.colors.is_as_stored()).then_some(image.bits)
}

/// The quality that makes the quantization tables of JPEGTables with libjpeg's formula (`jpeg_set_quality`), and whether there are Huffman
/// tables. GDAL tries 75 first, then 1 to 100.
fn jpeg_quality(tables: &[u8], ycbcr: bool) -> Option<(u32, bool)> {
    const DQT: u8 = 0xdb;
    const DHT: u8 = 0xc4;
    let mut quantization: Vec<&[u8]> = Vec::new();
    let mut huffman = false;
    let mut rest = tables.strip_prefix(&[0xff, 0xd8])?;
    while let [0xff, marker, high, low, ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(segment) = rest.get(4..2 + length) else { break };
        match *marker {
            DQT => quantization.push(segment),
            DHT => huffman = true,
            _ => {}
        }
        rest = rest.get(2 + length..).unwrap_or_default();
    }
    // libjpeg 9 begins the second table with 16, libjpeg-turbo with 17 as the standard does: each finds its own files.
    let mut chrominance = CHROMINANCE;
    let matches = |quality: u32, chrominance: &[u8; 64]| match quantization.as_slice() {
        [luma] if !ycbcr => **luma == table(0, &LUMINANCE, quality),
        [luma, chroma] if ycbcr => **luma == table(0, &LUMINANCE, quality) && **chroma == table(1, chrominance, quality),
        _ => false,
    };
    let [first, ..] = &mut chrominance;
    *first = 16;
    let either = |quality: &u32| matches(*quality, &CHROMINANCE) || matches(*quality, &chrominance);
    std::iter::once(75).chain(1..=100).find(either).map(|quality| (quality, huffman))
}

/// The content of a DQT segment.
fn table(id: u8, base: &[u8; 64], quality: u32) -> Vec<u8> {
    let scale = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    let value = |at: u8| base.get(usize::from(at)).map_or(1, |b| ((u32::from(*b) * scale + 50) / 100).clamp(1, 32767) as u16);
    let values = ZIGZAG.map(value);
    if values.iter().all(|v| *v < 256) {
        [&[id], values.map(|v| v as u8).as_slice()].concat()
    } else {
        [&[id | 0x10], values.map(u16::to_be_bytes).as_flattened()].concat()
    }
}

/// Row-major position of each entry in the order of the file (ITU T.81, figure A.6).
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56,
    57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// ITU T.81, table K.1.
const LUMINANCE: [u8; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62, 18, 22,
    37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/// ITU T.81, table K.2.
const CHROMINANCE: [u8; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// Whether the WebP picture that begins with these bytes was packed without loss.
pub(super) fn webp_reversibility(start: &[u8]) -> Option<&'static str> {
    let mut rest = start.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WEBP")?;
    loop {
        match rest.get(..4)? {
            b"VP8L" => return Some("LOSSLESS"),
            b"VP8 " => return Some("LOSSY"),
            _ => {}
        }
        let size = u32::from_le_bytes(rest.get(4..8)?.try_into().ok()?) as usize;
        rest = rest.get(8usize.checked_add(size)?.checked_add(size % 2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quality_is_found_by_its_tables() {
        let file = |quality| {
            let segment = |id, base| {
                let content = table(id, base, quality);
                [&[0xff, 0xdb], (content.len() as u16 + 2).to_be_bytes().as_slice(), &content].concat()
            };
            [&[0xff, 0xd8], segment(0, &LUMINANCE).as_slice(), &segment(1, &CHROMINANCE), &[0xff, 0xd9]].concat()
        };
        for quality in [1, 20, 50, 75, 90, 100] {
            assert_eq!(jpeg_quality(&file(quality), true), Some((quality, false)));
        }
        assert_eq!(jpeg_quality(&file(75), false), None);
        assert_eq!((jpeg_quality(&file(75)[..20], true), jpeg_quality(&[], true)), (None, None));
    }

    #[test]
    fn webp_chunks_are_followed_to_the_picture() {
        assert_eq!(webp_reversibility(b"RIFF\x10\0\0\0WEBPVP8L"), Some("LOSSLESS"));
        assert_eq!(webp_reversibility(b"RIFF\x10\0\0\0WEBPVP8X\x03\0\0\0abc\0ALPH\0\0\0\0VP8 "), Some("LOSSY"));
        assert_eq!(webp_reversibility(b"RIFF\x10\0\0\0WEBPVP8X\xff\xff\xff\xff"), None);
    }
}
