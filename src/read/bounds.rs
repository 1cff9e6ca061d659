//! Reads by map coordinates: bounds to a window, as rasterio's `windows.from_bounds` has it.

use super::params::ReadParams;
use super::window::Window;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::geo::GeoTransform;

/// Edges this near to the edge of a pixel, in pixels, lie on it: coordinates have rounding errors.
const SNAP: f64 = 1e-6;

impl Dataset {
    /// The window (x, y, width, height) of a level that covers bounds (left, bottom, right, top): in a rotated image the box around their
    /// four corners. `crs` must name the image's own CRS; `None` means it.
    pub fn bounds_window(&self, bounds: [f64; 4], crs: Option<&str>, level: usize) -> Result<[f64; 4]> {
        let window = || {
            if let Some(crs) = crs {
                self.check_crs(crs)?;
            }
            let transform = if level == 0 { self.transform() } else { self.level_transform(level)? };
            let missing = || Error::unsupported("the image has no transform from pixels to map coordinates; read it by pixels");
            window(&transform.ok_or_else(missing)?, bounds)
        };
        window().map_err(|e| e.in_file(self.name()))
    }

    /// The parameters of the window that covers these bounds.
    pub(crate) fn bounds_params(&self, bounds: [f64; 4], crs: Option<&str>, params: &ReadParams) -> Result<ReadParams> {
        if params.window.is_some() {
            return Err(Error::invalid("a read by bounds takes no window beside them").in_file(self.name()));
        }
        let window = self.bounds_window(bounds, crs, params.level.unwrap_or(0))?;
        Ok(ReadParams { window: Some(window), boundless: true, ..params.clone() })
    }

    /// Refuses a CRS other than the image's own.
    pub(crate) fn check_crs(&self, crs: &str) -> Result<()> {
        if epsg_code(crs).is_some_and(|code| Some(code) == self.epsg()) {
            return Ok(());
        }
        let own = self.epsg().map_or_else(|| "has no EPSG code".to_owned(), |code| format!("is EPSG:{code}"));
        Err(Error::unsupported(format!("{crs:?}: this version reads coordinates in the image's own CRS only, which {own}")))
    }
}

/// The code of `EPSG:4326`, `urn:ogc:def:crs:EPSG::4326` or `http://www.opengis.net/def/crs/EPSG/0/4326`, in any case.
fn epsg_code(crs: &str) -> Option<u32> {
    let crs = crs.trim().to_ascii_uppercase();
    let (authority, code) = crs.rsplit_once([':', '/'])?;
    let is_epsg = authority == "EPSG" || authority.contains(":EPSG:") || authority.contains("/EPSG/");
    code.parse().ok().filter(|_| is_epsg)
}

fn window(transform: &GeoTransform, [left, bottom, right, top]: [f64; 4]) -> Result<Window> {
    let said = || format!("the bounds {left}, {bottom}, {right}, {top} (left, bottom, right, top)");
    let GeoTransform([_, a, b, _, d, e]) = *transform;
    // In a south-up image rows go up, and rasterio's bounds have their bottom above their top: both orders are meant.
    let (low, high) = if e > 0.0 { (bottom.min(top), bottom.max(top)) } else { (bottom, top) };
    let rising = if a < 0.0 { right < left } else { left < right };
    if ![left, bottom, right, top].iter().all(|v| v.is_finite()) || !rising || low >= high {
        return Err(Error::invalid(format!("{} are empty, in the wrong order, or not numbers", said())));
    }
    let determinant = a * e - b * d;
    if determinant == 0.0 || !determinant.is_finite() {
        return Err(Error::unsupported("the image's transform can't be inverted: read it by pixels"));
    }
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom)].map(|(x, y)| transform.invert(x, y));
    let range = |of: fn(&(f64, f64)) -> f64| {
        let values = corners.map(|corner| snap(of(&corner)));
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
        (low, high - low)
    };
    let ((x, width), (y, height)) = (range(|c| c.0), range(|c| c.1));
    Ok([x, y, width, height])
}

fn snap(value: f64) -> f64 {
    let whole = value.round();
    if (value - whole).abs() < SNAP { whole } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORTH_UP: GeoTransform = GeoTransform([500_000.0, 0.6, 0.0, 4_000_000.0, 0.0, -0.6]);

    #[test]
    fn whole_pixels_come_out_whole() {
        let bounds = [500_000.0 + 3.0 * 0.6, 4_000_000.0 - 90.0 * 0.6, 500_000.0 + 71.0 * 0.6, 4_000_000.0 - 7.0 * 0.6];
        assert_eq!(window(&NORTH_UP, bounds).unwrap(), [3.0, 7.0, 68.0, 83.0]);
        let [x, y, width, height] = window(&NORTH_UP, [500_000.3, 3_999_999.1, 500_000.9, 4_000_000.3]).unwrap();
        assert!([x - 0.5, y + 0.5, width - 1.0, height - 2.0].iter().all(|d| d.abs() < 1e-6));
    }

    #[test]
    fn a_south_up_image_takes_bounds_in_either_order() {
        let south_up = GeoTransform([100.0, 2.0, 0.0, 50.0, 0.0, 2.0]);
        assert_eq!(window(&south_up, [104.0, 60.0, 110.0, 54.0]).unwrap(), [2.0, 2.0, 3.0, 3.0]);
        assert_eq!(window(&south_up, [104.0, 54.0, 110.0, 60.0]).unwrap(), [2.0, 2.0, 3.0, 3.0]);
    }

    /// rasterio 1.4.4: `from_bounds(500200, 4199600, 500700, 4200100, Affine(10, 2, 500000, 3, -11, 4200000))`.
    #[test]
    fn a_rotated_image_gives_the_box_around_the_corners() {
        let rotated = GeoTransform([500_000.0, 10.0, 2.0, 4_200_000.0, 3.0, -11.0]);
        let found = window(&rotated, [500_200.0, 4_199_600.0, 500_700.0, 4_200_100.0]).unwrap();
        let expected = [12.068_965_517, -3.448_275_862, 56.034_482_759, 56.034_482_759];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
    }

    #[test]
    fn bounds_that_hold_nothing_are_refused() {
        for bounds in [[2.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0], [f64::NAN, 0.0, 1.0, 1.0]] {
            assert!(window(&NORTH_UP, bounds).is_err(), "{bounds:?}");
        }
        assert!(window(&GeoTransform([0.0; 6]), [0.0, 0.0, 1.0, 1.0]).is_err());
    }

    #[test]
    fn codes_are_read_from_the_usual_spellings() {
        for crs in ["EPSG:3857", " epsg:3857", "urn:ogc:def:crs:EPSG::3857", "http://www.opengis.net/def/crs/EPSG/0/3857"] {
            assert_eq!(epsg_code(crs), Some(3857), "{crs}");
        }
        for crs in ["3857", "ESRI:3857", "EPSG:", "+proj=merc", "urn:ogc:def:crs:OGC:1.3:CRS84"] {
            assert_eq!(epsg_code(crs), None, "{crs}");
        }
    }
}
