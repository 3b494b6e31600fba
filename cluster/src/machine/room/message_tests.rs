//! Messages after they were said, by script: edits, deletions, reactions, pins, threads, mentions, forwards.

use madang_storage::id::Emoji;
use madang_storage::row::{
    Content, EditedTo, Effect, EventBody, Everybody, Extra, Forward, InThread, Mentions, OutboxRow, PinsRow,
    ReactionCount, Role, RoomKind, Row, Switch, ThreadMark, table,
};

use super::yard::{ROOM, Yard, cid, send, user};
use super::{EDITS_MAX, PINS_MAX, REACTION_KINDS_MAX, UNREAD_MENTIONS_MAX};
use crate::command::{Outcome, Refusal, Repeat, Reply, RoomOp, TalkOp};
use crate::event::ShardEvent;
use crate::machine::rows::{Rows, room_key};

/// An open room with the members `jun` and `sora`, in which the owner has said `one` (seq 4).
fn talk() -> Yard {
    let mut yard = Yard::of(RoomKind::Open, &[]);
    yard.ok("jun", RoomOp::Join);
    yard.ok("sora", RoomOp::Join);
    yard.ok("owner", send("a", "one"));
    yard
}

/// Where `talk` begins.
const ONE: u64 = 4;

fn with(id: &str, text: &str, extra: Extra) -> RoomOp {
    RoomOp::Send { cid: cid(id), text: text.into(), after: None, extra: extra.boxed() }
}

fn in_thread(id: &str, root: u64) -> RoomOp {
    let thread = Some(InThread { root, number: 0 });
    with(id, "reply", Extra { thread, ..Extra::default() })
}

fn calling(id: &str, users: &[&str], everybody: Everybody) -> RoomOp {
    let mentions = Mentions { users: users.iter().map(|name| user(name)).collect(), everybody };
    with(id, "hey", Extra { mentions, ..Extra::default() })
}

fn to(text: &str) -> Box<EditedTo> {
    Box::new(EditedTo { text: text.into(), data: None, mentions: Mentions::default() })
}

fn edit(target: u64, text: &str) -> RoomOp {
    RoomOp::Talk(TalkOp::Edit { target, cid: None, to: to(text) })
}

fn edit_as(id: &str, target: u64, text: &str) -> RoomOp {
    RoomOp::Talk(TalkOp::Edit { target, cid: Some(cid(id)), to: to(text) })
}

fn delete(target: u64) -> RoomOp {
    RoomOp::Talk(TalkOp::Delete { target })
}

fn emoji(text: &str) -> Emoji {
    Emoji::parse(text).unwrap()
}

fn react(target: u64, with: &str, to: Switch) -> RoomOp {
    RoomOp::Talk(TalkOp::React { target, emoji: emoji(with), to })
}

fn pin(target: u64, to: Switch) -> RoomOp {
    RoomOp::Talk(TalkOp::Pin { target, to })
}

fn text_at(yard: &Yard, seq: u64) -> String {
    match yard.entry(seq).body {
        EventBody::Message { text, .. } => text,
        other => panic!("{other:?}"),
    }
}

fn is_repeat(outcome: &Outcome) -> bool {
    matches!(outcome, Ok(Reply::Sent { dup: Repeat::Again, .. }))
}

/// Whether a text stands anywhere in the state.
fn is_kept(yard: &Yard, text: &str) -> bool {
    yard.base.0.values().any(|row| row.windows(text.len()).any(|part| part == text.as_bytes()))
}

#[test]
fn an_edit_shows_at_the_messages_place_and_keeps_what_it_was() {
    let mut yard = talk();
    yard.ok("owner", edit(ONE, "two"));
    yard.ok("owner", edit(ONE, "three"));
    assert_eq!(text_at(&yard, ONE), "three");
    let edited = yard.overlay(ONE).edited.unwrap();
    assert_eq!((edited.seq, edited.count, edited.at_ms), (6, 2, 60));
    // Only the newest edit still says what it changed: the log is no second history.
    assert!(matches!(yard.entry(5).body, EventBody::Edited { now: None, .. }));
    assert!(matches!(yard.entry(6).body, EventBody::Edited { now: Some(_), .. }));
    assert!(is_kept(&yard, "two"));
    assert_eq!(yard.head().messages, 1);
}

