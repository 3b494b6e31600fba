//! The rows of a shard's state: what each table's value holds and how its key is made. Written only
//! by the replicated machines in the cluster crate, read by everybody.
//!
//! Rows are MessagePack arrays. A field is only ever added at the end, with `#[serde(default)]`; a
//! variant's number (its serde name) is never changed and never used again. Golden bytes: `row/golden_tests.rs`.

mod account;
mod event;
#[cfg(test)]
mod golden_tests;
mod outbox;
mod presence;
mod room;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use account::{SessionRow, UserRoomRow, UserRow};
pub use event::{EventBody, EventRow};
pub use outbox::{Effect, OutboxRow};
pub use presence::{PresenceRow, Status, Visibility};
pub use room::{MemberRow, MemberState, Role, RoomKind, RoomRow, SentRow};

use crate::error::StorageError;

/// The tables of a shard. Numbers are on disk: never renumber, never use a retired one again.
pub mod table {
    /// Applied raft position, membership, event counter.
    pub const SHARD: u8 = 1;
    /// room → [`super::RoomRow`].
    pub const ROOM: u8 = 2;
    /// room, user → [`super::MemberRow`].
    pub const MEMBER: u8 = 3;
    /// room, seq → [`super::EventRow`].
    pub const ROOM_LOG: u8 = 4;
    /// room, user, cid → [`super::SentRow`]: the memory of sends.
    pub const SENT: u8 = 5;
    /// room → empty: the directory of open rooms.
    pub const OPEN_ROOM: u8 = 6;
    /// user → [`super::UserRow`].
    pub const USER: u8 = 7;
    /// user, session → [`super::SessionRow`].
    pub const SESSION: u8 = 8;
    /// user, room → [`super::UserRoomRow`].
    pub const USER_ROOM: u8 = 9;
    /// outbox id → [`super::OutboxRow`].
    pub const OUTBOX: u8 = 10;
    /// user → [`super::PresenceRow`].
    pub const PRESENCE: u8 = 60;
}

/// A value that is stored in one table.
pub trait Row: Serialize + DeserializeOwned {
    /// What the row is called in errors.
    const NAME: &'static str;

    /// The row's bytes.
    fn encode(&self) -> Result<Vec<u8>, StorageError> {
        rmp_serde::to_vec(self)
            .map_err(|error| StorageError::Corrupt { what: format!("{}: {error}", Self::NAME) })
    }

    /// Reads a row. Errors: [`StorageError::Corrupt`] names the row.
    fn decode(bytes: &[u8]) -> Result<Self, StorageError> {
        rmp_serde::from_slice(bytes)
            .map_err(|error| StorageError::Corrupt { what: format!("{}: {error}", Self::NAME) })
    }
}
