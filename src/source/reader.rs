//! A source with its name, its counters and settings, and what is in memory of its object.

use super::cache::{Follow, Header, HeaderKey, Headers, Joined, StoredBlocks};
use super::known::Known;
use super::object::Object;
use super::ranges::{Merging, Piece, Request, merge, pieces};
use super::splitter::Splitter;
use super::{Local, Opening, Source};
use crate::cancel::Stop;
use crate::error::{Error, Reason, Result};
use crate::log::{self, Level};
use crate::options::Settings;
use crate::stats::Counters;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::{Semaphore, mpsc};

/// Pages of a tile index are fetched whole: neighbouring tiles lie in the same page.
const PAGE: u64 = 4096;

pub(crate) struct Reader {
    source: ManuallyDrop<Arc<dyn Source>>,
    /// The file's name, as errors and logs show it.
    name: String,
    object: Arc<Object>,
    /// Where other handles find the object; `None` where it is not shared.
    header_key: Option<HeaderKey>,
    /// Requests that may be under way at once, to this server by all handles.
    slots: Arc<Semaphore>,
    pub(crate) settings: Settings,
    /// Those of the handle: a file's sidecars share them.
    pub(crate) counters: Arc<Counters>,
    /// The process that opened it: a child after `fork()` can't use the parent's connections.
    pid: u32,
}