#[test]
fn only_the_sender_edits_and_what_says_the_same_is_no_edit() {
    let mut yard = talk();
    yard.ok("owner", RoomOp::SetRole(user("jun"), Role::Admin));
    assert_eq!(yard.run("jun", edit(ONE, "no")), Err(Refusal::Forbidden));
    assert_eq!(yard.run("stranger", edit(ONE, "no")), Err(Refusal::NotMember));
    assert_eq!(yard.run("owner", edit(1, "no")), Err(Refusal::NoMessage));
    assert_eq!(yard.run("owner", edit(99, "no")), Err(Refusal::NoMessage));
    assert_eq!(yard.run("owner", edit(ONE, "")), Err(Refusal::OtherContent));
    assert!(is_repeat(&yard.run("owner", edit(ONE, "one"))));
    assert_eq!(yard.overlay(ONE).edited, None);
}

#[test]
fn a_retried_edit_never_overwrites_a_newer_one() {
    let mut yard = talk();
    yard.ok("owner", edit_as("e1", ONE, "two"));
    yard.ok("owner", edit_as("e2", ONE, "three"));
    assert!(is_repeat(&yard.run("owner", edit_as("e1", ONE, "two"))));
    assert_eq!(text_at(&yard, ONE), "three");
    assert_eq!(yard.run("owner", edit_as("e1", ONE, "four")), Err(Refusal::CidConflict));
    assert_eq!(yard.run("owner", send("e1", "one")), Err(Refusal::CidConflict));
}

#[test]
fn a_message_is_not_edited_for_ever() {
    let mut yard = talk();
    for number in 0..EDITS_MAX {
        yard.ok("owner", edit(ONE, &format!("version {number}")));
    }
    assert!(matches!(yard.run("owner", edit(ONE, "no")), Err(Refusal::TooMany { max: EDITS_MAX, .. })));
}

#[test]
fn what_was_deleted_is_nowhere_any_more() {
    let mut yard = talk();
    yard.ok("jun", send("b", "first words"));
    yard.ok("jun", edit_as("e1", 5, "second words"));
    yard.ok("jun", edit(5, "third words"));
    yard.ok("sora", react(5, "👍", Switch::On));
    yard.ok("jun", in_thread("c", 5));
    for text in ["first words", "second words", "third words"] {
        assert!(is_kept(&yard, text), "{text}");
    }
    yard.ok("jun", delete(5));
    for text in ["first words", "second words", "third words"] {
        assert!(!is_kept(&yard, text), "{text}");
    }
    assert!(matches!(yard.entry(5).body, EventBody::Tombstone { by, .. } if by == user("jun")));
    let overlay = yard.overlay(5);
    assert_eq!((overlay.edited, overlay.reactions.len()), (None, 0));
    assert_eq!(overlay.thread, Some(ThreadMark { replies: 1, last_seq: 9 }));
    // It still counts, and a retry of the send or of an edit does not bring it back.
    assert_eq!(yard.head().messages, 3);
    assert!(is_repeat(&yard.run("jun", send("b", "first words"))));
    assert!(is_repeat(&yard.run("jun", edit_as("e1", 5, "second words"))));
    assert!(is_repeat(&yard.run("jun", delete(5))));
    assert_eq!(yard.run("jun", edit(5, "back")), Err(Refusal::MessageGone));
    assert_eq!(yard.run("sora", react(5, "👍", Switch::On)), Err(Refusal::MessageGone));
}

