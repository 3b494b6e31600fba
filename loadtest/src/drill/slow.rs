//! Drill `slow`: many members of a busy room who never read. What do they cost, and does anybody else notice?

use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;

use super::holders::Holder;
use super::idle::KernelMemory;
use super::ring::{Ring, Traces};
use super::talkers::Talkers;
use super::wrong::Wrong;
use crate::accounts::{Applicant, enter_all};
use crate::chat::make_room;
use crate::client::{Connection, HttpClient, Nodes, Pushes, SendMessage};
use crate::goal::Goal;
use crate::latency::LatencySummary;
use crate::meters::counted;
use crate::process::memory_bytes;
use crate::report::{milliseconds, table};

/// Members of the room who read.
const ATTENTIVE: usize = 20;
/// Others, in rooms of their own.
const TALKERS: usize = 20;
const TALK_EVERY: Duration = Duration::from_millis(200);
const AT_ONCE: usize = 16;
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The goal for one that never reads, in KiB of the node's memory. Its queue may hold more: what is in it is shared.
const KIB_EACH: f64 = 64.0;

/// What the command line says.
#[derive(Debug, Clone)]
pub struct SlowOptions {
    /// The server's binary.
    pub madang: PathBuf,
    /// Whether the node's logs and data stay.
    pub traces: Traces,
    /// Members who never read.
    pub readers: usize,
    /// Messages per second in their room.
    pub rate: f64,
    /// Bytes of a message there.
    pub text_bytes: usize,
    /// How long the room is busy, without them and again with them.
    pub duration: Duration,
    /// Begins the names.
    pub run_id: String,
}

/// Memory beyond what there was before somebody did not read.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Growth {
    /// Of the node.
    pub node_bytes: u64,
    /// Of the kernel, for both ends of all connections.
    pub kernel_bytes: u64,
}

/// The drill's result.
#[derive(Debug, Clone, Serialize)]
pub struct SlowReport {
    /// `slow`.
    pub drill: &'static str,
    /// Members who never read.
    pub readers: usize,
    /// Messages per second in their room.
    pub rate: f64,
    /// Bytes of a message there.
    pub text_bytes: usize,
    /// At the most.
    pub peak: Growth,
    /// At the end.
    pub end: Growth,
    /// Acks of others while all read.
    pub others_before: LatencySummary,
    /// Acks of others while many do not.
    pub others: LatencySummary,
    /// Of those who never read, how many were still connected at the end.
    pub still_open: u64,
    /// What must not happen.
    pub wrong: Wrong,
    /// What was wanted.
    pub goals: Vec<Goal>,
}

/// Runs the drill.
pub(super) async fn run(options: &SlowOptions) -> anyhow::Result<SlowReport> {
    let ring = Ring::form(&options.madang, 1, options.traces).await?;
    let nodes = ring.nodes(1)?;
    let node = ring.pids().first().copied().context("a node without a process")?;
    let members = 1 + ATTENTIVE + options.readers;
    eprintln!("{members} people sign up and enter a room");
    let (tokens, room) = gather(&nodes, &options.run_id, members).await?;
    let (speaker, others) = tokens.split_first().context("nobody to speak")?;
    let (attentive, deaf) = others.split_at(ATTENTIVE);
    let mut holder = Holder::start(AT_ONCE)?;
    for token in attentive {
        holder.open(nodes.first(), token)?;
    }
    let mut wrong = Wrong::default();
    wrong.add_complaints(&holder.opened(ATTENTIVE, PATIENCE).await?.complaints);
    let talkers = Talkers::begin(&nodes, &options.run_id, TALKERS, TALK_EVERY, &[]).await?;
    let speaking = Connection::connect(nodes.first(), speaker, Pushes::Ignored, PATIENCE).await?;
    let busy =
        Busy { connection: speaking.0, room, text: "x".repeat(options.text_bytes), rate: options.rate };

    let first = busy.for_a_while(0, options.duration, &mut || ()).await?;
    let known = sessions(&nodes).await?;
    for token in deaf {
        holder.open_deaf(nodes.first(), token)?;
    }
    wrong.add_complaints(&holder.opened(deaf.len(), PATIENCE).await?.complaints);
    let before = Memory::of(node)?;
    let (mut peak, mut end) = (Growth::default(), Growth::default());
    let mut look = || {
        if let Ok(now) = Memory::of(node) {
            end = now.beyond(before);
            peak.node_bytes = peak.node_bytes.max(end.node_bytes);
            peak.kernel_bytes = peak.kernel_bytes.max(end.kernel_bytes);
        }
    };
    let second = busy.for_a_while(1, options.duration, &mut look).await?;
    wrong.add_complaints(&holder.news().complaints);
    let still_open = sessions(&nodes).await?.saturating_sub(known);
    let mut acks = talkers.end(&[first, second]).await?.acks.into_iter();
    let each = peak.node_bytes as f64 / 1024.0 / options.readers as f64;
    Ok(SlowReport {
        drill: "slow",
        readers: options.readers,
        rate: options.rate,
        text_bytes: options.text_bytes,
        peak,
        end,
        others_before: acks.next().unwrap_or_default(),
        others: acks.next().unwrap_or_default(),
        still_open,
        wrong,
        goals: vec![
            Goal::below("memory of one that never reads", KIB_EACH, each, "KiB"),
            Goal::none_of("of them whose connections are still open at the end", still_open),
        ],
    })
}

