//! Haneul comes and finds what waited; the laptop sleeps and goes on at another node; a node dies.

use madang_loadtest::client::Resume;
use madang_tests::cluster::WHOLE_WITHIN;
use serde_json::json;

use crate::day::talk::Talk;
use crate::day::yard::{Yard, cid, create, reads, say, send, shows};

/// The node that dies. Jun is connected to it.
const FRAGILE: usize = 1;

/// Whoever was never there finds an invitation and two requests.
pub(crate) async fn somebody_comes_late(yard: &mut Yard, book: &str) {
    let url = yard.urls[2].clone();
    yard.haneul.wake(&url).await;
    let by = yard.haneul.sees("an invitation", |model| model.invited_by(book).map(str::to_owned)).await;
    assert_eq!(by, "minji");
    for user in ["minji", "sora"] {
        yard.haneul.sees("a request", |model| (model.contact(user) == "asking").then_some(())).await;
    }
    yard.haneul.ask("accept_contact", json!({ "user": "minji" })).await;
    yard.haneul.ask("decline_contact", json!({ "user": "sora" })).await;
    yard.sora.sees("a no", |model| (model.contact("haneul") == "none").then_some(())).await;
    yard.haneul.ask("join", json!({ "room": book })).await;
    let late = say(&yard.haneul, book, "늦었습니다").await;
    reads(&yard.phone, book, late, "늦었습니다").await;
}

/// While the laptop sleeps much happens, an invitation among it; it goes on at another node, by its cursor.
/// Answers the room of the invitation.
pub(crate) async fn a_device_sleeps(yard: &mut Yard, book: &str, talk: &Talk) -> String {
    yard.laptop.sleep().await;
    let missed = say(&yard.jun, book, "그동안").await;
    let edit = json!({ "room": book, "seq": missed, "text": "그동안에", "cid": cid() });
    yard.jun.ask("edit", edit).await;
    let gone = say(&yard.haneul, book, "지워질 말").await;
    yard.haneul.ask("delete", json!({ "room": book, "seq": gone })).await;
    yard.haneul.ask("react", json!({ "room": book, "seq": talk.plan, "emoji": "🙏" })).await;
    send(&yard.sora, book, "여덟 시로", json!({ "thread": talk.plan })).await;
    yard.phone.ask("react", json!({ "room": book, "seq": missed, "emoji": "👀" })).await;
    yard.phone.ask("mark_read", json!({ "room": book, "seq": missed })).await;
    yard.phone
        .ask("set_my_room", json!({ "room": talk.direct, "quiet_until_ms": 4_102_444_800_000_u64 }))
        .await;
    let members = ["minji", "jun"];
    let lunch = create(&yard.sora, json!({ "kind": "group", "title": "점심", "members": members })).await;
    yard.jun.sees("an invitation", |model| model.invited_by(&lunch).map(drop)).await;
    yard.jun.ask("join", json!({ "room": lunch })).await;
    say(&yard.jun, &lunch, "배고파요").await;

    let url = yard.urls[2].clone();
    assert_eq!(yard.laptop.wake(&url).await, Some(Resume::Ok), "a cursor of another node");
    reads(&yard.laptop, book, missed, "그동안에").await;
    reads(&yard.laptop, book, gone, "").await;
    let by = yard.laptop.sees("an invitation", |model| model.invited_by(&lunch).map(str::to_owned)).await;
    assert_eq!(by, "sora");
    yard.laptop.ask("join", json!({ "room": lunch })).await;
    yard.phone
        .sees("the room", |model| (model.room(&lunch)?["head"]["my"]["state"] == "joined").then_some(()))
        .await;
    lunch
}

/// A node is killed; its people go on elsewhere, and nobody misses what was said meanwhile. It comes back.
pub(crate) async fn a_node_dies(yard: &mut Yard, book: &str) {
    yard.cluster.node_mut(FRAGILE).kill();
    yard.jun.lose_connection().await;
    let alone = say(&yard.phone, book, "한 명이 안 보여요").await;
    yard.haneul.ask("react", json!({ "room": book, "seq": alone, "emoji": "😮" })).await;
    let url = yard.urls[0].clone();
    let resume = yard.jun.wake(&url).await;
    assert!(matches!(resume, Some(Resume::Ok | Resume::Limited)), "{resume:?}");
    reads(&yard.jun, book, alone, "한 명이 안 보여요").await;
    let back = say(&yard.jun, book, "돌아왔어요").await;
    for device in yard.devices() {
        reads(device, book, back, "돌아왔어요").await;
    }
    yard.cluster.node_mut(FRAGILE).start_and_wait(WHOLE_WITHIN).await;
    yard.cluster.wait_whole(WHOLE_WITHIN).await;
    // The laptop goes on at the node that has just come back.
    yard.laptop.sleep().await;
    let away = say(&yard.sora, book, "다시 셋").await;
    let url = yard.urls[FRAGILE].clone();
    assert_eq!(yard.laptop.wake(&url).await, Some(Resume::Ok));
    reads(&yard.laptop, book, away, "다시 셋").await;
    shows(&yard.laptop, book, alone, ("reactions", json!([{ "emoji": "😮", "count": 1 }]))).await;
}