#[test]
fn listeners_are_told_what_an_event_did_to_older_ones() {
    let mut yard = talk();
    yard.ok("owner", edit(ONE, "two"));
    yard.ok("owner", delete(ONE));
    let Some(ShardEvent::Room(event)) = yard.events.last() else { panic!("{:?}", yard.events) };
    assert_eq!(event.row.body, EventBody::Deleted { target: ONE });
    let changed: Vec<u64> = event.changes.iter().map(|change| change.seq).collect();
    assert_eq!(changed, [5, ONE]);
    for change in &event.changes {
        let row = yard.entry(change.seq).body;
        assert_eq!(change.body.as_ref(), Some(&row));
    }
}

#[test]
fn keepers_of_order_delete_what_others_said_but_nobody_does_in_a_direct_room() {
    let mut yard = talk();
    yard.ok("jun", send("b", "x"));
    assert_eq!(yard.run("sora", delete(5)), Err(Refusal::Forbidden));
    yard.ok("owner", RoomOp::SetRole(user("sora"), Role::Moderator));
    yard.ok("sora", delete(5));
    let mut direct = Yard::of(RoomKind::Direct, &["jun"]);
    direct.ok("jun", send("a", "x"));
    assert_eq!(direct.run("owner", delete(2)), Err(Refusal::Forbidden));
    direct.ok("jun", delete(2));
}

#[test]
fn reactions_are_counted_once_a_person_and_can_be_taken_back() {
    let mut yard = talk();
    for who in ["jun", "sora", "jun"] {
        yard.ok(who, react(ONE, "👍", Switch::On));
    }
    yard.ok("jun", react(ONE, "🎉", Switch::On));
    let count = |text: &str, count| ReactionCount { emoji: emoji(text), count };
    assert_eq!(yard.overlay(ONE).reactions, [count("👍", 2), count("🎉", 1)]);
    assert!(is_repeat(&yard.run("owner", react(ONE, "👍", Switch::Off))));
    yard.ok("jun", react(ONE, "🎉", Switch::Off));
    yard.ok("jun", react(ONE, "👍", Switch::Off));
    assert_eq!(yard.overlay(ONE).reactions, [count("👍", 1)]);
    let counts: Vec<u64> = yard
        .log()
        .into_iter()
        .filter_map(|(_, body)| match body {
            EventBody::Reacted { count, .. } => Some(count),
            _ => None,
        })
        .collect();
    assert_eq!(counts, [1, 2, 1, 0, 1]);
    yard.ok("sora", react(ONE, "👍", Switch::Off));
    assert!(yard.overlay(ONE).is_empty());
    assert!(
        !yard
            .base
            .0
            .keys()
            .any(|(table, _)| { [table::OVERLAY, table::REACTION, table::MY_REACTIONS].contains(table) })
    );
}

#[test]
fn a_message_has_only_so_many_kinds_of_reactions() {
    let mut yard = talk();
    for number in 0..REACTION_KINDS_MAX {
        yard.ok("jun", react(ONE, &number.to_string(), Switch::On));
    }
    let refused = yard.run("jun", react(ONE, "more", Switch::On));
    assert!(matches!(refused, Err(Refusal::TooMany { max: 20, .. })), "{refused:?}");
    yard.ok("sora", react(ONE, "0", Switch::On));
}

#[test]
fn a_thread_hangs_on_a_message_that_is_in_none() {
    let mut yard = talk();
    yard.ok("jun", in_thread("b", ONE));
    yard.ok("sora", in_thread("c", ONE));
    assert_eq!(yard.overlay(ONE).thread, Some(ThreadMark { replies: 2, last_seq: 6 }));
    let EventBody::Message { extra: Some(extra), .. } = yard.entry(6).body else { panic!() };
    assert_eq!(extra.thread, Some(InThread { root: ONE, number: 2 }));
    assert_eq!(yard.run("jun", in_thread("d", 5)), Err(Refusal::NoThread));
    assert_eq!(yard.run("jun", in_thread("d", 1)), Err(Refusal::NoMessage));
    // A thread outlives its root, but none begins on what is gone.
    yard.ok("owner", delete(ONE));
    yard.ok("jun", in_thread("e", ONE));
    assert_eq!(yard.overlay(ONE).thread, Some(ThreadMark { replies: 3, last_seq: 8 }));
    yard.ok("owner", send("f", "gone soon"));
    yard.ok("owner", delete(9));
    assert_eq!(yard.run("jun", in_thread("g", 9)), Err(Refusal::MessageGone));
}

