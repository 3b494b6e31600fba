//! Drill `grow`: one node becomes three, five, and three again, while people talk.

use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::bail;
use serde::Serialize;

use super::crowd::{Aftermath, Crowd, CrowdOptions};
use super::orders::Orders;
use super::ring::Ring;
use super::wrong::Wrong;
use crate::goal::Goal;
use crate::latency::{Latencies, LatencySummary};
use crate::meters::LinkBytes;
use crate::report::{milliseconds, table};

/// The nodes at the beginning, and after each step.
const SIZES: [usize; 4] = [1, 3, 5, 3];
const NODES: usize = 5;
/// How long one step may take.
const STEP_WITHIN: Duration = Duration::from_secs(300);
/// How often the nodes are asked what they have sent: one that leaves takes its last words along.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// What the command line says.
#[derive(Debug, Clone)]
pub struct GrowOptions {
    /// Common to all drills.
    pub crowd: CrowdOptions,
    /// How long the talk goes on before the first step: what there is to move.
    pub fill: Duration,
    /// The same after each step.
    pub settle: Duration,
}

/// One step.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// Nodes before.
    pub from: usize,
    /// Nodes after.
    pub to: usize,
    /// Until every shard has its replicas where they belong, and whoever leaves has ended.
    pub took_ms: u64,
    /// What nodes sent to each other meanwhile.
    pub sent: LinkBytes,
    /// Messages that were acknowledged meanwhile.
    pub acked: u64,
    /// From when these were due until they were acknowledged.
    pub acks: LatencySummary,
}

/// The drill's result.
#[derive(Debug, Clone, Serialize)]
pub struct GrowReport {
    /// `grow`.
    pub drill: &'static str,
    /// Sockets.
    pub sockets: usize,
    /// Rooms.
    pub rooms: usize,
    /// Messages per second of all together.
    pub rate: f64,
    /// Bytes of a text.
    pub text_bytes: usize,
    /// Messages that were there before the first step.
    pub before: u64,
    /// Messages that were acknowledged in all.
    pub acked: u64,
    /// Messages that were given up.
    pub failed_sends: u64,
    /// Each step.
    pub steps: Vec<StepReport>,
    /// What must not happen.
    pub wrong: Wrong,
    /// What was wanted.
    pub goals: Vec<Goal>,
}

/// A step, as it was done.
struct Step {
    from: usize,
    to: usize,
    begun: Instant,
    done: Instant,
    sent: LinkBytes,
}

/// Runs the drill.
pub(super) async fn run(options: &GrowOptions) -> anyhow::Result<GrowReport> {
    let mut ring = Ring::prepare(&options.crowd.madang, NODES, options.crowd.traces)?;
    ring.start(0, &[])?;
    ring.wait_well(1).await?;
    let crowd = Crowd::gather(&options.crowd, Orders::new(ring.nodes(1)?)).await?;
    crowd.talk();
    tokio::time::sleep(options.fill).await;
    let before = crowd.board.acked();
    let mut steps = Vec::new();
    for (from, to) in SIZES.into_iter().zip(SIZES.into_iter().skip(1)) {
        let step = if to > from {
            let step = grow(&mut ring, from, to).await?;
            // Everybody uses the new ones, too.
            crowd.tell_nodes(ring.nodes(to)?);
            crowd.march(None).await?;
            step
        } else {
            crowd.tell_nodes(ring.nodes(to)?);
            shrink(&mut ring, from, to).await?
        };
        eprintln!("{from} → {to} nodes in {:.1} s", (step.done - step.begun).as_secs_f64());
        steps.push(step);
        tokio::time::sleep(options.settle).await;
    }
    crowd.all_level(options.crowd.give_up_after).await;
    let aftermath = crowd.disperse().await?;
    Ok(report(options, before, &steps, aftermath))
}

async fn grow(ring: &mut Ring, from: usize, to: usize) -> anyhow::Result<Step> {
    let (begun, meter) = (Instant::now(), Meter::begin(ring).await);
    let seeds: Vec<String> = ring.peers().into_iter().take(1).collect();
    for node in from..to {
        ring.start(node, &seeds)?;
    }
    let meter = step(ring, meter, to).await?;
    Ok(Step { from, to, begun, done: Instant::now(), sent: meter.sent() })
}

/// One node after the other leaves, as an operator lets them.
async fn shrink(ring: &mut Ring, from: usize, to: usize) -> anyhow::Result<Step> {
    let (begun, mut meter) = (Instant::now(), Meter::begin(ring).await);
    for node in (to..from).rev() {
        ring.ask_to_leave(node)?;
        meter = left(ring, meter, node).await?;
        meter = step(ring, meter, node).await?;
    }
    Ok(Step { from, to, begun, done: Instant::now(), sent: meter.sent() })
}

