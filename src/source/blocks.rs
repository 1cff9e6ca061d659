//! The stored bytes of blocks: from the header's bytes, from the cache, from a request that another read is making, or from requests of
//! their own. Each block is handed on when its own bytes are there, not when its request is over.

use super::cache::{Follow, Joined, Lead, StoredBlocks, StoredKey};
use super::ranges::{Piece, merge, pieces};
use super::reader::Reader;
use crate::cancel::Stop;
use crate::error::{Error, Result};
use bytes::Bytes;
use futures_util::future::join;
use futures_util::stream::{self, FuturesUnordered, StreamExt};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What became of a wanted range: its place in the caller's list, and its bytes or why they did not come.
pub(crate) type Arrived = (usize, Result<Bytes>);

/// A range that this read fetches, for others too.
struct Led {
    index: usize,
    range: Range<u64>,
    lead: Lead<StoredKey, Bytes>,
}

impl Reader {
    /// Brings these ranges, in any order, to the receiver of `to`. Ends when that is dropped, and what is under way ends with it.
    pub(crate) async fn bring(&self, wanted: Vec<(usize, Range<u64>)>, stop: &Stop, to: &mpsc::Sender<Arrived>) {
        tokio::select! {
            () = self.bring_all(wanted, stop, to) => {}
            () = to.closed() => {}
        }
    }

    async fn bring_all(&self, wanted: Vec<(usize, Range<u64>)>, stop: &Stop, to: &mpsc::Sender<Arrived>) {
        let shelf = self.stored_blocks();
        self.counters.add(|c| &c.ranges, wanted.len() as u64);
        let mut waiting = wanted;
        // A range that another read was fetching, and did not, is tried again by this one.
        while !waiting.is_empty() {
            let (mut led, mut followed) = (Vec::new(), Vec::new());
            for (index, range) in waiting {
                match self.find(&shelf, &range) {
                    Joined::Found(bytes) => self.found(to, index, bytes).await,
                    Joined::Lead(lead) => led.push(Led { index, range, lead }),
                    Joined::Follow(follow) => followed.push((index, range, follow)),
                }
            }
            self.counters.add(|c| &c.cache_misses, led.len() as u64);
            let ((), abandoned) = join(self.fetch_led(led, stop, to), self.wait_for(followed, stop, to)).await;
            waiting = abandoned;
        }
    }

    /// The bytes of one range.
    pub(crate) async fn block(&self, range: Range<u64>, stop: &Stop) -> Result<Bytes> {
        stop.check()?;
        let (sender, mut arrived) = mpsc::channel(1);
        self.bring(vec![(0, range)], stop, &sender).await;
        let (_, bytes) = arrived.try_recv().map_err(|_| Error::io("a block was fetched but is not there"))?;
        bytes
    }

    fn find(&self, shelf: &Arc<StoredBlocks>, range: &Range<u64>) -> Joined<StoredKey, Bytes> {
        if let Some(bytes) = self.known(range) {
            return Joined::Found(bytes);
        }
        let key = StoredKey { object: self.object().name.clone(), range: range.clone() };
        shelf.join(&key, |_| self.settings.cache.blocks)
    }

    async fn found(&self, to: &mpsc::Sender<Arrived>, index: usize, bytes: Bytes) {
        self.counters.add(|c| &c.cache_hits, 1);
        hand_on(to, index, Ok(bytes)).await;
    }

    /// Waits for ranges that other reads fetch; gives back those that did not come.
    async fn wait_for(
        &self,
        followed: Vec<(usize, Range<u64>, Follow<Bytes>)>,
        stop: &Stop,
        to: &mpsc::Sender<Arrived>,
    ) -> Vec<(usize, Range<u64>)> {
        let wait = async |(index, range, follow)| (index, range, self.follow(follow, stop).await);
        let mut waits: FuturesUnordered<_> = followed.into_iter().map(wait).collect();
        let mut abandoned = Vec::new();
        while let Some((index, range, outcome)) = waits.next().await {
            match outcome {
                Ok(Some(bytes)) => self.found(to, index, bytes).await,
                Ok(None) => abandoned.push((index, range)),
                Err(e) => hand_on(to, index, Err(e)).await,
            }
        }
        abandoned
    }