#[test]
fn a_reply_names_a_message_of_the_room() {
    let mut yard = talk();
    let reply = |seq| with("b", "yes", Extra { reply: Some(seq), ..Extra::default() });
    assert_eq!(yard.run("jun", reply(99)), Err(Refusal::NoMessage));
    yard.ok("jun", reply(ONE));
    assert!(is_repeat(&yard.run("jun", reply(ONE))));
    assert_eq!(yard.run("jun", send("b", "yes")), Err(Refusal::CidConflict));
}

#[test]
fn pins_are_few_and_go_with_their_message() {
    let mut yard = talk();
    assert_eq!(yard.run("jun", pin(ONE, Switch::On)), Err(Refusal::Forbidden));
    yard.ok("owner", pin(ONE, Switch::On));
    assert!(is_repeat(&yard.run("owner", pin(ONE, Switch::On))));
    assert_eq!(yard.overlay(ONE).pinned_ms, Some(60));
    let pins = |yard: &Yard| -> Vec<u64> {
        let row: PinsRow = Rows::new(&yard.base).load(table::PINS, &room_key(&ROOM)).unwrap().unwrap();
        row.pins.iter().map(|pin| pin.seq).collect()
    };
    assert_eq!(pins(&yard), [ONE]);
    yard.ok("owner", delete(ONE));
    assert!(pins(&yard).is_empty());
    let mut seqs = Vec::new();
    for number in 0..=PINS_MAX {
        let Reply::Sent { seq, .. } = yard.ok("owner", send(&format!("p{number}"), "x")) else { panic!() };
        seqs.push(seq);
    }
    for seq in &seqs[..PINS_MAX] {
        yard.ok("owner", pin(*seq, Switch::On));
    }
    let refused = yard.run("owner", pin(seqs[PINS_MAX], Switch::On));
    assert!(matches!(refused, Err(Refusal::TooMany { max: 50, .. })), "{refused:?}");
    yard.ok("owner", pin(seqs[0], Switch::Off));
    yard.ok("owner", pin(seqs[PINS_MAX], Switch::On));
}

#[test]
fn a_call_counts_until_it_is_read_deleted_or_edited_away() {
    let mut yard = talk();
    yard.ok("owner", calling("b", &["jun", "owner", "stranger"], Everybody::No));
    yard.ok("owner", calling("c", &["jun"], Everybody::Yes));
    assert_eq!((yard.mentions("jun"), yard.mentions("sora"), yard.mentions("owner")), (2, 1, 0));
    yard.ok("owner", edit(5, "nobody"));
    assert_eq!(yard.mentions("jun"), 1);
    yard.ok("owner", delete(6));
    assert_eq!((yard.mentions("jun"), yard.mentions("sora")), (0, 0));
    yard.ok("owner", calling("d", &["jun"], Everybody::No));
    yard.ok("jun", RoomOp::MarkRead(8));
    assert_eq!(yard.mentions("jun"), 1);
    yard.ok("jun", RoomOp::MarkRead(9));
    assert_eq!(yard.mentions("jun"), 0);
}

