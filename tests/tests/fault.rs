//! Promise: through kills, cuts, freezes, failing disks and lost power no acked message is lost or doubled,
//! and everybody reads one order. Schedules of faults come from seeds, run against three real nodes while
//! people chat, and what these were told is checked.
//!
//! `MADANG_FAULT_SCHEDULES` schedules (1) of `MADANG_FAULT_SECONDS` seconds (12) each are run, beginning
//! with the seed `MADANG_FAULT_SEED` (2), on rings of `MADANG_FAULT_SHARDS` shards (6).
//! `MADANG_FAULT_SCHEDULE` runs that very schedule instead. That broken promises would be noticed is shown
//! in `control.rs`.

use std::collections::BTreeMap;
use std::time::Duration;

use madang_tests::checker::{self, Verdict};
use madang_tests::cluster::{Ground, TestCluster};
use madang_tests::command;
use madang_tests::disk::Disk;
use madang_tests::network::Network;
use madang_tests::schedule::{Kind, Schedule, Terms, generate, run};
use madang_tests::workload::{Chat, Workload, read_back};

const NODES: usize = 3;
const DISK_MIB: u32 = 256;
/// Fewer acknowledgements for each second of a schedule would not be much of a test.
const ACKS_PER_SECOND_MIN: usize = 34;
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
    let mut settings = vec![("MADANG_RAFT__CHECKPOINT_MS".to_owned(), "2000".to_owned())];
    if let Ok(shards) = std::env::var("MADANG_FAULT_SHARDS") {
        settings.push(("MADANG_RAFT__SHARDS".to_owned(), shards));
    }
    (Ground { network, disks, settings }, kinds)
}

/// Runs one schedule. Answers what was checked, and what went wrong.
async fn judge(name: String, schedule: Schedule, ground: Ground) -> (Verdict, Vec<String>) {
    let mut cluster = TestCluster::form(NODES, ground).await;
    let urls = cluster.urls();
    let chat = Workload::begin(&urls, &name, Chat::default()).await;
    let mut wrong = run(&schedule, &mut cluster).await;
    let (host, rooms) = (chat.host.clone(), chat.rooms.clone());
    let settled = chat.settle(SETTLED_WITHIN).await;
    wrong.extend(settled.unanswered.iter().map(|send| format!("without an answer: {send}")));
    wrong.extend(settled.complaints.iter().map(|odd| format!("an odd answer: {odd}")));
    let verdict = checker::check(&settled.record, &read_back(&urls, &host, &rooms).await);
    if !verdict.is_clean() {
        wrong.push(verdict.to_string());
    }
    eprintln!("{name}: settled after {:?}: {verdict}", settled.took);
    (verdict, wrong)
}

/// What came of all schedules.
#[derive(Default)]
struct Summary {
    acked: Vec<usize>,
    violations: usize,
    struck: BTreeMap<String, usize>,
    failed: Vec<String>,
}

impl Summary {
    /// Runs one more schedule, on ground of its own. One that fails does not end the others.
    async fn run(&mut self, name: &str, schedule: Schedule, ground: Ground, acked_min: usize) {
        eprintln!("{name}: MADANG_FAULT_SCHEDULE='{schedule}'");
        for episode in &schedule.episodes {
            *self.struck.entry(episode.fault.kind().to_string()).or_default() += 1;
        }
        let failed = match tokio::spawn(judge(name.to_owned(), schedule.clone(), ground)).await {
            Ok((verdict, mut wrong)) => {
                self.acked.push(verdict.acked);
                self.violations += verdict.total;
                if verdict.acked < acked_min {
                    wrong.push(format!(
                        "not much of a test: {} acks are fewer than {acked_min}",
                        verdict.acked
                    ));
                }
                wrong.join("\n")
            }
            Err(panic) => panic.to_string(),
        };
        if !failed.is_empty() {
            eprintln!("{name} FAILED: {failed}");
            self.failed.push(format!("{name}: MADANG_FAULT_SCHEDULE='{schedule}'\n{failed}"));
        }
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (schedules, acked) = (self.acked.len(), self.acked.iter().sum::<usize>());
        let least = self.acked.iter().min().copied().unwrap_or(0);
        let struck: Vec<String> = self.struck.iter().map(|(kind, times)| format!("{kind} {times}")).collect();
        writeln!(f, "{schedules} schedules to their end, {} of all failed", self.failed.len())?;
        writeln!(f, "{acked} acks, {least} in one at least, {} violations", self.violations)?;
        write!(f, "faults: {}", struck.join(", "))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_schedule_of_faults_costs_anybody_a_message() {
    let mut summary = Summary::default();
    if let Ok(text) = std::env::var("MADANG_FAULT_SCHEDULE") {
        summary.run("replayed", text.parse().unwrap(), ground().0, 0).await;
    } else {
        let seconds = setting("MADANG_FAULT_SECONDS", 12);
        let acked_min = ACKS_PER_SECOND_MIN * usize::try_from(seconds).unwrap();
        let first = setting("MADANG_FAULT_SEED", 2);
        for seed in first..first + setting("MADANG_FAULT_SCHEDULES", 1) {
            let (ground, kinds) = ground();
            let schedule = generate(seed, &Terms { nodes: NODES, lasts_ms: seconds * 1_000, kinds });
            summary.run(&format!("seed{seed}"), schedule, ground, acked_min).await;
        }
    }
    eprintln!("{summary}");
    assert!(summary.failed.is_empty(), "{}", summary.failed.join("\n\n"));
}
