//! Promise: what people said is what everybody reads, through any number of crashes. Made-up chat logs are
//! played at full speed while the node is killed again and again; the rooms must equal the logs.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use madang_loadtest::attack::AttackOptions;
use madang_loadtest::client::Restarts;
use madang_loadtest::replay::{self, ReplayOptions};
use madang_tests::node::Node;

const FILES: usize = 4;
const LINES: usize = 600;
const NICKS: usize = 12;
const KILLS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_through_kills_reads_back_line_by_line() {
    let logs = tempfile::tempdir().unwrap();
    for number in 0..FILES {
        write_log(&logs.path().join(format!("day-{number}.raw.txt")), number);
    }
    let data = tempfile::tempdir().unwrap();
    let mut node = Node::start(data.path(), &[]).await;
    let (url, address) = (node.url.clone(), node.address().to_owned());
    let options = ReplayOptions {
        url: url.clone(),
        log: logs.path().to_path_buf(),
        speed: 0.0,
        pipeline: None,
        restarts: Restarts::Tolerated,
        run_id: "kills".to_owned(),
        sign_ups_at_once: 4,
        command_timeout: Duration::from_secs(10),
        give_up_after: Duration::from_secs(120),
        attack: AttackOptions { url, users: 0, ramp: 500, goose_reports: Vec::new(), thresholds: Vec::new() },
    };
    let kills = async {
        for _ in 0..KILLS {
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            node.kill();
            node = Node::start_at(data.path(), &address, &[]).await;
        }
        node
    };
    let (report, node) = tokio::join!(replay::run(&options), kills);
    let report = report.unwrap();
    assert_eq!(report.differences, 0, "{report:?}");
    assert!(report.reconnects > 0, "nobody noticed a kill: not much of a test: {report:?}");
    drop(node);
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
