//! Puts load on a running madang and checks what comes out of it.
//!
//! Owns: a client of the protocol (`docs/protocol.md`), the scenarios `replay` (real conversations, read
//! back and compared line by line) and `chat` (made-up conversations at a chosen rate), and their reports.
//! Never: anything of the server. The server is only known by its protocol, so that a mistake in the
//! server's own types cannot hide itself here.
//!
//! Read in this order: [`client`], [`irc`], [`replay`], [`chat`], [`report`].

pub mod accounts;
pub mod attack;
pub mod chat;
pub mod cli;
pub mod client;
pub mod irc;
pub mod latency;
pub mod process;
pub mod replay;
pub mod report;
