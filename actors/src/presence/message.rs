//! What the registry and the entries hear. None of it is answered.

use actix::Message;
use madang_storage::id::UserId;

/// To the registry, from connections: this user's place in the roster may have changed. Repeats do
/// nothing.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Look(pub(super) UserId);

/// To the registry, from an entry: its user is offline. It is stopped, unless the user has come back.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Idle(pub(super) UserId);

/// To an entry, from the registry.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) enum ToEntry {
    /// Look at the roster.
    Look,
    /// You are not needed any more; the registry sends nothing after this.
    Stop,
}
