//! Drill `rolling`: every node in turn is stopped with SIGTERM and started again while people talk, as an
//! operator does for an upgrade.

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::absence::Cause;
use super::crowd::{Aftermath, Crowd, CrowdOptions};
use super::diary::Diary;
use super::orders::Orders;
use super::ring::Ring;
use super::wrong::Wrong;
use crate::goal::Goal;
use crate::latency::{Latencies, LatencySummary};
use crate::report::{milliseconds, table};

const NODES: usize = 3;

/// What the command line says.
#[derive(Debug, Clone)]
pub struct RollingOptions {
    /// Common to all drills.
    pub crowd: CrowdOptions,
    /// How often all nodes are restarted.
    pub rounds: usize,
    /// How long the talk goes on before each stop, and at the end.
    pub settle: Duration,
}

/// One restart.
#[derive(Debug, Clone, Serialize)]
pub struct RestartReport {
    /// Which node, from 1.
    pub node: usize,
    /// From SIGTERM until the process had ended.
    pub stopped_ms: u64,
    /// From its start until the cluster was well again.
    pub well_ms: u64,
    /// For each sender, until the next restart, the longest time from when a message was due until it was
    /// acknowledged.
    pub pause: LatencySummary,
    /// Connections that were lost.
    pub reconnects: u64,
}

/// The drill's result.
#[derive(Debug, Clone, Serialize)]
pub struct RollingReport {
    /// `rolling`.
    pub drill: &'static str,
    /// Sockets, spread over all nodes.
    pub sockets: usize,
    /// Rooms.
    pub rooms: usize,
    /// Messages per second of all together.
    pub rate: f64,
    /// Messages that were acknowledged.
    pub acked: u64,
    /// Messages that went out more than once.
    pub retried_sends: u64,
    /// Messages that were given up.
    pub failed_sends: u64,
    /// From when a message was due until it was acknowledged, before the first restart.
    pub quiet: LatencySummary,
    /// For each sender and restart, the longest such time.
    pub pause: LatencySummary,
    /// Connections that were lost.
    pub reconnects: u64,
    /// The same for one client, on average.
    pub reconnects_per_client: f64,
    /// The most of one client.
    pub reconnects_max: u64,
    /// From the loss of a connection until the client knew all that it had missed.
    pub level: LatencySummary,
    /// Clients that had to read by themselves what they missed.
    pub resyncs: u64,
    /// Each restart.
    pub restarts: Vec<RestartReport>,
    /// What must not happen.
    pub wrong: Wrong,
    /// What was wanted.
    pub goals: Vec<Goal>,
}

/// A restart, as it was done.
struct Restart {
    node: usize,
    asked: Instant,
    stopped: Instant,
    well: Instant,
}

/// Runs the drill.
pub(super) async fn run(options: &RollingOptions) -> anyhow::Result<RollingReport> {
    let mut ring = Ring::form(&options.crowd.madang, NODES, options.crowd.traces).await?;
    let crowd = Crowd::gather(&options.crowd, Orders::new(ring.nodes(NODES)?)).await?;
    crowd.talk();
    let mut restarts = Vec::new();
    for _ in 0..options.rounds.max(1) {
        for node in 0..NODES {
            tokio::time::sleep(options.settle).await;
            let asked = ring.stop(node).await?;
            let stopped = Instant::now();
            let seeds = ring.peers();
            ring.start(node, &seeds)?;
            ring.wait_well(NODES).await?;
            restarts.push(Restart { node, asked, stopped, well: Instant::now() });
            eprintln!("node {} was restarted", node + 1);
        }
    }
    // Nobody is left behind by the last one.
    crowd.all_level(options.crowd.give_up_after).await;
    tokio::time::sleep(options.settle).await;
    let aftermath = crowd.disperse().await?;
    Ok(report(options, &restarts, aftermath))
}

