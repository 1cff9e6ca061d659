//! `cog_cancel`: a token that stops calls.

use super::infallible;
use crate::cancel::CancelToken;

/// A token that stops the calls it was given to. Reference-counted inside.
pub struct cog_cancel {
    token: CancelToken,
}

impl cog_cancel {
    /// The token behind a handle; `None` for NULL.
    ///
    /// # Safety
    /// `cancel` is NULL or valid.
    pub(crate) unsafe fn token(cancel: *const Self) -> Option<CancelToken> {
        // SAFETY: promised by the caller.
        unsafe { cancel.as_ref() }.map(|c| c.token.clone())
    }
}

/// Makes a cancel token. Give it to a call (cog_read_params.cancel) or to options (cog_options_set_cancel).
///
/// Ownership: the caller frees it with cog_cancel_free. Lifetime: until freed; calls keep a reference of their own.
/// NULL: returned only when memory is out. Threads: any. Blocking: no. Errors: none.
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub extern "C" fn cog_cancel_new() -> *mut cog_cancel {
    infallible(std::ptr::null_mut(), || Box::into_raw(Box::new(cog_cancel { token: CancelToken::new() })))
}

/// Stops the calls that the token was given to, and those that it is given to later: they return COG_ERR_CANCELLED, and a request under
/// way is closed. A token that was fired stays so.
///
/// Ownership: takes nothing. Lifetime: none. NULL: allowed, does nothing. Threads: any, at any time. Blocking: no. Errors: none.
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_cancel_fire(cancel: *const cog_cancel) {
    // SAFETY: NULL or a token of this library, as documented.
    infallible((), || unsafe { cancel.as_ref() }.map_or((), |c| c.token.fire()));
}

/// Frees a token. Calls that have it go on, and can't be stopped by it any more.
///
/// Ownership: takes the token. Lifetime: it ends here. NULL: allowed, does nothing. Threads: any. Blocking: no. Errors: none.
/// Example: tests/c/harness.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_cancel_free(cancel: *mut cog_cancel) {
    infallible((), || {
        if !cancel.is_null() {
            // SAFETY: a token of this library that its owner uses no more, as documented.
            drop(unsafe { Box::from_raw(cancel) });
        }
    });
}
