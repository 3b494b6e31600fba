//! That a user may not use this cluster: decided by the desk, held to here, where the user logs in.

use madang_storage::StorageError;
use madang_storage::id::UserId;
use madang_storage::row::{SuspendedRow, UserRow, table};

use crate::command::Refusal;
use crate::event::SessionEnd;
use crate::machine::rows::user_key;
use crate::machine::shard::{Stop, Turn};

/// What the desk decided. What is not newer than what is known is a repeat, or was overtaken.
pub(in crate::machine) fn take(
    turn: &mut Turn<'_, '_>,
    user: &UserId,
    now: &SuspendedRow,
) -> Result<(), StorageError> {
    let key = user_key(user);
    let known: SuspendedRow = turn.rows.load(table::SUSPENDED, &key)?.unwrap_or_default();
    if known.version >= now.version {
        return Ok(());
    }
    turn.rows.save(table::SUSPENDED, key.clone(), now)?;
    if !now.until.holds(turn.at_ms) {
        return Ok(());
    }
    let Some(mut row) = turn.rows.load::<UserRow>(table::USER, &key)? else { return Ok(()) };
    let sessions = std::mem::take(&mut row.sessions);
    super::end(turn, user, &sessions, SessionEnd::Suspended);
    super::save(turn, user, &row)
}

/// Refuses a login while it holds.
pub(super) fn check(turn: &Turn<'_, '_>, user: &UserId) -> Result<(), Stop> {
    let row: Option<SuspendedRow> = turn.rows.load(table::SUSPENDED, &user_key(user))?;
    match row.filter(|row| row.until.holds(turn.at_ms)) {
        Some(SuspendedRow { until, reason, .. }) => {
            Err(Refusal::Suspended { reason, retry_after_ms: until.left_ms(turn.at_ms) }.into())
        }
        None => Ok(()),
    }
}
