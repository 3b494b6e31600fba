//! How pushes become frames: handed down by whoever knows the client protocol's JSON.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use madang_cluster::event::RoomEvent;
use madang_storage::id::{RoomId, UserId};

use crate::position::Positions;

/// Whether a user is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Online {
    /// With at least one live session, or gone for less than the grace period.
    Yes,
    /// Gone.
    #[default]
    No,
}

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
    fn read(&self, room: &RoomId, read_seq: u64, unread: u64) -> Bytes;

    /// `presence`: somebody came or went.
    fn presence(&self, user: &UserId, online: Online) -> Bytes;

    /// `cursor`: everything through here was told.
    fn cursor(&self, told: &Positions) -> Bytes;

    /// `drain`: the node is about to stop.
    fn drain(&self, reconnect_after_ms: u64) -> Bytes;
}
