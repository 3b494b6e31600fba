//! The WebSocket edge: from a TCP connection to lines of text for a session's handler, and from shared
//! frames back to the wire.
//!
//! Requests other than upgrades go to the actix-web app. An upgrade is checked ([`handshake`]) before the
//! 101, then the stream leaves the HTTP dispatcher (with its buffers) for a small task of ours: the
//! [`driver`], which reads through a guard on frame headers, feeds the session actor and writes what waits
//! in the session's outbound queue. Nothing outside this module knows of actix-web-actors, and nothing in
//! here knows of rooms, users or the log.
//!
//! With TLS, the handshake comes before all of that ([`tls`]); everything behind it reads and writes a
//! [`connection`] that is one or the other.
//!
//! To read in order: [`handler`] (what the layer above implements), [`server`], [`tls`], [`handshake`], [`driver`],
//! [`guard`], [`session`].

mod config;
mod handler;
pub use config::{EdgeConfig, Origins};
pub use handler::{Closed, Goodbye, Label, SessionFactory, SessionHandler, SessionLink};

mod server;
pub use server::{EdgeHandle, EdgeServer};

mod connection;
mod tls;
pub use tls::{Tls, TlsError, TlsMeters, TlsOptions};

mod connections;
mod drain;
pub use drain::{Elsewhere, Pace};

mod handshake;
mod refusal;
mod turnstile;
pub use turnstile::Admission;
mod upgrade;

mod driver;
mod guard;
mod inbound;
mod session;
mod wire;

pub use madang_actors::outbound::{Close, Outbound, Pushed, frame};
