//! Blocks that come over a network: the fewest requests, several at once, each block decoded as its bytes arrive.

use super::job::Job;
use super::locate::Stored;
use crate::error::{Error, Result};
use crate::source::ranges::{Request, merge};
use bytes::Bytes;
use futures_util::future::join;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Blocks to fetch: the number in the plan, and where the bytes are.
type Wanted = Vec<(usize, Range<u64>)>;
/// Blocks whose bytes are here.
type Ready = Vec<(usize, Bytes)>;

pub(super) async fn run(job: &Arc<Job>) -> Result<()> {
    let (ready, wanted) = sort_blocks(job);
    let decoding = Arc::new(Semaphore::new(job.threads()?));
    join(fetch_all(job, &wanted, &decoding), decode_all(job, ready, &decoding)).await;
    Ok(())
}

/// Places the sparse blocks, and tells those that are in memory from those that must be fetched.
fn sort_blocks(job: &Arc<Job>) -> (Ready, Wanted) {
    let reader = &job.dataset.reader;
    let (mut ready, mut wanted) = (Ready::new(), Wanted::new());
    for i in 0..job.work.blocks() {
        let Some(block) = job.work.at(i) else { continue };
        match job.locate(&block) {
            Ok(Stored::Sparse) => job.work.place_sparse(i),
            Ok(Stored::At(range)) => match reader.known(&range) {
                Some(bytes) => ready.push((i, bytes)),
                None => wanted.push((i, range)),
            },
            Err(e) => job.fail_block(i, e),
        }
        if job.has_failed() {
            return (Ready::new(), Wanted::new());
        }
    }
    reader.counters.add(|c| &c.cache_hits, ready.len() as u64);
    reader.counters.add(|c| &c.ranges, wanted.len() as u64);
    reader.counters.add(|c| &c.cache_misses, wanted.len() as u64);
    (ready, wanted)
}

async fn fetch_all(job: &Arc<Job>, wanted: &Wanted, decoding: &Arc<Semaphore>) {
    let reader = &job.dataset.reader;
    let ranges: Vec<Range<u64>> = wanted.iter().map(|(_, range)| range.clone()).collect();
    let requests = merge(&ranges, reader.settings.merge_gap, reader.settings.max_request);
    let mut running = FuturesUnordered::new();
    // A slot is free again when its blocks are decoded, so that a slow processor holds the network back, not the memory.
    for batch in requests.chunks(reader.batch()) {
        if running.len() >= reader.settings.concurrency {
            running.next().await;
        }
        if job.has_failed() {
            break;
        }
        running.push(fetch_and_decode(job, batch, wanted, decoding));
    }
    while running.next().await.is_some() {}
}

/// One call of the source, and the decoding of all that it brings. An error stops the job, and what is under way ends with it.
async fn fetch_and_decode(job: &Arc<Job>, requests: &[Request], wanted: &Wanted, decoding: &Arc<Semaphore>) {
    let ranges: Vec<Range<u64>> = requests.iter().map(|r| r.range.clone()).collect();
    let answers = match job.dataset.reader.fetch_missing(&ranges, &job.stop).await {
        Ok(answers) => answers,
        Err(e) => return fail_blocks(job, requests, wanted, &e),
    };
    let mut ready = Ready::new();
    for (request, answer) in requests.iter().zip(&answers) {
        for (i, range) in request.carries.iter().filter_map(|index| wanted.get(*index)) {
            let (start, end) = (range.start - request.range.start, range.end - request.range.start);
            ready.push((*i, answer.slice(start as usize..end as usize)));
        }
    }
    decode_all(job, ready, decoding).await;
}

async fn decode_all(job: &Arc<Job>, ready: Ready, decoding: &Arc<Semaphore>) {
    let mut tasks = Vec::with_capacity(ready.len());
    for (i, bytes) in ready {
        if job.work.blocks() == 1 {
            // Nothing to do meanwhile: decoding here saves two changes of thread.
            job.block(i, Some(&bytes));
        } else {
            match spawn(job, i, bytes, decoding).await {
                Ok(task) => tasks.push(task),
                Err(e) => return job.fail(e),
            }
        }
    }
    for task in tasks {
        // An error says that the task is gone, which is all that is waited for.
        let _ = task.await;
    }
}

async fn spawn(job: &Arc<Job>, i: usize, bytes: Bytes, decoding: &Arc<Semaphore>) -> Result<tokio::sync::oneshot::Receiver<()>> {
    // The semaphore is never closed.
    let permit = Arc::clone(decoding).acquire_owned().await.ok();
    job.spawn(move |job| {
        if !job.has_failed() {
            job.block(i, Some(&bytes));
        }
        drop(permit);
    })
}

/// A failed request fails every block that it would have brought; the first is the one that is reported.
fn fail_blocks(job: &Job, requests: &[Request], wanted: &Wanted, e: &Error) {
    for index in requests.iter().flat_map(|r| &r.carries) {
        if let Some((i, _)) = wanted.get(*index) {
            job.fail_block(*i, e.clone());
        }
    }
}
