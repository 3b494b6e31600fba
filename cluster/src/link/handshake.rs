//! How two programs introduce themselves before a stream becomes a link.
//!
//! ```text
//! caller                               listener
//!   MAGIC, Hello{versions, nonce} ──►
//!            ◄── MAGIC, Hello{versions, nonce}     or Refused
//!   Proof(secret, all said so far) ──►
//!            ◄── Proof(secret, all said so far)    or Refused
//!   Ask(question) or Link(who I am, whom I mean, terms) ──►
//!            ◄── Answer(…) or Welcome(terms)       or Refused
//! ```
//!
//! Both proofs are HMACs over both hellos with both nonces, and over the keys of the TLS session if there is
//! one, so that neither can be used again or passed on through another TLS session. Each proof names its
//! role: it cannot be sent back as its own answer. The caller proves first: a listener tells a stranger
//! nothing but its versions.
//!
//! Until the proof, a connection may hold one small frame and no time beyond the limit that `accept` and
//! `dial` set around all of this.

mod admission;
mod frame;
mod introduction;
mod proof;
mod refusal;
mod wire;

pub(super) use admission::admit;
pub use frame::PROTOCOL_VERSION;
pub(super) use frame::{Again, Frame, LinkRequest, Terms, Token};
pub(super) use introduction::{introduce, meet};
pub(super) use refusal::Refusal;
pub(super) use wire::{HandshakeError, QUESTION_BYTES_MAX, read, refuse, write};

#[cfg(test)]
mod tests;
