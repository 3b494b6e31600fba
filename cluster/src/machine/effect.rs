//! News from another shard's outbox. It may come late, twice, and in any order: what is not newer than what
//! is known here is dropped by whoever it is for.

use madang_storage::row::Effect;

use super::shard::{Stop, Turn};
use super::user::{mention, people, rooms, suspended};
use super::{pair, room};

/// Takes it over.
pub(super) fn take(turn: &mut Turn<'_, '_>, effect: &Effect) -> Result<(), Stop> {
    match effect {
        Effect::UserRoom { user, room, state, room_seq, by, at_ms } => {
            let (room_seq, at_ms) = (*room_seq, *at_ms);
            let place = rooms::NewPlace { room, state: *state, room_seq, by: by.as_ref(), at_ms };
            Ok(rooms::take(turn, user, &place)?)
        }
        Effect::Contact { from, to, side } => Ok(people::take(turn, from, to, *side)?),
        Effect::PairBlock { room, by, other, blocked, version } => {
            Ok(pair::take(turn, room, (by, other), (*blocked, *version))?)
        }
        Effect::Mention { user, room, seq, state, room_seq } => {
            mention::take(turn, user, (room, *seq), *state, *room_seq)
        }
        Effect::Suspended { user, now } => Ok(suspended::take(turn, user, now)?),
        Effect::Declined { room, user, room_seq } => room::declined(turn, room, user, *room_seq),
    }
}
