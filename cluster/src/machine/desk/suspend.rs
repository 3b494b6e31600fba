//! Keeping a user out of the whole cluster, for a time or for good.

use madang_storage::StorageError;
use madang_storage::id::UserId;
use madang_storage::row::{Act, Effect, StaffRow, SuspendedRow, SuspensionRow, Until, table};

use crate::command::Refusal;
use crate::machine::rows::user_key;
use crate::machine::shard::{Stop, Turn};

/// Suspends somebody who is not of the staff. Again with other words: these hold from now on.
pub(super) fn suspend(
    turn: &mut Turn<'_, '_>,
    by: &UserId,
    user: &UserId,
    (until, reason): (Until, &str),
) -> Result<(), Stop> {
    if user == by {
        return Err(Refusal::Yourself.into());
    }
    let key = user_key(user);
    if turn.rows.load::<StaffRow>(table::STAFF, &key)?.is_some() {
        return Err(Refusal::OfStaff.into());
    }
    let known: Option<SuspensionRow> = turn.rows.load(table::SUSPENSION, &key)?;
    if known.is_some_and(|known| known.until == until && known.reason == reason) {
        return Ok(());
    }
    let row = SuspensionRow { by: by.clone(), at_ms: turn.at_ms, until, reason: reason.to_owned() };
    turn.rows.save(table::SUSPENSION, key, &row)?;
    turn.audit(by, Act::Suspended { user: user.clone(), until, reason: reason.to_owned() })?;
    Ok(tell(turn, user, until, reason)?)
}

/// Lets somebody in again. Nothing to lift is fine.
pub(super) fn restore(turn: &mut Turn<'_, '_>, by: &UserId, user: &UserId) -> Result<(), StorageError> {
    let key = user_key(user);
    if !turn.rows.has(table::SUSPENSION, &key)? {
        return Ok(());
    }
    turn.rows.remove(table::SUSPENSION, key);
    turn.audit(by, Act::Restored { user: user.clone() })?;
    tell(turn, user, Until::OVER, "")
}

/// Tells the user's own shard. Each telling follows an act of its own, whose number orders them.
fn tell(turn: &mut Turn<'_, '_>, user: &UserId, until: Until, reason: &str) -> Result<(), StorageError> {
    let now = SuspendedRow { until, reason: reason.to_owned(), version: turn.acts() };
    turn.effect(Effect::Suspended { user: user.clone(), now })
}
