//! Accounts, sessions, and what ends a connection.

use serde_json::json;

use crate::client::Client;
use crate::node::{PASSWORD, TestNode};

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_given_once_and_only_its_password_opens_it() {
    let node = TestNode::start().await;
    node.newcomer("minji").await;
    let mut client = Client::open(&node).await;
    let sign_up = json!({ "user": "minji", "password": "another one" });
    assert_eq!(client.refused("sign_up", sign_up.clone()).await, "already_exists");
    assert_eq!(client.refused("login", sign_up).await, "unauthenticated");
    let nobody = json!({ "user": "nobody", "password": PASSWORD });
    assert_eq!(client.refused("login", nobody).await, "unauthenticated");
    assert_eq!(client.refused("me", json!({})).await, "unauthenticated");
    let login = client.ask("login", json!({ "user": "minji", "password": PASSWORD })).await;
    let connected = client.connect(login["token"].as_str().unwrap()).await;
    assert_eq!((&connected["user"], &connected["session"]), (&json!("minji"), &login["session"]));
    assert_eq!(connected["limits"]["text_bytes_max"], 16384);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_can_be_changed_and_seen() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let profile = minji.ask("set_profile", json!({ "display_name": "민지" })).await;
    assert_eq!(profile["display_name"], "민지");
    assert_eq!(jun.ask("profile", json!({ "user": "minji" })).await, profile);
    assert_eq!(minji.ask("me", json!({})).await, profile);
    assert_eq!(jun.refused("profile", json!({ "user": "nobody" })).await, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_is_answered_and_closes_with_3502() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    minji.ask("logout", json!({})).await;
    assert_eq!(minji.closed().await, 3502);
    let mut back = Client::open(&node).await;
    assert_eq!(back.refused("connect", json!({ "token": minji.token })).await, "unauthenticated");
    assert_eq!(back.closed().await, 3500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_session_is_closed_with_3502() {
    let node = TestNode::start().await;
    let mut phone = node.newcomer("minji").await;
    let mut laptop = node.again("minji").await;
    let sessions = laptop.ask("sessions", json!({})).await;
    let current: Vec<_> = sessions["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["session"], &row["current"]))
        .collect();
    assert_eq!(current, [(&json!(phone.session), &json!(false)), (&json!(laptop.session), &json!(true))]);
    laptop.ask("revoke", json!({ "session": phone.session })).await;
    assert_eq!(phone.closed().await, 3502);
    assert_eq!(laptop.refused("revoke", json!({ "session": phone.session })).await, "not_found");
    laptop.ask("me", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_all_other_sessions() {
    let node = TestNode::start().await;
    let mut phone = node.newcomer("minji").await;
    let mut laptop = node.again("minji").await;
    let wrong = json!({ "old_password": "not this one", "new_password": "battery staple" });
    assert_eq!(laptop.refused("change_password", wrong).await, "unauthenticated");
    let right = json!({ "old_password": PASSWORD, "new_password": "battery staple" });
    laptop.ask("change_password", right).await;
    assert_eq!(phone.closed().await, 3502);
    laptop.ask("me", json!({})).await;
    let mut client = Client::open(&node).await;
    let login = |password: &str| json!({ "user": "minji", "password": password });
    assert_eq!(client.refused("login", login(PASSWORD)).await, "unauthenticated");
    client.ask("login", login("battery staple")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_too_many_ends_the_oldest() {
    let node = TestNode::start_with(|config| config.limits.sessions_per_user_max = 2).await;
    let mut oldest = node.newcomer("minji").await;
    let mut second = node.again("minji").await;
    node.again("minji").await;
    assert_eq!(oldest.closed().await, 3503);
    let sessions = second.ask("sessions", json!({})).await;
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_connect_in_time_is_closed_with_3501() {
    let node = TestNode::start_with(|config| config.auth.auth_deadline_ms = 100).await;
    let mut silent = Client::open(&node).await;
    assert_eq!(silent.closed().await, 3501);
}
