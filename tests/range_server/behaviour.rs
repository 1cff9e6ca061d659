//! The ways in which a server, a proxy or a login portal goes wrong.

use super::MAX_WAIT;
use super::files::File;
use super::protocol::Answer;
use std::time::Duration;

/// How a path is answered. The faults of ranges concern GET requests; HEAD is answered as [`Behaviour::Normal`] would,
/// but for `Status`, `FailFirst`, `LoginPage`, the redirects, `ChangeAfter`, `Stall` and `DelayMs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// As the specification says.
    #[default]
    Normal,
    /// This status with a small text body.
    Status(u16),
    /// The first `requests` of this path get `status` (with Retry-After in seconds where given), the others a right answer.
    FailFirst { requests: usize, status: u16, retry_after: Option<u64> },
    /// 200 with the whole body, whatever range was asked; Accept-Ranges is not sent.
    IgnoreRange,
    /// 206 with the right body and no Content-Range.
    NoContentRange,
    /// 206 with the right body and a Content-Range whose first and last byte are one too high.
    WrongContentRange,
    /// Half the bytes, with a Content-Length that agrees with them and a Content-Range that does not.
    ShortBody,
    /// 100 bytes more than were asked, with a Content-Length that agrees with them.
    LongBody,
    /// The right headers and half the body, then the connection closes.
    CutBody,
    /// The right bytes under the claim `Content-Encoding: gzip`.
    Gzip,
    /// 206 as `multipart/byteranges` with one part.
    Multipart,
    /// 302 to the path itself.
    RedirectLoop,
    /// 302 to this URL.
    RedirectTo(String),
    /// 200 with an HTML page that asks for a password.
    LoginPage,
    /// The first `requests` of this path are answered so, the others rightly.
    First { requests: usize, fault: Box<Behaviour> },
    /// No answer: the connection is closed when the request has come, as one that was kept open for too long is.
    Close,
    /// The same with a reset.
    Reset,
    /// Half the body without a Content-Length, then the connection closes as if that were all.
    CloseEarly,
    /// The right headers, then a byte each so many milliseconds.
    DripMs(u64),
    /// HEAD is refused.
    NoHead,
    /// The right headers, with bytes from one further on in the file.
    Shift,
    /// The first `requests` get the file, the others this body, with its own `ETag` and Last-Modified.
    ChangeAfter { requests: usize, body: Vec<u8> },
    /// The right headers and half the body, then nothing for 30 s or until the server is dropped; then the connection closes.
    StallInBody,
    /// The right headers, then nothing for 30 s or until the server is dropped; then the connection closes.
    Stall,
    /// The right answer after so many milliseconds (30 s at most).
    DelayMs(u64),
}

impl Behaviour {
    /// This fault for the first request of the path, and then none.
    pub(crate) fn once(self) -> Self {
        Self::First { requests: 1, fault: Box::new(self) }
    }
}

/// What identifies the versions of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Validators {
    /// A strong ETag, and Last-Modified.
    #[default]
    Strong,
    /// A weak ETag, and Last-Modified.
    Weak,
    /// Last-Modified alone.
    Date,
    /// Nothing.
    None,
}

/// Turns a right 200 or 206 into a wrong one.
pub(super) fn spoil(mut answer: Answer, fault: &Behaviour, file: &File) -> Answer {
    let content_range = |answer: &Answer| answer.headers.iter().position(|(name, _)| *name == "Content-Range");
    let range = answer.range;
    match fault {
        Behaviour::IgnoreRange => {
            answer.status = 200;
            answer.headers.retain(|(name, _)| !matches!(*name, "Content-Range" | "Accept-Ranges"));
            answer.body = file.read(0, file.size()).unwrap_or_default();
        }
        Behaviour::NoContentRange => answer.headers.retain(|(name, _)| *name != "Content-Range"),
        Behaviour::WrongContentRange => {
            if let (Some((first, last)), Some(at)) = (range, content_range(&answer)) {
                answer.headers.remove(at);
                answer.headers.push(("Content-Range", format!("bytes {}-{}/{}", first + 1, last + 1, file.size())));
            }
        }
        Behaviour::ShortBody => answer.body.truncate(answer.body.len() / 2),
        Behaviour::LongBody => answer.body.resize(answer.body.len() + 100, 0),
        Behaviour::CutBody => {
            answer.sent = answer.body.len() as u64 / 2;
            return answer;
        }
        Behaviour::StallInBody => {
            answer.sent = answer.body.len() as u64 / 2;
            answer.stall = MAX_WAIT;
            return answer;
        }
        Behaviour::CloseEarly => {
            answer.sent = answer.body.len() as u64 / 2;
            answer.no_length = true;
            return answer;
        }
        Behaviour::DripMs(milliseconds) => answer.drip = Duration::from_millis(*milliseconds),
        Behaviour::Shift => {
            if let Some((first, last)) = range {
                answer.body = file.read((first + 1).min(file.size() - 1), last.min(file.size() - 2) - first).unwrap_or_default();
                answer.body.resize((last + 1 - first) as usize, 0);
            }
        }
        Behaviour::Gzip => answer.headers.push(("Content-Encoding", "gzip".to_owned())),
        Behaviour::Multipart => {
            if let (Some((first, last)), Some(at)) = (range, content_range(&answer)) {
                answer.headers.remove(at);
                answer.headers.retain(|(name, _)| *name != "Content-Type");
                answer.headers.push(("Content-Type", "multipart/byteranges; boundary=PART".to_owned()));
                let size = file.size();
                let mut body =
                    format!("--PART\r\nContent-Type: image/tiff\r\nContent-Range: bytes {first}-{last}/{size}\r\n\r\n").into_bytes();
                body.append(&mut answer.body);
                body.extend_from_slice(b"\r\n--PART--\r\n");
                answer.body = body;
            }
        }
        _ => {}
    }
    answer.length = answer.body.len() as u64;
    answer.sent = answer.length;
    answer
}
