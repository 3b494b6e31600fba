//! What both stores have in common in how they use RocksDB: options, opening, and the meaning of its errors.
//!
//! Nothing of RocksDB leaves this crate.

mod failure;
mod format;
mod open;
mod options;

pub(crate) use failure::failure;
pub(crate) use format::check_format;
pub(crate) use open::open;
pub(crate) use options::base_options;
