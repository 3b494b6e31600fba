//! Pushes as frames of `madang.v1+json`, each encoded once for everybody who hears it.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use madang_actors::encoder::{FrameEncoder, Unreadable};
use madang_actors::outbound::frame;
use madang_actors::position::{Cursors, Positions};
use madang_actors::presence::Shown;
use madang_actors::service::{ReadMark, ServiceError, Views};
use madang_actors::shed::{Class, Level};
use madang_actors::typing::Typing;
use madang_cluster::event::RoomEvent;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Blocked, PresenceRow, Relation, Until};

use crate::api::Push;
use crate::operations::{
    contact_state, event_answer, my_presence_answer, presence_answer, room_answer, until_answer,
};

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

    fn presence(&self, user: &UserId, shown: &Shown) -> Bytes {
        line(&Push::Presence(presence_answer(user, shown))).into()
    }

    fn lines(&self, lines: &[Bytes]) -> Bytes {
        frame::text(&lines.join(&b'\n'))
    }

    fn my_presence(&self, row: &PresenceRow) -> Bytes {
        encode(&Push::MyPresence(my_presence_answer(row)))
    }

    fn typing(&self, room: &RoomId, user: &UserId, typing: Typing) -> Bytes {
        encode(&Push::Typing { room: *room, user: user.clone(), on: typing == Typing::On })
    }

    fn shed(&self, room: &RoomId, level: Level, taken: &[Class], spread_ms: u64) -> Bytes {
        let shed = taken.iter().map(|class| class.name()).collect();
        encode(&Push::Shed { room: *room, level: level.map_or("none", Class::name), shed, spread_ms })
    }

    fn head(&self, room: &RoomId, last_seq: u64) -> Bytes {
        encode(&Push::Head { room: *room, last_seq })
    }

    fn size(&self, room: &RoomId, members: u64) -> Bytes {
        encode(&Push::Size { room: *room, members })
    }

    fn cursor(&self, told: &Positions) -> Bytes {
        encode(&Push::Cursor(self.cursors.text(told)))
    }
}

/// A push as a frame.
pub(super) fn encode(push: &Push) -> Bytes {
    frame::text(line(push).as_bytes())
}

/// A push as a line of a frame.
fn line(push: &Push) -> String {
    push.to_json().unwrap_or_else(|error| {
        // Cannot happen for these types. A sign of life says nothing wrong in the push's place.
        tracing::error!(%error, "a push cannot be written");
        "{}".to_owned()
    })
}
