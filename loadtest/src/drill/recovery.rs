//! Drill `recovery`: a node is filled, killed in the midst of sends, and started again. How long until it serves,
//! and how does that grow with what it holds?
//!
//! It is one node of its own: nobody else could serve meanwhile. It is filled once, with stops at all sizes.

mod disk;
mod filler;
mod writer;

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use serde::Serialize;

use self::filler::Filler;
use self::writer::{Writer, Writing};
use super::ring::{Ring, Traces};
use super::wrong::Wrong;
use crate::client::HttpClient;
use crate::goal::Goal;
use crate::report::table;

/// Bytes of texts that are written between a start and the next kill, at least: half of what the log may grow before
/// it is cut off, so that there is something to replay.
const BETWEEN_KILLS_BYTES: u64 = 32 << 20;
/// How long the node may take to grow from one size to the next.
const FILLED_WITHIN: Duration = Duration::from_secs(3600);
/// How long it may take to come back.
const BACK_WITHIN: Duration = Duration::from_secs(300);
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// How often the node's folder is looked at while it grows.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often it is asked whether it is ready: so long a figure may be too long.
const ASK_EVERY: Duration = Duration::from_millis(10);
const GB: f64 = 1e9;

/// What the command line says.
#[derive(Debug, Clone)]
pub struct RecoveryOptions {
    /// The server's binary.
    pub madang: PathBuf,
    /// Whether the node's log and data stay.
    pub traces: Traces,
    /// What the node holds on the disk when it is killed, in GB, one size after the other.
    pub sizes_gb: Vec<f64>,
    /// How often it is killed at each size.
    pub kills: usize,
    /// Rooms that are written to.
    pub rooms: usize,
    /// Bytes of a message.
    pub text_bytes: usize,
    /// Begins the names.
    pub run_id: String,
}

/// One return. Times are from the start of the process.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Return {
    /// What the node held on the disk.
    pub data_bytes: u64,
    /// Until it called itself ready.
    pub ready_ms: f64,
    /// Until it acknowledged a message.
    pub first_ack_ms: f64,
    /// Until it had acknowledged one in each of the rooms.
    pub all_rooms_ms: f64,
}

/// All returns at one size.
#[derive(Debug, Clone, Serialize)]
pub struct RecoveryStep {
    /// What the node was to hold, in GB.
    pub wanted_gb: f64,
    /// How long it took to fill it, from the size before.
    pub filled_s: f64,
    /// One for each kill.
    pub returns: Vec<Return>,
}

/// The drill's result.
#[derive(Debug, Clone, Serialize)]
pub struct RecoveryReport {
    /// `recovery`.
    pub drill: &'static str,
    /// Rooms that were written to.
    pub rooms: usize,
    /// Bytes of a message.
    pub text_bytes: usize,
    /// Size after size.
    pub steps: Vec<RecoveryStep>,
    /// What must not happen.
    pub wrong: Wrong,
    /// What was wanted.
    pub goals: Vec<Goal>,
}

/// The node, and those who write to it.
struct Yard {
    ring: Ring,
    url: String,
    http: HttpClient,
    filler: Arc<Filler>,
    wrong: Wrong,
}

/// Runs the drill.
pub(super) async fn run(options: &RecoveryOptions) -> anyhow::Result<RecoveryReport> {
    ensure!(
        options.sizes_gb.is_sorted_by(|one, next| one < next),
        "every size must be more than the one before"
    );
    let ring = Ring::form(&options.madang, 1, options.traces).await?;
    let nodes = ring.nodes(1)?;
    let http = HttpClient::among(&nodes, REQUEST_WITHIN)?;
    let mut writers = Writer::crowd(&http, &options.run_id, options.rooms).await?;
    let filler = Arc::new(Filler::new(options.text_bytes));
    let mut yard = Yard { ring, url: nodes.first().to_owned(), http, filler, wrong: Wrong::default() };
    let mut steps = Vec::new();
    for wanted_gb in options.sizes_gb.iter().copied() {
        let (begun, mut filled_s, mut returns) = (Instant::now(), None, Vec::new());
        for _ in 0..options.kills {
            let mut writing = Writing::begin(writers, &yard.url, &yard.filler);
            yard.fill(&mut writing, wanted_gb).await?;
            filled_s.get_or_insert(begun.elapsed().as_secs_f64());
            let (back, who) = yard.kill_and_start(writing).await?;
            eprintln!(
                "killed with {:.2} GB after {:.0} s; ready after {:.0} ms, first ack after {:.0} ms",
                back.data() / GB,
                begun.elapsed().as_secs_f64(),
                back.ready_ms,
                back.first_ack_ms
            );
            returns.push(back);
            writers = who;
        }
        steps.push(RecoveryStep { wanted_gb, filled_s: filled_s.unwrap_or_default(), returns });
    }
    Ok(report(options, steps, yard.wrong))
}

