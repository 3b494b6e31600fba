//! What those may do to a port under TLS who do not speak it, or not to the end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use madang_node::edge::{Tls, TlsOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::certificate::Issued;
use super::server::{LIMIT, TestServer, until};
use super::tls::{connect, open, options, server};

/// A client's first record of a handshake, cut off behind its header.
const BEGINNING: &[u8] = &[22, 3, 1, 2, 0];

/// Everything until the end of the connection, however it ends.
async fn hear(socket: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let _ = timeout(LIMIT, socket.read_to_end(&mut heard)).await.expect("the end of the connection");
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_told_that_tls_is_spoken_here() {
    let (server, tls) = server(options(&Issued::new()));
    let mut plain = TcpStream::connect(server.addr()).await.unwrap();
    plain.write_all(b"GET /hello HTTP/1.1\r\nhost: chat.example\r\n\r\n").await.unwrap();
    let answer = hear(&mut plain).await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(answer.contains("begins with https://"), "{answer}");
    until("it is counted", || tls.meters().failures == 1).await;

    let mut other = TcpStream::connect(server.addr()).await.unwrap();
    other.write_all(b"\x00\x01 anything").await.unwrap();
    assert_eq!(hear(&mut other).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_finish_the_handshake_is_cut_off_and_keeps_nobody_waiting_for_longer() {
    let issued = Issued::new();
    let options =
        TlsOptions { handshakes_max: 1, handshake_timeout: Duration::from_millis(500), ..options(&issued) };
    let (server, tls) = server(options);
    let config = Arc::new(issued.client());
    let began = Instant::now();
    let mut silent = TcpStream::connect(server.addr()).await.unwrap();
    let mut client = open(server.addr(), &config).await;
    assert!(began.elapsed() < Duration::from_millis(500), "who says nothing takes a place");

    let mut half = TcpStream::connect(server.addr()).await.unwrap();
    half.write_all(BEGINNING).await.unwrap();
    assert_eq!((hear(&mut silent).await, hear(&mut half).await), (String::new(), String::new()));
    let mut next = open(server.addr(), &config).await;
    for client in [&mut client, &mut next] {
        client.text("still here").await;
        client.expect_text("still here").await;
    }
    assert_eq!((tls.meters().handshakes, tls.meters().failures), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bytes_end_their_own_connection_only() {
    let issued = Issued::new();
    let (server, _) = server(options(&issued));
    let config = Arc::new(issued.client());
    let mut client = open(server.addr(), &config).await;
    for bad in [
        [BEGINNING, &[0xff; 512]].concat(),
        [22, 3, 3, 0xff, 0xff].to_vec(),
        [&[22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff][..], &[0; 64]].concat(),
    ] {
        let mut stranger = TcpStream::connect(server.addr()).await.unwrap();
        stranger.write_all(&bad).await.unwrap();
        stranger.shutdown().await.unwrap();
        let _ = hear(&mut stranger).await;
    }
    // Behind a good handshake and upgrade: a record that nobody encrypted.
    let mut traitor = open(server.addr(), &config).await;
    traitor.socket.get_mut().0.write_all(&[23, 3, 3, 0, 32, 1, 2, 3]).await.unwrap();
    traitor.socket.get_mut().0.write_all(&[0; 64]).await.unwrap();
    server.until_connections(1).await;
    client.text("still here").await;
    client.expect_text("still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_http_1_1_is_spoken_behind_the_handshake() {
    let issued = Issued::new();
    let (server, _) = server(options(&issued));
    let offering = |protocols: &[&str]| {
        let mut config = issued.client();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    };
    let socket = TcpStream::connect(server.addr()).await.unwrap();
    let stream = connect(socket, &offering(&["h2", "http/1.1"])).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let socket = TcpStream::connect(server.addr()).await.unwrap();
    assert!(connect(socket, &offering(&["h2"])).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_hangs_keeps_no_server_from_stopping() {
    let issued = Issued::new();
    let tls = Tls::load(options(&issued)).unwrap();
    let server = TestServer::start(|config| {
        config.tls = Some(tls);
        config.http_drain_timeout = LIMIT;
    });
    let mut silent = TcpStream::connect(server.addr()).await.unwrap();
    let mut half = TcpStream::connect(server.addr()).await.unwrap();
    half.write_all(BEGINNING).await.unwrap();
    // Both are known to the server when somebody who came later is served.
    drop(open(server.addr(), &Arc::new(issued.client())).await);
    timeout(LIMIT / 4, server.handle.stop(LIMIT)).await.expect("the end of the server").unwrap();
    assert_eq!((hear(&mut silent).await, hear(&mut half).await), (String::new(), String::new()));
}
