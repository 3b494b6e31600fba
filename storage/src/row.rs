//! The rows of a shard's state: what each table's value holds and how its key is made. Written only
//! by the replicated machines in the cluster crate, read by everybody.
//!
//! Rows are MessagePack arrays. A field is only ever added at the end, with `#[serde(default)]`; a
//! variant's number (its serde name) is never changed and never used again. Golden bytes: `row/golden_tests.rs`.

mod account;
mod content;
mod door;
#[cfg(test)]
mod door_tests;
mod event;
#[cfg(test)]
mod golden_message_tests;
#[cfg(test)]
mod golden_people_tests;
#[cfg(test)]
mod golden_tests;
mod outbox;
mod overlay;
mod people;
mod presence;
mod room;
mod rules;
mod safety;
mod suspension;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use account::{GoneRow, GonesRow, SessionRow, UserRoomRow, UserRow};
pub use content::{Content, Everybody, Extra, Forward, InThread, Media, MediaPlace, Mentions, Switch};
pub use door::{BanRow, LeftRow, Link, LinksRow, SweepRow};
pub use event::{EditedTo, EventBody, EventRow};
pub use outbox::{Effect, Home, OutboxRow};
pub use overlay::{
    EditMark, MentionNumberRow, MentionRow, MyReactionsRow, OverlayRow, Pin, PinsRow, ReactionCount,
    ReactionRow, ThreadMark, VersionRow,
};
pub use people::{BlockRow, Blocked, ContactRow, Findable, PairRow, PeopleRow, Reading, Relation, Side};
pub use presence::{PresenceRow, Status, Visibility};
pub use room::{MemberRow, MemberState, Role, RoomKind, RoomRow, SentRow};
pub use rules::{Feature, Features, Life, Right, Rights, RoomChange, Until};
pub use safety::{
    Act, AuditRow, Quoted, Reason, ReportRow, ReportState, ReportStep, ReportTarget, RoomAct, StaffRole,
    StaffRow,
};
pub use suspension::{SuspendedRow, SuspensionRow};

use crate::error::StorageError;

/// The tables of a shard. Numbers are on disk: never renumber, never use a retired one again.
pub mod table {
    // 6 was the directory of open rooms by id.

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
    /// user → [`super::UserRow`].
    pub const USER: u8 = 7;
    /// user, session → [`super::SessionRow`].
    pub const SESSION: u8 = 8;
    /// user, room → [`super::UserRoomRow`].
    pub const USER_ROOM: u8 = 9;
    /// outbox id → [`super::OutboxRow`].
    pub const OUTBOX: u8 = 10;
    /// user, number → [`super::GoneRow`]: the newest rooms that a user has gone from.
    pub const GONE: u8 = 11;
    /// user → [`super::GonesRow`].
    pub const GONES: u8 = 12;
    /// user → [`super::PresenceRow`].
    pub const PRESENCE: u8 = 60;
    /// room, user → [`super::BanRow`].
    pub const BAN: u8 = 30;
    /// room → [`super::LinksRow`].
    pub const LINKS: u8 = 31;
    /// room, link, user → empty: who has come in by which link.
    pub const LINK_USE: u8 = 32;
    /// room, user → [`super::LeftRow`].
    pub const LEFT: u8 = 33;
    /// a prefix → [`super::SweepRow`].
    pub const SWEEP: u8 = 34;
    /// folded title, 0, room → empty: the directory of open rooms.
    pub const DIRECTORY: u8 = 35;
    /// user, other user → [`super::ContactRow`].
    pub const CONTACT: u8 = 40;
    /// user, other user → [`super::BlockRow`].
    pub const BLOCK: u8 = 41;
    /// direct room → [`super::PairRow`].
    pub const PAIR: u8 = 42;
    /// user → [`super::PeopleRow`].
    pub const PEOPLE: u8 = 43;
    /// folded name, user → empty: whom a search finds.
    pub const NAME: u8 = 44;
    /// folded name, user → empty: whom only those find who share a room with them.
    pub const HIDDEN_NAME: u8 = 51;
    /// user → [`super::StaffRow`].
    pub const STAFF: u8 = 45;
    /// report → [`super::ReportRow`].
    pub const REPORT: u8 = 46;
    /// state, time, report → empty: the moderators' queue.
    pub const REPORT_QUEUE: u8 = 47;
    /// time, number → [`super::AuditRow`].
    pub const AUDIT: u8 = 48;
    /// user → [`super::SuspensionRow`], where the desk is.
    pub const SUSPENSION: u8 = 49;
    /// user → [`super::SuspendedRow`], where the user is.
    pub const SUSPENDED: u8 = 50;
    /// room, seq → [`super::OverlayRow`]: what became of a message.
    pub const OVERLAY: u8 = 20;
    /// room, seq, number → [`super::VersionRow`]: a message before each edit.
    pub const VERSION: u8 = 21;
    /// room, seq, emoji, user → [`super::ReactionRow`]: who reacted.
    pub const REACTION: u8 = 22;
    /// room, user, seq → [`super::MyReactionsRow`].
    pub const MY_REACTIONS: u8 = 23;
    /// room, root, seq → empty: the replies of a thread.
    pub const THREAD: u8 = 24;
    /// room → [`super::PinsRow`].
    pub const PINS: u8 = 25;
    /// user, number → [`super::MentionRow`]: the newest mentions of a user in all rooms.
    pub const MENTION: u8 = 26;
    /// user, room, seq → [`super::MentionNumberRow`]: which mention a message is.
    pub const MENTION_AT: u8 = 27;
    /// user → [`super::MentionNumberRow`]: the newest mention.
    pub const MENTIONS: u8 = 28;

    /// The tables whose keys begin with a room's id and whose rows go with the room.
    pub const OF_A_ROOM: [u8; 12] =
        [ROOM_LOG, SENT, OVERLAY, VERSION, REACTION, MY_REACTIONS, THREAD, PINS, BAN, LINKS, LINK_USE, LEFT];
}

/// Room for most rows at once: an encoder that begins with none grows six times on its way there.
const ROW_BYTES: usize = 192;

/// A value that is stored in one table.
pub trait Row: Serialize + DeserializeOwned {
    /// What the row is called in errors.
    const NAME: &'static str;

    /// The row's bytes.
    fn encode(&self) -> Result<Vec<u8>, StorageError> {
        let mut bytes = Vec::with_capacity(ROW_BYTES);
        rmp_serde::encode::write(&mut bytes, self)
            .map_err(|error| StorageError::Corrupt { what: format!("{}: {error}", Self::NAME) })?;
        Ok(bytes)
    }

    /// Reads a row. Errors: [`StorageError::Corrupt`] names the row.
    fn decode(bytes: &[u8]) -> Result<Self, StorageError> {
        rmp_serde::from_slice(bytes)
            .map_err(|error| StorageError::Corrupt { what: format!("{}: {error}", Self::NAME) })
    }
}
