//! Pixel to map coordinates: ModelPixelScale and ModelTiepoint, or ModelTransformation (GeoTIFF 1.1, section 7.3; GDAL's
//! `GTiffDataset::LoadGeoreferencing`).

/// GDAL's order: `x = t[0] + column·t[1] + row·t[2]`, `y = t[3] + column·t[4] + row·t[5]`, with pixel corners as whole numbers.
/// (affine's a, b, c, d, e, f are `t[1], t[2], t[0], t[4], t[5], t[3]`.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeoTransform(pub [f64; 6]);

impl GeoTransform {
    /// The map coordinates of a pixel position.
    pub fn apply(&self, column: f64, row: f64) -> (f64, f64) {
        let t = &self.0;
        (t[0] + column * t[1] + row * t[2], t[3] + column * t[4] + row * t[5])
    }

    /// The transform back, from map coordinates to pixel positions, by the operations of GDAL's `GDALInvGeoTransform`; `None` where all
    /// pixels lie on a line or a point.
    #[must_use]
    pub fn inverse(&self) -> Option<Self> {
        let [x, a, b, y, d, e] = self.0;
        if b == 0.0 && d == 0.0 && a != 0.0 && e != 0.0 {
            return Some(Self([-x / a, 1.0 / a, 0.0, -y / e, 0.0, 1.0 / e]));
        }
        let determinant = a * e - b * d;
        let size = a.abs().max(b.abs()).max(d.abs().max(e.abs()));
        if determinant.abs() <= 1e-10 * size * size || !determinant.is_finite() {
            return None;
        }
        let f = 1.0 / determinant;
        Some(Self([(b * y - x * e) * f, e * f, -b * f, (-a * y + x * d) * f, -d * f, a * f]))
    }

    /// The pixel position of map coordinates, where the transform can be inverted.
    pub(crate) fn invert(&self, x: f64, y: f64) -> (f64, f64) {
        let [x0, a, b, y0, d, e] = self.0;
        let (x, y, determinant) = (x - x0, y - y0, a * e - b * d);
        ((x * e - y * b) / determinant, (y * a - x * d) / determinant)
    }

    /// The same for a level that is smaller by these factors.
    #[must_use]
    pub fn scaled(&self, x: f64, y: f64) -> Self {
        let t = &self.0;
        Self([t[0], t[1] * x, t[2] * y, t[3], t[4] * x, t[5] * y])
    }

    /// In affine's order, as `cogtool info --json` prints it.
    pub fn affine(&self) -> [f64; 6] {
        let t = &self.0;
        [t[1], t[2], t[0], t[4], t[5], t[3]]
    }

    /// Left, bottom, right, top as rasterio gives them for an image of this size: for a rotated image the box around its corners,
    /// otherwise the first and the last corner (so that bottom is above top in a south-up image).
    pub fn bounds(&self, width: u64, height: u64) -> [f64; 4] {
        let (w, h) = (width as f64, height as f64);
        if self.0[2] == 0.0 && self.0[4] == 0.0 {
            let ((left, top), (right, bottom)) = (self.apply(0.0, 0.0), self.apply(w, h));
            return [left, bottom, right, top];
        }
        let corners = [self.apply(0.0, 0.0), self.apply(w, 0.0), self.apply(0.0, h), self.apply(w, h)];
        let fold = |pick: fn(f64, f64) -> f64, start: f64, of: fn(&(f64, f64)) -> f64| corners.iter().map(of).fold(start, pick);
        [
            fold(f64::min, f64::INFINITY, |c| c.0),
            fold(f64::min, f64::INFINITY, |c| c.1),
            fold(f64::max, f64::NEG_INFINITY, |c| c.0),
            fold(f64::max, f64::NEG_INFINITY, |c| c.1),
        ]
    }
}

/// A ground control point: where a position in the image is on Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gcp {
    /// Position in the image; pixel corners are whole numbers.
    pub column: f64,
    /// See `column`.
    pub row: f64,
    /// Position in the CRS.
    pub x: f64,
    /// See `x`.
    pub y: f64,
    /// Height.
    pub z: f64,
}

impl Gcp {
    /// Those of ModelTiepoint, in which a PixelIsPoint file counts from the centres of pixels.
    fn all(tiepoints: &[f64], pixel_is_point: bool) -> Vec<Self> {
        let shift = if pixel_is_point { 0.5 } else { 0.0 };
        let point = |t: &[f64]| match *t {
            [i, j, _, x, y, z] => Some(Self { column: i + shift, row: j + shift, x, y, z }),
            _ => None,
        };
        tiepoints.chunks_exact(6).filter_map(point).collect()
    }
}

