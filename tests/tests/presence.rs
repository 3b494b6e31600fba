//! Promise: who is there is known on every node, and nodes that die or go take nobody away who is there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use madang_loadtest::accounts::patiently;
use madang_loadtest::client::{
    Backoff, Connection, HttpClient, Nodes, Push, PushFeed, Restarts, RetryPolicy, Steady,
};
use madang_tests::cluster::{Ground, TestCluster, WHOLE_WITHIN};
use madang_tests::people::{LIMIT, Person};
use madang_tests::wait_until;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// What is promised: who was connected to a node that was killed is offline for everybody after this. Two
/// seconds until the node is missed and its shards are led again, five of grace, one until it is told; the
/// rest is for a busy machine.
const OFFLINE_WITHIN: Duration = Duration::from_secs(12);
/// Shorter than the grace period: nobody goes offline that fast.
const NOT_BEFORE: Duration = Duration::from_secs(4);
/// What is shown elsewhere as well, a moment after it is shown somewhere.
const SHOWN_WITHIN: Duration = Duration::from_secs(30);

/// A few people in one room, so that their homes are on all nodes.
async fn people_in_a_room(cluster: &TestCluster, count: usize) -> (Vec<Person>, String) {
    let urls = cluster.urls();
    let mut people = Vec::new();
    for number in 0..count {
        people.push(Person::sign_up(&urls[number % urls.len()], &format!("person{number}")).await);
    }
    let room = people[0].open_room(&urls[0], "yard").await;
    for person in &people[1..] {
        patiently(LIMIT, || async { person.http(&urls[0]).join(&room).await.map(drop) }).await.unwrap();
    }
    (people, room)
}

/// The states of these users, as a node shows them; `None`: it does not answer now.
async fn states(http: &HttpClient, people: &[Person]) -> Option<Vec<(String, String)>> {
    let users: Vec<&str> = people.iter().map(|person| person.user.as_str()).collect();
    let body = json!({ "users": users });
    let answer: Value = http.request(Method::POST, "/v1/presence", &Value::Null, Some(&body)).await.ok()?;
    let text = |user: &Value, field: &str| user[field].as_str().unwrap_or_default().to_owned();
    Some(answer["users"].as_array()?.iter().map(|user| (text(user, "user"), text(user, "state"))).collect())
}

/// Waits until a node shows all of these as `state`.
async fn shows(url: &str, asker: &Person, people: &[Person], state: &str) {
    let http = asker.http(url);
    wait_until(&format!("{url} shows all {state}"), SHOWN_WITHIN, || async {
        states(&http, people).await.filter(|states| states.iter().all(|(_, is)| is == state)).map(drop)
    })
    .await;
}

