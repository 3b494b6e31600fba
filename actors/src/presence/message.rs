//! What the registry and the entries hear. None of it is answered.

use actix::Message;
use madang_storage::id::UserId;

use super::machine::Absence;

/// What somebody is to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The user's connections may have changed.
    Connections(Absence),
    /// What the user shows has changed.
    Row,
    /// The home is not here any more, perhaps.
    Home,
}

/// To the registry: something may have changed for this user. Repeats do nothing.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Look {
    /// Who.
    pub(super) user: UserId,
    /// What.
    pub(super) why: Why,
}

/// To the registry, from an entry: nothing is under way any more, or its home has gone. It is stopped, unless it
/// was told to look again meanwhile.
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
    /// Look.
    Look {
        /// At what.
        why: Why,
        /// The number of the look: larger than any before.
        number: u64,
    },
    /// You are not needed any more; the registry sends nothing after this.
    Stop,
}
