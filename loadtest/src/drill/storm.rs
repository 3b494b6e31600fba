//! Drill `storm`: everybody loses the connection at the same moment and comes back at once, without any pause.
//!
//! A network that broke and is back looks like this. Clients of a node that drains are told when to come back
//! instead, see drill `rolling`.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;

use super::holders::{Heard, Holder};
use super::level::Level;
use super::neighbours::{Neighbourhood, settle};
use super::ring::{Ring, Traces};
use super::talkers::Talkers;
use super::wrong::Wrong;
use crate::client::HttpClient;
use crate::goal::Goal;
use crate::latency::LatencySummary;
use crate::process::cpu_time;
use crate::report::{milliseconds, table};

/// Connections that are opened at the same time before the first storm.
const AT_ONCE_BEFORE: usize = 64;
const OPENED_WITHIN: Duration = Duration::from_secs(60);
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// Others, who stay connected and talk.
const TALKERS: usize = 20;
const TALK_EVERY: Duration = Duration::from_millis(200);
/// People in the room of each of them, who lose the connection like everybody.
const LISTENERS_EACH: usize = 20;

/// What the command line says.
#[derive(Debug, Clone)]
pub struct StormOptions {
    /// The server's binary.
    pub madang: PathBuf,
    /// Whether the nodes' logs and data stay.
    pub traces: Traces,
    /// Nodes.
    pub nodes: usize,
    /// Connections of each node.
    pub connections: usize,
    /// How often everybody loses the connection.
    pub storms: usize,
    /// Rooms that everybody is in.
    pub rooms_each: usize,
    /// Members of a room.
    pub room_size: usize,
    /// How long it is quiet before each storm.
    pub rest: Duration,
    /// Begins the names.
    pub run_id: String,
}

/// One storm.
#[derive(Debug, Clone, Serialize)]
pub struct OneStorm {
    /// Connections that were lost and are back.
    pub back: usize,
    /// From the loss until a connection was signed in again with its cursor.
    pub took: LatencySummary,
    /// CPU of all nodes together, for each connection.
    pub cpu_us_each: f64,
    /// Acks of those who stayed and talked, due while the others were away.
    pub others: LatencySummary,
}

/// The drill's result.
#[derive(Debug, Clone, Serialize)]
pub struct StormReport {
    /// `storm`.
    pub drill: &'static str,
    /// Nodes.
    pub nodes: usize,
    /// Connections of each node.
    pub connections: usize,
    /// Storm after storm.
    pub storms: Vec<OneStorm>,
    /// Acks of those who talk, before the first storm.
    pub others_before: LatencySummary,
    /// Clients that had to read by themselves what they had missed.
    pub resyncs: u64,
    /// Those in whose rooms somebody talked all the time, after the last storm.
    pub level: Level,
    /// What must not happen.
    pub wrong: Wrong,
    /// What was wanted.
    pub goals: Vec<Goal>,
}

/// One storm, before the talkers have told what they noticed.
struct Blown {
    from: Instant,
    to: Instant,
    heard: Heard,
    cpu: Duration,
}

