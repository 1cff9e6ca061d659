//! `cog_options`: the settings of a handle.

use super::cancel::cog_cancel;
use super::{borrow, boundary, cog_error, cog_status, infallible, null, store, text};
use crate::options::{Options, SETTINGS, Setting};
use std::ffi::{CString, c_char};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Settings for opening files. One object may be used for many opens, from many threads.
pub struct cog_options {
    values: Mutex<Options>,
}

impl cog_options {
    /// A copy of the settings as they are now; the defaults for NULL.
    ///
    /// # Safety
    /// `options` is NULL or valid.
    pub(crate) unsafe fn get(options: *const Self) -> Options {
        // SAFETY: promised by the caller.
        match unsafe { options.as_ref() } {
            Some(o) => o.values.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            None => Options::new(),
        }
    }
}

/// One row of the table of settings.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_option_description {
    /// Set by the caller: sizeof(cog_option_description).
    pub struct_size: usize,
    /// The key, "section.name".
    pub key: *const c_char,
    /// The value where nobody says another.
    pub default_value: *const c_char,
    /// The environment variables that give the default, separated by spaces; the first that is set wins.
    pub environment: *const c_char,
    /// One sentence.
    pub help: *const c_char,
}

/// Makes a set of options. Each has its default: the value of its environment variable now, or else the one in the table.
///
/// Ownership: the caller frees it with cog_options_free. Lifetime: until freed. NULL: never returned. Threads: any. Blocking: no.
/// Errors: none; a wrong value in the environment is reported by the open that uses it.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub extern "C" fn cog_options_new() -> *mut cog_options {
    let make = || Box::into_raw(Box::new(cog_options { values: Mutex::new(Options::new()) }));
    infallible(std::ptr::null_mut(), make)
}

/// Sets one option: "io.header_bytes", "decode.backend", "http.headers", …; see cog_option_info and README.md for all.
/// Handles that are open keep the settings that they were opened with.
///
/// Ownership: key and value are copied. Lifetime: none. NULL: error may be NULL, the others not. Threads: any, also at once.
/// Blocking: no. Errors: COG_ERR_INVALID_ARGUMENT for an unknown key or a value that the option does not take.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_options_set(
    options: *mut cog_options,
    key: *const c_char,
    value: *const c_char,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: valid or NULL, as documented.
        let (options, key, value) = unsafe { (borrow(options, "options")?, text(key, "key")?, text(value, "value")?) };
        options.values.lock().unwrap_or_else(PoisonError::into_inner).set(key, value)
    })
}

/// Gives the value of one option as text; "***" for one that may hold a secret (a key, a token, a header, a proxy's password) and is set.
///
/// Ownership: *value is the caller's, freed with cog_buffer_free. Lifetime: until freed. NULL: error may be NULL, the others not.
/// Threads: any. Blocking: no. Errors: COG_ERR_INVALID_ARGUMENT for an unknown key.
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_options_get(
    options: *const cog_options,
    key: *const c_char,
    value: *mut *mut c_char,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: valid or NULL, as documented.
        let (options, key) = unsafe { (borrow(options, "options")?, text(key, "key")?) };
        if value.is_null() {
            return Err(null("value"));
        }
        let copy = super::malloc_copy(options.values.lock().unwrap_or_else(PoisonError::into_inner).get(key)?.as_bytes())?;
        // SAFETY: `value` is not NULL.
        unsafe { store(value, copy.cast(), "value") }
    })
}

/// Gives a token that stops every call on the handles opened with these options, the open itself included; NULL takes it back.
/// A token in the parameters of a call stands in its place for that call.
///
/// Ownership: the options keep a reference of their own. Lifetime: the token may be freed at once. NULL: cancel and error may be NULL.
/// Threads: any. Blocking: no. Errors: COG_ERR_INVALID_ARGUMENT for NULL options.
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_options_set_cancel(
    options: *mut cog_options,
    cancel: *const cog_cancel,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: valid or NULL, as documented.
        let (options, token) = unsafe { (borrow(options, "options")?, cog_cancel::token(cancel)) };
        options.values.lock().unwrap_or_else(PoisonError::into_inner).cancel = token;
        Ok(())
    })
}

/// Frees options. Handles opened with them keep their settings.
///
/// Ownership: takes the options. Lifetime: they end here. NULL: allowed, does nothing. Threads: any. Blocking: no. Errors: none.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_options_free(options: *mut cog_options) {
    infallible((), || {
        if !options.is_null() {
            // SAFETY: options of this library that their owner uses no more, as documented.
            drop(unsafe { Box::from_raw(options) });
        }
    });
}

/// The number of options that there are.
///
/// Ownership: takes nothing. Lifetime: none. NULL: none. Threads: any. Blocking: no. Errors: none.
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub extern "C" fn cog_option_count() -> usize {
    SETTINGS.len()
}

/// Describes option `index`, from 0 to cog_option_count() - 1.
///
/// Ownership: the texts belong to the library. Lifetime: static. NULL: error may be NULL, info not. Threads: any. Blocking: no.
/// Errors: COG_ERR_OUT_OF_BOUNDS for a larger index, COG_ERR_INVALID_ARGUMENT for a struct_size that is none.
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_option_info(index: usize, info: *mut cog_option_description, error: *mut *mut cog_error) -> cog_status {
    boundary(error, || {
        let missing = || crate::Error::out_of_bounds(format!("there is no option {index}; there are {}", SETTINGS.len()));
        let texts = option_texts().get(index).ok_or_else(missing)?;
        let [key, default_value, environment, help] = texts.each_ref().map(|t| t.as_ptr());
        // SAFETY: NULL or a struct of its struct_size, as documented.
        unsafe { super::structs::write_out(info, cog_option_description { struct_size: 0, key, default_value, environment, help }, "info") }
    })
}

fn option_texts() -> &'static [[CString; 4]] {
    static TEXTS: OnceLock<Vec<[CString; 4]>> = OnceLock::new();
    let c = |text: &str| CString::new(text).unwrap_or_default();
    let row = |s: &Setting| [c(s.key), c(s.default), c(&s.env.join(" ")), c(s.help)];
    TEXTS.get_or_init(|| SETTINGS.iter().map(row).collect())
}
