//! Files that are damaged, hostile or none at all, and arguments that can't be meant: a typed error that says what and where, no panic,
//! and no memory that the file only claims to need.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use cog::error::{Reason, Status};
use cog::{Dataset, Error, Options, ReadParams};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

/// The largest allocation of any thread, and a limit that protects the machine.
#[allow(unsafe_code, reason = "an allocator can't be written otherwise")]
mod memory {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    struct Counting;

    static LARGEST: AtomicUsize = AtomicUsize::new(0);

    /// What is larger is refused, as if there were no memory for it.
    const REFUSED: usize = 1 << 30;

    impl Counting {
        fn allows(size: usize) -> bool {
            LARGEST.fetch_max(size, SeqCst);
            size <= REFUSED
        }
    }

    // SAFETY: everything is passed on to the system's allocator, or refused with null, as the contract allows.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller's promises are the system's conditions.
            if Self::allows(layout.size()) { unsafe { System.alloc(layout) } } else { std::ptr::null_mut() }
        }
        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            // SAFETY: as above.
            if Self::allows(layout.size()) { unsafe { System.alloc_zeroed(layout) } } else { std::ptr::null_mut() }
        }
        unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            // SAFETY: as above.
            if Self::allows(size) { unsafe { System.realloc(pointer, layout, size) } } else { std::ptr::null_mut() }
        }
        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            // SAFETY: as above.
            unsafe { System.dealloc(pointer, layout) }
        }
    }

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    /// Forgets what was allocated so far.
    pub(super) fn reset() {
        LARGEST.store(0, SeqCst);
    }

    /// Bytes of the largest allocation since then, asked for or had.
    pub(super) fn largest() -> usize {
        LARGEST.load(SeqCst)
    }
}

/// One test at a time: the allocator counts for all threads.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    memory::reset();
    guard
}

/// Runs `work` on a thread of its own and fails where it takes longer than any machine needs.
fn bounded<T: Send + 'static>(seconds: u64, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    let worker = thread::spawn(move || {
        // The receiver is gone when the time was over.
        let _ = sender.send(work());
    });
    match receiver.recv_timeout(Duration::from_secs(seconds)) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("not done after {seconds} s"),
        Err(mpsc::RecvTimeoutError::Disconnected) => std::panic::resume_unwind(worker.join().err().unwrap()),
    }
}

const MIB: usize = 1 << 20;
const SHORT: u16 = 3;
const LONG: u16 = 4;

/// A TIFF of four uncompressed tiles of 16 × 16 bytes, byte by byte; a test changes what it is about.
#[derive(Clone)]
struct Tiff {
    /// Tag → field type, count, the entry's four bytes of value or offset.
    fields: BTreeMap<u16, (u16, u32, u32)>,
    next: u32,
    /// Bytes at an offset, written last.
    patches: Vec<(usize, Vec<u8>)>,
    size: usize,
}

/// Where the arrays of offsets and byte counts are, and the first tile.
const OFFSETS: usize = 400;
const COUNTS: usize = 416;
const TILES: usize = 512;
const TILE: u32 = 256;

impl Tiff {
    fn new() -> Self {
        let fields = [
            (256, SHORT, 1, 32),
            (257, SHORT, 1, 32),
            (258, SHORT, 1, 8),
            (259, SHORT, 1, 1),
            (262, SHORT, 1, 1),
            (277, SHORT, 1, 1),
            (322, SHORT, 1, 16),
            (323, SHORT, 1, 16),
            (324, LONG, 4, OFFSETS as u32),
            (325, LONG, 4, COUNTS as u32),
        ];
        let fields = fields.into_iter().map(|(tag, kind, count, value)| (tag, (kind, count, value))).collect();
        Self { fields, next: 0, patches: Vec::new(), size: TILES + 4 * TILE as usize }
    }

    fn set(mut self, tag: u16, kind: u16, count: u32, value: u32) -> Self {
        self.fields.insert(tag, (kind, count, value));
        self
    }

    /// A field of one LONG.
    fn long(self, tag: u16, value: u32) -> Self {
        self.set(tag, LONG, 1, value)
    }

    fn without(mut self, tag: u16) -> Self {
        self.fields.remove(&tag);
        self
    }

    fn next(mut self, offset: u32) -> Self {
        self.next = offset;
        self
    }

    fn patch(mut self, at: usize, bytes: &[u8]) -> Self {
        self.patches.push((at, bytes.to_vec()));
        self
    }

    fn tile_offset(self, tile: usize, offset: u32) -> Self {
        self.patch(OFFSETS + 4 * tile, &offset.to_le_bytes())
    }

    fn tile_count(self, tile: usize, count: u32) -> Self {
        self.patch(COUNTS + 4 * tile, &count.to_le_bytes())
    }

    fn ifd(&self) -> Vec<u8> {
        let mut ifd = (self.fields.len() as u16).to_le_bytes().to_vec();
        for (tag, (kind, count, value)) in &self.fields {
            ifd.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
            ifd.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
        }
        ifd.extend(self.next.to_le_bytes());
        ifd
    }

    fn build(&self) -> Vec<u8> {
        let mut file = b"II\x2a\0\x08\0\0\0".to_vec();
        file.extend(self.ifd());
        assert!(file.len() <= OFFSETS);
        file.resize(self.size, 0);
        let mut write = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
        for tile in 0..4u32 {
            write(OFFSETS + 4 * tile as usize, &(TILES as u32 + tile * TILE).to_le_bytes());
            write(COUNTS + 4 * tile as usize, &TILE.to_le_bytes());
            let pixels: Vec<u8> = (0..TILE).map(|i| (tile * 53 + i * 7 + 1) as u8).collect();
            write(TILES + (tile * TILE) as usize, &pixels);
        }
        for (at, bytes) in &self.patches {
            write(*at, bytes);
        }
        file
    }

