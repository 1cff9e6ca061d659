//! Sample types, by the names and numbers of the C ABI.

use crate::error::{Error, Result};

/// The type of one sample. The discriminants are those of `cog_dtype`; 0 there means "the file's own".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
#[allow(missing_docs, reason = "the names say it all")]
pub enum DType {
    UInt8 = 1,
    Int8 = 2,
    UInt16 = 3,
    Int16 = 4,
    UInt32 = 5,
    Int32 = 6,
    UInt64 = 7,
    Int64 = 8,
    Float16 = 9,
    Float32 = 10,
    Float64 = 11,
    CInt16 = 12,
    CInt32 = 13,
    CFloat32 = 14,
    CFloat64 = 15,
}

impl DType {
    /// All types, in the order of their numbers.
    pub const ALL: [Self; 15] = [
        Self::UInt8,
        Self::Int8,
        Self::UInt16,
        Self::Int16,
        Self::UInt32,
        Self::Int32,
        Self::UInt64,
        Self::Int64,
        Self::Float16,
        Self::Float32,
        Self::Float64,
        Self::CInt16,
        Self::CInt32,
        Self::CFloat32,
        Self::CFloat64,
    ];

    /// The type with this number in `cog_dtype`.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|t| *t as i32 == code)
    }

    /// Bytes of one sample.
    pub fn size(self) -> usize {
        match self {
            Self::UInt8 | Self::Int8 => 1,
            Self::UInt16 | Self::Int16 | Self::Float16 => 2,
            Self::UInt32 | Self::Int32 | Self::Float32 | Self::CInt16 => 4,
            Self::UInt64 | Self::Int64 | Self::Float64 | Self::CInt32 | Self::CFloat32 => 8,
            Self::CFloat64 => 16,
        }
    }

    /// rasterio's (numpy's) name, as in `cogtool info --json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::UInt8 => "uint8",
            Self::Int8 => "int8",
            Self::UInt16 => "uint16",
            Self::Int16 => "int16",
            Self::UInt32 => "uint32",
            Self::Int32 => "int32",
            Self::UInt64 => "uint64",
            Self::Int64 => "int64",
            Self::Float16 => "float16",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::CInt16 => "complex_int16",
            Self::CInt32 => "complex_int32",
            Self::CFloat32 => "complex64",
            Self::CFloat64 => "complex128",
        }
    }

    /// Whether a sample is a pair of numbers.
    pub fn is_complex(self) -> bool {
        matches!(self, Self::CInt16 | Self::CInt32 | Self::CFloat32 | Self::CFloat64)
    }

    /// Whether a sample is a real floating-point number.
    pub fn is_float(self) -> bool {
        matches!(self, Self::Float16 | Self::Float32 | Self::Float64)
    }

    /// Whether a sample is a whole number.
    pub(crate) fn is_integer(self) -> bool {
        !self.is_float() && !self.is_complex()
    }

    /// Smallest and largest value of a real type.
    pub fn range(self) -> (f64, f64) {
        match self {
            Self::UInt8 => (0.0, 255.0),
            Self::Int8 => (-128.0, 127.0),
            Self::UInt16 => (0.0, 65535.0),
            Self::Int16 => (-32768.0, 32767.0),
            Self::UInt32 => (0.0, f64::from(u32::MAX)),
            Self::Int32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
            Self::UInt64 => (0.0, u64::MAX as f64),
            Self::Int64 => (i64::MIN as f64, i64::MAX as f64),
            Self::Float16 => (-65504.0, 65504.0),
            Self::Float32 => (f64::from(f32::MIN), f64::from(f32::MAX)),
            _ => (f64::MIN, f64::MAX),
        }
    }

    /// What GDAL makes of `SampleFormat` and `BitsPerSample`: odd depths go to the next larger type, half-precision floats to float32.
    pub(crate) fn from_tiff(sample_format: u16, bits: u16) -> Result<Self> {
        let unsupported = || Error::unsupported(format!("SampleFormat {sample_format} with {bits} bits a sample is not read"));
        Ok(match (sample_format, bits) {
            (2, 8) => Self::Int8,
            (2, 16) => Self::Int16,
            (2, 32) => Self::Int32,
            // 4 is "undefined", which GDAL and libtiff read as unsigned. The sign of odd depths is lost in GDAL, and so is the structure of
            // complex integers of 8 bits.
            (1 | 2, 1..=8) | (4, 1 | 8) => Self::UInt8,
            (1 | 2, 9..=16) | (4 | 5, 16) => Self::UInt16,
            (1 | 2, 17..=32) | (4, 32) => Self::UInt32,
            (1 | 4, 64) => Self::UInt64,
            (2, 64) => Self::Int64,
            (3, 16 | 24 | 32) => Self::Float32,
            (3, 64) => Self::Float64,
            (5, 32) => Self::CInt16,
            (5, 64) => Self::CInt32,
            (6, 64) => Self::CFloat32,
            (6, 128) => Self::CFloat64,
            _ => return Err(unsupported()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_unknown_codes_are_refused() {
        for t in DType::ALL {
            assert_eq!(DType::from_code(t as i32), Some(t));
        }
        assert_eq!(DType::from_code(0), None);
        assert_eq!(DType::from_code(16), None);
        assert_eq!(DType::from_code(-1), None);
    }

    #[test]
    fn odd_depths_widen_as_gdal_widens_them() {
        assert_eq!(DType::from_tiff(1, 12).unwrap(), DType::UInt16);
        assert_eq!(DType::from_tiff(1, 1).unwrap(), DType::UInt8);
        assert_eq!(DType::from_tiff(3, 24).unwrap(), DType::Float32);
        assert_eq!(DType::from_tiff(2, 12).unwrap(), DType::UInt16);
        assert_eq!(DType::from_tiff(2, 16).unwrap(), DType::Int16);
        assert!(DType::from_tiff(4, 12).is_err());
        assert!(DType::from_tiff(1, 33).is_err());
        assert!(DType::from_tiff(3, 128).is_err());
    }
}
