//! The room machine by script: who, what, and what comes of it; refusals and repeats as rows too.

use madang_storage::row::{EventBody, Role, RoomChange, RoomKind};

use super::yard::{Yard, cid, create, send, user};
use crate::command::{AdminOp, Outcome, Refusal, Repeat, Reply, RoomOp};

fn sent(seq: u64, at_ms: u64, dup: Repeat) -> Outcome {
    Ok(Reply::Sent { seq, at_ms, dup })
}

#[test]
fn a_retry_gets_the_first_answer_and_another_text_is_refused() {
    let mut yard = Yard::of(RoomKind::Open, &[]);
    assert_eq!(yard.run("owner", send("a", "hi")), sent(2, 20, Repeat::First));
    assert_eq!(yard.run("owner", send("a", "hi")), sent(2, 20, Repeat::Again));
    assert_eq!(yard.run("owner", send("a", "ho")), Err(Refusal::CidConflict));
    yard.ok("jun", RoomOp::Join);
    // Another user's cid is another send.
    assert_eq!(yard.run("jun", send("a", "ho")), sent(4, 60, Repeat::First));
}

#[test]
fn a_send_never_overtakes_the_one_it_names() {
    let mut yard = Yard::of(RoomKind::Open, &[]);
    let chained = RoomOp::Send { cid: cid("b"), text: "2".into(), after: Some(cid("a")), extra: None };
    assert_eq!(yard.run("owner", chained.clone()), Err(Refusal::OutOfOrder));
    yard.ok("owner", send("a", "1"));
    assert!(yard.run("owner", chained.clone()).is_ok());
    // A retry of what is in the log is answered whatever it names.
    assert!(matches!(yard.run("owner", chained), Ok(Reply::Sent { dup: Repeat::Again, .. })));
}

#[test]
fn seqs_have_no_holes_and_time_never_goes_back() {
    let mut yard = Yard::of(RoomKind::Open, &[]);
    yard.ok("jun", RoomOp::Join);
    yard.now = 0;
    yard.ok("jun", send("a", "x"));
    yard.ok("owner", RoomOp::Kick(user("jun")));
    let seqs: Vec<u64> = yard.log().iter().map(|(seq, _)| *seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4]);
    assert_eq!(yard.head().last_event_ms, 20);
    assert_eq!((yard.head().last_seq, yard.head().last_message_seq, yard.head().messages), (4, 3, 1));
}

#[test]
fn only_members_talk_and_closed_rooms_do_not_show_themselves() {
    let mut group = Yard::of(RoomKind::Group, &["guest"]);
    assert_eq!(group.run("stranger", send("a", "x")), Err(Refusal::NoRoom));
    assert_eq!(group.run("stranger", RoomOp::Join), Err(Refusal::NoRoom));
    assert_eq!(group.run("guest", send("a", "x")), Err(Refusal::NotMember));
    let mut open = Yard::of(RoomKind::Open, &[]);
    assert_eq!(open.run("stranger", send("a", "x")), Err(Refusal::NotMember));
    assert_eq!(Yard::default().run("owner", send("a", "x")), Err(Refusal::NoRoom));
}

#[test]
fn an_invitation_is_accepted_or_declined_once() {
    let mut yard = Yard::of(RoomKind::Group, &["jun", "sora", "owner"]);
    assert_eq!((yard.head().joined, yard.head().invited), (1, 2));
    yard.ok("jun", RoomOp::Join);
    yard.ok("jun", RoomOp::Join);
    yard.ok("sora", RoomOp::Leave);
    assert_eq!(yard.run("sora", RoomOp::Join), Err(Refusal::NoRoom));
    assert_eq!((yard.head().joined, yard.head().invited), (2, 0));
    let members = [user("jun"), user("sora")].map(|target| EventBody::Invited { target });
    let bodies: Vec<EventBody> = yard.log().into_iter().map(|(_, body)| body).skip(1).collect();
    assert_eq!(bodies, [&members[..], &[EventBody::Joined, EventBody::Left]].concat());
}

#[test]
fn any_member_invites_to_a_group_but_only_admins_to_an_open_room() {
    let mut group = Yard::of(RoomKind::Group, &["jun"]);
    group.ok("jun", RoomOp::Join);
    group.ok("jun", RoomOp::Invite(user("sora")));
    group.ok("jun", RoomOp::Invite(user("sora")));
    assert_eq!(group.head().invited, 1);
    let mut open = Yard::of(RoomKind::Open, &[]);
    open.ok("jun", RoomOp::Join);
    assert_eq!(open.run("jun", RoomOp::Invite(user("sora"))), Err(Refusal::Forbidden));
    open.ok("owner", RoomOp::Invite(user("sora")));
}

