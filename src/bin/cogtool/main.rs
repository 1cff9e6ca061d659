//! cogtool
fn main() {}