/// Runs the drill.
pub(super) async fn run(options: &StormOptions) -> anyhow::Result<StormReport> {
    let ring = Ring::form(&options.madang, options.nodes, options.traces).await?;
    let nodes = ring.nodes(options.nodes)?;
    let plan = Neighbourhood {
        users: options.connections * options.nodes,
        room_size: options.room_size,
        rooms_each: options.rooms_each,
    };
    eprintln!("{} people sign up and enter {} rooms each", plan.users, plan.rooms_each);
    let settling = Instant::now();
    let tokens = settle(&HttpClient::among(&nodes, REQUEST_WITHIN)?, &options.run_id, plan).await?;
    let mut holders: Vec<Holder> =
        (0..options.nodes).map(|_| Holder::start(AT_ONCE_BEFORE)).collect::<anyhow::Result<_>>()?;
    let urls: Vec<String> = nodes.iter().map(str::to_owned).collect();
    for (number, token) in tokens.iter().enumerate() {
        let place = number % options.nodes;
        let url = urls.get(place).context("a node without an address")?;
        holders.get_mut(place).context("a node without a holder")?.open(url, token)?;
    }
    let mut wrong = Wrong::default();
    wrong.add_complaints(&all_opened(&mut holders, options.connections).await?.complaints);
    eprintln!("everybody is connected, after {:.0} s", settling.elapsed().as_secs_f64());
    let listeners: Vec<&[String]> = tokens.chunks(LISTENERS_EACH).take(TALKERS).collect();
    let talkers = Talkers::begin(&nodes, &options.run_id, TALKERS, TALK_EVERY, &listeners).await?;
    let begun = Instant::now();
    let mut blown = Vec::new();
    for _ in 0..options.storms {
        tokio::time::sleep(options.rest).await;
        blown.push(blow(&ring, &mut holders, options.connections).await?);
    }
    let first = blown.first().map_or_else(Instant::now, |storm| storm.from);
    let mut spans = vec![(begun, first)];
    spans.extend(blown.iter().map(|storm| (storm.from, storm.to)));
    let talked = talkers.end(&spans).await?;
    let listeners = listeners.iter().map(|some| some.len() as u64).sum();
    let level = Level::wait(&mut holders, &talked.ends, listeners).await?;
    let mut others = talked.acks.into_iter();
    let mut report = StormReport {
        drill: "storm",
        nodes: options.nodes,
        connections: options.connections,
        storms: Vec::new(),
        others_before: others.next().unwrap_or_default(),
        resyncs: blown.iter().map(|storm| storm.heard.resyncs).sum(),
        level,
        wrong,
        goals: Vec::new(),
    };
    for (storm, others) in blown.into_iter().zip(others) {
        report.wrong.add_complaints(&storm.heard.complaints);
        let took = storm.heard.opened.summary();
        report.goals.push(Goal::below("everybody is back", 10.0, took.max_us as f64 / 1e6, "s"));
        let cpu_us_each = storm.cpu.as_secs_f64() * 1e6 / storm.heard.count.max(1) as f64;
        report.storms.push(OneStorm { back: storm.heard.count, took, cpu_us_each, others });
    }
    report.goals.push(Goal::none_of("full resyncs", report.resyncs));
    report.goals.push(Goal::none_of("listeners behind the end of the log", level.behind));
    report.goals.push(Goal::none_of("events that a listener missed", level.missed));
    Ok(report)
}

/// Waits until all connections of all nodes have been opened, or could not be.
async fn all_opened(holders: &mut [Holder], each: usize) -> anyhow::Result<Heard> {
    let mut all = Heard::default();
    for holder in holders {
        all.merge(holder.opened(each, OPENED_WITHIN).await?);
    }
    Ok(all)
}

async fn blow(ring: &Ring, holders: &mut [Holder], each: usize) -> anyhow::Result<Blown> {
    let used = || ring.pids().into_iter().filter_map(cpu_time).sum::<Duration>();
    let before = used();
    let mut from = Instant::now();
    for holder in &mut *holders {
        from = holder.storm().await?;
    }
    let heard = all_opened(holders, each).await?;
    Ok(Blown { from, to: Instant::now(), heard, cpu: used().saturating_sub(before) })
}

impl StormReport {
    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{} nodes with {} connections each\n\n", self.nodes, self.connections);
        let header = ["", "back", "after p50", "p99", "max", "CPU each", "others' acks p50", "p99", "max"];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        let acks = |acks: &LatencySummary| [acks.p50_us, acks.p99_us, acks.max_us].map(milliseconds);
        let mut quiet = vec!["before".to_owned()];
        quiet.extend(std::iter::repeat_n("-".to_owned(), 5));
        quiet.extend(acks(&self.others_before));
        rows.push(quiet);
        for (number, storm) in self.storms.iter().enumerate() {
            let mut row = vec![format!("storm {}", number + 1), storm.back.to_string()];
            row.extend(acks(&storm.took));
            row.push(format!("{:.0} µs", storm.cpu_us_each));
            row.extend(acks(&storm.others));
            rows.push(row);
        }
        text.push_str(&table(&rows));
        let Level { listeners, behind, missed } = self.level;
        let _ = writeln!(
            text,
            "\n{listeners} clients in rooms with talk: {behind} behind the end, {missed} events missed"
        );
        let _ = writeln!(text, "{} clients read by themselves what they had missed", self.resyncs);
        text
    }
}
