//! A small GeoTIFF writer: `cogtool read -o OUT.tif`.
//!
//! TIFF 6.0 (BigTIFF where four gigabytes are not enough), little-endian, Deflate, one band after the other (PlanarConfiguration 2) in
//! strips, with the place of the pixels (GeoTIFF 1.1, section 7.3), the CRS's GeoKeys as the source has them, the palette, nodata, and what
//! GDAL_METADATA says of each band. A mask that nothing else in the file would tell is a second image of one bit a pixel, as GDAL has it.
//! The `tiff` crate's encoder knows neither band-sequential files nor int8 and complex samples.

use crate::Failure;
use cog::tiff::TagValue;
use cog::{DType, Dataset, GeoTransform, Pixels};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Bytes of a strip, about.
const STRIP: usize = 1 << 18;
/// Deflate, as Adobe numbers it.
const DEFLATE: u64 = 8;

mod tag {
    pub(super) const COLOR_MAP: u16 = 320;
    pub(super) const MODEL_PIXEL_SCALE: u16 = 33550;
    pub(super) const MODEL_TIEPOINT: u16 = 33922;
    pub(super) const MODEL_TRANSFORMATION: u16 = 34264;
    pub(super) const GEO_KEY_DIRECTORY: u16 = 34735;
    pub(super) const GEO_DOUBLE_PARAMS: u16 = 34736;
    pub(super) const GEO_ASCII_PARAMS: u16 = 34737;
    pub(super) const GDAL_METADATA: u16 = 42112;
    pub(super) const GDAL_NODATA: u16 = 42113;
}

/// The values of a tag.
enum Field {
    Shorts(Vec<u16>),
    /// LONG, or LONG8 in a BigTIFF.
    Offsets(Vec<u64>),
    Doubles(Vec<f64>),
    Text(Vec<u8>),
}

/// What is written.
pub(crate) struct Content<'a> {
    pub(crate) pixels: &'a Pixels,
    /// The bands that they are of, from 1 on.
    pub(crate) bands: &'a [u32],
    pub(crate) source: &'a Dataset,
    /// Where they lie.
    pub(crate) transform: Option<GeoTransform>,
    /// They are scaled values: the bands' scale and offset are in them.
    pub(crate) unscaled: bool,
}

pub(crate) fn write(path: &Path, content: &Content<'_>) -> Result<(), Failure> {
    let Content { pixels, bands, source, .. } = *content;
    let size = &pixels.size;
    let mut fields = vec![
        (256, Field::Offsets(vec![size.width as u64])),
        (257, Field::Offsets(vec![size.height as u64])),
        (258, Field::Shorts(vec![size.dtype.size() as u16 * 8; size.bands])),
        (259, Field::Offsets(vec![DEFLATE])),
        (277, Field::Offsets(vec![size.bands as u64])),
        (284, Field::Shorts(vec![2])),
        (339, Field::Shorts(vec![sample_format(size.dtype); size.bands])),
    ];
    push_colors(source, size.dtype, bands, &mut fields)?;
    push_place(source, content.transform, &mut fields)?;
    push_band_items(content, &mut fields);
    // A nodata value of another type says nothing of these samples.
    if size.dtype == source.dtype()
        && let Ok(TagValue::Text(text)) = source.tag_value(0, tag::GDAL_NODATA)
    {
        fields.push((tag::GDAL_NODATA, Field::Text(terminated(text))));
    }
    let mask = needs_mask(content, &fields)?.then(|| mask_fields(pixels));
    // Any one strip may be larger than its samples: that is less than the room left below.
    let big = pixels.data.len() as u64 > 0xf000_0000;
    crate::output::write(path, &assemble(pixels, fields, mask, big)?)
}

/// Whether pixels are masked and neither nodata nor an alpha band of this file tells.
fn needs_mask(content: &Content<'_>, fields: &[(u16, Field)]) -> Result<bool, Failure> {
    let (source, masked) = (content.source, content.pixels.mask.contains(&0));
    let is_alpha = |band: &u32| source.bands().get(*band as usize - 1).is_some_and(|b| b.color_interpretation == "alpha");
    let told = fields.iter().any(|(tag, _)| *tag == tag::GDAL_NODATA) || content.bands.iter().any(is_alpha);
    Ok(source.level_info(0)?.has_mask || (masked && !told))
}

