//! Cuts the bytes of one answer, as they come, into the pieces that were wanted of it.
//!
//! Each piece gets a buffer of its own, of its own size: what is fetched along is dropped at once, and no piece keeps a whole answer in
//! memory.

use super::blocks::room_for;
use super::ranges::{Piece, Request};
use crate::error::{Error, Result};
use bytes::Bytes;
use std::collections::VecDeque;
use std::ops::Range;

pub(crate) struct Splitter {
    range: Range<u64>,
    /// Where the next byte belongs.
    at: u64,
    /// Pieces that are not whole yet, by their first byte.
    open: VecDeque<(Piece, Vec<u8>)>,
}

impl Splitter {
    pub(crate) fn new(request: Request) -> Self {
        let open = request.pieces.into_iter().map(|piece| (piece, Vec::new())).collect();
        Self { at: request.range.start, range: request.range, open }
    }

    /// Takes the next bytes; gives the pieces that are whole now.
    pub(crate) fn feed(&mut self, chunk: &[u8]) -> Result<Vec<(Piece, Bytes)>> {
        let from = self.at;
        self.at += chunk.len() as u64;
        if self.at > self.range.end {
            return Err(Error::io("a source returned more bytes than were asked for"));
        }
        let mut whole = Vec::new();
        let mut i = 0;
        while let Some((piece, bytes)) = self.open.get_mut(i).filter(|(piece, _)| piece.range.start < self.at) {
            if bytes.capacity() == 0 {
                *bytes = room_for(piece.range.end - piece.range.start)?;
            }
            let (start, end) = (piece.range.start.max(from) - from, piece.range.end.min(self.at) - from);
            bytes.extend_from_slice(chunk.get(start as usize..end as usize).unwrap_or_default());
            if piece.range.end <= self.at {
                whole.extend(self.open.remove(i).map(|(piece, bytes)| (piece, bytes.into())));
            } else {
                i += 1;
            }
        }
        Ok(whole)
    }

    /// The pieces that are not whole, which will not be.
    pub(crate) fn take_rest(&mut self) -> Vec<Piece> {
        self.open.drain(..).map(|(piece, _)| piece).collect()
    }

    /// An error where bytes are missing.
    pub(crate) fn finish(&self) -> Result<()> {
        if self.at == self.range.end {
            return Ok(());
        }
        Err(Error::io("a source returned fewer bytes than were asked for").at_offset(self.at))
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "one request is a list of one range")]
mod tests {
    use super::super::known::Known;
    use super::super::ranges::{Merging, merge, pieces};
    use super::*;

    #[test]
    fn pieces_come_out_as_their_bytes_come_in_whatever_the_chunks() {
        let file: Vec<u8> = (0..=255).collect();
        // The fourth lies inside the third, and the first ends where the second begins.
        let wanted = [10..20, 20..25, 40..100, 50..60, 90..130];
        let known = Known::default();
        for size in [1, 3, 7, 50, 256] {
            let requests = merge(pieces(&wanted, &known, 1000), &known, Merging { gap: Some(100), max_request: 1000 });
            let [request] = requests.try_into().unwrap();
            let range = request.range.clone();
            let mut splitter = Splitter::new(request);
            let mut got = vec![None; wanted.len()];
            let mut at = range.start;
            for chunk in file[range.start as usize..range.end as usize].chunks(size) {
                at += chunk.len() as u64;
                for (piece, bytes) in splitter.feed(chunk).unwrap() {
                    assert!(piece.range.end <= at && piece.range.end > at - chunk.len() as u64);
                    assert_eq!(bytes, file[piece.range.start as usize..piece.range.end as usize]);
                    assert!(got[piece.of].replace(bytes).is_none());
                }
            }
            assert!(got.iter().all(Option::is_some));
            splitter.finish().unwrap();
            assert!(splitter.feed(&[0]).is_err());
        }
    }

    #[test]
    fn an_answer_that_ends_early_is_an_error() {
        let known = Known::default();
        let mut requests = merge(pieces(&[5..9], &known, 100), &known, Merging { gap: None, max_request: 100 });
        let mut splitter = Splitter::new(requests.remove(0));
        assert!(splitter.feed(&[1, 2, 3]).unwrap().is_empty());
        assert!(splitter.finish().is_err());
    }
}
