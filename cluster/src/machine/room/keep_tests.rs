//! Keeping a room, by script: bans, mutes, slow mode, links, the archive and the end.

use madang_storage::id::{Emoji, LinkSecret, UserId};
use madang_storage::row::{
    Act, AuditRow, EditedTo, EventBody, Feature, Life, LinksRow, MemberRow, Mentions, Right, Role, RoomAct,
    RoomChange, RoomKind, Row, Switch, Until, table,
};

use super::link::{LINKS_MAX, link_id};
use super::yard::{ROOM, Yard, create, send, user};
use crate::command::{AdminOp, Op, Refusal, Repeat, Reply, RoomOp, SweepOp, TalkOp};
use crate::event::ShardEvent;
use crate::machine::rows::{Rows, directory_key, member_key, room_key};

fn ban(target: &str, until: Until) -> RoomOp {
    RoomOp::Admin(AdminOp::Ban { target: user(target), until, reason: "spam".into() })
}

fn mute(target: &str, until: Until) -> RoomOp {
    RoomOp::Admin(AdminOp::Mute { target: user(target), until })
}

fn make_link(secret: u8, until: Until, uses_max: Option<u32>) -> RoomOp {
    RoomOp::Admin(AdminOp::MakeLink { secret: LinkSecret([secret; 16]), until, uses_max })
}

fn by_link(secret: u8) -> RoomOp {
    RoomOp::JoinByLink(LinkSecret([secret; 16]))
}

fn change(change: RoomChange) -> RoomOp {
    let sort_title = change.title.as_deref().unwrap_or_default().to_lowercase();
    RoomOp::Admin(AdminOp::Change { change: Box::new(change), sort_title })
}

fn reword(target: u64, text: &str) -> RoomOp {
    let to = EditedTo { text: text.into(), data: None, mentions: Mentions::default() };
    RoomOp::Talk(TalkOp::Edit { target, cid: None, to: Box::new(to) })
}

fn links(yard: &Yard) -> LinksRow {
    Rows::new(&yard.base).load(table::LINKS, &room_key(&ROOM)).unwrap().unwrap_or_default()
}

fn open_room(people: &[&str]) -> Yard {
    let mut yard = Yard::of(RoomKind::Open, &[]);
    people.iter().for_each(|name| drop(yard.ok(name, RoomOp::Join)));
    yard
}

