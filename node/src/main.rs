//! The `madang` binary.
fn main() {}
