//! Being there, and typing.

use serde_json::{Value, json};

use crate::client::{Client, wait_until};
use crate::node::TestNode;

/// Grace and gathering short enough for a test.
async fn quick_node() -> TestNode {
    TestNode::start_with(|config| {
        config.presence.grace_ms = 300;
        config.presence.notice_after_ms = 10;
    })
    .await
}

/// A room with minji and jun in it, minji's doing.
async fn yard(minji: &mut Client, jun: &mut Client) -> String {
    let room = minji.create_room("group", &["jun"]).await;
    jun.ask("join", json!({ "room": room })).await;
    room
}

/// Waits until a client was pushed that a user is like this, and returns it.
async fn hears_of(client: &mut Client, user: &str, state: &str) -> Value {
    loop {
        let presence = client.push("presence").await;
        if presence["user"] == user && presence["state"] == state {
            return presence;
        }
    }
}

async fn state_of(client: &mut Client, user: &str) -> Value {
    client.ask("presence", json!({ "users": [user] })).await["users"][0].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn members_hear_who_comes_looks_away_and_goes() {
    let node = quick_node().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let room = yard(&mut minji, &mut jun).await;
    let mut phone = node.again("jun").await;
    jun.ask("set_presence", json!({ "state": "idle" })).await;
    phone.ask("set_presence", json!({ "state": "idle" })).await;
    let idle = hears_of(&mut minji, "jun", "idle").await;
    assert!(idle["last_active_ms"].is_u64(), "{idle}");
    phone.ask("set_presence", json!({ "state": "online" })).await;
    hears_of(&mut minji, "jun", "online").await;
    drop(phone);
    hears_of(&mut minji, "jun", "idle").await;
    drop(jun);
    let gone = hears_of(&mut minji, "jun", "offline").await;
    assert_eq!(gone["last_active_ms"], state_of(&mut minji, "jun").await["last_active_ms"]);
    let members = minji.ask("members", json!({ "room": room })).await;
    let member = |user: &str| {
        members["members"].as_array().unwrap().iter().find(|m| m["user"] == user).unwrap().clone()
    };
    assert_eq!((&member("jun")["online"], &member("jun")["presence"]), (&json!(false), &json!("offline")));
    assert_eq!((&member("minji")["online"], &member("minji")["presence"]), (&json!(true), &json!("online")));
    let mut jun = node.again("jun").await;
    hears_of(&mut minji, "jun", "online").await;
    assert_eq!(state_of(&mut jun, "nobody").await, json!({ "user": "nobody", "state": "offline" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_is_kept_and_the_invisible_look_offline_to_all_but_themselves() {
    let node = quick_node().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    yard(&mut minji, &mut jun).await;
    let mut phone = node.again("jun").await;
    let far = 4_000_000_000_000_u64;
    let status = json!({ "text": "점심", "emoji": "🍜", "expires_ms": far });
    let mine = jun.ask("set_presence", json!({ "status": status })).await;
    assert_eq!(mine, json!({ "invisible": false, "status": status }));
    assert_eq!(phone.push("my_presence").await, mine);
    assert_eq!(hears_of(&mut minji, "jun", "online").await["status"], status);
    let mine = jun.ask("set_presence", json!({ "state": "invisible" })).await;
    assert_eq!(mine["invisible"], true);
    hears_of(&mut minji, "jun", "offline").await;
    assert_eq!(
        state_of(&mut minji, "jun").await,
        json!({ "user": "jun", "state": "offline", "status": status })
    );
    // Also whoever comes back stays invisible, until they say otherwise.
    let mut laptop = node.again("jun").await;
    laptop.ask("set_presence", json!({ "state": "online" })).await;
    hears_of(&mut minji, "jun", "online").await;
    jun.ask("set_presence", json!({ "status": { "text": "soon over", "expires_ms": 1 } })).await;
    wait_until("nobody sees what does not hold", async || {
        state_of(&mut minji, "jun").await.get("status").is_none()
    })
    .await;
    assert_eq!(jun.ask("set_presence", json!({ "status": {} })).await, json!({ "invisible": false }));
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_heard_in_the_room_on_all_devices_but_the_one_that_types() {
    let node = quick_node().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let room = yard(&mut minji, &mut jun).await;
    let mut phone = node.again("jun").await;
    jun.ask("typing", json!({ "room": room, "on": true })).await;
    let on = json!({ "room": room, "user": "jun", "on": true });
    assert_eq!(minji.push("typing").await, on);
    assert_eq!(phone.push("typing").await, on);
    jun.ask("typing", json!({ "room": room, "on": false })).await;
    assert_eq!(minji.push("typing").await, json!({ "room": room, "user": "jun", "on": false }));
    jun.send(&room, "c1", "done").await;
    assert!(jun.pushes().iter().all(|push| push.get("typing").is_none()));
    let refused =
        async |client: &mut Client| client.refused("typing", json!({ "room": room, "on": true })).await;
    assert_eq!(refused(&mut node.newcomer("haneul").await).await, "not_found");
    let mut last = String::new();
    for _ in 0..6 {
        let id = jun.begin("typing", json!({ "room": room, "on": true })).await;
        last = jun.reply(id).await["error"]["name"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(last, "rate_limited");
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_above_the_limit_are_not_told_who_types() {
    let node = TestNode::start_with(|config| config.typing.room_members_max = 1).await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let room = yard(&mut minji, &mut jun).await;
    assert_eq!(jun.refused("typing", json!({ "room": room, "on": true })).await, "switched_off");
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_everybody_looks_offline_and_nothing_is_pushed() {
    let node = TestNode::start_with(|config| config.presence.enabled = false).await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let room = yard(&mut minji, &mut jun).await;
    assert_eq!(state_of(&mut minji, "jun").await["state"], "offline");
    assert_eq!(jun.refused("set_presence", json!({ "state": "idle" })).await, "switched_off");
    jun.ask("typing", json!({ "room": room, "on": true })).await;
    minji.push("typing").await;
    assert!(minji.pushes().iter().all(|push| push.get("presence").is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_it_can_be_done_over_http() {
    let node = quick_node().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let room = yard(&mut minji, &mut jun).await;
    let http = reqwest::Client::new();
    let ask = async |method: &str, path: &str, body: Value| {
        let request = http.request(method.parse().unwrap(), node.url(path)).bearer_auth(&jun.token);
        let answer = request.json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json::<Value>().await.unwrap()
    };
    let mine = ask("PATCH", "/v1/me/presence", json!({ "state": "idle", "status": { "emoji": "🎧" } })).await;
    assert_eq!(mine, json!({ "invisible": false, "status": { "emoji": "🎧" } }));
    hears_of(&mut minji, "jun", "idle").await;
    let seen = ask("POST", "/v1/presence", json!({ "users": ["minji", "jun"] })).await;
    assert_eq!((&seen["users"][0]["state"], &seen["users"][1]["state"]), (&json!("online"), &json!("idle")));
    ask("POST", &format!("/v1/rooms/{room}/typing"), json!({ "on": true })).await;
    assert_eq!(minji.push("typing").await["user"], "jun");
}
