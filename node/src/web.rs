//! The chat page and the cluster page: the files under `node/web`, carried inside the binary.

pub mod page;
