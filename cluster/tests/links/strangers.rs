//! Whoever connects and is no node: closed soon, and counted.

use std::io::ErrorKind;

use madang_cluster::link::LinkOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Node, SOON, calm, introduce, myself, wait_until};

fn hasty() -> LinkOptions {
    LinkOptions { handshake_timeout_ms: 500, ..calm() }
}

/// Says `bytes`, then waits until the node hangs up.
async fn is_hung_up_on(node: &Node, bytes: &[u8]) {
    let mut stream = TcpStream::connect(node.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut heard = Vec::new();
    match timeout(SOON, stream.read_to_end(&mut heard)).await.unwrap() {
        Ok(_) => assert!(heard.len() < 1_000, "{} bytes for a stranger", heard.len()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_and_silence_are_hung_up_on_and_counted() {
    let node = Node::start(hasty(), myself(1)).await;
    let garbage: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\n\r\n",
        &[0; 64],
        b"madang\r\n\xff\xff\xff\xff",
        b"",
        b"madang\r\n\0\0\0\x40half",
    ];
    for (n, bytes) in garbage.into_iter().enumerate() {
        is_hung_up_on(&node, bytes).await;
        wait_until("it is counted", || node.links.meters().broken_handshakes == n as u64 + 1).await;
    }
    assert_eq!(node.links.meters().refused_handshakes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_sends_a_byte_at_a_time_has_no_more_time_than_others() {
    let node = Node::start(hasty(), myself(1)).await;
    let mut stream = TcpStream::connect(node.address()).await.unwrap();
    let hello = [b"madang\r\n\0\0\x0f\xff".as_slice(), &[0; 4_000]].concat();
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    for byte in hello {
        ticks.tick().await;
        if stream.write_all(&[byte]).await.is_err() {
            break;
        }
        assert!(node.links.meters().broken_handshakes == 0 || stream.writable().await.is_ok());
        if node.links.meters().broken_handshakes == 1 {
            break;
        }
    }
    assert_eq!(node.links.meters().broken_handshakes, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_strangers_than_allowed_are_listened_to_and_peers_get_in_after_them() {
    let options = LinkOptions { connections_max: 4, ..hasty() };
    let one = Node::start(options.clone(), myself(1)).await;
    let two = Node::start(options, myself(2)).await;
    let mut crowd = Vec::new();
    for _ in 0..12 {
        crowd.push(TcpStream::connect(two.address()).await.unwrap());
    }
    wait_until("the rest is refused", || two.links.meters().refused_connections >= 8).await;
    introduce(&one, &two).await;
}
