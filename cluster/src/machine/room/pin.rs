//! Pinning messages.

use madang_storage::StorageError;
use madang_storage::id::RoomId;
use madang_storage::row::{EventBody, Pin, PinsRow, Right, Switch, table};

use super::rights::Deed;
use super::{Place, message};
use crate::command::{Refusal, Reply};
use crate::machine::rows::room_key;
use crate::machine::shard::{Stop, Turn};

/// How many messages of a room may be pinned.
pub const PINS_MAX: usize = 50;

/// Pins a message or takes it off. What is so already is fine.
pub(super) fn pin(
    turn: &mut Turn<'_, '_>,
    mut place: Place<'_>,
    target: u64,
    to: Switch,
) -> Result<Reply, Stop> {
    place.may(Deed::Use(Right::Pin))?;
    message::find_alive(turn, place.room, target)?;
    let mut overlay = message::overlay(turn, place.room, target)?;
    match (to, overlay.pinned_ms) {
        (Switch::On, Some(_)) | (Switch::Off, None) => return Ok(message::already(&place)),
        (Switch::On, None) => {
            let at_ms = turn.time(&place.head);
            put_on(turn, &place, target, at_ms)?;
            overlay.pinned_ms = Some(at_ms);
        }
        (Switch::Off, Some(_)) => {
            take_off(turn, place.room, target)?;
            overlay.pinned_ms = None;
        }
    }
    let changes = vec![message::save_overlay(turn, place.room, target, overlay, None)?];
    let body = EventBody::Pinned { target, to };
    turn.log_changing(place.room, &mut place.head, place.user, body, changes)?;
    Ok(message::logged(&place))
}

fn put_on(turn: &mut Turn<'_, '_>, place: &Place<'_>, seq: u64, at_ms: u64) -> Result<(), Stop> {
    let mut row = load(turn, place.room)?;
    if row.pins.len() >= PINS_MAX {
        let what = "pinned messages in this room".to_owned();
        return Err(Refusal::TooMany { what, max: PINS_MAX as u64 }.into());
    }
    row.pins.push(Pin { seq, user: place.user.clone(), at_ms });
    Ok(turn.rows.save(table::PINS, room_key(place.room), &row)?)
}

/// Takes a message off the room's list.
pub(super) fn take_off(turn: &mut Turn<'_, '_>, room: &RoomId, seq: u64) -> Result<(), StorageError> {
    let mut row = load(turn, room)?;
    row.pins.retain(|pin| pin.seq != seq);
    turn.rows.save(table::PINS, room_key(room), &row)
}

fn load(turn: &Turn<'_, '_>, room: &RoomId) -> Result<PinsRow, StorageError> {
    Ok(turn.rows.load(table::PINS, &room_key(room))?.unwrap_or_default())
}
