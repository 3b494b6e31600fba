//! Markers, declining, and what a block does to a direct room, by script.

use madang_storage::id::LinkSecret;
use madang_storage::row::{
    Blocked, EditedTo, Effect, Feature, MemberRow, MemberState, Mentions, RoomChange, RoomKind, Switch, table,
};

use super::yard::{ROOM, Yard, cid, create, send, user};
use crate::command::{AdminOp, Op, Refusal, Repeat, Reply, RoomOp, TalkOp};
use crate::event::ShardEvent;
use crate::machine::pair::direct_room;
use crate::machine::rows::{Rows, member_key};

fn receipts(yard: &mut Yard) -> Vec<(u64, u64)> {
    let told = yard.events.iter().filter_map(|event| match event {
        ShardEvent::Receipt { read_seq, received_seq, .. } => Some((*read_seq, *received_seq)),
        _ => None,
    });
    let told = told.collect();
    yard.events.clear();
    told
}

fn row(yard: &Yard, who: &str) -> MemberRow {
    Rows::new(&yard.base).load(table::MEMBER, &member_key(&ROOM, &user(who))).unwrap().unwrap()
}

#[test]
fn markers_grow_only_and_private_reading_shows_nothing() {
    let mut yard = Yard::of(RoomKind::Open, &[]);
    yard.ok("jun", RoomOp::Join);
    for id in ["a", "b", "c"] {
        yard.ok("owner", send(id, "x"));
    }
    receipts(&mut yard);
    assert_eq!(yard.ok("jun", RoomOp::MarkReceived(99)), Reply::Received { received_seq: 5 });
    assert_eq!(yard.ok("jun", RoomOp::MarkReceived(1)), Reply::Received { received_seq: 5 });
    assert_eq!(receipts(&mut yard), [(2, 5)]);
    yard.ok("jun", RoomOp::MarkRead(4));
    yard.ok("jun", RoomOp::MarkRead(3));
    assert_eq!(receipts(&mut yard), [(4, 5)]);
    yard.ok("owner", send("d", "x"));
    yard.ok("jun", RoomOp::MarkReadPrivately(6));
    assert_eq!(receipts(&mut yard), []);
    let jun = row(&yard, "jun");
    assert_eq!((jun.read_seq, jun.shown_seq, jun.received_seq), (6, 4, 5));
    assert_eq!(yard.unread("jun"), 0);
    yard.ok("jun", RoomOp::MarkRead(6));
    assert_eq!(receipts(&mut yard), [(6, 6)]);
}

#[test]
fn a_room_without_receipts_tells_nobody_and_still_counts() {
    let mut yard = Yard::of(RoomKind::Open, &[]);
    yard.ok("jun", RoomOp::Join);
    let features = vec![(Feature::Receipts, Switch::Off)];
    let change = Box::new(RoomChange { features, ..RoomChange::default() });
    yard.ok("owner", RoomOp::Admin(AdminOp::Change { change, sort_title: String::new() }));
    let seq = match yard.ok("owner", send("a", "x")) {
        Reply::Sent { seq, .. } => seq,
        other => panic!("{other:?}"),
    };
    receipts(&mut yard);
    yard.ok("jun", RoomOp::MarkRead(seq));
    assert_eq!((receipts(&mut yard), yard.unread("jun")), (vec![], 0));
}

#[test]
fn declining_answers_an_invitation_and_takes_nobody_out() {
    let mut yard = Yard::of(RoomKind::Group, &["jun"]);
    yard.ok("jun", RoomOp::Decline);
    assert_eq!(yard.run("jun", RoomOp::Decline), Err(Refusal::NoRoom));
    assert_eq!(yard.run("owner", RoomOp::Decline), Err(Refusal::NotMember));
    assert_eq!((yard.head().joined, yard.head().invited), (1, 0));
}

#[test]
fn an_invitation_that_is_declined_back_is_gone_but_a_later_or_accepted_one_is_not() {
    let mut yard = Yard::of(RoomKind::Group, &["jun"]);
    let first = row(&yard, "jun").read_seq;
    let declined = |room_seq| Op::Effect(Effect::Declined { room: ROOM, user: user("jun"), room_seq });
    yard.apply(declined(first)).unwrap();
    assert_eq!(yard.head().invited, 0);
    yard.ok("owner", RoomOp::Invite(user("jun")));
    yard.apply(declined(first)).unwrap();
    assert_eq!(yard.head().invited, 1, "the straggler is about another invitation");
    yard.ok("jun", RoomOp::Join);
    yard.apply(declined(row(&yard, "jun").read_seq)).unwrap();
    assert_eq!(row(&yard, "jun").state, MemberState::Joined);
}

