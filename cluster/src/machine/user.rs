//! What an account decides: that a name is given once, which sessions live, what people see.

mod gone;
pub(super) mod mention;
#[cfg(test)]
mod mention_tests;
mod names;
pub mod people;
#[cfg(test)]
mod people_tests;
mod presence;
#[cfg(test)]
mod presence_tests;
pub(super) mod rooms;
pub(super) mod suspended;
#[cfg(test)]
mod suspended_tests;
#[cfg(test)]
mod tests;

use madang_storage::StorageError;
use madang_storage::id::{SessionId, UserId};
use madang_storage::row::{SessionRow, UserRow, table};

use super::rows::{session_key, user_key};
use super::shard::{Stop, Turn};
use crate::command::{Refusal, Reply, UserOp};
use crate::event::{SessionEnd, ShardEvent};

/// Decides one command. `None` stands for "done".
pub(super) fn decide(turn: &mut Turn<'_, '_>, user: &UserId, op: &UserOp) -> Result<Option<Reply>, Stop> {
    let known: Option<UserRow> = turn.rows.load(table::USER, &user_key(user))?;
    if let UserOp::SignUp { display_name, password_hash, names } = op {
        if known.is_some() {
            return Err(Refusal::UserExists.into());
        }
        let (display_name, password_hash) = (display_name.clone(), password_hash.clone());
        let row = UserRow { display_name, password_hash, created_ms: turn.at_ms, sessions: Vec::new() };
        save(turn, user, &row)?;
        names::rename(turn, user, names)?;
        return Ok(None);
    }
    let mut row = known.ok_or(Refusal::NoUser)?;
    match op {
        UserOp::SignUp { .. } => {}
        UserOp::OpenSession { session, token_hash, device, sessions_max, checked } => {
            if checked.as_ref().is_some_and(|checked| *checked != row.password_hash) {
                return Err(Refusal::PasswordChanged.into());
            }
            if row.sessions.contains(session) {
                return Ok(None);
            }
            suspended::check(turn, user)?;
            let (token_hash, device) = (*token_hash, device.clone());
            let opened = SessionRow { token_hash, device, created_ms: turn.at_ms, seen_ms: turn.at_ms };
            turn.rows.save(table::SESSION, session_key(user, session), &opened)?;
            row.sessions.push(*session);
            let excess = row.sessions.len().saturating_sub(usize::from(*sessions_max).max(1));
            let ended: Vec<SessionId> = row.sessions.drain(..excess).collect();
            end(turn, user, &ended, SessionEnd::DeviceLimit);
        }
        UserOp::CloseSession(session) => {
            let before = row.sessions.len();
            row.sessions.retain(|open| open != session);
            if row.sessions.len() == before {
                return Ok(None);
            }
            end(turn, user, &[*session], SessionEnd::Revoked);
        }
        UserOp::SetPassword { old_hash, new_hash, keep } => {
            if row.password_hash != *old_hash {
                return Err(Refusal::PasswordChanged.into());
            }
            row.password_hash.clone_from(new_hash);
            let (kept, ended) = row.sessions.iter().partition(|session| *session == keep);
            row.sessions = kept;
            end(turn, user, &ended, SessionEnd::Revoked);
        }
        UserOp::SetProfile { display_name, names } => {
            row.display_name.clone_from(display_name);
            names::rename(turn, user, names)?;
        }
        UserOp::SetRoom { room, quiet, pinned } => {
            return rooms::set(turn, user, room, (*quiet, *pinned)).map(|()| None);
        }
        UserOp::People(op) => return people::decide(turn, user, op).map(|()| None),
        UserOp::SeeSession(session) => return Ok(see(turn, user, session).map(|()| None)?),
        UserOp::Presence(op) => return presence::decide(turn, user, op).map(|()| None),
    }
    save(turn, user, &row)?;
    Ok(None)
}

/// Forgets sessions and tells the feed, which closes their sockets.
fn end(turn: &mut Turn<'_, '_>, user: &UserId, sessions: &[SessionId], why: SessionEnd) {
    for session in sessions {
        turn.rows.remove(table::SESSION, session_key(user, session));
        turn.tell(ShardEvent::SessionEnded { user: user.clone(), session: *session, why });
    }
}

/// Writes down when a device was seen, never an earlier time than before.
fn see(turn: &mut Turn<'_, '_>, user: &UserId, session: &SessionId) -> Result<(), StorageError> {
    let key = session_key(user, session);
    let Some(mut row) = turn.rows.load::<SessionRow>(table::SESSION, &key)? else { return Ok(()) };
    row.seen_ms = row.seen_ms.max(turn.at_ms);
    turn.rows.save(table::SESSION, key, &row)
}

fn save(turn: &mut Turn<'_, '_>, user: &UserId, row: &UserRow) -> Result<(), StorageError> {
    turn.rows.save(table::USER, user_key(user), row)
}
