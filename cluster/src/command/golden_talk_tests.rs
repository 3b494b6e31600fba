//! The bytes of commands about messages, fixed.

use madang_storage::id::{Cid, Emoji};
use madang_storage::row::{Content, EditedTo, Everybody, Extra, Mentions, Switch};

use super::{RoomOp, TalkOp};

fn check(op: RoomOp, golden: &str) {
    let bytes = rmp_serde::to_vec(&op).unwrap();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, golden, "{op:?}");
    assert_eq!(rmp_serde::from_slice::<RoomOp>(&bytes).unwrap(), op);
}

#[test]
fn commands_about_messages_keep_their_bytes() {
    let cid = Cid::parse("c").unwrap();
    let mentions = Mentions { users: vec![], everybody: Everybody::Yes };
    let extra =
        Extra { content: Content::System, reply: Some(3), mentions: mentions.clone(), ..Extra::default() };
    check(
        RoomOp::Send { cid: cid.clone(), text: "x".into(), after: None, extra: extra.boxed() },
        "81a13294a163a178c095a13503c09290a132c0",
    );
    let to = Box::new(EditedTo { text: "y".into(), data: Some("d".into()), mentions });
    check(
        RoomOp::Talk(TalkOp::Edit { target: 4, cid: Some(cid), to }),
        "81a2323081a1319304a16393a179a1649290a132",
    );
    check(RoomOp::Talk(TalkOp::Delete { target: 4 }), "81a2323081a1329104");
    let emoji = Emoji::parse("+1").unwrap();
    check(RoomOp::Talk(TalkOp::React { target: 4, emoji, to: Switch::On }), "81a2323081a1339304a22b31a131");
    check(RoomOp::Talk(TalkOp::Pin { target: 4, to: Switch::Off }), "81a2323081a1349204a132");
}
