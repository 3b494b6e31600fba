//! The list of what called a user, in all rooms: the newest, by number. Told by the rooms' shards at least
//! once, in any order.

use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{MentionNumberRow, MentionRow, Switch, table};

use crate::machine::rows::{mention_at_key, mention_key, user_key};
use crate::machine::shard::{Stop, Turn};

/// How many are kept; each further one drives out the oldest.
pub(super) const MENTIONS_MAX: u64 = 1_000;

/// The message at `seq` of `room` calls the user, or does so no longer, since the event at `room_seq`. News that
/// is not newer than what is known is a repeat, or was overtaken. The end of what is not known is not kept: it
/// would drive out what calls. Should its beginning come later, readers find that the message names others.
pub(in crate::machine) fn take(
    turn: &mut Turn<'_, '_>,
    user: &UserId,
    (room, seq): (&RoomId, u64),
    state: Switch,
    room_seq: u64,
) -> Result<(), Stop> {
    let at = mention_at_key(user, room, seq);
    let known: Option<MentionNumberRow> = turn.rows.load(table::MENTION_AT, &at)?;
    if let Some(MentionNumberRow { number }) = known
        && let Some(row) = turn.rows.load::<MentionRow>(table::MENTION, &mention_key(user, number))?
    {
        if row.room_seq < room_seq {
            let row = MentionRow { state, room_seq, ..row };
            turn.rows.save(table::MENTION, mention_key(user, number), &row)?;
        }
        return Ok(());
    }
    if state == Switch::Off {
        return Ok(());
    }
    let newest: MentionNumberRow = turn.rows.load(table::MENTIONS, &user_key(user))?.unwrap_or_default();
    let number = newest.number + 1;
    turn.rows.save(table::MENTIONS, user_key(user), &MentionNumberRow { number })?;
    turn.rows.save(table::MENTION_AT, at, &MentionNumberRow { number })?;
    let row = MentionRow { room: *room, seq, state, room_seq };
    turn.rows.save(table::MENTION, mention_key(user, number), &row)?;
    drop_oldest(turn, user, number)
}

/// Lets go what is further back than the list reaches.
fn drop_oldest(turn: &mut Turn<'_, '_>, user: &UserId, newest: u64) -> Result<(), Stop> {
    let Some(oldest) = newest.checked_sub(MENTIONS_MAX) else { return Ok(()) };
    let key = mention_key(user, oldest);
    if let Some(row) = turn.rows.load::<MentionRow>(table::MENTION, &key)? {
        turn.rows.remove(table::MENTION_AT, mention_at_key(user, &row.room, row.seq));
        turn.rows.remove(table::MENTION, key);
    }
    Ok(())
}