    fn open(&self) -> Arc<Dataset> {
        open_bytes(self.build()).unwrap()
    }
}

fn open_bytes(bytes: Vec<u8>) -> Result<Arc<Dataset>, Error> {
    Dataset::open_memory(bytes.into(), &Options::new()).map(Arc::new)
}

fn read(dataset: &Arc<Dataset>) -> Result<Vec<u8>, Error> {
    dataset.read_window(&ReadParams { level: Some(0), ..ReadParams::default() }, None, false).map(|pixels| pixels.data)
}

fn tile(dataset: &Arc<Dataset>, x: u64, y: u64) -> Result<Vec<u8>, Error> {
    dataset.read_tile(x, y, 0, &ReadParams::default(), None, false).map(|pixels| pixels.data)
}

fn window(window: [f64; 4]) -> ReadParams {
    ReadParams { window: Some(window), ..ReadParams::default() }
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixture_path(name)).unwrap()
}

fn fixture_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data").join(name)
}

fn open_path(path: &Path) -> Result<Arc<Dataset>, Error> {
    Dataset::open(path.to_str().unwrap(), &Options::new()).map(Arc::new)
}

/// The errors of one family, none of which may read like another.
#[derive(Default)]
struct Errors {
    seen: BTreeMap<String, String>,
    wrong: Vec<String>,
}

impl Errors {
    /// Checks status and words; `tile`: level 0 and this tile must be named.
    fn check(&mut self, what: &str, result: Result<(), Error>, status: Status, words: &str, tile: Option<(u64, u64)>, file: &str) {
        let Err(e) = result else {
            self.wrong.push(format!("{what}: no error"));
            return;
        };
        let text = e.to_string();
        if e.status() != status {
            self.wrong.push(format!("{what}: the status is {:?} and should be {status:?}: {text}", e.status()));
        }
        if !e.reason().to_string().contains(words) {
            self.wrong.push(format!("{what}: the reason does not say {words:?}: {text}"));
        }
        if e.place().file.as_deref() != Some(file) || !text.starts_with(&format!("{file}: ")) {
            self.wrong.push(format!("{what}: the file is not named: {text}"));
        }
        if let Some((x, y)) = tile {
            let named = e.place().level == Some(0) && e.place().tile == tile && text.contains(&format!("level 0, tile ({x}, {y})"));
            if !named {
                self.wrong.push(format!("{what}: level and tile are not named: {text}"));
            }
        }
        let without_file = text.replacen(file, "", 1);
        if let Some(other) = self.seen.insert(without_file, what.to_owned()) {
            self.wrong.push(format!("{what}: the same message as {other}: {text}"));
        }
    }