fn sent(yard: &mut Yard, who: &str, id: &str) -> Repeat {
    match yard.ok(who, send(id, "x")) {
        Reply::Sent { dup, .. } => dup,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_banned_one_is_out_and_finds_no_way_back_until_it_is_over() {
    let mut yard = open_room(&["jun", "mod"]);
    yard.ok("owner", RoomOp::SetRole(user("mod"), Role::Moderator));
    yard.ok("owner", make_link(1, Until::FOREVER, None));
    let until = Until(yard.now + 1_000);
    yard.ok("mod", ban("jun", until));
    assert_eq!(yard.role("jun"), None);
    let left = |yard: &Yard| Err(Refusal::Banned { retry_after_ms: Some(until.0 - yard.now) });
    assert_eq!(yard.run("jun", RoomOp::Join), left(&yard));
    assert_eq!(yard.run("jun", by_link(1)), left(&yard));
    assert_eq!(yard.run("owner", RoomOp::Invite(user("jun"))), left(&yard));
    assert_eq!(yard.run("jun", send("a", "x")), Err(Refusal::NoRoom), "the room is not to be seen");
    yard.now = until.0;
    yard.ok("jun", RoomOp::Join);
    assert_eq!(yard.head().bans, 0, "a ban that is over is forgotten");
}

#[test]
fn a_ban_that_is_lifted_or_repeated_says_so_once() {
    let mut yard = open_room(&["jun"]);
    yard.ok("owner", ban("jun", Until::FOREVER));
    yard.ok("owner", ban("jun", Until::FOREVER));
    assert_eq!(yard.run("jun", RoomOp::Join), Err(Refusal::Banned { retry_after_ms: None }));
    for _ in 0..2 {
        yard.ok("owner", RoomOp::Admin(AdminOp::Unban(user("jun"))));
    }
    let after_joining: Vec<EventBody> = yard.log().into_iter().skip(2).map(|(_, body)| body).collect();
    let (target, reason) = (user("jun"), "spam".to_owned());
    let banned = EventBody::Banned { target: target.clone(), until: Until::FOREVER, reason };
    assert_eq!(after_joining, [banned, EventBody::Unbanned { target }]);
    yard.ok("jun", RoomOp::Join);
}

#[test]
fn who_never_was_inside_can_be_banned_too() {
    let mut yard = Yard::of(RoomKind::Group, &["jun"]);
    yard.ok("owner", ban("sora", Until::FOREVER));
    yard.ok("owner", ban("jun", Until::FOREVER));
    assert_eq!((yard.head().bans, yard.head().invited), (2, 0));
    assert_eq!(yard.run("jun", RoomOp::Join), Err(Refusal::NoRoom), "a group cannot be told from nothing");
}

#[test]
fn nobody_keeps_their_equals_or_betters_in_order() {
    let mut yard = open_room(&["adm", "mod", "mod2", "jun"]);
    yard.ok("owner", RoomOp::SetRole(user("adm"), Role::Admin));
    yard.ok("adm", RoomOp::SetRole(user("mod"), Role::Moderator));
    yard.ok("adm", RoomOp::SetRole(user("mod2"), Role::Moderator));
    for (who, target) in [("jun", "mod"), ("mod", "mod2"), ("mod", "mod"), ("mod", "adm"), ("adm", "owner")] {
        for op in [RoomOp::Kick(user(target)), ban(target, Until::FOREVER), mute(target, Until::FOREVER)] {
            assert_eq!(yard.run(who, op.clone()), Err(Refusal::Forbidden), "{who} {op:?}");
        }
    }
    for (who, target, role) in
        [("mod", "jun", Role::Moderator), ("adm", "jun", Role::Admin), ("adm", "mod", Role::Owner)]
    {
        assert_eq!(yard.run(who, RoomOp::SetRole(user(target), role)), Err(Refusal::Forbidden), "{who}");
    }
}

#[test]
fn a_muted_member_reads_and_waits_and_leaving_does_not_help() {
    let mut yard = open_room(&["jun"]);
    assert_eq!(sent(&mut yard, "jun", "a"), Repeat::First);
    let until = Until(yard.now + 1_000);
    yard.ok("owner", mute("jun", until));
    assert_eq!(sent(&mut yard, "jun", "a"), Repeat::Again, "what was said before was said");
    let muted = |yard: &Yard| Err(Refusal::Muted { retry_after_ms: Some(until.0 - yard.now) });
    assert_eq!(yard.run("jun", send("b", "x")), muted(&yard));
    assert_eq!(yard.run("jun", reword(3, "other words")), muted(&yard), "nor by other words");
    yard.ok("jun", RoomOp::Leave);
    yard.ok("jun", RoomOp::Join);
    assert_eq!(yard.run("jun", send("b", "x")), muted(&yard));
    yard.now = until.0;
    assert_eq!(sent(&mut yard, "jun", "b"), Repeat::First);
    yard.ok("owner", mute("jun", Until::FOREVER));
    assert_eq!(yard.run("jun", send("c", "x")), Err(Refusal::Muted { retry_after_ms: None }));
    yard.ok("owner", mute("jun", Until::OVER));
    assert_eq!(sent(&mut yard, "jun", "c"), Repeat::First);
}

#[test]
fn slow_mode_makes_members_wait_but_not_the_staff() {
    let mut yard = open_room(&["jun"]);
    yard.now = 10_000;
    yard.ok("owner", change(RoomChange { slow_mode_s: Some(1), ..RoomChange::default() }));
    assert_eq!(sent(&mut yard, "jun", "a"), Repeat::First);
    assert_eq!(yard.run("jun", send("b", "x")), Err(Refusal::SlowMode { retry_after_ms: 990 }));
    assert_eq!(sent(&mut yard, "jun", "a"), Repeat::Again);
    yard.ok("jun", RoomOp::Leave);
    yard.ok("jun", RoomOp::Join);
    assert_eq!(yard.run("jun", send("b", "x")), Err(Refusal::SlowMode { retry_after_ms: 950 }));
    for id in ["x", "y"] {
        assert_eq!(sent(&mut yard, "owner", id), Repeat::First);
    }
    yard.now += 1_000;
    assert_eq!(sent(&mut yard, "jun", "b"), Repeat::First);
}

#[test]
fn a_link_counts_each_person_once() {
    let mut yard = Yard::of(RoomKind::Group, &[]);
    yard.ok("owner", make_link(1, Until::FOREVER, Some(2)));
    yard.ok("owner", make_link(1, Until::FOREVER, Some(2)));
    for _ in 0..2 {
        yard.ok("jun", by_link(1));
    }
    yard.ok("jun", RoomOp::Leave);
    yard.ok("jun", by_link(1));
    assert_eq!(links(&yard).links[0].uses, 1);
    yard.ok("sora", by_link(1));
    assert_eq!(yard.run("mina", by_link(1)), Err(Refusal::LinkExpired));
    yard.ok("jun", RoomOp::Leave);
    yard.ok("jun", by_link(1));
    assert_eq!((links(&yard).links.len(), links(&yard).links[0].uses), (1, 2));
}

#[test]
fn a_link_ends_by_time_by_hand_and_with_its_makers_right() {
    let mut yard = Yard::of(RoomKind::Group, &["jun"]);
    yard.ok("jun", RoomOp::Join);
    let until = Until(yard.now + 1_000);
    yard.ok("jun", make_link(1, until, None));
    yard.ok("jun", make_link(2, Until::FOREVER, None));
    assert_eq!(yard.run("sora", by_link(9)), Err(Refusal::LinkExpired), "no such link");
    let only_admins = RoomChange { rights: vec![(Right::Invite, Role::Admin)], ..RoomChange::default() };
    yard.ok("owner", change(only_admins));
    assert_eq!(yard.run("sora", by_link(2)), Err(Refusal::LinkExpired), "its maker may not invite any more");
    assert_eq!(yard.run("jun", make_link(3, Until::FOREVER, None)), Err(Refusal::Forbidden));
    yard.ok("owner", RoomOp::SetRole(user("jun"), Role::Admin));
    yard.ok("sora", by_link(2));
    yard.now = until.0;
    assert_eq!(yard.run("mina", by_link(1)), Err(Refusal::LinkExpired));
    yard.ok("sora", RoomOp::Admin(AdminOp::RevokeLink(link_id(&LinkSecret([2; 16])))));
    assert_eq!(links(&yard).links.len(), 2, "other people's links are not a member's business");
    yard.ok("owner", RoomOp::Admin(AdminOp::RevokeLink(link_id(&LinkSecret([2; 16])))));
    assert_eq!(yard.run("mina", by_link(2)), Err(Refusal::LinkExpired));
    assert!(yard.events.contains(&ShardEvent::Sweep), "who came by it is forgotten");
}

#[test]
fn links_are_bounded_and_spent_ones_make_room() {
    let mut yard = Yard::of(RoomKind::Group, &[]);
    let until = Until(10_000);
    for secret in 0..u8::try_from(LINKS_MAX).unwrap() {
        yard.ok("owner", make_link(secret, until, None));
    }
    let full = Refusal::TooMany { what: "links".into(), max: LINKS_MAX };
    assert_eq!(yard.run("owner", make_link(200, until, None)), Err(full));
    yard.now = until.0;
    yard.ok("owner", make_link(200, Until::FOREVER, None));
    assert_eq!(links(&yard).links.len(), 1);
}

#[test]
fn links_of_those_who_may_not_invite_any_more_make_room_only_where_there_is_none_else() {
    let mut yard = Yard::of(RoomKind::Group, &["jun", "sora"]);
    for (who, secrets) in [("jun", 0..20), ("sora", 20..40)] {
        yard.ok(who, RoomOp::Join);
        secrets.for_each(|secret| drop(yard.ok(who, make_link(secret, Until::FOREVER, None))));
    }
    yard.ok("jun", RoomOp::Leave);
    for secret in 40..u8::try_from(LINKS_MAX).unwrap() {
        yard.ok("owner", make_link(secret, Until::FOREVER, None));
    }
    assert_eq!(links(&yard).links.len() as u64, LINKS_MAX, "whoever comes back finds the links again");
    yard.ok("owner", make_link(200, Until::FOREVER, None));
    assert_eq!(links(&yard).links.len() as u64, LINKS_MAX - 20 + 1);
    assert!(links(&yard).links.iter().all(|link| link.by != user("jun")));
}

#[test]
fn what_is_configured_and_whose_link_is_taken_away_is_in_the_audit_log() {
    let mut yard = Yard::of(RoomKind::Group, &["jun"]);
    yard.ok("jun", RoomOp::Join);
    yard.ok("owner", change(RoomChange { title: Some("new".into()), ..RoomChange::default() }));
    for secret in [1, 2] {
        yard.ok("jun", make_link(secret, Until::FOREVER, None));
    }
    let revoke = |secret| RoomOp::Admin(AdminOp::RevokeLink(link_id(&LinkSecret([secret; 16]))));
    yard.ok("jun", revoke(1));
    let audit = |yard: &Yard| {
        let rows = yard.base.0.iter().filter(|((table, _), _)| *table == table::AUDIT);
        rows.map(|(_, row)| AuditRow::decode(row).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(audit(&yard), [], "one's own, and a title, are no power over others");
    yard.ok("owner", revoke(2));
    yard.ok("owner", change(RoomChange { slow_mode_s: Some(5), ..RoomChange::default() }));
    let seq = yard.head().last_seq;
    let act = |user, act| AuditRow { by: self::user("owner"), act: Act::Room { room: ROOM, user, act } };
    let expected = [act(Some(user("jun")), RoomAct::LinkRevoked), act(None, RoomAct::Configured { seq })];
    assert_eq!(audit(&yard), expected);
}

#[test]
fn an_archived_room_is_read_and_kept_in_order_and_nothing_else() {
    let mut yard = open_room(&["jun", "sora"]);
    yard.ok("jun", send("said", "x"));
    yard.ok("owner", make_link(1, Until::FOREVER, None));
    yard.ok("owner", RoomOp::Invite(user("mina")));
    assert_eq!(yard.run("jun", RoomOp::Admin(AdminOp::Archive)), Err(Refusal::Forbidden));
    for _ in 0..2 {
        yard.ok("owner", RoomOp::Admin(AdminOp::Archive));
    }
    let react = TalkOp::React { target: 4, emoji: Emoji::parse("👍").unwrap(), to: Switch::On };
    let topic = change(RoomChange { topic: Some("x".into()), ..RoomChange::default() });
    for (who, op) in [
        ("jun", send("a", "x")),
        ("jun", reword(4, "other words")),
        ("jun", RoomOp::Talk(react)),
        ("mina", RoomOp::Join),
        ("bora", RoomOp::Join),
        ("bora", by_link(1)),
        ("owner", RoomOp::Invite(user("bora"))),
        ("owner", topic.clone()),
        ("owner", make_link(2, Until::FOREVER, None)),
    ] {
        assert_eq!(yard.run(who, op.clone()), Err(Refusal::Archived), "{who} {op:?}");
    }
    yard.ok("jun", RoomOp::MarkRead(3));
    yard.ok("jun", RoomOp::Leave);
    yard.ok("owner", ban("sora", Until::FOREVER));
    yard.ok("owner", RoomOp::Admin(AdminOp::Unarchive));
    yard.ok("owner", topic);
    let archived = yard.log().into_iter().filter(|(_, body)| *body == EventBody::Archived).count();
    assert_eq!(archived, 1);
}

#[test]
fn the_directory_follows_title_archive_and_end() {
    let mut yard = Yard::of(RoomKind::Open, &[]);
    let listed = |yard: &Yard| -> Vec<Vec<u8>> {
        let keys = yard.base.0.keys().filter(|(table, _)| *table == table::DIRECTORY);
        keys.map(|(_, key)| key.clone()).collect()
    };
    assert_eq!(listed(&yard), [directory_key("", &ROOM)]);
    yard.ok("owner", change(RoomChange { title: Some("Yard".into()), ..RoomChange::default() }));
    assert_eq!(listed(&yard), [directory_key("yard", &ROOM)]);
    yard.ok("owner", RoomOp::Admin(AdminOp::Archive));
    assert!(listed(&yard).is_empty());
    yard.ok("owner", RoomOp::Admin(AdminOp::Unarchive));
    assert_eq!(listed(&yard), [directory_key("yard", &ROOM)]);
    yard.ok("owner", RoomOp::Admin(AdminOp::Delete));
    assert!(listed(&yard).is_empty());
}

#[test]
fn what_is_changed_is_said_once_and_only_as_far_as_it_is_new() {
    let mut yard = Yard::of(RoomKind::Group, &[]);
    let wanted = RoomChange {
        picture: Some("media:1".into()),
        features: vec![(Feature::Typing, Switch::Off), (Feature::Threads, Switch::On)],
        rights: vec![(Right::Pin, Role::Admin), (Right::Send, Role::Member)],
        slow_mode_s: Some(0),
        places_max: Some(500),
        ..RoomChange::default()
    };
    yard.ok("owner", change(wanted.clone()));
    yard.ok("owner", change(wanted));
    let new = RoomChange {
        picture: Some("media:1".into()),
        features: vec![(Feature::Typing, Switch::Off)],
        rights: vec![(Right::Pin, Role::Admin)],
        places_max: Some(500),
        ..RoomChange::default()
    };
    assert_eq!(yard.log().last(), Some(&(2, EventBody::Changed(Box::new(new)))));
    let head = yard.head();
    assert!(!head.features.has(Feature::Typing) && head.features.has(Feature::Threads));
    assert_eq!((head.rights.least(Right::Pin), head.places_max), (Role::Admin, 500));
}

#[test]
fn an_admin_cannot_open_what_is_above_them() {
    let mut yard = open_room(&["adm"]);
    yard.ok("owner", RoomOp::SetRole(user("adm"), Role::Admin));
    let rights = |right, role| change(RoomChange { rights: vec![(right, role)], ..RoomChange::default() });
    yard.ok("owner", rights(Right::Send, Role::Owner));
    assert_eq!(yard.run("adm", rights(Right::Send, Role::Admin)), Err(Refusal::Forbidden));
    assert_eq!(yard.run("adm", rights(Right::Pin, Role::Owner)), Err(Refusal::Forbidden));
    assert_eq!(yard.run("adm", send("a", "x")), Err(Refusal::Forbidden));
    yard.ok("adm", rights(Right::Pin, Role::Admin));
}

#[test]
fn fewer_places_than_people_keep_others_out_and_nobody_in() {
    let mut yard = open_room(&["jun", "sora"]);
    yard.ok("owner", change(RoomChange { places_max: Some(2), ..RoomChange::default() }));
    assert_eq!(yard.run("mina", RoomOp::Join), Err(Refusal::RoomFull { max: 2 }));
    assert_eq!(yard.head().joined, 3);
}

#[test]
fn a_room_handed_over_to_a_muted_member_has_an_owner_who_speaks() {
    let mut yard = open_room(&["jun"]);
    yard.ok("owner", mute("jun", Until::FOREVER));
    yard.ok("owner", RoomOp::SetRole(user("jun"), Role::Owner));
    assert_eq!(sent(&mut yard, "jun", "a"), Repeat::First);
}

#[test]
fn a_deleted_room_is_gone_for_everybody_at_once_and_swept_later() {
    let mut yard = open_room(&["jun", "adm"]);
    yard.ok("owner", RoomOp::SetRole(user("adm"), Role::Admin));
    yard.ok("owner", make_link(1, Until::FOREVER, None));
    yard.ok("sora", by_link(1));
    yard.ok("jun", send("a", "x"));
    assert_eq!(yard.run("adm", RoomOp::Admin(AdminOp::Delete)), Err(Refusal::Forbidden));
    yard.ok("owner", RoomOp::Admin(AdminOp::Delete));
    assert_eq!(yard.log().last().unwrap().1, EventBody::RoomDeleted);
    for (who, op) in [
        ("owner", RoomOp::Admin(AdminOp::Delete)),
        ("owner", send("b", "x")),
        ("jun", RoomOp::Join),
        ("jun", RoomOp::Leave),
        ("jun", by_link(1)),
        ("mina", RoomOp::Join),
    ] {
        assert_eq!(yard.run(who, op.clone()), Err(Refusal::NoRoom), "{who} {op:?}");
    }
    assert_eq!(yard.run("owner", create(RoomKind::Open, &[])), Err(Refusal::RoomExists));
    sweep_twice(&mut yard, &["owner", "jun", "sora", "adm", "nobody"]);
}

/// Every step twice, as after a change of leader.
fn sweep_twice(yard: &mut Yard, people: &[&str]) {
    let users: Vec<UserId> = people.iter().map(|name| user(name)).collect();
    let under = bytes::Bytes::copy_from_slice(&ROOM.0);
    let mut steps = vec![SweepOp::Members { room: ROOM, users }];
    for table in table::OF_A_ROOM {
        let of_room = yard.base.0.keys().filter(|(at, key)| *at == table && key.starts_with(&ROOM.0));
        let keys = of_room.map(|(_, key)| bytes::Bytes::copy_from_slice(&key[16..])).collect();
        steps.push(SweepOp::Rows { under: under.clone(), table, keys });
    }
    steps.push(SweepOp::Done { under });
    for step in steps {
        for _ in 0..2 {
            yard.apply(Op::Sweep(step.clone())).unwrap();
        }
    }
    let left: Vec<u8> =
        yard.base.0.keys().map(|(table, _)| *table).filter(|table| *table != table::AUDIT).collect();
    assert!(left.iter().all(|at| [table::ROOM, table::OUTBOX].contains(at)), "{left:?}");
    let head = yard.head();
    assert_eq!((head.life, head.joined, head.title.as_str()), (Life::Deleted, 0, ""));
}

#[test]
fn only_what_is_gone_can_be_swept() {
    let mut yard = open_room(&["jun"]);
    yard.ok("jun", send("a", "x"));
    let before = yard.base.clone();
    yard.apply(Op::Sweep(SweepOp::Members { room: ROOM, users: vec![user("jun")] })).unwrap();
    let under = bytes::Bytes::copy_from_slice(&ROOM.0);
    let keys = vec![bytes::Bytes::copy_from_slice(&3_u64.to_be_bytes())];
    yard.apply(Op::Sweep(SweepOp::Rows { under: under.clone(), table: table::ROOM_LOG, keys })).unwrap();
    assert_eq!(yard.base, before);
    yard.ok("owner", RoomOp::Admin(AdminOp::Delete));
    let people = SweepOp::Rows { under, table: table::USER, keys: vec![] };
    assert_eq!(yard.apply(Op::Sweep(people)), Err(Refusal::WrongGroup));
    let row = Rows::new(&yard.base).load::<MemberRow>(table::MEMBER, &member_key(&ROOM, &user("jun")));
    assert!(row.unwrap().is_some());
}
