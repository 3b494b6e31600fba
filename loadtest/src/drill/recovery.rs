//! Drill `recovery`: a node is filled, killed in the midst of sends, and started again. How long until it serves,
//! and how does that grow with what it holds?
//!
//! It is one node of its own: nobody else could serve meanwhile. It is filled once, with stops at all sizes.

mod disk;
mod filler;
mod report;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;

use self::filler::Filler;
use self::report::goals;
use self::writer::{Writer, Writing};
use super::ring::{Ring, Traces};
use super::wrong::Wrong;
use crate::client::HttpClient;

pub use self::report::{RecoveryReport, RecoveryStep, Return};

/// Bytes of texts that are written between a start in good order, which leaves nothing to replay, and a kill. Twice as
/// much, for the log and for the state, fits into the memory of a node for writes: so the log since the start is what
/// is replayed, at each kill, however much there was before.
const REPLAYED_BYTES: u64 = 20 << 20;
/// How long the node may take to grow from one size to the next.
const FILLED_WITHIN: Duration = Duration::from_secs(3600);
/// How long it may take to come back.
const BACK_WITHIN: Duration = Duration::from_secs(300);
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// How often the node's folder is looked at while it grows, and how often it is asked how much was written.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const COUNT_EVERY: Duration = Duration::from_millis(10);
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
    yard.ring.stop(0).await?;
    let mut steps = Vec::new();
    for wanted_gb in options.sizes_gb.iter().copied() {
        let begun = Instant::now();
        writers = yard.fill(writers, wanted_gb).await?;
        let (filled_s, mut returns) = (begun.elapsed().as_secs_f64(), Vec::new());
        eprintln!("{wanted_gb} GB after {filled_s:.0} s");
        for _ in 0..options.kills {
            let (back, who) = yard.kill(writers).await?;
            eprintln!(
                "killed; ready after {:.0} ms, first ack after {:.0} ms",
                back.ready_ms, back.first_ack_ms
            );
            returns.push(back);
            writers = who;
        }
        steps.push(RecoveryStep { wanted_gb, filled_s, returns });
    }
    let (rooms, text_bytes, goals) = (options.rooms, options.text_bytes, goals(&steps));
    Ok(RecoveryReport { drill: "recovery", rooms, text_bytes, steps, wrong: yard.wrong, goals })
}

impl Yard {
    /// Starts the node, lets them write until its folder has that size, and stops it in good order.
    async fn fill(&mut self, writers: Vec<Writer>, wanted_gb: f64) -> anyhow::Result<Vec<Writer>> {
        let mut writing = self.start(writers).await?;
        let (deadline, folder) = (Instant::now() + FILLED_WITHIN, self.ring.data_folder(0)?);
        // Every room gets something, also when there is enough already.
        while writing.written()? < REPLAYED_BYTES || (disk::bytes(&folder)? as f64) < wanted_gb * GB {
            ensure!(
                Instant::now() < deadline,
                "the node does not hold {wanted_gb} GB within {FILLED_WITHIN:?}"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.ring.stop(0).await?;
        writing.end().await
    }

    /// Starts the node, kills it while they write, starts it again, looks whether all rooms have what was
    /// acknowledged, and stops it in good order.
    async fn kill(&mut self, writers: Vec<Writer>) -> anyhow::Result<(Return, Vec<Writer>)> {
        let mut writing = self.start(writers).await?;
        let deadline = Instant::now() + FILLED_WITHIN;
        while writing.written()? < REPLAYED_BYTES {
            ensure!(
                Instant::now() < deadline,
                "no {REPLAYED_BYTES} bytes are written within {FILLED_WITHIN:?}"
            );
            tokio::time::sleep(COUNT_EVERY).await;
        }
        self.ring.kill(0)?;
        let mut writers = writing.end().await?;
        let data_bytes = disk::bytes(&self.ring.data_folder(0)?)?;
        let before = writers.clone();
        let begun = Instant::now();
        self.ring.start(0, &[])?;
        let (ready, (first, all)) =
            tokio::try_join!(self.ready(), knock(&mut writers, &self.http, &self.filler))?;
        self.look(&before).await?;
        self.ring.stop(0).await?;
        let ms = |at: Instant| at.saturating_duration_since(begun).as_secs_f64() * 1e3;
        let [ready_ms, first_ack_ms, all_rooms_ms] = [ready, first, all].map(ms);
        Ok((Return { data_bytes, ready_ms, first_ack_ms, all_rooms_ms }, writers))
    }

    /// The node starts, and when it is well they begin to write.
    async fn start(&mut self, writers: Vec<Writer>) -> anyhow::Result<Writing> {
        self.ring.start(0, &[])?;
        self.ring.wait_well(1).await?;
        Writing::begin(writers, &self.url, &self.filler).await
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