/// What the file says of its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Georeferencing {
    Transform(GeoTransform),
    /// Tie points only.
    Gcps(Vec<Gcp>),
    None,
}

/// Combines the three tags. A negative ScaleY is read as north-up, as GDAL does by default.
pub(crate) fn georeferencing(scale: &[f64], tiepoints: &[f64], matrix: &[f64], pixel_is_point: bool) -> Georeferencing {
    let transform = match (scale, tiepoints, matrix) {
        (&[sx, sy, ..], &[i, j, _, x, y, _, ..], _) if sx != 0.0 && sy != 0.0 => {
            let sy = -sy.abs();
            Some([x - i * sx, sx, 0.0, y - j * sy, 0.0, sy])
        }
        // A scale without a tie point leaves the matrix unread.
        (&[sx, sy, ..], _, _) if sx != 0.0 && sy != 0.0 => None,
        (_, _, &[a, b, _, d, e, f, _, h, ..]) if matrix.len() == 16 => Some([d, a, b, h, e, f]),
        _ => None,
    };
    match transform {
        Some(mut t) => {
            if pixel_is_point {
                t[0] -= 0.5 * t[1] + 0.5 * t[2];
                t[3] -= 0.5 * t[4] + 0.5 * t[5];
            }
            Georeferencing::Transform(GeoTransform(t))
        }
        None if tiepoints.len() >= 6 => Georeferencing::Gcps(Gcp::all(tiepoints, pixel_is_point)),
        None => Georeferencing::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_and_tiepoint_with_the_point_shift() {
        let area = georeferencing(&[10.0, 12.5, 0.0], &[1.0, 2.0, 0.0, 500.0, 4000.0, 0.0], &[], false);
        assert_eq!(area, Georeferencing::Transform(GeoTransform([490.0, 10.0, 0.0, 4025.0, 0.0, -12.5])));
        let point = georeferencing(&[10.0, -12.5, 0.0], &[0.0, 0.0, 0.0, 500.0, 4000.0, 0.0], &[], true);
        assert_eq!(point, Georeferencing::Transform(GeoTransform([495.0, 10.0, 0.0, 4006.25, 0.0, -12.5])));
    }

    #[test]
    fn a_matrix_serves_where_there_is_no_scale() {
        let m = [10.0, 2.0, 0.0, 100.0, 3.0, -11.0, 0.0, 200.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        assert_eq!(georeferencing(&[], &[], &m, false), Georeferencing::Transform(GeoTransform([100.0, 10.0, 2.0, 200.0, 3.0, -11.0])));
        assert_eq!(georeferencing(&[], &[], &m[..12], false), Georeferencing::None);
        assert_eq!(georeferencing(&[10.0, 10.0], &[], &m, false), Georeferencing::None);
    }

    #[test]
    fn tie_points_alone_are_control_points_with_the_point_shift() {
        let tiepoints: Vec<f64> = (0..13).map(f64::from).collect();
        let Georeferencing::Gcps(points) = georeferencing(&[], &tiepoints, &[], true) else { panic!("no points") };
        assert_eq!(points.len(), 2);
        assert_eq!(points[1], Gcp { column: 6.5, row: 7.5, x: 9.0, y: 10.0, z: 11.0 });
    }

    #[test]
    fn the_inverse_leads_back() {
        let t = GeoTransform([500_000.0, 10.0, 2.0, 4_200_000.0, 3.0, -11.0]);
        let (x, y) = t.apply(17.25, 40.5);
        let (column, row) = t.inverse().unwrap().apply(x, y);
        assert!((column - 17.25).abs() < 1e-9 && (row - 40.5).abs() < 1e-9);
        assert_eq!(GeoTransform([1.0, 2.0, 4.0, 1.0, 1.0, 2.0]).inverse(), None);
    }

    #[test]
    fn rotated_bounds_hold_every_corner() {
        let t = GeoTransform([500_000.0, 10.0, 2.0, 4_200_000.0, 3.0, -11.0]);
        assert_eq!(t.bounds(140, 105), [500_000.0, 4_198_845.0, 501_610.0, 4_200_420.0]);
    }
}
