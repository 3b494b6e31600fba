//! Promise: bad luck is told, nothing acked is lost. A disk that runs full ends the node with a clear
//! message; with room again, everything that was acked is there.

use std::time::Duration;

use madang_loadtest::client::SendMessage;
use madang_tests::disk::Disk;
use madang_tests::node::{NO_RATE_LIMITS, Node};
use madang_tests::people::{LIMIT, Person, messages, read_forwards};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_loses_nothing() {
    let Some(disk) = Disk::new(160) else { return };
    let data = disk.path().join("data");
    let node = Node::start(&data, &NO_RATE_LIMITS).await;
    let host = Person::sign_up(&node.url, "host").await;
    let room = host.open_room(&node.url, "fill").await;
    let ballast = disk.path().join("ballast");
    let connection = host.connect(&node.url).await.unwrap();
    let text = "x".repeat(16_000);
    let mut acked = Vec::new();
    let mut refused = None;
    for number in 0..20_000 {
        if number == 200 {
            // Leave little: the disk runs full under the node's own writes, not at some odd moment of ours.
            fill(&ballast, 8 << 20);
        }
        let cid = format!("c{number}");
        let send = SendMessage { room: &room, cid: &cid, text: &text, after: None };
        match connection.send(send, LIMIT).await {
            Ok(ack) => acked.push((cid, ack.seq)),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    let refused = refused.expect("the disk is full at last");
    assert!(acked.len() > 200, "{} acks only: {refused}", acked.len());
    let status = node.wait(Duration::from_secs(60)).await;
    assert!(!status.success(), "a node without a disk ends with an error, not with {status}");

    std::fs::remove_file(&ballast).unwrap();
    let node = Node::start(&data, &NO_RATE_LIMITS).await;
    let log = read_forwards(&host.http(&node.url), &room).await;
    let found: Vec<(String, u64)> = messages(&log).into_iter().map(|(seq, _, cid, _)| (cid, seq)).collect();
    assert_eq!(found[..acked.len()], acked[..]);
    assert!(messages(&log).iter().all(|(.., written)| *written == text));
}

/// Takes all of the disk but `leave` bytes.
fn fill(path: &std::path::Path, leave: u64) {
    let folder = path.parent().unwrap();
    let free = || -> u64 {
        let mut df = std::process::Command::new("df");
        let said = df.args(["--output=avail", "-B1"]).arg(folder).output().unwrap();
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        said.lines().last().and_then(|line| line.trim().parse().ok()).unwrap()
    };
    let mut ballast = std::fs::File::create(path).unwrap();
    let block = vec![1_u8; 1 << 20];
    while free() > leave {
        use std::io::Write;
        if ballast.write_all(&block).is_err() {
            break;
        }
    }
    ballast.sync_all().unwrap();
}
