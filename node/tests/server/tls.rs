//! A node that speaks TLS with its clients: page, API and WebSocket on one port, and nothing in clear.

use std::sync::Arc;

use madang_node::config::{Flag, Layers, LiveSource};
use reqwest::{Certificate, StatusCode};
use rustls::ClientConfig;
use serde_json::json;

use crate::certificate::Issued;
use crate::client::{Client, wait_until};
use crate::node::{PASSWORD, TestNode};

const HSTS: &str = "strict-transport-security";

async fn node(issued: &Issued) -> TestNode {
    TestNode::start_with(|config| {
        config.http.tls_certificate = issued.certificate.clone();
        config.http.tls_key = issued.key.clone();
    })
    .await
}

/// An HTTP client that trusts the certificate in the file, and keeps no connection.
fn http(issued: &Issued) -> reqwest::Client {
    let pem = std::fs::read(&issued.certificate).unwrap();
    let trusted = [Certificate::from_pem(&pem).unwrap()];
    reqwest::Client::builder().tls_certs_only(trusted).pool_max_idle_per_host(0).build().unwrap()
}

async fn newcomer(node: &TestNode, config: &Arc<ClientConfig>, user: &str) -> Client {
    let mut client = Client::open_secured(node, config).await;
    let login = client.ask("sign_up", json!({ "user": user, "password": PASSWORD })).await;
    client.connect(login["token"].as_str().unwrap()).await;
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_the_api_are_there_over_https_and_browsers_are_told_to_stay_with_it() {
    let issued = Issued::new();
    let node = node(&issued).await;
    let (http, at) = (http(&issued), |path: &str| format!("https://{}{path}", node.host));
    for path in ["/", "/cluster", "/v1/docs/", "/livez", "/readyz"] {
        let answer = http.get(at(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()[HSTS], "max-age=31536000", "{path}");
    }
    let own_socket = format!("wss://{}", node.host);
    wait_until("the page may open sockets to the nodes of the cluster", async || {
        let answer = http.get(at("/")).send().await.unwrap();
        answer.headers()["content-security-policy"].to_str().unwrap().contains(&own_socket)
    })
    .await;

    let sign_up = json!({ "user": "minji", "password": PASSWORD });
    let answer = http.post(at("/v1/users")).json(&sign_up).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);

    let metrics = http.get(at("/metrics")).send().await.unwrap().text().await.unwrap();
    let value =
        |name: &str| metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    assert!(value("madang_tls_handshakes_total ").unwrap() >= 7, "{metrics}");
    assert!(value("madang_tls_certificate_end_timestamp_seconds ").unwrap() > 1_700_000_000, "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_tls_says_nothing_of_it() {
    let node = TestNode::start().await;
    let answer = reqwest::get(node.url("/")).await.unwrap();
    assert!(!answer.headers().contains_key(HSTS));
    let metrics = reqwest::get(node.url("/metrics")).await.unwrap().text().await.unwrap();
    assert!(!metrics.contains("madang_tls_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_talk_over_wss() {
    let issued = Issued::new();
    let node = node(&issued).await;
    let config = Arc::new(issued.client());
    let mut minji = newcomer(&node, &config, "minji").await;
    let mut jun = newcomer(&node, &config, "jun").await;
    let room = minji.create_room("open", &[]).await;
    jun.ask("join", json!({ "room": room })).await;
    let long = "가나다".repeat(1_000);
    for number in 0..50 {
        minji.send(&room, &format!("c{number}"), &format!("{number} {long}")).await;
    }
    for number in 0..50 {
        assert_eq!(jun.hears(&room).await, ("minji".into(), format!("{number} {long}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_when_the_settings_are_read_again() {
    let issued = Issued::new();
    let mut source = None;
    let node = TestNode::start_live(|data| {
        let flag = |key, value: String| Flag { key, flag: "--set", value };
        let path = |path: &std::path::Path| path.display().to_string();
        let flags = vec![
            flag("node.data_dir", path(data)),
            flag("http.listen", "127.0.0.1:0".to_owned()),
            flag("peer.listen", "127.0.0.1:0".to_owned()),
            flag("raft.shards", "2".to_owned()),
            flag("auth.argon2_memory_kib", "64".to_owned()),
            flag("http.tls_certificate", path(&issued.certificate)),
            flag("http.tls_key", path(&issued.key)),
        ];
        let layers = Layers { flags, ..Layers::default() };
        let (reread, live) = LiveSource::new(layers.clone(), &layers.load().unwrap());
        source = Some(reread);
        live
    })
    .await;
    let (before, url) = (http(&issued), format!("https://{}/livez", node.host));
    let mut jun = newcomer(&node, &Arc::new(issued.client()), "jun").await;
    assert!(before.get(&url).send().await.is_ok());

    issued.renew();
    let after = http(&issued);
    source.unwrap().reload().unwrap();
    wait_until("the new certificate", async || after.get(&url).send().await.is_ok()).await;
    assert!(before.get(&url).send().await.is_err(), "the old certificate is still shown");
    assert_eq!(jun.ask("me", json!({})).await["user"], "jun", "a connection from before lives on");
}
