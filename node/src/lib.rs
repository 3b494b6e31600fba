//! madang-node

pub mod api;
pub mod cli;
pub mod config;
pub mod edge;
pub mod nodes;
pub mod operations;
pub mod safety;
pub mod serve;
pub mod session;
pub mod telemetry;
pub mod web;
