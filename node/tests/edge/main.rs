//! The WebSocket edge over real sockets: what goes over the wire, what is refused, and what one bad
//! connection may not do to the others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../shared/certificate.rs"]
mod certificate;
mod client;
mod server;

mod closing;
mod draining;
mod fan_out;
mod frames;
mod handshake;
mod slow_reader;
mod tls;
mod tls_strangers;