/// Waits until the others are well without a node, which then ends by itself.
async fn left(ring: &mut Ring, mut meter: Meter, node: usize) -> anyhow::Result<Meter> {
    let deadline = Instant::now() + STEP_WITHIN;
    while let Some(lack) = ring.lack_seen_by(0, node).await {
        if Instant::now() >= deadline {
            bail!("node {} has not left within {STEP_WITHIN:?}: {lack}", node + 1);
        }
        meter.read(ring).await;
        tokio::time::sleep(ASK_EVERY).await;
    }
    meter.read(ring).await;
    ring.ended(node).await?;
    Ok(meter)
}

/// Waits until all that run are well.
async fn step(ring: &mut Ring, mut meter: Meter, nodes: usize) -> anyhow::Result<Meter> {
    let deadline = Instant::now() + STEP_WITHIN;
    while let Some(lack) = ring.lack(nodes).await? {
        if Instant::now() >= deadline {
            bail!("not well with {nodes} nodes within {STEP_WITHIN:?}: {lack}");
        }
        meter.read(ring).await;
        tokio::time::sleep(ASK_EVERY).await;
    }
    meter.read(ring).await;
    Ok(meter)
}

/// What each node has sent, also those that are gone since.
struct Meter {
    before: Vec<LinkBytes>,
    now: Vec<LinkBytes>,
}

impl Meter {
    async fn begin(ring: &Ring) -> Self {
        let before: Vec<LinkBytes> =
            ring.link_bytes().await.into_iter().map(Option::unwrap_or_default).collect();
        Self { now: before.clone(), before }
    }

    async fn read(&mut self, ring: &Ring) {
        for (last, now) in self.now.iter_mut().zip(ring.link_bytes().await) {
            *last = now.unwrap_or(*last);
        }
    }

    fn sent(&self) -> LinkBytes {
        let sent = self.now.iter().zip(&self.before).map(|(now, before)| *now - *before);
        sent.fold(LinkBytes::default(), |all, one| all + one)
    }
}

fn report(options: &GrowOptions, before: u64, steps: &[Step], aftermath: Aftermath) -> GrowReport {
    let Aftermath { diaries, wrong } = aftermath;
    let acks = || diaries.iter().flat_map(|diary| &diary.acks);
    let reports = steps.iter().map(|step| {
        let mut times = Latencies::default();
        for ack in acks().filter(|ack| (step.begun..step.done).contains(&ack.intended)) {
            times.record(ack.at.saturating_duration_since(ack.intended));
        }
        let times = times.summary();
        let took = step.done.saturating_duration_since(step.begun);
        StepReport {
            from: step.from,
            to: step.to,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            sent: step.sent,
            acked: times.count,
            acks: times,
        }
    });
    let steps = reports.collect();
    let failed_sends = diaries.iter().map(|diary| diary.given_up).sum();
    let goals = vec![
        Goal::none_of("acknowledged messages that are not in the log exactly once, in order", wrong.total()),
        Goal::none_of("failed sends after retries", failed_sends),
    ];
    GrowReport {
        drill: "grow",
        sockets: options.crowd.plan.users,
        rooms: options.crowd.plan.rooms(),
        rate: options.crowd.rate,
        text_bytes: options.crowd.text_bytes,
        before,
        acked: acks().count() as u64,
        failed_sends,
        steps,
        wrong,
        goals,
    }
}

impl GrowReport {
    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{} sockets in {} rooms, {} messages/s of {} bytes; {} messages before the first step\n\n",
            self.sockets, self.rooms, self.rate, self.text_bytes, self.before
        );
        let header = ["nodes", "took", "bulk lane", "raft lane", "acks", "ack p50", "ack p99", "ack max"];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        for step in &self.steps {
            rows.push(vec![
                format!("{} → {}", step.from, step.to),
                format!("{:.1} s", step.took_ms as f64 / 1000.0),
                megabytes(step.sent.bulk),
                megabytes(step.sent.raft),
                step.acked.to_string(),
                milliseconds(step.acks.p50_us),
                milliseconds(step.acks.p99_us),
                milliseconds(step.acks.max_us),
            ]);
        }
        text.push_str(&table(&rows));
        let _ = writeln!(text, "\n{} acknowledged, {} given up", self.acked, self.failed_sends);
        text
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}
