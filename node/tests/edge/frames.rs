use super::client::{CLOSE, Client, FIN, PING, PONG, TEXT, header};
use super::server::TestServer;
use futures_util::{SinkExt, StreamExt};
use madang_node::edge::{Close, Closed};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test(flavor = "multi_thread")]
async fn a_common_client_library_talks_and_says_goodbye() {
    let server = TestServer::start(|_| {});
    let url = format!("ws://{}/v1/ws", server.addr());
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    for text in ["안녕", &"x".repeat(60_000), "end"] {
        socket.send(Message::text(text)).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(text));
    }
    socket.send(Message::Ping("p".into())).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::Pong("p".into()));
    socket.close(None).await.unwrap();
    while let Some(message) = socket.next().await {
        assert!(message.unwrap().is_close());
    }
    server.until_closed(&[Closed::ByPeer(None)]).await;
    server.until_connections(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_is_an_object_and_the_sign_of_life_is_none() {
    let server = TestServer::start(|_| {});
    let mut client = Client::open(server.addr()).await;
    client.text("{}").await;
    client.text("one\n\n two\r\n{}\nthree").await;
    for text in ["one", "two", "three"] {
        client.expect_text(text).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_are_joined_and_a_ping_in_between_is_answered() {
    let server = TestServer::start(|_| {});
    let mut client = Client::open(server.addr()).await;
    // The second fragment begins in the middle of a character.
    client.send(TEXT, &"마당".as_bytes()[..4]).await;
    client.send(FIN | PING, b"?").await;
    client.send(0, &"마당".as_bytes()[4..]).await;
    client.send(FIN, b"!").await;
    assert_eq!(client.receive().await, Some((PONG, b"?".to_vec())));
    client.expect_text("마당!").await;
    client.text("and again").await;
    client.expect_text("and again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_frames_in_one_segment_are_all_answered_in_order() {
    let server = TestServer::start(|_| {});
    let mut client = Client::open(server.addr()).await;
    let bytes: Vec<u8> =
        (0..500).flat_map(|n| super::client::frame(FIN | TEXT, n.to_string().as_bytes())).collect();
    client.socket.write_all(&bytes).await.unwrap();
    for n in 0..500 {
        client.expect_text(&n.to_string()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_at_a_time_is_enough() {
    let server = TestServer::start(|_| {});
    let mut client = Client::open(server.addr()).await;
    client.socket.set_nodelay(true).unwrap();
    for byte in super::client::frame(FIN | TEXT, &[b'x'; 200]) {
        client.socket.write_all(&[byte]).await.unwrap();
    }
    client.expect_text(&"x".repeat(200)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_protocol_forbids_is_closed_with_its_code() {
    let server = TestServer::start(|_| {});
    let unmasked = vec![FIN | TEXT, 2, b'h', b'i'];
    for (bytes, close) in [
        (unmasked, Close::BROKEN),
        (header(FIN | 0x40 | TEXT, 1), Close::BROKEN),
        (header(FIN | 0x3, 0), Close::BROKEN),
        (header(FIN, 0), Close::BROKEN),
        (header(FIN | PING, 126), Close::BROKEN),
        (header(FIN | 0x2, 1), Close::BINARY),
        (header(FIN | TEXT, 65_537), Close::TOO_LARGE),
        (super::client::frame(FIN | TEXT, &[b'"', 0xff, b'"']), Close::NOT_UTF8),
        ([super::client::frame(TEXT, b"a"), super::client::frame(FIN, &[0xc3])].concat(), Close::NOT_UTF8),
        (super::client::frame(FIN | CLOSE, &[3]), Close::BROKEN),
    ] {
        server.closed.lock().unwrap().clear();
        let mut client = Client::open(server.addr()).await;
        client.text("before").await;
        client.socket.write_all(&bytes).await.unwrap();
        client.expect_text("before").await;
        client.expect_close(close.code).await;
        drop(client);
        server.until_closed(&[Closed::ByServer(close)]).await;
    }
    server.until_connections(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_declares_a_terabyte_is_closed_at_once_and_costs_no_memory() {
    let server = TestServer::start(|_| {});
    let mut client = Client::open(server.addr()).await;
    client.socket.write_all(&header(FIN | TEXT, 1 << 40)).await.unwrap();
    client.expect_close(1009).await;
    let before = resident_bytes();
    // Sent on regardless; what is written after the server has had enough fails.
    let part = vec![0; 64 * 1024];
    for _ in 0..1024 {
        if client.socket.write_all(&part).await.is_err() {
            break;
        }
    }
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 16 << 20, "grew by {grown} bytes");
    drop(client);
    server.until_connections(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_of_an_endless_message_are_bounded_together() {
    let server = TestServer::start(|_| {});
    let mut client = Client::open(server.addr()).await;
    client.send(TEXT, &[b'x'; 40_000]).await;
    client.socket.write_all(&header(0, 40_000)).await.unwrap();
    client.expect_close(1009).await;
}

fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
