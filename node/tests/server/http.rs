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