/// Connections that the node holds of people who are signed in.
async fn sessions(nodes: &Nodes) -> anyhow::Result<u64> {
    counted([nodes.first()], "madang_sessions").await.context("the node does not say how many are connected")
}

/// Accounts, and a room that all of them are in.
async fn gather(nodes: &Nodes, run_id: &str, members: usize) -> anyhow::Result<(Vec<String>, String)> {
    let http = HttpClient::among(nodes, PATIENCE)?;
    let sessions = enter_all(&http, &Applicant::crowd(run_id, members), AT_ONCE, PATIENCE).await?;
    let tokens: Vec<String> = sessions.into_iter().map(|session| session.token).collect();
    let clients: Vec<HttpClient> = tokens.iter().map(|token| http.with_token(token)).collect();
    let room = make_room(&clients, &format!("{run_id} busy")).await?.room;
    Ok((tokens, room))
}

/// A room in which somebody talks without a pause.
struct Busy {
    connection: Connection,
    room: String,
    text: String,
    rate: f64,
}

impl Busy {
    /// Talks for so long, and looks around meanwhile. Answers from when to when.
    async fn for_a_while(
        &self,
        part: u32,
        duration: Duration,
        look: &mut impl FnMut(),
    ) -> anyhow::Result<(Instant, Instant)> {
        let begun = Instant::now();
        let (mut number, mut looked) = (0_u32, begun);
        while begun.elapsed() < duration {
            let due = begun + Duration::from_secs_f64(f64::from(number) / self.rate);
            tokio::time::sleep_until(due.into()).await;
            let cid = format!("{part}-{number}");
            let message = SendMessage { room: &self.room, cid: &cid, text: &self.text, after: None };
            self.connection.send(message, PATIENCE).await.context("the busy room's message")?;
            number += 1;
            if looked.elapsed() >= LOOK_EVERY {
                look();
                looked = Instant::now();
            }
        }
        Ok((begun, Instant::now()))
    }
}

#[derive(Debug, Clone, Copy)]
struct Memory {
    node: u64,
    kernel: u64,
}

impl Memory {
    fn of(node: u32) -> anyhow::Result<Self> {
        let kernel = KernelMemory::now().context("no memory of the kernel")?.total();
        Ok(Self { node: memory_bytes(node).context("no memory of the node")?, kernel })
    }

    fn beyond(self, before: Self) -> Growth {
        Growth {
            node_bytes: self.node.saturating_sub(before.node),
            kernel_bytes: self.kernel.saturating_sub(before.kernel),
        }
    }
}

impl SlowReport {
    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{} members of a room never read, {} do; {} messages of {} bytes a second there\n\n",
            self.readers, ATTENTIVE, self.rate, self.text_bytes
        );
        let mut rows = vec![["acks of others", "p50", "p99", "max"].map(str::to_owned).to_vec()];
        for (name, acks) in [("all read", &self.others_before), ("many do not", &self.others)] {
            let mut row = vec![name.to_owned()];
            row.extend([acks.p50_us, acks.p99_us, acks.max_us].map(milliseconds));
            rows.push(row);
        }
        text.push_str(&table(&rows));
        for (when, growth) in [("at the most", self.peak), ("at the end", self.end)] {
            let each = |bytes: u64| bytes as f64 / 1024.0 / self.readers as f64;
            let (node, kernel) = (each(growth.node_bytes), each(growth.kernel_bytes));
            let _ = writeln!(
                text,
                "\n{when} each of them costs {node:.1} KiB of the node and {kernel:.1} KiB of the kernel"
            );
        }
        let _ = writeln!(
            text,
            "\nthe node closed {} of them",
            self.readers as u64 - self.still_open.min(self.readers as u64)
        );
        text.push('\n');
        text
    }
}
