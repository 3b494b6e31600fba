//! A node that is stopped, killed or started again.

use serde_json::json;

use crate::client::Client;
use crate::node::{PASSWORD, TestNode};

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_accounts_tokens_rooms_messages_and_the_memory_of_sends() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let room = minji.create_room("open", &[]).await;
    let mut first = Vec::new();
    for number in 0..20 {
        first.push(minji.send(&room, &format!("c{number}"), &number.to_string()).await);
    }
    let before = minji.ask("history", json!({ "room": room })).await;
    let folder = node.stop().await;

    let node = TestNode::start_in(folder, |_| {}).await;
    let mut back = Client::open(&node).await;
    back.connect(&minji.token).await;
    assert_eq!(back.ask("history", json!({ "room": room })).await, before);
    let rooms = back.ask("rooms", json!({})).await;
    assert_eq!(rooms["rooms"][0]["room"], json!(room));
    for (number, first) in first.iter().enumerate() {
        let again = back.send(&room, &format!("c{number}"), &number.to_string()).await;
        assert_eq!((&again["seq"], &again["dup"]), (&first["seq"], &json!(true)));
    }
    let next = back.send(&room, "next", "on").await;
    assert_eq!(next["seq"].as_u64(), first.last().unwrap()["seq"].as_u64().map(|seq| seq + 1));
    assert_eq!(back.hears(&room).await.1, "on");
    let mut other = Client::open(&node).await;
    other.ask("login", json!({ "user": "minji", "password": PASSWORD })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_node_says_so_and_closes_with_3000() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let stopped = tokio::spawn(node.stop());
    assert!(minji.push("drain").await["reconnect_after_ms"].as_u64().unwrap() > 0);
    assert_eq!(minji.closed().await, 3000);
    stopped.await.unwrap();
}
