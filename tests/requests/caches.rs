//! What is kept between reads, between opens and between handles, and what is not.

use super::{HEADER, Layout, Scene, assert_same, fixture, ranges};
use crate::server::{Behaviour, Server};
use cog::error::Status;
use cog::{CancelToken, Dataset, Options, ReadParams};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

const PATH: &str = "/a.tif";

fn options(settings: &[(&str, &str)]) -> Options {
    let mut options = Options::new();
    for (key, value) in settings {
        options.set(key, value).unwrap();
    }
    options
}

fn open(server: &Server, settings: &[(&str, &str)]) -> Arc<Dataset> {
    Arc::new(Dataset::open(&server.url(PATH), &options(settings)).unwrap())
}

fn whole(dataset: &Arc<Dataset>) -> Vec<u8> {
    dataset.read_window(&ReadParams::default(), None, true).unwrap().data
}

fn tile(dataset: &Arc<Dataset>) -> Result<Vec<u8>, cog::Error> {
    dataset.read_tile(1, 1, 0, &ReadParams::default(), None, false).map(|pixels| pixels.data)
}

fn serve(name: &str) -> Server {
    Server::builder().file(PATH, fixture(name)).start().unwrap()
}

/// Requests that opening, reading, opening and reading again make.
fn twice(settings: &[(&str, &str)]) -> [usize; 4] {
    let server = serve("cog_rgb_deflate.tif");
    let count = || server.requests().len();
    let first = open(&server, settings);
    let opened = count();
    let pixels = whole(&first);
    let read = count();
    let second = open(&server, settings);
    let opened_again = count();
    assert!(whole(&second) == pixels);
    [opened, read - opened, opened_again - read, count() - opened_again]
}

#[test]
fn a_second_open_and_read_make_no_request() {
    assert_eq!(twice(&[]), [1, 1, 0, 0]);
}

#[test]
fn enable_header_cache_decides_whether_headers_are_kept() {
    assert_eq!(twice(&[("ENABLE_HEADER_CACHE", "TRUE")]), [1, 1, 0, 0]);
    assert_eq!(twice(&[("ENABLE_HEADER_CACHE", "FALSE")]), [1, 1, 1, 0]);
}

#[test]
fn enable_block_cache_and_enable_cache_decide_whether_blocks_are_kept() {
    for name in ["ENABLE_BLOCK_CACHE", "ENABLE_CACHE"] {
        assert_eq!(twice(&[(name, "TRUE")]), [1, 1, 0, 0], "{name}");
        assert_eq!(twice(&[(name, "FALSE")]), [1, 1, 0, 1], "{name}");
    }
    assert_eq!(twice(&[("ENABLE_CACHE", "FALSE"), ("ENABLE_HEADER_CACHE", "FALSE")]), [1, 1, 1, 1]);
}

#[test]
fn either_kind_of_block_is_kept_without_the_other() {
    let decoded = |settings: &[(&str, &str)]| {
        let server = serve("cog_rgb_deflate.tif");
        let dataset = open(&server, settings);
        whole(&dataset);
        let first = dataset.stats().tiles_decoded;
        whole(&dataset);
        assert_eq!(server.requests().len(), 2, "{settings:?}");
        [first, dataset.stats().tiles_decoded - first]
    };
    assert_eq!(decoded(&[]), [9, 0]);
    assert_eq!(decoded(&[("cache.tile_bytes", "0")]), [9, 9]);
    assert_eq!(decoded(&[("cache.block_bytes", "0")]), [9, 0]);
}

#[test]
fn a_hit_is_counted_as_one_and_not_as_a_request() {
    let server = serve("cog_rgb_deflate.tif");
    let first = open(&server, &[]);
    tile(&first).unwrap();
    let stats = first.stats();
    assert_eq!((stats.requests, stats.cache_misses, stats.cache_hits), (2, 2, 0));
    let second = open(&server, &[]);
    tile(&second).unwrap();
    let stats = second.stats();
    assert_eq!((stats.requests, stats.bytes, stats.header_bytes, stats.tiles_decoded), (0, 0, 0, 0));
    assert_eq!((stats.ranges, stats.cache_misses, stats.cache_hits), (2, 0, 2));
}

