//! Carries a schedule out on a real cluster, and leaves it whole.

use std::time::{Duration, Instant};

use super::fault::{Fault, Kind};
use super::{Episode, Schedule};
use crate::cluster::{TestCluster, WHOLE_WITHIN};
use crate::network::{End, Network};

/// How long a node whose disk fails or is full may take to end by itself.
const END_WITHIN: Duration = Duration::from_secs(10);
/// How long one beat of a flapping link lasts.
const FLAP: Duration = Duration::from_millis(250);
/// What a full disk has left.
const LEFT_BYTES: u64 = 0;
/// A slow link.
const KILOBITS_PER_SECOND: u32 = 512;
/// A slow fsync.
const FSYNC_DELAY: Duration = Duration::from_millis(40);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Strike,
    Repair,
}

/// Runs a schedule to its end and waits until the cluster is whole again. Says on stderr what it does. The
/// schedule's time stands still while a turn is carried out: after one that takes long, such as a node that
/// gets all its data anew, the next ones are not hurried.
/// Answers what nobody had asked for: nodes that ended by themselves.
///
/// Panics when the cluster does not become whole.
pub async fn run(schedule: &Schedule, cluster: &mut TestCluster) -> Vec<String> {
    let begins = Instant::now();
    let mut stood_still = Duration::ZERO;
    let mut odd = Vec::new();
    for (at_ms, turn, episode) in turns(schedule) {
        tokio::time::sleep_until((begins + stood_still + Duration::from_millis(at_ms)).into()).await;
        odd.extend(cluster.restart_ended());
        eprintln!("{:>8.3} s  {turn:?}: {}", begins.elapsed().as_secs_f64(), episode.fault);
        let turn_begins = Instant::now();
        match turn {
            Turn::Strike => strike(episode, cluster).await,
            Turn::Repair => repair(episode.fault, cluster).await,
        }
        // The strokes of a flapping link are the episode itself.
        if episode.fault.kind() != Kind::Flap {
            stood_still += turn_begins.elapsed();
        }
    }
    odd.extend(cluster.restart_ended());
    cluster.heal_all();
    cluster.wait_whole(WHOLE_WITHIN).await;
    eprintln!("{:>8.3} s  whole again", begins.elapsed().as_secs_f64());
    odd
}

/// All beginnings and ends in the order of time; of what comes at one moment, in the schedule's order.
fn turns(schedule: &Schedule) -> Vec<(u64, Turn, Episode)> {
    let mut turns: Vec<(u64, Turn, Episode)> = Vec::new();
    for episode in &schedule.episodes {
        turns.push((episode.at_ms, Turn::Strike, *episode));
        turns.push((episode.at_ms + episode.lasts_ms, Turn::Repair, *episode));
    }
    turns.sort_by_key(|(at_ms, ..)| *at_ms);
    turns
}

async fn strike(episode: Episode, cluster: &mut TestCluster) {
    match episode.fault {
        Fault::All(Kind::PowerCutAll) => {
            let nodes = 0..cluster.len();
            // All at one moment, as far as they can tell.
            nodes.clone().for_each(|node| cluster.node_mut(node).pause());
            nodes.for_each(|node| cluster.node_mut(node).cut_power());
        }
        Fault::All(_) => cluster.kill_all(),
        Fault::CutOneWay { from, to } => network(cluster).cut_one_way(End::Host(from), End::Host(to)),
        Fault::Node(kind, node) => strike_node(kind, node, episode.lasts_ms, cluster).await,
    }
}

async fn strike_node(kind: Kind, node: usize, lasts_ms: u64, cluster: &mut TestCluster) {
    if kind.is_destructive() {
        // Otherwise the copy that is destroyed could be one of only two.
        cluster.wait_whole(WHOLE_WITHIN).await;
    }
    let member = cluster.node_mut(node);
    match kind {
        Kind::Pause => member.pause(),
        Kind::PowerCut => member.cut_power(),
        Kind::Isolate => network(cluster).isolate(node),
        Kind::SlowLink => network(cluster).slow(node, KILOBITS_PER_SECOND),
        Kind::Flap => flap(network(cluster), node, Duration::from_millis(lasts_ms)).await,
        Kind::SlowFsync => drop(member.slow_fsync(FSYNC_DELAY).await),
        Kind::FailFsync => {
            member.fail_fsync().await;
            expect_end(member.wait_end(END_WITHIN).await, kind);
        }
        Kind::FillDisk => {
            member.fill_disk(LEFT_BYTES);
            expect_end(member.wait_end(END_WITHIN).await, kind);
        }
        Kind::TearTail => {
            member.kill();
            member.tear_tail();
        }
        Kind::FlipBit => {
            member.kill();
            match member.flip_bit() {
                Some(place) => eprintln!("            flipped {place}"),
                None => eprintln!("            the log is too short to flip a bit in"),
            }
        }
        Kind::Wipe => {
            member.kill();
            member.wipe();
        }
        Kind::Kill | Kind::KillAll | Kind::PowerCutAll | Kind::CutOneWay => member.kill(),
    }
}

async fn repair(fault: Fault, cluster: &mut TestCluster) {
    match fault {
        Fault::All(_) => cluster.start_all(),
        Fault::CutOneWay { .. } | Fault::Node(Kind::Isolate | Kind::Flap, _) => network(cluster).heal(),
        Fault::Node(Kind::SlowLink, node) => network(cluster).quicken(node),
        Fault::Node(Kind::FlipBit, node) => {
            let member = cluster.node_mut(node);
            if let Err((status, said)) = member.start_or_refuse(WHOLE_WITHIN).await {
                eprintln!("            refused with {status}, so it is wiped; it said:\n{said}");
                member.wipe();
                member.start();
            }
            cluster.wait_whole(WHOLE_WITHIN).await;
        }
        Fault::Node(kind, node) => {
            let member = cluster.node_mut(node);
            member.heal();
            if !member.is_started() {
                member.start();
            }
            if kind.is_destructive() {
                cluster.wait_whole(WHOLE_WITHIN).await;
            }
        }
    }
}

async fn flap(network: &Network, node: usize, lasts: Duration) {
    let end = Instant::now() + lasts;
    while Instant::now() < end {
        network.isolate(node);
        tokio::time::sleep(FLAP).await;
        network.heal();
        tokio::time::sleep(FLAP).await;
    }
}

fn expect_end(status: Option<std::process::ExitStatus>, kind: Kind) {
    match status {
        Some(status) => eprintln!("            ended with {status}"),
        // It had nothing to write, or room of its own left in files made longer beforehand.
        None => eprintln!("            {kind:?}: did not notice within {END_WITHIN:?}, was killed"),
    }
}

fn network(cluster: &TestCluster) -> &Network {
    cluster.network().expect("a schedule with cuts needs a network of its own")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_and_ends_come_in_the_order_of_time() {
        let schedule: Schedule =
            "at 100 for 300 kill 1; at 200 for 100 pause 2; at 500 for 0 kill-all".parse().unwrap();
        let order: Vec<String> =
            turns(&schedule).iter().map(|(at, turn, ep)| format!("{at} {turn:?} {}", ep.fault)).collect();
        assert_eq!(
            order,
            [
                "100 Strike kill 1",
                "200 Strike pause 2",
                "300 Repair pause 2",
                "400 Repair kill 1",
                "500 Strike kill-all",
                "500 Repair kill-all"
            ]
        );
    }
}
