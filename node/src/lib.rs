//! madang-node

pub mod api;
pub mod config;
