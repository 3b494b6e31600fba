//! The command line of the drills.

mod connections;
mod members;
mod recovery;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use self::connections::{IdleArgs, SlowArgs, StormArgs};
use self::members::MembersArgs;
use self::recovery::RecoveryArgs;
use super::{Outcome, fresh_run_id, rate};
use crate::chat::Plan;
use crate::drill::{
    self, CostOptions, CrowdOptions, Drill, FailoverOptions, GrowOptions, ListsOptions, RollingOptions,
    Traces,
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
    /// Let somebody in a thousand rooms connect, in turns with somebody in ten: how much longer does it take?
    Lists(ListsArgs),
    /// Let a room grow to a hundred thousand members: what do entering, sending and a look at the members cost there?
    Members(MembersArgs),
    /// Let many people be connected and say nothing: what does each of them cost in memory?
    Idle(IdleArgs),
    /// Let everybody lose the connection and come back at once
    Storm(StormArgs),
    /// Let many members of a busy room never read
    Slow(SlowArgs),
    /// Fill a node, kill it with -9 in the midst of sends and start it again: how long until it serves, and how does
    /// that grow with what it holds?
    Recovery(RecoveryArgs),
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
struct ListsArgs {
    /// The server's binary
    #[arg(long, value_name = "FILE")]
    madang: PathBuf,
    /// Rooms of the one who is in few
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    few: u32,
    /// Rooms of the one who is in many
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=2_000))]
    many: u32,
    /// How often each of them connects
    #[arg(long, default_value_t = 300, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rounds: u32,
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
            Self::Lists(args) => (Drill::Lists(args.options()), args.report_json),
            Self::Members(args) => args.chosen(),
            Self::Idle(args) => args.chosen(),
            Self::Storm(args) => args.chosen(),
            Self::Slow(args) => args.chosen(),
            Self::Recovery(args) => args.chosen(),
        }
    }
}

impl ListsArgs {
    fn options(&self) -> ListsOptions {
        ListsOptions {
            madang: self.madang.clone(),
            traces: traces(self.keep),
            few: size(self.few),
            many: size(self.many),
            rounds: size(self.rounds),
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
