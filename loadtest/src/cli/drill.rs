//! The command line of the drills.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{Outcome, fresh_run_id};
use crate::chat::Plan;
use crate::drill::{
    self, CostOptions, CrowdOptions, Drill, FailoverOptions, GrowOptions, IdleOptions, RollingOptions, Traces,
};
use crate::report::write_json;

#[derive(Debug, Args)]
pub(super) struct DrillArgs {
    #[command(subcommand)]
    drill: DrillName,
}

#[derive(Debug, Subcommand)]
enum DrillName {
    /// Kill the node that holds all sockets with -9, again and again; everybody comes back at another
    Failover(FailoverArgs),
    /// Stop every node in turn with SIGTERM and start it again, while people talk
    Rolling(RollingArgs),
    /// Let one node become three, five, and three again, while people talk
    Grow(GrowArgs),
    /// Put the same load on one node and on three: what does the ring cost? And what does it cost when idle?
    Cost(CostArgs),
    /// Let many people be connected and say nothing: what does each of them cost in memory?
    Idle(IdleArgs),
}

#[derive(Debug, Args)]
struct CrowdArgs {
    /// The server's binary
    #[arg(long, value_name = "FILE")]
    madang: PathBuf,
    /// Clients, each with a socket
    #[arg(long, default_value_t = 2_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=18_000))]
    sockets: u32,
    /// Rooms
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=18_000))]
    rooms: u32,
    /// Messages per second of all together; each room has one sender, in `cost` everybody sends
    #[arg(long, default_value_t = 100.0, value_name = "R", value_parser = rate)]
    rate: f64,
    /// Bytes of a message
    #[arg(long, default_value_t = 200, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=16_384))]
    text_bytes: u32,
    /// Limit of one attempt of a command, in milliseconds
    #[arg(long, default_value_t = 5_000, value_name = "MS", value_parser = clap::value_parser!(u64).range(100..=60_000))]
    timeout_ms: u64,
    /// Give up a command, or coming back, after so many seconds of trying
    #[arg(long, default_value_t = 30, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=600))]
    give_up_after: u64,
    /// Leave the nodes' data and logs, and tell where
    #[arg(long)]
    keep: bool,
    /// Write the result as JSON
    #[arg(long, value_name = "FILE")]
    report_json: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct FailoverArgs {
    /// How often a node is killed
    #[arg(long, default_value_t = 6, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    kills: u32,
    /// Seconds of quiet talk before each kill, and after everybody is back
    #[arg(long, default_value_t = 3, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=600))]
    settle: u64,
    #[command(flatten)]
    crowd: CrowdArgs,
}

#[derive(Debug, Args)]
struct RollingArgs {
    /// How often all nodes are restarted
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Seconds of quiet talk before each stop, and at the end
    #[arg(long, default_value_t = 3, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=600))]
    settle: u64,
    #[command(flatten)]
    crowd: CrowdArgs,
}

#[derive(Debug, Args)]
struct GrowArgs {
    /// Seconds of talk before the first step: what there is to move
    #[arg(long, default_value_t = 20, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    fill: u64,
    /// Seconds of talk after each step
    #[arg(long, default_value_t = 3, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=600))]
    settle: u64,
    #[command(flatten)]
    crowd: CrowdArgs,
}

#[derive(Debug, Args)]
struct CostArgs {
    /// Seconds before it counts
    #[arg(long, default_value_t = 3, value_name = "S", value_parser = clap::value_parser!(u64).range(0..=600))]
    warm_up: u64,
    /// Seconds that each load is measured
    #[arg(long, default_value_t = 10, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=600))]
    duration: u64,
    /// Seconds that idle nodes are watched
    #[arg(long, default_value_t = 20, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=600))]
    idle: u64,
    #[command(flatten)]
    crowd: CrowdArgs,
}

