//! Puts load on a running madang and checks what comes out of it.
//!
//! Owns: a client of the protocol (`docs/protocol.md`), the scenarios `replay` (real conversations, read
//! back and compared line by line) and `chat` (made-up conversations at a chosen rate), drills that start nodes
//! of their own and do bad things to them, and their reports. Never: anything of the server. The server is only known by its protocol, so that a mistake in the
//! server's own types cannot hide itself here.
//!
//! Read in this order: [`client`], [`irc`], [`replay`], [`chat`], [`drill`], [`report`].

pub mod accounts;
pub mod attack;
pub mod chat;
pub mod cli;
pub mod client;
pub mod drill;
pub mod goal;
pub mod hold;
pub mod hot_room;
pub mod irc;
pub mod kit;
pub mod latency;
pub mod meters;
pub mod process;
pub mod replay;
pub mod report;