    /// Fetches ranges in the fewest requests.
    async fn fetch_led(&self, led: Vec<Led>, stop: &Stop, to: &mpsc::Sender<Arrived>) {
        let ranges: Vec<Range<u64>> = led.iter().map(|l| l.range.clone()).collect();
        let (requests, gathering) = {
            let known = self.object().known();
            let pieces = pieces(&ranges, &known, self.settings.max_request);
            let gathering = Gathering::new(led, &pieces);
            (merge(pieces, &known, self.settings.merging()), gathering)
        };
        let (sender, arriving) = mpsc::channel(1);
        let fetch = async move {
            let batches = requests.chunks(self.batch()).map(|batch| self.fetch_pieces(batch.to_vec(), stop, sender.clone()));
            stream::iter(batches).buffer_unordered(self.settings.concurrency).collect::<()>().await;
        };
        join(fetch, gathering.run(self, arriving, to)).await;
    }
}

async fn hand_on(to: &mpsc::Sender<Arrived>, index: usize, outcome: Result<Bytes>) {
    // An error says that the caller has stopped, which it knows.
    let _ = to.send((index, outcome)).await;
}

/// Puts blocks together from their pieces.
struct Gathering(Vec<Option<Gathered>>);

struct Gathered {
    led: Led,
    /// Pieces that are here, by offset.
    parts: BTreeMap<u64, Bytes>,
    missing: usize,
}

impl Gathering {
    fn new(led: Vec<Led>, pieces: &[Piece]) -> Self {
        let mut blocks: Vec<_> = led.into_iter().map(|led| Some(Gathered { led, parts: BTreeMap::new(), missing: 0 })).collect();
        for piece in pieces {
            if let Some(Some(block)) = blocks.get_mut(piece.of) {
                block.missing += 1;
            }
        }
        Self(blocks)
    }

    async fn run(mut self, reader: &Reader, mut arriving: mpsc::Receiver<(Piece, Result<Bytes>)>, to: &mpsc::Sender<Arrived>) {
        // What is in the header's bytes by now.
        for slot in &mut self.0 {
            if let Some(block) = slot.take_if(|block| block.missing == 0) {
                block.hand_on(reader, to).await;
            }
        }
        while let Some((piece, outcome)) = arriving.recv().await {
            let Some(slot) = self.0.get_mut(piece.of) else { continue };
            // `None` where another piece of the block has failed.
            let Some(block) = slot else { continue };
            match outcome {
                Ok(bytes) => {
                    block.parts.insert(piece.range.start, bytes);
                    block.missing -= 1;
                    if let Some(block) = slot.take_if(|block| block.missing == 0) {
                        block.hand_on(reader, to).await;
                    }
                }
                Err(e) => {
                    let index = block.led.index;
                    // Those who wait for it see for themselves.
                    *slot = None;
                    hand_on(to, index, Err(e)).await;
                }
            }
        }
    }
}

impl Gathered {
    async fn hand_on(self, reader: &Reader, to: &mpsc::Sender<Arrived>) {
        let Self { led: Led { index, range, lead }, parts, .. } = self;
        let bytes = match parts.first_key_value() {
            Some((start, whole)) if *start == range.start && whole.len() as u64 == range.end - range.start => Ok(whole.clone()),
            _ => put_together(reader, &range, parts),
        };
        if let Ok(bytes) = &bytes {
            lead.land(bytes.clone(), reader.settings.cache.blocks);
        }
        hand_on(to, index, bytes).await;
    }
}

/// A range from its pieces and from what is in memory.
fn put_together(reader: &Reader, range: &Range<u64>, parts: BTreeMap<u64, Bytes>) -> Result<Bytes> {
    let lost = || Error::io("bytes that were in memory are gone");
    let mut all = room_for(range.end - range.start)?;
    let mut at = range.start;
    for (start, part) in parts {
        all.extend_from_slice(&reader.known(&(at..start)).ok_or_else(lost)?);
        all.extend_from_slice(&part);
        at = start + part.len() as u64;
    }
    all.extend_from_slice(&reader.known(&(at..range.end)).ok_or_else(lost)?);
    Ok(all.into())
}

/// Room for `len` bytes, which a file asks for.
pub(super) fn room_for(len: u64) -> Result<Vec<u8>> {
    let refused = || Error::io(format!("{len} bytes of memory for a stored block could not be had"));
    let mut room = Vec::new();
    room.try_reserve_exact(usize::try_from(len).map_err(|_| refused())?).map_err(|_| refused())?;
    Ok(room)
}
