//! Drill `cost`: the same load on one node and on three, all on this machine: what does the ring cost? Then
//! three nodes with nothing to do.

use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;

use super::crowd::CrowdOptions;
use super::ring::Ring;
use super::wrong::Wrong;
use crate::attack::{AttackOptions, Tables};
use crate::chat::{self, ChatOptions, ChatReport, Faults, Load};
use crate::goal::Goal;
use crate::process::{cpu_time, memory_bytes};
use crate::report::{milliseconds, table};

/// The goal for a node with nothing to do, in percent of a core.
const IDLE_PERCENT: f64 = 3.0;
/// Deliveries of which one becomes a row of goose's report.
const HEAR_EVERY: u64 = 1_000;
/// How long the nodes may calm down.
const CALM: Duration = Duration::from_secs(5);

/// What the command line says.
#[derive(Debug, Clone)]
pub struct CostOptions {
    /// Common to all drills; its rate is that of the open loop.
    pub crowd: CrowdOptions,
    /// Not counted.
    pub warm_up: Duration,
    /// How long each load is measured.
    pub duration: Duration,
    /// How long idle nodes are watched.
    pub idle: Duration,
}

/// One load on one size of cluster.
#[derive(Debug, Clone, Serialize)]
pub struct LoadReport {
    /// Nodes.
    pub nodes: usize,
    /// `closed` or `open`.
    pub loop_kind: &'static str,
    /// What came of it.
    pub chat: ChatReport,
}

/// Nodes with nothing to do.
#[derive(Debug, Clone, Serialize)]
pub struct IdleReport {
    /// Nodes.
    pub nodes: usize,
    /// CPU of each, in percent of a core.
    pub cpu_percent: Vec<f64>,
    /// Memory of each before anybody came.
    pub fresh_bytes: Vec<u64>,
    /// The same after the loads.
    pub used_bytes: Vec<u64>,
}

/// The drill's result.
#[derive(Debug, Clone, Serialize)]
pub struct CostReport {
    /// `cost`.
    pub drill: &'static str,
    /// Users, each with a socket and, in the closed loop, a message under way.
    pub users: usize,
    /// Members of a room.
    pub room_size: usize,
    /// Bytes of a text.
    pub text_bytes: usize,
    /// Each load.
    pub loads: Vec<LoadReport>,
    /// Without any load.
    pub idle: Vec<IdleReport>,
    /// What must not happen.
    pub wrong: Wrong,
    /// What was wanted.
    pub goals: Vec<Goal>,
}

/// Runs the drill.
pub(super) async fn run(options: &CostOptions) -> anyhow::Result<CostReport> {
    let (mut loads, mut idle, mut wrong) = (Vec::new(), Vec::new(), Wrong::default());
    for nodes in [1, 3] {
        let ring = Ring::form(&options.crowd.madang, nodes, options.crowd.traces).await?;
        idle.push(rest(&ring, options).await?);
        for (loop_kind, load) in [("closed", Load::Closed), ("open", Load::Open { rate: options.crowd.rate })]
        {
            let chat = chat::run(&chat_options(options, &ring, nodes, loop_kind, load)?).await?;
            eprintln!("{nodes} nodes, {loop_kind} loop: {:.0} acks/s", chat.acks_per_s);
            wrong.add_heard(Faults {
                missing: chat.missing,
                doubled: chat.doubled,
                out_of_order: chat.out_of_order,
                changed: chat.changed,
            });
            if chat.disconnects + chat.failed > 0 {
                let (lost, failed) = (chat.disconnects, chat.failed);
                let why = chat.failure.clone().unwrap_or_default();
                wrong.add_complaints(&[format!("{lost} connections lost, {failed} sends failed: {why}")]);
            }
            loads.push(LoadReport { nodes, loop_kind, chat });
        }
        if let Some(idle) = idle.last_mut() {
            idle.used_bytes = memory_of_all(&ring);
        }
    }
    let plan = options.crowd.plan;
    let busiest = idle.iter().flat_map(|idle| &idle.cpu_percent).copied().fold(0.0, f64::max);
    let goals = vec![Goal::below("CPU of an idle node", IDLE_PERCENT, busiest, "% of a core")];
    Ok(CostReport {
        drill: "cost",
        users: plan.users,
        room_size: plan.room_size,
        text_bytes: options.crowd.text_bytes,
        loads,
        idle,
        wrong,
        goals,
    })
}

