//! Blocks that come over a network: the fewest requests, several at once, each block decoded as its bytes arrive. A block that this
//! process has decoded, or is decoding for another read, is taken from there.

use super::decode::is_as_stored;
use super::job::{Block, Job};
use super::leader::Part;
use super::locate::{Found, Stored, fetch_runs, packed_bytes};
use crate::codec::Backend;
use crate::error::Result;
use crate::source::blocks::Arrived;
use crate::source::cache::{DecodedBlocks, DecodedKey, Follow, Joined, Lead};
use futures_util::future::{join, join4};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// The samples of a decoded block.
pub(super) type Decoded = Arc<[u8]>;
/// The right to decode a block for everybody.
pub(super) type DecodedLead = Lead<DecodedKey, Decoded>;

/// Blocks by the way they come; each with its number in the plan.
#[derive(Default)]
struct Sorted {
    decoded: Vec<(usize, Decoded)>,
    /// Another read decodes them.
    followed: Vec<(usize, Follow<Decoded>)>,
    stored: Vec<Wanted>,
    /// More of the index is needed to find them.
    unknown: Vec<usize>,
}

/// A block whose stored bytes are wanted.
struct Wanted {
    i: usize,
    range: Range<u64>,
    /// Where the range is a span with leaders: which of its blocks.
    part: Option<Part>,
    lead: Option<DecodedLead>,
}

pub(super) async fn run(job: &Arc<Job>) -> Result<()> {
    let decoding = Arc::new(Semaphore::new(job.threads()?));
    let mut waiting: Vec<usize> = (0..job.work.blocks()).collect();
    // A block that another read was decoding, and did not, is tried again by this one; and one that its leader does not lead to.
    while !waiting.is_empty() && !job.has_failed() {
        let Sorted { decoded, followed, stored, unknown } = sort(job, &waiting);
        let index = fetch_index_of(job, &unknown);
        let (.., abandoned, indexed) =
            join4(place_all(job, decoded, &decoding), fetch_all(job, stored, &decoding), wait_for(job, followed), index).await;
        indexed?;
        waiting = [abandoned, unknown, job.take_again()].concat();
    }
    Ok(())
}

/// Fetches what the arrays of the index say of these blocks.
async fn fetch_index_of(job: &Job, blocks: &[usize]) -> Result<()> {
    let elements = |i: &usize| job.work.at(*i).map(|block| block.image.index.elements(block.number()));
    fetch_runs(&job.dataset, &[], blocks.iter().filter_map(elements).flatten().collect(), &job.stop).await
}

/// Places the sparse blocks, and sorts the others.
fn sort(job: &Arc<Job>, blocks: &[usize]) -> Sorted {
    let shelf = decoded_shelf(job, blocks);
    let mut sorted = Sorted::default();
    for &i in blocks {
        let Some(block) = job.work.at(i) else { continue };
        let (range, part) = match job.locate(&block) {
            Ok(Found::Stored(Stored::Sparse)) => {
                job.work.place_sparse(i);
                continue;
            }
            Ok(Found::Stored(Stored::At(range))) => (range, None),
            Ok(Found::Led(span, part)) => (span, Some(part)),
            Ok(Found::Unknown) => {
                sorted.unknown.push(i);
                continue;
            }
            Err(e) => {
                job.fail_block(i, e);
                if job.has_failed() {
                    return Sorted::default();
                }
                continue;
            }
        };
        match shelf.as_ref().and_then(|shelf| Some(shelf.join(&decoded_key(job, &block)?, |_| true))) {
            Some(Joined::Found(decoded)) => sorted.decoded.push((i, decoded)),
            Some(Joined::Follow(follow)) => sorted.followed.push((i, follow)),
            Some(Joined::Lead(lead)) => sorted.stored.push(Wanted { i, range, part, lead: Some(lead) }),
            None => sorted.stored.push(Wanted { i, range, part, lead: None }),
        }
    }
    let found = (sorted.decoded.len() + sorted.followed.len()) as u64;
    let counters = &job.dataset.reader.counters;
    counters.add(|c| &c.ranges, found);
    counters.add(|c| &c.cache_hits, found);
    sorted
}

/// Where decoded blocks are kept. A read that would fill it with its own blocks, of which the next needs few, goes past it.
fn decoded_shelf(job: &Job, blocks: &[usize]) -> Option<Arc<DecodedBlocks>> {
    let cache = &job.dataset.reader.settings.cache;
    let block_bytes = |i: &usize| job.work.at(*i).and_then(|b| packed_bytes(b.image, b.image.tiling.height)).unwrap_or(0);
    let all = blocks.iter().map(block_bytes).fold(0, u64::saturating_add);
    (cache.blocks && all <= cache.tile_bytes / 2).then(|| job.runtime.caches.decoded(cache.tile_bytes))
}

