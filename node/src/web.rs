//! The chat page: the files under `node/web`, carried inside the binary.

pub mod page;
