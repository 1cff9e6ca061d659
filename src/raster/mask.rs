//! Which samples are nodata, as GDAL's `GDALNoDataMaskBand` decides it.

use super::dtype::DType;

/// The nodata value of a dataset (tag 42113).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Nodata {
    Real(f64),
    /// Integers of 64 bits are compared exactly.
    Signed(i64),
    Unsigned(u64),
}

impl Nodata {
    /// Reads the tag's text, an ASCII number in C's spelling; `None` where it is not a number.
    pub(crate) fn parse(text: &str, dtype: DType) -> Option<Self> {
        let text = text.trim();
        match dtype {
            DType::Int64 => return leading(text, |c| c.is_ascii_digit() || matches!(c, '+' | '-')).map(Self::Signed),
            DType::UInt64 => return leading(text, |c| c.is_ascii_digit() || c == '+').map(Self::Unsigned),
            _ => {}
        }
        let value = match text.to_ascii_lowercase().as_str() {
            "nan" | "-nan" | "1.#qnan" | "-1.#qnan" | "-1.#ind" | "1.#ind" => f64::NAN,
            "inf" | "1.#inf" | "+inf" | "infinity" => f64::INFINITY,
            "-inf" | "-1.#inf" | "-infinity" => f64::NEG_INFINITY,
            number => leading(number, |c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e'))?,
        };
        // Beyond float32's range by less than its precision means its largest value; further out is infinity.
        Some(Self::Real(if dtype == DType::Float32 { f64::from(value as f32) } else { value }))
    }

    /// The value as a double.
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Real(value) => value,
            Self::Signed(value) => value as f64,
            Self::Unsigned(value) => value as f64,
        }
    }

    /// Whether a sample of this type can have the value at all.
    pub(crate) fn fits(self, dtype: DType) -> bool {
        let value = self.as_f64();
        let (low, high) = dtype.range();
        dtype.is_float() || dtype.is_complex() || (value >= low && value <= high)
    }

    /// The value as the bytes of a sample (the real part of a complex one), for filling sparse blocks.
    pub(crate) fn sample(self, dtype: DType) -> [u8; 16] {
        let mut bytes = [0; 16];
        let value = self.as_f64();
        let mut put = |b: &[u8]| bytes.iter_mut().zip(b).for_each(|(to, from)| *to = *from);
        match (dtype, self) {
            (DType::UInt64, Self::Unsigned(n)) => put(&n.to_ne_bytes()),
            (DType::Int64, Self::Signed(n)) => put(&n.to_ne_bytes()),
            (DType::UInt8, _) => put(&(value as u8).to_ne_bytes()),
            (DType::Int8, _) => put(&(value as i8).to_ne_bytes()),
            (DType::UInt16, _) => put(&(value as u16).to_ne_bytes()),
            (DType::Int16 | DType::CInt16, _) => put(&(value as i16).to_ne_bytes()),
            (DType::UInt32, _) => put(&(value as u32).to_ne_bytes()),
            (DType::Int32 | DType::CInt32, _) => put(&(value as i32).to_ne_bytes()),
            (DType::UInt64, _) => put(&(value as u64).to_ne_bytes()),
            (DType::Int64, _) => put(&(value as i64).to_ne_bytes()),
            (DType::Float16, _) => put(&half::f16::from_f64(value).to_ne_bytes()),
            (DType::Float32 | DType::CFloat32, _) => put(&(value as f32).to_ne_bytes()),
            (DType::Float64 | DType::CFloat64, _) => put(&value.to_ne_bytes()),
        }
        bytes
    }

    /// Calls `valid(i)` for each sample of a row that is not nodata. `row` begins at the first sample; samples are `step` bytes apart.
    pub(crate) fn each_valid(
        self,
        dtype: DType,
        row: &[u8],
        step: usize,
        columns: impl Iterator<Item = usize>,
        mut valid: impl FnMut(usize),
    ) {
        macro_rules! scan {
            ($type:ty, $is_nodata:expr) => {{
                let is_nodata = $is_nodata;
                for (i, column) in columns.enumerate() {
                    let at = column * step;
                    let bytes = row.get(at..at + size_of::<$type>()).and_then(|b| b.try_into().ok());
                    if bytes.is_some_and(|b| !is_nodata(<$type>::from_ne_bytes(b))) {
                        valid(i);
                    }
                }
            }};
        }
        // GDAL compares integers with the value cut to a whole number.
        let value = if dtype.is_float() || dtype.is_complex() { self.as_f64() } else { self.as_f64().trunc() };
        match dtype {
            DType::UInt8 => scan!(u8, |v| f64::from(v) == value),
            DType::Int8 => scan!(i8, |v| f64::from(v) == value),
            DType::UInt16 => scan!(u16, |v| f64::from(v) == value),
            DType::Int16 | DType::CInt16 => scan!(i16, |v| f64::from(v) == value),
            DType::UInt32 => scan!(u32, |v| f64::from(v) == value),
            DType::Int32 | DType::CInt32 => scan!(i32, |v| f64::from(v) == value),
            DType::UInt64 => {
                scan!(u64, |v: u64| matches!(self, Self::Unsigned(n) if n == v) || (matches!(self, Self::Real(_)) && v as f64 == value));
            }
            DType::Int64 => {
                scan!(i64, |v: i64| matches!(self, Self::Signed(n) if n == v) || (matches!(self, Self::Real(_)) && v as f64 == value));
            }
            DType::Float16 => scan!(half::f16, |v: half::f16| f64::from(v) == value),
            DType::Float32 | DType::CFloat32 => scan!(f32, |v: f32| same_f32(v, value as f32)),
            DType::Float64 | DType::CFloat64 => scan!(f64, |v: f64| same_f64(v, value)),
        }
    }
}

