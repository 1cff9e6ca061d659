//! An image file directory: its entries and where the next one is (TIFF 6.0, section 2).

use super::header::{ByteOrder, Header};
use super::tags::type_size;
use crate::error::{Error, Result};

/// Where an entry's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryValue {
    /// In the entry itself (up to 4 bytes, or 8 in a BigTIFF).
    Inline([u8; 8]),
    /// At this offset.
    At(u64),
}

/// One entry of an IFD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The tag's code.
    pub tag: u16,
    /// The field type's code: 3 is SHORT.
    pub field_type: u16,
    /// How many values of that type.
    pub count: u64,
    pub(crate) value: EntryValue,
}

impl Entry {
    /// The value's size in bytes, where the type is known and the size is a number that fits.
    pub fn byte_len(&self) -> Option<u64> {
        self.count.checked_mul(type_size(self.field_type)?)
    }

    /// The first value, where it is an unsigned number that stands in the entry itself.
    pub(crate) fn inline_number(&self, order: ByteOrder) -> Option<u64> {
        let EntryValue::Inline(bytes) = self.value else { return None };
        order.uint(&bytes, 0, type_size(self.field_type)? as usize).filter(|_| self.count > 0)
    }
}

/// A parsed IFD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ifd {
    pub(crate) offset: u64,
    pub(crate) entries: Vec<Entry>,
    /// The next IFD of the chain; 0 ends it.
    pub(crate) next: u64,
}

impl Ifd {
    pub(crate) fn find(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|e| e.tag == tag)
    }
}

/// Bytes of the field that counts an IFD's entries.
pub(crate) fn ifd_count_size(header: &Header) -> u64 {
    if header.big_tiff { 8 } else { 2 }
}

/// The number of entries, from an IFD's first bytes. A BigTIFF may claim 2^64; libtiff takes no more than 65535 either.
pub(crate) fn ifd_count(bytes: &[u8], header: &Header) -> Result<u64> {
    let count = header.order.uint(bytes, 0, ifd_count_size(header) as usize).ok_or_else(|| Error::format("an IFD is cut short"))?;
    if count > u64::from(u16::MAX) {
        return Err(Error::format(format!("an IFD claims {count} entries")));
    }
    Ok(count)
}

/// Bytes of an IFD of `count` entries: the count, the entries, the next IFD's offset.
pub(crate) fn ifd_size(count: u64, header: &Header) -> u64 {
    if header.big_tiff { 8 + count * 20 + 8 } else { 2 + count * 12 + 4 }
}

impl Ifd {
    /// Parses the IFD at `offset` from its bytes. They may end before the next IFD's offset does: then there is none, as libtiff has it.
    pub(crate) fn parse(bytes: &[u8], offset: u64, header: &Header) -> Result<Self> {
        let (entry_size, word) = if header.big_tiff { (20, 8) } else { (12, 4) };
        let count = ifd_count(bytes, header)? as usize;
        let start = ifd_count_size(header) as usize;
        let entries = bytes.get(start..start + count * entry_size).ok_or_else(|| Error::format("an IFD is cut short"))?;
        let entries = entries.chunks_exact(entry_size).filter_map(|e| parse_entry(e, header)).collect();
        let next = header.order.uint(bytes, start + count * entry_size, word).unwrap_or(0);
        Ok(Self { offset, entries, next })
    }
}

fn parse_entry(bytes: &[u8], header: &Header) -> Option<Entry> {
    let order = header.order;
    let word = if header.big_tiff { 8 } else { 4 };
    let (tag, field_type) = (order.uint(bytes, 0, 2)? as u16, order.uint(bytes, 2, 2)? as u16);
    let count = order.uint(bytes, 4, word)?;
    let value_bytes = bytes.get(4 + word..4 + 2 * word)?;
    let mut entry = Entry { tag, field_type, count, value: EntryValue::At(order.uint(value_bytes, 0, word)?) };
    if entry.byte_len().is_some_and(|len| len <= word as u64) {
        let mut inline = [0; 8];
        inline.iter_mut().zip(value_bytes).for_each(|(to, from)| *to = *from);
        entry.value = EntryValue::Inline(inline);
    }
    Some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_inline_up_to_four_bytes_and_eight_in_a_bigtiff() {
        let header = Header { order: ByteOrder::Little, big_tiff: false, first_ifd: 8 };
        let bytes = b"\x02\0\x00\x01\x03\0\x02\0\0\0\x05\0\x06\0\x01\x01\x03\0\x03\0\0\0\x99\0\0\0\x10\0\0\0";
        let ifd = Ifd::parse(bytes, 8, &header).unwrap();
        assert_eq!(ifd.next, 16);
        assert!(matches!(ifd.find(256).unwrap().value, EntryValue::Inline([5, 0, 6, 0, ..])));
        assert_eq!(ifd.find(257).unwrap().value, EntryValue::At(0x99));
    }

    #[test]
    fn impossible_counts_are_refused() {
        let header = Header { order: ByteOrder::Little, big_tiff: true, first_ifd: 8 };
        assert!(ifd_count(&[0xff; 8], &header).is_err());
        assert!(Ifd::parse(b"\x02\0", 8, &Header { big_tiff: false, ..header }).is_err());
    }
}
