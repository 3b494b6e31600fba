//! What no honest client sends: a clear error or a close code, and the others notice nothing.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::client::Client;
use crate::node::TestNode;

const NOWHERE: &str = "01KACTV0000000000000000000";

#[tokio::test(flavor = "multi_thread")]
async fn malformed_commands_are_answered_by_name_and_the_connection_stays() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let rows = [
        ("garbage", None),
        ("[]", None),
        (r#"{"id":-1,"me":{}}"#, None),
        (r#"{"me":{}}"#, None),
        (r#"{"id":90,"fly":{}}"#, Some(90)),
        (r#"{"id":91,"send":{"room":7}}"#, Some(91)),
        (r#"{"id":92,"me":{"extra":1}}"#, Some(92)),
        (r#"{"id":93,"me":{},"rooms":{}}"#, Some(93)),
    ];
    for (text, id) in rows {
        minji.say(text).await;
        let error = match id {
            Some(id) => minji.reply(id).await["error"].take(),
            None => minji.error().await,
        };
        assert_eq!((&error["code"], &error["name"]), (&json!(1000), &json!("bad_request")), "{text}");
        assert_eq!(error["temporary"], false);
    }
    minji.ask("me", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenth_invalid_object_in_a_row_closes_with_3504() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    minji.say(&["garbage"; 10].join("\n")).await;
    for _ in 0..10 {
        minji.error().await;
    }
    assert_eq!(minji.closed().await, 3504);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    for operation in ["room", "join", "leave", "history", "members"] {
        assert_eq!(minji.refused(operation, json!({ "room": NOWHERE })).await, "not_found", "{operation}");
    }
    let send = json!({ "room": NOWHERE, "cid": "c", "text": "x" });
    assert_eq!(minji.refused("send", send).await, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_over_the_limit_is_too_large() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let room = minji.create_room("group", &[]).await;
    let send = |bytes: usize| json!({ "room": room, "cid": format!("c{bytes}"), "text": "x".repeat(bytes) });
    minji.ask("send", send(16 * 1024)).await;
    assert_eq!(minji.refused("send", send(16 * 1024 + 1)).await, "too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_tokens_are_answered_and_closed_with_3500() {
    let node = TestNode::start().await;
    node.newcomer("minji").await;
    for token in ["", "nonsense", "md1.bWluamk.01KACTV0000000000000000000.AAAA"] {
        let mut client = Client::open(&node).await;
        assert_eq!(client.refused("connect", json!({ "token": token })).await, "unauthenticated");
        assert_eq!(client.closed().await, 3500);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_break_the_rules_close_with_their_code() {
    let node = TestNode::start().await;
    let mut honest = node.newcomer("honest").await;
    let not_utf8 = Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
    let rows = [
        (Message::text("x".repeat(2 * 1024 * 1024)), 1009),
        (Message::Frame(not_utf8), 1007),
        (Message::binary(vec![1, 2, 3]), 1003),
    ];
    for (number, (message, code)) in rows.into_iter().enumerate() {
        let mut client = node.newcomer(&format!("client{number}")).await;
        client.message_anyway(message).await;
        assert_eq!(client.closed().await, code);
    }
    honest.ask("me", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_more_than_may_be_in_flight_is_overloaded_and_nothing_is_lost() {
    let node = TestNode::start_with(|config| config.limits.commands_in_flight_max = 1).await;
    let mut minji = node.newcomer("minji").await;
    let room = minji.create_room("group", &[]).await;
    // Both arrive in one frame, so the second is read before the first can have been answered.
    let send = |id: u64| format!(r#"{{"id":{id},"send":{{"room":"{room}","cid":"c{id}","text":"x"}}}}"#);
    minji.say(&format!("{}\n{}", send(501), send(502))).await;
    assert_eq!(minji.reply(501).await["send"]["dup"], false);
    assert_eq!(minji.reply(502).await["error"]["name"], "overloaded");
    minji.ask("me", json!({})).await;
}