impl Yard {
    /// Lets them write until the node's folder has that size, and no less than what there is between two kills.
    async fn fill(&self, writing: &mut Writing, wanted_gb: f64) -> anyhow::Result<()> {
        let (deadline, folder) = (Instant::now() + FILLED_WITHIN, self.ring.data_folder(0)?);
        while writing.written()? < BETWEEN_KILLS_BYTES || (disk::bytes(&folder)? as f64) < wanted_gb * GB {
            ensure!(
                Instant::now() < deadline,
                "the node does not hold {wanted_gb} GB within {FILLED_WITHIN:?}"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Kills the node while they write, starts it again, and looks whether all rooms have what was acknowledged.
    async fn kill_and_start(&mut self, writing: Writing) -> anyhow::Result<(Return, Vec<Writer>)> {
        self.ring.kill(0)?;
        let mut writers = writing.end().await?;
        let data_bytes = disk::bytes(&self.ring.data_folder(0)?)?;
        let before = writers.clone();
        let begun = Instant::now();
        self.ring.start(0, &[])?;
        let (ready, (first, all)) =
            tokio::try_join!(self.ready(), knock(&mut writers, &self.http, &self.filler))?;
        let ms = |at: Instant| at.saturating_duration_since(begun).as_secs_f64() * 1e3;
        self.look(&before).await?;
        let back = Return { data_bytes, ready_ms: ms(ready), first_ack_ms: ms(first), all_rooms_ms: ms(all) };
        Ok((back, writers))
    }

    /// When the node called itself ready.
    async fn ready(&self) -> anyhow::Result<Instant> {
        let deadline = Instant::now() + BACK_WITHIN;
        while !self.ring.is_ready(0).await? {
            ensure!(Instant::now() < deadline, "the node is not ready within {BACK_WITHIN:?}");
            tokio::time::sleep(ASK_EVERY).await;
        }
        Ok(Instant::now())
    }

    /// Reads back what was acknowledged last.
    async fn look(&mut self, writers: &[Writer]) -> anyhow::Result<()> {
        for writer in writers {
            self.wrong.logs += 1;
            let lost = writer.last_is_lost(&self.http, &self.filler).await?;
            self.wrong.lost_acks += u64::from(lost.is_some());
            self.wrong.explain(lost);
        }
        Ok(())
    }
}

/// When the first of them got an ack, and when all had one. The others begin after the first, so that they do not
/// take the node's time while it starts.
async fn knock(
    writers: &mut [Writer],
    http: &HttpClient,
    filler: &Filler,
) -> anyhow::Result<(Instant, Instant)> {
    let (first, others) = writers.split_first_mut().context("nobody writes")?;
    let first = first.knock(http, filler, BACK_WITHIN).await?;
    let acks = try_join_all(others.iter_mut().map(|writer| writer.knock(http, filler, BACK_WITHIN))).await?;
    Ok((first, acks.into_iter().fold(first, Instant::max)))
}

fn report(options: &RecoveryOptions, steps: Vec<RecoveryStep>, wrong: Wrong) -> RecoveryReport {
    RecoveryReport {
        drill: "recovery",
        rooms: options.rooms,
        text_bytes: options.text_bytes,
        goals: goals(&steps),
        steps,
        wrong,
    }
}

/// At the largest size a return takes at most as many times as long as at the smallest as there is more data.
fn goals(steps: &[RecoveryStep]) -> Vec<Goal> {
    let (Some(smallest), Some(largest)) = (steps.first(), steps.last()) else { return Vec::new() };
    if steps.len() < 2 {
        return Vec::new();
    }
    let times = largest.middle(Return::data) / smallest.middle(Return::data);
    let goal = |what: &str, figure: fn(&Return) -> f64| {
        let most = (smallest.middle(figure) * times).round();
        let what = format!(
            "{what} with {} GB, {times:.1} times the {} GB that take {:.0} ms,",
            largest.wanted_gb,
            smallest.wanted_gb,
            smallest.middle(figure),
        );
        Goal::below(&what, most, largest.middle(figure), "ms")
    };
    vec![goal("ready", |one| one.ready_ms), goal("first ack", |one| one.first_ack_ms)]
}

impl Return {
    fn data(&self) -> f64 {
        self.data_bytes as f64
    }
}

impl RecoveryStep {
    /// The figure of the return in the middle.
    fn middle(&self, figure: impl Fn(&Return) -> f64) -> f64 {
        let mut figures: Vec<f64> = self.returns.iter().map(figure).collect();
        figures.sort_unstable_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or_default()
    }

    fn worst(&self, figure: impl Fn(&Return) -> f64) -> f64 {
        self.returns.iter().map(figure).fold(0.0, f64::max)
    }
}

impl RecoveryReport {
    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "one node, {} rooms, messages of {} bytes; from the start of the process\n\n",
            self.rooms, self.text_bytes
        );
        let header = [
            "GB",
            "on the disk",
            "filled in",
            "kills",
            "ready",
            "worst",
            "first ack",
            "worst",
            "all rooms",
            "worst",
        ];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        for step in &self.steps {
            let mut row = vec![
                step.wanted_gb.to_string(),
                format!("{:.2} GB", step.middle(Return::data) / GB),
                format!("{:.0} s", step.filled_s),
                step.returns.len().to_string(),
            ];
            let figures: [fn(&Return) -> f64; 3] =
                [|one| one.ready_ms, |one| one.first_ack_ms, |one| one.all_rooms_ms];
            for figure in figures {
                row.push(format!("{:.0} ms", step.middle(figure)));
                row.push(format!("{:.0} ms", step.worst(figure)));
            }
            rows.push(row);
        }
        text.push_str(&table(&rows));
        let _ =
            writeln!(text, "\nafter each return every room was asked for what it had acknowledged last\n");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(wanted_gb: f64, ready_ms: [f64; 3]) -> RecoveryStep {
        let data_bytes = (wanted_gb * GB) as u64;
        let back = |ready_ms| Return { data_bytes, ready_ms, first_ack_ms: 100.0, all_rooms_ms: 200.0 };
        RecoveryStep { wanted_gb, filled_s: 9.0, returns: ready_ms.map(back).to_vec() }
    }

    #[test]
    fn a_return_may_take_as_many_times_as_long_as_there_is_more_data_and_no_longer() {
        let met = |last: f64| {
            let steps = [step(1.0, [500.0, 900.0, 400.0]), step(2.0, [9e9; 3]), step(5.0, [1.0, last, 9e9])];
            goals(&steps).iter().map(|goal| goal.met).collect::<Vec<_>>()
        };
        assert_eq!(met(2499.0), [true, true]);
        assert_eq!(met(2501.0), [false, true]);
        assert!(goals(&[step(1.0, [1.0; 3])]).is_empty(), "there is nothing to compare with");
        assert!(goals(&[]).is_empty());
    }

    #[test]
    fn people_see_the_middle_and_the_worst() {
        let steps = vec![step(1.0, [700.0, 300.0, 400.0])];
        let (wrong, goals) = (Wrong::default(), Vec::new());
        let text = RecoveryReport { drill: "recovery", rooms: 2, text_bytes: 9, steps, wrong, goals }.text();
        let row: Vec<&str> =
            text.lines().nth(3).unwrap().split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        assert_eq!(
            row,
            ["1", "1.00 GB", "9 s", "3", "400 ms", "700 ms", "100 ms", "100 ms", "200 ms", "200 ms"]
        );
    }
}
