use std::time::{Duration, Instant};

use madang_node::edge::Admission;

use super::client::{Client, FIN, HANDSHAKE, TEXT, frame};
use super::server::{LIMIT, TestServer};
use tokio::io::AsyncReadExt;

async fn answer(server: &TestServer, head: &str) -> (String, String) {
    let (mut client, head) = Client::request(server.addr(), head, b"").await;
    let mut body = String::new();
    tokio::time::timeout(LIMIT, client.socket.read_to_string(&mut body)).await.unwrap().unwrap();
    (head, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_gets_its_headers_and_frames_sent_right_behind_it_are_read() {
    let server = TestServer::start(|_| {});
    let head = format!("{HANDSHAKE}sec-websocket-protocol: madang.v1+json\r\n");
    let (mut client, head) = Client::request(server.addr(), &head, &frame(FIN | TEXT, b"early")).await;
    assert_eq!(
        head,
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         sec-websocket-protocol: madang.v1+json\r\n\r\n"
    );
    client.expect_text("early").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_requests_go_to_the_app() {
    let server = TestServer::start(|_| {});
    let (head, body) = answer(&server, "GET /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(body, "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_problem_documents() {
    let server = TestServer::start(|config| config.allowed_origins = vec!["https://app.example".into()]);
    let with = |header: &str| format!("{HANDSHAKE}{header}\r\n");
    for (head, status, name) in [
        (HANDSHAKE.replace("/v1/ws", "/v1/other"), "404 Not Found", "not_found"),
        (HANDSHAKE.replace("GET", "POST"), "405 Method Not Allowed", "bad_request"),
        (HANDSHAKE.replace("version: 13", "version: 12"), "426 Upgrade Required", "bad_request"),
        (HANDSHAKE.replace("ZQ==", ""), "400 Bad Request", "bad_request"),
        (with("sec-websocket-protocol: chat"), "400 Bad Request", "bad_request"),
        (with("origin: https://evil.example"), "403 Forbidden", "forbidden"),
    ] {
        let (head, body) = answer(&server, &head).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{head}");
        assert!(head.contains("content-type: application/problem+json\r\n"), "{head}");
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["title"], name, "{body}");
        assert_eq!(problem["status"].to_string(), status[..3], "{body}");
    }
    for origin in ["https://app.example", "https://chat.example"] {
        let (_, head) = Client::request(server.addr(), &with(&format!("origin: {origin}")), b"").await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{origin}: {head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_node_refuses_until_a_connection_ends() {
    let server = TestServer::start(|config| config.connections_max = 2);
    let first = Client::open(server.addr()).await;
    let mut second = Client::open(server.addr()).await;
    let (head, body) = answer(&server, HANDSHAKE).await;
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("retry-after: 5\r\n"), "{head}");
    assert!(body.contains("overloaded"), "{body}");
    second.text("still here").await;
    second.expect_text("still here").await;
    drop(first);
    server.until_connections(1).await;
    Client::open(server.addr()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_too_early_waits_for_a_turn_and_who_would_wait_too_long_is_told_when_to_come() {
    let wait_max = Duration::from_millis(600);
    let admission = Admission { per_second: 2, burst: 1, wait_max };
    let server = TestServer::start(|config| config.admission = admission);
    let begun = Instant::now();
    let _first = Client::open(server.addr()).await;
    let head = format!("{HANDSHAKE}sec-websocket-protocol: madang.v1+json\r\n");
    let (early, addr) = (frame(FIN | TEXT, b"early"), server.addr());
    let second = tokio::spawn(async move { Client::request(addr, &head, &early).await });
    super::server::until("one waits", || server.handle.put_off().0 == 1).await;
    let (head, body) = answer(&server, HANDSHAKE).await;
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("retry-after: 1\r\n"), "{head}");
    assert!(body.contains("overloaded"), "{body}");
    assert!(body.contains("retry_after_ms\":"), "{body}");
    let (mut second, head) = second.await.unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(begun.elapsed() >= Duration::from_millis(490), "two a second, and it came at once");
    second.expect_text("early").await;
    assert_eq!(server.handle.put_off(), (0, 1));
    assert_eq!(server.handle.connections(), 2, "who is refused is not counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_turn_hears_at_once_that_the_node_stops() {
    let wait_max = Duration::from_secs(8);
    let admission = Admission { per_second: 1, burst: 1, wait_max };
    let server = TestServer::start(|config| config.admission = admission);
    let first = Client::open(server.addr()).await;
    let addr = server.addr();
    // The last of them has its turn in three seconds and more.
    let waits = |_| tokio::spawn(async move { Client::request(addr, HANDSHAKE, b"").await.1 });
    let waiting: Vec<_> = (0..4).map(waits).collect();
    super::server::until("they wait", || server.handle.put_off().0 >= 3).await;
    drop(first);
    let begun = Instant::now();
    server.handle.stop(LIMIT).await.unwrap();
    for answer in waiting {
        assert!(answer.await.unwrap().starts_with("HTTP/1.1 101 "));
    }
    assert!(begun.elapsed() < Duration::from_millis(1_500), "as if nobody waited");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_turn_may_not_leave_much_to_be_kept() {
    let admission = Admission { per_second: 2, burst: 1, wait_max: Duration::from_secs(8) };
    let server = TestServer::start(|config| config.admission = admission);
    let _first = Client::open(server.addr()).await;
    let early = frame(FIN | TEXT, &[b'a'; 20_000]);
    let (_, head) = Client::request(server.addr(), HANDSHAKE, &early).await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert_eq!(server.handle.connections(), 1);
}
