//! Samples as unsigned keys in the order of their values, so that one algorithm selects among all types.

use crate::raster::DType;

/// A real sample type.
pub(crate) trait Sample: Copy + Send + Sync {
    /// `None` for what is no finite number.
    fn key(self) -> Option<u64>;
    fn value(self) -> f64;
    fn load(bytes: &[u8]) -> Self;
}

macro_rules! unsigned {
    ($($type:ty),*) => {$(
        impl Sample for $type {
            #[inline]
            fn key(self) -> Option<u64> {
                Some(u64::from(self))
            }
            #[inline]
            fn value(self) -> f64 {
                self as f64
            }
            #[inline]
            fn load(bytes: &[u8]) -> Self {
                bytes.try_into().map_or(0, <$type>::from_ne_bytes)
            }
        }
    )*};
}
unsigned! { u8, u16, u32, u64 }

macro_rules! signed {
    ($($type:ty, $unsigned:ty;)*) => {$(
        impl Sample for $type {
            #[inline]
            fn key(self) -> Option<u64> {
                Some(u64::from((self as $unsigned) ^ (1 << (<$type>::BITS - 1))))
            }
            #[inline]
            fn value(self) -> f64 {
                self as f64
            }
            #[inline]
            fn load(bytes: &[u8]) -> Self {
                bytes.try_into().map_or(0, <$type>::from_ne_bytes)
            }
        }
    )*};
}
signed! { i8, u8; i16, u16; i32, u32; i64, u64; }

macro_rules! real {
    ($($type:ty, $bits:ty;)*) => {$(
        impl Sample for $type {
            /// IEEE 754 numbers are in order as integers but for the sign: negative ones run backwards.
            #[inline]
            fn key(self) -> Option<u64> {
                let (bits, sign) = (self.to_bits(), 1 << (<$bits>::BITS - 1));
                self.is_finite().then(|| u64::from(if bits & sign == 0 { bits | sign } else { !bits }))
            }
            #[inline]
            fn value(self) -> f64 {
                f64::from(self)
            }
            #[inline]
            fn load(bytes: &[u8]) -> Self {
                bytes.try_into().map_or(<$type>::from_bits(0), <$type>::from_ne_bytes)
            }
        }
    )*};
}
real! { half::f16, u16; f32, u32; f64, u64; }

/// Bits of the keys of a type; `None` for complex types.
pub(super) fn key_bits(dtype: DType) -> Option<u32> {
    (!dtype.is_complex()).then(|| dtype.size() as u32 * 8)
}

/// The value of a key.
pub(super) fn value_of(key: u64, dtype: DType) -> f64 {
    let sign = |bits: u32| 1u64 << (bits - 1);
    match dtype {
        DType::Int8 => f64::from((key ^ sign(8)) as u8 as i8),
        DType::Int16 => f64::from((key ^ sign(16)) as u16 as i16),
        DType::Int32 => f64::from((key ^ sign(32)) as u32 as i32),
        DType::Int64 => (key ^ sign(64)) as i64 as f64,
        DType::Float32 => f64::from(f32::from_bits(if key & sign(32) == 0 { !(key as u32) } else { key as u32 ^ (1 << 31) })),
        DType::Float64 => f64::from_bits(if key & sign(64) == 0 { !key } else { key ^ sign(64) }),
        _ => key as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_the_values_and_lead_back_to_them() {
        let floats = [f32::MIN, -1.5, -f32::MIN_POSITIVE, 0.0, 1e-40, 2.5, f32::MAX];
        let keys: Vec<u64> = floats.iter().map(|v| v.key().unwrap()).collect();
        assert!(keys.is_sorted());
        assert!(keys.iter().zip(floats).all(|(k, v)| value_of(*k, DType::Float32) == f64::from(v)));
        let doubles = [f64::MIN, -1e-300, 0.0, 3.25, f64::MAX];
        let keys: Vec<u64> = doubles.iter().map(|v| v.key().unwrap()).collect();
        assert!(keys.is_sorted() && keys.iter().zip(doubles).all(|(k, v)| value_of(*k, DType::Float64) == v));
        let ints = [i16::MIN, -1, 0, 1, i16::MAX];
        let keys: Vec<u64> = ints.iter().map(|v| v.key().unwrap()).collect();
        assert!(keys.is_sorted() && keys.iter().zip(ints).all(|(k, v)| value_of(*k, DType::Int16) == f64::from(v)));
        assert_eq!(value_of(i64::MIN.key().unwrap(), DType::Int64), i64::MIN as f64);
        assert_eq!(f64::NAN.key(), None);
        assert_eq!(f32::INFINITY.key(), None);
    }
}
