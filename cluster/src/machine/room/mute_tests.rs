//! A mute goes with its person: out of the room, through an invitation and in again. Only those who keep order
//! shorten it.

use madang_storage::id::LinkSecret;
use madang_storage::row::{LeftRow, MemberRow, Role, RoomChange, RoomKind, Until, table};
use proptest::prelude::*;

use super::yard::{ROOM, Yard, send, user};
use crate::command::{AdminOp, Refusal, RoomOp};
use crate::machine::rows::{Rows, member_key};

const PEOPLE: [&str; 4] = ["owner", "jun", "sora", "mina"];

fn mute(target: &str, until: Until) -> RoomOp {
    RoomOp::Admin(AdminOp::Mute { target: user(target), until })
}

/// Until when somebody is muted, inside or not.
fn muted(yard: &Yard, who: &str) -> Until {
    let (rows, key) = (Rows::new(&yard.base), member_key(&ROOM, &user(who)));
    let inside: Option<MemberRow> = rows.load(table::MEMBER, &key).unwrap();
    let left: Option<LeftRow> = rows.load(table::LEFT, &key).unwrap();
    let until = inside.map(|row| row.muted).or(left.map(|row| row.muted)).unwrap_or_default();
    if until.holds(yard.now) { until } else { Until::OVER }
}

#[test]
fn who_is_muted_while_invited_is_muted_inside() {
    let mut yard = Yard::of(RoomKind::Group, &["jun"]);
    yard.ok("owner", mute("jun", Until::FOREVER));
    yard.ok("jun", RoomOp::Join);
    assert_eq!(yard.run("jun", send("a", "x")), Err(Refusal::Muted { retry_after_ms: None }));
}

#[test]
fn a_mute_that_was_lifted_while_invited_again_does_not_come_back() {
    let mut yard = Yard::of(RoomKind::Group, &["jun"]);
    yard.ok("jun", RoomOp::Join);
    yard.ok("owner", mute("jun", Until::FOREVER));
    yard.ok("jun", RoomOp::Leave);
    yard.ok("owner", RoomOp::Invite(user("jun")));
    assert_eq!(muted(&yard, "jun"), Until::FOREVER, "an invitation lifts nothing");
    yard.ok("owner", mute("jun", Until::OVER));
    yard.ok("jun", RoomOp::Join);
    yard.ok("jun", send("a", "x"));
}

#[test]
fn slow_mode_waits_through_an_invitation_too() {
    let mut yard = Yard::of(RoomKind::Group, &["jun"]);
    let slow = RoomChange { slow_mode_s: Some(60), ..RoomChange::default() };
    let change = AdminOp::Change { change: Box::new(slow), sort_title: String::new() };
    yard.ok("owner", RoomOp::Admin(change));
    yard.ok("jun", RoomOp::Join);
    yard.now += 100_000;
    yard.ok("jun", send("a", "x"));
    yard.ok("jun", RoomOp::Leave);
    yard.ok("owner", RoomOp::Invite(user("jun")));
    yard.ok("jun", RoomOp::Join);
    assert_eq!(yard.run("jun", send("b", "x")), Err(Refusal::SlowMode { retry_after_ms: 59_960 }));
}

#[test]
fn whoever_comes_to_own_an_empty_room_may_speak() {
    let mut yard = Yard::of(RoomKind::Open, &[]);
    yard.ok("jun", RoomOp::Join);
    yard.ok("owner", mute("jun", Until::FOREVER));
    yard.ok("jun", RoomOp::Leave);
    yard.ok("owner", RoomOp::Leave);
    yard.ok("jun", RoomOp::Join);
    assert_eq!(yard.role("jun"), Some(Role::Owner));
    yard.ok("jun", send("a", "x"));
}

fn op(number: u8, target: &str, now: u64) -> RoomOp {
    let target = user(target);
    match number {
        0..=2 => RoomOp::Join,
        3 | 4 => RoomOp::Leave,
        5 => RoomOp::Decline,
        6 => RoomOp::JoinByLink(LinkSecret([1; 16])),
        7 | 8 => RoomOp::Invite(target),
        9 => RoomOp::Kick(target),
        10 => RoomOp::SetRole(target, Role::Moderator),
        11 => RoomOp::SetRole(target, Role::Owner),
        12 => RoomOp::Admin(AdminOp::Ban { target, until: Until(now + 30), reason: String::new() }),
        13 => RoomOp::Admin(AdminOp::Mute { target, until: Until(now + 100) }),
        14 => RoomOp::Admin(AdminOp::Mute { target, until: Until::OVER }),
        _ => RoomOp::Admin(AdminOp::Mute { target, until: Until::FOREVER }),
    }
}

proptest! {
    #[test]
    fn no_command_of_ones_own_shortens_ones_mute_except_coming_to_own_an_empty_room(
        steps in prop::collection::vec((0..PEOPLE.len(), 0..18_u8, 0..PEOPLE.len()), 1..60)
    ) {
        let mut yard = Yard::of(RoomKind::Open, &["mina"]);
        let link = AdminOp::MakeLink { secret: LinkSecret([1; 16]), until: Until::FOREVER, uses_max: None };
        yard.ok("owner", RoomOp::Admin(link));
        for (who, number, target) in steps {
            let op = op(number, PEOPLE[target], yard.now);
            // What a step of time ends is over before the step.
            yard.now += 10;
            let (before, joined) = (PEOPLE.map(|name| muted(&yard, name)), yard.head().joined);
            yard.now -= 10;
            let _ = yard.run(PEOPLE[who], op.clone());
            for (at, name) in PEOPLE.iter().enumerate() {
                let may_end = match &op {
                    RoomOp::Admin(AdminOp::Mute { .. }) | RoomOp::SetRole(_, Role::Owner) => {
                        at != who && at == target
                    }
                    _ => joined == 0 && at == who,
                };
                let shortened = muted(&yard, name) < before[at];
                prop_assert!(!shortened || may_end, "{name}: {op:?} by {}", PEOPLE[who]);
                prop_assert!(yard.role(name) != Some(Role::Owner) || muted(&yard, name) == Until::OVER);
            }
        }
    }
}
