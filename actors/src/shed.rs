//! Shedding: a room that costs this node too much gets less, one step of a ladder at a time, so that other rooms
//! do not feel it. What is logged is never lost: what is not pushed is read from the log.
//!
//! Each node decides for itself, from what it delivers: its hubs count, per room, what would be delivered if
//! nothing were shed (logged events times listeners), so shedding does not make a room look cool. A node on which
//! few listen to a hot room goes on telling them everything. What is *asked* of a room, and whether that makes it
//! hot, is measured by its owner (`room/heat.rs`); the owner sheds nothing but what it refuses.
//!
//! Reading order: `level` (the steps), `ladder` (pure: when a step is taken), `crowd` (pure: all busy rooms),
//! `levels` (the table in which everybody who delivers looks), `shedder` (the shell).

mod level;
pub use level::{Class, Level};

mod ladder;

mod crowd;
pub(crate) use crowd::Demand;

mod levels;
pub(crate) use levels::Levels;
pub use levels::Shed;

mod shedder;
pub(crate) use shedder::start;

#[cfg(test)]
mod tests;
