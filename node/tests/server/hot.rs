//! A room that costs too much gets less, one thing after the other, and everybody ends level; a room that many
//! want to enter lets them in at its rate; and operators tune both while the node runs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, wait_until};
use crate::node::TestNode;

/// Who listens beside the one who sends.
const CROWD: usize = 7;
const STEPS: [&str; 6] = ["typing", "presence", "receipts", "reactions", "coalesced", "heads"];

/// A room that one sends to and others hear.
struct Scene {
    node: TestNode,
    room: String,
    minji: Client,
    crowd: Vec<Client>,
    sent: usize,
}

/// What one of the crowd was pushed of the room.
#[derive(Default)]
struct Told {
    levels: Vec<String>,
    seqs: Vec<u64>,
    last_seq: u64,
}

impl Scene {
    async fn with(shedding: bool) -> Self {
        let node = TestNode::start_with(|config| {
            config.shedding.enabled = shedding;
            config.limits.sign_ups_per_minute = 0;
            config.limits.sends_per_second = 10_000;
            config.limits.sends_burst = 10_000;
            config.limits.room_sends_per_second = 0;
            config.limits.commands_per_second = 0;
        })
        .await;
        let changes = json!({
            "shed.typing": 100, "shed.presence": 110, "shed.receipts": 120, "shed.reactions": 130,
            "shed.coalesced": 140, "shed.heads": 150, "shed.step_up_ms": 0, "shed.step_down_ms": 600_000,
        });
        assert_eq!(tune(&node, &changes).await.0, StatusCode::OK);
        let mut minji = node.newcomer("minji").await;
        let room = minji.create_room("open", &[]).await;
        let mut crowd = Vec::new();
        for number in 0..CROWD {
            let mut client = node.newcomer(&format!("user{number}")).await;
            client.ask("join", json!({ "room": room })).await;
            crowd.push(client);
        }
        Self { node, room, minji, crowd, sent: 0 }
    }

