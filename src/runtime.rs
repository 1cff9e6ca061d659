//! The hidden threads: a small tokio runtime for the network (`cog-io-n`) and a rayon pool for decoding (`cog-cpu-n`).
//!
//! Both start when first needed. After `fork()` the child has none of the parent's threads: the runtime is tagged with its process id,
//! and a child that finds another id leaks the parent's (dropping it would wait for threads that do not exist) and builds its own.
//! Nothing here holds a lock while user code runs, and none across a fork.

use crate::error::{Error, Reason, Result};
use crate::registry::Registry;
use crate::source::cache::Caches;
use crate::source::{ClientKey, Store, StoreKey};
use arc_swap::ArcSwapOption;
use std::cell::Cell;
use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Two workers carry thousands of requests; TLS is the only thing that they compute.
const IO_WORKERS: usize = 2;

static CURRENT: ArcSwapOption<Runtime> = ArcSwapOption::const_empty();

thread_local! {
    /// Set on the library's own threads and while a caller's callback runs: a blocking call from there could wait for itself.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

pub(crate) struct Runtime {
    pid: u32,
    io: OnceLock<std::result::Result<tokio::runtime::Runtime, String>>,
    cpu: OnceLock<std::result::Result<rayon::ThreadPool, String>>,
    /// The decoding threads that have not ended: rayon does not say.
    alive: Arc<AtomicUsize>,
    /// HTTP clients (connection pools), shared between handles with equal settings.
    pub(crate) clients: Registry<ClientKey, reqwest::Client>,
    /// Object stores (credentials, regions), shared in the same way.
    pub(crate) stores: Registry<StoreKey, Store>,
    /// Slots for requests, by server and their number: shared between handles.
    slots: Mutex<HashMap<(String, usize), Arc<Semaphore>>>,
    /// What handles share of what they fetched and decoded. Dropped with the runtime; a child after `fork()` begins with none.
    pub(crate) caches: Caches,
}

/// The runtime of this process.
pub(crate) fn get() -> Arc<Runtime> {
    let pid = std::process::id();
    loop {
        let current = CURRENT.load();
        if let Some(runtime) = current.as_ref() {
            if runtime.pid == pid {
                return Arc::clone(runtime);
            }
            // The parent's: keep it alive for ever, its threads are not here to be joined.
            std::mem::forget(Arc::clone(runtime));
        }
        let fresh = Arc::new(Runtime::new(pid));
        let previous = CURRENT.compare_and_swap(&*current, Some(Arc::clone(&fresh)));
        if previous.as_ref().map(Arc::as_ptr) == current.as_ref().map(Arc::as_ptr) {
            return fresh;
        }
    }
}

impl Runtime {
    fn new(pid: u32) -> Self {
        Self {
            pid,
            io: OnceLock::new(),
            cpu: OnceLock::new(),
            alive: Arc::default(),
            clients: Registry::default(),
            stores: Registry::default(),
            slots: Mutex::default(),
            caches: Caches::default(),
        }
    }

    /// The network runtime, started if need be.
    pub(crate) fn io(&self) -> Result<&tokio::runtime::Runtime> {
        let io = self.io.get_or_init(|| start_io().map_err(|e| e.to_string()));
        io.as_ref().map_err(|e| Error::io(format!("the network threads could not be started: {e}")))
    }

    /// The decoding pool, started if need be.
    pub(crate) fn cpu(&self) -> Result<&rayon::ThreadPool> {
        let cpu = self.cpu.get_or_init(|| start_cpu(&self.alive).map_err(|e| e.to_string()));
        cpu.as_ref().map_err(|e| Error::io(format!("the decoding threads could not be started: {e}")))
    }
}

impl Runtime {
    /// The slots for requests to one server.
    pub(crate) fn slots(&self, host: String, count: usize) -> Arc<Semaphore> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        // Servers that no handle reads from any more.
        slots.retain(|_, slots| Arc::strong_count(slots) > 1);
        Arc::clone(slots.entry((host, count)).or_insert_with(|| Arc::new(Semaphore::new(count))))
    }
}

fn start_io() -> std::io::Result<tokio::runtime::Runtime> {
    let counter = AtomicUsize::new(0);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(IO_WORKERS)
        .thread_name_fn(move || format!("cog-io-{}", counter.fetch_add(1, SeqCst)))
        .on_thread_start(|| INSIDE.set(true))
        .enable_all()
        .build()
}

fn start_cpu(alive: &Arc<AtomicUsize>) -> std::result::Result<rayon::ThreadPool, rayon::ThreadPoolBuildError> {
    let ending = Arc::clone(alive);
    let end = move |_| {
        ending.fetch_sub(1, SeqCst);
    };
    let start = |_| INSIDE.set(true);
    let pool = rayon::ThreadPoolBuilder::new().thread_name(|n| format!("cog-cpu-{n}")).start_handler(start).exit_handler(end).build()?;
    alive.store(pool.current_num_threads(), SeqCst);
    Ok(pool)
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(Ok(io)) = self.io.take() {
            io.shutdown_background();
        }
    }
}

/// Stops the threads, waiting up to `timeout` for calls under way. A later call starts them again.
pub fn shutdown(timeout: Duration) -> Result<()> {
    let deadline = Instant::now() + timeout;
    let Some(mut runtime) = CURRENT.swap(None) else { return Ok(()) };
    if runtime.pid != std::process::id() {
        std::mem::forget(runtime);
        return Ok(());
    }
    loop {
        match Arc::try_unwrap(runtime) {
            Ok(mut owned) => {
                if let Some(Ok(io)) = owned.io.take() {
                    io.shutdown_timeout(deadline.saturating_duration_since(Instant::now()));
                }
                let alive = Arc::clone(&owned.alive);
                drop(owned);
                while alive.load(SeqCst) > 0 && Instant::now() < deadline {
                    std::thread::sleep(Duration::from_millis(1));
                }
                return Ok(());
            }
            Err(shared) if Instant::now() < deadline => {
                runtime = shared;
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(_) => return Err(Reason::Timeout("calls were still running when the time for the shutdown was over".into()).into()),
        }
    }
}

/// Runs `future` on the calling thread until it is done. Refused on the library's own threads and inside callbacks.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    if INSIDE.get() {
        return Err(Error::invalid("a blocking libcog function was called from inside a callback; call it from a thread of your own"));
    }
    pollster::block_on(future)
}

/// Marks this thread as running a caller's callback until the guard is dropped.
pub(crate) fn enter_callback() -> CallbackGuard {
    CallbackGuard(INSIDE.replace(true))
}

pub(crate) struct CallbackGuard(bool);

impl Drop for CallbackGuard {
    fn drop(&mut self) {
        INSIDE.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocking_inside_a_callback_is_refused_and_allowed_again_after_it() {
        {
            let _guard = enter_callback();
            let refused = block_on(async { Ok(1) }).unwrap_err();
            assert!(refused.to_string().contains("inside a callback"), "{refused}");
        }
        assert_eq!(block_on(async { Ok(1) }).unwrap(), 1);
    }

    #[test]
    fn the_pool_runs_and_its_threads_are_marked() {
        let runtime = get();
        let refused = runtime.cpu().unwrap().install(|| block_on(async { Ok(1) }));
        assert!(refused.is_err());
    }
}
