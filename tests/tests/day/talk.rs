//! What people do with messages: answers, threads, edits, reactions, calls, pins.

use serde_json::{Value, json};

use crate::day::yard::{Yard, cid, create, head_shows, is_shown, reads, say, send, seq, shows};

/// What was talked about, for later.
pub(crate) struct Talk {
    /// A message with a thread on it, reactions and a pin.
    pub(crate) plan: u64,
    /// The room of Minji and Jun.
    pub(crate) direct: String,
}

/// Answers, a thread, edits, a deletion.
pub(crate) async fn things_are_said_differently(yard: &Yard, book: &str) -> Talk {
    let plan = say(&yard.sora, book, "목요일에 만날까요?").await;
    let answer = send(&yard.jun, book, "좋아요", json!({ "reply": plan })).await;
    shows(&yard.phone, book, answer, ("reply", json!(plan))).await;
    for (device, text) in [(&yard.phone, "몇 시에?"), (&yard.sora, "일곱 시"), (&yard.jun, "늦을게요")]
    {
        let reply = send(device, book, text, json!({ "thread": plan })).await;
        shows(&yard.laptop, book, reply, ("thread", json!(plan))).await;
    }
    for (text, data) in [("수요일에 만날까요?", 1), ("금요일에 만날까요?", 2)] {
        yard.sora.ask("edit", json!({ "room": book, "seq": plan, "text": text, "cid": cid() })).await;
        reads(&yard.jun, book, plan, text).await;
        yard.jun
            .sees("how often", |model| (model.message(book, plan)?["edited"]["count"] == data).then_some(()))
            .await;
    }
    let slip = say(&yard.jun, book, "비밀이었는데").await;
    reads(&yard.sora, book, slip, "비밀이었는데").await;
    yard.jun.ask("delete", json!({ "room": book, "seq": slip })).await;
    reads(&yard.sora, book, slip, "").await;
    let direct = create(&yard.phone, json!({ "kind": "direct", "with": "jun" })).await;
    Talk { plan, direct }
}

/// Reactions of several people, one taken back; pins, one taken off; a message carried into another room.
pub(crate) async fn things_are_marked(yard: &Yard, book: &str, talk: &Talk) {
    let react = |emoji: &str, on: bool| json!({ "room": book, "seq": talk.plan, "emoji": emoji, "on": on });
    yard.phone.ask("react", react("👍", true)).await;
    yard.jun.ask("react", react("👍", true)).await;
    yard.sora.ask("react", react("🎉", true)).await;
    yard.jun.ask("react", react("👍", false)).await;
    let reactions = json!([{ "emoji": "👍", "count": 1, "mine": true }, { "emoji": "🎉", "count": 1 }]);
    shows(&yard.laptop, book, talk.plan, ("reactions", reactions)).await;

    yard.phone.ask("pin", json!({ "room": book, "seq": talk.plan })).await;
    let other = say(&yard.phone, book, "다음 책").await;
    yard.sora.ask("pin", json!({ "room": book, "seq": other })).await;
    yard.phone.ask("pin", json!({ "room": book, "seq": other, "on": false })).await;
    shows(&yard.jun, book, other, ("pinned_ms", Value::Null)).await;

    let forward = json!({ "room": talk.direct, "cid": cid(), "from_room": book, "from_seq": talk.plan });
    let forwarded = seq(&yard.phone.ask("forward", forward).await);
    reads(&yard.jun, &talk.direct, forwarded, "금요일에 만날까요?").await;
}

/// Calls by name and of everybody; what is read on one device is read on the other.
pub(crate) async fn people_are_called_and_read(yard: &Yard, book: &str, talk: &Talk) {
    let read_by_now = say(&yard.phone, book, "다들 어디예요?").await;
    head_shows(&yard.laptop, book, "/my/read_seq", json!(read_by_now)).await;
    let by_name = json!({ "mentions": { "users": ["minji", "sora"] } });
    let called = send(&yard.jun, book, "@minji @sora 여기요", by_name).await;
    send(&yard.sora, book, "@all 도착했어요", json!({ "mentions": { "room": true } })).await;
    let last = say(&yard.jun, book, "저도요").await;
    for device in [&yard.phone, &yard.laptop] {
        head_shows(device, book, "/my/unread", json!(3)).await;
        head_shows(device, book, "/my/mentions", json!(2)).await;
    }
    // An edit takes a call back.
    let edit =
        json!({ "room": book, "seq": called, "text": "@sora 여기요", "mentions": { "users": ["sora"] } });
    yard.jun.ask("edit", edit).await;
    for device in [&yard.phone, &yard.laptop] {
        head_shows(device, book, "/my/mentions", json!(1)).await;
    }
    yard.sora.ask("mark_received", json!({ "room": book, "seq": last })).await;
    yard.phone.ask("mark_read", json!({ "room": book, "seq": last - 1 })).await;
    head_shows(&yard.laptop, book, "/my/unread", json!(1)).await;
    yard.phone.ask("mark_read", json!({ "room": book, "seq": last })).await;
    head_shows(&yard.laptop, book, "/my/unread", json!(0)).await;
    let read_by_minji = |model: &madang_tests::device::Model| {
        (model.room(book)?["receipts"]["minji"]["read_seq"] == last).then_some(())
    };
    yard.jun.sees("how far Minji has read", read_by_minji).await;
    say(&yard.jun, &talk.direct, "읽지 않은 채로 남습니다").await;
    head_shows(&yard.laptop, &talk.direct, "/my/unread", json!(1)).await;
}

/// Somebody types; somebody says how they are; somebody looks away.
pub(crate) async fn people_are_seen(yard: &Yard, book: &str) {
    yard.jun.ask("typing", json!({ "room": book, "on": true })).await;
    for device in [&yard.phone, &yard.laptop, &yard.sora] {
        device.sees("Jun type", |model| model.types(book, "jun").then_some(())).await;
    }
    say(&yard.jun, book, "다 썼어요").await;
    yard.sora.sees("Jun stop", |model| (!model.types(book, "jun")).then_some(())).await;

    let status = json!({ "text": "점심", "emoji": "🍜" });
    yard.sora.ask("set_presence", json!({ "status": status })).await;
    for device in [&yard.phone, &yard.laptop, &yard.jun] {
        device
            .sees("Sora's status", |model| (model.presence("sora")["status"] == status).then_some(()))
            .await;
    }
    // The most attentive device counts: with one in a pocket Minji is still there.
    yard.phone.ask("set_presence", json!({ "state": "idle" })).await;
    yard.jun.ask("set_presence", json!({ "state": "idle" })).await;
    is_shown(&yard.sora, "jun", "idle").await;
    is_shown(&yard.sora, "minji", "online").await;
    yard.phone
        .ask("set_my_room", json!({ "room": book, "pinned": true, "quiet_until_ms": 4_102_444_800_000_u64 }))
        .await;
    head_shows(&yard.laptop, book, "/my/pinned", json!(true)).await;
}
