//! The desk: who is of the staff, what becomes of reports, and who is suspended. One shard decides it all, so
//! that whoever acts has the right to at that very moment.

mod report;
mod suspend;
#[cfg(test)]
mod tests;

use madang_storage::StorageError;
use madang_storage::id::UserId;
use madang_storage::row::{Act, StaffRole, StaffRow, table};

use super::rows::user_key;
use super::shard::{Stop, Turn};
use crate::command::{Refusal, SafetyOp, Standing};

/// Decides one command.
pub(super) fn decide(
    turn: &mut Turn<'_, '_>,
    by: &UserId,
    standing: Standing,
    op: &SafetyOp,
) -> Result<(), Stop> {
    match op {
        SafetyOp::Report { report, target, reason, note, context } => {
            let words = report::Words { target, reason: *reason, note, context };
            Ok(report::take_in(turn, *report, by, &words)?)
        }
        SafetyOp::Move { report, to, note } => {
            let rank = rank(turn, by, standing)?;
            report::advance(turn, *report, (by, rank), *to, note)
        }
        SafetyOp::Appoint { user, role } => {
            if rank(turn, by, standing)? < StaffRole::Admin {
                return Err(Refusal::NotStaff.into());
            }
            Ok(appoint(turn, by, user, *role)?)
        }
        SafetyOp::Suspend { user, until, reason } => {
            rank(turn, by, standing)?;
            suspend::suspend(turn, by, user, (*until, reason))
        }
        SafetyOp::Restore(user) => {
            rank(turn, by, standing)?;
            Ok(suspend::restore(turn, by, user)?)
        }
    }
}

/// What whoever asks may do.
fn rank(turn: &Turn<'_, '_>, by: &UserId, standing: Standing) -> Result<StaffRole, Stop> {
    if standing == Standing::Named {
        return Ok(StaffRole::Admin);
    }
    let row: Option<StaffRow> = turn.rows.load(table::STAFF, &user_key(by))?;
    Ok(row.ok_or(Refusal::NotStaff)?.role)
}

fn appoint(
    turn: &mut Turn<'_, '_>,
    by: &UserId,
    user: &UserId,
    role: Option<StaffRole>,
) -> Result<(), StorageError> {
    let key = user_key(user);
    let known: Option<StaffRow> = turn.rows.load(table::STAFF, &key)?;
    if known.map(|known| known.role) == role {
        return Ok(());
    }
    match role {
        Some(role) => {
            let row = StaffRow { role, at_ms: turn.at_ms, by: by.clone() };
            turn.rows.save(table::STAFF, key, &row)?;
        }
        None => turn.rows.remove(table::STAFF, key),
    }
    turn.audit(by, Act::Appointed { user: user.clone(), role })
}