/// Watches nodes that have nothing to do.
async fn rest(ring: &Ring, options: &CostOptions) -> anyhow::Result<IdleReport> {
    tokio::time::sleep(CALM).await;
    let used = || -> Option<Vec<Duration>> { ring.pids().into_iter().map(cpu_time).collect() };
    let before = used().context("no CPU times of processes on this machine")?;
    let begun = Instant::now();
    tokio::time::sleep(options.idle).await;
    let after = used().context("no CPU times of processes on this machine")?;
    let watched = begun.elapsed().as_secs_f64();
    let percent = |(after, before): (&Duration, &Duration)| {
        100.0 * after.saturating_sub(*before).as_secs_f64() / watched
    };
    let cpu_percent: Vec<f64> = after.iter().zip(&before).map(percent).collect();
    let fresh_bytes = memory_of_all(ring);
    Ok(IdleReport { nodes: cpu_percent.len(), cpu_percent, used_bytes: fresh_bytes.clone(), fresh_bytes })
}

fn memory_of_all(ring: &Ring) -> Vec<u64> {
    ring.pids().into_iter().filter_map(memory_bytes).collect()
}

fn chat_options(
    options: &CostOptions,
    ring: &Ring,
    nodes: usize,
    loop_kind: &str,
    load: Load,
) -> anyhow::Result<ChatOptions> {
    let list = ring.nodes(nodes)?;
    let crowd = &options.crowd;
    // Another name for each load: each begins with rooms of its own.
    let first = loop_kind.chars().next().unwrap_or('x');
    let run_id = format!("{}{first}", crowd.run_id);
    let url = list.first().to_owned();
    Ok(ChatOptions {
        nodes: list,
        plan: crowd.plan,
        load,
        text_bytes: crowd.text_bytes,
        warm_up: options.warm_up,
        duration: options.duration,
        drain: Duration::from_secs(10),
        hear_every: HEAR_EVERY,
        server_pids: ring.pids(),
        run_id,
        sign_ups_at_once: crowd.sign_ups_at_once,
        command_timeout: crowd.command_timeout,
        attack: AttackOptions {
            url,
            users: 0,
            ramp: 500,
            goose_reports: Vec::new(),
            thresholds: Vec::new(),
            tables: Tables::Hidden,
        },
    })
}

impl CostReport {
    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{} users in rooms of {}, spread over all nodes, all send {} bytes\n\n",
            self.users, self.room_size, self.text_bytes
        );
        let header = [
            "nodes, loop",
            "acks/s",
            "heard/s",
            "ack p50",
            "ack p99",
            "CPU s/M acks",
            "CPU s/M heard",
            "raft B/ack",
            "bulk B/ack",
            "client CPU s/M acks",
        ];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        for load in &self.loads {
            let chat = &load.chat;
            let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
            rows.push(vec![
                format!("{} {}", load.nodes, load.loop_kind),
                format!("{:.0}", chat.acks_per_s),
                format!("{:.0}", chat.heard_per_s),
                milliseconds(chat.send.p50_us),
                milliseconds(chat.send.p99_us),
                number(chat.server_cpu_s_per_million_acks),
                number(chat.server_cpu_s_per_million_heard),
                number(chat.link_raft_bytes_per_ack),
                number(chat.link_bulk_bytes_per_ack),
                number(chat.own_cpu_s_per_million_acks),
            ]);
        }
        text.push_str(&table(&rows));
        text.push('\n');
        for idle in &self.idle {
            let cpu: Vec<String> = idle.cpu_percent.iter().map(|percent| format!("{percent:.1} %")).collect();
            let _ = writeln!(
                text,
                "{} idle: CPU {} of a core; memory {} when fresh, {} after the loads",
                idle.nodes,
                cpu.join(", "),
                megabytes(&idle.fresh_bytes),
                megabytes(&idle.used_bytes)
            );
        }
        text
    }
}

fn megabytes(all: &[u64]) -> String {
    let all: Vec<String> = all.iter().map(|bytes| format!("{:.0} MB", *bytes as f64 / 1e6)).collect();
    all.join(", ")
}