#[test]
fn an_old_header_is_asked_about_and_kept_where_it_still_holds() {
    let server = serve("cog_rgb_deflate.tif");
    let settings = [("cache.max_age_ms", "0")];
    tile(&open(&server, &settings)).unwrap();
    tile(&open(&server, &settings)).unwrap();
    // The second open asked for the header; the tile was still right.
    assert_eq!(server.requests().len(), 3);
    server.set_file(PATH, fixture("cog_uint8_lzw.tif"));
    let changed = open(&server, &settings);
    assert_eq!(changed.bands().len(), 1);
    assert_eq!(whole(&changed), whole(&Arc::new(Dataset::open_memory(fixture("cog_uint8_lzw.tif").into(), &Options::new()).unwrap())));
}

#[test]
fn after_a_file_was_found_to_have_changed_the_next_open_sees_the_new_one() {
    let server = serve("cog_rgb_deflate.tif");
    let before = open(&server, &[]);
    tile(&before).unwrap();
    server.set_file(PATH, fixture("cog_uint8_lzw.tif"));
    let e = before.read_tile(0, 2, 0, &ReadParams::default(), None, false).unwrap_err();
    assert_eq!(e.status(), Status::Modified, "{e}");
    let after = open(&server, &[]);
    assert_eq!(after.bands().len(), 1);
    let truth = Arc::new(Dataset::open_memory(fixture("cog_uint8_lzw.tif").into(), &Options::new()).unwrap());
    assert_eq!(tile(&after).unwrap(), tile(&truth).unwrap());
}

#[test]
fn handles_with_other_credentials_or_queries_share_nothing() {
    let server = serve("cog_rgb_deflate.tif");
    tile(&open(&server, &[("http.bearer_token", "a")])).unwrap();
    for settings in [[("http.bearer_token", "b")], [("http.headers", "Authorization: Bearer a")], [("http.user_agent", "x")]] {
        let before = server.requests().len();
        tile(&open(&server, &settings)).unwrap();
        assert_eq!(server.requests().len() - before, 2, "{settings:?}");
    }
    let before = server.requests().len();
    tile(&Arc::new(Dataset::open(&(server.url(PATH) + "?signature=1"), &options(&[("http.bearer_token", "a")])).unwrap())).unwrap();
    assert_eq!(server.requests().len() - before, 2);
}

#[test]
fn what_fails_is_not_kept() {
    for fault in [Behaviour::Status(404), Behaviour::Status(403), Behaviour::LoginPage] {
        let server = serve("cog_rgb_deflate.tif");
        server.set_behaviour(PATH, fault.clone());
        assert!(Dataset::open(&server.url(PATH), &options(&[])).is_err(), "{fault:?}");
        server.set_behaviour(PATH, Behaviour::Normal);
        let dataset = open(&server, &[]);
        server.set_behaviour(PATH, fault.clone());
        assert!(tile(&dataset).is_err(), "{fault:?}");
        server.set_behaviour(PATH, Behaviour::Normal);
        assert!(tile(&dataset).is_ok(), "{fault:?}");
    }
}

#[test]
fn sixty_four_threads_that_open_and_read_one_block_make_two_requests_and_decode_once() {
    let server = Server::builder().file(PATH, fixture("cog_rgb_deflate.tif")).behaviour(PATH, Behaviour::DelayMs(50)).start().unwrap();
    let before = Barrier::new(64);
    let decoded: u64 = thread::scope(|scope| {
        let read = || {
            let dataset = open(&server, &[]);
            before.wait();
            tile(&dataset).unwrap();
            dataset.stats().tiles_decoded
        };
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(read)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((server.requests().len(), decoded), (2, 1));
}

#[test]
fn threads_of_one_handle_that_want_the_stored_bytes_of_a_block_make_one_request() {
    let scene = Scene::new(fixture("cog_rgb_deflate.tif"), &[]);
    scene.server.set_behaviour(PATH, Behaviour::DelayMs(50));
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| scene.dataset.tile_bytes(1, 1, 0).unwrap());
        }
    });
    assert_eq!(scene.server.requests().len(), 2);
}