/// The number at the start of a text, as C's `strtod` and `strtoll` take it: "-9999 m" is -9999.
fn leading<T: std::str::FromStr>(text: &str, belongs: impl Fn(char) -> bool) -> Option<T> {
    let mut end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    while end > 0 {
        if let Some(value) = text.get(..end).and_then(|t| t.parse().ok()) {
            return Some(value);
        }
        end -= 1;
    }
    None
}

/// GDAL's `ARE_REAL_EQUAL`: equal to within twice float32's epsilon (for doubles too, as measured), NaN equal to NaN.
fn same_f32(a: f32, b: f32) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() < f32::EPSILON * (a + b).abs() * 2.0
}

fn same_f64(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() < f64::from(f32::EPSILON) * (a + b).abs() * 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid(nodata: &str, dtype: DType, row: &[u8]) -> Vec<usize> {
        let mut found = Vec::new();
        let n = row.len() / dtype.size();
        Nodata::parse(nodata, dtype).unwrap().each_valid(dtype, row, dtype.size(), 0..n, |i| found.push(i));
        found
    }

    #[test]
    fn spellings_of_nodata() {
        let parse = |text| Nodata::parse(text, DType::Float64).map(Nodata::as_f64);
        assert_eq!(parse("-9999"), Some(-9999.0));
        assert_eq!(parse(" -3.4e+38 "), Some(-3.4e38));
        assert_eq!(parse("12 metres"), Some(12.0));
        assert!(parse("NaN").unwrap().is_nan());
        assert_eq!(parse("-inf"), Some(f64::NEG_INFINITY));
        assert_eq!(parse("none"), None);
        assert_eq!(Nodata::parse("-9223372036854775807", DType::Int64), Some(Nodata::Signed(-9_223_372_036_854_775_807)));
        assert_eq!(Nodata::parse("3.4028235e38", DType::Float32).unwrap().as_f64(), f64::from(f32::MAX));
        assert_eq!(Nodata::parse("-9.2e18", DType::Int64), Some(Nodata::Signed(-9)));
    }

    #[test]
    fn samples_are_compared_in_their_own_type() {
        assert_eq!(valid("255", DType::UInt8, &[1, 255, 0]), [0, 2]);
        let floats: Vec<u8> = [f32::NAN, 1.0].iter().flat_map(|v| v.to_ne_bytes()).collect();
        assert_eq!(valid("nan", DType::Float32, &floats), [1]);
        assert_eq!(valid("1", DType::Float32, &floats), [0]);
        let big: Vec<u8> = [i64::MIN, i64::MIN + 1].iter().flat_map(|v| v.to_ne_bytes()).collect();
        assert_eq!(valid("-9223372036854775808", DType::Int64, &big), [1]);
    }

    #[test]
    fn a_value_outside_the_type_masks_nothing() {
        assert!(!Nodata::Real(-1.0).fits(DType::UInt8));
        assert!(Nodata::Real(f64::NAN).fits(DType::Float32));
        assert!(!Nodata::Real(f64::NAN).fits(DType::UInt8));
    }
}
