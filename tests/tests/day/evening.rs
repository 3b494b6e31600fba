//! What goes wrong between people: reports, the moderators' queue, the audit log; blocks, and looking away.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::day::talk::Talk;
use crate::day::yard::{Yard, head_shows, is_shown, say};

/// Haneul reports what Jun said; Minji, who has just become a moderator, takes it and closes it.
pub(crate) async fn somebody_reports(yard: &Yard, book: &str, talk: &Talk) {
    let report = json!({ "room": book, "seq": talk.plan, "reason": "other", "note": "시간이 또 바뀜" });
    let report = yard.haneul.ask("report", report).await["report"].clone();
    assert_eq!(yard.jun.refused("reports", json!({})).await, "forbidden");
    let queue = yard.sora.ask("reports", json!({})).await;
    let first = &queue["reports"][0];
    assert_eq!((&first["report"], &first["by"], &first["user"]), (&report, &json!("haneul"), &json!("sora")));
    let context = first["context"].as_array().expect("what was said around it");
    assert!(context.iter().any(|said| said["text"] == "금요일에 만날까요?"), "{first}");

    yard.sora.ask("appoint", json!({ "user": "minji", "role": "moderator" })).await;
    for state in ["taken", "dismissed"] {
        let go = json!({ "report": report, "state": state, "note": "합의됨" });
        assert_eq!(yard.laptop.ask("move_report", go).await["state"], state);
    }
    assert_eq!(yard.phone.ask("reports", json!({})).await["reports"], json!([]));
}

/// A moderator deletes somebody's words, and what they were stays with those who keep order until then.
pub(crate) async fn words_are_taken_away(yard: &Yard, book: &str) {
    let rude = say(&yard.haneul, book, "심한 말").await;
    yard.haneul.ask("edit", json!({ "room": book, "seq": rude, "text": "더 심한 말" })).await;
    let edits = yard.sora.ask("edits", json!({ "room": book, "seq": rude })).await;
    assert_eq!(edits["versions"][0]["text"], "심한 말");
    yard.phone.ask("delete", json!({ "room": book, "seq": rude })).await;
    let by = |model: &madang_tests::device::Model| {
        (model.message(book, rude)?["deleted"]["user"] == "minji").then_some(())
    };
    yard.haneul.sees("who deleted it", by).await;
}

/// Everything that was done by power over others is in the audit log, on every node.
pub(crate) async fn the_audit_log_has_it_all(yard: &Yard) {
    let wanted = [
        "archived",
        "banned",
        "configured",
        "deleted",
        "kicked",
        "message_deleted",
        "muted",
        "role",
        "unmuted",
    ];
    let wanted: BTreeSet<&str> = wanted.into_iter().collect();
    for url in &yard.urls {
        let http = yard.sora.person.http(url);
        let limit = json!({ "limit": 200 });
        let log: Value =
            http.request(Method::GET, "/v1/audit", &limit, None::<&Value>).await.expect("the audit log");
        let entries = log["entries"].as_array().expect("entries");
        let deeds: BTreeSet<&str> = entries.iter().filter_map(|entry| entry["deed"].as_str()).collect();
        assert_eq!(deeds, wanted, "{url}");
        let acts: BTreeSet<&str> = entries.iter().filter_map(|entry| entry["act"].as_str()).collect();
        assert_eq!(acts, BTreeSet::from(["appointed", "report", "room"]), "{url}");
    }
}

/// Jun blocks Sora and thinks better of it; Haneul blocks Jun and does not. Some are there and do not show it.
pub(crate) async fn people_look_away(yard: &Yard, book: &str) {
    yard.jun.ask("set_presence", json!({ "state": "online" })).await;
    is_shown(&yard.sora, "jun", "online").await;
    yard.jun.ask("block", json!({ "user": "sora" })).await;
    is_shown(&yard.sora, "jun", "offline").await;
    assert_eq!(yard.sora.refused("request_contact", json!({ "user": "jun" })).await, "forbidden");
    yard.jun.ask("unblock", json!({ "user": "sora" })).await;
    is_shown(&yard.sora, "jun", "online").await;
    yard.haneul.ask("block", json!({ "user": "jun" })).await;
    is_shown(&yard.jun, "haneul", "offline").await;
    assert_eq!(
        yard.jun.refused("create_room", json!({ "kind": "direct", "with": "haneul" })).await,
        "forbidden"
    );

    yard.haneul.ask("set_presence", json!({ "state": "invisible" })).await;
    yard.haneul
        .sees("its own state", |model| (model.my_presence()?["invisible"] == true).then_some(()))
        .await;
    is_shown(&yard.phone, "haneul", "offline").await;
    // Whoever reads in private tells their own devices only.
    let private = say(&yard.sora, book, "비밀 투표합시다").await;
    yard.phone.ask("set_privacy", json!({ "private_reading": true })).await;
    yard.phone.ask("mark_read", json!({ "room": book, "seq": private })).await;
    head_shows(&yard.laptop, book, "/my/read_seq", json!(private)).await;
    let told = yard.jun.ask("receipts", json!({ "room": book })).await;
    let minji =
        told["receipts"].as_array().expect("receipts").iter().find(|receipt| receipt["user"] == "minji");
    assert!(minji.is_some_and(|receipt| receipt["read_seq"].as_u64() < Some(private)), "{told}");
}
