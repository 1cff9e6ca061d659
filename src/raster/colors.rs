//! Colours that GDAL does not give as they are stored, but as libtiff's RGBA reader converts them (`tif_getimage.c`, `tif_color.c`):
//! 8-bit CMYK, YCbCr outside JPEG (TIFF 6.0, sections 16, 20 and 21), CIE L*a*b* and LogLuv.

use super::lab::Lab;
use std::sync::Arc;

/// What is done with the samples of a pixel.
#[derive(Debug, Clone)]
pub(crate) enum Colors {
    AsStored,
    /// To red, green, blue and alpha.
    Cmyk,
    /// To red, green and blue.
    YCbCr(YCbCr),
    /// To red, green, blue and alpha.
    Lab(Lab),
    /// 8-bit LogL and LogLuv, which their codec decodes to gray and RGB: to red, green, blue and alpha.
    Opaque,
}

impl Colors {
    /// Bands that are read of pixels with `stored` samples.
    pub(crate) fn samples(&self, stored: usize) -> usize {
        match self {
            Self::AsStored => stored,
            Self::Cmyk | Self::Lab(_) | Self::Opaque => 4,
            Self::YCbCr(_) => 3,
        }
    }

    /// Luma samples across and down that share one Cb and one Cr.
    pub(crate) fn subsampling(&self) -> (usize, usize) {
        match self {
            Self::YCbCr(model) => (model.across, model.down),
            _ => (1, 1),
        }
    }

    /// How many rows of `width` pixels are stored together, and their bytes; `None` where that is not for the colours to say.
    pub(crate) fn packed_rows(&self, width: u64) -> Option<(u64, u64)> {
        match self {
            Self::YCbCr(model) => Some((model.down as u64, model.stored_bytes(width, model.down as u64)?)),
            _ => None,
        }
    }

    pub(crate) fn is_as_stored(&self) -> bool {
        matches!(self, Self::AsStored)
    }

    /// Converts a block with `samples` 8-bit samples a pixel and `width` pixels a row. Nothing is to be done for [`Self::AsStored`].
    pub(crate) fn convert(&self, stored: &[u8], samples: usize, width: usize, out: &mut [u8]) {
        match self {
            Self::AsStored => {}
            Self::Cmyk => cmyk_to_rgba(stored, samples, out),
            Self::YCbCr(model) => model.to_rgb(stored, width, out),
            Self::Lab(model) => model.to_rgba(stored, out),
            Self::Opaque => opaque(stored, samples, out),
        }
    }
}

/// Gray or RGB, with opaque alpha.
fn opaque(stored: &[u8], samples: usize, rgba: &mut [u8]) {
    for (from, to) in stored.chunks_exact(samples.max(1)).zip(rgba.as_chunks_mut().0) {
        match *from {
            [gray] => *to = [gray, gray, gray, 255],
            [r, g, b, ..] => *to = [r, g, b, 255],
            _ => {}
        }
    }
}

/// libtiff's `putRGBcontig8bitCMYKtile`: ink lets light through, and black takes the rest; alpha is opaque.
fn cmyk_to_rgba(stored: &[u8], samples: usize, rgba: &mut [u8]) {
    for (from, to) in stored.chunks_exact(samples.max(4)).zip(rgba.as_chunks_mut::<4>().0) {
        if let Some(&[c, m, y, k]) = from.first_chunk() {
            let light = |ink: u8| (u16::from(255 - k) * u16::from(255 - ink) / 255) as u8;
            *to = [light(c), light(m), light(y), 255];
        }
    }
}

/// YCbCr whose chroma may be subsampled: `across` × `down` luma samples share one Cb and one Cr, and are stored together.
#[derive(Debug, Clone)]
pub(crate) struct YCbCr {
    across: usize,
    down: usize,
    tables: Arc<Tables>,
}

/// What each value of Y, Cb and Cr adds to red, green and blue; green's parts have 16 binary places.
#[derive(Debug)]
struct Tables {
    y: [i32; 256],
    cr_red: [i32; 256],
    cb_blue: [i32; 256],
    cr_green: [i32; 256],
    cb_green: [i32; 256],
}

const SHIFT: i32 = 16;
const HALF: i32 = 1 << (SHIFT - 1);

impl YCbCr {
    /// `YCbCrSubSampling`, `YCbCrCoefficients` and `ReferenceBlackWhite`; `None` for values that can't be.
    pub(crate) fn new(subsampling: (u64, u64), luma: [f32; 3], black_white: [f32; 6]) -> Option<Self> {
        let side = |n: u64| matches!(n, 1 | 2 | 4).then_some(n as usize);
        let sound = luma.iter().chain(&black_white).all(|v| v.is_finite()) && luma[1] != 0.0;
        let tables = Arc::new(Tables::new(luma, black_white));
        sound.then_some(())?;
        Some(Self { across: side(subsampling.0)?, down: side(subsampling.1)?, tables })
    }

    /// The same colours, subsampled otherwise.
    pub(crate) fn subsampled(&self, (across, down): (u8, u8)) -> Option<Self> {
        let side = |n: u8| matches!(n, 1 | 2 | 4).then_some(usize::from(n));
        Some(Self { across: side(across)?, down: side(down)?, tables: Arc::clone(&self.tables) })
    }

    /// Bytes that a block of pixels takes.
    pub(crate) fn stored_bytes(&self, width: u64, rows: u64) -> Option<u64> {
        let unit = (self.across * self.down + 2) as u64;
        width.div_ceil(self.across as u64).checked_mul(rows.div_ceil(self.down as u64))?.checked_mul(unit)
    }