fn report(options: &RollingOptions, restarts: &[Restart], aftermath: Aftermath) -> RollingReport {
    let Aftermath { diaries, wrong } = aftermath;
    let mut pause = Latencies::default();
    let mut reports = Vec::new();
    for (number, restart) in restarts.iter().enumerate() {
        let until = restarts.get(number + 1).map(|next| next.asked);
        let is_within = |at: Instant| at >= restart.asked && until.is_none_or(|until| at < until);
        let pauses = pauses(&diaries, is_within);
        pause.merge(&pauses);
        let lost = diaries.iter().flat_map(|diary| &diary.absences);
        reports.push(RestartReport {
            node: restart.node + 1,
            stopped_ms: milliseconds_between(restart.asked, restart.stopped),
            well_ms: milliseconds_between(restart.stopped, restart.well),
            pause: pauses.summary(),
            reconnects: lost.filter(|absence| is_within(absence.since)).count() as u64,
        });
    }
    let (mut level, mut quiet, mut resyncs) = (Latencies::default(), Latencies::default(), 0);
    let (mut reconnects, mut reconnects_max) = (0, 0);
    for diary in &diaries {
        let lost = diary.absences.iter().filter(|absence| absence.cause == Cause::Lost);
        let mut own = 0;
        for absence in lost {
            own += 1;
            resyncs += u64::from(absence.is_resync());
            if let Some(at) = absence.level {
                level.record(at.saturating_duration_since(absence.since));
            }
        }
        reconnects += own;
        reconnects_max = reconnects_max.max(own);
        let is_quiet = |at| restarts.first().is_none_or(|first| at < first.asked);
        for ack in diary.acks.iter().filter(|ack| is_quiet(ack.at)) {
            quiet.record(ack.at.saturating_duration_since(ack.intended));
        }
    }
    let failed_sends = diaries.iter().map(|diary| diary.given_up).sum();
    let goals = vec![
        Goal::none_of("failed sends after retries", failed_sends),
        Goal::none_of("gaps and duplicates", wrong.gaps + wrong.duplicates),
        Goal::none_of("full resyncs", resyncs),
    ];
    let acks = || diaries.iter().flat_map(|diary| &diary.acks);
    RollingReport {
        drill: "rolling",
        sockets: options.crowd.plan.users,
        rooms: options.crowd.plan.rooms(),
        rate: options.crowd.rate,
        acked: acks().count() as u64,
        retried_sends: acks().filter(|ack| ack.attempts > 1).count() as u64,
        failed_sends,
        quiet: quiet.summary(),
        pause: pause.summary(),
        reconnects,
        reconnects_per_client: reconnects as f64 / diaries.len().max(1) as f64,
        reconnects_max,
        level: level.summary(),
        resyncs,
        restarts: reports,
        wrong,
        goals,
    }
}

/// For each sender, the longest wait for an acknowledgement among the messages that were due within a time.
fn pauses(diaries: &[Diary], is_within: impl Fn(Instant) -> bool) -> Latencies {
    let mut pauses = Latencies::default();
    for diary in diaries {
        let due = diary.acks.iter().filter(|ack| is_within(ack.intended));
        if let Some(longest) = due.map(|ack| ack.at.saturating_duration_since(ack.intended)).max() {
            pauses.record(longest);
        }
    }
    pauses
}

fn milliseconds_between(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.saturating_duration_since(from).as_millis()).unwrap_or(u64::MAX)
}

impl RollingReport {
    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{} sockets in {} rooms on 3 nodes, {} messages/s, {} restarts\n\n",
            self.sockets,
            self.rooms,
            self.rate,
            self.restarts.len()
        );
        let mut rows = vec![["", "count", "p50", "p99", "max"].map(str::to_owned).to_vec()];
        for (name, summary) in [
            ("due → acknowledged, quiet", &self.quiet),
            ("longest of a sender in a restart", &self.pause),
            ("connection lost → level", &self.level),
        ] {
            let mut row = vec![name.to_owned(), summary.count.to_string()];
            row.extend([summary.p50_us, summary.p99_us, summary.max_us].map(milliseconds));
            rows.push(row);
        }
        text.push_str(&table(&rows));
        text.push('\n');
        for restart in &self.restarts {
            let _ = writeln!(
                text,
                "node {}: stopped in {} ms, all well {} ms after its start, {} reconnects, longest pause {}",
                restart.node,
                restart.stopped_ms,
                restart.well_ms,
                restart.reconnects,
                milliseconds(restart.pause.max_us)
            );
        }
        let _ = writeln!(
            text,
            "\n{} acknowledged, {} of them at a later attempt, {} given up; {:.2} reconnects per client, \
             at most {}; {} resyncs",
            self.acked,
            self.retried_sends,
            self.failed_sends,
            self.reconnects_per_client,
            self.reconnects_max,
            self.resyncs
        );
        text
    }
}
