//! A source with its name, its size, its counters, and the header bytes that were read so far.

use super::known::Known;
use super::ranges::merge;
use super::{Local, Source};
use crate::cancel::Stop;
use crate::error::{Error, Reason, Result};
use crate::log::{self, Level};
use crate::options::Settings;
use crate::stats::Counters;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, StreamExt};
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

/// Pages of a tile index are fetched whole: neighbouring tiles lie in the same page.
const PAGE: u64 = 4096;

pub(crate) struct Reader {
    source: ManuallyDrop<Arc<dyn Source>>,
    /// The file's name, as errors and logs show it.
    name: String,
    size: u64,
    known: RwLock<Known>,
    pub(crate) settings: Settings,
    pub(crate) counters: Counters,
    /// The process that opened it: a child after `fork()` can't use the parent's connections.
    pid: u32,
}

impl Reader {
    /// Makes the first request, which brings the header and the size.
    pub(crate) async fn open(source: Arc<dyn Source>, name: String, settings: Settings, stop: &Stop) -> Result<Self> {
        let counters = Counters::default();
        let started = Instant::now();
        let len = settings.header_bytes;
        let opening = run(&*source, Arc::clone(&source).open(len), stop).await.map_err(|e| e.in_file(&name));
        let bytes = opening.as_ref().map_or(0, |o| o.head.len() as u64);
        counters.request(bytes, started.elapsed());
        counters.add(|c| &c.header_bytes, bytes);
        counters.add(|c| &c.ranges, 1);
        counters.add(|c| &c.cache_misses, 1);
        log::line(settings.log_level, Level::Debug, || format!("{name}: opened with {bytes} bytes in {:?}", started.elapsed()));
        let opening = opening?;
        let mut known = Known::default();
        known.insert(0, &opening.head);
        Ok(Self {
            source: ManuallyDrop::new(source),
            name,
            size: opening.size,
            known: RwLock::new(known),
            settings,
            counters,
            pid: std::process::id(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn warn(&self, text: impl FnOnce() -> String) {
        log::line(self.settings.log_level, Level::Warn, || format!("{}: {}", self.name, text()));
    }

    /// The bytes at hand, where this is a local file or memory.
    pub(crate) fn local(&self) -> Option<&dyn Local> {
        self.source.local()
    }

    /// How many ranges one `fetch` takes at most.
    pub(crate) fn batch(&self) -> usize {
        self.source.batch()
    }

    /// An error in a child process, where the handle can't do I/O.
    pub(crate) fn check_process(&self) -> Result<()> {
        if self.pid == std::process::id() { Ok(()) } else { Err(Error::from(Reason::Forked).in_file(&self.name)) }
    }

    /// `offset..offset + len`, where that lies within the file.
    pub(crate) fn range(&self, offset: u64, len: u64) -> Result<Range<u64>> {
        match offset.checked_add(len) {
            Some(end) if end <= self.size => Ok(offset..end),
            _ => Err(Error::format(format!("{len} bytes at offset {offset} reach beyond the end of the file ({} bytes)", self.size))
                .at_offset(offset)),
        }
    }

    /// Bytes of the header (an IFD, a tag's value), from memory where they are known. A request reads on for `io.header_chunk` bytes.
    pub(crate) async fn header(&self, offset: u64, len: u64, stop: &Stop) -> Result<Bytes> {
        let range = self.range(offset, len)?;
        if let Some(bytes) = self.known(&range) {
            return Ok(bytes);
        }
        let ahead = range.start..range.end.max(range.start.saturating_add(self.settings.header_chunk)).min(self.size);
        let missing = self.read_known().missing(&ahead);
        self.keep(missing, stop).await?;
        self.known(&range).ok_or_else(|| Error::io("header bytes were fetched but are not there"))
    }

    /// Fetches the 4 KiB pages around these ranges that are not known yet, neighbours in one request, so that [`Reader::known`] has them.
    pub(crate) async fn pages(&self, ranges: impl Iterator<Item = Range<u64>>, stop: &Stop) -> Result<()> {
        let mut missing: Vec<Range<u64>> = Vec::new();
        {
            let known = self.read_known();
            for range in ranges {
                if known.get(&range).is_none() {
                    let page = range.start / PAGE * PAGE..range.end.div_ceil(PAGE).saturating_mul(PAGE).min(self.size);
                    missing.extend(known.missing(&page));
                }
            }
        }
        let requests = merge(&missing, self.settings.merge_gap, self.settings.max_request);
        self.keep(requests.into_iter().map(|r| r.range).collect(), stop).await
    }

    /// The bytes of a range, where they are in memory.
    pub(crate) fn known(&self, range: &Range<u64>) -> Option<Bytes> {
        self.read_known().get(range)
    }

    fn read_known(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    async fn keep(&self, ranges: Vec<Range<u64>>, stop: &Stop) -> Result<()> {
        let new: u64 = ranges.iter().map(|r| r.end - r.start).sum();
        self.settings.limits.check_header(self.read_known().total().saturating_add(new))?;
        let batches = stream::iter(ranges.chunks(self.batch()).map(async |batch| (batch, self.fetch(batch.to_vec(), stop).await)));
        let mut arriving = batches.buffer_unordered(self.settings.concurrency);
        while let Some((batch, answers)) = arriving.next().await {
            let answers = answers?;
            self.counters.add(|c| &c.header_bytes, answers.iter().map(|b| b.len() as u64).sum());
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            for (range, bytes) in batch.iter().zip(&answers) {
                known.insert(range.start, bytes);
            }
        }
        Ok(())
    }

    /// The bytes of ranges (at most [`Reader::batch`] of them), of which only what is not in memory is fetched.
    pub(crate) async fn fetch_missing(&self, ranges: &[Range<u64>], stop: &Stop) -> Result<Vec<Bytes>> {
        let gaps: Vec<Vec<Range<u64>>> = {
            let known = self.read_known();
            ranges.iter().map(|range| known.missing(range)).collect()
        };
        let mut fetched = self.fetch(gaps.concat(), stop).await?.into_iter();
        let joined = ranges.iter().zip(&gaps).map(|(range, gaps)| match gaps.as_slice() {
            [whole] if whole == range => fetched.next(),
            gaps => self.join(range, gaps.iter().zip(&mut fetched)),
        });
        joined.collect::<Option<_>>().ok_or_else(|| Error::io("bytes that were in memory are gone"))
    }

    /// Puts a range together from what was just fetched and what is in memory.
    fn join<'a>(&self, range: &Range<u64>, gaps: impl Iterator<Item = (&'a Range<u64>, Bytes)>) -> Option<Bytes> {
        let mut all = BytesMut::with_capacity((range.end - range.start) as usize);
        let mut at = range.start;
        for (gap, bytes) in gaps {
            all.extend_from_slice(&self.known(&(at..gap.start))?);
            all.extend_from_slice(&bytes);
            at = gap.end;
        }
        all.extend_from_slice(&self.known(&(at..range.end))?);
        Some(all.freeze())
    }

    /// Fetches ranges (at most [`Reader::batch`] of them), each checked to have come whole.
    pub(crate) async fn fetch(&self, ranges: Vec<Range<u64>>, stop: &Stop) -> Result<Vec<Bytes>> {
        self.check_process()?;
        let started = Instant::now();
        let answers = run(&**self.source, Arc::clone(&self.source).fetch(ranges.clone()), stop).await.map_err(|e| e.in_file(&self.name));
        let bytes = answers.as_ref().map_or(0, |a| a.iter().map(|b| b.len() as u64).sum());
        self.counters.request(bytes, started.elapsed());
        log::line(self.settings.log_level, Level::Debug, || {
            let outcome = answers.as_ref().map_or_else(ToString::to_string, |_| format!("{bytes} bytes"));
            format!("{}: {ranges:?}: {outcome} in {:?}", self.name, started.elapsed())
        });
        let answers = answers?;
        let whole = |(range, bytes): (&Range<u64>, &Bytes)| range.end - range.start == bytes.len() as u64;
        if answers.len() != ranges.len() || !ranges.iter().zip(&answers).all(whole) {
            return Err(Error::io("a source returned another number of bytes than was asked for").in_file(&self.name));
        }
        Ok(answers)
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
async fn run<T: Send + 'static>(source: &dyn Source, future: super::Fetch<T>, stop: &Stop) -> Result<T> {
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
