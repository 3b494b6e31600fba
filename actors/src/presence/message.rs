//! What the registry and the entries hear. None of it is answered.

use actix::Message;
use madang_storage::id::UserId;

use super::machine::Absence;

/// To the registry, from connections and other nodes: this user's place in the roster may have changed. Repeats do
/// nothing.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Look {
    /// Who.
    pub(super) user: UserId,
    /// What an absence is worth.
    pub(super) absence: Absence,
}

/// To the registry, from an entry: its user's rooms know all. It is stopped, unless it was told to look
/// again meanwhile.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Idle {
    /// Whose entry.
    pub(super) user: UserId,
    /// The number of the look that it has heard of last.
    pub(super) look: u64,
}

/// To an entry, from the registry.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) enum ToEntry {
    /// Look at the roster.
    Look {
        /// What an absence is worth.
        absence: Absence,
        /// The number of the look: larger than any before.
        number: u64,
    },
    /// You are not needed any more; the registry sends nothing after this.
    Stop,
}
