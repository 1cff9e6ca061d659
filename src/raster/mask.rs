//! Which samples are nodata, as GDAL's `GDALNoDataMaskBand` decides it.

use super::dtype::DType;
use crate::c_numbers;

/// The nodata value of a dataset (tag 42113), or a band's value of GDAL's item NODATA_VALUES.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Nodata {
    Real(f64),
    /// Integers of 64 bits are compared exactly.
    Signed(i64),
    Unsigned(u64),
    /// Compared without tolerance, as `GDALNoDataValuesMaskBand` compares: NaN equals nothing.
    Exact(f64),
}

impl Nodata {
    /// Reads the tag's text as `GTiffDataset::OpenOffset` does: any text but an empty one is a number. `bits` is the depth of a sample as
    /// it is stored.
    pub(crate) fn parse(text: &str, dtype: DType, bits: u16) -> Option<Self> {
        Some(match (dtype, bits) {
            _ if text.is_empty() => return None,
            (DType::Int64, _) => Self::Signed(c_numbers::strtoll(text)),
            (DType::UInt64, _) => Self::Unsigned(c_numbers::strtoull(text)),
            // Beyond float32's range by less than its precision means its largest value; further out is infinity.
            (DType::Float32, 32) => Self::Real(f64::from(c_numbers::atof(text) as f32)),
            _ => Self::Real(c_numbers::atof(text)),
        })
    }

    /// Reads the item NODATA_VALUES, which counts only where it has one value a band.
    pub(crate) fn parse_values(text: &str, dtype: DType, bands: usize) -> Option<Vec<Self>> {
        // GDAL casts each to the type that it compares in. Beyond that type's range integers come out as x86 makes them.
        let int32 = |value: f64| if value.trunc().abs() <= f64::from(i32::MAX) { value as i32 } else { i32::MIN };
        let cast = |value: f64| match dtype {
            DType::UInt8 => f64::from(int32(value) as u8),
            DType::UInt16 | DType::UInt32 if value.abs() >= i64::MAX as f64 => 0.0,
            DType::UInt16 | DType::UInt32 => f64::from(value as i64 as u32),
            DType::Int8 | DType::Int16 | DType::Int32 | DType::CInt16 | DType::CInt32 => f64::from(int32(value)),
            _ => value,
        };
        let values: Vec<Self> = text.split(' ').filter(|t| !t.is_empty()).map(|t| Self::Exact(cast(c_numbers::atof(t)))).collect();
        (values.len() == bands).then_some(values)
    }

