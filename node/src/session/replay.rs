//! What a session missed, as the pushes it would have heard.

use madang_actors::service::Missed;

use crate::api::Push;
use crate::operations::{event_answer, room_answer};

/// First the list of rooms, then what was logged in them.
pub(super) fn pushes(missed: Missed) -> impl Iterator<Item = Push> {
    let Missed { removed, added, events, told: _ } = missed;
    let removed = removed.into_iter().map(|room| Push::RoomRemoved { room });
    let added = added.into_iter().map(|view| Push::RoomAdded(room_answer(view)));
    let events = events.into_iter().map(|event| Push::Event(event_answer(&event)));
    removed.chain(added).chain(events)
}