#[test]
fn windows_that_overlap_share_what_is_under_way() {
    let scene = Scene::new(Layout { tile: 64, tiles: 8, data: 20_480, ifd_at_end: false }.build(), &[]);
    scene.server.set_behaviour(PATH, Behaviour::DelayMs(50));
    let reference = scene.reference();
    thread::scope(|scope| {
        for x in 0..5 {
            let (scene, reference) = (&scene, &reference);
            scope.spawn(move || {
                let window = Some([f64::from(x) * 64.0, 0.0, 256.0, 512.0]);
                let params = ReadParams { window, level: Some(0), ..ReadParams::default() };
                let pixels = scene.dataset.read_window(&params, None, false).unwrap();
                assert_same(&pixels, &reference.read_window(&params, None, false).unwrap());
            });
        }
    });
    let asked = ranges(&scene.server.requests());
    assert_eq!(super::asked_twice(asked.clone()), 0, "{asked:?}");
    assert_eq!(asked.iter().map(|r| r.end - r.start).sum::<u64>(), HEADER + 64 * 4096);
}

#[test]
fn the_followers_of_a_read_that_is_cancelled_or_fails_read_for_themselves() {
    for fail in [false, true] {
        let scene = Scene::new(fixture("cog_rgb_deflate.tif"), &[("http.retries", "0")]);
        scene.server.set_behaviour(PATH, if fail { Behaviour::CutBody } else { Behaviour::Stall });
        let token = CancelToken::new();
        let params = ReadParams { cancel: Some(token.clone()), ..ReadParams::default() };
        thread::scope(|scope| {
            let leader = scope.spawn(|| scene.dataset.read_tile(1, 1, 0, &params, None, false).map(drop));
            wait_for(|| scene.server.requests().len() == 2);
            // From here on the server is well; the leader's request is lost all the same.
            scene.server.set_behaviour(PATH, Behaviour::Normal);
            let followers: Vec<_> = (0..10).map(|_| scope.spawn(|| tile(&scene.dataset))).collect();
            thread::sleep(Duration::from_millis(30));
            token.fire();
            let status = leader.join().unwrap().unwrap_err().status();
            assert_eq!(status, if fail { Status::Io } else { Status::Cancelled });
            let truth = tile(&scene.reference()).unwrap();
            for follower in followers {
                assert!(follower.join().unwrap().unwrap() == truth);
            }
        });
        assert_eq!(scene.server.requests().len(), 3);
    }
}

#[test]
fn a_follower_keeps_its_own_time_limit() {
    let scene = Scene::new(fixture("cog_rgb_deflate.tif"), &[]);
    scene.server.set_behaviour(PATH, Behaviour::Stall);
    let token = CancelToken::new();
    let params = ReadParams { cancel: Some(token.clone()), ..ReadParams::default() };
    thread::scope(|scope| {
        let leader = scope.spawn(|| scene.dataset.read_tile(1, 1, 0, &params, None, false).map(drop));
        wait_for(|| scene.server.requests().len() == 2);
        let hurried = ReadParams { timeout: Some(Duration::from_millis(50)), ..ReadParams::default() };
        let started = Instant::now();
        let e = scene.dataset.read_tile(1, 1, 0, &hurried, None, false).unwrap_err();
        assert_eq!(e.status(), Status::Timeout, "{e}");
        assert!(started.elapsed() < Duration::from_secs(5));
        token.fire();
        assert!(leader.join().unwrap().is_err());
    });
}

fn wait_for(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(10), "it did not come");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn blocks_beyond_the_bound_are_fetched_again() {
    // Room for a few of the 64 tiles.
    let settings = [("cache.block_bytes", "20000"), ("cache.tile_bytes", "0")];
    let scene = Scene::new(Layout { tile: 64, tiles: 8, data: 20_480, ifd_at_end: false }.build(), &settings);
    scene.read([0.0, 0.0, 512.0, 512.0]);
    let again: u64 = scene.read([0.0, 0.0, 512.0, 512.0]).iter().map(|r| r.end - r.start).sum();
    assert!(again >= 59 * 4096, "{again}");
}

#[test]
fn a_local_file_that_is_overwritten_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    for name in ["cog_rgb_deflate.tif", "cog_uint8_lzw.tif"] {
        std::fs::write(&path, fixture(name)).unwrap();
        let dataset = Arc::new(Dataset::open(path.to_str().unwrap(), &Options::new()).unwrap());
        let truth = Arc::new(Dataset::open_memory(fixture(name).into(), &Options::new()).unwrap());
        assert_eq!(whole(&dataset), whole(&truth));
    }
}
