//! A whole node in one process, driven over real sockets: what docs/protocol.md promises.

#![recursion_limit = "256"]

mod accounts;
mod again;
mod bad_input;
#[path = "../shared/certificate.rs"]
mod certificate;
mod client;
mod hot;
mod http;
mod keep;
mod messages;
mod node;
mod people;
mod presence;
mod restart;
mod resume;
mod rooms;
mod safety;
mod seen;
mod strangers;
mod talk;
mod tls;
