//! ractor_cluster, and nothing of it anywhere else: one node server and one static gateway actor for each
//! lane, which carry batches over streams that are ours.
//!
//! What its sources make necessary, and how it is met:
//! - Every serialisable local actor is announced to every peer: the gateways are the only ones.
//! - Registry and process groups belong to the whole process, and remote actors of two node servers can have
//!   the same id: a peer's gateway is found among the children of the very session, by the number that the
//!   handshake told; never by name or group.
//! - Its node server must listen: on loopback, and behind a lock without a key (`locked`).
//! - Two node servers with one name or one `host:port` take each other for themselves: both are drawn.
//! - An older session of a peer may be preferred to a newer one: `slot` ends the older first.
//! - Sessions are never told to stop, which would leak their writers: their streams are cut.

mod gateway;
mod locked;
mod server;

pub(super) use gateway::{Inbox, RemoteGateway};
pub(super) use server::{Carrier, CarrierOptions, Side};
