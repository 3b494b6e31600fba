//! Drill `failover`: all sockets are on one node, and that node is killed with -9. Everybody comes back at
//! another. Again and again, with one node after the other.

mod report;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

pub use report::{FailoverReport, KillReport};

use super::absence::Absence;
use super::crowd::{Aftermath, Crowd, CrowdOptions};
use super::diary::Diary;
use super::orders::Orders;
use super::placement::shard_of;
use super::ring::Ring;
use crate::goal::Goal;
use crate::latency::Latencies;

const NODES: usize = 3;
/// The goal for the first newly acknowledged send in a room that the dead node led.
const FIRST_ACK_S: f64 = 3.0;

/// What the command line says.
#[derive(Debug, Clone)]
pub struct FailoverOptions {
    /// Common to all drills.
    pub crowd: CrowdOptions,
    /// How often a node is killed.
    pub kills: usize,
    /// How long the talk goes on before each kill and after everybody is back.
    pub settle: Duration,
}

/// A kill, as it was done.
struct Kill {
    node: usize,
    at: Instant,
    led: BTreeSet<usize>,
    back: usize,
}

/// Runs the drill.
pub(super) async fn run(options: &FailoverOptions) -> anyhow::Result<FailoverReport> {
    let mut ring = Ring::form(&options.crowd.madang, NODES, options.crowd.traces).await?;
    let mut orders = Orders::new(ring.nodes(NODES)?);
    orders.gathering = Some(0);
    let crowd = Crowd::gather(&options.crowd, orders).await?;
    crowd.talk();
    let mut kills = Vec::new();
    for round in 0..options.kills.max(1) {
        let node = round % NODES;
        if round > 0 {
            crowd.march(Some(node)).await?;
        }
        let kill = strike(options, &mut ring, &crowd, node).await?;
        eprintln!("node {} was killed: {} of {} are back", node + 1, kill.back, options.crowd.plan.users);
        kills.push(kill);
        let seeds = ring.peers();
        ring.start(node, &seeds)?;
        ring.wait_well(NODES).await?;
    }
    let aftermath = crowd.disperse().await?;
    Ok(report(options, &kills, aftermath))
}

/// Kills a node and waits until everybody is back.
async fn strike(
    options: &FailoverOptions,
    ring: &mut Ring,
    crowd: &Crowd,
    node: usize,
) -> anyhow::Result<Kill> {
    tokio::time::sleep(options.settle).await;
    let (shards_led, shards) = ring.led_by(node).await?;
    let is_led = |room: &str| shard_of(room, shards).is_some_and(|shard| shards_led.contains(&shard));
    let led = (0..).zip(crowd.rooms()).filter(|(_, room)| is_led(room)).map(|(number, _)| number).collect();
    // From now on whoever is level is so somewhere else.
    crowd.board.clear_places();
    let at = ring.kill(node)?;
    let back = crowd.all_level(options.crowd.give_up_after).await;
    tokio::time::sleep(options.settle).await;
    Ok(Kill { node, at, led, back })
}

/// Times of one kill, or of several.
#[derive(Default)]
struct Times {
    connected: Latencies,
    level: Latencies,
    news: Latencies,
    first_ack_led: Latencies,
    first_ack_other: Latencies,
    resyncs: u64,
}

impl Times {
    fn of(kill: &Kill, until: Option<Instant>, options: &FailoverOptions, diaries: &[Diary]) -> Self {
        let mut times = Self::default();
        let is_of_kill = |at: Instant| at >= kill.at && until.is_none_or(|until| at < until);
        let mut first_acks: Vec<Option<Instant>> = vec![None; options.crowd.plan.rooms()];
        for diary in diaries {
            if let Some(absence) = diary.absences.iter().find(|absence| is_of_kill(absence.since)) {
                times.come_back(kill.at, absence);
            }
            // A connection that was made after the kill is to another node.
            let first = diary.acks.iter().find(|ack| is_of_kill(ack.connected));
            if let (Some(ack), Some(place)) =
                (first, first_acks.get_mut(options.crowd.plan.room_of(diary.user)))
            {
                *place = Some(place.map_or(ack.at, |known| known.min(ack.at)));
            }
        }
        for (room, first) in first_acks.iter().enumerate() {
            let Some(first) = first else { continue };
            let all =
                if kill.led.contains(&room) { &mut times.first_ack_led } else { &mut times.first_ack_other };
            all.record(first.saturating_duration_since(kill.at));
        }
        times
    }

    fn come_back(&mut self, killed: Instant, absence: &Absence) {
        self.resyncs += u64::from(absence.is_resync());
        for (moment, all) in [
            (absence.connected, &mut self.connected),
            (absence.level, &mut self.level),
            (absence.news, &mut self.news),
        ] {
            if let Some(moment) = moment {
                all.record(moment.saturating_duration_since(killed));
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.connected.merge(&other.connected);
        self.level.merge(&other.level);
        self.news.merge(&other.news);
        self.first_ack_led.merge(&other.first_ack_led);
        self.first_ack_other.merge(&other.first_ack_other);
        self.resyncs += other.resyncs;
    }
}

fn report(options: &FailoverOptions, kills: &[Kill], aftermath: Aftermath) -> FailoverReport {
    let Aftermath { diaries, wrong } = aftermath;
    let mut all = Times::default();
    let mut reports = Vec::new();
    for (number, kill) in kills.iter().enumerate() {
        let until = kills.get(number + 1).map(|next| next.at);
        let times = Times::of(kill, until, options, &diaries);
        reports.push(KillReport {
            node: kill.node + 1,
            rooms_led: kill.led.len(),
            back: kill.back,
            resyncs: times.resyncs,
            connected: times.connected.summary(),
            level: times.level.summary(),
            news: times.news.summary(),
            first_ack_led: times.first_ack_led.summary(),
            first_ack_other: times.first_ack_other.summary(),
        });
        all.merge(&times);
    }
    let plan = options.crowd.plan;
    let away = kills.iter().map(|kill| plan.users.saturating_sub(kill.back) as u64).sum();
    let first_ack_led = all.first_ack_led.summary();
    let goals = vec![
        Goal::none_of("clients that are not back", away),
        Goal::none_of("gaps and duplicates", wrong.gaps + wrong.duplicates),
        Goal::none_of("full resyncs", all.resyncs),
        Goal::below(
            "first ack in a room the dead node led, p99",
            FIRST_ACK_S,
            seconds(first_ack_led.p99_us),
            "s",
        ),
    ];
    FailoverReport {
        drill: "failover",
        sockets: plan.users,
        rooms: plan.rooms(),
        rate: options.crowd.rate,
        acked: diaries.iter().map(|diary| diary.acks.len() as u64).sum(),
        failed_sends: diaries.iter().map(|diary| diary.given_up).sum(),
        repeats: diaries.iter().map(Diary::repeats).sum(),
        resyncs: all.resyncs,
        connected: all.connected.summary(),
        level: all.level.summary(),
        news: all.news.summary(),
        first_ack_led,
        first_ack_other: all.first_ack_other.summary(),
        kills: reports,
        wrong,
        goals,
    }
}

fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}
