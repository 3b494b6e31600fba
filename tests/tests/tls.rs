//! Promise: nodes that speak TLS with their clients tell them so wherever they name a node, and clients go from one
//! to the next as without it.

use std::collections::BTreeSet;
use std::time::Instant;

use madang_loadtest::client::{
    Backoff, Connection, Nodes, Pushes, Restarts, RetryPolicy, Steady, http_builder, trust,
};
use madang_tests::authority::Authority;
use madang_tests::cluster::{Ground, TestCluster, WHOLE_WITHIN};
use madang_tests::people::{LIMIT, Person};
use tempfile::TempDir;

/// Three nodes, each with a certificate that names it, of one authority that only these clients trust.
async fn three(papers: &TempDir) -> TestCluster {
    let authority = Authority::new();
    let mut cluster = TestCluster::prepare(3, Ground::default());
    for index in 0..3 {
        let node = cluster.node_mut(index);
        let signed = authority.sign(papers.path(), &node.host());
        for (name, value) in signed.client_settings() {
            node.set(name, &value);
        }
        if index == 0 {
            trust(&signed.ca).unwrap();
        }
    }
    cluster.start_all();
    cluster.wait_whole(WHOLE_WITHIN).await;
    cluster
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_under_tls_names_itself_so_and_its_clients_follow() {
    let papers = TempDir::new().unwrap();
    let mut cluster = three(&papers).await;
    let urls = cluster.urls();
    let all: BTreeSet<&String> = urls.iter().collect();
    assert!(urls.iter().all(|url| url.starts_with("https://")), "{urls:?}");

    // Wherever a client is told of nodes.
    let minji = Person::sign_up(&urls[0], "minji").await;
    let by_http = minji.http(&urls[1]).nodes().await.unwrap();
    assert_eq!(by_http.iter().collect::<BTreeSet<_>>(), all);
    let (_, _, welcome) = Connection::connect(&urls[2], &minji.token, Pushes::Ignored, LIMIT).await.unwrap();
    assert_eq!(welcome.nodes, by_http);
    let page = http_builder().unwrap().build().unwrap().get(&urls[0]).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    for url in &urls {
        assert!(policy.contains(&url.replacen("https", "wss", 1)), "{policy}");
    }

    // A client goes where it is sent.
    let policy = RetryPolicy {
        command_timeout: LIMIT,
        give_up_after: LIMIT,
        restarts: Restarts::Tolerated,
        backoff: Backoff::default(),
    };
    let nodes: Nodes = urls.join(",").parse().unwrap();
    let steady = Steady::new(&nodes, 0, &minji.token, policy);
    let before = steady.connection(Instant::now() + LIMIT).await.unwrap();
    assert_eq!(steady.address(), urls[0]);
    assert!(cluster.node_mut(0).stop().await.success());
    let sent_to = before.goodbye().expect("a drain push").nodes;
    assert_eq!(sent_to.iter().collect::<BTreeSet<_>>(), urls[1..].iter().collect());
    steady.connection(Instant::now() + LIMIT).await.unwrap();
    assert_eq!((steady.address(), steady.counts().reconnects), (sent_to[0].as_str(), 1));
}
