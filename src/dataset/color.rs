//! Colour interpretation and palettes, as GDAL's GTiff driver derives them.

use super::metadata::BandMetadata;
use crate::raster::Colors;
use crate::tiff::{Image, Photometric};

/// `ExtraSamples`: associated (1) and unassociated (2) alpha.
const ALPHA: [u16; 2] = [1, 2];

/// GDAL's (rasterio's) word for what band `band` (from 0 on) shows.
pub(crate) fn interpretation(image: &Image, band: usize, has_colormap: bool, metadata: &BandMetadata) -> String {
    let base: &[&str] = match image.photometric {
        _ if has_colormap && band == 0 => &["palette"],
        _ if matches!(image.colors, Colors::Cmyk | Colors::Lab(_) | Colors::Opaque) => &["red", "green", "blue", "alpha"],
        Photometric::RGB | Photometric::YCBCR => &["red", "green", "blue"],
        Photometric::SEPARATED => &["cyan", "magenta", "yellow", "black"],
        Photometric::MIN_IS_BLACK => &["gray"],
        _ => &[],
    };
    // GDAL's classes for colours from inks and for a single band of bits don't ask the metadata.
    let fixed = !image.colors.is_as_stored() || (image.samples == 1 && image.bits == 1);
    if let Some(said) = metadata.color_interpretation.as_ref().filter(|_| !fixed) {
        return said.clone();
    }
    if let Some(word) = base.get(band) {
        return (*word).to_owned();
    }
    let extra = (band + image.extra_samples.len()).checked_sub(image.samples).and_then(|i| image.extra_samples.get(i));
    match extra {
        Some(kind) if ALPHA.contains(kind) => "alpha",
        _ => "undefined",
    }
    .to_owned()
}

/// A palette as 8-bit red, green, blue and alpha.
pub type Palette = Vec<[u8; 4]>;

/// The palette of an image: its ColorMap, or GDAL's inverted grey one for MinIsWhite.
pub(crate) fn palette(image: &Image, color_map: Option<&[u64]>, nodata: Option<f64>) -> Option<Palette> {
    let entries = 1usize << image.bits.min(16);
    let alpha = |i: usize| if nodata == Some(i as f64) { 0 } else { 255 };
    // The first band has the ColorMap that there is, whatever PhotometricInterpretation says.
    if let Some(map) = color_map.filter(|map| image.colors.is_as_stored() && image.bits <= 16 && map.len() >= 3 * entries) {
        let divisor = multiplier(map);
        let channel = |which: usize, i: usize| map.get(which * entries + i).map_or(0, |v| (v / divisor).min(255) as u8);
        return Some((0..entries).map(|i| [channel(0, i), channel(1, i), channel(2, i), alpha(i)]).collect());
    }
    if image.samples == 1 && image.bits == 1 && image.photometric != Photometric::MIN_IS_WHITE {
        return Some(vec![[0, 0, 0, alpha(0)], [255, 255, 255, alpha(1)]]);
    }
    if image.photometric != Photometric::MIN_IS_WHITE || image.bits > 16 {
        return None;
    }
    let last = entries - 1;
    let grey = |i: usize| (255 * (last - i) / last.max(1)) as u8;
    Some((0..entries).map(|i| [grey(i), grey(i), grey(i), 255]).collect())
}

/// ColorMap values are 16 bits wide; GDAL divides by 257, by 256 for writers that shifted, and by 1 for those that wrote 8-bit values.
fn multiplier(map: &[u64]) -> u64 {
    if map.iter().all(|v| *v < 256) {
        1
    } else if map.iter().all(|v| v % 256 == 0) {
        256
    } else {
        257
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_multiplier_follows_the_values() {
        assert_eq!(multiplier(&[0, 257, 65535]), 257);
        assert_eq!(multiplier(&[0, 256, 0xff00]), 256);
        assert_eq!(multiplier(&[0, 12, 255]), 1);
    }
}
