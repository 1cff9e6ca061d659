//! 8-bit CIE L*a*b* to red, green, blue and alpha, as libtiff's RGBA reader converts it (`initCIELabConversion` in `tif_getimage.c`,
//! `TIFFCIELabToXYZ` and `TIFFXYZToRGB` in `tif_color.c`): TIFF 6.0, section 23. In single precision, as there.

use std::sync::Arc;

/// Light of the display's white, and of its black.
const WHITE: f32 = 100.0;
const BLACK: f32 = 1.0;
/// Steps of light for which the display's value is known.
const STEPS: usize = 1500;
/// libtiff's `display_sRGB`: XYZ to light of red, green and blue.
const MATRIX: [[f32; 3]; 3] = [[3.2410, -1.5374, -0.4986], [-0.9692, 1.8760, 0.0416], [0.0556, -0.2040, 1.0570]];
const GAMMA: f64 = 2.4_f32 as f64;

/// D50, libtiff's default for `WhitePoint`.
pub(crate) const D50: [f32; 2] = {
    let (x, y, z) = (96.4250_f32, 100.0_f32, 82.4680_f32);
    [x / (x + y + z), y / (x + y + z)]
};

/// A conversion for one white point.
#[derive(Debug, Clone)]
pub(crate) struct Lab {
    /// XYZ of white.
    white: [f32; 3],
    /// The display's values for light from black to white.
    display: Arc<[u8]>,
}

impl Lab {
    /// `WhitePoint` as x and y; `None` for one that can't be.
    pub(crate) fn new([x, y]: [f32; 2]) -> Option<Self> {
        let white = [x / y * 100.0, 100.0, (1.0 - x - y) / y * 100.0];
        let value = |step: usize| 255.0 * (step as f64 / STEPS as f64).powf(1.0 / GAMMA) as f32;
        let display = (0..=STEPS).map(|step| (f64::from(value(step)) + 0.5) as u8).collect();
        white.iter().all(|v| v.is_finite()).then_some(Self { white, display })
    }

    /// Converts pixels of three samples; alpha is opaque.
    pub(crate) fn to_rgba(&self, stored: &[u8], rgba: &mut [u8]) {
        for (&[l, a, b], to) in stored.as_chunks().0.iter().zip(rgba.as_chunks_mut().0) {
            let [r, g, b] = self.rgb(l, a as i8, b as i8);
            *to = [r, g, b, 255];
        }
    }

    fn rgb(&self, l: u8, a: i8, b: i8) -> [u8; 3] {
        let xyz = self.xyz(l, a, b);
        MATRIX.map(|row| {
            let light: f32 = row[0] * xyz[0] + row[1] * xyz[1] + row[2] * xyz[2];
            let step = (WHITE - BLACK) / STEPS as f32;
            let at = ((light.clamp(BLACK, WHITE) - BLACK) / step) as usize;
            self.display.get(at.min(STEPS)).copied().unwrap_or(255)
        })
    }

    fn xyz(&self, l: u8, a: i8, b: i8) -> [f32; 3] {
        let [x_white, y_white, z_white] = self.white;
        // libtiff widens to 16 bits first.
        let lightness = (u32::from(l) * 257) as f32 * 100.0 / 65_535.0;
        let (y, root) = if lightness < 8.856 {
            let y = (lightness * y_white) / 903.292;
            (y, 7.787 * (y / y_white) + 16.0 / 116.0)
        } else {
            let root = (lightness + 16.0) / 116.0;
            (y_white * root * root * root, root)
        };
        let cube = |white: f32, root: f32| if root < 0.2069 { white * (root - 0.137_93) / 7.787 } else { white * root * root * root };
        let part = |sample: i8, range: f32| (i32::from(sample) * 256) as f32 / 256.0 / range;
        [cube(x_white, part(a, 500.0) + root), y, cube(z_white, root - part(b, 200.0))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gray_stays_nearly_gray_and_runs_from_black_to_white() {
        let lab = Lab::new([0.3127, 0.329]).unwrap();
        assert_eq!(lab.rgb(0, 0, 0), [0; 3]);
        assert!(lab.rgb(255, 0, 0).iter().all(|v| *v >= 253), "{:?}", lab.rgb(255, 0, 0));
        let [r, g, b] = lab.rgb(128, 0, 0).map(i16::from);
        assert!((r - g).abs() <= 2 && (g - b).abs() <= 2 && (100..140).contains(&g), "{r} {g} {b}");
    }

    #[test]
    fn a_white_point_without_light_is_refused() {
        assert!(Lab::new([0.3, 0.0]).is_none());
        assert!(Lab::new([f32::NAN, 0.3]).is_none());
        assert!(Lab::new(D50).is_some());
    }
}
