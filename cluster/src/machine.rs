//! The replicated machines: pure, deterministic, the same bytes on every replica. They read and write
//! rows and return what became true; they know no clock, no disk and no network. Time comes inside the
//! command.
//!
//! Reading order: `rows.rs` (what a machine sees), `shard.rs` (one command in, outcome and events
//! out), `room/` (what a room decides), `user.rs` (what an account decides), `desk.rs`
//! (what becomes of reports), `effect.rs` (news from other shards), `meta.rs` (what META decides).

mod audit;
mod desk;
mod effect;
pub mod meta;
pub mod pair;
pub mod room;
pub mod rows;
pub mod shard;
pub mod sweep;
pub mod user;

#[cfg(test)]
pub(crate) mod replay_tests;
