//! The bytes of rows about messages, fixed.

use super::*;
use crate::id::{Cid, Emoji, RoomId, UserId};

fn user() -> UserId {
    UserId::parse("jun").unwrap()
}

fn cid() -> Cid {
    Cid::parse("c").unwrap()
}

fn check<R: Row + PartialEq + std::fmt::Debug>(row: R, golden: &str) {
    let bytes = row.encode().unwrap();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, golden, "{row:?}");
    assert_eq!(R::decode(&bytes).unwrap(), row);
}

fn event(body: EventBody, golden: &str) {
    check(
        EventRow { at_ms: 1, user: user(), pos: 2, messages: 3, body },
        &format!("9501a36a756e0203{golden}"),
    );
}

#[test]
fn messages_with_parts_keep_their_bytes() {
    let mentions = Mentions { users: vec![user()], everybody: Everybody::Yes };
    let forward = Some(Forward { room: RoomId([1; 16]), seq: 4, user: user(), at_ms: 5 });
    let media = Media {
        place: MediaPlace::Url("u".into()),
        name: "n".into(),
        mime: "m".into(),
        bytes: Some(1),
        width: Some(2),
        height: None,
        duration_ms: None,
    };
    let thread = Some(InThread { root: 7, number: 1 });
    let extra = Extra { content: Content::Image(media), reply: Some(6), thread, mentions, forward };
    let room = format!("c410{}", "01".repeat(16));
    event(
        EventBody::Message { cid: cid(), text: "x".into(), extra: extra.boxed() },
        &format!(
            "81a13193a163a1789581a1329781a131a175a16ea16d0102c0c00692070192\
             91a36a756ea13294{room}04a36a756e05"
        )
        .replace(' ', ""),
    );
    let opaque =
        Extra { content: Content::Opaque { scheme: "s".into(), data: "d".into() }, ..Extra::default() };
    event(
        EventBody::Message { cid: cid(), text: String::new(), extra: opaque.boxed() },
        "81a13193a163a09581a13692a173a164c0c09290a131c0",
    );
}

#[test]
fn what_became_of_messages_keeps_its_bytes() {
    let emoji = Emoji::parse("+1").unwrap();
    event(
        EventBody::Tombstone { cid: cid(), thread: Some(7), by: user(), deleted_ms: 9 },
        "81a2323094a16307a36a756e09",
    );
    let now = Box::new(EditedTo { text: "y".into(), data: None, mentions: Mentions::default() });
    event(
        EventBody::Edited { target: 4, cid: Some(cid()), now: Some(now) },
        "81a232319304a16393a179c09290a131",
    );
    event(EventBody::Edited { target: 4, cid: None, now: None }, "81a232319304c0c0");
    event(EventBody::Deleted { target: 4 }, "81a232329104");
    let reacted = EventBody::Reacted { target: 4, emoji: emoji.clone(), to: Switch::On, count: 2 };
    event(reacted, "81a232339404a22b31a13102");
    event(EventBody::Pinned { target: 4, to: Switch::Off }, "81a232349204a132");
    let overlay = OverlayRow {
        edited: Some(EditMark { seq: 5, at_ms: 6, count: 1 }),
        reactions: vec![ReactionCount { emoji: emoji.clone(), count: 2 }],
        thread: Some(ThreadMark { replies: 3, last_seq: 8 }),
        pinned_ms: Some(9),
    };
    check(overlay, "94930506019192a22b310292030809");
}

#[test]
fn rows_beside_the_log_keep_their_bytes() {
    let emoji = Emoji::parse("+1").unwrap();
    let (text, content) = ("x".to_owned(), Content::Text);
    check(VersionRow { at_ms: 1, text, content, edited_by: Some(cid()) }, "9401a178a131a163");
    check(ReactionRow { at_ms: 1 }, "9101");
    check(MyReactionsRow { emojis: vec![emoji] }, "9191a22b31");
    check(PinsRow { pins: vec![Pin { seq: 1, user: user(), at_ms: 2 }] }, "91919301a36a756e02");
    let room = RoomId([1; 16]);
    let id = format!("c410{}", "01".repeat(16));
    check(MentionRow { room, seq: 2, state: Switch::On, room_seq: 3 }, &format!("94{id}02a13103"));
    check(MentionNumberRow { number: 1 }, "9101");
    let effect = Effect::Mention { user: user(), room, seq: 2, state: Switch::Off, room_seq: 3 };
    check(OutboxRow { effect }, &format!("9181a2323095a36a756e{id}02a13203"));
}
