//! The domain COLOR_PROFILE: the ICC profile, or what tags say of colours (`GTiffDataset::LoadICCProfile`).

use super::domains::Domains;
use crate::tiff::{Image, TagValue, tag};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::HashMap;

const DOMAIN: &str = "COLOR_PROFILE";

/// The tags of colours that are read where there is no profile (TIFF 6.0, section 20).
pub(super) const COLORIMETRY_TAGS: [u16; 4] = [tag::WHITE_POINT, tag::PRIMARY_CHROMATICITIES, tag::TRANSFER_FUNCTION, tag::TRANSFER_RANGE];

/// A profile, in base64.
pub(super) fn icc_profile(profile: &[u8], domains: &mut Domains) {
    domains.set(DOMAIN, "SOURCE_ICC_PROFILE", BASE64.encode(profile));
}

/// Primaries and white point, where the file has both, and the transfer function, which TIFF has a default for.
pub(super) fn colorimetry(image: &Image, values: &HashMap<u16, TagValue>, domains: &mut Domains) {
    let numbers = |code| values.get(&code).and_then(TagValue::reals).unwrap_or_default();
    let (&[rx, ry, gx, gy, bx, by, ..], &[wx, wy, ..]) =
        (numbers(tag::PRIMARY_CHROMATICITIES).as_slice(), numbers(tag::WHITE_POINT).as_slice())
    else {
        return;
    };
    let Some(curves) = transfer_curves(image, &numbers(tag::TRANSFER_FUNCTION)) else { return };
    // libtiff keeps these rationals as floats.
    let point = |x: f64, y: f64| format!("{:.9}, {:.9}, 1.0", x as f32, y as f32);
    domains.set(DOMAIN, "SOURCE_PRIMARIES_RED", point(rx, ry));
    domains.set(DOMAIN, "SOURCE_PRIMARIES_GREEN", point(gx, gy));
    domains.set(DOMAIN, "SOURCE_PRIMARIES_BLUE", point(bx, by));
    domains.set(DOMAIN, "SOURCE_WHITEPOINT", point(wx, wy));
    for (channel, curve) in ["RED", "GREEN", "BLUE"].iter().zip(curves) {
        let text = curve.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        domains.set(DOMAIN, &format!("TIFFTAG_TRANSFERFUNCTION_{channel}"), text);
    }
    if let &[black_r, white_r, black_g, white_g, black_b, white_b, ..] = numbers(tag::TRANSFER_RANGE).as_slice() {
        domains.set(DOMAIN, "TIFFTAG_TRANSFERRANGE_BLACK", format!("{black_r}, {black_g}, {black_b}"));
        domains.set(DOMAIN, "TIFFTAG_TRANSFERRANGE_WHITE", format!("{white_r}, {white_g}, {white_b}"));
    }
}

/// The transfer function of each colour: one for all, one each, or a gamma of 2.2 where the file has none (libtiff's default).
/// GDAL lists those of up to 24 bits; no file has one of more than 16.
fn transfer_curves(image: &Image, values: &[f64]) -> Option<[Vec<u16>; 3]> {
    // libtiff has one curve a colour where there is more than one colour, and GDAL lists no other.
    let colors = image.stored_samples.saturating_sub(image.extra_samples.len());
    if image.bits > 16 || colors < 2 {
        return None;
    }
    let entries = 1usize << image.bits;
    let part = |i: usize| Some(values.get(i * entries..(i + 1) * entries)?.iter().map(|v| *v as u16).collect::<Vec<u16>>());
    let stored = if values.len() >= 3 * entries { [part(0), part(1), part(2)] } else { [part(0), part(0), part(0)] };
    if let [Some(red), Some(green), Some(blue)] = stored {
        return Some([red, green, blue]);
    }
    let last = (entries - 1) as f64;
    let gamma = |i: usize| if i == 0 { 0 } else { (65535.0 * (i as f64 / last).powf(2.2) + 0.5).floor() as u16 };
    let curve: Vec<u16> = (0..entries).map(gamma).collect();
    Some([curve.clone(), curve.clone(), curve])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        let mut domains = Domains::default();
        icc_profile(b"ICC!", &mut domains);
        assert_eq!(domains.item("COLOR_PROFILE", "SOURCE_ICC_PROFILE"), Some("SUNDIQ=="));
    }
}
