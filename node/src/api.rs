//! The client API: JSON types, the error table, and the HTTP routes under `/v1`.
//!
//! One table ([`operation`]) names every operation with its request and its answer. WebSocket frames
//! ([`request`], [`response`], [`push`]) and HTTP routes ([`http`]) are two spellings of it; both end in
//! [`Dispatch`]. The contract is `docs/protocol.md`; tests here read that page and compare.
//!
//! Never here: decisions about rooms and users, and sockets.

pub mod account;
pub mod field;
pub mod keep;
pub mod message;
pub mod message_about;
pub mod message_parts;
pub mod people;
pub mod presence;
pub mod room;
pub mod safety;
pub mod suspension;

pub mod operation;

pub mod error;
pub mod push;
pub mod request;
pub mod response;

pub mod dispatch;
pub mod http;
pub mod throttle;

pub use dispatch::{Caller, Dispatch};
pub use error::{ApiError, ErrorKind};
pub use operation::{Operation, Request, Response};
pub use push::Push;
pub use request::{Command, Incoming, InvalidCommand};

#[cfg(test)]
mod protocol_page;