impl Reader {
    /// Makes the first request, which brings the header and the size; or none, where another handle made it lately.
    pub(crate) async fn open(
        source: Arc<dyn Source>,
        name: String,
        settings: Settings,
        counters: Arc<Counters>,
        stop: &Stop,
    ) -> Result<Self> {
        stop.check()?;
        let identity = source.identity();
        let slots = match &identity {
            Some(identity) => crate::runtime::get().slots(identity.host.clone(), settings.concurrency),
            None => Arc::new(Semaphore::new(settings.concurrency)),
        };
        let access = identity.map(|i| i.access);
        let first = First { source: &source, name: &name, settings: &settings, stop, slots: &slots, counters: &counters };
        let (object, header_key) = match access {
            Some(access) if settings.cache.headers => {
                let key = HeaderKey { access, len: settings.header_bytes };
                (first.shared(&key).await?, Some(key))
            }
            access => (Arc::new(Object::new(access.unwrap_or_default(), &first.ask().await?)), None),
        };
        Ok(Self { source: ManuallyDrop::new(source), name, object, header_key, slots, settings, counters, pid: std::process::id() })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn size(&self) -> u64 {
        self.object.version().size
    }

    pub(crate) fn object(&self) -> &Object {
        &self.object
    }

    pub(crate) fn warn(&self, text: impl FnOnce() -> String) {
        log::line(self.settings.log_level, Level::Warn, || format!("{}: {}", self.name, text()));
    }

    /// The bytes at hand, where this is a local file or memory.
    pub(crate) fn local(&self) -> Option<&dyn Local> {
        self.source.local()
    }

    /// How many ranges one call of the source takes at most.
    pub(super) fn batch(&self) -> usize {
        self.source.batch()
    }

    pub(super) fn stored_blocks(&self) -> Arc<StoredBlocks> {
        crate::runtime::get().caches.stored(self.settings.cache.block_bytes)
    }

    /// An error in a child process, where the handle can't do I/O.
    pub(crate) fn check_process(&self) -> Result<()> {
        if self.pid == std::process::id() { Ok(()) } else { Err(Error::from(Reason::Forked).in_file(&self.name)) }
    }

    /// `offset..offset + len`, where that lies within the file.
    pub(crate) fn range(&self, offset: u64, len: u64) -> Result<Range<u64>> {
        match offset.checked_add(len) {
            Some(end) if end <= self.size() => Ok(offset..end),
            _ => Err(Error::format(format!("{len} bytes at offset {offset} reach beyond the end of the file ({} bytes)", self.size()))
                .at_offset(offset)),
        }
    }

    /// Bytes of the header (an IFD, a tag's value), from memory where they are known. A request reads on for `io.header_chunk` bytes.
    pub(crate) async fn header(&self, offset: u64, len: u64, stop: &Stop) -> Result<Bytes> {
        let range = self.range(offset, len)?;
        self.headers(std::slice::from_ref(&range), stop).await?;
        self.known(&range).ok_or_else(|| Error::io("header bytes were fetched but are not there"))
    }

    /// Fetches these ranges of the header (each within the file) in as few requests as `io.header_chunk` allows: it is the smallest
    /// request, and ranges that it would reach are fetched together.
    pub(crate) async fn headers(&self, ranges: &[Range<u64>], stop: &Stop) -> Result<()> {
        self.check_process()?;
        let chunk = self.settings.header_chunk;
        let ahead = |range: &Range<u64>| range.start..range.end.max(range.start.saturating_add(chunk)).min(self.size());
        self.fetch_known(ranges, |range, known| if known.get(range).is_some() { range.clone() } else { ahead(range) }, stop).await
    }

    /// Fetches the 4 KiB pages around these ranges of a tile index that are not known yet, so that [`Reader::known`] has them. A request
    /// for a range that ends at one of `tails` (where it ends, and bytes) reads on for so many bytes.
    pub(crate) async fn pages(&self, ranges: &[Range<u64>], tails: &[(u64, u64)], stop: &Stop) -> Result<()> {
        let page = |range: &Range<u64>| {
            let tail = tails.iter().find(|(end, _)| *end == range.end).map_or(0, |(_, len)| *len);
            let end = range.end.div_ceil(PAGE).saturating_mul(PAGE).max(range.end.saturating_add(tail));
            range.start / PAGE * PAGE..end.min(self.size())
        };
        self.fetch_known(ranges, |range, known| if known.get(range).is_some() { range.clone() } else { page(range) }, stop).await
    }

    /// Fetches what is missing of the ranges that `widen` makes of these, and keeps it.
    async fn fetch_known(&self, ranges: &[Range<u64>], widen: impl Fn(&Range<u64>, &Known) -> Range<u64>, stop: &Stop) -> Result<()> {
        let requests = {
            let known = self.object.known();
            let wide: Vec<Range<u64>> = ranges.iter().map(|range| widen(range, &known)).collect();
            // What lies between two parts of an index may be needed next; a request costs more than it.
            let gap = self.settings.header_chunk.max(self.settings.merge_gap.unwrap_or(0));
            let merging = Merging { gap: Some(gap), max_request: self.settings.max_request };
            merge(disjoint(pieces(&wide, &known, merging.max_request)), &known, merging)
        };
        self.keep(requests.into_iter().map(|r| r.range).collect(), stop).await
    }

    /// The bytes of a range, where they are in memory.
    pub(crate) fn known(&self, range: &Range<u64>) -> Option<Bytes> {
        self.object.known().get(range)
    }

    async fn keep(&self, ranges: Vec<Range<u64>>, stop: &Stop) -> Result<()> {
        if ranges.is_empty() {
            return Ok(());
        }
        let new: u64 = ranges.iter().map(|r| r.end - r.start).sum();
        self.settings.limits.check_header(self.object.known_bytes().saturating_add(new))?;
        let batches = stream::iter(ranges.chunks(self.batch()).map(async |batch| (batch, self.fetch(batch.to_vec(), stop).await)));
        let mut arriving = batches.buffer_unordered(self.settings.concurrency);
        while let Some((batch, answers)) = arriving.next().await {
            let answers = answers?;
            self.counters.add(|c| &c.header_bytes, answers.iter().map(|b| b.len() as u64).sum());
            self.object.keep(batch.iter().zip(&answers));
        }
        if let Some(key) = &self.header_key {
            self.header_shelf().replace(key, |kept| kept.is(&self.object), Header::new(&self.object));
        }
        Ok(())
    }

    fn header_shelf(&self) -> Arc<Headers> {
        crate::runtime::get().caches.headers(self.settings.cache.header_bytes)
    }

    /// Fetches ranges (at most [`Reader::batch`] of them), each checked to have come whole.
    pub(crate) async fn fetch(&self, ranges: Vec<Range<u64>>, stop: &Stop) -> Result<Vec<Bytes>> {
        self.check_process()?;
        let (under_way, asked) = (self.begin(&ranges), ranges.clone());
        let (source, slots, progress) = (Arc::clone(&self.source), Arc::clone(&self.slots), Arc::clone(&under_way.progress));
        let fetch = async move {
            // The semaphore is never closed.
            let _slot = slots.acquire_owned().await;
            progress.sent.store(true, Relaxed);
            let answers = source.fetch(asked).await?;
            progress.bytes.store(answers.iter().map(|b| b.len() as u64).sum(), Relaxed);
            Ok(answers)
        };
        let answers = under_way.end(run(&**self.source, fetch, stop).await)?;
        let whole = |(range, bytes): (&Range<u64>, &Bytes)| range.end - range.start == bytes.len() as u64;
        if answers.len() != ranges.len() || !ranges.iter().zip(&answers).all(whole) {
            return Err(Error::io("a source returned another number of bytes than was asked for").in_file(&self.name));
        }
        Ok(answers)
    }

    /// Makes requests (at most [`Reader::batch`] of them), and sends each of their pieces when it is whole, or why it did not come.
    pub(super) async fn fetch_pieces(&self, requests: Vec<Request>, stop: &Stop, to: mpsc::Sender<(Piece, Result<Bytes>)>) {
        let ranges: Vec<Range<u64>> = requests.iter().map(|r| r.range.clone()).collect();
        let under_way = self.begin(&ranges);
        let splitters: Arc<Mutex<Vec<Splitter>>> = Arc::new(Mutex::new(requests.into_iter().map(Splitter::new).collect()));
        let (source, slots) = (Arc::clone(&self.source), Arc::clone(&self.slots));
        let (progress, feeding, pieces) = (Arc::clone(&under_way.progress), Arc::clone(&splitters), to.clone());
        let fetch = async move {
            // The semaphore is never closed.
            let _slot = slots.acquire_owned().await;
            progress.sent.store(true, Relaxed);
            split(source.stream(ranges), &feeding, &progress, &pieces).await
        };
        let Err(e) = under_way.end(run(&**self.source, fetch, stop).await) else { return };
        let rest: Vec<Piece> = lock(&splitters).iter_mut().flat_map(Splitter::take_rest).collect();
        for piece in rest {
            // An error says that nobody wants it any more.
            let _ = to.send((piece, Err(e.clone()))).await;
        }
    }

    fn begin<'a>(&'a self, ranges: &[Range<u64>]) -> UnderWay<'a> {
        UnderWay { reader: self, ranges: ranges.to_vec(), started: Instant::now(), progress: Arc::default() }
    }

    /// An error of the source. When the file has changed, the next open must not find the old one.
    fn failed(&self, e: Error) -> Error {
        if matches!(e.reason(), Reason::Modified(_)) {
            self.forget();
        }
        e.in_file(&self.name)
    }

    /// Makes the next open ask the server: what this one found is not, or no more, the file.
    pub(crate) fn forget(&self) {
        if let Some(key) = &self.header_key {
            self.header_shelf().remove(key, |kept| kept.is(&self.object));
        }
    }

    /// Waits for what another read makes; `None` where that gave up.
    pub(crate) async fn follow<V: Clone + Send + Sync + 'static>(&self, follow: Follow<V>, stop: &Stop) -> Result<Option<V>> {
        run(&**self.source, async move { Ok(follow.await.ok()) }, stop).await
    }
}

