//! Promise: through kills, cuts, freezes, failing disks and lost power no acked message is lost or doubled,
//! and everybody reads one order. Schedules of faults come from seeds, run against three real nodes while
//! people chat, and what these were told is checked.
//!
//! `MADANG_FAULT_SCHEDULES` schedules (1) of `MADANG_FAULT_SECONDS` seconds (12) each are run, beginning
//! with the seed `MADANG_FAULT_SEED` (2). `MADANG_FAULT_SCHEDULE` runs that very schedule instead.

use std::time::Duration;

use madang_tests::checker::{self, Violation};
use madang_tests::cluster::{Ground, TestCluster, WHOLE_WITHIN};
use madang_tests::command;
use madang_tests::disk::Disk;
use madang_tests::network::Network;
use madang_tests::schedule::{Kind, Schedule, Terms, generate, run};
use madang_tests::workload::{Chat, Workload, read_back};

const NODES: usize = 3;
const DISK_MIB: u32 = 256;
/// After healing every send must be answered within this.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(value) => value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")),
        Err(_) => default,
    }
}

/// The best ground that this machine allows, and what can happen on it.
fn ground() -> (Ground, Vec<Kind>) {
    let network = Network::new(NODES);
    let disks: Vec<Disk> = (0..NODES).map_while(|_| Disk::new(DISK_MIB)).collect();
    let has_disks = disks.len() == NODES;
    let has_strace = command::run("strace", &["-V"]).is_ok();
    let mut kinds = Kind::ALL.to_vec();
    kinds.retain(|kind| {
        (network.is_some() || !kind.needs_network())
            && (has_disks || !kind.needs_disks())
            && (has_strace || !kind.needs_strace())
    });
    if kinds.len() < Kind::ALL.len() {
        eprintln!("only {} of {} kinds of faults are possible here", kinds.len(), Kind::ALL.len());
    }
    let disks = if has_disks { disks } else { Vec::new() };
    // Purging the log behind checkpoints, as it happens to a node that runs for long.
    let settings = vec![("MADANG_RAFT__CHECKPOINT_MS".to_owned(), "2000".to_owned())];
    (Ground { network, disks, settings }, kinds)
}

/// Runs one schedule. Answers what went wrong, or what was checked.
async fn judge(name: &str, schedule: &Schedule, ground: Ground) -> Result<String, String> {
    let mut cluster = TestCluster::form(NODES, ground).await;
    let urls = cluster.urls();
    let chat = Workload::begin(&urls, name, Chat::default()).await;
    let mut wrong = run(schedule, &mut cluster).await;
    let (host, rooms) = (chat.host.clone(), chat.rooms.clone());
    let settled = chat.settle(SETTLED_WITHIN).await;
    wrong.extend(settled.unanswered.iter().map(|send| format!("without an answer: {send}")));
    wrong.extend(settled.complaints.iter().map(|odd| format!("an odd answer: {odd}")));
    let verdict = checker::check(&settled.record, &read_back(&urls, &host, &rooms).await);
    if !verdict.is_clean() {
        wrong.push(verdict.to_string());
    }
    if wrong.is_empty() {
        Ok(format!("settled after {:?}: {verdict}", settled.took))
    } else {
        Err(wrong.join("\n"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_schedule_of_faults_costs_anybody_a_message() {
    if let Ok(text) = std::env::var("MADANG_FAULT_SCHEDULE") {
        let schedule: Schedule = text.parse().unwrap();
        let verdict = judge("replayed", &schedule, ground().0).await;
        eprintln!("{}", verdict.unwrap());
        return;
    }
    let first = setting("MADANG_FAULT_SEED", 2);
    for seed in first..first + setting("MADANG_FAULT_SCHEDULES", 1) {
        let (ground, kinds) = ground();
        let lasts_ms = setting("MADANG_FAULT_SECONDS", 12) * 1_000;
        let schedule = generate(seed, &Terms { nodes: NODES, lasts_ms, kinds });
        eprintln!("seed {seed}: MADANG_FAULT_SCHEDULE='{schedule}'");
        match judge(&format!("seed{seed}"), &schedule, ground).await {
            Ok(verdict) => eprintln!("seed {seed}: {verdict}"),
            Err(wrong) => panic!("seed {seed}: MADANG_FAULT_SCHEDULE='{schedule}'\n{wrong}"),
        }
    }
}

/// The control: without fsync, power that fails everywhere must cost something, and it must be seen.
#[tokio::test(flavor = "multi_thread")]
async fn without_fsync_a_power_cut_of_all_nodes_is_found() {
    let (mut ground, kinds) = ground();
    if !kinds.contains(&Kind::PowerCutAll) {
        eprintln!("SKIPPED: no disks of our own to cut the power of");
        return;
    }
    ground.settings.push(("MADANG_TEST_WITHOUT_FSYNC".to_owned(), "1".to_owned()));
    match tokio::spawn(lost_in_a_power_cut(ground)).await {
        Ok((lost, verdict)) => {
            assert!(lost, "nothing lost: this test could not see a missing fsync: {verdict}")
        }
        // Votes are lost as messages are: then no group finds a leader, and the ring never gets whole again.
        Err(never_whole) => eprintln!("the nodes did not come back at all: {never_whole}"),
    }
}

/// Whether acknowledged messages are gone after the power failed on all nodes.
async fn lost_in_a_power_cut(ground: Ground) -> (bool, String) {
    let mut cluster = TestCluster::form(NODES, ground).await;
    let urls = cluster.urls();
    let chat = Workload::begin(&urls, "control", Chat::default()).await;
    chat.goes_on(50).await;
    // What people set up is on the disks after this; only the messages since then are in doubt.
    cluster.stop_all().await;
    cluster.start_all();
    cluster.wait_whole(WHOLE_WITHIN).await;
    chat.goes_on(100).await;
    run(&"at 0 for 0 power-cut-all".parse().unwrap(), &mut cluster).await;
    let (host, rooms) = (chat.host.clone(), chat.rooms.clone());
    // Whoever names a lost message in `after` waits in vain.
    let settled = chat.settle(Duration::from_secs(2)).await;
    let verdict = checker::check(&settled.record, &read_back(&urls, &host, &rooms).await);
    let lost = verdict.violations.iter().any(|violation| matches!(violation, Violation::Lost { .. }));
    (lost, verdict.to_string())
}
