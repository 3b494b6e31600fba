//! Any commands from anybody: no command does what the role of whoever asks does not allow. Who may do what is
//! written down here a second time, by what it does to the room instead of by what was asked.

use std::collections::BTreeMap;

use madang_storage::id::{LinkSecret, UserId};
use madang_storage::row::{
    BanRow, EventBody, Feature, Life, LinksRow, MemberRow, MemberState, Right, Role, RoomChange, RoomKind,
    RoomRow, Row, Switch, Until, table,
};
use proptest::prelude::*;

use super::yard::{ROOM, Yard, cid, send, user};
use crate::command::{AdminOp, Op, RoomOp, SweepOp};
use crate::machine::rows::{Rows, room_key};

const PEOPLE: [&str; 5] = ["owner", "aa", "bb", "cc", "dd"];

/// The room as far as rights go.
#[derive(Debug, Clone, PartialEq)]
struct Picture {
    head: RoomRow,
    members: BTreeMap<UserId, MemberRow>,
    bans: BTreeMap<UserId, BanRow>,
    links: LinksRow,
}

fn look(yard: &Yard) -> Picture {
    let name = |key: &[u8]| UserId::parse(std::str::from_utf8(&key[16..]).unwrap()).unwrap();
    let of = |wanted| yard.base.0.iter().filter(move |((table, _), _)| *table == wanted);
    let members = of(table::MEMBER).map(|((_, key), row)| (name(key), MemberRow::decode(row).unwrap()));
    let bans = of(table::BAN).map(|((_, key), row)| (name(key), BanRow::decode(row).unwrap()));
    let links = Rows::new(&yard.base).load(table::LINKS, &room_key(&ROOM)).unwrap().unwrap_or_default();
    Picture { head: yard.head(), members: members.collect(), bans: bans.collect(), links }
}

impl Picture {
    fn role(&self, user: &UserId) -> Option<Role> {
        self.members.get(user).filter(|row| row.state == MemberState::Joined).map(|row| row.role)
    }
}

fn person() -> impl Strategy<Value = UserId> {
    prop::sample::select(&PEOPLE[..]).prop_map(user)
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(vec![Role::Member, Role::Moderator, Role::Admin, Role::Owner])
}

fn until() -> impl Strategy<Value = Until> {
    prop_oneof![Just(Until::OVER), Just(Until::FOREVER), (1..400_u64).prop_map(Until)]
}

fn change() -> impl Strategy<Value = RoomChange> {
    let right = prop::sample::select(Right::ALL.to_vec());
    let feature = prop::sample::select(Feature::ALL.to_vec());
    prop_oneof![
        "[xy]".prop_map(|title| RoomChange { title: Some(title), ..RoomChange::default() }),
        (right, role()).prop_map(|right| RoomChange { rights: vec![right], ..RoomChange::default() }),
        feature.prop_map(|one| RoomChange { features: vec![(one, Switch::Off)], ..RoomChange::default() }),
        (0..2_u32).prop_map(|wait| RoomChange { slow_mode_s: Some(wait), ..RoomChange::default() }),
        (3..6_u64).prop_map(|places| RoomChange { places_max: Some(places), ..RoomChange::default() }),
    ]
}

fn admin_op() -> impl Strategy<Value = AdminOp> {
    let secret = || (0..3_u8).prop_map(|secret| LinkSecret([secret; 16]));
    prop_oneof![
        6 => change().prop_map(|change| AdminOp::Change { change: Box::new(change), sort_title: String::new() }),
        3 => (person(), until())
            .prop_map(|(target, until)| AdminOp::Ban { target, until, reason: String::new() }),
        2 => person().prop_map(AdminOp::Unban),
        3 => (person(), until()).prop_map(|(target, until)| AdminOp::Mute { target, until }),
        2 => (secret(), until(), prop::option::of(1..3_u32))
            .prop_map(|(secret, until, uses_max)| AdminOp::MakeLink { secret, until, uses_max }),
        1 => secret().prop_map(|secret| AdminOp::RevokeLink(super::link::link_id(&secret))),
        1 => Just(AdminOp::Archive),
        2 => Just(AdminOp::Unarchive),
    ]
}

fn op() -> impl Strategy<Value = RoomOp> {
    let say = (0..9_u8).prop_map(|id| send(cid(&id.to_string()).as_str(), "x"));
    let secret = (0..3_u8).prop_map(|secret| LinkSecret([secret; 16]));
    prop_oneof![
        4 => say,
        5 => Just(RoomOp::Join),
        2 => secret.prop_map(RoomOp::JoinByLink),
        1 => Just(RoomOp::Leave),
        2 => person().prop_map(RoomOp::Invite),
        1 => person().prop_map(RoomOp::Kick),
        5 => (person(), role()).prop_map(|(target, role)| RoomOp::SetRole(target, role)),
        8 => admin_op().prop_map(RoomOp::Admin),
    ]
}