/// The name of a block that is worth keeping: one that takes some work to decode.
fn decoded_key(job: &Job, block: &Block<'_>) -> Option<DecodedKey> {
    let reader = &job.dataset.reader;
    let rust = reader.settings.backend == Backend::Rust;
    let key = || DecodedKey { object: reader.object().name.clone(), ifd: block.image.ifd_offset, block: block.number(), rust };
    (!is_as_stored(block.image, job.dataset.is_big_endian())).then(key)
}

/// Waits for the blocks that other reads decode, and places them; gives back those that did not come.
async fn wait_for(job: &Arc<Job>, followed: Vec<(usize, Follow<Decoded>)>) -> Vec<usize> {
    let wait = async |(i, follow)| (i, job.dataset.reader.follow(follow, &job.stop).await);
    let mut waits: FuturesUnordered<_> = followed.into_iter().map(wait).collect();
    let mut abandoned = Vec::new();
    while let Some((i, outcome)) = waits.next().await {
        match outcome {
            Ok(Some(decoded)) => job.take_decoded(i, &decoded),
            Ok(None) => abandoned.push(i),
            Err(e) => job.fail_block(i, e),
        }
        if job.has_failed() {
            break;
        }
    }
    abandoned
}

async fn place_all(job: &Arc<Job>, decoded: Vec<(usize, Decoded)>, decoding: &Arc<Semaphore>) {
    let mut tasks = Vec::with_capacity(decoded.len());
    for (i, block) in decoded {
        if job.work.blocks() == 1 {
            job.take_decoded(i, &block);
        } else {
            match spawn(job, decoding, move |job| job.take_decoded(i, &block)).await {
                Ok(task) => tasks.push(task),
                Err(e) => return job.fail(e),
            }
        }
    }
    finish(tasks).await;
}

/// Fetches stored blocks and decodes each as it comes.
async fn fetch_all(job: &Arc<Job>, stored: Vec<Wanted>, decoding: &Arc<Semaphore>) {
    if stored.is_empty() {
        return;
    }
    let (sender, arriving) = mpsc::channel(decoding.available_permits().max(1));
    let ranges = stored.iter().map(|wanted| wanted.range.clone()).enumerate().collect();
    let fetch = async move {
        let sender = sender;
        job.dataset.reader.bring(ranges, &job.stop, &sender).await;
    };
    join(fetch, decode_all(job, stored, arriving, decoding)).await;
}

/// Decodes what comes until all has come or the job has failed; what is still under way then ends with it.
async fn decode_all(job: &Arc<Job>, mut stored: Vec<Wanted>, mut arriving: mpsc::Receiver<Arrived>, decoding: &Arc<Semaphore>) {
    let mut tasks = Vec::with_capacity(stored.len());
    while let Some((index, outcome)) = arriving.recv().await {
        let Some(Wanted { i, part, lead, .. }) = stored.get_mut(index) else { continue };
        let (i, part, lead) = (*i, *part, lead.take());
        match outcome {
            Err(e) => job.fail_block(i, e),
            // Nothing to do meanwhile: decoding here saves two changes of thread.
            Ok(bytes) if job.work.blocks() == 1 => job.take_stored(i, &bytes, part, lead),
            // The network waits here when the processor is slower, so that memory does not fill up.
            Ok(bytes) => match spawn(job, decoding, move |job| job.take_stored(i, &bytes, part, lead)).await {
                Ok(task) => tasks.push(task),
                Err(e) => job.fail(e),
            },
        }
        if job.has_failed() {
            break;
        }
    }
    drop(arriving);
    finish(tasks).await;
}

async fn spawn(job: &Arc<Job>, decoding: &Arc<Semaphore>, work: impl FnOnce(&Job) + Send + 'static) -> Result<oneshot::Receiver<()>> {
    // The semaphore is never closed.
    let permit = Arc::clone(decoding).acquire_owned().await.ok();
    job.spawn(move |job| {
        if !job.has_failed() {
            work(job);
        }
        drop(permit);
    })
}

async fn finish(tasks: Vec<oneshot::Receiver<()>>) {
    for task in tasks {
        // An error says that the task is gone, which is all that is waited for.
        let _ = task.await;
    }
}
