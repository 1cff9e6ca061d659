//! What makes an answer believable: its status, its range, its encoding and the length of its body (RFC 9110, sections 14 and 15).

use super::failure::Failure;
use super::patience::Patience;
use crate::error::{Error, Result};
use bytes::{Bytes, BytesMut};
use reqwest::{Response, header};
use std::ops::Range;

pub(super) fn ignores_ranges(size: Option<u64>, limit: u64) -> Error {
    let size = size.map_or_else(|| "more than that".to_owned(), |n| format!("{n} bytes"));
    Error::unsupported(format!(
        "the server ignores range requests; the whole file would be kept in memory up to http.whole_file_bytes = {limit}, but it is {size}"
    ))
}

pub(super) fn total_size(response: &Response) -> Option<u64> {
    response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?.rsplit_once('/')?.1.trim().parse().ok()
}

/// The range and the total size that a 206 declares, which must begin at `start`.
pub(super) fn checked_range(response: &Response, start: u64) -> Result<(Range<u64>, u64)> {
    refuse_encodings(response)?;
    let text = response.headers().get(header::CONTENT_RANGE).and_then(|v| v.to_str().ok());
    let Some(text) = text else { return Err(Error::io("the server's answer 206 has no Content-Range")) };
    let bad = || Error::io(format!("the server's answer to a range from byte {start} on has Content-Range: {text}"));
    let (range, size) = parse_content_range(text).ok_or_else(bad)?;
    if range.start != start || range.end > size {
        return Err(bad());
    }
    Ok((range, size))
}

/// `bytes 0-499/1234` (RFC 9110, 14.4). A size of `*` is of no use here.
fn parse_content_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (unit, rest) = text.trim().split_once(' ')?;
    let (range, size) = rest.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (unit.eq_ignore_ascii_case("bytes") && first <= last).then_some(())?;
    Some((first..last.checked_add(1)?, size.trim().parse().ok()?))
}

pub(super) fn refuse_encodings(response: &Response) -> Result<()> {
    let value = |name| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let encoding = value(header::CONTENT_ENCODING);
    if !encoding.is_empty() && encoding != "identity" {
        return Err(Error::io(format!("the server sent the bytes with Content-Encoding: {encoding}, though identity was asked for")));
    }
    if value(header::CONTENT_TYPE).starts_with("multipart/byteranges") {
        return Err(Error::io("the server sent a multipart answer to a request for one range"));
    }
    Ok(())
}

pub(super) async fn exact_body(mut response: Response, len: u64, patience: &mut Patience) -> Result<Bytes, Failure> {
    let mut body = BytesMut::with_capacity(len as usize);
    while let Some(chunk) = patience.chunk(&mut response).await? {
        body.extend_from_slice(&chunk);
        if body.len() as u64 > len {
            return Err(Error::io(format!("the server sent more than the {len} bytes that were asked for")).into());
        }
    }
    let n = body.len() as u64;
    if n < len {
        // A proxy or a cache that has not got all of it yet.
        return Err(Failure::passing(Error::io(format!("the server sent {n} bytes where {len} were asked for and promised"))));
    }
    Ok(body.freeze())
}

pub(super) async fn whole_body(mut response: Response, limit: u64, patience: &mut Patience) -> Result<Bytes, Failure> {
    let mut body = BytesMut::new();
    while let Some(chunk) = patience.chunk(&mut response).await? {
        body.extend_from_slice(&chunk);
        if body.len() as u64 > limit {
            return Err(ignores_ranges(None, limit).into());
        }
    }
    Ok(body.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_range_is_read_as_rfc_9110_writes_it() {
        assert_eq!(parse_content_range("bytes 0-499/1234"), Some((0..500, 1234)));
        assert_eq!(parse_content_range("Bytes 5-5/6"), Some((5..6, 6)));
        for bad in ["bytes */1234", "bytes 0-499/*", "items 0-1/2", "bytes 9-3/20", "bytes 0-18446744073709551615/1", ""] {
            assert_eq!(parse_content_range(bad), None, "{bad}");
        }
    }
}
