//! The `madang-loadtest` binary.
fn main() {}
