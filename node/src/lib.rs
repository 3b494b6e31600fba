//! madang-node

pub mod api;
pub mod config;
pub mod edge;
pub mod telemetry;
pub mod web;
