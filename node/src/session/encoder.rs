//! Pushes as frames of `madang.v1+json`, each encoded once for everybody who hears it.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use madang_actors::encoder::{FrameEncoder, Online, Unreadable};
use madang_actors::outbound::frame;
use madang_actors::position::{Cursors, Positions};
use madang_actors::service::{ServiceError, Views};
use madang_cluster::event::RoomEvent;
use madang_storage::id::{RoomId, UserId};

use crate::api::Push;
use crate::operations::{event_answer, room_answer};

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

    fn read(&self, room: &RoomId, read_seq: u64, unread: u64) -> Bytes {
        encode(&Push::Read { room: *room, read_seq, unread })
    }

    fn presence(&self, user: &UserId, online: Online) -> Bytes {
        encode(&Push::Presence { user: user.clone(), online: online == Online::Yes })
    }

    fn cursor(&self, told: &Positions) -> Bytes {
        encode(&Push::Cursor(self.cursors.text(told)))
    }

    fn drain(&self, reconnect_after_ms: u64) -> Bytes {
        encode(&Push::Drain { reconnect_after_ms })
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