/// Waits for pushes that say these users went offline; panics if one says so of anybody else.
async fn hears_offline(feed: &mut PushFeed, mut users: BTreeSet<String>) {
    while !users.is_empty() {
        let (_, push) = feed.next().await.expect("a connection that stays");
        let Push::Other(name, presence) = push else { continue };
        if name == "presence" && presence["state"] == "offline" {
            let user = presence["user"].as_str().unwrap_or_default();
            assert!(users.remove(user), "{user} is not offline");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_on_a_killed_node_goes_offline_within_the_bound_and_nobody_else_does() {
    let mut cluster = TestCluster::on_loopback(3).await;
    let urls = cluster.urls();
    let (people, _) = people_in_a_room(&cluster, 14).await;
    // Two watch from the nodes that stay; of the others, who are on the one that dies, one moves in time.
    let (watchers, walkers) = people.split_at(2);
    let mut feeds: Vec<(Connection, PushFeed)> = Vec::new();
    for (watcher, url) in watchers.iter().zip(&urls[1..]) {
        feeds.push(watcher.listen(url).await);
    }
    let mut connections = Vec::new();
    for walker in walkers {
        connections.push(walker.connect(&urls[0]).await.unwrap());
    }
    for url in &urls {
        shows(url, &people[0], &people, "online").await;
    }
    cluster.node_mut(0).kill();
    let killed = Instant::now();
    let moved = walkers[0].connect(&urls[1]).await.unwrap();
    let gone: BTreeSet<String> = walkers[1..].iter().map(|walker| walker.user.clone()).collect();
    for (_, feed) in &mut feeds {
        let heard = hears_offline(feed, gone.clone());
        tokio::time::timeout(OFFLINE_WITHIN.saturating_sub(killed.elapsed()), heard).await.expect("in time");
    }
    let took = killed.elapsed();
    assert!(took >= NOT_BEFORE, "after {took:?} others could still have come back");
    println!("false online after kill -9: {:.1} s", took.as_secs_f64());
    for (url, watcher) in urls[1..].iter().zip(watchers) {
        let states = states(&watcher.http(url), &people).await.expect("an answer");
        for (user, state) in states {
            assert_eq!(state, if gone.contains(&user) { "offline" } else { "online" }, "{user} at {url}");
        }
    }
    drop(moved);
}

/// People whose clients come back wherever they are sent.
fn keep_connected(cluster: &TestCluster, people: &[Person]) -> JoinSet<()> {
    let nodes: Nodes = cluster.urls().join(",").parse().expect("addresses");
    let policy = RetryPolicy {
        command_timeout: LIMIT,
        give_up_after: WHOLE_WITHIN,
        restarts: Restarts::Tolerated,
        backoff: Backoff::default(),
    };
    let mut clients = JoinSet::new();
    for (number, person) in people.iter().enumerate() {
        let client = Steady::new(&nodes, number, &person.token, policy);
        clients.spawn(async move {
            let error = client.keep().await;
            panic!("a client gave up: {error}");
        });
    }
    clients
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_takes_nobody_offline_on_any_node() {
    // Longer than a busy machine needs to bring a client back: what is looked for is what the cluster does.
    let settings = vec![("MADANG_PRESENCE__GRACE_MS".to_owned(), "15000".to_owned())];
    let mut cluster = TestCluster::form(3, Ground { settings, ..Ground::default() }).await;
    let urls = cluster.urls();
    let (people, _) = people_in_a_room(&cluster, 12).await;
    let clients = keep_connected(&cluster, &people);
    for url in &urls {
        shows(url, &people[0], &people, "online").await;
    }
    let asked = Arc::new(people.clone());
    let mut lookers: JoinSet<()> = JoinSet::new();
    for url in urls.clone() {
        let asked = asked.clone();
        lookers.spawn(async move {
            let http = asked[0].http(&url);
            loop {
                for (user, state) in states(&http, &asked).await.unwrap_or_default() {
                    assert_eq!(state, "online", "{user} at {url}");
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
    }
    for node in 0..3 {
        cluster.node_mut(node).stop().await;
        cluster.node_mut(node).start_and_wait(WHOLE_WITHIN).await;
        cluster.wait_whole(WHOLE_WITHIN).await;
    }
    while let Some(ended) = lookers.try_join_next() {
        ended.expect("nobody is offline");
    }
    lookers.shutdown().await;
    drop(clients);
    for url in &urls {
        shows(url, &people[0], &people, "offline").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_heard_on_every_node_and_by_nobody_outside() {
    let cluster = TestCluster::on_loopback(3).await;
    let urls = cluster.urls();
    let (people, room) = people_in_a_room(&cluster, 3).await;
    let mut feeds = Vec::new();
    for (person, url) in people[1..].iter().zip(&urls[1..]) {
        feeds.push(person.listen(url).await);
    }
    let stranger = Person::sign_up(&urls[1], "stranger").await;
    let (outside, mut overheard) = stranger.listen(&urls[1]).await;
    let typist = people[0].connect(&urls[0]).await.unwrap();
    patiently(LIMIT, || async {
        typist.call::<Value>("typing", &json!({ "room": room, "on": true }), LIMIT).await.map(drop)
    })
    .await
    .unwrap();
    for (_, feed) in &mut feeds {
        let typing = async {
            loop {
                match feed.next().await.expect("a connection that stays").1 {
                    Push::Other(name, typing) if name == "typing" => return typing,
                    _ => {}
                }
            }
        };
        let typing = tokio::time::timeout(LIMIT, typing).await.expect("a push");
        assert_eq!(typing, json!({ "room": room, "user": people[0].user, "on": true }));
    }
    // Their own news come behind whatever else they were told.
    let status = json!({ "status": { "text": "away" } });
    patiently(LIMIT, || async { outside.call::<Value>("set_presence", &status, LIMIT).await.map(drop) })
        .await
        .unwrap();
    let own = async {
        loop {
            if let Push::Other(name, push) = overheard.next().await.expect("a connection that stays").1 {
                assert_ne!(name, "typing", "{push}");
                if name == "my_presence" {
                    return;
                }
            }
        }
    };
    tokio::time::timeout(LIMIT, own).await.expect("a push");
    let refused: Result<Value, _> = stranger
        .http(&urls[1])
        .request(
            Method::POST,
            &format!("/v1/rooms/{room}/typing"),
            &Value::Null,
            Some(&json!({ "on": true })),
        )
        .await;
    let refused = refused.unwrap_err();
    assert!(refused.is("not_found") || refused.is("forbidden"), "{refused}");
}