/// What came of one command, held against the role of who asked for it.
fn check(who: &UserId, before: &Picture, after: &Picture, log: &[EventBody], now_ms: u64) {
    let mine = before.role(who);
    let at_least = |role| assert!(mine >= Some(role), "{who} is {mine:?} and did {log:?}");
    check_people(who, before, after);
    if before.head.title != after.head.title {
        at_least(before.head.rights.least(Right::Describe));
    }
    let configured = (before.head.slow_mode_s, before.head.places_max, before.head.features)
        != (after.head.slow_mode_s, after.head.places_max, after.head.features);
    if configured || before.head.life != after.head.life {
        at_least(Role::Admin);
    }
    for right in Right::ALL {
        let (was, is) = (before.head.rights.least(right), after.head.rights.least(right));
        if was != is {
            at_least(Role::Admin.max(was).max(is));
        }
    }
    for link in &after.links.links {
        if !before.links.links.iter().any(|known| known.id == link.id) {
            at_least(before.head.rights.least(Right::Invite));
        }
    }
    // A ban that is over is nobody's secret: it may go with an invitation.
    let lifted = |(user, ban): (&UserId, &BanRow)| ban.until.holds(now_ms) && !after.bans.contains_key(user);
    if before.bans.iter().any(lifted) {
        at_least(Role::Moderator);
    }
    if log.iter().any(EventBody::is_message) {
        at_least(before.head.rights.least(Right::Send));
        assert!(!before.members[who].muted.holds(now_ms), "{who} is muted and spoke");
    }
    if before.head.life == Life::Archived && after.head.life == Life::Archived {
        let quiet = |body: &EventBody| {
            !body.is_message()
                && !matches!(body, EventBody::Joined | EventBody::Invited { .. } | EventBody::Changed(_))
        };
        assert!(log.iter().all(quiet), "in the archive: {log:?}");
    }
}

/// Who came, went, was muted or got another role.
fn check_people(who: &UserId, before: &Picture, after: &Picture) {
    let mine = before.role(who);
    let names = before.members.keys().chain(after.members.keys()).chain(after.bans.keys());
    for name in names.filter(|name| *name != who) {
        let (was, is) = (before.members.get(name), after.members.get(name));
        let new_ban = after.bans.get(name).is_some_and(|ban| before.bans.get(name) != Some(ban));
        let muted = was.is_some() && is.is_some() && was.map(|row| row.muted) != is.map(|row| row.muted);
        let handed_over = mine == Some(Role::Owner) && after.role(name) == Some(Role::Owner);
        if new_ban || was.is_some() && is.is_none() || muted && !handed_over {
            assert!(mine >= Some(Role::Moderator), "{who} {mine:?} against {name}");
            assert!(mine > was.map(|row| row.role), "{who} {mine:?} against {name} {was:?}");
        }
        if was.is_none() && is.is_some() {
            assert!(mine >= Some(before.head.rights.least(Right::Invite)), "{who} invited {name}");
        }
        if let (Some(was), Some(is)) = (was, is)
            && was.role != is.role
        {
            assert!(mine >= Some(Role::Admin) && mine > Some(was.role), "{who} {mine:?} {was:?} {is:?}");
            assert!(mine > Some(is.role) || handed_over, "{who} {mine:?} {was:?} {is:?}");
        }
    }
    // To oneself: one comes in as a member (or to an empty room as its owner), and never rises.
    if let Some(is) = after.role(who) {
        let first = before.head.joined == 0;
        assert!(mine.map_or(is == Role::Member || first, |mine| is <= mine), "{who} {mine:?} {is:?}");
    }
}

/// In every state: one owner as long as anybody is inside, and nobody inside whom a ban keeps out.
fn check_state(picture: &Picture, now_ms: u64) {
    let inside = picture.members.values().filter(|row| row.state == MemberState::Joined);
    let owners = inside.clone().filter(|row| row.role == Role::Owner).count();
    assert_eq!(owners, usize::from(inside.count() > 0), "{picture:?}");
    assert_eq!(picture.head.bans, picture.bans.len() as u64);
    assert!(picture.bans.keys().all(|user| !picture.members.contains_key(user)), "at {now_ms}: {picture:?}");
}

proptest! {
    #[test]
    fn no_command_does_what_the_role_does_not_allow(
        open: bool,
        commands in prop::collection::vec((person(), op()), 1..120),
    ) {
        let mut yard = Yard::of(if open { RoomKind::Open } else { RoomKind::Group }, &["aa", "bb"]);
        for (who, op) in commands {
            let (before, logged) = (look(&yard), yard.log().len());
            let outcome = yard.run(who.as_str(), op);
            let (after, log) = (look(&yard), yard.log());
            let log: Vec<EventBody> = log.into_iter().skip(logged).map(|(_, body)| body).collect();
            prop_assert!(outcome.is_ok() || before == after);
            check(&who, &before, &after, &log, yard.now);
            check_state(&after, yard.now);
        }
    }

    #[test]
    fn a_deleted_room_stays_deleted_whatever_is_asked(commands in prop::collection::vec((person(), op()), 1..40)) {
        let mut yard = Yard::of(RoomKind::Open, &["aa"]);
        yard.ok("owner", RoomOp::Admin(AdminOp::Delete));
        let before = yard.base.clone();
        for (who, op) in commands {
            prop_assert!(yard.run(who.as_str(), op).is_err());
        }
        prop_assert_eq!(&yard.base, &before);
        let users = vec![user("owner"), user("aa")];
        yard.apply(Op::Sweep(SweepOp::Members { room: ROOM, users })).unwrap();
        prop_assert!(look(&yard).members.is_empty());
    }
}
