//! The owner of one room: admits or refuses commands, and keeps the newest events in memory.
//!
//! It holds soft state only. Order, membership and rights are decided by the replicated machine; an owner
//! that is lost is built anew and nobody but the rate limits forgets anything.
//!
//! Reading order: `message`, `rate` (who sends too fast), `door` (how fast people come in), `typists` (who may say that they type), `heat` and
//! `warmth` (how much is asked of the room), `tail` (the newest events), `flights` (older pages, each read once for all who
//! wait for it), `machine` (what is admitted, what is
//! read), `relay` (how answers come back), `actor`.

mod message;
pub(crate) use message::{Read, Reader, RoomMessage, Submit, TypingNote, Wanted};

mod flights;

mod heat;
pub use heat::Heat;
pub(crate) use heat::Reading;

mod door;
mod rate;
mod tail;
mod typists;
pub(crate) use tail::Budget;
mod warmth;

mod machine;

mod relay;
pub(crate) use relay::Relay;

mod actor;
pub(crate) use actor::{Owner, OwnerArguments, Surroundings};

#[cfg(test)]
mod heat_tests;
#[cfg(test)]
mod machine_tests;
