//! Pushes as frames of `madang.v1+json`, each encoded once for everybody who hears it.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use madang_actors::encoder::{FrameEncoder, Online, Unreadable};
use madang_actors::outbound::frame;
use madang_actors::position::{Cursors, Positions};
use madang_actors::service::{ReadMark, ServiceError, Views};
use madang_cluster::event::RoomEvent;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Blocked, Relation, Until};

use crate::api::Push;
use crate::operations::{contact_state, event_answer, room_answer, until_answer};

/// Writes pushes as JSON.
pub struct JsonFrames {
    views: Views,
    cursors: Cursors,
}

impl JsonFrames {
    /// With rooms as `views` shows them.
    pub fn new(views: Views) -> Self {
        let cursors = views.cursors();
        Self { views, cursors }
    }
}

impl FrameEncoder for JsonFrames {
    fn event(&self, event: &RoomEvent) -> Bytes {
        encode(&Push::Event(event_answer(event)))
    }

    fn room_added<'a>(
        &'a self,
        user: &'a UserId,
        room: &'a RoomId,
    ) -> BoxFuture<'a, Result<Option<Bytes>, Unreadable>> {
        Box::pin(async move {
            match self.views.room(user, room).await {
                Ok(view) => Ok(Some(encode(&Push::RoomAdded(room_answer(view))))),
                Err(ServiceError::NoRoom(_)) => Ok(None),
                Err(error) => Err(Unreadable(error.to_string())),
            }
        })
    }

    fn room_removed(&self, room: &RoomId) -> Bytes {
        encode(&Push::RoomRemoved { room: *room })
    }

    fn read(&self, room: &RoomId, mark: ReadMark) -> Bytes {
        let ReadMark { read_seq, unread, mentions } = mark;
        encode(&Push::Read { room: *room, read_seq, unread, mentions })
    }

    fn my_room(&self, room: &RoomId, quiet: Until, pinned_ms: u64) -> Bytes {
        let (quiet_until_ms, pinned) = (until_answer(quiet), pinned_ms > 0);
        encode(&Push::MyRoom { room: *room, quiet_until_ms, pinned })
    }

    fn receipt(&self, room: &RoomId, user: &UserId, read_seq: u64, received_seq: u64) -> Bytes {
        encode(&Push::Receipt { room: *room, user: user.clone(), read_seq, received_seq })
    }

    fn contact(&self, other: &UserId, relation: Relation, at_ms: u64) -> Bytes {
        encode(&Push::Contact { user: other.clone(), state: contact_state(relation), at_ms })
    }

    fn block(&self, other: &UserId, blocked: Blocked) -> Bytes {
        encode(&Push::Block { user: other.clone(), blocked: blocked == Blocked::Yes })
    }

    fn presence(&self, user: &UserId, online: Online) -> Bytes {
        encode(&Push::Presence { user: user.clone(), online: online == Online::Yes })
    }

    fn cursor(&self, told: &Positions) -> Bytes {
        encode(&Push::Cursor(self.cursors.text(told)))
    }
}

/// A push as a frame.
pub(super) fn encode(push: &Push) -> Bytes {
    match push.to_json() {
        Ok(json) => frame::text(json.as_bytes()),
        Err(error) => {
            // Cannot happen for these types. A sign of life says nothing wrong in the push's place.
            tracing::error!(%error, "a push cannot be written");
            frame::PING
        }
    }
}
