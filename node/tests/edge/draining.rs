use super::client::{CLOSE, Client, FIN, HANDSHAKE};
use super::server::{LIMIT, TestServer};
use bytes::Bytes;
use madang_node::edge::{Elsewhere, Goodbye, Label, Pace, frame};
use std::sync::Arc;
use std::time::{Duration, Instant};

const CLIENTS: u32 = 20;

/// Says to whom, and when it may come back.
struct Farewell;

impl Goodbye for Farewell {
    fn frame(&self, label: Option<Label>, reconnect_after: Duration) -> Bytes {
        let to = label.map_or(0, |Label(label)| label);
        frame::text(format!("bye {to} {}", reconnect_after.as_millis()).as_bytes())
    }
}

/// Reads to the goodbye and the close behind it; the label, the delay, and when it came.
async fn hear_the_end(mut client: Client) -> (u32, u64, Instant) {
    let (_, payload) = client.receive().await.unwrap();
    let at = Instant::now();
    let said = String::from_utf8(payload).unwrap();
    let mut words = said.strip_prefix("bye ").unwrap().split(' ');
    let (label, after_ms) = (words.next().unwrap().parse().unwrap(), words.next().unwrap().parse().unwrap());
    client.expect_close(3000).await;
    client.send(FIN | CLOSE, &3000_u16.to_be_bytes()).await;
    client.expect_end().await;
    (label, after_ms, at)
}

async fn labelled(server: &TestServer) -> Vec<Client> {
    let mut clients = Vec::new();
    for label in 1..=CLIENTS {
        let mut client = Client::open(server.addr()).await;
        client.text(&format!("label {label}")).await;
        client.expect_text(&label.to_string()).await;
        clients.push(client);
    }
    clients
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_sent_away_in_batches_each_with_words_of_its_own() {
    let server = TestServer::start(|config| config.workers = 2);
    let clients = labelled(&server).await;
    let ends: Vec<_> = clients.into_iter().map(|client| tokio::spawn(hear_the_end(client))).collect();
    let pace = Pace { per_second: 50, within: LIMIT };
    server.handle.send_away(pace, Elsewhere::Nowhere, Arc::new(Farewell)).await;
    server.until_connections(0).await;

    let mut heard = Vec::new();
    for end in ends {
        heard.push(end.await.unwrap());
    }
    let mut labels: Vec<u32> = heard.iter().map(|(label, ..)| *label).collect();
    labels.sort_unstable();
    assert_eq!(labels, (1..=CLIENTS).collect::<Vec<_>>());
    let times = heard.iter().map(|(.., at)| *at);
    let spread = times.clone().max().unwrap() - times.min().unwrap();
    assert!(spread >= Duration::from_millis(250), "20 at 50 a second, all within {spread:?}");
    let mut delays: Vec<u64> = heard.iter().map(|(_, after_ms, _)| *after_ms).collect();
    delays.sort_unstable();
    assert!(delays[0] >= 1_000 && delays[delays.len() - 1] > delays[0], "{delays:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_that_is_called_off_lets_clients_in_again() {
    let server = TestServer::start(|_| {});
    let client = Client::open(server.addr()).await;
    let pace = Pace { per_second: 1, within: Duration::ZERO };
    let drain = server.handle.send_away(pace, Elsewhere::Known, Arc::new(Farewell));
    let ((label, after_ms, _), ()) = tokio::join!(hear_the_end(client), drain);
    assert_eq!(label, 0, "nobody said whose it was");
    assert!(after_ms <= 100, "{after_ms}");
    let (_, head) = Client::request(server.addr(), HANDSHAKE, b"").await;
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");

    server.handle.admit_connections();
    let mut client = Client::open(server.addr()).await;
    client.text("here again").await;
    client.expect_text("here again").await;
}
