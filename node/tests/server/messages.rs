//! Messages after they were said: over WebSocket and HTTP, for those who listen, come back or look later.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, wait_until};
use crate::node::TestNode;

/// A group of three, with what the owner has said first in it (seq 6).
async fn talk(node: &TestNode) -> (Client, Client, Client, String) {
    let mut minji = node.newcomer("minji").await;
    let mut jun = node.newcomer("jun").await;
    let mut sora = node.newcomer("sora").await;
    let room = minji.create_room("group", &["jun", "sora"]).await;
    jun.ask("join", json!({ "room": room })).await;
    sora.ask("join", json!({ "room": room })).await;
    assert_eq!(minji.send(&room, "c1", "hello").await["seq"], 6);
    (minji, jun, sora, room)
}

/// The event of history at a seq, as somebody sees it.
async fn at(client: &mut Client, room: &str, seq: u64) -> Value {
    let page = client.ask("history", json!({ "room": room, "around": seq, "limit": 1 })).await;
    page["events"][0].clone()
}

async fn hears(client: &mut Client, kind: &str) -> Value {
    loop {
        let event = client.push("event").await;
        if event["kind"] == kind {
            return event;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_a_message_as_it_is_after_an_edit() {
    let node = TestNode::start().await;
    let (mut minji, mut jun, _, room) = talk(&node).await;
    // Read into memory before, so that what is kept there must follow.
    assert_eq!(at(&mut jun, &room, 6).await["text"], "hello");
    minji.ask("edit", json!({ "room": room, "seq": 6, "text": "good evening", "cid": "e1" })).await;
    let edited = hears(&mut jun, "edited").await;
    assert_eq!(
        (&edited["target"], &edited["text"], &edited["cid"]),
        (&json!(6), &json!("good evening"), &json!("e1"))
    );
    for page in [json!({ "room": room }), json!({ "room": room, "before": 7, "limit": 1 })] {
        let page = jun.ask("history", page).await;
        let event =
            page["events"].as_array().unwrap().iter().find(|event| event["seq"] == 6).unwrap().clone();
        assert_eq!((&event["text"], &event["edited"]["count"]), (&json!("good evening"), &json!(1)));
    }
    let listed = jun.ask("rooms", json!({})).await;
    assert_eq!(listed["rooms"][0]["last"]["text"], "good evening");
    // What it was is for those who keep order.
    let at = json!({ "room": room, "seq": 6 });
    assert_eq!(jun.refused("edits", at.clone()).await, "forbidden");
    assert_eq!(minji.ask("edits", at.clone()).await["versions"][0]["text"], "hello");
    let edit = json!({ "room": room, "seq": 6, "text": "not mine" });
    assert_eq!(jun.refused("edit", edit).await, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_is_gone_for_everybody() {
    let node = TestNode::start().await;
    let (mut minji, mut jun, mut sora, room) = talk(&node).await;
    jun.send(&room, "c2", "a secret").await;
    jun.ask("edit", json!({ "room": room, "seq": 7, "text": "another secret" })).await;
    // Everything that reads has it in memory by now.
    let before = sora.ask("history", json!({ "room": room })).await;
    assert!(before.to_string().contains("another secret"));
    assert_eq!(sora.refused("delete", json!({ "room": room, "seq": 7 })).await, "forbidden");
    minji.ask("delete", json!({ "room": room, "seq": 7 })).await;
    assert_eq!(hears(&mut sora, "deleted").await["target"], 7);
    for page in [json!({ "room": room }), json!({ "room": room, "around": 7, "limit": 4 })] {
        let page = sora.ask("history", page).await;
        assert!(!page.to_string().contains("secret"), "{page}");
        let event =
            page["events"].as_array().unwrap().iter().find(|event| event["seq"] == 7).unwrap().clone();
        assert_eq!((&event["kind"], &event["deleted"]["user"]), (&json!("message"), &json!("minji")));
    }
    let listed = sora.ask("rooms", json!({})).await;
    assert_eq!(
        (&listed["rooms"][0]["last"]["seq"], &listed["rooms"][0]["last"]["text"]),
        (&json!(7), &json!(""))
    );
    assert!(
        minji.ask("edits", json!({ "room": room, "seq": 7 })).await["versions"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(jun.refused("edit", json!({ "room": room, "seq": 7, "text": "back" })).await, "gone");
    // The retry of a send that was deleted is still a retry.
    assert_eq!(jun.send(&room, "c2", "a secret").await["dup"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_hears_what_became_of_what_they_know() {
    let node = TestNode::start().await;
    let (mut minji, mut jun, _, room) = talk(&node).await;
    hears(&mut jun, "message").await;
    let cursor = jun.push("cursor").await.as_str().unwrap().to_owned();
    let token = jun.token.clone();
    drop(jun);
    minji.send(&room, "c2", "unfortunate words").await;
    minji.ask("edit", json!({ "room": room, "seq": 7, "text": "worse words" })).await;
    minji.ask("react", json!({ "room": room, "seq": 6, "emoji": "👍" })).await;
    minji.ask("delete", json!({ "room": room, "seq": 7 })).await;
    let mut jun = Client::open(&node).await;
    let connected = jun.resume(&token, &cursor).await;
    assert_eq!(connected["resume"], "ok");
    let missed = jun.pushes();
    assert!(!format!("{missed:?}").contains("words"), "{missed:?}");
    let kinds: Vec<_> = missed.iter().filter_map(|push| push["event"]["kind"].as_str()).collect();
    assert!(kinds.ends_with(&["message", "edited", "reacted", "deleted"]), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_are_counted_and_say_who() {
    let node = TestNode::start().await;
    let (mut minji, mut jun, mut sora, room) = talk(&node).await;
    let react = |emoji: &str, on: bool| json!({ "room": room, "seq": 6, "emoji": emoji, "on": on });
    jun.ask("react", react("👍", true)).await;
    sora.ask("react", react("👍", true)).await;
    assert_eq!(sora.ask("react", react("👍", true)).await["dup"], true);
    sora.ask("react", react("🎉", true)).await;
    let heard = hears(&mut minji, "reacted").await;
    assert_eq!((&heard["emoji"], &heard["on"], &heard["count"]), (&json!("👍"), &json!(true), &json!(1)));
    let seen = at(&mut jun, &room, 6).await;
    let counts = json!([{ "emoji": "👍", "count": 2, "mine": true }, { "emoji": "🎉", "count": 1 }]);
    assert_eq!(seen["reactions"], counts);
    let who = minji.ask("reactions", json!({ "room": room, "seq": 6, "limit": 2 })).await;
    assert_eq!(who["reactions"].as_array().unwrap().len(), 2);
    let rest =
        minji.ask("reactions", json!({ "room": room, "seq": 6, "limit": 2, "next": who["next"] })).await;
    assert_eq!((rest["reactions"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    let one = minji.ask("reactions", json!({ "room": room, "seq": 6, "emoji": "🎉" })).await;
    assert_eq!(one["reactions"][0]["user"], "sora");
    sora.ask("react", react("🎉", false)).await;
    assert_eq!(at(&mut minji, &room, 6).await["reactions"], json!([{ "emoji": "👍", "count": 2 }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_hangs_on_its_root_and_is_read_by_pages() {
    let node = TestNode::start().await;
    let (mut minji, mut jun, _, room) = talk(&node).await;
    for number in 1..=5 {
        let reply = json!({ "room": room, "cid": format!("t{number}"), "text": format!("reply {number}"), "thread": 6 });
        jun.ask("send", reply).await;
        jun.send(&room, &format!("b{number}"), "between").await;
    }
    let root = at(&mut minji, &room, 6).await;
    assert_eq!(root["replies"], json!({ "count": 5, "last_seq": 15 }));
    let texts = |page: &Value| -> Vec<String> {
        page["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["text"].as_str().unwrap().to_owned())
            .collect()
    };
    let newest = minji.ask("thread", json!({ "room": room, "seq": 6, "limit": 2 })).await;
    assert_eq!((texts(&newest), &newest["more"]), (vec!["reply 4".into(), "reply 5".into()], &json!(true)));
    let older =
        minji.ask("thread", json!({ "room": room, "seq": 6, "before": newest["events"][0]["seq"] })).await;
    assert_eq!((texts(&older).len(), &older["more"]), (3, &json!(false)));
    let after = minji.ask("thread", json!({ "room": room, "seq": 6, "after": 7, "limit": 1 })).await;
    assert_eq!((texts(&after), &after["more"]), (vec!["reply 2".into()], &json!(true)));
    let nested = json!({ "room": room, "cid": "x", "text": "x", "thread": 7 });
    assert_eq!(minji.refused("send", nested).await, "bad_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_counted_and_listed_over_all_rooms() {
    let node = TestNode::start().await;
    let (mut minji, mut jun, mut sora, room) = talk(&node).await;
    let open = minji.create_room("open", &[]).await;
    jun.ask("join", json!({ "room": open })).await;
    let call = |room: &str, cid: &str, all: bool| json!({ "room": room, "cid": cid, "text": cid, "mentions": { "users": ["jun"], "room": all } });
    minji.ask("send", call(&room, "m1", false)).await;
    minji.ask("send", call(&open, "m2", false)).await;
    minji.ask("send", call(&room, "m3", true)).await;
    let seen = jun.ask("room", json!({ "room": room })).await;
    assert_eq!((&seen["my"]["mentions"], &seen["my"]["unread"]), (&json!(2), &json!(3)));
    assert_eq!(sora.ask("room", json!({ "room": room })).await["my"]["mentions"], 1);
    let mut listed = Value::Null;
    wait_until("the list of mentions", async || {
        listed = jun.ask("mentions", json!({})).await;
        listed["mentions"].as_array().unwrap().len() == 3
    })
    .await;
    let texts = |page: &Value| -> Vec<String> {
        let events = page["mentions"].as_array().unwrap();
        events.iter().map(|event| event["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&listed), ["m3", "m2", "m1"], "what calls both ways comes once");
    assert_eq!(texts(&sora.ask("mentions", json!({})).await), ["m3"], "who is called with everybody");
    assert!(texts(&minji.ask("mentions", json!({})).await).is_empty(), "nobody calls themselves");
    let mut late = node.newcomer("late").await;
    minji.ask("invite", json!({ "room": room, "user": "late" })).await;
    late.ask("join", json!({ "room": room })).await;
    assert!(texts(&late.ask("mentions", json!({})).await).is_empty(), "who was not there was not called");
    let page = jun.ask("mentions", json!({ "limit": 2 })).await;
    let rest = jun.ask("mentions", json!({ "limit": 2, "next": page["next"] })).await;
    assert_eq!(
        (page["mentions"].as_array().unwrap().len(), rest["mentions"].as_array().unwrap().len()),
        (2, 1)
    );
    let read = jun.ask("mark_read", json!({ "room": room, "seq": 7 })).await;
    assert_eq!((&read["mentions"], &read["unread"]), (&json!(1), &json!(1)));
    minji.ask("delete", json!({ "room": room, "seq": 8 })).await;
    assert_eq!(jun.ask("room", json!({ "room": room })).await["my"]["mentions"], 0);
    wait_until("the deleted one to leave the list", async || {
        jun.ask("mentions", json!({})).await["mentions"].as_array().unwrap().len() == 2
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_are_listed_with_their_messages() {
    let node = TestNode::start().await;
    let (mut minji, mut jun, _, room) = talk(&node).await;
    jun.send(&room, "c2", "second").await;
    for seq in [6, 7] {
        minji.ask("pin", json!({ "room": room, "seq": seq })).await;
    }
    assert_eq!(hears(&mut jun, "pinned").await["target"], 6);
    let pins = jun.ask("pins", json!({ "room": room, "limit": 1 })).await;
    assert_eq!(
        (&pins["pins"][0]["event"]["text"], &pins["pins"][0]["user"]),
        (&json!("second"), &json!("minji"))
    );
    let rest = jun.ask("pins", json!({ "room": room, "next": pins["next"] })).await;
    assert_eq!((&rest["pins"][0]["event"]["seq"], &rest["next"]), (&json!(6), &Value::Null));
    minji.ask("pin", json!({ "room": room, "seq": 7, "on": false })).await;
    minji.ask("delete", json!({ "room": room, "seq": 6 })).await;
    assert_eq!(jun.ask("pins", json!({ "room": room })).await["pins"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn media_and_opaque_messages_go_through_as_they_are() {
    let node = TestNode::start().await;
    let (mut minji, mut jun, _, room) = talk(&node).await;
    let image = json!({ "type": "image", "url": "https://example.com/a.png", "mime": "image/png", "width": 640, "height": 480 });
    let send = json!({ "room": room, "cid": "i", "text": "", "content": image, "reply": 6 });
    minji.ask("send", send.clone()).await;
    assert_eq!(minji.ask("send", send).await["dup"], true);
    let opaque = json!({ "type": "opaque", "scheme": "mls", "data": "AAECAw==" });
    minji.ask("send", json!({ "room": room, "cid": "o", "text": "", "content": opaque })).await;
    assert_eq!(
        (&at(&mut jun, &room, 7).await["content"], &at(&mut jun, &room, 7).await["reply"]),
        (&image, &json!(6))
    );
    assert_eq!(at(&mut jun, &room, 8).await["content"], opaque);
    let system = json!({ "room": room, "cid": "s", "text": "rules", "content": { "type": "system" } });
    assert_eq!(jun.refused("send", system.clone()).await, "forbidden");
    minji.ask("send", system).await;
    let missing = json!({ "room": room, "cid": "n", "text": "" });
    assert_eq!(jun.refused("send", missing).await, "bad_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forward_carries_the_words_from_the_log_and_who_said_them() {
    let node = TestNode::start().await;
    let (mut minji, mut jun, mut sora, room) = talk(&node).await;
    let other = jun.create_room("group", &["sora"]).await;
    sora.ask("join", json!({ "room": other })).await;
    let forward = json!({ "room": other, "cid": "f", "from_room": room, "from_seq": 6 });
    assert_eq!(minji.refused("forward", forward.clone()).await, "not_found");
    jun.ask("forward", forward.clone()).await;
    assert_eq!(jun.ask("forward", forward).await["dup"], true);
    let seen = sora.ask("history", json!({ "room": other, "limit": 1 })).await["events"][0].clone();
    assert_eq!((&seen["text"], &seen["user"]), (&json!("hello"), &json!("jun")));
    assert_eq!((&seen["forward"]["user"], &seen["forward"]["seq"]), (&json!("minji"), &json!(6)));
    // Nobody forwards out of a room they cannot read, and nobody writes the name of somebody else.
    let mut stranger = node.newcomer("stranger").await;
    let own = stranger.create_room("group", &[]).await;
    let stolen = json!({ "room": own, "cid": "f", "from_room": room, "from_seq": 6 });
    assert_eq!(stranger.refused("forward", stolen).await, "not_found");
    let forged = json!({ "room": own, "cid": "g", "text": "x", "forward": { "user": "minji" } });
    assert_eq!(stranger.refused("send", forged).await, "bad_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_over_http() {
    let node = TestNode::start().await;
    let (minji, mut jun, _, room) = talk(&node).await;
    let token = minji.token.clone();
    let http = reqwest::Client::new();
    let call = async |method: Method, path: &str, body: Option<Value>| {
        let mut request = http.request(method, node.url(path)).bearer_auth(&token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        (status, body)
    };
    let message = format!("/v1/rooms/{room}/messages/6");
    let (status, edited) = call(Method::PATCH, &message, Some(json!({ "text": "over http" }))).await;
    assert_eq!((status, &edited["dup"]), (StatusCode::OK, &json!(false)));
    assert_eq!(hears(&mut jun, "edited").await["text"], "over http");
    let (_, edits) = call(Method::GET, &format!("{message}/edits"), None).await;
    assert_eq!(edits["versions"][0]["text"], "hello");
    call(Method::POST, &format!("{message}/reactions"), Some(json!({ "emoji": "👍" }))).await;
    let (_, who) = call(Method::GET, &format!("{message}/reactions"), None).await;
    assert_eq!(who["reactions"][0]["user"], "minji");
    call(Method::POST, &format!("{message}/pin"), Some(json!({}))).await;
    let (_, pins) = call(Method::GET, &format!("/v1/rooms/{room}/pins"), None).await;
    assert_eq!(pins["pins"][0]["event"]["text"], "over http");
    jun.ask(
        "send",
        json!({ "room": room, "cid": "t", "text": "reply", "thread": 6, "mentions": { "users": ["minji"] } }),
    )
    .await;
    let (_, thread) = call(Method::GET, &format!("{message}/thread"), None).await;
    assert_eq!(thread["events"][0]["thread_number"], 1);
    wait_until("the mention", async || {
        let (_, mentions) = call(Method::GET, "/v1/me/mentions", None).await;
        mentions["mentions"][0]["text"] == "reply"
    })
    .await;
    let forward = json!({ "cid": "f", "from_room": room, "from_seq": 6 });
    let (status, _) = call(Method::POST, &format!("/v1/rooms/{room}/forwards"), Some(forward)).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, _) = call(Method::DELETE, &message, None).await;
    assert_eq!(status, StatusCode::OK);
    let (status, problem) = call(Method::PATCH, &message, Some(json!({ "text": "back" }))).await;
    assert_eq!((status, &problem["title"]), (StatusCode::GONE, &json!("gone")));
}
