//! `cog_dataset`: opening and freeing.

use super::metadata::DomainTexts;
use super::options::cog_options;
use super::reader::{CallerReader, cog_reader};
use super::{boundary, cog_error, cog_status, infallible, null, text};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use bytes::Bytes;
use std::ffi::{CString, c_char, c_void};
use std::sync::{Arc, OnceLock};

/// An open file. Reference-counted inside; every function may be called on it from any thread at any time.
pub struct cog_dataset {
    pub(crate) dataset: Arc<Dataset>,
    /// The bands' texts as C strings, made when first asked for.
    pub(crate) band_texts: OnceLock<Vec<BandTexts>>,
    /// The same for the metadata of the dataset and then of each band.
    pub(crate) domain_texts: Vec<OnceLock<Vec<DomainTexts>>>,
}

/// The texts of one band.
pub(crate) struct BandTexts {
    pub(crate) color_interpretation: CString,
    pub(crate) unit: CString,
    pub(crate) description: CString,
}

/// Opens a dataset and stores the handle; on failure NULL is stored.
///
/// # Safety
/// `out` is NULL or valid for a write.
unsafe fn open_into(out: *mut *mut cog_dataset, open: impl FnOnce() -> Result<Dataset>) -> Result<()> {
    if out.is_null() {
        return Err(null("dataset"));
    }
    // SAFETY: not NULL, and valid as the caller promised.
    unsafe { out.write(std::ptr::null_mut()) };
    let handle = handle(Arc::new(open()?));
    // SAFETY: as above.
    unsafe { out.write(Arc::into_raw(handle).cast_mut()) };
    Ok(())
}

/// The handle of an open dataset.
pub(super) fn handle(dataset: Arc<Dataset>) -> Arc<cog_dataset> {
    let domain_texts = (0..=dataset.bands().len()).map(|_| OnceLock::new()).collect();
    Arc::new(cog_dataset { dataset, band_texts: OnceLock::new(), domain_texts })
}

/// Opens a file: a path, file:///path, http://…, https://…, s3://bucket/key, gs://bucket/key, az://container/blob or
/// abfss://container@account.dfs.core.windows.net/blob. Reads the header and the first IFD, in one request where they fit
/// io.header_bytes. Overviews are found when they are first needed.
///
/// Ownership: uri and options are not kept; *dataset is the caller's, freed with cog_free. Lifetime: until its last reference is freed.
/// NULL: options (the defaults) and error may be NULL; on failure *dataset is NULL. Threads: any. Blocking: yes, on the file or the server.
/// Errors: COG_ERR_NOT_FOUND, COG_ERR_PERMISSION_DENIED, COG_ERR_IO, COG_ERR_TIMEOUT, COG_ERR_CANCELLED; COG_ERR_FORMAT for what is not a
/// TIFF or a broken one, COG_ERR_UNSUPPORTED, COG_ERR_LIMIT_EXCEEDED, COG_ERR_INVALID_ARGUMENT (a directory, a malformed URL or option).
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_open(
    uri: *const c_char,
    options: *const cog_options,
    dataset: *mut *mut cog_dataset,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: all pointers are NULL or valid, as documented.
        unsafe { open_into(dataset, || Dataset::open(text(uri, "uri")?, &cog_options::get(options))) }
    })
}

/// Opens a file that lies in memory.
///
/// Ownership: with copy != 0 the bytes are copied; with copy == 0 they stay the caller's. *dataset is the caller's, freed with cog_free.
/// Lifetime: with copy == 0 the bytes must stay as they are until the last reference to the dataset is freed. NULL: data may be NULL where
/// len is 0; options and error may be NULL. Threads: any. Blocking: no I/O. Errors: as cog_open, without those of networks.
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_open_memory(
    data: *const c_void,
    len: usize,
    copy: i32,
    options: *const cog_options,
    dataset: *mut *mut cog_dataset,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: the caller says that `data` has `len` bytes.
        let bytes = unsafe { caller_bytes(data.cast(), len, copy != 0)? };
        // SAFETY: as above.
        unsafe { open_into(dataset, || Dataset::open_memory(bytes, &cog_options::get(options))) }
    })
}

/// Memory of the caller's that stays where it is.
struct Borrowed(*const u8, usize);

// SAFETY: the caller promised that nobody writes to the bytes while the dataset lives.
unsafe impl Send for Borrowed {}

impl AsRef<[u8]> for Borrowed {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the caller promised `len` bytes that stay valid while the dataset lives.
        unsafe { std::slice::from_raw_parts(self.0, self.1) }
    }
}

unsafe fn caller_bytes(data: *const u8, len: usize, copy: bool) -> Result<Bytes> {
    if len == 0 {
        return Ok(Bytes::new());
    }
    if data.is_null() {
        return Err(null("data"));
    }
    if isize::try_from(len).is_err() {
        return Err(Error::invalid(format!("len is {len}, more than memory can hold")));
    }
    let borrowed = Borrowed(data, len);
    Ok(if copy { Bytes::copy_from_slice(borrowed.as_ref()) } else { Bytes::from_owner(borrowed) })
}

/// Opens a file that the caller's functions read. They may be called from any thread, several at once, and get batches of ranges.
///
/// Ownership: *reader is copied; reader->close is called once, when the last reference to the dataset is freed, or before this function
/// returns where it fails (but not where it fails with COG_ERR_INVALID_ARGUMENT because of reader itself). *dataset is the caller's,
/// freed with cog_free. Lifetime: user_data and the functions must stay valid until close was called. NULL: reader->close, options and
/// error may be NULL. Threads: any. Blocking: yes, on the caller's functions.
/// Errors: as cog_open; what size and read_ranges return (see cog_reader).
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_open_reader(
    reader: *const cog_reader,
    options: *const cog_options,
    dataset: *mut *mut cog_dataset,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a struct of its struct_size, as documented.
        let reader = unsafe { CallerReader::new(super::structs::read_in(reader, "reader")?)? };
        // SAFETY: as above.
        unsafe { open_into(dataset, || Dataset::open_reader(Arc::new(reader), &cog_options::get(options))) }
    })
}

/// Adds a reference to a dataset, for another owner. Each needs its own cog_free.
///
/// Ownership: the new reference is the caller's. Lifetime: until as many cog_free as references. NULL: allowed, gives NULL.
/// Threads: any. Blocking: no. Errors: none; returns the same handle.
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_retain(dataset: *mut cog_dataset) -> *mut cog_dataset {
    infallible(dataset, || {
        if !dataset.is_null() {
            // SAFETY: a live handle of this library, which `open_into` made of an Arc.
            unsafe { Arc::increment_strong_count(dataset.cast_const()) };
        }
        dataset
    })
}

/// Gives a reference to a dataset back; the last one closes the file. Calls that are running on other threads must hold references of
/// their own. A dataset opened before fork() may be freed in the child.
///
/// Ownership: takes one reference. Lifetime: with the last reference the handle and all it lent end. NULL: allowed, does nothing.
/// Threads: any. Blocking: no, but for reader->close. Errors: none.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_free(dataset: *mut cog_dataset) {
    infallible((), || {
        if !dataset.is_null() {
            // SAFETY: a live handle of this library, one reference of which the caller gives up.
            drop(unsafe { Arc::from_raw(dataset.cast_const()) });
        }
    });
}
