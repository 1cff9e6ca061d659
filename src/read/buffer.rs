//! Memory whose size the file or the caller asked for.

use crate::error::{Error, Result};

/// `bytes` zero bytes, or an error where there is not so much memory. The pages cost nothing until they are written.
pub(super) fn zeroed(bytes: u64, what: &str) -> Result<Vec<u8>> {
    let len = usize::try_from(bytes).map_err(|_| refused(bytes, what))?;
    let mut probe: Vec<u8> = Vec::new();
    probe.try_reserve_exact(len).map_err(|_| refused(bytes, what))?;
    drop(probe);
    Ok(vec![0; len])
}

pub(super) fn refused(bytes: u64, what: &str) -> Error {
    Error::io(format!("{bytes} bytes of memory for {what} could not be had"))
}

/// The first `len` bytes of a buffer that is kept between uses, made larger if need be. What they hold is left over from earlier uses.
pub(super) fn at_least<'a>(buffer: &'a mut Vec<u8>, len: usize, what: &str) -> Result<&'a mut [u8]> {
    if buffer.len() < len {
        // Freed first, so that the two don't exist at once; and nothing is copied.
        *buffer = Vec::new();
        *buffer = zeroed(len as u64, what)?;
    }
    buffer.get_mut(..len).ok_or_else(|| Error::io("a buffer is too short"))
}