    /// Twenty messages, pipelined, and a reaction.
    async fn burst(&mut self) {
        let mut ids = Vec::new();
        for _ in 0..20 {
            self.sent += 1;
            let fields = json!({ "room": self.room, "cid": format!("c{}", self.sent), "text": "busy" });
            ids.push(self.minji.begin("send", fields).await);
        }
        let mut seq = Value::Null;
        for id in ids {
            let mut reply = self.minji.reply(id).await;
            assert!(reply.get("error").is_none(), "{reply}");
            seq = reply["send"]["seq"].take();
        }
        self.minji.ask("react", json!({ "room": self.room, "seq": seq, "emoji": "👍" })).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    /// Sends until everybody in the crowd was pushed so many of something.
    async fn busy_until(&mut self, told: &mut [Told], what: &str, is: impl Fn(&Told) -> bool) {
        let begun = Instant::now();
        while !told.iter().all(&is) {
            assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
            self.burst().await;
            self.listen(told).await;
        }
    }

    /// Notes what the crowd was pushed.
    async fn listen(&mut self, told: &mut [Told]) {
        for (client, told) in self.crowd.iter_mut().zip(told) {
            client.ask("me", json!({})).await;
            for mut push in client.pushes() {
                told.hear(&self.room, &mut push);
            }
        }
    }

    /// The whole log, by pages, as one of the crowd reads it.
    async fn seqs_after(client: &mut Client, room: &str, mut after: u64) -> Vec<u64> {
        let mut seqs = Vec::new();
        loop {
            let page = client.ask("history", json!({ "room": room, "after": after, "limit": 200 })).await;
            seqs.extend(
                page["events"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()),
            );
            after = seqs.last().copied().unwrap_or(after);
            if page["more"] == false {
                return seqs;
            }
        }
    }
}

impl Told {
    fn hear(&mut self, room: &str, push: &mut Value) {
        if push["shed"]["room"] == room {
            self.levels.push(push["shed"]["level"].as_str().unwrap().to_owned());
        } else if push["head"]["room"] == room {
            self.last_seq = push["head"]["last_seq"].as_u64().unwrap();
        } else if push["event"]["room"] == room {
            self.seqs.push(push["event"]["seq"].as_u64().unwrap());
            self.last_seq = self.last_seq.max(push["event"]["seq"].as_u64().unwrap());
        }
        assert!(push.get("typing").is_none(), "who types is the first that is not told: {push}");
    }
}

impl Told {
    /// The levels after the last step was taken.
    fn since_heads(&self) -> Vec<&str> {
        self.levels.iter().map(String::as_str).skip_while(|level| *level != "heads").skip(1).collect()
    }
}

async fn tune(node: &TestNode, changes: &Value) -> (StatusCode, Value) {
    let url = node.url("/v1/cluster/tunables");
    let answer = reqwest::Client::new().patch(url).json(changes).send().await.unwrap();
    let status = answer.status();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

fn fresh() -> Vec<Told> {
    (0..CROWD).map(|_| Told::default()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hot_room_is_told_less_and_everybody_ends_level() {
    let mut scene = Scene::with(true).await;
    let mut told = fresh();
    scene
        .busy_until(&mut told, "heads", |told| told.levels.last().is_some_and(|level| level == "heads"))
        .await;
    // Some steps may have been taken together; the push said all that is shed.
    let place = |level: &String| STEPS.iter().position(|step| step == level).expect("a step");
    for Told { levels, .. } in &told {
        assert!(levels.iter().map(place).is_sorted_by(|one, next| one < next), "{levels:?}");
    }

    // Nobody is told who types, whoever comes is told how it is, and other rooms are as ever.
    let room = scene.room.clone();
    scene.minji.ask("typing", json!({ "room": room, "on": true })).await;
    let mut late = scene.node.newcomer("late").await;
    scene.burst().await;
    late.ask("join", json!({ "room": room })).await;
    let shed = late.push("shed").await;
    assert_eq!((&shed["level"], &shed["shed"]), (&json!("heads"), &json!(STEPS)), "{shed}");
    assert_eq!(shed["spread_ms"], 1_000, "{shed}");
    scene.burst().await;
    let mut again = scene.node.again("user0").await;
    assert_eq!(again.push("shed").await["level"], "heads");
    let quiet = late.create_room("open", &[]).await;
    late.send(&quiet, "c1", "quiet here").await;
    assert_eq!(late.hears(&quiet).await, ("late".into(), "quiet here".into()));

    // Heads come instead of events.
    let before: Vec<usize> = told.iter().map(|told| told.seqs.len()).collect();
    let heads: Vec<u64> = told.iter().map(|told| told.last_seq).collect();
    scene.busy_until(&mut told, "a head", |told| told.last_seq > *heads.iter().max().unwrap()).await;
    for (told, before) in told.iter().zip(before) {
        assert!(told.seqs.len() <= before + 20, "events are pushed although there are heads");
    }

    // It calms down, one step at a time.
    assert_eq!(tune(&scene.node, &json!({ "shed.step_down_ms": 100 })).await.0, StatusCode::OK);
    wait_until("calm", async || {
        scene.listen(&mut told).await;
        told.iter().all(|told| told.levels.last().unwrap() == "none")
    })
    .await;
    let down: Vec<&str> = STEPS[..5].iter().rev().copied().chain(["none"]).collect();
    for told in &told {
        assert_eq!(told.since_heads(), down, "{:?}", told.levels);
    }

    // What was pushed says how far the log goes: whoever reads up to there has everything.
    let end = Scene::seqs_after(&mut scene.minji, &room, 0).await.last().copied().unwrap();
    wait_until("everybody knows where the log ends", async || {
        scene.listen(&mut told).await;
        told.iter().all(|told| told.last_seq == end)
    })
    .await;

    // Everybody reads what was not pushed, and has everything.
    let last = scene.minji.send(&room, "last", "all is said").await["seq"].as_u64().unwrap();
    for (client, mut told) in scene.crowd.iter_mut().zip(told) {
        while told.seqs.last() != Some(&last) {
            let mut push = client.push("event").await;
            told.hear(&room, &mut json!({ "event": push.take() }));
        }
        let mut has: BTreeSet<u64> = told.seqs.iter().copied().collect();
        assert_eq!(has.len(), told.seqs.len(), "no event comes twice");
        assert!(told.seqs.is_sorted());
        let first = *told.seqs.first().unwrap();
        assert!((has.len() as u64) < last - first, "something was left out");
        has.extend(Scene::seqs_after(client, &room, first).await);
        assert_eq!(has, (first..=last).collect());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_shedding_everything_is_pushed_however_much_it_is() {
    let mut scene = Scene::with(false).await;
    let mut told = fresh();
    let enough = Instant::now() + Duration::from_secs(3);
    while Instant::now() < enough {
        scene.burst().await;
        scene.listen(&mut told).await;
    }
    let last = scene.minji.send(&scene.room, "last", "all is said").await["seq"].as_u64().unwrap();
    for (client, mut told) in scene.crowd.iter_mut().zip(told) {
        while told.seqs.last() != Some(&last) {
            let mut push = client.push("event").await;
            told.hear(&scene.room, &mut json!({ "event": push.take() }));
        }
        assert!(told.levels.is_empty());
        let first = *told.seqs.first().unwrap();
        assert_eq!(told.seqs, (first..=last).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_tuned_away_ends_shedding_at_once() {
    let mut scene = Scene::with(true).await;
    let mut told = fresh();
    scene
        .busy_until(&mut told, "heads", |told| told.levels.last().is_some_and(|level| level == "heads"))
        .await;
    let off = STEPS.iter().map(|step| (format!("shed.{step}"), json!(0)));
    assert_eq!(tune(&scene.node, &off.collect::<serde_json::Map<_, _>>().into()).await.0, StatusCode::OK);
    let calm = |told: &Told| told.levels.last().unwrap() == "none";
    scene.busy_until(&mut told, "calm", calm).await;
    for told in &told {
        assert_eq!(told.since_heads(), ["none"], "{:?}", told.levels);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_lets_people_in_at_its_rate_and_counts_each_once() {
    const STORM: usize = 40;
    let node = TestNode::start_with(|config| config.limits.sign_ups_per_minute = 0).await;
    let mut minji = node.newcomer("minji").await;
    let (room, other) = (minji.create_room("open", &[]).await, minji.create_room("open", &[]).await);
    let mut storm = Vec::new();
    for number in 0..STORM {
        storm.push(node.newcomer(&format!("user{number}")).await);
    }
    let (status, _) = tune(&node, &json!({ "joins.per_s": 5, "joins.burst": 5 })).await;
    assert_eq!(status, StatusCode::OK);
    wait_until("a full door", async || {
        // What META says reaches the room's owner a moment later.
        let shown = reqwest::get(node.url("/v1/cluster/tunables")).await.unwrap().bytes().await.unwrap();
        let shown: Value = serde_json::from_slice(&shown).unwrap();
        shown["tunables"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["name"] == "joins.per_s" && one["value"] == 5)
    })
    .await;

    let begun = Instant::now();
    let (mut waits, mut inside) = (Vec::new(), 0);
    for client in &mut storm {
        let id = client.begin("join", json!({ "room": room })).await;
        let reply = client.reply(id).await;
        match reply["error"]["name"].as_str() {
            None => inside += 1,
            Some("rate_limited") => waits.push(reply["error"]["retry_after_ms"].as_u64().unwrap()),
            Some(name) => panic!("{name}: {reply}"),
        }
    }
    let allowed = 5 + begun.elapsed().as_millis() as usize / 200 + 1;
    assert!((5..=allowed).contains(&inside), "{inside} came in, {allowed} might have");
    let spread: BTreeSet<u64> = waits.iter().map(|wait| wait / 100).collect();
    assert!(spread.len() > waits.len() / 2, "all come back together: {waits:?}");

    // Another room is entered at once meanwhile.
    let entered = Instant::now();
    storm[STORM - 1].ask("join", json!({ "room": other })).await;
    assert!(entered.elapsed() < Duration::from_secs(1));

    let (status, _) = tune(&node, &json!({ "joins.per_s": 0 })).await;
    assert_eq!(status, StatusCode::OK);
    for client in &mut storm {
        wait_until("in", async || {
            let id = client.begin("join", json!({ "room": room })).await;
            client.reply(id).await.get("error").is_none()
        })
        .await;
        client.ask("join", json!({ "room": room })).await;
    }
    let shown = minji.ask("room", json!({ "room": room })).await;
    assert_eq!(shown["members"], STORM + 1);
    let joined = Scene::seqs_after(&mut minji, &room, 0).await;
    assert_eq!(joined.len(), STORM + 1, "made, and entered once by each");
    // How many there are is pushed, a moment after the last of them and less often than they came.
    let mut sizes = Vec::new();
    while sizes.last() != Some(&json!(STORM + 1)) {
        let size = minji.push("size").await;
        if size["room"] == room {
            sizes.push(size["members"].clone());
        }
    }
    assert!(sizes.len() < STORM, "{sizes:?}");
}
