//! Points, many files and STAC items over HTTP: the results of local reads, in few requests; a file that is not there spoils no other.

use super::{HEADER, Scene, assert_same, fixture, ranges};
use crate::server::Server;
use cog::error::Status;
use cog::many::{Reducer, Request, StacParams, mosaic, open_stac, read_many};
use cog::{Coordinates, Dataset, Options, ReadParams};
use std::path::PathBuf;
use std::sync::Arc;

const FILES: [&str; 4] = ["a.tif", "b.tif", "c.tif", "d.tif"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mosaic")
}

/// The files of the mosaic and the item, but for those that are left out.
fn serve(without: &str) -> Server {
    let files = FILES.into_iter().chain(["item.json"]).filter(|name| *name != without);
    files
        .fold(Server::builder(), |server, name| server.file(&format!("/{name}"), std::fs::read(folder().join(name)).unwrap()))
        .start()
        .unwrap()
}

fn everywhere() -> Request {
    Request::Bounds([400_000.0, 5_299_350.0, 400_800.0, 5_300_000.0], None)
}

#[test]
fn points_in_one_run_of_tiles_are_one_request_and_have_the_values_of_a_local_read() {
    let scene = Scene::new(fixture("cog_64_blocks.tif"), &[]);
    let info = scene.dataset.level_info(0).unwrap();
    let (width, height) = (info.block_width as f64, info.block_height as f64);
    assert!(info.blocks_across == 5 && info.blocks_down == 5, "{info:?}");
    // Eight in each of four neighbouring tiles of one row, in no order.
    let run: Vec<[f64; 2]> = (0..32).map(|i| [(f64::from(i * 5 % 4) + 1.5) * width, (3.1 + f64::from(i % 8) / 10.0) * height]).collect();
    let params = ReadParams::default();
    let (found, asked) = scene.asked_by(|d| d.read_points(&run, Coordinates::Pixels, &params, None, false).unwrap());
    assert_same(&found, &scene.reference().read_points(&run, Coordinates::Pixels, &params, None, false).unwrap());
    let [first, last] = [16, 19].map(|tile| scene.stored(tile, 0));
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].start <= first.start && last.end <= asked[0].end, "{asked:?} of {first:?} to {last:?}");
    assert!(asked[0].end - asked[0].start <= last.end - first.start + 2 * 8, "{asked:?}");
    // The last row of tiles lies apart, and is one request more.
    let two: Vec<[f64; 2]> = [[0.5 * width, 2.5 * height], [1.5 * width, 4.02 * height], [0.5 * width, 2.6 * height]].to_vec();
    let (found, asked) = scene.asked_by(|d| d.read_points(&two, Coordinates::Pixels, &params, None, false).unwrap());
    assert_same(&found, &scene.reference().read_points(&two, Coordinates::Pixels, &params, None, false).unwrap());
    assert_eq!(asked.len(), 2, "{asked:?}");
}

#[test]
fn what_many_threads_want_at_once_is_asked_once() {
    let scene = Scene::new(fixture("cog_64_blocks.tif"), &[("cache.block_bytes", "16777216")]);
    let points = [[1.0, 1.0], [200.0, 100.0], [30.0, 200.0]];
    let params = ReadParams::default();
    let expected = scene.reference().read_points(&points, Coordinates::Pixels, &params, None, true).unwrap();
    let ((), asked) = scene.asked_by(|dataset| {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_same(&dataset.read_points(&points, Coordinates::Pixels, &params, None, true).unwrap(), &expected));
            }
        });
    });
    assert!(asked.len() <= points.len(), "{asked:?}");
    assert_eq!(super::asked_twice(asked), 0);
}

#[test]
fn a_mosaic_of_urls_is_that_of_the_files() {
    let server = serve("");
    let open = |uri: &str| Arc::new(Dataset::open(uri, &Options::new()).unwrap());
    let remote: Vec<_> = FILES.iter().map(|name| open(&server.url(&format!("/{name}")))).collect();
    let local: Vec<_> = FILES.iter().map(|name| open(folder().join(name).to_str().unwrap())).collect();
    for reducer in [Reducer::First, Reducer::Mean] {
        let make = |datasets| mosaic(datasets, &everywhere(), reducer, &ReadParams::default(), None).unwrap();
        assert_same(&make(&remote), &make(&local));
    }
    // The files are smaller than what opening asks for.
    assert!(FILES.iter().all(|name| std::fs::metadata(folder().join(name)).unwrap().len() <= HEADER));
    assert_eq!(ranges(&server.requests()).len(), FILES.len());
}

#[test]
fn a_file_that_is_not_there_is_one_error_among_the_results() {
    let server = serve("b.tif");
    let assets = open_stac(&server.url("/item.json"), &StacParams::default(), &Options::new()).unwrap();
    let names: Vec<_> = assets.iter().map(|asset| asset.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "missing"]);
    for (asset, file) in assets.iter().zip(FILES) {
        match &asset.dataset {
            Ok(remote) => {
                let local = Arc::new(Dataset::open(folder().join(file).to_str().unwrap(), &Options::new()).unwrap());
                let read = |dataset: &Arc<Dataset>| read_many(&[Arc::clone(dataset)], &Request::Window, &ReadParams::default(), None, true);
                let [remote, local] = [remote, &local].map(|dataset| read(dataset).unwrap().remove(0).unwrap());
                assert_same(&remote, &local);
            }
            Err(e) => {
                assert!(file == "b.tif" && e.status() == Status::NotFound && e.to_string().contains("/b.tif"), "{e}");
            }
        }
    }
    assert!(assets[1].dataset.is_err() && assets[4].dataset.is_err());
    // The item, and each of its five assets, once.
    assert_eq!(server.requests().len(), 6);
}
