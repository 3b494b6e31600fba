//! Drill `idle`: people who are connected and say nothing. What does each of them cost in memory?
//!
//! Every node gets the same number of connections, from a process of its own, in steps; after each step everybody
//! rests until nothing is under way, then the nodes' memory is read. The nodes' own files take open files too:
//! somewhat below the limit of open files there is no space for more connections.

mod kernel;
mod line;

use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Serialize;

use super::holders::Holder;
use super::neighbours::{Neighbourhood, settle};
use super::ring::{Ring, Traces};
use super::wrong::Wrong;
use crate::client::HttpClient;
use crate::goal::Goal;
use crate::process::{cpu_time, memory_bytes};
use crate::report::table;

pub use kernel::KernelMemory;

/// The goal for a connection, in KiB of a node's memory.
const KIB_EACH: f64 = 4.0;
/// The same under TLS.
const TLS_KIB_EACH: f64 = 12.0;
/// Connections that are opened at the same time, of each node.
const AT_ONCE: usize = 64;
/// How long the next of many connections may take.
const OPENED_WITHIN: Duration = Duration::from_secs(60);
const REQUEST_WITHIN: Duration = Duration::from_secs(30);

/// Whether connections under TLS are looked at too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdleTls {
    /// They are not.
    Not,
    /// They are, after those without it.
    Too,
}

/// What the command line says.
#[derive(Debug, Clone)]
pub struct IdleOptions {
    /// The server's binary.
    pub madang: std::path::PathBuf,
    /// Whether the nodes' logs and data stay.
    pub traces: Traces,
    /// Nodes.
    pub nodes: usize,
    /// Connections of each node, a step after the other.
    pub steps: Vec<usize>,
    /// Whether TLS is looked at too.
    pub tls: IdleTls,
    /// Rooms that everybody is in.
    pub rooms_each: usize,
    /// Members of a room.
    pub room_size: usize,
    /// How long everybody rests before memory is read.
    pub rest: Duration,
    /// Begins the names.
    pub run_id: String,
}

/// What there was after one step.
#[derive(Debug, Clone, Serialize)]
pub struct IdleStep {
    /// Connections of each node.
    pub connections: usize,
    /// Memory of each node.
    pub node_bytes: Vec<u64>,
    /// CPU of each node while everybody rested, in percent of a core.
    pub cpu_percent: Vec<f64>,
    /// The kernel's memory, for both ends of all connections.
    pub kernel: Option<KernelMemory>,
}

/// What connections of one kind cost.
#[derive(Debug, Clone, Serialize)]
pub struct IdleCost {
    /// Step after step.
    pub steps: Vec<IdleStep>,
    /// What each connection adds to its node's memory, the mean of all nodes.
    pub bytes_each: f64,
    /// What each connection adds to the kernel's memory, both its ends.
    pub kernel_bytes_each: Option<f64>,
}

/// The drill's result.
#[derive(Debug, Clone, Serialize)]
pub struct IdleDrillReport {
    /// `idle`.
    pub drill: &'static str,
    /// Nodes.
    pub nodes: usize,
    /// Rooms that everybody is in.
    pub rooms_each: usize,
    /// Members of a room.
    pub room_size: usize,
    /// Without TLS.
    #[serde(flatten)]
    pub plain: IdleCost,
    /// With it.
    pub tls: Option<IdleCost>,
    /// What must not happen.
    pub wrong: Wrong,
    /// What was wanted.
    pub goals: Vec<Goal>,
}

/// Runs the drill.
pub(super) async fn run(options: &IdleOptions) -> anyhow::Result<IdleDrillReport> {
    let most = options.steps.iter().copied().max().unwrap_or(0);
    let mut ring = Ring::form(&options.madang, options.nodes, options.traces).await?;
    let nodes = ring.nodes(options.nodes)?;
    let plan = Neighbourhood {
        users: most * options.nodes,
        room_size: options.room_size,
        rooms_each: options.rooms_each,
    };
    eprintln!("{} people sign up and enter {} rooms each", plan.users, plan.rooms_each);
    let tokens = settle(&HttpClient::among(&nodes, REQUEST_WITHIN)?, &options.run_id, plan).await?;
    let mut wrong = Wrong::default();
    let plain = measure(options, &mut ring, &tokens, &mut wrong).await?;
    let tls = match options.tls {
        IdleTls::Not => None,
        IdleTls::Too => {
            eprintln!("the same under TLS");
            ring.secure()?;
            Some(measure(options, &mut ring, &tokens, &mut wrong).await?)
        }
    };
    Ok(report(options, plain, tls, wrong))
}

/// Opens connections in steps, to nodes that have just begun.
async fn measure(
    options: &IdleOptions,
    ring: &mut Ring,
    tokens: &[String],
    wrong: &mut Wrong,
) -> anyhow::Result<IdleCost> {
    start_anew(ring, options.nodes).await?;
    let urls: Vec<String> = ring.nodes(options.nodes)?.iter().map(str::to_owned).collect();
    let mut holders: Vec<Holder> =
        (0..options.nodes).map(|_| Holder::start(AT_ONCE)).collect::<anyhow::Result<_>>()?;
    let (mut steps, mut open) = (Vec::new(), 0);
    for connections in options.steps.iter().copied() {
        if connections < open {
            bail!("the steps must grow: {connections} comes after {open}");
        }
        for index in open..connections {
            for (place, (holder, url)) in holders.iter_mut().zip(&urls).enumerate() {
                // Neighbours are at different nodes.
                let token =
                    tokens.get(index * options.nodes + place).context("a connection without a user")?;
                holder.open(url, token)?;
            }
        }
        for holder in &mut holders {
            wrong.add_complaints(&holder.opened(connections - open, OPENED_WITHIN).await?.complaints);
        }
        open = connections;
        let step = rest(ring, connections, options.rest).await?;
        eprintln!("{connections} connections a node: {}", megabytes(&step.node_bytes));
        steps.push(step);
        holders.iter_mut().for_each(|holder| wrong.add_complaints(&holder.news().complaints));
    }
    cost(options, steps)
}

