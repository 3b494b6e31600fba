//! Promise: a node that goes sends its clients to other nodes, a few at a time, and clients know beforehand
//! where they can go.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use madang_loadtest::client::{
    Backoff, Connection, Goodbye, HttpClient, Nodes, PushFeed, Pushes, Restarts, RetryPolicy, Steady,
};
use madang_tests::cluster::{Ground, TestCluster};
use madang_tests::people::{LIMIT, PASSWORD, Person};
use madang_tests::wait_until;

const CLIENTS: usize = 24;
const PER_SECOND: usize = 20;

/// Three nodes that send their clients away slowly enough to see it.
async fn three() -> TestCluster {
    let pace = ("MADANG_DRAIN__CONNECTIONS_PER_SECOND".to_owned(), PER_SECOND.to_string());
    TestCluster::form(3, Ground { settings: vec![pace], ..Ground::default() }).await
}

async fn people(url: &str) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..CLIENTS {
        people.push(Person::sign_up(url, &format!("user{number}")).await);
    }
    people
}

/// The addresses, in no order.
fn set(urls: &[String]) -> BTreeSet<&str> {
    urls.iter().map(String::as_str).collect()
}

/// Listens to the end; answers what the node said before, the close code, and when.
async fn hear_the_end((connection, mut pushes): (Connection, PushFeed)) -> (Goodbye, Option<u16>, Instant) {
    while pushes.next().await.is_some() {}
    let code = connection.wait_closed().await.code;
    (connection.goodbye().expect("a drain push"), code, Instant::now())
}

async fn listeners(people: &[Person], url: &str) -> Vec<(Connection, PushFeed)> {
    let mut listeners = Vec::new();
    for person in people {
        listeners.push(person.listen(url).await);
    }
    listeners
}

/// Everybody is sent to `others`, the best of which is not the same for all, and not all at once.
async fn assert_sent_away(listeners: Vec<(Connection, PushFeed)>, others: &[String], go: impl Future) {
    let ends: Vec<_> = listeners.into_iter().map(|client| tokio::spawn(hear_the_end(client))).collect();
    go.await;
    let (mut best, mut times, mut delays) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
    for end in ends {
        let (goodbye, code, at) = end.await.unwrap();
        assert_eq!(code, Some(3000));
        assert_eq!(set(&goodbye.nodes), set(others), "only nodes that stay");
        assert!(goodbye.reconnect_after <= Duration::from_secs(1), "{goodbye:?}: there is where to go");
        best.insert(goodbye.nodes[0].clone());
        delays.insert(goodbye.reconnect_after);
        times.push(at);
    }
    assert_eq!(best.len(), others.len(), "homes are on all nodes");
    assert!(delays.len() > 1, "all are to come back at once");
    let spread = *times.iter().max().unwrap() - *times.iter().min().unwrap();
    let least = Duration::from_millis(1_000 * (CLIENTS as u64) / (PER_SECOND as u64) / 2);
    assert!(spread >= least, "all were sent away within {spread:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_sends_its_clients_to_the_others_a_few_at_a_time() {
    let mut cluster = three().await;
    let urls = cluster.urls();
    let people = people(&urls[0]).await;
    let listeners = listeners(&people, &urls[0]).await;
    assert_sent_away(listeners, &urls[1..], cluster.node_mut(0).stop()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_an_operator_drains_sends_its_clients_away_and_lets_them_in_again() {
    let cluster = three().await;
    let urls = cluster.urls();
    let people = people(&urls[0]).await;
    let listeners = listeners(&people, &urls[0]).await;
    let node = cluster.node(0);
    assert_sent_away(listeners, &urls[1..], async { node.operate(&["drain"]) }).await;
    let refused = people[0].connect(&urls[0]).await.expect_err("a draining node lets nobody in");
    assert!(refused.is_temporary(), "{refused}");
    let told = people[0].http(&urls[1]).nodes().await.unwrap();
    assert_eq!(set(&told), set(&urls[1..]), "nobody is sent to a draining node");

    node.operate(&["undrain"]);
    wait_until("the node lets clients in again", LIMIT, || async { people[0].connect(&urls[0]).await.ok() })
        .await;
    wait_until("clients are sent to it again", LIMIT, || async {
        (people[0].http(&urls[1]).nodes().await.ok()?.len() == 3).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_told_at_once_where_they_can_go() {
    let mut cluster = three().await;
    let urls = cluster.urls();
    let people = people(&urls[0]).await;
    let mut homes = BTreeSet::new();
    for (person, asked) in people.iter().zip(urls.iter().cycle()) {
        let by_http = person.http(asked).nodes().await.unwrap();
        assert_eq!(set(&by_http), set(&urls));
        let http = HttpClient::new(asked, LIMIT).unwrap();
        let session = http.login(&person.user, PASSWORD).await.unwrap();
        let (_, _, welcome) =
            Connection::connect(asked, &session.token, Pushes::Ignored, LIMIT).await.unwrap();
        for other in [&session.nodes, &welcome.nodes] {
            assert_eq!(other[0], by_http[0], "home is home, whoever is asked, and how");
        }
        homes.insert(by_http[0].clone());
    }
    assert_eq!(set(&homes.into_iter().collect::<Vec<_>>()), set(&urls), "homes are on all nodes");

    cluster.node_mut(2).kill();
    wait_until("nobody is sent to a dead node", LIMIT, || async {
        (set(&people[0].http(&urls[0]).nodes().await.ok()?) == set(&urls[..2])).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_goes_where_it_is_sent() {
    let mut cluster = three().await;
    let urls = cluster.urls();
    let nodes: Nodes = urls.join(",").parse().unwrap();
    let minji = Person::sign_up(&urls[0], "minji").await;
    let policy = RetryPolicy {
        command_timeout: LIMIT,
        give_up_after: LIMIT,
        restarts: Restarts::Tolerated,
        backoff: Backoff::default(),
    };
    let steady = Steady::new(&nodes, 0, &minji.token, policy);
    let before = steady.connection(Instant::now() + LIMIT).await.unwrap();
    assert_eq!(steady.address(), urls[0]);
    assert!(cluster.node_mut(0).stop().await.success());
    let sent_to = before.goodbye().expect("a drain push").nodes;
    steady.connection(Instant::now() + LIMIT).await.unwrap();
    assert_eq!((steady.address(), steady.counts().reconnects), (sent_to[0].as_str(), 1));
}
