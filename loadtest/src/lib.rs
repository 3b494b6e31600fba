//! Puts load on a running madang and checks what comes out of it.
//!
//! Owns: a client of the protocol (`docs/protocol.md`); the scenarios `replay` (real conversations, read back and
//! compared line by line) and `chat` (made-up conversations at a chosen rate); those of the kit, in which many kinds of
//! users do something at the same time (`hot_room`, storms, a company's day); drills that start nodes of their own and do
//! bad things to them; records of runs, their pages, and how two of them compare. Never: anything of the server. The
//! server is only known by its protocol, so that a mistake in the server's own types cannot hide itself here.
//!
//! Read in this order: [`client`], [`irc`], [`replay`], [`chat`], [`kit`], [`hot_room`], [`drill`], [`report`]. For people
//! who use it: `docs/loadtest.md`.

pub mod accounts;
pub mod attack;
pub mod chat;
pub mod cli;
pub mod client;
pub mod compare;
pub mod drill;
pub mod fetch_storm;
pub mod goal;
pub mod history;
pub mod hold;
pub mod hot_room;
pub mod idle;
pub mod irc;
pub mod join_storm;
pub mod kit;
pub mod latency;
pub mod meters;
pub mod mixed_day;
mod page;
pub mod presence_flap;
pub mod process;
pub mod reconnect_storm;
pub mod replay;
pub mod report;
