use super::client::{CLOSE, Client, FIN, HANDSHAKE};
use super::server::{LIMIT, TestServer};
use madang_node::edge::{Close, Closed};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_handler_ends_its_connection_and_no_other() {
    let server = TestServer::start(|_| {});
    let mut other = Client::open(server.addr()).await;
    for order in ["panic", "panic-later"] {
        let mut client = Client::open(server.addr()).await;
        client.text(order).await;
        client.expect_close(3003).await;
        client.send(FIN | CLOSE, &3003_u16.to_be_bytes()).await;
        client.expect_end().await;
    }
    server.until_closed(&[Closed::ByServer(Close::INTERNAL); 2]).await;
    other.text("still here").await;
    other.expect_text("still here").await;
    let mut next = Client::open(server.addr()).await;
    next.text("and open").await;
    next.expect_text("and open").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_goodbye_is_answered_with_its_code_after_what_waits() {
    let server = TestServer::start(|_| {});
    let mut client = Client::open(server.addr()).await;
    client.text("last words").await;
    client.send(FIN | CLOSE, &4001_u16.to_be_bytes()).await;
    client.expect_text("last words").await;
    client.expect_close(4001).await;
    client.expect_end().await;
    server.until_closed(&[Closed::ByPeer(Some(4001))]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_off_is_lost() {
    let server = TestServer::start(|_| {});
    drop(Client::open(server.addr()).await);
    server.until_closed(&[Closed::Lost]).await;
    server.until_connections(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_answer_a_close_is_cut_off() {
    let server = TestServer::start(|config| config.close_timeout = Duration::from_millis(100));
    let mut client = Client::open(server.addr()).await;
    client.text("close").await;
    client.expect_close(3502).await;
    client.expect_end().await;
    server.until_connections(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_node_first_refuses_then_closes_everybody_and_waits_for_goodbyes() {
    let server = TestServer::start(|_| {});
    let mut client = Client::open(server.addr()).await;
    client.text("before").await;
    client.expect_text("before").await;

    server.handle.refuse_connections();
    let (_, head) = Client::request(server.addr(), HANDSHAKE, b"").await;
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    client.text("during").await;
    client.expect_text("during").await;

    let goodbye = async {
        client.expect_close(3000).await;
        assert_eq!(server.handle.connections(), 1, "the node waits for the goodbye");
        client.send(FIN | CLOSE, &3000_u16.to_be_bytes()).await;
        client.expect_end().await;
    };
    let (stopped, ()) = tokio::join!(server.handle.stop(LIMIT), goodbye);
    stopped.unwrap();
    assert_eq!(*server.closed.lock().unwrap(), [Closed::ByServer(Close::DRAINING)]);
    assert!(TcpStream::connect(server.addr()).await.is_err(), "nothing listens any more");
    server.handle.stop(LIMIT).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_ever() {
    let server = TestServer::start(|config| config.close_timeout = Duration::from_secs(60));
    let _silent = Client::open(server.addr()).await;
    let began = Instant::now();
    server.handle.stop(Duration::from_millis(50)).await.unwrap();
    assert!(began.elapsed() < LIMIT / 2);
    server.until_closed(&[Closed::ByServer(Close::DRAINING)]).await;
}