#[derive(Debug, Args)]
struct IdleArgs {
    /// The server's binary
    #[arg(long, value_name = "FILE")]
    madang: PathBuf,
    /// Nodes
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=9))]
    nodes: u32,
    /// Connections of each node, a step after the other
    #[arg(long, default_value = "2000,6000,18000", value_name = "N,…", value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: Vec<u32>,
    /// Rooms that everybody is in
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rooms_each: u32,
    /// Members of a room
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    room_size: u32,
    /// Seconds of rest before memory is read
    #[arg(long, default_value_t = 30, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=600))]
    rest: u64,
    /// Leave the nodes' data and logs, and tell where
    #[arg(long)]
    keep: bool,
    /// Write the result as JSON
    #[arg(long, value_name = "FILE")]
    report_json: Option<PathBuf>,
}

impl DrillArgs {
    /// Runs the drill and prints its report.
    pub(super) async fn run(self) -> anyhow::Result<Outcome> {
        let (drill, report_json) = self.drill.chosen();
        let report = drill::run(&drill).await?;
        print!("{}", report.text());
        if let Some(path) = &report_json {
            write_json(path, &report)?;
        }
        Ok(if report.wrong().total() == 0 { Outcome::Clean } else { Outcome::Faulty })
    }
}

impl DrillName {
    /// The drill, and where its result is to be written.
    fn chosen(self) -> (Drill, Option<PathBuf>) {
        match self {
            Self::Failover(args) => {
                let options = FailoverOptions {
                    crowd: args.crowd.options(),
                    kills: size(args.kills),
                    settle: Duration::from_secs(args.settle),
                };
                (Drill::Failover(options), args.crowd.report_json)
            }
            Self::Rolling(args) => {
                let options = RollingOptions {
                    crowd: args.crowd.options(),
                    rounds: size(args.rounds),
                    settle: Duration::from_secs(args.settle),
                };
                (Drill::Rolling(options), args.crowd.report_json)
            }
            Self::Grow(args) => {
                let options = GrowOptions {
                    crowd: args.crowd.options(),
                    fill: Duration::from_secs(args.fill),
                    settle: Duration::from_secs(args.settle),
                };
                (Drill::Grow(options), args.crowd.report_json)
            }
            Self::Cost(args) => {
                let mut crowd = args.crowd.options();
                // Everybody sends.
                crowd.plan = Plan::new(crowd.plan.users, crowd.plan.room_size, None);
                let options = CostOptions {
                    crowd,
                    warm_up: Duration::from_secs(args.warm_up),
                    duration: Duration::from_secs(args.duration),
                    idle: Duration::from_secs(args.idle),
                };
                (Drill::Cost(options), args.crowd.report_json)
            }
            Self::Idle(args) => (Drill::Idle(args.options()), args.report_json),
        }
    }
}

impl IdleArgs {
    fn options(&self) -> IdleOptions {
        IdleOptions {
            madang: self.madang.clone(),
            traces: traces(self.keep),
            nodes: size(self.nodes),
            steps: self.connections.iter().copied().map(size).collect(),
            rooms_each: size(self.rooms_each),
            room_size: size(self.room_size),
            rest: Duration::from_secs(self.rest),
            run_id: fresh_run_id(),
        }
    }
}

impl CrowdArgs {
    fn options(&self) -> CrowdOptions {
        let (sockets, rooms) = (size(self.sockets), size(self.rooms.min(self.sockets)));
        CrowdOptions {
            madang: self.madang.clone(),
            traces: traces(self.keep),
            plan: Plan::new(sockets, sockets.div_ceil(rooms), Some(rooms)),
            rate: self.rate,
            text_bytes: size(self.text_bytes),
            sign_ups_at_once: 8,
            command_timeout: Duration::from_millis(self.timeout_ms),
            give_up_after: Duration::from_secs(self.give_up_after),
            run_id: fresh_run_id(),
        }
    }
}

/// What `--keep` asks for.
fn traces(keep: bool) -> Traces {
    if keep { Traces::Kept } else { Traces::Removed }
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if (0.1..=1e6).contains(&rate) { Ok(rate) } else { Err("0.1 to 1000000".to_owned()) }
}
