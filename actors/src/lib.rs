//! madang-actors

pub mod auth;
pub mod hub;
pub mod outbound;
pub mod actors;
mod answer;
pub mod audience;
pub mod encoder;
pub mod error;
mod gate;
mod node;
pub mod options;
pub mod presence;
mod pump;
mod room;
pub mod rooms;
pub mod service;
mod shard;
pub mod truth;

pub use actors::{Actors, Parts, StartError};
pub use encoder::FrameEncoder;

#[cfg(test)]
mod cluster_tests;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod supervision_tests;
#[cfg(test)]
mod yard;