/// Stops and starts every node: what signing up and entering rooms has left in memory would hide what
/// connections need.
async fn start_anew(ring: &mut Ring, nodes: usize) -> anyhow::Result<()> {
    let seeds = if nodes > 1 { ring.peers() } else { Vec::new() };
    for index in 0..nodes {
        ring.stop(index).await?;
        ring.start(index, &seeds)?;
        ring.wait_well(nodes).await?;
    }
    Ok(())
}

/// Waits, then reads memory.
async fn rest(ring: &Ring, connections: usize, rest: Duration) -> anyhow::Result<IdleStep> {
    let used = || -> Option<Vec<Duration>> { ring.pids().into_iter().map(cpu_time).collect() };
    // The first half is for what is still under way.
    tokio::time::sleep(rest / 2).await;
    let (begun, before) = (Instant::now(), used().context("no CPU times of processes on this machine")?);
    tokio::time::sleep(rest / 2).await;
    let (watched, after) = (begun.elapsed(), used().context("no CPU times of processes on this machine")?);
    let percent = |(after, before): (&Duration, &Duration)| {
        100.0 * after.saturating_sub(*before).as_secs_f64() / watched.as_secs_f64()
    };
    let node_bytes: Option<Vec<u64>> = ring.pids().into_iter().map(memory_bytes).collect();
    Ok(IdleStep {
        connections,
        node_bytes: node_bytes.context("no memory of processes on this machine")?,
        cpu_percent: after.iter().zip(&before).map(percent).collect(),
        kernel: KernelMemory::now(),
    })
}

fn cost(options: &IdleOptions, steps: Vec<IdleStep>) -> anyhow::Result<IdleCost> {
    let slope = |value: &dyn Fn(&IdleStep) -> Option<f64>| {
        let points: Option<Vec<(f64, f64)>> =
            steps.iter().map(|step| Some((step.connections as f64, value(step)?))).collect();
        line::slope(&points?)
    };
    let mean =
        |step: &IdleStep| Some(step.node_bytes.iter().sum::<u64>() as f64 / step.node_bytes.len() as f64);
    let bytes_each = slope(&mean).context("one step has no slope")?;
    let all_nodes = |step: &IdleStep| Some(step.kernel?.total() as f64 / options.nodes as f64);
    Ok(IdleCost { bytes_each, kernel_bytes_each: slope(&all_nodes), steps })
}

fn report(options: &IdleOptions, plain: IdleCost, tls: Option<IdleCost>, wrong: Wrong) -> IdleDrillReport {
    let goal = |what, most, cost: &IdleCost| Goal::below(what, most, cost.bytes_each / 1024.0, "KiB");
    let mut goals = vec![goal("memory of a connection", KIB_EACH, &plain)];
    goals.extend(tls.as_ref().map(|tls| goal("memory of a connection under TLS", TLS_KIB_EACH, tls)));
    IdleDrillReport {
        drill: "idle",
        nodes: options.nodes,
        rooms_each: options.rooms_each,
        room_size: options.room_size,
        plain,
        tls,
        wrong,
        goals,
    }
}

impl IdleDrillReport {
    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{} nodes; everybody is in {} rooms of {}\n\n",
            self.nodes, self.rooms_each, self.room_size
        );
        text.push_str(&self.plain.text("a connection"));
        if let Some(tls) = &self.tls {
            text.push_str(&tls.text("a connection under TLS"));
            let times = tls.bytes_each / self.plain.bytes_each;
            let _ = writeln!(text, "{times:.2} times as much as without\n");
        }
        text
    }
}

impl IdleCost {
    fn text(&self, what: &str) -> String {
        let header = ["connections a node", "memory of the nodes", "CPU of a core", "kernel, both ends"];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        for step in &self.steps {
            let cpu: Vec<String> = step.cpu_percent.iter().map(|percent| format!("{percent:.1} %")).collect();
            rows.push(vec![
                step.connections.to_string(),
                megabytes(&step.node_bytes),
                cpu.join(", "),
                step.kernel.map_or("-".to_owned(), |kernel| megabytes(&[kernel.total()])),
            ]);
        }
        let mut text = table(&rows);
        let kib = |bytes: f64| format!("{:.2} KiB", bytes / 1024.0);
        let _ = writeln!(text, "\n{what} adds {} to its node's memory", kib(self.bytes_each));
        if let Some(kernel) = self.kernel_bytes_each {
            let _ = writeln!(text, "both its ends add {} to the kernel's", kib(kernel));
        }
        text.push('\n');
        text
    }
}

fn megabytes(all: &[u64]) -> String {
    let all: Vec<String> = all.iter().map(|bytes| format!("{:.1} MB", *bytes as f64 / 1e6)).collect();
    all.join(", ")
}
