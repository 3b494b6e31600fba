//! The whole scenario, from signing up to the record.

use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;

use super::member::Hot;
use super::report::{Seen, findings};
use crate::cli::{rate, seconds};
use crate::kit::{Beside, Record, Setting, Span};

/// The knobs.
#[derive(Debug, Clone, Args)]
#[command(mut_arg("normal_rooms", |arg| arg.default_value("100")), mut_arg("normal_rate", |arg| arg.default_value("1")),
    mut_arg("calm", |arg| arg.default_value("20")))]
pub struct HotRoomArgs {
    /// Members of the hot room, each with a connection
    #[arg(long, default_value_t = 5_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) members: u32,
    /// How many of them talk; all if there are fewer
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    senders: u32,
    /// Messages per second of all who talk in the hot room together
    #[arg(long, default_value_t = 100.0, value_name = "R", value_parser = rate)]
    pub(super) rate: f64,
    /// Bytes of a message in the hot room
    #[arg(long, default_value_t = 200, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=16_384))]
    pub(super) text_bytes: u32,
    /// Seconds in which the hot room talks too
    #[arg(long, default_value = "30", value_name = "S", value_parser = seconds)]
    pub(super) hot: Duration,
    /// Seconds that its members then have to read what was not pushed
    #[arg(long, default_value = "120", value_name = "S", value_parser = seconds)]
    drain: Duration,
    #[command(flatten)]
    pub(super) beside: Beside,
}

impl HotRoomArgs {
    /// How many talk.
    pub(super) fn senders(&self) -> u32 {
        self.senders.min(self.members)
    }
}

/// Runs it.
pub async fn run(args: &HotRoomArgs, setting: &Setting) -> anyhow::Result<Record> {
    let members = args.members as usize;
    let neighbours = args.beside.neighbours(setting, members, args.hot);
    let crowd = setting.gather(members + neighbours.people()).await?;
    let epoch = Instant::now();
    let hall = crowd.hall(&format!("{} hot", setting.run_id), 0..members).await?;
    let mut parts = neighbours.parts(&crowd, &setting.nodes, epoch).await?;
    let hot = Hot::new(args, setting, hall, epoch);
    for user in 0..members {
        parts.push(hot.member(user, &crowd).with_context(|| format!("member {user}"))?);
    }
    parts.push(hot.herald(crowd));
    let limit = args.beside.calm + args.hot + args.drain;
    let played = setting.play("hot_room", parts, limit).await?;
    let heat = played.start + args.beside.calm;
    let seen = Seen {
        calm: Span { from: played.start, to: heat },
        hot: Span { from: heat, to: heat + args.hot },
        after: Span { from: heat + args.hot, to: heat + args.hot + args.drain },
        said: hot.said(),
    };
    Ok(setting.record("hot_room", findings(args, played, &seen)))
}
