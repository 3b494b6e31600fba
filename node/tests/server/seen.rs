//! When devices were seen: written down a while after they went, and for nothing if they are back by then.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::client::{Client, wait_until};
use crate::http::metric;
use crate::node::TestNode;

fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// When a device was seen, as another one of its user is told.
async fn seen_ms(asking: &mut Client, session: &str) -> u64 {
    let sessions = asking.ask("sessions", json!({})).await;
    let is_it = |row: &&Value| row["session"] == session;
    let row = sessions["sessions"].as_array().unwrap().iter().find(is_it).unwrap().clone();
    row["seen_ms"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_comes_and_goes_costs_no_commands() {
    const TIMES: u32 = 60;
    let node = TestNode::start().await;
    let minji = node.newcomer("minji").await;
    let commands = metric(&node, "madang_commands_total").await;
    for _ in 0..TIMES {
        Client::open(&node).await.connect(&minji.token).await;
    }
    // A node looks now and then whether its disk still works; that costs one, too.
    let spent = metric(&node, "madang_commands_total").await - commands;
    assert!(spent < f64::from(TIMES) / 4.0, "{spent}");
    wait_until("it waits", async || metric(&node, "madang_devices_seen_waiting").await == 1.0).await;
    assert_eq!(metric(&node, "madang_devices_seen_total").await, 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_device_went_is_written_down_if_it_stays_away() {
    let node = TestNode::start_with(|config| config.session.seen_after_ms = 50).await;
    let (phone, mut desk) = (node.newcomer("minji").await, node.again("minji").await);
    let session = phone.session.clone();
    let went_ms = now_ms();
    drop(phone);
    wait_until("so is when one went", async || seen_ms(&mut desk, &session).await > went_ms).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_writes_down_who_was_here() {
    let node = TestNode::start().await;
    let (phone, desk) = (node.newcomer("minji").await, node.again("minji").await);
    let (session, token, went_ms) = (phone.session.clone(), desk.token.clone(), now_ms());
    drop((phone, desk));
    let node = TestNode::start_in(node.stop().await, |_| {}).await;
    let mut desk = Client::open(&node).await;
    desk.connect(&token).await;
    assert!(seen_ms(&mut desk, &session).await >= went_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_more_devices_than_may_wait_it_is_not_written_down() {
    let node = TestNode::start_with(|config| config.session.seen_waiting_max = 1).await;
    drop((node.newcomer("minji").await, node.newcomer("jun").await));
    let dropped = "madang_devices_seen_dropped_total";
    wait_until("one is too many", async || metric(&node, dropped).await == 1.0).await;
    assert_eq!(metric(&node, "madang_devices_seen_waiting").await, 1.0);
}
