//! IFDs and their tags, as the file has them.

use super::dataset::cog_dataset;
use super::structs::write_out;
use super::{borrow, boundary, cog_error, cog_status, malloc_copy, null, store};
use crate::error::{Error, Result};
use crate::tiff::{Entry, TagValue, tag_name_c, type_name_c};
use std::ffi::{c_char, c_void};

/// One tag of an IFD.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_tag {
    /// Set by the caller: sizeof(cog_tag).
    pub struct_size: usize,
    /// How many values.
    pub count: u64,
    /// Bytes of the value; 0 where the field type is unknown.
    pub length: u64,
    /// The specification's name; "" for a tag that this library does not know.
    pub name: *const c_char,
    /// The field type's name: "SHORT", "ASCII", ….
    pub type_name: *const c_char,
    /// The tag's code: 256 is ImageWidth.
    pub code: u16,
    /// The field type's code: 3 is SHORT.
    pub field_type: u16,
}

/// What the values of a tag are given as.
pub type cog_value_kind = i32;
/// An array of uint64_t: BYTE, SHORT, LONG, LONG8, IFD, IFD8.
pub const COG_VALUE_UNSIGNED: cog_value_kind = 1;
/// An array of int64_t: SBYTE, SSHORT, SLONG, SLONG8.
pub const COG_VALUE_SIGNED: cog_value_kind = 2;
/// An array of double: FLOAT, DOUBLE, and RATIONAL and SRATIONAL divided.
pub const COG_VALUE_REAL: cog_value_kind = 3;
/// Text as the file has it (mostly ASCII or UTF-8), with a NUL behind it that is not counted.
pub const COG_VALUE_TEXT: cog_value_kind = 4;
/// Bytes: UNDEFINED and unknown types.
pub const COG_VALUE_BYTES: cog_value_kind = 5;

/// Gives the number of IFDs: those of the chain, then the SubIFDs of the first, then those of sidecars (`read.sidecars`).
///
/// Ownership: count is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
/// Blocking: the first time, as cog_level_count. Errors: as cog_level_count.
/// Example: examples-c/tags.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_ifd_count(dataset: *const cog_dataset, count: *mut u32, error: *mut *mut cog_error) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or valid, as documented.
        let d = unsafe { borrow(dataset, "dataset")? };
        if count.is_null() {
            return Err(null("count"));
        }
        // SAFETY: as above.
        unsafe { store(count, d.dataset.ifd_count()? as u32, "count") }
    })
}

/// Gives the number of tags in an IFD, from 0 on.
///
/// Ownership: count is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
/// Blocking: for IFD 0 no; else as cog_level_count. Errors: COG_ERR_OUT_OF_BOUNDS for an IFD that is not there.
/// Example: examples-c/tags.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_tag_count(dataset: *const cog_dataset, ifd: u32, count: *mut u32, error: *mut *mut cog_error) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or valid, as documented.
        let d = unsafe { borrow(dataset, "dataset")? };
        if count.is_null() {
            return Err(null("count"));
        }
        // SAFETY: as above.
        unsafe { store(count, d.dataset.tags(ifd as usize)?.len() as u32, "count") }
    })
}

/// Describes tag `index` of an IFD, in file order from 0 on.
///
/// Ownership: tag is the caller's, the texts in it belong to the library. Lifetime: the texts are static. NULL: error may be NULL, the
/// others not. Threads: any. Blocking: for IFD 0 no; else as cog_level_count. Errors: COG_ERR_OUT_OF_BOUNDS for an IFD or a tag that is
/// not there.
/// Example: examples-c/tags.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_tag_at(
    dataset: *const cog_dataset,
    ifd: u32,
    index: u32,
    tag: *mut cog_tag,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let tags = unsafe { borrow(dataset, "dataset")? }.dataset.tags(ifd as usize)?;
        let missing = || Error::out_of_bounds(format!("IFD {ifd} has no tag number {index}; it has {}", tags.len()));
        // SAFETY: NULL or a struct of its struct_size, as documented.
        unsafe { write_out(tag, describe(tags.get(index as usize).ok_or_else(missing)?), "tag") }
    })
}

/// Describes the tag with a code in an IFD.
///
/// Ownership: tag is the caller's, the texts in it belong to the library. Lifetime: the texts are static. NULL: error may be NULL, the
/// others not. Threads: any. Blocking: for IFD 0 no; else as cog_level_count. Errors: COG_ERR_OUT_OF_BOUNDS where the IFD or the tag is
/// not there.
/// Example: examples-c/tags.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_tag_find(
    dataset: *const cog_dataset,
    ifd: u32,
    code: u16,
    tag: *mut cog_tag,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let tags = unsafe { borrow(dataset, "dataset")? }.dataset.tags(ifd as usize)?;
        let found = tags.iter().find(|e| e.tag == code).ok_or_else(|| Error::out_of_bounds(format!("IFD {ifd} has no tag {code}")))?;
        // SAFETY: NULL or a struct of its struct_size, as documented.
        unsafe { write_out(tag, describe(found), "tag") }
    })
}

fn describe(entry: &Entry) -> cog_tag {
    cog_tag {
        struct_size: 0,
        count: entry.count,
        length: entry.byte_len().unwrap_or(0),
        name: tag_name_c(entry.tag).unwrap_or(c"").as_ptr(),
        type_name: type_name_c(entry.field_type).as_ptr(),
        code: entry.tag,
        field_type: entry.field_type,
    }
}

/// Gives the value of a tag, read from the file where it is not in memory: *count values of *kind. Text and bytes count bytes.
///
/// Ownership: *data is the caller's, freed with cog_buffer_free. Lifetime: until freed. NULL: error may be NULL, the others not.
/// Threads: any. Blocking: yes, where the value lies outside the header. Errors: COG_ERR_OUT_OF_BOUNDS where the IFD or the tag is not
/// there; COG_ERR_FORMAT for a value beyond the end of the file; COG_ERR_LIMIT_EXCEEDED beyond limits.tag_bytes
/// or limits.header_bytes; as reading the file.
/// Example: examples-c/tags.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_tag_value(
    dataset: *const cog_dataset,
    ifd: u32,
    code: u16,
    kind: *mut cog_value_kind,
    data: *mut *mut c_void,
    count: *mut usize,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let d = unsafe { borrow(dataset, "dataset")? };
        if kind.is_null() || data.is_null() || count.is_null() {
            return Err(null("kind, data or count"));
        }
        let (what, n, copy) = copy_value(&d.dataset.tag_value(ifd as usize, code)?)?;
        // SAFETY: none is NULL, and each is a valid place, as documented.
        unsafe {
            kind.write(what);
            count.write(n);
            data.write(copy.cast());
        }
        Ok(())
    })
}

fn copy_value(value: &TagValue) -> Result<(cog_value_kind, usize, *mut u8)> {
    let words = |bytes: Vec<[u8; 8]>| malloc_copy(bytes.as_flattened());
    Ok(match value {
        TagValue::Unsigned(v) => (COG_VALUE_UNSIGNED, v.len(), words(v.iter().map(|n| n.to_ne_bytes()).collect())?),
        TagValue::Signed(v) => (COG_VALUE_SIGNED, v.len(), words(v.iter().map(|n| n.to_ne_bytes()).collect())?),
        TagValue::Real(v) => (COG_VALUE_REAL, v.len(), words(v.iter().map(|n| n.to_ne_bytes()).collect())?),
        TagValue::Text(v) => (COG_VALUE_TEXT, v.len(), malloc_copy(v)?),
        TagValue::Bytes(v) => (COG_VALUE_BYTES, v.len(), malloc_copy(v)?),
    })
}
