//! Bytes to header, ghost area, IFDs, tags and tile index. No I/O of its own: every function takes bytes that someone fetched.
//!
//! TIFF 6.0, the BigTIFF design, and Supplement 2 (Deflate); GDAL's ghost area.

mod ghost;
mod header;
mod ifd;
mod image;
mod tags;
mod value;

pub use ghost::Ghost;
pub(crate) use ghost::ghost_text;
pub(crate) use header::{ByteOrder, HEADER_BYTES, Header};
pub use ifd::Entry;
pub(crate) use ifd::{EntryValue, Ifd, ifd_count, ifd_count_size, ifd_size};
pub(crate) use image::{IMAGE_TAGS, Image, JpegStream, Photometric, TagBytes};
pub(crate) use tags::{field, tag, tag_name_c, type_name_c};
pub use tags::{tag_name, type_name, type_size};
pub use value::TagValue;
