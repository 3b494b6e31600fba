//! What became true: the feed's items, on every replica, in the order of the log.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use madang_storage::id::{RoomId, SessionId, ShardId, UserId};
use madang_storage::row::{
    Blocked, EventBody, EventRow, MemberState, OverlayRow, PresenceRow, Relation, Until,
};
use serde::{Deserialize, Serialize};

/// Everything that one write to the state made true, in order.
#[derive(Debug, Clone)]
pub struct FeedBatch {
    /// Which shard.
    pub shard: ShardId,
    /// The events.
    pub events: Arc<Vec<ShardEvent>>,
}

/// Something that became true in a shard. Goes between nodes: a variant's number (its serde name) stays for
/// good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShardEvent {
    #[serde(rename = "1")]
    /// A room's log grew. Order: by `seq` within the room, without holes.
    Room(Arc<RoomEvent>),
    #[serde(rename = "2")]
    /// A user's place in a room changed, as the user's shard knows it.
    UserRoom {
        /// Whose list.
        user: UserId,
        /// Which room.
        room: RoomId,
        /// The new state; `None`: no longer there.
        state: Option<MemberState>,
        /// Position in the shard's feed.
        pos: u64,
    },
    #[serde(rename = "3")]
    /// A user read on, on some device.
    Read {
        /// Who.
        user: UserId,
        /// Which room.
        room: RoomId,
        /// Everything up to this seq is read.
        read_seq: u64,
        /// How many messages are not.
        unread: u64,
        /// How many of them call the user.
        #[serde(default)]
        mentions: u64,
    },
    #[serde(rename = "4")]
    /// A session was ended.
    SessionEnded {
        /// Whose.
        user: UserId,
        /// Which.
        session: SessionId,
        /// Why.
        #[serde(default)]
        why: SessionEnd,
    },
    #[serde(rename = "5")]
    /// Effects wait in the outbox.
    Outbox,
    #[serde(rename = "6")]
    /// Something became true that this feed does not tell: whoever listens looks the state up.
    Skipped,
    #[serde(rename = "40")]
    /// Something is to be swept away.
    Sweep,
    #[serde(rename = "41")]
    /// A user set a room up for themself, for the user's devices.
    MyRoom {
        /// Who.
        user: UserId,
        /// Which room.
        room: RoomId,
        /// Until when it is to be quiet.
        quiet: Until,
        /// When it was pinned, milliseconds since the epoch; 0: it is not.
        pinned_ms: u64,
    },
    #[serde(rename = "60")]
    /// How far a member has read or received, for the other members.
    Receipt {
        /// Who.
        user: UserId,
        /// In which room.
        room: RoomId,
        /// Everything up to this seq is read, as far as the others may know.
        read_seq: u64,
        /// Everything up to this seq has reached a device.
        received_seq: u64,
    },
    #[serde(rename = "61")]
    /// Somebody is something else to a user than before, for the user's devices.
    Contact {
        /// Whose list.
        user: UserId,
        /// Who.
        other: UserId,
        /// What they are to each other now.
        relation: Relation,
        /// Since when, milliseconds since the epoch.
        at_ms: u64,
    },
    #[serde(rename = "62")]
    /// A user blocks somebody, or does so no longer, for the user's devices.
    Block {
        /// Whose list.
        user: UserId,
        /// Whom.
        other: UserId,
        /// Whether it holds.
        blocked: Blocked,
    },
    #[serde(rename = "90")]
    /// A user changed what others see of being there.
    Presence {
        /// Who.
        user: UserId,
        /// What holds now.
        row: PresenceRow,
    },
}

/// Why a session was ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionEnd {
    /// Its user wanted it.
    #[default]
    #[serde(rename = "1")]
    Revoked,
    /// The user has logged in on more devices than there may be.
    #[serde(rename = "2")]
    DeviceLimit,
    /// The staff suspended the user.
    #[serde(rename = "3")]
    Suspended,
}

/// One entry of a room's log, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomEvent {
    /// Which room.
    pub room: RoomId,
    /// Where in its log, from 1.
    pub seq: u64,
    /// What.
    pub row: EventRow,
    /// What hangs on it now, for a message that was read from the state.
    #[serde(default)]
    pub overlay: Option<Box<OverlayRow>>,
    /// What became of older entries of the log by it. In the feed only.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// How it looks to readers.
    #[serde(skip)]
    pub shown: Shown,
}

impl RoomEvent {
    /// An entry with nothing beside it.
    pub fn new(room: RoomId, seq: u64, row: EventRow) -> Self {
        Self { room, seq, row, overlay: None, changes: Vec::new(), shown: Shown::default() }
    }

    /// Follows what became of it later.
    pub fn amend(&mut self, change: &Change) {
        self.shown = Shown::default();
        self.overlay.clone_from(&change.overlay);
        if let Some(body) = &change.body {
            self.row.body.clone_from(body);
            // An edit that is rewritten was overtaken: what it changed was changed again.
            self.changes = Vec::new();
        }
    }

    /// About how many bytes it takes beside what every event has.
    pub fn weight(&self) -> usize {
        const CHANGE: usize = 64;
        let bodies = self.changes.iter().filter_map(|change| change.body.as_ref());
        let overlay = self.overlay.as_ref().map_or(0, |overlay| 32 * (1 + overlay.reactions.len()));
        let changes = self.changes.len() * CHANGE + bodies.map(EventBody::weight).sum::<usize>();
        self.row.body.weight() + overlay + changes
    }
}

/// Where whoever shows an event keeps how it looks, so that it is written once for all who read it. It stays with one
/// copy of the event in memory: never sent, not copied, and equal to any other.
#[derive(Default)]
pub struct Shown(OnceLock<Box<dyn Any + Send + Sync>>);

impl Shown {
    /// How it looks; made by the first who asks. `None` if somebody keeps another kind of thing here.
    pub fn get_or<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Box::new(make())).downcast_ref()
    }
}

impl Clone for Shown {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Shown {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Shown {}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.get().is_some() { "Shown" } else { "not shown" })
    }
}

/// What became of an entry of a room's log, so that copies in memory can follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which entry.
    pub seq: u64,
    /// What it says from now on, if it was rewritten.
    pub body: Option<EventBody>,
    /// What hangs on it from now on.
    pub overlay: Option<Box<OverlayRow>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_an_event_looks_is_made_once_and_again_after_it_was_rewritten() {
        let user = UserId::parse("minji").unwrap();
        let row = EventRow { at_ms: 1, user, body: EventBody::Joined, messages: 0, pos: 1 };
        let mut event = RoomEvent::new(RoomId([1; 16]), 3, row);
        assert_eq!(event.shown.get_or(|| 1), Some(&1));
        assert_eq!(event.shown.get_or(|| 2), Some(&1));
        assert_eq!(event.shown.get_or(|| "another kind"), None);
        assert_eq!(event.clone().shown.get_or(|| 3), Some(&3), "a copy has not been shown");
        event.amend(&Change { seq: 3, body: Some(EventBody::Left), overlay: None });
        assert_eq!((event.shown.get_or(|| 4), event.row.body), (Some(&4), EventBody::Left));
    }
}
