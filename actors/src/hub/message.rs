//! What a hub hears from other threads. None of it is answered unless said so.

use actix::Message;
use bytes::Bytes;
use madang_storage::id::{RoomId, SessionId, UserId};

use crate::outbound::Close;
use crate::position::FeedPos;

/// From the audience: one event of a room, for this thread's sessions in it.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Deliver {
    /// The room.
    pub room: RoomId,
    /// Where the event is logged. None for what is not: it is always delivered.
    pub logged: Option<Logged>,
    /// The encoded frame.
    pub frame: Bytes,
    /// How soon.
    pub pace: Pace,
}

/// How soon a frame goes to a room's sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As soon as it can, with whatever waits for the room.
    AtOnce,
    /// With all that comes within a tenth of a second or while a run is under way, as one frame.
    Gathered,
    /// It stands for the event and all before it; about once a second, unless a newer one takes its place.
    Head,
}

/// Where an event is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logged {
    /// In its room; an event at or before the last one delivered is dropped as a repeat.
    pub seq: u64,
    /// In the feed of its shard.
    pub at: FeedPos,
}

/// From an audience: everything through this place of its shard's feed was sent before this message, if it is
/// for this thread's sessions.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Reached(pub FeedPos);

/// From anybody: a frame for all of a user's sessions on this thread.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct DeliverUser {
    /// The user.
    pub user: UserId,
    /// What the frame tells has this place in a feed, if it has one.
    pub at: Option<FeedPos>,
    /// The encoded frame.
    pub frame: Bytes,
}

/// From whoever hears of membership: all of the user's sessions on this thread enter the room. Repeats
/// do nothing.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct JoinUser {
    /// The user.
    pub user: UserId,
    /// The room.
    pub room: RoomId,
}

/// From whoever hears of membership: all of the user's sessions on this thread leave the room, after they
/// got what was delivered before (but a head that waits). Repeats do nothing.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct LeaveUser {
    /// The user.
    pub user: UserId,
    /// The room.
    pub room: RoomId,
}

/// From whoever looked a user's rooms up: puts all of the user's sessions on this thread where they belong.
/// Answered with the rooms in which that changed anything.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Vec<RoomId>")]
pub struct SetPlaces {
    /// The user.
    pub user: UserId,
    /// Where the user is, and where not.
    pub places: Vec<(RoomId, Place)>,
}

/// Whether a user's sessions belong into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// They hear it.
    In,
    /// They don't.
    Out,
}

/// From the account service: ends the connections of one session (log-out, revocation).
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct CloseSession {
    /// The session.
    pub session: SessionId,
    /// What the close frame says.
    pub close: Close,
}

/// From presence: a line about a user for whoever of this thread is in these rooms, but the user. Told with
/// others like it, a moment later.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Notice {
    /// The user.
    pub about: UserId,
    /// The rooms.
    pub rooms: Vec<RoomId>,
    /// Sessions of these are told in any case.
    pub users: Vec<UserId>,
    /// Sessions of these are not told.
    pub except: Vec<UserId>,
    /// What is said.
    pub line: Bytes,
}

/// From typing: a frame for whoever of this thread is in the room now, but one session. It is the first that
/// overload drops.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Passing {
    /// The room.
    pub room: RoomId,
    /// Who is not told.
    pub except: SessionId,
    /// The encoded frame.
    pub frame: Bytes,
}

/// From audiences: answered once all that was sent before it is handled, for mailboxes keep their order.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Handled;
