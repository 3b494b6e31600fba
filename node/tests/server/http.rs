//! The same operations over HTTP.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::node::{PASSWORD, TestNode};

async fn body(response: reqwest::Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_over_http_and_websocket_is_one() {
    let node = TestNode::start().await;
    let mut jun = node.newcomer("jun").await;
    let http = Client::new();
    let sign_up = json!({ "user": "minji", "password": PASSWORD });
    let response = http.post(node.url("/v1/users")).json(&sign_up).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    let token = body(response).await["token"].as_str().unwrap().to_owned();

    let create = json!({ "kind": "direct", "with": "jun" });
    let response = http.post(node.url("/v1/rooms")).bearer_auth(&token).json(&create).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    let room = body(response).await["room"].as_str().unwrap().to_owned();
    // What is said behind the `last_seq` of this push is pushed; what came before is in the history.
    jun.push("room_added").await;

    let messages = node.url(&format!("/v1/rooms/{room}/messages"));
    let send = json!({ "cid": "c1", "text": "over http" });
    for status in [StatusCode::CREATED, StatusCode::OK] {
        let response = http.post(&messages).bearer_auth(&token).json(&send).send().await.unwrap();
        assert_eq!(response.status(), status);
    }
    assert_eq!(jun.hears(&room).await, ("minji".into(), "over http".into()));
    jun.send(&room, "c1", "over websocket").await;
    let page = http.get(&messages).bearer_auth(&token).send().await.unwrap();
    let over_websocket = jun.ask("history", json!({ "room": room })).await;
    assert_eq!(body(page).await, over_websocket);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_problems_with_the_same_names() {
    let node = TestNode::start().await;
    let http = Client::new();
    let response = http.get(node.url("/v1/me")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(body(response).await["title"], "unauthenticated");
    let wrong = json!({ "user": "nobody", "password": "whatever it is" });
    let response = http.post(node.url("/v1/login")).json(&wrong).send().await.unwrap();
    assert_eq!(
        (response.status(), body(response).await["code"].clone()),
        (StatusCode::UNAUTHORIZED, json!(1001))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ready_node_says_so_and_shows_its_metrics() {
    let node = TestNode::start().await;
    for path in ["/livez", "/readyz", "/metrics", "/v1/openapi.json", "/"] {
        let response = reqwest::get(node.url(path)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
}

/// The value of a metric without labels.
pub(crate) async fn metric(node: &TestNode, name: &str) -> f64 {
    let text = reqwest::get(node.url("/metrics")).await.unwrap().text().await.unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_move_with_what_happens() {
    let node = TestNode::start().await;
    let gauges = ["connections", "sessions", "users_online", "rooms_active", "room_tails_bytes"];
    for gauge in gauges {
        assert_eq!(metric(&node, &format!("madang_{gauge}")).await, 0.0, "{gauge}");
    }
    let counters = [
        "commands_total",
        "raft_proposed_entries_total",
        "raft_applied_entries_total",
        "log_batches_total",
        "log_entries_total",
        "log_written_bytes_total",
        "log_sync_duration_seconds_count",
        "log_sync_duration_seconds_sum",
    ];
    let mut before = Vec::new();
    for counter in counters {
        before.push(metric(&node, &format!("madang_{counter}")).await);
    }
    let mut minji = node.newcomer("minji").await;
    let room = minji.create_room("open", &[]).await;
    minji.send(&room, "c1", "hello").await;
    minji.ask("history", json!({ "room": room })).await;
    for gauge in gauges {
        assert!(metric(&node, &format!("madang_{gauge}")).await >= 1.0, "{gauge}");
    }
    for (counter, before) in counters.iter().zip(before) {
        assert!(metric(&node, &format!("madang_{counter}")).await > before, "{counter}");
    }
    assert_eq!(metric(&node, "madang_raft_groups").await, 5.0, "META and four shards");
    assert_eq!(metric(&node, "madang_raft_groups_led").await, 5.0);

    let refused = metric(&node, "madang_command_refusals_total").await;
    let conflict = json!({ "room": room, "cid": "c1", "text": "other words" });
    minji.refused("send", conflict).await;
    assert_eq!(metric(&node, "madang_command_refusals_total").await, refused + 1.0);
    for still in ["command_overloads", "command_failures", "log_overloads", "feed_skips", "actor_restarts"] {
        assert_eq!(metric(&node, &format!("madang_{still}_total")).await, 0.0, "{still}");
    }
}
