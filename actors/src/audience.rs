//! The audience of one shard on this node: which hubs hear which rooms, and that they hear all of it.
//!
//! Each hub gets each room's events in order of `seq`, without holes and at least once. Whatever tears a
//! hole (the feed skipped, a hub had its fill, this actor failed) is healed by reading the log. Who
//! listens is written down by the hubs themselves, at once, in a table that outlives the actor. It also knows
//! through which place of the shard's feed everything was handed over, and tells the hubs: what they write
//! into clients' cursors.
//!
//! Reading order: `machine` (the table, and what is read when), `reach` (how
//! far the feed was heard), `wanting` (whether it is heard at all), `receipts` and `sizes` (what is gathered), `message`, `sink` (how frames reach the
//! hubs), `people` (news about users' rooms and sessions), `actor`, `audiences` (the door for others).

mod machine;

mod reach;
mod receipts;
mod sizes;
mod wanting;

mod message;

mod sink;

mod people;
pub(crate) use people::Parts as AudienceParts;

mod actor;
pub(crate) use actor::{Audience, AudienceArguments};

mod audiences;
pub use audiences::Audiences;
pub(crate) use audiences::Seats;

#[cfg(test)]
mod machine_tests;