    /// Converts a block of `width` pixels a row (libtiff's `putcontig8bitYCbCrXYtile`s).
    pub(crate) fn to_rgb(&self, stored: &[u8], width: usize, rgb: &mut [u8]) {
        let luma = self.across * self.down;
        let mut units = stored.chunks_exact(luma + 2);
        for rows in rgb.chunks_mut(3 * width * self.down) {
            for x in (0..width).step_by(self.across) {
                let Some((y, &[cb, cr])) = units.next().and_then(<[u8]>::split_last_chunk) else { return };
                for (i, &y) in y.iter().enumerate() {
                    let (column, row) = (x + i % self.across, i / self.across);
                    let at = (row * width + column) * 3;
                    if let Some(pixel) = rows.get_mut(at..at + 3).filter(|_| column < width) {
                        pixel.copy_from_slice(&self.tables.rgb(y, cb, cr));
                    }
                }
            }
        }
    }
}

impl Tables {
    /// libtiff's `TIFFYCbCrToRGBInit`, rounding where it rounds.
    fn new(luma: [f32; 3], black_white: [f32; 6]) -> Self {
        let [red, green, blue] = luma;
        let [y_black, y_white, cb_black, cb_white, cr_black, cr_white] = black_white;
        let fixed = |x: f32| (f64::from(x.clamp(0.0, 2.0)) * f64::from(1 << SHIFT) + 0.5) as i32;
        let (f1, f3) = (2.0 - 2.0 * red, 2.0 - 2.0 * blue);
        let (d1, d2, d3, d4) = (fixed(f1), -fixed(red * f1 / green), fixed(f3), -fixed(blue * f3 / green));
        let code = |c: i32, black: f32, white: f32, range: f32| {
            let span = if white - black == 0.0 { 1.0 } else { white - black };
            (((c - black as i32) as f32 * range) / span).clamp(-128.0 * 32.0, 128.0 * 32.0) as i32
        };
        let all = |value: &dyn Fn(i32) -> i32| std::array::from_fn(|i| value(i as i32));
        let cr = |i: i32| code(i - 128, cr_black - 128.0, cr_white - 128.0, 127.0);
        let cb = |i: i32| code(i - 128, cb_black - 128.0, cb_white - 128.0, 127.0);
        Self {
            y: all(&|i| code(i, y_black, y_white, 255.0)),
            cr_red: all(&|i| (d1 * cr(i) + HALF) >> SHIFT),
            cb_blue: all(&|i| (d3 * cb(i) + HALF) >> SHIFT),
            cr_green: all(&|i| d2 * cr(i)),
            cb_green: all(&|i| d4 * cb(i) + HALF),
        }
    }

    #[allow(clippy::indexing_slicing, reason = "a byte is inside 256 entries")]
    fn rgb(&self, y: u8, cb: u8, cr: u8) -> [u8; 3] {
        let (y, cb, cr) = (self.y[usize::from(y)], usize::from(cb), usize::from(cr));
        let green = (self.cb_green[cb] + self.cr_green[cr]) >> SHIFT;
        [y + self.cr_red[cr], y + green, y + self.cb_blue[cb]].map(|v| v.clamp(0, 255) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rec. 601 and full range, TIFF's defaults.
    fn plain(across: u64, down: u64) -> YCbCr {
        YCbCr::new((across, down), [0.299, 0.587, 0.114], [0.0, 255.0, 128.0, 255.0, 128.0, 255.0]).unwrap()
    }

    #[test]
    fn grey_stays_grey_and_primaries_come_out() {
        let tables = plain(1, 1).tables;
        for y in [0, 1, 100, 255] {
            assert_eq!(tables.rgb(y, 128, 128), [y, y, y]);
        }
        // JFIF's red, green and blue, to within the rounding of Y, Cb and Cr.
        for (ycc, rgb) in [([76, 85, 255], [254i16, 0, 0]), ([150, 44, 21], [0, 255, 1]), ([29, 255, 107], [0, 0, 254])] {
            let got = tables.rgb(ycc[0], ycc[1], ycc[2]);
            assert!(got.iter().zip(rgb).all(|(a, b)| (i16::from(*a) - b).abs() <= 1), "{got:?} {rgb:?}");
        }
    }

    #[test]
    fn units_are_laid_out_row_by_row_and_cut_at_the_edge() {
        let model = plain(2, 2);
        assert_eq!(model.stored_bytes(3, 3), Some(4 * 6));
        let unit = |y: u8| [y, y + 1, y + 2, y + 3, 128, 128];
        let stored = [unit(10), unit(20), unit(30), unit(40)].concat();
        let mut rgb = vec![0; 27];
        model.to_rgb(&stored, 3, &mut rgb);
        let luma: Vec<u8> = rgb.chunks(3).map(|p| p[1]).collect();
        assert_eq!(luma, [10, 11, 20, 12, 13, 22, 30, 31, 40]);
    }

    #[test]
    fn impossible_fields_are_refused() {
        assert!(YCbCr::new((3, 1), [0.3, 0.6, 0.1], [0.0; 6]).is_none());
        assert!(YCbCr::new((2, 2), [0.3, 0.0, 0.1], [0.0; 6]).is_none());
        assert!(YCbCr::new((2, 2), [f32::NAN, 0.6, 0.1], [0.0; 6]).is_none());
    }
}