/// Cuts the parts of `pieces` off that an earlier one has too.
fn disjoint(mut pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.sort_by_key(|piece| piece.range.start);
    let mut end = 0;
    pieces.retain_mut(|piece| {
        piece.range.start = piece.range.start.max(end);
        end = end.max(piece.range.end);
        piece.range.start < piece.range.end
    });
    pieces
}

/// A request that may end in any way, also by being dropped: it is counted once it was sent.
struct UnderWay<'a> {
    reader: &'a Reader,
    ranges: Vec<Range<u64>>,
    started: Instant,
    progress: Arc<Progress>,
}

#[derive(Default)]
struct Progress {
    sent: AtomicBool,
    bytes: AtomicU64,
}

impl UnderWay<'_> {
    /// The outcome, with the file's name in its error.
    fn end<T>(self, outcome: Result<T>) -> Result<T> {
        let reader = self.reader;
        log::line(reader.settings.log_level, Level::Debug, || {
            let outcome = outcome.as_ref().map_or_else(ToString::to_string, |_| format!("{} bytes", self.progress.bytes.load(Relaxed)));
            format!("{}: {:?}: {outcome} in {:?}", reader.name, self.ranges, self.started.elapsed())
        });
        outcome.map_err(|e| reader.failed(e))
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.progress.sent.load(Relaxed) {
            self.reader.counters.request(self.progress.bytes.load(Relaxed), self.started.elapsed());
        }
    }
}

