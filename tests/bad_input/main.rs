//! Files that are damaged, hostile or none at all, and arguments that can't be meant: a typed error that says what and where, no panic,
//! and no memory that the file only claims to need.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod arguments;
mod damage;
mod errors;
mod files;
mod lies;
mod limits;
mod memory;
mod reading;
mod tiff;
mod tiles;
mod time;