    /// The value as a double.
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Real(value) | Self::Exact(value) => value,
            Self::Signed(value) => value as f64,
            Self::Unsigned(value) => value as f64,
        }
    }

    /// Whether GDAL makes a mask of it (`GDALNoDataMaskBand::IsNoDataInRange`).
    pub(crate) fn masks(self, dtype: DType) -> bool {
        let value = self.as_f64();
        let within = |(low, high)| value >= low && value <= high;
        match dtype {
            DType::UInt64 | DType::Int64 | DType::Float64 | DType::CFloat64 => true,
            DType::Float16 | DType::Float32 | DType::CFloat32 => !value.is_finite() || within(DType::Float32.range()),
            DType::Int8 | DType::CInt16 | DType::CInt32 => within(DType::Int32.range()),
            _ => within(dtype.range()),
        }
    }

    /// The value as rasterio reports it (`nodatavals`): nothing where the type has no such value.
    pub(crate) fn reported(self, dtype: DType) -> Option<f64> {
        /// rasterio's own limit, a little beyond the largest float32.
        const FLOAT32: f64 = 3.402_823_5e38;
        let value = self.as_f64();
        let has = match dtype {
            DType::Float64 | DType::CFloat64 => true,
            DType::Float16 | DType::Float32 | DType::CFloat32 | DType::CInt32 => !value.is_finite() || value.abs() <= FLOAT32,
            // As doubles the largest 64-bit integers are one more than they are.
            DType::Int64 | DType::UInt64 => (dtype.range().0..dtype.range().1).contains(&value),
            DType::CInt16 => (-32768.0..=32767.0).contains(&value),
            _ => value >= dtype.range().0 && value <= dtype.range().1,
        };
        has.then_some(value)
    }

    /// The value as the bytes of a sample (the real part of a complex one), for filling sparse blocks.
    pub(crate) fn sample(self, dtype: DType) -> [u8; 16] {
        let mut bytes = [0; 16];
        // GDAL rounds half away from zero and clamps; NaN is 0.
        let value =
            if dtype.is_float() || matches!(dtype, DType::CFloat32 | DType::CFloat64) { self.as_f64() } else { self.as_f64().round() };
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

    /// Whether a sample of a type is valid, by its value (the real part of a complex one) as a double.
    pub(crate) fn is_valid(self, dtype: DType) -> impl Fn(f64) -> bool {
        let value = self.as_f64();
        move |sample| match dtype {
            DType::Float32 | DType::CFloat32 | DType::Float16 => !same_f32(sample as f32, value as f32),
            DType::Float64 | DType::CFloat64 => !same_f64(sample, value),
            _ => sample != value.trunc(),
        }
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
        let exact = matches!(self, Self::Exact(_));
        // GDAL compares integers with the value cut to a whole number.
        let whole = !(exact || dtype.is_float() || dtype.is_complex());
        let value = if whole { self.as_f64().trunc() } else { self.as_f64() };
        match dtype {
            DType::Float32 | DType::CFloat32 if exact => scan!(f32, |v: f32| v == value as f32),
            DType::Float64 | DType::CFloat64 if exact => scan!(f64, |v: f64| v == value),
            DType::UInt8 => scan!(u8, |v| f64::from(v) == value),
            DType::Int8 => scan!(i8, |v| f64::from(v) == value),
            DType::UInt16 => scan!(u16, |v| f64::from(v) == value),
            DType::Int16 | DType::CInt16 => scan!(i16, |v| f64::from(v) == value),
            DType::UInt32 => scan!(u32, |v| f64::from(v) == value),
            DType::Int32 | DType::CInt32 => scan!(i32, |v| f64::from(v) == value),
            DType::UInt64 => {
                scan!(u64, |v: u64| matches!(self, Self::Unsigned(n) if n == v)
                    || (matches!(self, Self::Real(_) | Self::Exact(_)) && v as f64 == value));
            }
            DType::Int64 => {
                scan!(i64, |v: i64| matches!(self, Self::Signed(n) if n == v)
                    || (matches!(self, Self::Real(_) | Self::Exact(_)) && v as f64 == value));
            }
            DType::Float16 => scan!(half::f16, |v: half::f16| f64::from(v) == value),
            DType::Float32 | DType::CFloat32 => scan!(f32, |v: f32| same_f32(v, value as f32)),
            DType::Float64 | DType::CFloat64 => scan!(f64, |v: f64| same_f64(v, value)),
        }
    }
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
        Nodata::parse(nodata, dtype, 8 * dtype.size() as u16).unwrap().each_valid(dtype, row, dtype.size(), 0..n, |i| found.push(i));
        found
    }

    #[test]
    fn spellings_of_nodata() {
        let parse = |text| Nodata::parse(text, DType::Float64, 64).map(Nodata::as_f64);
        assert_eq!(parse(" -3.4e+38 "), Some(-3.4e38));
        assert!(parse("NaN").unwrap().is_nan());
        assert_eq!((parse("none"), parse("")), (Some(0.0), None));
        assert_eq!(Nodata::parse("-9223372036854775807", DType::Int64, 64), Some(Nodata::Signed(-9_223_372_036_854_775_807)));
        assert_eq!(Nodata::parse("3.4028235e38", DType::Float32, 32).unwrap().as_f64(), f64::from(f32::MAX));
        assert_eq!(Nodata::parse("3.4028235e38", DType::Float32, 16).unwrap().as_f64(), 3.402_823_5e38);
    }

    #[test]
    fn nodata_values_need_one_value_a_band_and_are_compared_exactly() {
        assert_eq!(Nodata::parse_values("1 2", DType::UInt8, 3), None);
        let exact = |values: [f64; 3]| Some(values.map(Nodata::Exact).to_vec());
        assert_eq!(Nodata::parse_values(" 300  2.5 nan", DType::UInt8, 3), exact([44.0, 2.0, 0.0]));
        assert_eq!(Nodata::parse_values("-1 2.5 1e10", DType::Int16, 3), exact([-1.0, 2.0, f64::from(i32::MIN)]));
        let floats: Vec<u8> = [f32::NAN, -9999.0, -9999.001].iter().flat_map(|v| v.to_ne_bytes()).collect();
        let valid = |value| {
            let mut found = Vec::new();
            Nodata::Exact(value).each_valid(DType::Float32, &floats, 4, 0..3, |i| found.push(i));
            found
        };
        assert_eq!((valid(-9999.0), valid(f64::NAN)), (vec![0, 2], vec![0, 1, 2]));
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
        assert!(!Nodata::Real(-1.0).masks(DType::UInt8) && !Nodata::Real(f64::NAN).masks(DType::UInt8));
        assert!(Nodata::Real(f64::NAN).masks(DType::Float32) && !Nodata::Real(1e39).masks(DType::Float32));
        // GDAL has no range for int8, rasterio has.
        assert!(Nodata::Real(300.0).masks(DType::Int8) && Nodata::Real(300.0).reported(DType::Int8).is_none());
        assert_eq!((Nodata::Signed(i64::MAX).reported(DType::Int64), Nodata::Unsigned(5).reported(DType::UInt64)), (None, Some(5.0)));
    }

    #[test]
    fn a_sparse_block_is_filled_with_the_nearest_value_of_the_type() {
        let byte = |value| Nodata::Real(value).sample(DType::UInt8)[0];
        assert_eq!((byte(300.0), byte(-1.0), byte(1.5), byte(f64::NAN)), (255, 0, 2, 0));
    }
}
