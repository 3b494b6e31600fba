//! Which rooms are hot: on this node, and in the whole cluster.
//!
//! Each room's owner measures what is asked of its room (`room/heat.rs`) and, while it is warm, tells the node's
//! board. Commands are counted on the node that leads, reads on the node that serves them; who wants to know
//! asks all nodes and adds up. Whether a room is hot each node decides for what it bears itself.
//!
//! Reading order: `board` (the warmest rooms of this node), `merge` (several nodes' boards as one list), `wire`
//! (what nodes say to each other), [`Heats`] (asks and answers).

mod board;
pub(crate) use board::Board;
pub use board::BoardSummary;

mod merge;
mod wire;

mod heats;
pub use heats::{Heats, ask};

pub use crate::room::Heat;
pub use wire::{HotRoom, HotRooms};

#[cfg(test)]
mod tests;
