//! Reports and the staff, the audit log, and what is looked at before a message is taken.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::Client;
use crate::node::{PASSWORD, TestNode};
use madang_node::config::{HookDown, LinkRule};

#[tokio::test(flavor = "multi_thread")]
async fn a_report_copies_what_was_said_and_goes_through_the_queue() {
    let node = TestNode::start_with(|config| config.safety.admins = vec!["root".to_owned()]).await;
    let (mut root, mut minji) = (node.newcomer("root").await, node.newcomer("minji").await);
    let (mut jun, mut other) = (node.newcomer("jun").await, node.newcomer("other").await);
    let room = jun.create_room("open", &[]).await;
    minji.ask("join", json!({ "room": room })).await;
    jun.send(&room, "c1", "before").await;
    let seq = jun.send(&room, "c2", "buy this").await["seq"].clone();

    let ask = json!({ "room": room, "seq": seq, "reason": "spam", "note": "third time" });
    let report = minji.ask("report", ask.clone()).await["report"].clone();
    assert_eq!(minji.ask("report", ask).await["report"], report, "the same again is the same");
    let outside = json!({ "room": room, "seq": seq, "reason": "spam" });
    assert_eq!(other.refused("report", outside).await, "forbidden");
    jun.ask("delete", json!({ "room": room, "seq": seq })).await;

    for operation in ["reports", "audit", "staff"] {
        assert_eq!(minji.refused(operation, json!({})).await, "forbidden", "{operation}");
    }
    let queue = root.ask("reports", json!({})).await;
    let reports = queue["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 1);
    assert_eq!((&reports[0]["user"], &reports[0]["by"]), (&json!("jun"), &json!("minji")));
    let texts: Vec<&Value> = reports[0]["context"].as_array().unwrap().iter().map(|q| &q["text"]).collect();
    assert_eq!(texts, ["before", "buy this"]);

    root.ask("appoint", json!({ "user": "other", "role": "moderator" })).await;
    assert_eq!(other.refused("appoint", json!({ "user": "jun", "role": "admin" })).await, "forbidden");
    let go = |state: &str| json!({ "report": report, "state": state, "note": "ok" });
    assert_eq!(other.refused("move_report", go("resolved")).await, "conflict");
    assert_eq!(other.ask("move_report", go("taken")).await["state"], "taken");
    let closed = other.ask("move_report", go("resolved")).await;
    assert_eq!((&closed["state"], &closed["steps"][1]["by"]), (&json!("resolved"), &json!("other")));
    assert_eq!(root.ask("reports", json!({})).await["reports"], json!([]));
    let resolved = root.ask("reports", json!({ "state": "resolved" })).await;
    assert_eq!(resolved["reports"][0]["report"], report);
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_in_rooms_and_of_the_staff_are_in_one_log_page_by_page() {
    let node = TestNode::start_with(|config| config.safety.admins = vec!["root".to_owned()]).await;
    let mut root = node.newcomer("root").await;
    let (mut owner, mut jun) = (node.newcomer("owner").await, node.newcomer("jun").await);
    let room = owner.create_room("open", &[]).await;
    jun.ask("join", json!({ "room": room })).await;
    owner.ask("set_role", json!({ "room": room, "user": "jun", "role": "admin" })).await;
    owner.ask("kick", json!({ "room": room, "user": "jun" })).await;
    root.ask("appoint", json!({ "user": "owner", "role": "moderator" })).await;
    let (mut entries, mut next) = (Vec::new(), Value::Null);
    loop {
        let ask = if next.is_null() { json!({ "limit": 1 }) } else { json!({ "limit": 1, "next": next }) };
        let page = root.ask("audit", ask).await;
        entries.extend(page["entries"].as_array().unwrap().clone());
        next = page["next"].clone();
        if next.is_null() {
            break;
        }
    }
    let told: Vec<(&str, &str)> = entries
        .iter()
        .map(|entry| {
            (entry["by"].as_str().unwrap(), entry["deed"].as_str().or(entry["act"].as_str()).unwrap())
        })
        .collect();
    assert_eq!(told.len(), 3, "{entries:?}");
    for expected in [("root", "appointed"), ("owner", "kicked"), ("owner", "role")] {
        assert!(told.contains(&expected), "{told:?}");
    }
    assert!(entries.is_sorted_by_key(|entry| std::cmp::Reverse(entry["at_ms"].as_u64())));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_suspended_is_sent_away_and_told_why_until_restored() {
    let node = TestNode::start_with(|config| config.safety.admins = vec!["root".to_owned()]).await;
    let (mut root, mut minji) = (node.newcomer("root").await, node.newcomer("minji").await);
    let mut phone = node.again("minji").await;
    let mut other = node.newcomer("other").await;
    let ask = json!({ "user": "minji", "reason": "spam" });
    for (operation, fields) in
        [("suspend", ask.clone()), ("restore", json!({ "user": "minji" })), ("suspensions", json!({}))]
    {
        assert_eq!(other.refused(operation, fields).await, "forbidden", "{operation}");
    }
    assert_eq!(root.refused("suspend", json!({ "user": "nobody" })).await, "not_found");
    assert_eq!(root.refused("suspend", json!({ "user": "root" })).await, "conflict");

    root.ask("suspend", ask).await;
    assert_eq!((minji.closed().await, phone.closed().await), (3505, 3505));
    let mut stale = Client::open(&node).await;
    stale.begin("connect", json!({ "token": minji.token })).await;
    assert_eq!(stale.closed().await, 3500);
    let mut back = Client::open(&node).await;
    let login = json!({ "user": "minji", "password": PASSWORD });
    let id = back.begin("login", login.clone()).await;
    let refused = &back.reply(id).await["error"];
    assert_eq!(refused["name"], "suspended", "{refused}");
    assert_eq!(refused["message"], "this account is suspended: spam");
    let wrong = json!({ "user": "minji", "password": "a wrong one" });
    assert_eq!(back.refused("login", wrong).await, "unauthenticated", "nobody else learns of it");
    let listed = root.ask("suspensions", json!({})).await["suspensions"].take();
    assert_eq!((&listed[0]["user"], &listed[0]["by"]), (&json!("minji"), &json!("root")));

    root.ask("restore", json!({ "user": "minji" })).await;
    assert_eq!(root.ask("suspensions", json!({})).await["suspensions"], json!([]));
    back.ask("login", login).await;
    let audit = root.ask("audit", json!({})).await;
    let acts: Vec<_> = audit["entries"].as_array().unwrap().iter().map(|entry| &entry["act"]).collect();
    assert_eq!(acts, ["restored", "suspended"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_and_links_that_are_not_allowed_are_refused_and_not_logged() {
    let node = TestNode::start_with(|config| {
        config.safety.words = vec!["casino".to_owned()];
        config.safety.links = LinkRule::Refuse;
    })
    .await;
    let mut minji = node.newcomer("minji").await;
    let room = minji.create_room("open", &[]).await;
    for (cid, text) in [("c1", "best CASINO"), ("c2", "see https://x.example")] {
        let send = json!({ "room": room, "cid": cid, "text": text });
        assert_eq!(minji.refused("send", send).await, "content_refused");
    }
    let seq = minji.send(&room, "c1", "hello").await["seq"].clone();
    let edit = json!({ "room": room, "seq": seq, "text": "casino" });
    assert_eq!(minji.refused("edit", edit).await, "content_refused");
    let page = minji.ask("history", json!({ "room": room })).await;
    assert!(!page.to_string().to_lowercase().contains("casino"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_hold_for_names_titles_states_and_reactions_too() {
    let node = TestNode::start_with(|config| {
        config.safety.words = vec!["casino".to_owned()];
        config.safety.links = LinkRule::Listed;
        config.safety.link_hosts = vec!["fine.example".to_owned()];
    })
    .await;
    let mut minji = node.newcomer("minji").await;
    let room = minji.create_room("open", &[]).await;
    let seq = minji.send(&room, "c1", "hello").await["seq"].clone();
    let media = |host: &str| json!({ "type": "file", "url": format!("https://{host}/a"), "name": "a.pdf" });
    let send = |host: &str| json!({ "room": room, "cid": host, "text": "", "content": media(host) });
    let (sign_up, react) = (
        json!({ "user": "casino", "password": "12345678" }),
        json!({ "room": room, "seq": seq, "emoji": "casino" }),
    );
    for (operation, fields) in [
        ("sign_up", sign_up),
        ("set_profile", json!({ "display_name": "Casino!" })),
        ("create_room", json!({ "kind": "open", "title": "the casino" })),
        ("set_room", json!({ "room": room, "topic": "www.evil.example" })),
        ("set_room", json!({ "room": room, "picture": "https://evil.example/p" })),
        ("set_presence", json!({ "status": { "text": "at the casino" } })),
        ("react", react),
        ("send", send("evil.example")),
    ] {
        assert_eq!(minji.refused(operation, fields).await, "content_refused", "{operation}");
    }
    minji.ask("send", send("fine.example")).await;
    minji.ask("set_room", json!({ "room": room, "picture": "https://fine.example/p" })).await;
}

/// Answers each question after a while that the text of the message says, with whether it holds no "bad".
async fn hook() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut request, mut buffer) = (String::new(), [0; 4096]);
                while !request.contains('}') {
                    let read = socket.read(&mut buffer).await.unwrap_or(0);
                    if read == 0 {
                        return;
                    }
                    request.push_str(&String::from_utf8_lossy(&buffer[..read]));
                }
                if request.contains("slow") {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                if request.contains("never") {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
                let body = if request.contains("bad") {
                    r#"{"allow":false,"reason":"not here"}"#
                } else {
                    r#"{"allow":true}"#
                };
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\
                     content-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _ = socket.write_all(answer.as_bytes()).await;
            });
        }
    });
    format!("http://{address}/ask")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hook_refuses_what_it_dislikes_and_keeps_the_order_of_pipelined_sends() {
    let url = hook().await;
    let node = TestNode::start_with(|config| {
        config.safety.hook_url = url;
        config.safety.hook_timeout_ms = 5_000;
    })
    .await;
    let mut minji = node.newcomer("minji").await;
    let room = minji.create_room("open", &[]).await;
    let mut ids = Vec::new();
    for (number, text) in ["slow one", "bad two", "three", "four"].into_iter().enumerate() {
        let send = json!({ "room": room, "cid": format!("c{number}"), "text": text });
        ids.push(minji.begin("send", send).await);
    }
    let mut seqs = Vec::new();
    for id in ids {
        let reply = minji.reply(id).await;
        match reply["error"]["name"].as_str() {
            Some(name) => {
                assert_eq!((name, &reply["error"]["message"]), ("content_refused", &json!("not here")));
            }
            None => seqs.push(reply["send"]["seq"].as_u64().unwrap()),
        }
    }
    assert!(seqs.len() == 3 && seqs.is_sorted(), "{seqs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forwarded_is_looked_at_like_anything_that_is_said() {
    // Said before there were rules: bringing it up again is no way round them.
    let lax = TestNode::start().await;
    let mut minji = lax.newcomer("minji").await;
    let room = minji.create_room("group", &[]).await;
    let mut seqs = Vec::new();
    for (cid, text) in [("c1", "a casino"), ("c2", "bad news"), ("c3", "good news")] {
        seqs.push(minji.send(&room, cid, text).await["seq"].clone());
    }
    let file = json!({ "type": "file", "media": "m1", "name": "casino.pdf" });
    let file = json!({ "room": room, "cid": "c4", "text": "", "content": file });
    seqs.push(minji.ask("send", file).await["seq"].clone());
    let token = minji.token.clone();
    let folder = lax.stop().await;

    let url = hook().await;
    let node = TestNode::start_in(folder, |config| {
        config.safety.hook_url = url;
        config.safety.words = vec!["casino".to_owned()];
        config.safety.hook_timeout_ms = 5_000;
    })
    .await;
    let mut minji = Client::open(&node).await;
    minji.connect(&token).await;
    let elsewhere = minji.create_room("open", &[]).await;
    let mut verdicts = Vec::new();
    for (number, seq) in seqs.iter().enumerate() {
        let cid = format!("f{number}");
        let ask = json!({ "room": elsewhere, "cid": cid, "from_room": room, "from_seq": seq });
        let id = minji.begin("forward", ask).await;
        verdicts.push(minji.reply(id).await["error"]["name"].as_str().map(str::to_owned));
    }
    let refused = Some("content_refused".to_owned());
    assert_eq!(verdicts, [refused.clone(), refused.clone(), None, refused]);
    let page = minji.ask("history", json!({ "room": elsewhere })).await;
    let said: Vec<&Value> = page["events"].as_array().unwrap().iter().filter_map(|e| e.get("text")).collect();
    assert_eq!(said, ["good news"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_does_not_answer_lets_through_or_not_as_the_settings_say() {
    for (down, expected) in [(HookDown::Open, None), (HookDown::Closed, Some("unavailable"))] {
        let url = hook().await;
        let node = TestNode::start_with(|config| {
            config.safety.hook_url = url;
            config.safety.hook_timeout_ms = 100;
            config.safety.hook_down = down;
        })
        .await;
        let mut minji = node.newcomer("minji").await;
        let room = minji.create_room("open", &[]).await;
        let id = minji.begin("send", json!({ "room": room, "cid": "c", "text": "never" })).await;
        let reply = minji.reply(id).await;
        assert_eq!(reply["error"]["name"].as_str(), expected, "{reply}");
    }
}
