use super::client::{CLOSE, Client, TEXT};
use super::server::TestServer;
use madang_node::edge::{Close, Closed};
use std::time::Duration;

/// More than the queue and both kernel buffers hold.
const TOO_MUCH: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_gets_a_clean_beginning_and_the_close_code_and_the_others_are_not_hurt() {
    let server = TestServer::start(|config| config.close_timeout = Duration::from_secs(15));
    let mut slow = Client::open(server.addr()).await;
    let mut other = Client::open(server.addr()).await;
    slow.text(&format!("burst {TOO_MUCH}")).await;
    server.until_closed(&[Closed::ByServer(Close::SLOW_READER)]).await;
    other.text("still here").await;
    other.expect_text("still here").await;

    let mut read = 0;
    loop {
        let (opcode, payload) = slow.receive().await.unwrap();
        if opcode == CLOSE {
            assert_eq!(payload[..2], 3002_u16.to_be_bytes());
            break;
        }
        assert_eq!(opcode, TEXT);
        assert_eq!(String::from_utf8(payload).unwrap().trim_end(), read.to_string());
        read += 1;
    }
    assert!(read < TOO_MUCH, "all of it was taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_never_reads_is_cut_off() {
    let server = TestServer::start(|config| config.close_timeout = Duration::from_millis(100));
    let mut stalled = Client::open(server.addr()).await;
    stalled.text(&format!("burst {TOO_MUCH}")).await;
    server.until_closed(&[Closed::ByServer(Close::SLOW_READER)]).await;
    server.until_connections(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_comes_out_in_order_and_in_few_writes() {
    let server = TestServer::start(|config| config.outbound_bytes_max = 4 << 20);
    let mut client = Client::open(server.addr()).await;
    let mut writes = Vec::new();
    for order in ["writes", "burst 1000", "writes"] {
        client.text(order).await;
        if order == "writes" {
            let (_, count) = client.receive().await.unwrap();
            writes.push(String::from_utf8(count).unwrap().parse::<usize>().unwrap());
        } else {
            for n in 0..1000 {
                client.expect_text(&format!("{n:<1024}")).await;
            }
        }
    }
    let used = writes[1] - writes[0];
    // 16 batches of 64 frames; a socket that is full at times takes a batch in parts.
    assert!((16..200).contains(&used), "{used} writes for 1,000 frames");
}
