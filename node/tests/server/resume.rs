//! Coming back with a cursor: everything that was missed, in order, once; or a plain word that it was too
//! much.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Client, wait_until};
use crate::node::TestNode;

/// The events among pushes: room and seq.
fn events(pushes: &[Value]) -> Vec<(String, u64)> {
    let events = pushes.iter().filter_map(|push| push.get("event"));
    events.map(|event| (event["room"].as_str().unwrap().to_owned(), event["seq"].as_u64().unwrap())).collect()
}

/// A cursor that covers all events through `seq` of the room, as pushes bring it.
async fn cursor_after(client: &mut Client, room: &str, seq: u64) -> String {
    while client.push("event").await["seq"].as_u64() < Some(seq) {}
    // It is pushed until it covers what came last; the one that came for an earlier event does not.
    loop {
        let cursor = client.push("cursor").await.as_str().unwrap().to_owned();
        let mut probe = Client::open_at(client.host()).await;
        let answer = probe.resume(&client.token, &cursor).await;
        assert_eq!(answer["resume"], "ok");
        if !events(&probe.pushes()).iter().any(|(heard, _)| heard == room) {
            return cursor;
        }
    }
}

/// Somebody in a room of their own with a few messages, and the cursor behind them.
async fn settled(node: &TestNode) -> (Client, String, String) {
    let mut minji = node.newcomer("minji").await;
    let room = minji.create_room("open", &[]).await;
    let mut last = 0;
    for number in 0..3 {
        last = minji.send(&room, &format!("c{number}"), "before").await["seq"].as_u64().unwrap();
    }
    let cursor = cursor_after(&mut minji, &room, last).await;
    (minji, room, cursor)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_gets_exactly_what_was_missed_before_the_answer_and_the_rest_behind_it() {
    let node = TestNode::start().await;
    let (mut minji, room, cursor) = settled(&node).await;
    let token = minji.token.clone();
    drop(minji);
    let mut jun = node.newcomer("jun").await;
    jun.ask("join", json!({ "room": room })).await;
    let mut seqs = Vec::new();
    for number in 0..30 {
        seqs.push(jun.send(&room, &format!("c{number}"), "missed").await["seq"].as_u64().unwrap());
    }

    let mut back = Client::open(&node).await;
    let answer = back.resume(&token, &cursor).await;
    assert_eq!(answer["resume"], "ok");
    let first = seqs[0] - 1;
    let missed: Vec<_> = (first..=seqs[29]).map(|seq| (room.clone(), seq)).collect();
    assert_eq!(events(&back.pushes()), missed, "the join, and what was said");
    let next = jun.send(&room, "next", "on").await["seq"].as_u64();
    assert_eq!(back.push("event").await["seq"].as_u64(), next);

    minji = Client::open(&node).await;
    let again = minji.resume(&token, answer["cursor"].as_str().unwrap()).await;
    assert_eq!(again["resume"], "ok");
    assert_eq!(events(&minji.pushes()), [(room, next.unwrap())], "the answer's cursor covers all before it");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cursor_there_is_nothing_to_resume_but_the_answer_has_one() {
    let node = TestNode::start().await;
    let mut minji = node.newcomer("minji").await;
    let answer = Client::open(&node).await.connect(&minji.token.clone()).await;
    assert_eq!(answer.get("resume"), None);
    let mut back = Client::open(&node).await;
    assert_eq!(back.resume(&minji.token, answer["cursor"].as_str().unwrap()).await["resume"], "ok");
    minji.create_room("open", &[]).await;
    back.push("room_added").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_that_were_entered_left_and_offered_meanwhile_are_told() {
    let node = TestNode::start().await;
    let (mut minji, kept, cursor) = settled(&node).await;
    let token = minji.token.clone();
    let mut jun = node.newcomer("jun").await;
    let invited = jun.create_room("group", &["minji"]).await;
    let entered = jun.create_room("open", &[]).await;
    let passed = jun.create_room("open", &[]).await;
    for room in [&entered, &passed] {
        minji.ask("join", json!({ "room": room })).await;
    }
    minji.ask("leave", json!({ "room": passed })).await;
    drop(minji);
    let last = jun.send(&entered, "c1", "welcome").await["seq"].as_u64();

    let mut back = Client::open(&node).await;
    assert_eq!(back.resume(&token, &cursor).await["resume"], "ok");
    let mut told = BTreeMap::new();
    for push in back.pushes() {
        assert!(push.get("event").is_none(), "{push}");
        if let Some(room) = push.get("room_added") {
            told.insert(room["room"].as_str().unwrap().to_owned(), room["my"]["state"].clone());
            if room["room"] == json!(entered) {
                assert_eq!(room["last_seq"].as_u64(), last);
            }
        }
        if let Some(room) = push.get("room_removed") {
            told.insert(room["room"].as_str().unwrap().to_owned(), json!("gone"));
        }
    }
    let expected = [(invited, "invited"), (entered.clone(), "joined"), (passed, "gone")];
    assert_eq!(told, expected.map(|(room, state)| (room, json!(state))).into());
    jun.ask("join", json!({ "room": kept })).await;
    for room in [&entered, &kept] {
        jun.send(room, "c2", "on").await;
        assert_eq!(back.hears(room).await.1, "on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_thousand_events_are_too_much() {
    let node = TestNode::start_with(|config| config.limits.sends_burst = 5_000).await;
    let (mut minji, room, cursor) = settled(&node).await;
    let token = minji.token.clone();
    let mut number = 0;
    for (batch, expected) in [(990, "ok"), (20, "limited")] {
        let mut ids = Vec::new();
        for _ in 0..batch {
            number += 1;
            ids.push(
                minji.begin("send", json!({ "room": room, "cid": format!("m{number}"), "text": "x" })).await,
            );
            if ids.len() == 200 {
                for id in ids.drain(..) {
                    minji.reply(id).await;
                }
                minji.pushes();
            }
        }
        for id in ids {
            minji.reply(id).await;
        }
        minji.pushes();
        let mut back = Client::open(&node).await;
        let answer = back.resume(&token, &cursor).await;
        assert_eq!(answer["resume"], expected);
        let missed = events(&back.pushes()).len();
        assert_eq!(missed, if expected == "ok" { number } else { 0 });
        // Either way it hears what comes from now on.
        let last = minji.send(&room, &format!("last{batch}"), "now").await["seq"].as_u64();
        while back.push("event").await["seq"].as_u64() != last {}
        number += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_cursor_of_this_cluster_begins_anew() {
    let (node, other) = (TestNode::start().await, TestNode::start().await);
    let (minji, room, cursor) = settled(&node).await;
    let (_, _, foreign) = settled(&other).await;
    let broken = cursor.replace(&cursor[4..8], "AAAA");
    assert_ne!(broken, cursor);
    for none in ["", "garbage", "마당", &broken, &foreign, &"A".repeat(10_000)] {
        let mut back = Client::open(&node).await;
        let answer = back.resume(&minji.token, none).await;
        assert_eq!(answer["resume"], "reset", "{none}");
        assert_eq!(back.pushes(), Vec::<Value>::new());
        let mut again = Client::open(&node).await;
        assert_eq!(again.resume(&minji.token, answer["cursor"].as_str().unwrap()).await["resume"], "ok");
    }
    let mut back = Client::open(&node).await;
    back.resume(&minji.token, "garbage").await;
    back.send(&room, "c9", "still here").await;
    assert_eq!(back.hears(&room).await.1, "still here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_outlives_a_restart_of_the_node() {
    let node = TestNode::start().await;
    let (mut minji, room, cursor) = settled(&node).await;
    let token = minji.token.clone();
    let missed = minji.send(&room, "c7", "just before the end").await["seq"].as_u64().unwrap();
    drop(minji);
    let node = TestNode::start_in(node.stop().await, |_| {}).await;
    let mut back = Client::open(&node).await;
    let answer = back.resume(&token, &cursor).await;
    assert_eq!(answer["resume"], "ok");
    assert_eq!(events(&back.pushes()), [(room.clone(), missed)]);
    let next = back.send(&room, "c8", "after it").await["seq"].as_u64();
    assert_eq!(back.push("event").await["seq"].as_u64(), next);
    let mut once_more = Client::open(&node).await;
    once_more.resume(&token, answer["cursor"].as_str().unwrap()).await;
    assert_eq!(events(&once_more.pushes()), [(room, next.unwrap())]);
}

/// What a client does with events: keeps those it does not have, and knows which cursor it was given.
struct Reader {
    token: String,
    cursor: String,
    /// By room: the newest seq.
    heard: BTreeMap<String, u64>,
    resumed: usize,
}

impl Reader {
    /// Within one connection each room goes on without a hole and without a repeat; what is repeated at its
    /// beginning is known, and joins what is known.
    fn hear(&mut self, event: &Value, on_this: &mut BTreeMap<String, u64>) {
        let room = event["room"].as_str().unwrap().to_owned();
        let seq = event["seq"].as_u64().unwrap();
        if let Some(last) = on_this.insert(room.clone(), seq) {
            assert_eq!(seq, last + 1, "in order, once, on one connection");
        }
        let known = self.heard.entry(room).or_default();
        assert!(seq <= *known + 1, "a hole between {known} and {seq}");
        *known = (*known).max(seq);
    }

    /// A room that is new to the list: what it has so far is in its log.
    async fn read_up(&mut self, room: &Value, client: &mut Client) {
        let (id, last_seq) = (room["room"].as_str().unwrap(), room["last_seq"].as_u64().unwrap());
        while self.heard.get(id).is_some_and(|known| *known < last_seq) {
            let page =
                client.ask("history", json!({ "room": id, "after": self.heard[id], "limit": 200 })).await;
            for event in page["events"].as_array().unwrap() {
                self.hear(event, &mut BTreeMap::new());
            }
        }
    }

    /// Connects, hears a few things, and breaks off.
    async fn visit(&mut self, node: &TestNode, objects: usize) {
        let mut client = Client::open(node).await;
        let answer = client.resume(&self.token, &self.cursor).await;
        assert_eq!(answer["resume"], "ok");
        self.resumed += 1;
        let mut on_this = BTreeMap::new();
        let mut so_far = client.pushes();
        // Behind the missed, in case some of them came with it; a cursor there is newer.
        so_far.insert(0, json!({ "cursor": answer["cursor"] }));
        let heard_at_least = so_far.len() + objects;
        for number in 0..heard_at_least {
            let object = if number < so_far.len() { so_far[number].take() } else { client.anything().await };
            if let Some(event) = object.get("event") {
                self.hear(event, &mut on_this);
            }
            if let Some(room) = object.get("room_added") {
                self.read_up(room, &mut client).await;
            }
            if let Some(cursor) = object["cursor"].as_str() {
                cursor.clone_into(&mut self.cursor);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_breaks_off_again_and_again_while_others_talk_hears_every_event() {
    const VISITS: usize = 60;
    const SENDERS: usize = 10;
    let node = Arc::new(TestNode::start().await);
    let mut minji = node.newcomer("minji").await;
    let mut rooms = Vec::new();
    for _ in 0..4 {
        rooms.push(minji.create_room("open", &[]).await);
    }
    let done = Arc::new(AtomicBool::new(false));
    let mut talking = Vec::new();
    for number in 0..SENDERS {
        let mut sender = node.newcomer(&format!("sender{number}")).await;
        let room = rooms[number % rooms.len()].clone();
        sender.ask("join", json!({ "room": room })).await;
        let done = done.clone();
        talking.push(tokio::spawn(async move {
            let mut sent = 0;
            while !done.load(Ordering::Relaxed) {
                sender.send(&room, &format!("c{sent}"), "hello").await;
                sender.pushes();
                sent += 1;
                // About as fast as people in a lively room; a pause, not a wait for something.
                tokio::time::sleep(Duration::from_millis(15)).await;
            }
        }));
    }
    let answer = Client::open(&node).await.connect(&minji.token.clone()).await;
    let cursor = answer["cursor"].as_str().unwrap().to_owned();
    let mut heard = BTreeMap::new();
    for room in &rooms {
        // Read after the cursor was given: what the page shows last joins what is pushed.
        let page = minji.ask("history", json!({ "room": room, "limit": 1 })).await;
        heard.insert(room.clone(), page["events"][0]["seq"].as_u64().unwrap());
    }
    let mut reader = Reader { token: minji.token.clone(), cursor, heard, resumed: 0 };
    for visit in 0..VISITS {
        reader.visit(&node, visit * 7 % 23).await;
    }
    done.store(true, Ordering::Relaxed);
    for task in talking {
        task.await.unwrap();
    }
    reader.visit(&node, 0).await;
    assert_eq!(reader.resumed, VISITS + 1);
    for room in &rooms {
        let page = minji.ask("history", json!({ "room": room, "limit": 1 })).await;
        assert_eq!(reader.heard.get(room), page["events"][0]["seq"].as_u64().as_ref());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_told_nothing_gets_no_cursor_and_who_is_told_something_gets_one_soon() {
    let node = TestNode::start().await;
    let (mut minji, mut jun) = (node.newcomer("minji").await, node.newcomer("jun").await);
    let room = minji.create_room("open", &[]).await;
    minji.send(&room, "c1", "hi").await;
    minji.push("cursor").await;
    wait_until("quiet", async || {
        jun.ask("me", json!({})).await;
        true
    })
    .await;
    assert!(jun.pushes().iter().all(|push| push.get("cursor").is_none()));
}
