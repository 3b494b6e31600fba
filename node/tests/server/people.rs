//! Contacts, blocks, invitations, receipts and searching, over both doors.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, wait_until};
use crate::node::TestNode;

async fn contact_state(client: &mut Client, user: &str) -> String {
    let contacts = client.ask("contacts", json!({})).await;
    let listed = contacts["contacts"].as_array().unwrap().iter().find(|contact| contact["user"] == user);
    listed.map_or_else(|| "none".to_owned(), |contact| contact["state"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_asked_for_and_accepted_and_every_device_hears_of_it() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let mut phone = Client::open(&node).await;
    phone.connect(&jun.token).await;

    let asked = minji.ask("request_contact", json!({ "user": "jun" })).await;
    assert_eq!(asked["state"], "asked");
    for device in [&mut jun, &mut phone] {
        let push = device.push("contact").await;
        assert_eq!((&push["user"], &push["state"]), (&json!("minji"), &json!("asking")));
    }
    assert_eq!(jun.refused("accept_contact", json!({ "user": "nobody-asked" })).await, "conflict");
    assert_eq!(jun.ask("accept_contact", json!({ "user": "minji" })).await["state"], "contact");
    for device in [&mut phone, &mut minji] {
        wait_until("the other side is a contact", async || {
            device.push("contact").await["state"] == "contact"
        })
        .await;
    }
    assert_eq!(contact_state(&mut minji, "jun").await, "contact");
    assert_eq!(minji.ask("remove_contact", json!({ "user": "jun" })).await["state"], "none");
    assert_eq!(contact_state(&mut jun, "minji").await, "none");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_blocked_cannot_write_invite_or_ask_and_is_not_told_why() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let room = jun.ask("create_room", json!({ "kind": "direct", "with": "minji" })).await;
    let room = room["room"].as_str().unwrap().to_owned();
    jun.send(&room, "c1", "hi").await;
    let group = jun.create_room("group", &["minji"]).await;
    minji.ask("block", json!({ "user": "jun" })).await;

    let send = json!({ "room": room, "cid": "c2", "text": "hello?" });
    assert_eq!(jun.refused("send", send).await, "forbidden");
    assert_eq!(jun.refused("request_contact", json!({ "user": "minji" })).await, "forbidden");
    assert_eq!(jun.refused("invite", json!({ "room": group, "user": "minji" })).await, "forbidden");
    let create = json!({ "kind": "group", "title": "x", "members": ["minji"] });
    assert_eq!(jun.refused("create_room", create).await, "forbidden");
    // The invitation that waited went with the block; what was said before can still be read.
    assert_eq!(minji.ask("invitations", json!({})).await["invitations"], json!([]));
    let page = jun.ask("history", json!({ "room": room })).await;
    assert!(page["events"].as_array().unwrap().iter().any(|event| event["text"] == "hi"));
    assert_eq!(minji.ask("blocks", json!({})).await["blocks"][0]["user"], "jun");

    minji.ask("unblock", json!({ "user": "jun" })).await;
    jun.send(&room, "c3", "again").await;
    jun.ask("invite", json!({ "room": group, "user": "minji" })).await;
    assert_eq!(minji.ask("blocks", json!({})).await["blocks"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_opens_a_direct_room_with_who_blocks_them() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    minji.ask("block", json!({ "user": "jun" })).await;
    let create = json!({ "kind": "direct", "with": "minji" });
    assert_eq!(jun.refused("create_room", create).await, "forbidden");
    assert_eq!(minji.refused("create_room", json!({ "kind": "direct", "with": "jun" })).await, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_waits_for_somebody_who_was_away_and_says_whose_it_is() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let jun = node.newcomer("jun").await;
    let token = jun.token.clone();
    drop(jun);
    let room = minji.create_room("group", &["jun"]).await;
    let http = reqwest::Client::new();
    let list = async || {
        let response = http.get(node.url("/v1/me/invitations")).bearer_auth(&token).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        body["invitations"].as_array().unwrap().clone()
    };
    let waiting = list().await;
    assert_eq!(waiting.len(), 1);
    assert_eq!((&waiting[0]["by"], &waiting[0]["room"]["room"]), (&json!("minji"), &json!(room)));
    assert!(waiting[0]["at_ms"].as_u64().unwrap() > 0);
    let decline = node.url(&format!("/v1/rooms/{room}/decline"));
    for expected in [StatusCode::OK, StatusCode::NOT_FOUND] {
        let response = http.post(&decline).bearer_auth(&token).send().await.unwrap();
        assert_eq!(response.status(), expected);
    }
    assert!(list().await.is_empty());
    // Whoever is inside is not taken out by it.
    assert_eq!(minji.refused("decline", json!({ "room": room })).await, "forbidden");
    minji.send(&room, "c1", "still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_pushed_grow_only_and_hide_when_told_to() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let room = minji.create_room("group", &["jun"]).await;
    jun.ask("join", json!({ "room": room })).await;
    let mut seq = 0;
    for cid in ["a", "b", "c"] {
        seq = minji.send(&room, cid, "x").await["seq"].as_u64().unwrap();
    }
    assert_eq!(jun.ask("unread", json!({})).await, json!({ "rooms": 1, "unread": 3, "mentions": 0 }));
    let of_jun = async |client: &mut Client| {
        let receipts = client.ask("receipts", json!({ "room": room })).await;
        let receipts = receipts["receipts"].as_array().unwrap().clone();
        let jun = receipts.into_iter().find(|receipt| receipt["user"] == "jun").unwrap();
        (jun["read_seq"].as_u64().unwrap(), jun["received_seq"].as_u64().unwrap())
    };
    let (read, _) = of_jun(&mut minji).await;
    let received = jun.ask("mark_received", json!({ "room": room, "seq": seq - 1 })).await;
    assert_eq!(received["received_seq"], json!(seq - 1));
    let back = jun.ask("mark_received", json!({ "room": room, "seq": 1 })).await;
    assert_eq!(back["received_seq"], json!(seq - 1));
    let push = minji.push("receipt").await;
    assert_eq!((&push["user"], &push["received_seq"]), (&json!("jun"), &json!(seq - 1)));
    assert_eq!(of_jun(&mut minji).await, (read, seq - 1));

    jun.ask("set_privacy", json!({ "private_reading": true })).await;
    assert_eq!(jun.ask("mark_read", json!({ "room": room, "seq": seq })).await["unread"], 0);
    assert_eq!(of_jun(&mut minji).await, (read, seq - 1));
    assert_eq!(jun.ask("unread", json!({})).await["unread"], 0);
    jun.ask("set_privacy", json!({ "private_reading": false })).await;
    jun.ask("mark_read", json!({ "room": room, "seq": seq })).await;
    assert_eq!(of_jun(&mut minji).await, (seq, seq));
    wait_until("the receipt is pushed", async || minji.push("receipt").await["read_seq"] == json!(seq)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_how_ids_and_names_begin_unless_they_hide() {
    let node = TestNode::start_with(|config| config.limits.searches_per_minute = 8).await;
    let mut minji = node.newcomer("minji").await;
    for (user, name) in [("kim01", "Kim Minho"), ("kim02", "KIM Haneul"), ("lee01", "이 민호")] {
        let mut client = node.newcomer(user).await;
        client.ask("set_profile", json!({ "display_name": name })).await;
    }
    let found = async |client: &mut Client, prefix: &str| {
        let page = client.ask("find_users", json!({ "prefix": prefix })).await;
        let users = page["users"].as_array().unwrap().iter();
        users.map(|user| user["user"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(&mut minji, "kim h").await, ["kim02"]);
    assert_eq!(found(&mut minji, "MIN").await, ["kim01", "minji"]);
    assert_eq!(found(&mut minji, "민").await, ["lee01"]);
    let page = minji.ask("find_users", json!({ "prefix": "kim", "limit": 1 })).await;
    assert_eq!(page["users"].as_array().unwrap().len(), 1);
    let next = minji.ask("find_users", json!({ "prefix": "kim", "limit": 50, "next": page["next"] })).await;
    assert!(next["next"].is_null());
    minji.ask("set_privacy", json!({ "findable": false })).await;
    assert_eq!(found(&mut minji, "minj").await, Vec::<String>::new());
    assert_eq!(minji.refused("find_users", json!({ "prefix": " " })).await, "bad_request");
    minji.ask("find_users", json!({ "prefix": "x" })).await;
    assert_eq!(minji.refused("find_users", json!({ "prefix": "x" })).await, "rate_limited");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_device_too_many_ends_the_oldest_and_says_so() {
    let node = TestNode::start_with(|config| config.limits.sessions_per_user_max = 2).await;
    let mut first = node.newcomer("minji").await;
    let login = json!({ "user": "minji", "password": crate::node::PASSWORD, "device": "phone" });
    let mut other = Client::open(&node).await;
    for _ in 0..2 {
        other.ask("login", login.clone()).await;
    }
    assert_eq!(first.closed().await, 3503);
}