#[test]
fn roles_bound_what_one_may_do() {
    let mut yard = Yard::of(RoomKind::Open, &[]);
    for name in ["adm", "jun", "sora"] {
        yard.ok(name, RoomOp::Join);
    }
    yard.ok("owner", RoomOp::SetRole(user("adm"), Role::Admin));
    let new = RoomChange { title: Some("new".into()), ..RoomChange::default() };
    let change = RoomOp::Admin(AdminOp::Change { change: Box::new(new), sort_title: "new".into() });
    assert_eq!(yard.run("jun", change.clone()), Err(Refusal::Forbidden));
    assert_eq!(yard.run("jun", RoomOp::Kick(user("sora"))), Err(Refusal::Forbidden));
    assert_eq!(yard.run("adm", RoomOp::Kick(user("owner"))), Err(Refusal::Forbidden));
    assert_eq!(yard.run("adm", RoomOp::Kick(user("adm"))), Err(Refusal::Forbidden));
    assert_eq!(yard.run("adm", RoomOp::SetRole(user("jun"), Role::Admin)), Err(Refusal::Forbidden));
    yard.ok("adm", change);
    yard.ok("adm", RoomOp::Kick(user("sora")));
    assert_eq!((yard.head().title.as_str(), yard.role("sora")), ("new", None));
    assert_eq!(yard.run("adm", RoomOp::Kick(user("sora"))), Err(Refusal::NotMember));
}

#[test]
fn a_room_with_people_has_exactly_one_owner() {
    let mut yard = Yard::of(RoomKind::Open, &[]);
    yard.ok("jun", RoomOp::Join);
    assert_eq!(yard.run("owner", RoomOp::Leave), Err(Refusal::OwnerLeaves));
    assert_eq!(yard.run("owner", RoomOp::SetRole(user("owner"), Role::Member)), Err(Refusal::Forbidden));
    yard.ok("owner", RoomOp::SetRole(user("jun"), Role::Owner));
    assert_eq!((yard.role("owner"), yard.role("jun")), (Some(Role::Admin), Some(Role::Owner)));
    yard.ok("owner", RoomOp::Leave);
    yard.ok("jun", RoomOp::Leave);
    yard.ok("sora", RoomOp::Join);
    assert_eq!(yard.role("sora"), Some(Role::Owner));
}

#[test]
fn a_direct_room_is_the_same_whoever_starts_and_never_changes() {
    let mut yard = Yard::of(RoomKind::Direct, &["jun"]);
    yard.ok("jun", create(RoomKind::Direct, &["owner"]));
    assert_eq!(yard.head().last_seq, 1);
    assert_eq!(yard.head().joined, 2);
    assert_eq!(yard.run("jun", RoomOp::Leave), Err(Refusal::DirectRoom));
    assert_eq!(yard.run("jun", RoomOp::Invite(user("sora"))), Err(Refusal::DirectRoom));
    assert_eq!(yard.run("sora", create(RoomKind::Direct, &["jun"])), Err(Refusal::RoomExists));
    assert_eq!(Yard::default().run("jun", create(RoomKind::Direct, &["jun"])), Err(Refusal::DirectRoom));
    yard.ok("jun", send("a", "hi"));
}

#[test]
fn unread_counts_other_peoples_messages_and_the_marker_never_goes_back() {
    let mut yard = Yard::of(RoomKind::Open, &[]);
    yard.ok("owner", send("a", "before"));
    yard.ok("jun", RoomOp::Join);
    assert_eq!(yard.unread("jun"), 0);
    for id in ["b", "c", "d"] {
        yard.ok("owner", send(id, "x"));
    }
    assert_eq!((yard.unread("jun"), yard.unread("owner")), (3, 0));
    let read = |seq, unread| Reply::Read { read_seq: seq, unread, mentions: 0 };
    assert_eq!(yard.ok("jun", RoomOp::MarkRead(5)), read(5, 1));
    assert_eq!(yard.ok("jun", RoomOp::MarkRead(4)), read(5, 1));
    assert_eq!(yard.ok("jun", RoomOp::MarkRead(99)), read(6, 0));
    yard.ok("owner", send("e", "x"));
    yard.ok("jun", send("a", "mine"));
    assert_eq!((yard.unread("jun"), yard.unread("owner")), (0, 1));
}

#[test]
fn a_full_room_says_how_many_fit() {
    let names: Vec<String> = (0..100).map(|i| format!("user{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let full = Err(Refusal::RoomFull { max: 100 });
    assert_eq!(Yard::default().run("owner", create(RoomKind::Group, &names)), full);
    let mut yard = Yard::of(RoomKind::Group, &names[..99]);
    assert_eq!(yard.run("owner", RoomOp::Invite(user("one-more"))), full);
    yard.ok("user0", RoomOp::Join);
}
