//! What a user shows of being there.

use madang_storage::id::UserId;
use madang_storage::row::{PresenceRow, table};

use crate::command::{PresenceOp, StatusChange};
use crate::event::ShardEvent;
use crate::machine::rows::user_key;
use crate::machine::shard::{Stop, Turn};

/// Decides one command of a user who has an account. What changes nothing tells nobody.
pub(super) fn decide(turn: &mut Turn<'_, '_>, user: &UserId, op: &PresenceOp) -> Result<(), Stop> {
    let key = user_key(user);
    let known: PresenceRow = turn.rows.load(table::PRESENCE, &key)?.unwrap_or_default();
    let mut row = known.clone();
    match op {
        PresenceOp::Show { visibility, status } => {
            row.visibility = visibility.unwrap_or(known.visibility);
            match status {
                Some(StatusChange::Set(status)) => row.status = Some(status.clone()),
                Some(StatusChange::Clear) => row.status = None,
                None => {}
            }
        }
        // News of an older home may come late.
        PresenceOp::Gone { last_active_ms } => row.last_active_ms = known.last_active_ms.max(*last_active_ms),
    }
    if row == known {
        return Ok(());
    }
    turn.rows.save(table::PRESENCE, key, &row)?;
    if matches!(op, PresenceOp::Show { .. }) {
        turn.tell(ShardEvent::Presence { user: user.clone(), row });
    }
    Ok(())
}
