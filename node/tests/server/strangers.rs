//! What people who do not know each other can do to each other: as little as can be.

use std::time::Duration;

use serde_json::json;

use crate::node::TestNode;

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_blocks_is_not_noticed_and_a_neighbour_is_seen_to_leave() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let mut sora = node.newcomer("sora").await;
    let room = minji.create_room("open", &[]).await;
    sora.ask("join", json!({ "room": room })).await;
    minji.ask("block", json!({ "user": "jun" })).await;
    minji.ask("block", json!({ "user": "sora" })).await;
    let gone = loop {
        let push = sora.push("presence").await;
        if push["user"] == "minji" && push["state"] == "offline" {
            break push;
        }
    };
    assert_eq!(gone["state"], "offline");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    jun.ask("me", json!({})).await;
    let heard: Vec<_> = jun.pushes().into_iter().filter(|push| push["user"] == "minji").collect();
    assert!(heard.is_empty(), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_of_strangers_fill_a_list_of_their_own() {
    let node = TestNode::start_with(|config| {
        config.limits.invitations_per_user_max = 2;
        config.limits.rooms_per_user_max = 2;
    })
    .await;
    let (mut jun, mut minji) = (node.newcomer("jun").await, node.newcomer("minji").await);
    let mut stranger = node.newcomer("stranger").await;
    for _ in 0..2 {
        stranger.create_room("group", &["jun"]).await;
    }
    let third = json!({ "kind": "group", "title": "x", "members": ["jun"] });
    assert_eq!(minji.refused("create_room", third).await, "too_large");
    // They keep jun from nothing.
    jun.create_room("open", &[]).await;
    jun.create_room("open", &[]).await;
    let more = json!({ "kind": "open", "title": "x" });
    assert_eq!(jun.refused("create_room", more).await, "too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_without_receipts_shows_none() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let room = minji.create_room("group", &["jun"]).await;
    jun.ask("join", json!({ "room": room })).await;
    minji.ask("receipts", json!({ "room": room })).await;
    minji.ask("set_room", json!({ "room": room, "features": { "receipts": false } })).await;
    assert_eq!(jun.refused("receipts", json!({ "room": room })).await, "feature_off");
}
