//! GDAL's ghost area: text right after the header that promises how the file is laid out.
//!
//! <https://gdal.org/drivers/raster/cog.html#header-ghost-area>

use super::header::Header;

const START: &[u8] = b"GDAL_STRUCTURAL_METADATA_SIZE=";
/// `GDAL_STRUCTURAL_METADATA_SIZE=XXXXXX bytes\n`
const FIRST_LINE: usize = 43;

/// The promises of a ghost area. They are hints: each block must still be checked against the file's own arrays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one promise")]
pub struct Ghost {
    /// All `KEY=VALUE` lines, in order.
    pub items: Vec<(String, String)>,
    /// All IFDs come before all pixels.
    pub ifds_before_data: bool,
    /// The blocks of a level come row by row.
    pub row_major: bool,
    /// Each block is preceded by its size, as four bytes.
    pub block_leader: bool,
    /// Each block is followed by its last four bytes again.
    pub block_trailer: bool,
    /// Each block's mask follows it.
    pub mask_interleaved: bool,
}

/// The ghost area's text, where the file has one.
pub(crate) fn ghost_text<'a>(bytes: &'a [u8], header: &Header) -> Option<&'a [u8]> {
    let area = bytes.get(header.size()..)?;
    let first = area.get(..FIRST_LINE).filter(|line| line.starts_with(START))?;
    let digits = std::str::from_utf8(first.get(START.len()..START.len() + 6)?).ok()?;
    let len: usize = digits.parse().ok()?;
    area.get(FIRST_LINE..FIRST_LINE.checked_add(len)?)
}

impl Ghost {
    /// Parses the text. With `KNOWN_INCOMPATIBLE_EDITION=YES` (a file edited by a writer that did not know of the promises) none holds.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let items: Vec<_> = text.lines().filter_map(|l| l.trim().split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        let is = |key: &str, value: &str| items.iter().any(|(k, v)| k == key && v == value);
        let trusted = !is("KNOWN_INCOMPATIBLE_EDITION", "YES");
        Self {
            ifds_before_data: trusted && is("LAYOUT", "IFDS_BEFORE_DATA"),
            row_major: trusted && is("BLOCK_ORDER", "ROW_MAJOR"),
            block_leader: trusted && is("BLOCK_LEADER", "SIZE_AS_UINT4"),
            block_trailer: trusted && is("BLOCK_TRAILER", "LAST_4_BYTES_REPEATED"),
            mask_interleaved: trusted && is("MASK_INTERLEAVED_WITH_IMAGERY", "YES"),
            items,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::ByteOrder;
    use super::*;

    const AREA: &str = "GDAL_STRUCTURAL_METADATA_SIZE=000174 bytes\nLAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\n\
                        BLOCK_TRAILER=LAST_4_BYTES_REPEATED\nKNOWN_INCOMPATIBLE_EDITION=NO\n MASK_INTERLEAVED_WITH_IMAGERY=YES\n";

    #[test]
    fn promises_hold_unless_the_edition_is_incompatible() {
        let ghost = Ghost::parse(AREA.as_bytes());
        assert!(ghost.ifds_before_data && ghost.block_leader && ghost.block_trailer && ghost.mask_interleaved);
        let edited = Ghost::parse(AREA.replace("EDITION=NO", "EDITION=YES").as_bytes());
        assert!(!edited.ifds_before_data && !edited.block_leader && edited.items.len() == ghost.items.len());
    }

    #[test]
    fn the_area_is_found_only_where_it_is_whole() {
        let header = Header { order: ByteOrder::Little, big_tiff: false, first_ifd: 8 };
        let file = |area: &str| [b"II\x2a\0\x08\0\0\0", area.as_bytes()].concat();
        assert!(ghost_text(&file(AREA), &header).unwrap().starts_with(b"LAYOUT="));
        assert_eq!(ghost_text(&file(&AREA[..80]), &header), None);
        assert_eq!(ghost_text(&file("nothing"), &header), None);
    }
}
