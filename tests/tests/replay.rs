//! Promise: what people said is what everybody reads, through any number of crashes. Made-up chat logs are
//! played while the node is killed again and again, or each of three nodes in turn with the clients spread
//! over them; the rooms must equal the logs.

use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use madang_loadtest::attack::{AttackOptions, Tables};
use madang_loadtest::client::{Nodes, Restarts};
use madang_loadtest::replay::{self, ReplayOptions, ReplayReport};
use madang_tests::cluster::{TestCluster, WHOLE_WITHIN};
use madang_tests::node::Node;
use tempfile::TempDir;

const FILES: usize = 4;
const LINES: usize = 600;
const NICKS: usize = 12;
const KILLS: usize = 3;
/// The hour of a log takes as long as three kills do, each with the ring whole again after it.
const RING_SPEED: f64 = 60.0;

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_through_kills_reads_back_line_by_line() {
    let logs = logs();
    let data = tempfile::tempdir().unwrap();
    let mut node = Node::start(data.path(), &[]).await;
    let address = node.address().to_owned();
    let options = replay_of(logs.path(), Nodes::one(&node.url), "kills");
    let kills = async {
        for _ in 0..KILLS {
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            node.kill();
            node = Node::start_at(data.path(), &address, &[]).await;
        }
        node
    };
    let (report, node) = tokio::join!(replay::run(&options), kills);
    assert_equal(&report.unwrap(), KILLS);
    drop(node);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_over_three_nodes_through_a_kill_of_each_reads_back_line_by_line() {
    let logs = logs();
    let mut ring = TestCluster::on_loopback(3).await;
    let nodes = ring.urls().join(",").parse().unwrap();
    let options = ReplayOptions { speed: RING_SPEED, ..replay_of(logs.path(), nodes, "ring") };
    let is_over = AtomicBool::new(false);
    let play = async {
        let report = replay::run(&options).await;
        is_over.store(true, Ordering::Relaxed);
        report
    };
    let kills = async {
        for node in 0..3 {
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            assert!(!is_over.load(Ordering::Relaxed), "over before node {} was killed", node + 1);
            ring.node_mut(node).kill();
            ring.node_mut(node).start_and_wait(WHOLE_WITHIN).await;
            ring.wait_whole(WHOLE_WITHIN).await;
        }
        ring
    };
    let (report, ring) = tokio::join!(play, kills);
    assert_equal(&report.unwrap(), ring.len());
    drop(ring);
}

fn replay_of(logs: &Path, nodes: Nodes, run_id: &str) -> ReplayOptions {
    let url = nodes.first().to_owned();
    ReplayOptions {
        nodes,
        log: logs.to_path_buf(),
        speed: 0.0,
        pipeline: None,
        restarts: Restarts::Tolerated,
        run_id: run_id.to_owned(),
        sign_ups_at_once: 4,
        command_timeout: Duration::from_secs(10),
        give_up_after: Duration::from_secs(120),
        attack: AttackOptions {
            url,
            users: 0,
            ramp: 500,
            goose_reports: Vec::new(),
            thresholds: Vec::new(),
            tables: Tables::Printed,
        },
    }
}

/// Every kill must have cost somebody the connection.
fn assert_equal(report: &ReplayReport, kills: usize) {
    assert_eq!(report.differences, 0, "{report:?}");
    assert!(report.reconnects >= kills as u64, "who noticed? Not much of a test: {report:?}");
}

fn logs() -> TempDir {
    let logs = tempfile::tempdir().unwrap();
    for number in 0..FILES {
        write_log(&logs.path().join(format!("day-{number}.raw.txt")), number);
    }
    logs
}

/// A day of talk: joins, leaves, actions, texts with odd characters.
fn write_log(path: &Path, seed: usize) {
    let mut text = String::new();
    for line in 0..LINES {
        let nick = format!("nick{}", (line * 7 + seed * 3 + line / 50) % NICKS);
        let minute = line / 10 % 60;
        match line % 40 {
            13 => writeln!(text, "=== {nick} [~{nick}@example.org] has joined #yard"),
            29 => writeln!(text, "=== {nick} [~{nick}@example.org] has left #yard []"),
            7 => writeln!(text, "[10:{minute:02}]  * {nick} waves, the {line}th time"),
            _ => writeln!(text, "[10:{minute:02}] <{nick}> {line}: 안녕, \"quoted\" \\ <b>&amp; tab\there"),
        }
        .unwrap();
    }
    std::fs::write(path, text).unwrap();
}
