//! A whole node in one process, driven over real sockets: what docs/protocol.md promises.

#![recursion_limit = "256"]

mod accounts;
mod bad_input;
mod client;
mod http;
mod node;
mod presence;
mod restart;
mod resume;
mod rooms;
mod talk;