    fn end(self) {
        assert!(self.wrong.is_empty(), "{} differences:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}

#[test]
fn the_file_that_all_others_are_made_of_is_read() {
    let _alone = alone();
    let dataset = Tiff::new().open();
    let first = tile(&dataset, 0, 0).unwrap();
    assert_eq!(first, (0..256u32).map(|i| (i * 7 + 1) as u8).collect::<Vec<_>>());
    let whole = read(&dataset).unwrap();
    assert_eq!((whole.len(), whole[0], whole[16], whole[32 * 16]), (1024, 1, 54, 107));
}

#[test]
fn what_is_no_file_is_named_each_in_its_own_words() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut errors = Errors::default();
    let mut open = |what: &str, path: &Path, status, words: &str| {
        errors.check(what, open_path(path).map(drop), status, words, None, path.to_str().unwrap());
    };
    open("missing", &folder.path().join("none.tif"), Status::NotFound, "no such file");
    open("below a missing folder", &folder.path().join("none/none.tif"), Status::NotFound, "no such file");
    open("directory", folder.path(), Status::InvalidArgument, "is a directory");
    open("device", Path::new("/dev/null"), Status::InvalidArgument, "not a regular file");
    errors.seen.retain(|_, what| what != "below a missing folder" && what != "missing");
    errors.wrong.retain(|wrong| !wrong.starts_with("below a missing folder: the same message"));
    errors.end();
    assert_eq!(Dataset::open("", &Options::new()).err().unwrap().status(), Status::InvalidArgument);
    assert_eq!(Dataset::open("gopher://x/a.tif", &Options::new()).err().unwrap().status(), Status::Unsupported);
}

/// Files that must not open: name, bytes, status, words.
fn unopenable() -> Vec<(&'static str, Vec<u8>, Status, &'static str)> {
    let tiff = Tiff::new;
    let format = |name, bytes, words| (name, bytes, Status::Format, words);
    let first_ifd = |offset: u32| {
        let mut file = tiff().build();
        file[4..8].copy_from_slice(&offset.to_le_bytes());
        file
    };
    let big = |size: u16, zero: u16, ifd: u64, entries: u64| {
        let start = [b"II\x2b\0".to_vec(), size.to_le_bytes().to_vec(), zero.to_le_bytes().to_vec(), ifd.to_le_bytes().to_vec()].concat();
        [start, entries.to_le_bytes().to_vec(), vec![0; 500]].concat()
    };
    vec![
        format("empty", Vec::new(), "the file is empty"),
        format("text", b"Dear Sir or Madam".to_vec(), "Dear Sir"),
        format("html", b"<!DOCTYPE html>".to_vec(), "<!DOCTYP"),
        format("png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "\\x89PNG"),
        format("seven bytes", b"II\x2a\0\x08\0\0".to_vec(), "ends inside the TIFF header"),
        format("version 44", b"II\x2c\0\x08\0\0\0".to_vec(), "44"),
        format("BigTIFF of small offsets", big(4, 0, 16, 0), "4 bytes"),
        format("IFD beyond the end", first_ifd(99_999), "offset 99999"),
        format("IFD at 0", first_ifd(0), "offset 0"),
        format("IFD at 2^32 - 1", first_ifd(u32::MAX), "offset 4294967295"),
        format("BigTIFF with its IFD at 2^64 - 1", big(8, 0, u64::MAX, 0), "18446744073709551615"),
        format("IFD without entries", tiff().patch(600, &[0; 64]).patch(4, &600u32.to_le_bytes()).build(), "no entries"),
        format("IFD of 65535 entries", tiff().patch(8, &[0xff, 0xff]).build(), "an IFD is cut short"),
        format("IFD at the last byte", first_ifd(1535), "2 bytes at offset 1535"),
        format("BigTIFF IFD of 2^40 entries", big(8, 0, 16, 1 << 40), "1099511627776"),
        format("no width", tiff().without(256).build(), "no ImageWidth"),
        format("no height", tiff().without(257).build(), "no ImageLength"),
        format("width 0", tiff().long(256, 0).build(), "ImageWidth is 0"),
        format("height 0", tiff().long(257, 0).build(), "ImageLength is 0"),
        format("width 2^32 - 1", tiff().long(256, u32::MAX).build(), "ImageWidth is 4294967295"),
        format("height 2^31", tiff().long(257, 1 << 31).build(), "ImageLength is 2147483648"),
        format("tile width 0", tiff().long(322, 0).build(), "tile size is 0 × 16"),
        format("tile height 0", tiff().long(323, 0).build(), "tile size is 16 × 0"),
        format("tile width 2^32 - 1", tiff().long(322, u32::MAX).build(), "tile size is 4294967295 × 16"),
        format("no samples", tiff().long(277, 0).build(), "SamplesPerPixel is 0"),
        format("BitsPerSample beyond the end", tiff().set(258, SHORT, 3, 5000).build(), "at offset 5000"),
        format("BitsPerSample 2^32 - 1 times", tiff().set(258, SHORT, u32::MAX, 400).build(), "8589934590 bytes"),
        format("width of an unknown type", tiff().set(256, 99, 1, 32).build(), "99"),
        format("offsets of an unknown type", tiff().set(324, 99, 4, 400).build(), "field type 99"),
        ("33 bits", tiff().long(258, 33).build(), Status::Unsupported, "33 bits"),
        ("0 bits", tiff().long(258, 0).build(), Status::Unsupported, "0 bits"),
        ("compression 65537, which is not 1", tiff().long(259, 65_537).build(), Status::Unsupported, "Compression 65537"),
        ("SampleFormat 9", tiff().long(339, 9).build(), Status::Unsupported, "SampleFormat 9"),
        ("bits that differ", tiff().set(258, SHORT, 2, 16 << 16 | 8).long(277, 2).build(), Status::Unsupported, "[8, 16]"),
    ]
}

#[test]
fn each_file_that_can_not_be_opened_says_why() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut errors = Errors::default();
    for (name, bytes, status, words) in unopenable() {
        let path = folder.path().join("a.tif");
        std::fs::write(&path, &bytes).unwrap();
        errors.check(name, open_path(&path).map(drop), status, words, None, path.to_str().unwrap());
        let from_memory = open_bytes(bytes).err().map(|e| (e.status(), e.place().file.clone()));
        assert_eq!(from_memory, Some((status, Some("memory".to_owned()))), "{name}");
    }
    errors.end();
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

#[test]
fn each_tile_that_can_not_be_read_is_named_with_the_reason() {
    let _alone = alone();
    let tiff = Tiff::new;
    let deflate = || Tiff::new().long(259, 8);
    let mut errors = Errors::default();
    let cases = [
        ("offset beyond the end", tiff().tile_offset(3, 70_000), Status::Format, "at offset 70000 reach beyond the end"),
        ("offset so that the end is beyond", tiff().tile_offset(3, 1300), Status::Format, "at offset 1300 reach beyond the end"),
        ("a stored tile of 4 GiB", deflate().tile_count(3, u32::MAX), Status::LimitExceeded, "4294967295"),
        ("a stored tile of 500 MB", deflate().tile_count(3, 500_000_000), Status::Format, "500000000 bytes at offset 1280"),
        ("an uncompressed tile that is short", tiff().tile_count(3, 10), Status::Format, "10"),
        ("deflate of nonsense", deflate(), Status::Format, "deflate"),
        ("LZW of nonsense", tiff().long(259, 5).patch(1280, &[0xff; 256]), Status::Format, "LZW"),
        ("PackBits that ends early", tiff().long(259, 32773).tile_count(3, 2), Status::Format, "2 stored bytes can't hold"),
        ("JPEG of nonsense", tiff().long(259, 7), Status::Format, "JPEG"),
        ("WebP of nonsense", tiff().long(259, 50001).long(277, 3), Status::Format, "WebP"),
        ("zstd of nonsense", tiff().long(259, 50000), Status::Format, "std"),
        ("compression that nobody knows", tiff().long(259, 12_345), Status::Unsupported, "12345"),
        ("compression 0", tiff().long(259, 0), Status::Unsupported, "0 (unknown)"),
        ("JPEG 2000", tiff().long(259, 34712), Status::Unsupported, "34712 (JP2000)"),
        ("predictor that nobody knows", tiff().long(259, 8).long(317, 77).patch(1280, &zlib(256)), Status::Unsupported, "77"),
        ("65535 samples", tiff().long(277, 65_535), Status::Format, "256"),
        ("no offsets", tiff().without(324), Status::Format, "no TileOffsets"),
        ("deflate without byte counts", deflate().without(325), Status::Format, "no TileByteCounts"),
    ];
    for (name, tiff, status, words) in cases {
        let dataset = tiff.open();
        errors.check(name, tile(&dataset, 1, 1).map(drop), status, words, Some((1, 1)), "memory");
    }
    errors.end();
    // 65535 samples of a tile of 16 × 16: what was asked for takes 16 MiB.
    assert!(memory::largest() <= 17 * MIB, "{} bytes were asked for at once", memory::largest());
}

/// `len` zeroes, deflated.
fn zlib(len: usize) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&vec![0; len]).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_index_beyond_the_end_is_said_to_be_cut_short() {
    let _alone = alone();
    for tiff in [Tiff::new().set(324, LONG, 4, 60_000), Tiff::new().set(325, LONG, 4, 1530)] {
        let dataset = tiff.open();
        let e = tile(&dataset, 1, 1).unwrap_err();
        assert_eq!((e.status(), e.place().level), (Status::Format, Some(0)), "{e}");
        assert!(e.to_string().contains("the tile index is cut short") && e.to_string().starts_with("memory: level 0"), "{e}");
    }
}

#[test]
fn harmless_lies_do_not_keep_from_reading() {
    let _alone = alone();
    let right = read(&Tiff::new().open()).unwrap();
    let cases = [
        ("byte counts too large of uncompressed tiles", Tiff::new().tile_count(3, u32::MAX)),
        ("no byte counts of uncompressed tiles", Tiff::new().without(325)),
        ("a description that is not in the file", Tiff::new().set(270, 2, 1000, 70_000)),
        ("a description of 4 GiB", Tiff::new().set(270, 2, u32::MAX, 400)),
        ("a date of an unknown type", Tiff::new().set(306, 99, 1, 0)),
        ("a tag that nobody knows, of a type that nobody knows", Tiff::new().set(65_000, 77, u32::MAX, u32::MAX)),
        ("an array longer than it need be", Tiff::new().set(324, LONG, 90_000_000, 400)),
        ("a next IFD beyond the end", Tiff::new().next(4_000_000_000)),
        ("a next IFD inside the pixels", Tiff::new().next(700)),
        ("a next IFD at the last byte", Tiff::new().next(1535)),
    ];
    for (name, tiff) in cases {
        let dataset = tiff.open();
        assert_eq!(dataset.level_count().map_err(|e| e.to_string()), Ok(1), "{name}");
        assert!(dataset.metadata_json().is_ok(), "{name}");
        assert!(read(&dataset).unwrap() == right, "{name}");
    }
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

#[test]
fn loops_of_ifds_end() {
    let _alone = alone();
    let right = read(&Tiff::new().open()).unwrap();
    let overview = |next: u32| Tiff::new().long(254, 1).long(256, 16).long(257, 16).next(next).ifd();
    let at = |tiff: Tiff, offset: usize, bytes: &[u8]| {
        let mut tiff = tiff;
        tiff.size = 4096;
        tiff.patch(offset, bytes)
    };
    let cases = [
        ("an IFD that is its own next", Tiff::new().next(8), 1, 1),
        ("two that lead to each other", at(Tiff::new().next(2000), 2000, &overview(8)), 2, 2),
        ("a second that is its own next", at(Tiff::new().next(2000), 2000, &overview(2000)), 2, 2),
        ("a SubIFD that is the first", Tiff::new().set(330, LONG, 1, 8), 1, 1),
        ("a SubIFD that is also next", at(Tiff::new().next(2000).set(330, LONG, 1, 2000), 2000, &overview(2000)), 2, 2),
    ];
    for (name, tiff, ifds, levels) in cases {
        let dataset = tiff.open();
        let (counts, pixels) = bounded(20, {
            let dataset = Arc::clone(&dataset);
            move || ((dataset.ifd_count().unwrap(), dataset.level_count().unwrap()), read(&dataset).unwrap())
        });
        assert_eq!(counts, (ifds, levels), "{name}");
        assert!(pixels == right, "{name}");
    }
}

#[test]
fn a_chain_longer_than_its_limit_is_refused_by_the_name_of_the_setting() {
    let _alone = alone();
    let small = Tiff::new().long(254, 1).long(256, 16).long(257, 16);
    let mut tiff = Tiff::new().next(2000);
    tiff.size = 2000 + 1100 * 200;
    for i in 0..1100u32 {
        tiff = tiff.patch(2000 + 200 * i as usize, &small.clone().next(2000 + 200 * (i + 1) % (1100 * 200)).ifd());
    }
    let e = tiff.open().level_count().unwrap_err();
    assert_eq!(e.status(), Status::LimitExceeded, "{e}");
    assert!(e.to_string().contains("limits.ifds = 1024") && e.to_string().starts_with("memory: "), "{e}");
    let mut options = Options::new();
    options.set("limits.ifds", "2000").unwrap();
    let dataset = Dataset::open_memory(tiff.build().into(), &options).unwrap();
    assert_eq!(dataset.level_count().unwrap(), 1101);
}

#[test]
fn a_tile_of_16_gib_in_a_tiny_file_is_refused_and_takes_no_memory() {
    let _alone = alone();
    let huge = |compression| Tiff::new().long(256, 131_072).long(257, 131_072).long(322, 131_072).long(323, 131_072).long(259, compression);
    for compression in [1, 5, 7, 8, 32773, 50000, 50001] {
        let dataset = huge(compression).open();
        memory::reset();
        let e = dataset.read_window(&window([0.0, 0.0, 16.0, 16.0]), None, true).unwrap_err();
        assert!(matches!(e.status(), Status::LimitExceeded | Status::Format), "{compression}: {e}");
        assert_eq!((e.place().level, e.place().tile), (Some(0), Some((0, 0))), "{e}");
        assert!(memory::largest() < MIB, "{compression}: {} bytes were asked for at once", memory::largest());
    }
}

#[test]
fn a_whole_tile_of_16_gib_in_a_tiny_file_is_refused_before_its_result_is_allocated() {
    let _alone = alone();
    let dataset = Tiff::new().long(256, 131_072).long(257, 131_072).long(322, 131_072).long(323, 131_072).long(259, 8).open();
    memory::reset();
    let e = tile(&dataset, 0, 0).unwrap_err();
    assert!(matches!(e.status(), Status::LimitExceeded | Status::Format), "{e}");
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

/// A block of less than a kilobyte can't hold 900 MB: deflate packs at most 1032 to 1.
#[test]
fn a_tile_larger_than_its_stored_bytes_can_hold_takes_no_memory() {
    let _alone = alone();
    let dataset = Tiff::new().long(256, 30_000).long(257, 30_000).long(322, 30_000).long(323, 30_000).open();
    memory::reset();
    let e = dataset.read_window(&window([0.0, 0.0, 16.0, 16.0]), None, false).unwrap_err();
    assert_eq!(e.status(), Status::Format, "{e}");
    assert!(memory::largest() < MIB, "uncompressed: {} bytes were asked for at once", memory::largest());
}

#[test]
fn the_largest_image_that_there_can_be_opens_and_is_read_tile_by_tile() {
    let _alone = alone();
    let side = i32::MAX as u32;
    let dataset = Tiff::new().long(256, side).long(257, side).open();
    let info = dataset.level_info(0).unwrap();
    assert_eq!((info.width, info.height, info.blocks_across), (u64::from(side), u64::from(side), 1 << 27));
    assert!(tile(&dataset, 0, 0).unwrap() == tile(&Tiff::new().open(), 0, 0).unwrap());
    // The index has four entries: the other tiles are sparse.
    assert_eq!(tile(&dataset, (1 << 27) - 1, (1 << 27) - 1).unwrap(), [0; 256]);
    let corner = f64::from(side) - 5.0;
    assert_eq!(dataset.read_window(&window([corner, corner, 5.0, 5.0]), None, true).unwrap().data, [0; 25]);
    let e = tile(&dataset, 1 << 27, 0).unwrap_err();
    assert_eq!((e.status(), e.place().tile), (Status::OutOfBounds, Some((1 << 27, 0))), "{e}");
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

/// 2^31 - 1 squared, times 8 bytes, is more than 64 bits hold.
#[test]
fn a_result_too_large_to_be_counted_is_refused() {
    let _alone = alone();
    let side = i32::MAX as u32;
    let dataset = Tiff::new().long(256, side).long(257, side).long(322, side).long(323, side).long(258, 64).long(339, 3).open();
    for what in ["size", "window", "tile"] {
        let result = catch_unwind(AssertUnwindSafe(|| match what {
            "size" => dataset.read_size(&ReadParams::default()).map(|size| assert!(size.bytes() > 0)),
            "window" => dataset.read_window(&ReadParams::default(), None, false).map(drop),
            _ => dataset.read_tile(0, 0, 0, &ReadParams::default(), None, false).map(drop),
        }));
        let result = result.unwrap_or_else(|_| panic!("a panic while reading the {what}"));
        if let (Err(e), true) = (&result, what != "size") {
            assert_eq!(e.status(), Status::LimitExceeded, "{what}: {e}");
        } else {
            assert_eq!(what, "size", "it was read");
        }
    }
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

#[test]
fn a_result_above_its_limit_is_refused_before_the_read_is_planned() {
    let _alone = alone();
    // A million columns of tiles, a million rows of them: 256 TB.
    let dataset = Tiff::new().long(256, 16_000_000).long(257, 16_000_000).open();
    memory::reset();
    let e = read(&dataset).unwrap_err();
    assert_eq!(e.status(), Status::LimitExceeded, "{e}");
    assert!(e.to_string().contains("limits.output_bytes") && e.to_string().starts_with("memory: "), "{e}");
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

#[test]
fn an_output_above_its_limit_is_refused_before_the_read_is_planned() {
    let _alone = alone();
    let mut options = Options::new();
    options.set("limits.output_bytes", "1000").unwrap();
    let dataset = Arc::new(Dataset::open_memory(Tiff::new().build().into(), &options).unwrap());
    memory::reset();
    let params = ReadParams { out_size: (20_000_000, 1), ..window([0.0, 0.0, 32.0, 32.0]) };
    let e = dataset.read_window(&params, None, false).unwrap_err();
    assert_eq!(e.status(), Status::LimitExceeded, "{e}");
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

#[test]
fn limits_name_their_setting_and_can_be_raised_to_the_byte() {
    let _alone = alone();
    let with = |key: &str, value: &str| {
        let mut options = Options::new();
        options.set(key, value).unwrap();
        Arc::new(Dataset::open_memory(Tiff::new().build().into(), &options).unwrap())
    };
    let limit = |e: &Error| match e.reason() {
        Reason::LimitExceeded { value, setting, limit, .. } => (*value, *setting, *limit),
        other => panic!("{other}"),
    };
    assert_eq!(limit(&read(&with("limits.output_bytes", "1023")).unwrap_err()), (1024, "limits.output_bytes", 1023));
    assert!(read(&with("limits.output_bytes", "1024")).is_ok());
    let e = read(&with("limits.tile_bytes", "255")).unwrap_err();
    assert_eq!(limit(&e), (256, "limits.tile_bytes", 255));
    assert!(e.to_string().contains("limits.tile_bytes = 255") && e.place().tile.is_some(), "{e}");
    assert!(read(&with("limits.tile_bytes", "256")).is_ok());
}

#[test]
fn arguments_that_can_not_be_meant_are_told_apart() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    std::fs::write(&path, Tiff::new().build()).unwrap();
    let dataset = open_path(&path).unwrap();
    let bands = |bands: &[u32]| ReadParams { bands: Some(bands.to_vec()), ..ReadParams::default() };
    let level = |level| ReadParams { level: Some(level), ..ReadParams::default() };
    let out = |w, h| ReadParams { out_size: (w, h), ..ReadParams::default() };
    let (bounds, invalid) = (Status::OutOfBounds, Status::InvalidArgument);
    let cases = [
        ("outside on the right", window([30.0, 0.0, 3.0, 1.0]), bounds, "not inside the image of 32 × 32"),
        ("outside below", window([0.0, 30.0, 1.0, 3.0]), bounds, "not inside"),
        ("outside altogether", window([500.0, 500.0, 1.0, 1.0]), bounds, "not inside"),
        ("outside by a part of a pixel", window([0.0, 0.0, 32.001, 32.0]), bounds, "not inside"),
        ("left of the image", window([-1.0, 0.0, 3.0, 3.0]), bounds, "not inside"),
        ("above the image", window([0.0, -0.5, 3.0, 3.0]), bounds, "not inside"),
        ("as far as there are numbers", window([0.0, 0.0, f64::MAX, 1.0]), bounds, "not inside"),
        ("no width", window([0.0, 0.0, 0.0, 3.0]), invalid, "empty"),
        ("no height", window([0.0, 0.0, 3.0, 0.0]), invalid, "empty"),
        ("negative width", window([3.0, 3.0, -2.0, 1.0]), invalid, "empty"),
        ("NaN for x", window([f64::NAN, 0.0, 1.0, 1.0]), invalid, "not a number"),
        ("NaN for the height", window([0.0, 0.0, 1.0, f64::NAN]), invalid, "not a number"),
        ("an infinite width", window([0.0, 0.0, f64::INFINITY, 1.0]), invalid, "not a number"),
        ("band 0", bands(&[0]), bounds, "no band 0"),
        ("band 2 of 1", bands(&[1, 2]), bounds, "no band 2"),
        ("the highest band", bands(&[u32::MAX]), bounds, "no band 4294967295"),
        ("no bands", bands(&[]), invalid, "list of bands is empty"),
        ("level 1 of 1", level(1), bounds, "no level 1"),
        ("the highest level", level(usize::MAX), bounds, "no level 18446744073709551615"),
        ("an output wider than any image", out(1 << 31, 1), invalid, "2147483648"),
        ("an output higher than any image", out(1, u64::MAX), invalid, "18446744073709551615"),
    ];
    let mut errors = Errors::default();
    let name = path.to_str().unwrap();
    for (what, params, status, words) in cases {
        assert!(dataset.read_size(&params).is_err(), "{what}");
        errors.check(what, dataset.read_window(&params, None, true).map(drop), status, words, None, name);
    }
    let at = |x, y, level| dataset.read_tile(x, y, level, &ReadParams::default(), None, false).map(drop);
    errors.check("a tile too far right", at(2, 0, 0), bounds, "no tile (2, 0)", Some((2, 0)), name);
    errors.check("a tile too far down", at(0, 2, 0), bounds, "no tile (0, 2)", Some((0, 2)), name);
    errors.check("the highest tile", at(u64::MAX, u64::MAX, 0), bounds, "no tile (18446744073709551615", Some((u64::MAX, u64::MAX)), name);
    errors.check("a tile of no level", at(0, 0, 3), bounds, "no level 3", None, name);
    errors.check("the stored bytes of no tile", dataset.tile_bytes(9, 9, 0).map(drop), bounds, "no tile (9, 9)", Some((9, 9)), name);
    errors.check("an IFD that is not there", dataset.tags(1).map(drop), bounds, "no IFD 1", None, name);
    errors.check("a tag that is not there", dataset.tag_value(0, 42_113).map(drop), bounds, "no tag 42113", None, name);
    errors.end();
    assert!(read(&dataset).is_ok(), "the handle lives on");
    assert!(memory::largest() < MIB, "{} bytes were asked for at once", memory::largest());
}

/// About 200 lengths, those at either end one by one.
fn lengths(size: usize) -> Vec<usize> {
    let mut lengths: Vec<usize> =
        (0..50.min(size)).chain((50..size).step_by(size / 130 + 1)).chain(size.saturating_sub(20)..size).collect();
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

#[test]
fn a_file_cut_anywhere_is_refused_or_read_rightly() {
    let _alone = alone();
    let files =
        ["type_uint8_none_strip.tif", "type_uint16_deflate_p2_tile.tif", "jpeg_ycbcr_no_tables.tif", "type_uint8_packbits_strip.tif"];
    for name in files {
        let whole = fixture(name);
        let right = read(&open_bytes(whole.clone()).unwrap()).unwrap();
        let lengths = lengths(whole.len());
        assert!(lengths.len() >= 180, "{}", lengths.len());
        for len in lengths {
            let cut = whole[..len].to_vec();
            let result = bounded(20, move || open_bytes(cut).and_then(|d| d.metadata_json().and_then(|_| read(&d))));
            match result {
                Ok(pixels) => assert!(pixels == right, "{name} of {len} bytes: WRONG PIXELS"),
                Err(e) => {
                    assert_eq!(e.status(), Status::Format, "{name} of {len} bytes: {e}");
                    assert_eq!(e.place().file.as_deref(), Some("memory"), "{name} of {len} bytes: {e}");
                }
            }
        }
        assert!(memory::largest() < 4 * MIB, "{name}: {} bytes were asked for at once", memory::largest());
    }
}

/// The first block that a cut file still has is read, whatever became of the others.
#[test]
fn the_tiles_before_a_cut_are_still_read() {
    let _alone = alone();
    let whole = fixture("type_uint16_deflate_p2_tile.tif");
    let right = open_bytes(whole.clone()).unwrap();
    let cut = open_bytes(whole[..6000].to_vec()).unwrap();
    let mut outcomes = Vec::new();
    for i in 0..12 {
        let (x, y) = (i % 3, i / 3);
        outcomes.push(match tile(&cut, x, y) {
            Ok(pixels) => {
                assert!(pixels == tile(&right, x, y).unwrap(), "tile ({x}, {y})");
                true
            }
            Err(e) => {
                assert_eq!((e.status(), e.place().tile), (Status::Format, Some((x, y))), "{e}");
                false
            }
        });
    }
    let read = outcomes.iter().filter(|ok| **ok).count();
    assert!((1..12).contains(&read), "{outcomes:?}");
    assert!(outcomes.is_sorted_by(|a, b| a >= b), "{outcomes:?}");
}

/// Numbers from a seed, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }

    /// Changes 1 to 4 places of the header: a byte, a bit, or a number of 2 or 4 bytes to one of those that hurt.
    fn damage(&mut self, file: &mut [u8], header: usize) {
        const HURT: [u32; 12] = [0, 1, 2, 7, 8, 255, 256, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000, u32::MAX];
        for _ in 0..=self.below(4) {
            let at = self.below(header - 4);
            match self.below(4) {
                0 => file[at] = self.below(256) as u8,
                1 => file[at] ^= 1 << self.below(8),
                2 => file[at..at + 2].copy_from_slice(&(HURT[self.below(HURT.len())] as u16).to_le_bytes()),
                _ => file[at..at + 4].copy_from_slice(&HURT[self.below(HURT.len())].to_le_bytes()),
            }
        }
    }
}

/// What a program does with a file, under limits of 16 MiB. Gives the statuses of the errors.
fn use_file(bytes: Vec<u8>, limits: &Options) -> Result<(), Error> {
    let dataset = Arc::new(Dataset::open_memory(bytes.into(), limits)?);
    let described = dataset.metadata_json();
    for ifd in 0..dataset.ifd_count()? {
        for entry in dataset.tags(ifd)? {
            let _ = dataset.tag_value(ifd, entry.tag);
        }
    }
    let mut results = vec![described.map(drop)];
    for level in 0..dataset.level_count()?.min(3) {
        let info = dataset.level_info(level)?;
        let params = ReadParams { timeout: Some(Duration::from_secs(20)), ..ReadParams::default() };
        for (x, y) in [(0, 0), (info.blocks_across - 1, info.blocks_down - 1)] {
            results.push(dataset.read_tile(x, y, level, &params, None, true).map(drop));
            let _ = dataset.tile_bytes(x, y, level);
        }
    }
    results.into_iter().collect()
}

const MUTATIONS: usize = 20_000;

#[test]
fn damaged_headers_never_cause_a_panic_nor_take_memory() {
    let _alone = alone();
    let files = [
        ("type_uint16_deflate_p2_tile.tif", 470),
        ("type_int16_none_tile_be.tif", 460),
        ("type_float64_none_tile_be_big.tif", 600),
        ("last_strip_short.tif", 410),
        ("jpeg_ycbcr.tif", 1000),
        ("cog_rgb_jpeg_mask.tif", 1400),
        ("webp_rgba.tif", 470),
        ("nbits_12.tif", 470),
        ("palette.tif", 2100),
        ("metadata.tif", 3000),
        ("sparse_planar.tif", 700),
        ("type_complex128_lzw_tile_be.tif", 460),
    ];
    let mut limits = Options::new();
    for key in ["limits.tile_bytes", "limits.output_bytes", "limits.header_bytes"] {
        limits.set(key, "16777216").unwrap();
    }
    let files: Vec<(&str, Vec<u8>, usize)> = files.into_iter().map(|(name, header)| (name, fixture(name), header)).collect();
    for (name, bytes, _) in &files {
        assert!(use_file(bytes.clone(), &limits).is_ok(), "{name}");
    }
    memory::reset();
    let (files, limits) = (Arc::new(files), Arc::new(limits));
    let halves: Vec<Damage> = bounded(500, move || {
        let half = |first: usize| {
            let (files, limits) = (Arc::clone(&files), Arc::clone(&limits));
            thread::spawn(move || damage_some(&files, &limits, first))
        };
        [half(0), half(1)].into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let (fine, errors): (usize, usize) = (halves.iter().map(|h| h.fine).sum(), halves.iter().map(|h| h.errors.len()).max().unwrap());
    println!("{fine} of {MUTATIONS} files are still read; errors by status: {:?}", halves.iter().map(|h| &h.errors).collect::<Vec<_>>());
    let wrong: Vec<&String> = halves.iter().flat_map(|h| &h.wrong).collect();
    assert!(wrong.is_empty(), "{} of {MUTATIONS}: {wrong:#?}", wrong.len());
    assert!(fine > MUTATIONS / 10 && errors >= 3, "the damage is none: {fine} {errors}");
}

/// What became of damaged files.
#[derive(Default)]
struct Damage {
    fine: usize,
    /// How often each status.
    errors: BTreeMap<i32, usize>,
    wrong: Vec<String>,
}

/// Every second seed from `first` on.
fn damage_some(files: &[(&str, Vec<u8>, usize)], limits: &Options, first: usize) -> Damage {
    let mut result = Damage::default();
    for i in (first..MUTATIONS).step_by(2) {
        // Not `i % len`: both threads shall meet all files.
        let (name, bytes, header) = &files[i / 2 % files.len()];
        let mut bytes = bytes.clone();
        Random(i as u64).damage(&mut bytes, *header);
        match catch_unwind(AssertUnwindSafe(|| use_file(bytes, limits))) {
            Ok(Ok(())) => result.fine += 1,
            Ok(Err(e)) if matches!(e.status(), Status::Panic | Status::Timeout) => result.wrong.push(format!("{name}, seed {i}: {e}")),
            Ok(Err(e)) => *result.errors.entry(e.status() as i32).or_default() += 1,
            Err(_) => result.wrong.push(format!("{name}, seed {i}: a panic on the caller's thread")),
        }
        if memory::largest() > 17 * MIB {
            result.wrong.push(format!("{name}, seed {i} or one beside it: {} bytes were asked for at once", memory::largest()));
            memory::reset();
        }
    }
    result
}

#[test]
fn damaged_tiles_never_cause_a_panic_and_name_their_tile() {
    let _alone = alone();
    let files = [
        ("type_uint8_lzw_p2_tile.tif", 600),
        ("type_uint8_zstd_p2_tile.tif", 600),
        ("type_int32_packbits_tile_planar.tif", 700),
        ("type_float32_deflate_p3_tile.tif", 600),
        ("jpeg_ycbcr.tif", 1100),
        ("webp_rgb.tif", 600),
        ("webp_rgb_lossless.tif", 600),
    ];
    for (name, header) in files {
        let whole = fixture(name);
        for backend in ["native", "rust"] {
            let mut options = Options::new();
            options.set("decode.backend", backend).unwrap();
            let (whole, mut damaged) = (whole.clone(), 0);
            let errors = bounded(120, move || {
                let mut errors = Vec::new();
                for seed in 0..150 {
                    let mut random = Random(seed);
                    let mut bytes = whole.clone();
                    for _ in 0..=random.below(3) {
                        let at = header + random.below(whole.len() - header);
                        bytes[at] ^= 1 + random.below(255) as u8;
                    }
                    let dataset = Arc::new(Dataset::open_memory(bytes.into(), &options).unwrap());
                    let params = ReadParams { timeout: Some(Duration::from_secs(60)), ..ReadParams::default() };
                    errors.extend(dataset.read_window(&params, None, true).err());
                }
                errors
            });
            for e in errors {
                damaged += 1;
                assert!(matches!(e.status(), Status::Format | Status::Unsupported), "{name} {backend}: {e}");
                assert!(e.place().tile.is_some() && e.place().level == Some(0), "{name} {backend}: {e}");
            }
            assert!(damaged > 0 || name.contains("packbits") || name.contains("webp_rgb"), "{name} {backend}: no damage was noticed");
        }
        // image-webp believes the three bytes that give the size of a VP8 partition: 16 MiB and no more.
        let limit = if name == "webp_rgb.tif" { 16 * MIB } else { 4 * MIB };
        assert!(memory::largest() <= limit, "{name}: {} bytes were asked for at once", memory::largest());
        memory::reset();
    }
}

/// Work for each pair of bands would be four thousand million steps, for a file of a kilobyte.
#[test]
fn a_planar_file_of_65535_bands_ends_in_time() {
    let _alone = alone();
    let dataset = Tiff::new().long(277, 65_535).long(284, 2).open();
    for bands in [None, Some(vec![1, 65_535])] {
        let dataset = Arc::clone(&dataset);
        let params = ReadParams { bands, timeout: Some(Duration::from_secs(10)), ..ReadParams::default() };
        let asked = params.bands.clone().map_or(65_535, |bands| bands.len());
        let result = bounded(30, move || dataset.read_tile(0, 0, 0, &params, None, false));
        // Four offsets are there: the other planes are sparse.
        let pixels = result.unwrap_or_else(|e| panic!("{asked} bands: {e}"));
        assert_eq!((pixels.size.bands, pixels.data.len()), (asked, asked * 256));
        assert!(pixels.data[..256] == tile(&Tiff::new().open(), 0, 0).unwrap());
        assert!(pixels.data[(asked - 1) * 256..] == [0; 256]);
    }
}
