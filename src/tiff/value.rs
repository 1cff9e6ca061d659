//! A tag's value, decoded (TIFF 6.0, section 2, "Types").

use super::header::ByteOrder;
use super::tags::{field, type_size};
use std::borrow::Cow;

/// A tag's values in the widest type of their kind.
#[derive(Debug, Clone, PartialEq)]
pub enum TagValue {
    /// BYTE, SHORT, LONG, LONG8, IFD, IFD8.
    Unsigned(Vec<u64>),
    /// SBYTE, SSHORT, SLONG, SLONG8.
    Signed(Vec<i64>),
    /// FLOAT, DOUBLE, RATIONAL and SRATIONAL (divided; 0 where the denominator is 0, as in libtiff).
    Real(Vec<f64>),
    /// ASCII, up to its first NUL; several strings in one tag keep the NULs between them.
    Text(Vec<u8>),
    /// UNDEFINED and types that are not known.
    Bytes(Vec<u8>),
}

impl TagValue {
    /// Decodes the bytes of a field; what does not fill a whole value is left out.
    pub(crate) fn decode(field_type: u16, bytes: &[u8], order: ByteOrder) -> Self {
        let size = type_size(field_type).unwrap_or(1) as usize;
        let number = |b: &[u8]| order.uint(b, 0, b.len()).unwrap_or(0);
        let chunks = bytes.chunks_exact(size.max(1));
        match field_type {
            field::BYTE | field::SHORT | field::LONG | field::LONG8 | field::IFD | field::IFD8 => {
                Self::Unsigned(chunks.map(number).collect())
            }
            field::SBYTE | field::SSHORT | field::SLONG | field::SLONG8 => {
                let shift = 64 - 8 * size as u32;
                Self::Signed(chunks.map(|b| ((number(b) << shift) as i64) >> shift).collect())
            }
            field::FLOAT => Self::Real(chunks.map(|b| f64::from(f32::from_bits(number(b) as u32))).collect()),
            field::DOUBLE => Self::Real(chunks.map(|b| f64::from_bits(number(b))).collect()),
            field::RATIONAL => Self::Real(chunks.map(|b| ratio(half(b, 0, order).into(), half(b, 4, order).into())).collect()),
            field::SRATIONAL => {
                let signed = |b: &[u8], at| f64::from(half(b, at, order).cast_signed());
                Self::Real(chunks.map(|b| ratio(signed(b, 0), signed(b, 4))).collect())
            }
            field::ASCII => {
                let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
                Self::Text(bytes.get(..end).unwrap_or_default().to_vec())
            }
            _ => Self::Bytes(bytes.to_vec()),
        }
    }

    /// The values as unsigned numbers, where that is what they are.
    pub fn unsigned(&self) -> Option<&[u64]> {
        if let Self::Unsigned(values) = self { Some(values) } else { None }
    }

    /// The values as real numbers, whole numbers converted.
    pub fn reals(&self) -> Option<Vec<f64>> {
        match self {
            Self::Real(values) => Some(values.clone()),
            Self::Unsigned(values) => Some(values.iter().map(|v| *v as f64).collect()),
            Self::Signed(values) => Some(values.iter().map(|v| *v as f64).collect()),
            Self::Text(_) | Self::Bytes(_) => None,
        }
    }

    /// The text up to the first NUL; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        let (Self::Text(bytes) | Self::Bytes(bytes)) = self else { return None };
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        Some(String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()))
    }
}

fn half(bytes: &[u8], at: usize, order: ByteOrder) -> u32 {
    order.uint(bytes, at, 4).unwrap_or(0) as u32
}

fn ratio(numerator: f64, denominator: f64) -> f64 {
    if denominator == 0.0 { 0.0 } else { numerator / denominator }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_in_both_orders() {
        let little = |t, b: &[u8]| TagValue::decode(t, b, ByteOrder::Little);
        assert_eq!(little(field::SHORT, &[1, 2, 3, 4]), TagValue::Unsigned(vec![0x201, 0x403]));
        assert_eq!(TagValue::decode(field::SHORT, &[1, 2], ByteOrder::Big), TagValue::Unsigned(vec![0x102]));
        assert_eq!(little(field::SBYTE, &[0xff]), TagValue::Signed(vec![-1]));
        assert_eq!(little(field::SLONG, &(-5i32).to_le_bytes()), TagValue::Signed(vec![-5]));
        assert_eq!(little(field::DOUBLE, &1.5f64.to_le_bytes()), TagValue::Real(vec![1.5]));
        assert_eq!(little(field::RATIONAL, &[3, 0, 0, 0, 2, 0, 0, 0]), TagValue::Real(vec![1.5]));
        assert_eq!(little(field::SRATIONAL, &[0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0]), TagValue::Real(vec![-0.5]));
        assert_eq!(little(field::RATIONAL, &[3, 0, 0, 0, 0, 0, 0, 0]), TagValue::Real(vec![0.0]));
        assert_eq!(little(field::ASCII, b"ab\0\0"), TagValue::Text(b"ab".to_vec()));
        assert_eq!(little(99, b"ab"), TagValue::Bytes(b"ab".to_vec()));
        assert_eq!(little(field::LONG, &[1, 0, 0]), TagValue::Unsigned(vec![]));
    }

    #[test]
    fn text_that_is_not_utf8_is_still_text() {
        assert_eq!(TagValue::Text(b"caf\xe9\0x".to_vec()).text().unwrap(), "caf\u{fffd}");
    }
}