#[test]
fn the_shards_of_those_who_are_called_are_told() {
    let mut yard = talk();
    yard.ok("owner", calling("b", &["jun", "owner", "stranger"], Everybody::No));
    yard.ok("owner", delete(5));
    let told: Vec<Effect> = yard
        .base
        .0
        .iter()
        .filter(|((table, _), _)| *table == table::OUTBOX)
        .map(|(_, row)| OutboxRow::decode(row).unwrap().effect)
        .filter(|effect| matches!(effect, Effect::Mention { .. }))
        .collect();
    let mention = |user_name, state, room_seq| Effect::Mention {
        user: user(user_name),
        room: ROOM,
        seq: 5,
        state,
        room_seq,
    };
    // Who is no member is told neither that it began nor that it is over: nobody fills a stranger's list.
    assert_eq!(told, [mention("jun", Switch::On, 5), mention("jun", Switch::Off, 6)]);
}

#[test]
fn only_so_many_unread_calls_are_kept() {
    let mut yard = talk();
    for number in 0..UNREAD_MENTIONS_MAX + 5 {
        yard.ok("owner", calling(&number.to_string(), &["jun"], Everybody::No));
    }
    assert_eq!(yard.mentions("jun"), UNREAD_MENTIONS_MAX as u64);
}

#[test]
fn calling_everybody_is_a_right_in_open_rooms() {
    let mut yard = talk();
    assert_eq!(yard.run("jun", calling("b", &[], Everybody::Yes)), Err(Refusal::Forbidden));
    yard.ok("jun", send("b", "x"));
    let mentions = Mentions { users: vec![], everybody: Everybody::Yes };
    let to = Box::new(EditedTo { text: "all".into(), data: None, mentions });
    let edit = RoomOp::Talk(TalkOp::Edit { target: 5, cid: None, to });
    assert_eq!(yard.run("jun", edit), Err(Refusal::Forbidden));
}

#[test]
fn words_of_the_room_are_said_by_those_who_keep_order() {
    let mut yard = talk();
    let system = || with("s", "welcome", Extra { content: Content::System, ..Extra::default() });
    assert_eq!(yard.run("jun", system()), Err(Refusal::Forbidden));
    yard.ok("owner", RoomOp::SetRole(user("jun"), Role::Moderator));
    yard.ok("jun", system());
    // Whoever no longer keeps order does not speak for the room by an edit either.
    yard.ok("owner", RoomOp::SetRole(user("jun"), Role::Member));
    assert_eq!(yard.run("jun", edit(6, "mine")), Err(Refusal::Forbidden));
}

#[test]
fn an_opaque_message_is_edited_by_other_data_only() {
    let mut yard = talk();
    let content = Content::Opaque { scheme: "mls".into(), data: "AAAA".into() };
    yard.ok("jun", with("b", "", Extra { content, ..Extra::default() }));
    let edit = |target, text: &str, data: Option<&str>| {
        let to = EditedTo { text: text.into(), data: data.map(Into::into), mentions: Mentions::default() };
        RoomOp::Talk(TalkOp::Edit { target, cid: None, to: Box::new(to) })
    };
    yard.ok("jun", edit(5, "", Some("BBBB")));
    let EventBody::Message { extra: Some(extra), .. } = yard.entry(5).body else { panic!() };
    assert_eq!(extra.content, Content::Opaque { scheme: "mls".into(), data: "BBBB".into() });
    assert_eq!(yard.run("owner", edit(ONE, "x", Some("BBBB"))), Err(Refusal::OtherContent));
    yard.ok("jun", delete(5));
    assert!(!is_kept(&yard, "AAAA") && !is_kept(&yard, "BBBB"));
}

#[test]
fn what_was_forwarded_is_not_edited_and_its_retry_is_known_by_its_source() {
    let mut yard = talk();
    let forward = |text: &str, seq| {
        let forward = Some(Forward { room: ROOM, seq, user: user("sora"), at_ms: 1 });
        with("f", text, Extra { forward, ..Extra::default() })
    };
    yard.ok("jun", forward("their words", ONE));
    // The original was edited before the retry.
    assert!(is_repeat(&yard.run("jun", forward("their newer words", ONE))));
    assert_eq!(yard.run("jun", forward("their words", 5)), Err(Refusal::CidConflict));
    assert_eq!(yard.run("jun", edit(5, "my words")), Err(Refusal::Forbidden));
}
