//! Giving roles, and handing a room over.

use madang_storage::id::UserId;
use madang_storage::row::{EventBody, MemberRow, MemberState, Role, Until};

use super::rights::Deed;
use super::{Place, save_member};
use crate::command::Refusal;
use crate::machine::shard::{Stop, Turn};

/// Gives a role to a member who is inside: a lesser one than one's own, to somebody of a lesser one. The
/// owner may also hand the room over, and is an admin from then on.
pub(super) fn set_role(
    turn: &mut Turn<'_, '_>,
    place: &mut Place<'_>,
    target: &UserId,
    role: Role,
) -> Result<(), Stop> {
    place.not_direct()?;
    place.may(Deed::GiveRole)?;
    let row = place.other(turn, target)?.filter(|row| row.state == MemberState::Joined);
    let row = row.ok_or(Refusal::NotMember)?;
    if row.role == role {
        return Ok(());
    }
    // Not to oneself either: there is always exactly one owner, and handing over is the only way out.
    place.outranks(&row)?;
    let me = place.joined()?.clone();
    let hands_over = me.role == Role::Owner && role == Role::Owner;
    if me.role <= role && !hands_over {
        return Err(Refusal::Forbidden.into());
    }
    give(turn, place, target, row, role)?;
    if hands_over {
        give(turn, place, &place.user.clone(), me, Role::Admin)?;
    }
    Ok(())
}

fn give(
    turn: &mut Turn<'_, '_>,
    place: &mut Place<'_>,
    target: &UserId,
    mut row: MemberRow,
    role: Role,
) -> Result<(), Stop> {
    row.role = role;
    if role == Role::Owner {
        // Nobody could take it back.
        row.muted = Until::OVER;
    }
    save_member(turn, place.room, target, &row)?;
    let body = EventBody::Role { target: target.clone(), role };
    turn.log(place.room, &mut place.head, place.user, body)?;
    Ok(())
}
