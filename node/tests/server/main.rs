//! A whole node in one process, driven over real sockets: what docs/protocol.md promises.

mod accounts;
mod bad_input;
mod client;
mod http;
mod node;
mod restart;
mod rooms;
mod talk;
