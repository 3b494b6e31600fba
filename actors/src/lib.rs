//! madang-actors

pub mod hub;
pub mod outbound;
