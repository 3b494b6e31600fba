//! How pushes become frames: handed down by whoever knows the client protocol's JSON.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use madang_cluster::event::RoomEvent;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Blocked, PresenceRow, Relation, Until};

use crate::position::Positions;
use crate::presence::Shown;
use crate::service::ReadMark;
use crate::shed::{Class, Level};
use crate::typing::Typing;

/// A room could not be read, so it cannot be shown now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the room cannot be shown: {0}")]
pub struct Unreadable(pub String);

/// Encodes each push once, as the frame that goes to every connection as it is.
pub trait FrameEncoder: Send + Sync + 'static {
    /// `event`: something was logged.
    fn event(&self, event: &RoomEvent) -> Bytes;

    /// `room_added`, as this user sees the room, with all that was acknowledged in it before the call;
    /// `None` if there is nothing to show (any more).
    fn room_added<'a>(
        &'a self,
        user: &'a UserId,
        room: &'a RoomId,
    ) -> BoxFuture<'a, Result<Option<Bytes>, Unreadable>>;

    /// `room_removed`.
    fn room_removed(&self, room: &RoomId) -> Bytes;

    /// `read`: the user read on, on another device.
    fn read(&self, room: &RoomId, mark: ReadMark) -> Bytes;

    /// `my_room`: the user set a room up for themself.
    fn my_room(&self, room: &RoomId, quiet: Until, pinned_ms: u64) -> Bytes;

    /// `receipt`: how far a member of a room has read and received.
    fn receipt(&self, room: &RoomId, user: &UserId, read_seq: u64, received_seq: u64) -> Bytes;

    /// `contact`: somebody is something else to the user than before.
    fn contact(&self, other: &UserId, relation: Relation, at_ms: u64) -> Bytes;

    /// `block`: the user blocks somebody, or does so no longer.
    fn block(&self, other: &UserId, blocked: Blocked) -> Bytes;

    /// `presence`: somebody came or went. One line of a frame.
    fn presence(&self, user: &UserId, shown: &Shown) -> Bytes;

    /// A frame of several lines.
    fn lines(&self, lines: &[Bytes]) -> Bytes;

    /// `my_presence`: the user changed what others see, on some device.
    fn my_presence(&self, row: &PresenceRow) -> Bytes;

    /// `typing`: somebody writes in a room, or has stopped to.
    fn typing(&self, room: &RoomId, user: &UserId, typing: Typing) -> Bytes;

    /// `shed`: how far up the ladder of shedding a room is, and what is taken from it.
    fn shed(&self, room: &RoomId, level: Level, taken: &[Class], spread_ms: u64) -> Bytes;

    /// `head`: a room's log goes through here; what of it was not pushed is to be read.
    fn head(&self, room: &RoomId, last_seq: u64) -> Bytes;

    /// `size`: how many have joined a room.
    fn size(&self, room: &RoomId, members: u64) -> Bytes;

    /// `cursor`: everything through here was told.
    fn cursor(&self, told: &Positions) -> Bytes;
}
