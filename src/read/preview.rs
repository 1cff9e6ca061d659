//! The size of a picture of the whole image.

/// Width and height of an image reduced until its longer side has `max_size` pixels, as rio-tiler's `preview` reduces it: the shorter side
/// is rounded up, and an image that is no longer than that stays as it is.
pub fn preview_size(width: u64, height: u64, max_size: u64) -> (u64, u64) {
    if width.max(height) <= max_size {
        return (width, height);
    }
    // The very operations of rio-tiler, whose rounding decides where the quotient is a whole number.
    let ratio = height as f64 / width as f64;
    let side = |length: f64| (length.ceil() as u64).max(1);
    if ratio > 1.0 { (side(max_size as f64 / ratio), max_size) } else { (max_size, side(max_size as f64 * ratio)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `rio_tiler.reader._get_width_height(max_size, height, width)` of rio-tiler 8.
    #[test]
    fn sizes_are_those_of_rio_tiler() {
        assert_eq!(preview_size(2667, 2658, 1024), (1024, 1021));
        assert_eq!(preview_size(1000, 3000, 1024), (342, 1024));
        assert_eq!(preview_size(1024, 768, 1024), (1024, 768));
        assert_eq!(preview_size(300, 200, 1024), (300, 200));
        assert_eq!(preview_size(2000, 2000, 1000), (1000, 1000));
        assert_eq!(preview_size(1_000_000, 1, 10), (10, 1));
        assert_eq!(preview_size(3, 49, 49), (3, 49));
        assert_eq!(preview_size(1470, 30, 49), (49, 1));
    }
}
