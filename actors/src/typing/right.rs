//! Whether a room may be told that somebody types. No machine decides it, since it is in no log; so it
//! follows the rows as the leader of the room's shard has them now.

use std::time::{SystemTime, UNIX_EPOCH};

use madang_cluster::command::Refusal;
use madang_cluster::{ClusterError, Reader};
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{
    Blocked, Feature, Life, MemberRow, MemberState, PairRow, Right, RoomKind, RoomRow,
};

use crate::truth::Typist;

/// What the rows of the room's shard say about it.
pub(crate) async fn typist(reader: &Reader, room: &RoomId, user: &UserId) -> Result<Typist, ClusterError> {
    let Some(head) = reader.room(room).await? else { return Ok(Typist::Refused(Refusal::NoRoom)) };
    let member = reader.member(room, user).await?;
    let pair = match head.kind {
        RoomKind::Direct => reader.pair(room).await?.unwrap_or_default(),
        RoomKind::Group | RoomKind::Open => PairRow::default(),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    Ok(match check(&head, member.as_ref(), &pair, now_ms) {
        Ok(()) => Typist::Member { members: head.joined },
        Err(refusal) => Typist::Refused(refusal),
    })
}

/// Who may not write says nothing by typing either.
fn check(head: &RoomRow, member: Option<&MemberRow>, pair: &PairRow, now_ms: u64) -> Result<(), Refusal> {
    let me = match member {
        Some(me) if me.state == MemberState::Joined => me,
        // Who may not see the room does not learn that there is one.
        None if head.kind != RoomKind::Open => return Err(Refusal::NoRoom),
        _ => return Err(Refusal::NotMember),
    };
    if head.life != Life::Live {
        return Err(Refusal::Archived);
    }
    if !head.features.has(Feature::Typing) {
        return Err(Refusal::FeatureOff);
    }
    if [pair.lesser.0, pair.greater.0].contains(&Blocked::Yes) {
        return Err(Refusal::Private);
    }
    if me.role < head.rights.least(Right::Send) {
        return Err(Refusal::Forbidden);
    }
    if me.muted.holds(now_ms) {
        return Err(Refusal::Muted { retry_after_ms: me.muted.left_ms(now_ms) });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use madang_storage::row::{Role, Switch, Until};

    use super::*;

    const NOW_MS: u64 = 1_000;

    fn member(role: Role) -> MemberRow {
        MemberRow::new(MemberState::Joined, role, 0, 0)
    }

    fn group() -> RoomRow {
        RoomRow::new(RoomKind::Group, String::new(), String::new(), 0)
    }

    fn checked(head: &RoomRow, member: Option<&MemberRow>) -> Result<(), Refusal> {
        check(head, member, &PairRow::default(), NOW_MS)
    }

    #[test]
    fn members_who_may_write_may_say_that_they_type() {
        let (group, me) = (group(), member(Role::Member));
        assert_eq!(checked(&group, Some(&me)), Ok(()));
        let invited = MemberRow { state: MemberState::Invited, ..me.clone() };
        assert_eq!(checked(&group, Some(&invited)), Err(Refusal::NotMember));
        assert_eq!(checked(&group, None), Err(Refusal::NoRoom));
        let open = RoomRow { kind: RoomKind::Open, ..group.clone() };
        assert_eq!(checked(&open, None), Err(Refusal::NotMember));
        let muted = MemberRow { muted: Until(NOW_MS + 5), ..me.clone() };
        assert_eq!(checked(&group, Some(&muted)), Err(Refusal::Muted { retry_after_ms: Some(5) }));
        let archived = RoomRow { life: Life::Archived, ..group.clone() };
        assert_eq!(checked(&archived, Some(&me)), Err(Refusal::Archived));
        let mut without = group;
        without.features.set(Feature::Typing, Switch::Off);
        assert_eq!(checked(&without, Some(&me)), Err(Refusal::FeatureOff));
    }

    #[test]
    fn two_of_whom_one_blocks_the_other_do_not_see_each_other_type() {
        let (direct, me) = (RoomRow { kind: RoomKind::Direct, ..group() }, member(Role::Member));
        let pair = PairRow { greater: (Blocked::Yes, 1), ..PairRow::default() };
        assert_eq!(check(&direct, Some(&me), &pair, NOW_MS), Err(Refusal::Private));
        assert_eq!(check(&direct, Some(&me), &PairRow::default(), NOW_MS), Ok(()));
    }
}
