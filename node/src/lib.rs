//! madang-node

pub mod api;
pub mod config;
pub mod telemetry;
pub mod web;