async fn split(
    mut chunks: super::Chunks,
    splitters: &Mutex<Vec<Splitter>>,
    progress: &Progress,
    to: &mpsc::Sender<(Piece, Result<Bytes>)>,
) -> Result<()> {
    while let Some(chunk) = chunks.next().await {
        let (i, bytes) = chunk?;
        progress.bytes.fetch_add(bytes.len() as u64, Relaxed);
        let whole = match lock(splitters).get_mut(i) {
            Some(splitter) => splitter.feed(&bytes)?,
            None => return Err(Error::io("a source returned a range that was not asked for")),
        };
        for (piece, bytes) in whole {
            if to.send((piece, Ok(bytes))).await.is_err() {
                // Nobody wants the rest.
                return Ok(());
            }
        }
    }
    lock(splitters).iter().try_for_each(Splitter::finish)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first request of a handle.
struct First<'a> {
    source: &'a Arc<dyn Source>,
    name: &'a str,
    settings: &'a Settings,
    stop: &'a Stop,
    slots: &'a Arc<Semaphore>,
    counters: &'a Counters,
}

impl First<'_> {
    /// The object as another handle found it lately, or as the server has it now.
    async fn shared(&self, key: &HeaderKey) -> Result<Arc<Object>> {
        let cache = &self.settings.cache;
        let shelf = crate::runtime::get().caches.headers(cache.header_bytes);
        loop {
            let found = match shelf.join(key, |kept| kept.object.confirmed_within(cache.max_age)) {
                Joined::Found(header) => Some(header),
                Joined::Follow(follow) => run(&**self.source, async move { Ok(follow.await.ok()) }, self.stop).await?,
                Joined::Lead(lead) => {
                    let opening = self.ask().await?;
                    let object = match shelf.get(key) {
                        Some(kept) if opening.version.is_named() && *kept.object.version() == opening.version => {
                            kept.object.confirm();
                            kept.object
                        }
                        _ => Arc::new(Object::new(key.access.clone(), &opening)),
                    };
                    lead.land(Header::new(&object), true);
                    return Ok(object);
                }
            };
            // Where the other handle's request failed, this one makes its own.
            if let Some(header) = found {
                self.source.assume(header.object.version());
                self.counters.add(|c| &c.ranges, 1);
                self.counters.add(|c| &c.cache_hits, 1);
                return Ok(header.object);
            }
        }
    }

    async fn ask(&self) -> Result<Opening> {
        let started = Instant::now();
        let (source, slots, len) = (Arc::clone(self.source), Arc::clone(self.slots), self.settings.header_bytes);
        let opening = run(
            &**self.source,
            async move {
                // The semaphore is never closed.
                let _slot = slots.acquire_owned().await;
                source.open(len).await
            },
            self.stop,
        );
        let opening = opening.await.map_err(|e| e.in_file(self.name));
        let bytes = opening.as_ref().map_or(0, |o| o.head.len() as u64);
        self.counters.request(bytes, started.elapsed());
        self.counters.add(|c| &c.header_bytes, bytes);
        self.counters.add(|c| &c.ranges, 1);
        self.counters.add(|c| &c.cache_misses, 1);
        log::line(self.settings.log_level, Level::Debug, || format!("{}: opened with {bytes} bytes in {:?}", self.name, started.elapsed()));
        opening
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // In a child after fork() the connections belong to the parent: closing them here would take them off its event queue.
        if self.check_process().is_ok() || self.local().is_some() {
            #[allow(unsafe_code, reason = "a field that is sometimes leaked on purpose")]
            // SAFETY: this is the drop of the only owner; the field is not used afterwards.
            unsafe {
                ManuallyDrop::drop(&mut self.source);
            }
        }
    }
}

/// Runs a source's future: at once where the bytes are local, on the network runtime otherwise. Dropping the returned future ends it.
async fn run<T: Send + 'static>(source: &dyn Source, future: impl Future<Output = Result<T>> + Send + 'static, stop: &Stop) -> Result<T> {
    stop.check()?;
    if source.local().is_some() {
        return future.await;
    }
    let stop = stop.clone();
    let runtime = crate::runtime::get();
    let task = AbortOnDrop(runtime.io()?.spawn(async move { stop.guard(future).await }));
    task.await
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<Result<T>>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T>;
    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Result<T>> {
        std::pin::Pin::new(&mut self.0).poll(context).map(|done| match done {
            Ok(result) => result,
            Err(failed) if failed.is_panic() => Err(Reason::Panic("a network task panicked".into()).into()),
            Err(_) => Err(Reason::Cancelled.into()),
        })
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