#[test]
fn nobody_opens_or_writes_in_the_direct_room_while_one_of_the_two_blocks() {
    let (jun, minji) = (user("jun"), user("minji"));
    let room = direct_room(&jun, &minji);
    let mut yard = Yard::default();
    let ask = |who: &str, op| Op::Room { room, user: user(who), op };
    let block = |blocked, version| {
        Op::Effect(Effect::PairBlock { room, by: minji.clone(), other: jun.clone(), blocked, version })
    };
    yard.apply(block(Blocked::Yes, 1)).unwrap();
    let open = || create(RoomKind::Direct, &["minji"]);
    assert_eq!(yard.apply(ask("jun", open())), Err(Refusal::Private));
    yard.apply(block(Blocked::No, 2)).unwrap();
    yard.apply(block(Blocked::Yes, 1)).unwrap();
    yard.apply(ask("jun", open())).unwrap();
    yard.apply(ask("jun", send("a", "hi"))).unwrap();
    yard.apply(block(Blocked::Yes, 3)).unwrap();
    for who in ["jun", "minji"] {
        assert_eq!(yard.apply(ask(who, send("b", "hi"))), Err(Refusal::Private));
        yard.apply(ask(who, RoomOp::MarkRead(1))).unwrap();
    }
    yard.apply(ask("jun", open())).unwrap();
}

#[test]
fn a_third_one_who_knows_both_names_learns_nothing_of_their_room() {
    let (jun, minji) = (user("jun"), user("minji"));
    let room = direct_room(&jun, &minji);
    let ask = |who: &str, op| Op::Room { room, user: user(who), op };
    let block = Effect::PairBlock { room, by: minji.clone(), other: jun, blocked: Blocked::Yes, version: 1 };
    let tries = || [RoomOp::Join, RoomOp::JoinByLink(LinkSecret([1; 16])), send("a", "hi"), RoomOp::Leave];
    let outcomes = |yard: &mut Yard| tries().map(|op| yard.apply(ask("sora", op)));
    let mut yard = Yard::default();
    let nothing = outcomes(&mut yard);
    assert!(nothing.iter().all(|outcome| *outcome == Err(Refusal::NoRoom)), "{nothing:?}");
    yard.apply(ask("jun", create(RoomKind::Direct, &["minji"]))).unwrap();
    assert_eq!(outcomes(&mut yard), nothing);
    yard.apply(Op::Effect(block)).unwrap();
    assert_eq!(outcomes(&mut yard), nothing);
}

#[test]
fn a_retry_of_what_was_acknowledged_gets_its_answer_after_a_block_too() {
    let (jun, minji) = (user("jun"), user("minji"));
    let room = direct_room(&jun, &minji);
    let mut yard = Yard::default();
    let ask = |op| Op::Room { room, user: user("jun"), op };
    let reword = |id| {
        let to = EditedTo { text: "ho".into(), data: None, mentions: Mentions::default() };
        RoomOp::Talk(TalkOp::Edit { target: 2, cid: Some(cid(id)), to: Box::new(to) })
    };
    let again = |first: Reply| match first {
        Reply::Sent { seq, at_ms, dup: Repeat::First } => Reply::Sent { seq, at_ms, dup: Repeat::Again },
        other => panic!("{other:?}"),
    };
    yard.apply(ask(create(RoomKind::Direct, &["minji"]))).unwrap();
    let said = yard.apply(ask(send("a", "hi"))).unwrap();
    let edited = yard.apply(ask(reword("b"))).unwrap();
    let block = Effect::PairBlock { room, by: minji, other: jun, blocked: Blocked::Yes, version: 1 };
    yard.apply(Op::Effect(block)).unwrap();
    assert_eq!(yard.apply(ask(send("a", "hi"))), Ok(again(said)));
    assert_eq!(yard.apply(ask(reword("b"))), Ok(again(edited)));
    for new in [send("c", "hi"), reword("d"), send("a", "other words")] {
        assert!(yard.apply(ask(new)).is_err());
    }
    assert_eq!(yard.apply(ask(send("c", "hi"))), Err(Refusal::Private));
    assert_eq!(yard.apply(ask(reword("d"))), Err(Refusal::Private));
}
