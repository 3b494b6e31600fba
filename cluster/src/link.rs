//! The links between nodes: who may speak to us, and how requests, answers and messages get across.
//!
//! A peer is linked by two connections, one for each [`Lane`], so that bulk can never delay raft. On each
//! connection two nodes first introduce themselves (`handshake`: proof of the secret, cluster, identity);
//! then the stream is handed to ractor_cluster (`carrier`), whose static gateway actor carries batches of
//! envelopes. Everything that ractor_cluster leaves open is decided here: who is a peer, that a silent peer
//! is noticed, that a broken link is made anew, and that nothing waits without a bound.
//!
//! Promises: requests of one peer on one lane are started in the order of sending, each at most once; a
//! request either got its answer, or its error says whether anything was sent. Never here: retries,
//! durability, what a request means.
//!
//! Reading order: [`options`](LinkOptions), [`Door`], `handshake`, `envelope`, `window`, `session`,
//! `carrier`, `table`, `run`, `accept`, `dial`, [`Links`].

mod accept;
mod ask;
mod backoff;
mod budget;
mod carrier;
mod dial;
mod door;
mod envelope;
mod error;
mod handshake;
mod identity;
mod lane_end;
mod links;
mod liveness;
mod meters;
mod news;
mod options;
mod quiet;
mod run;
mod secret;
mod session;
mod shared;
mod slot;
mod stream;
mod table;
mod tls;
mod window;

pub use ask::{LinkClientOptions, ask};
pub use door::Door;
pub use error::LinkError;
pub use handshake::PROTOCOL_VERSION;
pub use identity::{Lane, Myself, PeerAddress};
pub use links::Links;
pub use meters::{LaneMeters, LinkMeters};
pub use options::{LinkOptions, LinkRuntimes, LinkTls};
pub use secret::Secret;
