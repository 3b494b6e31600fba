//! Promise: the process behaves. It says what it is, ends well when asked, ends loudly when it must, and
//! refuses what cannot work, each with an exit code that a supervisor understands.

use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use madang_loadtest::client::{Connection, Push, PushFeed, SendMessage};
use madang_tests::node::{Node, log_of};
use madang_tests::people::{LIMIT, Person, messages, read_forwards};
use madang_tests::syscall::Failing;

const CLIENTS: usize = 20;
const GRACE: Duration = Duration::from_secs(10);

/// Listens to the end; answers what kind of end it was.
async fn hear_the_end((connection, mut pushes): (Connection, PushFeed)) -> (Option<u64>, Option<u16>) {
    let mut drain = None;
    while let Some((_, push)) = pushes.next().await {
        if let Push::Drain { reconnect_after_ms, .. } = push {
            drain = Some(reconnect_after_ms);
        }
    }
    (drain, connection.wait_closed().await.code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_node_tells_its_clients_ends_with_0_and_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let grace = [("MADANG_NODE__SHUTDOWN_GRACE_MS", "10000")];
    let node = Node::start(dir.path(), &grace).await;
    let host = Person::sign_up(&node.url, "host").await;
    let room = host.open_room(&node.url, "yard").await;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(host.listen(&node.url).await);
    }
    let send = SendMessage { room: &room, cid: "c1", text: "before", after: None };
    let ack = clients[0].0.send(send, LIMIT).await.unwrap();
    // Somebody who connects and never says a word must not hold up the end.
    let silent = TcpStream::connect(node.address()).unwrap();
    let clients: Vec<_> = clients.into_iter().map(|client| tokio::spawn(hear_the_end(client))).collect();

    let asked = Instant::now();
    let status = node.stop().await;
    assert!(asked.elapsed() < GRACE, "took {:?}", asked.elapsed());
    assert_eq!(status.code(), Some(0));
    for client in clients {
        let (drain, code) = client.await.unwrap();
        assert!(drain.is_some_and(|reconnect_after_ms| reconnect_after_ms > 0), "no drain push");
        assert_eq!(code, Some(3000));
    }
    drop(silent);
    let first_run = log_of(dir.path());

    let node = Node::start(dir.path(), &[]).await;
    let log = messages(&read_forwards(&host.http(&node.url), &room).await);
    assert_eq!(log, [(ack.seq, "host".into(), "c1".into(), "before".into())]);
    assert_the_banner_is_plain_and_true(dir.path(), &node, [&first_run, &log_of(dir.path())]);
}

fn assert_the_banner_is_plain_and_true(data: &Path, node: &Node, [first, second]: [&str; 2]) {
    for said in [first, second] {
        assert!(!said.contains('\u{1b}'), "colours where nobody sees them: {said:?}");
        assert!(said.contains(&format!("  data        {}\n", data.display())), "{said}");
    }
    assert!(first.contains("formed just now"), "{first}");
    assert!(second.contains("goes on with the data it had"), "{second}");
    let address = node.address();
    for door in [
        format!("http://{address}/\n"),
        format!("ws://{address}/v1/ws\n"),
        format!("http://{address}/v1/docs\n"),
        format!("http://{address}/metrics\n"),
    ] {
        assert!(second.contains(&door), "{door} is not in {second}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (data, other_name) = (dir.path().join("data"), dir.path().join("link"));
    let node = Node::start(&data, &[]).await;
    symlink(&data, &other_name).unwrap();
    let (status, said) = Node::refused(&other_name, &[]).await;
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains(&*other_name.to_string_lossy()), "{said}");
    assert!(said.contains("in use by another process"), "{said}");

    let host = Person::sign_up(&node.url, "host").await;
    host.open_room(&node.url, "yard").await;
    assert!(node.stop().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_fsync_ends_the_node_with_its_reason_and_nothing_acked_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path(), &[]).await;
    let host = Person::sign_up(&node.url, "host").await;
    let room = host.open_room(&node.url, "yard").await;
    let connection = host.connect(&node.url).await.unwrap();
    let mut acked = Vec::new();
    for number in 0..20 {
        let cid = format!("c{number}");
        let send = SendMessage { room: &room, cid: &cid, text: &cid, after: None };
        acked.push((connection.send(send, LIMIT).await.unwrap().seq, cid));
    }
    let Some(failing) = Failing::start(node.pid(), "fdatasync", "EIO").await else { return };
    let send = SendMessage { room: &room, cid: "doomed", text: "doomed", after: None };
    let answer = connection.send(send, LIMIT).await;
    assert!(answer.is_err(), "acknowledged without a disk: {answer:?}");
    let status = node.wait(Duration::from_secs(60)).await;
    let said = log_of(dir.path());
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("the disk failed") && said.contains("Input/output error"), "{said}");
    assert!(failing.failed() >= 1, "no fdatasync failed: this test could not see anything");
    drop(failing);

    let node = Node::start(dir.path(), &[]).await;
    let log = messages(&read_forwards(&host.http(&node.url), &room).await);
    let found: Vec<(u64, String)> = log.into_iter().map(|(seq, _, cid, _)| (seq, cid)).collect();
    assert_eq!(found[..acked.len()], acked[..]);
    // What was not acknowledged may be there or not, but only once.
    assert!(found.len() <= acked.len() + 1, "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_wrong_end_the_node_with_2_and_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let rows = [
        ("MADANG_HTTP__LISTN", "127.0.0.1:0", "http.listen"),
        ("MADANG_RAFT__SHARDS", "many", "raft.shards"),
        ("MADANG_RAFT__SHARDS", "0", "raft.shards"),
        ("MADANG_LOG__FORMAT", "xml", "log.format"),
    ];
    for (variable, value, named) in rows {
        let (status, said) = Node::refused(dir.path(), &[(variable, value)]).await;
        assert_eq!(status.code(), Some(2), "{variable}={value}: {said}");
        assert!(said.contains(named), "{variable}={value}: {said}");
    }
}
