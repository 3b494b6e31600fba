//! The bytes of every row, fixed: a change here is a change of what is on people's disks.

use super::*;
use crate::id::{Cid, RoomId, UserId};

pub(super) fn user() -> UserId {
    UserId::parse("minji").unwrap()
}

pub(super) fn check<R: Row + PartialEq + std::fmt::Debug>(row: R, golden: &str) {
    let bytes = row.encode().unwrap();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, golden, "{row:?}");
    assert_eq!(R::decode(&bytes).unwrap(), row);
}

#[test]
fn event_rows_keep_their_bytes() {
    let event = |body| EventRow { at_ms: 1, user: user(), pos: 2, messages: 3, body };
    let cid = Cid::parse("c1").unwrap();
    check(
        event(EventBody::Message { cid, text: "hi".into(), extra: None }),
        "9501a56d696e6a69020381a13192a26331a26869",
    );
    check(
        event(EventBody::Created { kind: RoomKind::Open, title: "t".into() }),
        "9501a56d696e6a69020381a13292a133a174",
    );
    check(event(EventBody::Joined), "9501a56d696e6a690203a133");
    check(event(EventBody::Left), "9501a56d696e6a690203a134");
    check(event(EventBody::Invited { target: user() }), "9501a56d696e6a69020381a13591a56d696e6a69");
    check(event(EventBody::Kicked { target: user() }), "9501a56d696e6a69020381a13691a56d696e6a69");
    let role = EventBody::Role { target: user(), role: Role::Admin };
    check(event(role), "9501a56d696e6a69020381a13792a56d696e6a69a132");
    let changed = RoomChange { title: Some("t".into()), ..RoomChange::default() };
    check(event(EventBody::Changed(Box::new(changed))), "9501a56d696e6a69020381a13897a174c0c09090c0c0");
}

#[test]
fn room_and_member_rows_keep_their_bytes() {
    let room = RoomRow {
        last_seq: 2,
        last_message_seq: 3,
        last_event_ms: 4,
        messages: 5,
        joined: 6,
        invited: 7,
        pair: Some((user(), user())),
        ..RoomRow::new(RoomKind::Direct, "t".into(), String::new(), 1)
    };
    check(
        room,
        "dc0014a131a174a00102030405060792a56d696e6a69a56d696e6a6990a131a00096a131a133a131a133a131a133000200a0",
    );
    let member = MemberRow::new(MemberState::Invited, Role::Owner, 1, 2);
    check(member, "99a132a13301029001010000");
    check(SentRow { seq: 1, at_ms: 2, hash: Some(3) }, "93010203");
}

#[test]
fn presence_rows_keep_their_bytes() {
    let status = Status { text: "t".into(), emoji: "e".into(), expires_ms: Some(9) };
    let row = PresenceRow { visibility: Visibility::Invisible, status: Some(status), last_active_ms: 7 };
    check(row, "93a13293a174a1650907");
    check(PresenceRow::default(), "93a131c000");
}

#[test]
fn account_and_outbox_rows_keep_their_bytes() {
    check(
        UserRow { display_name: "M".into(), password_hash: "h".into(), created_ms: 1, sessions: vec![] },
        "94a14da1680190",
    );
    let session = SessionRow { token_hash: [9; 32], device: "d".into(), created_ms: 1, seen_ms: 2 };
    check(session, &format!("94c420{}a1640102", "09".repeat(32)));
    let state = Some(MemberState::Joined);
    let (by, quiet) = (Some(user()), Until(4));
    let row = UserRoomRow { state, room_seq: 1, pos: 2, by, at_ms: 3, quiet, pinned_ms: 5 };
    check(row, "97a1310102a56d696e6a69030405");
    let room = RoomId([1; 16]);
    check(GoneRow { room, pos: 2 }, &format!("92c410{}02", "01".repeat(16)));
    check(GonesRow { number: 3, forgotten_pos: 4 }, "920304");
    let effect = Effect::UserRoom { user: user(), room, state: None, room_seq: 7, by: None, at_ms: 8 };
    check(OutboxRow { effect }, &format!("9181a13196a56d696e6a69c410{}c007c008", "01".repeat(16)));
}