fn mask_fields(pixels: &Pixels) -> Vec<(u16, Field)> {
    vec![
        // NewSubfileType: the mask of another image.
        (254, Field::Offsets(vec![4])),
        (256, Field::Offsets(vec![pixels.size.width as u64])),
        (257, Field::Offsets(vec![pixels.size.height as u64])),
        (258, Field::Shorts(vec![1])),
        (259, Field::Offsets(vec![DEFLATE])),
        (262, Field::Shorts(vec![4])),
        (277, Field::Shorts(vec![1])),
    ]
}

/// Scale, offset, unit and description of each band, as GDAL writes them.
fn push_band_items(content: &Content<'_>, fields: &mut Vec<(u16, Field)>) {
    let mut items = String::new();
    let bands = content.bands.iter().filter_map(|band| content.source.bands().get(*band as usize - 1));
    for (sample, band) in bands.enumerate() {
        let mut item = |name: &str, role: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                // Twice: GDAL escapes values before it makes XML of them, and reads them so.
                let value = escaped(&escaped(value));
                let _ = writeln!(items, "  <Item name=\"{name}\" sample=\"{sample}\" role=\"{role}\">{value}</Item>");
            }
        };
        if !content.unscaled && (band.scale, band.offset) != (1.0, 0.0) {
            item("OFFSET", "offset", Some(&band.offset.to_string()));
            item("SCALE", "scale", Some(&band.scale.to_string()));
        }
        item("UNITTYPE", "unittype", band.unit.as_deref());
        item("DESCRIPTION", "description", band.description.as_deref());
    }
    if !items.is_empty() {
        let xml = format!("<GDALMetadata>\n{items}</GDALMetadata>\n");
        fields.push((tag::GDAL_METADATA, Field::Text(terminated(xml.into_bytes()))));
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn sample_format(dtype: DType) -> u16 {
    match dtype {
        DType::UInt8 | DType::UInt16 | DType::UInt32 | DType::UInt64 => 1,
        DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64 => 2,
        DType::Float16 | DType::Float32 | DType::Float64 => 3,
        DType::CInt16 | DType::CInt32 => 5,
        DType::CFloat32 | DType::CFloat64 => 6,
    }
}

/// PhotometricInterpretation, ExtraSamples and ColorMap.
fn push_colors(source: &Dataset, dtype: DType, bands: &[u32], fields: &mut Vec<(u16, Field)>) -> Result<(), Failure> {
    let color = |band: &u32| source.bands().get(*band as usize - 1).map_or("undefined", |b| b.color_interpretation.as_str());
    let colors: Vec<&str> = bands.iter().map(color).collect();
    let of_pixels = matches!(dtype, DType::UInt8 | DType::UInt16);
    let (photometric, own) = match colors.as_slice() {
        ["red", "green", "blue", ..] if of_pixels => (2, 3),
        ["palette"] if of_pixels && source.dtype() == dtype => (3, 1),
        _ => (1, 1),
    };
    if photometric == 3 {
        let TagValue::Unsigned(map) = source.tag_value(0, tag::COLOR_MAP)? else {
            return Err(Failure::Error("the palette can't be read".into()));
        };
        // A map of fewer entries than the type has values is of fewer bits than are written.
        let entries = 1 << (dtype.size() * 8);
        let channel = |part: &[u64]| (0..entries).map(|i| part.get(i).copied().unwrap_or(0) as u16).collect::<Vec<u16>>();
        let map = map.chunks((map.len() / 3).max(1)).take(3).flat_map(channel).collect();
        fields.push((tag::COLOR_MAP, Field::Shorts(map)));
    }
    fields.push((262, Field::Shorts(vec![photometric])));
    let extra: Vec<u16> = colors.iter().skip(own).map(|c| if *c == "alpha" { 2 } else { 0 }).collect();
    if !extra.is_empty() {
        fields.push((338, Field::Shorts(extra)));
    }
    Ok(())
}

/// The transform, and the GeoKeys that name its CRS.
fn push_place(source: &Dataset, transform: Option<GeoTransform>, fields: &mut Vec<(u16, Field)>) -> Result<(), Failure> {
    let Some(GeoTransform([x, a, b, y, d, e])) = transform else { return Ok(()) };
    let tags = source.tags(0)?;
    let has = |code: u16| tags.iter().any(|t| t.tag == code);
    let keys = if has(tag::GEO_KEY_DIRECTORY) { Some(source.tag_value(0, tag::GEO_KEY_DIRECTORY)?) } else { None };
    let mut point = false;
    if let Some(TagValue::Unsigned(directory)) = keys {
        let directory: Vec<u16> = directory.iter().map(|v| *v as u16).collect();
        // GTRasterTypeGeoKey 2: coordinates are those of pixel centres.
        point = directory.chunks_exact(4).skip(1).any(|key| key == [1025, 0, 1, 2]);
        fields.push((tag::GEO_KEY_DIRECTORY, Field::Shorts(directory)));
        if has(tag::GEO_DOUBLE_PARAMS)
            && let TagValue::Real(doubles) = source.tag_value(0, tag::GEO_DOUBLE_PARAMS)?
        {
            fields.push((tag::GEO_DOUBLE_PARAMS, Field::Doubles(doubles)));
        }
        if has(tag::GEO_ASCII_PARAMS)
            && let TagValue::Text(text) = source.tag_value(0, tag::GEO_ASCII_PARAMS)?
        {
            fields.push((tag::GEO_ASCII_PARAMS, Field::Text(terminated(text))));
        }
    }
    let half = if point { 0.5 } else { 0.0 };
    let (x, y) = (x + half * (a + b), y + half * (d + e));
    if b == 0.0 && d == 0.0 && e < 0.0 {
        fields.push((tag::MODEL_PIXEL_SCALE, Field::Doubles(vec![a, -e, 0.0])));
        fields.push((tag::MODEL_TIEPOINT, Field::Doubles(vec![0.0, 0.0, 0.0, x, y, 0.0])));
    } else {
        let matrix = vec![a, b, 0.0, x, d, e, 0.0, y, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        fields.push((tag::MODEL_TRANSFORMATION, Field::Doubles(matrix)));
    }
    Ok(())
}

/// A TIFF's text ends with a NUL byte.
fn terminated(mut text: Vec<u8>) -> Vec<u8> {
    if text.last() != Some(&0) {
        text.push(0);
    }
    text
}

/// The whole file: header, and for the image and its mask strips, values, IFD.
fn assemble(pixels: &Pixels, fields: Vec<(u16, Field)>, mask: Option<Vec<(u16, Field)>>, big: bool) -> Result<Vec<u8>, Failure> {
    let size = &pixels.size;
    let mut file = vec![0; if big { 16 } else { 8 }];
    let row = size.width * size.dtype.size();
    let rows = (STRIP / row.max(1)).clamp(1, size.height);
    let planes = pixels.data.chunks(row * size.height);
    let strips = planes.flat_map(|band| band.chunks(row * rows)).map(|strip| little_endian(strip, size.dtype));
    let image = push_image(&mut file, fields, strips, rows, big)?;
    if let Some(fields) = mask {
        let rows = (STRIP / size.width.max(1)).clamp(1, size.height);
        let strips = pixels.mask.chunks(size.width * rows).map(|strip| one_bit(strip, size.width).into());
        let mask = push_image(&mut file, fields, strips, rows, big)?;
        let offset = mask.ifd.to_le_bytes();
        overwrite(&mut file, image.next, offset.get(..if big { 8 } else { 4 }).unwrap_or_default());
    }
    let header = if big {
        [b"II\x2b\0\x08\0\0\0".as_slice(), &image.ifd.to_le_bytes()].concat()
    } else {
        [b"II\x2a\0".as_slice(), &u32::try_from(image.ifd).unwrap_or(u32::MAX).to_le_bytes()].concat()
    };
    overwrite(&mut file, 0, &header);
    if !big && u32::try_from(file.len()).is_err() {
        return Err(Failure::Error("the file would be larger than a TIFF can be".into()));
    }
    Ok(file)
}

fn overwrite(file: &mut [u8], at: usize, bytes: &[u8]) {
    file.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
}

/// Rows of a mask, a bit a pixel, each row from a new byte on.
fn one_bit(mask: &[u8], width: usize) -> Vec<u8> {
    let byte = |pixels: &[u8]| pixels.iter().enumerate().map(|(i, valid)| u8::from(*valid != 0) << (7 - i)).sum::<u8>();
    mask.chunks(width.max(1)).flat_map(|row| row.chunks(8).map(byte)).collect()
}

/// Where an IFD is, and where it says which one is next.
struct Placed {
    ifd: u64,
    next: usize,
}

/// Appends the strips of an image, each of so many rows, and its IFD.
fn push_image<'a>(
    file: &mut Vec<u8>,
    mut fields: Vec<(u16, Field)>,
    strips: impl Iterator<Item = Cow<'a, [u8]>>,
    rows: usize,
    big: bool,
) -> Result<Placed, Failure> {
    let (mut offsets, mut counts) = (Vec::new(), Vec::new());
    for strip in strips {
        let start = file.len();
        let mut encoder = ZlibEncoder::new(&mut *file, Compression::new(6));
        let written = encoder.write_all(&strip).and_then(|()| encoder.finish().map(|_| ()));
        written.map_err(|e| Failure::Error(format!("a strip can't be compressed: {e}")))?;
        offsets.push(start as u64);
        counts.push((file.len() - start) as u64);
    }
    fields.extend([(273, Field::Offsets(offsets)), (278, Field::Offsets(vec![rows as u64])), (279, Field::Offsets(counts))]);
    fields.sort_by_key(|(tag, _)| *tag);
    Ok(push_ifd(file, &fields, big))
}

/// Appends the values that don't fit their entries, then the IFD.
fn push_ifd(file: &mut Vec<u8>, fields: &[(u16, Field)], big: bool) -> Placed {
    let inline = if big { 8 } else { 4 };
    let number = |value: u64, len: usize| value.to_le_bytes().into_iter().take(len).collect::<Vec<u8>>();
    let mut entries = Vec::new();
    for (tag, field) in fields {
        let (kind, count, mut bytes) = encoded(field, big);
        if bytes.len() > inline {
            file.resize(file.len().next_multiple_of(8), 0);
            let offset = file.len() as u64;
            file.extend_from_slice(&bytes);
            bytes = number(offset, inline);
        }
        bytes.resize(inline, 0);
        entries.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        entries.extend(number(count as u64, inline));
        entries.extend(bytes);
    }
    file.resize(file.len().next_multiple_of(8), 0);
    let ifd = file.len() as u64;
    file.extend(number(fields.len() as u64, if big { 8 } else { 2 }));
    file.extend(entries);
    let next = file.len();
    file.extend(number(0, inline));
    Placed { ifd, next }
}

/// Field type, count, bytes.
fn encoded(field: &Field, big: bool) -> (u16, usize, Vec<u8>) {
    match field {
        Field::Shorts(values) => (3, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        Field::Offsets(values) if big => (16, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        Field::Offsets(values) => (4, values.len(), values.iter().flat_map(|v| (*v as u32).to_le_bytes()).collect()),
        Field::Doubles(values) => (12, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        Field::Text(bytes) => (2, bytes.len(), bytes.clone()),
    }
}

/// The samples in the file's byte order.
fn little_endian(samples: &[u8], dtype: DType) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        return samples.into();
    }
    let part = if dtype.is_complex() { dtype.size() / 2 } else { dtype.size() };
    samples.chunks(part).flat_map(|sample| sample.iter().rev().copied()).collect::<Vec<u8>>().into()
}
