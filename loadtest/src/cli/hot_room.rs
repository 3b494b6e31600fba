//! The command line of `hot_room`.

use std::time::Duration;

use clap::Args;

use super::{CommonArgs, Outcome, rate, seconds};
use crate::attack::Tables;
use crate::hot_room::{HotRoomOptions, run};

#[derive(Debug, Args)]
pub(super) struct HotRoomArgs {
    /// Members of the hot room, each with a connection
    #[arg(long, default_value_t = 5_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    members: u32,
    /// How many of them talk
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    senders: u32,
    /// Messages per second of all who talk in the hot room together
    #[arg(long, default_value_t = 100.0, value_name = "R", value_parser = rate)]
    rate: f64,
    /// Normal rooms beside it
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    normal_rooms: u32,
    /// Members of a normal room: one talks, the others listen
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000))]
    normal_size: u32,
    /// Messages per second in each normal room
    #[arg(long, default_value_t = 1.0, value_name = "R", value_parser = rate)]
    normal_rate: f64,
    /// Bytes of a message
    #[arg(long, default_value_t = 200, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=16_384))]
    text_bytes: u32,
    /// Seconds in which only normal rooms talk
    #[arg(long, default_value = "20", value_name = "S", value_parser = seconds)]
    calm: Duration,
    /// Seconds in which the hot room talks too
    #[arg(long, default_value = "30", value_name = "S", value_parser = seconds)]
    hot: Duration,
    /// Seconds that its members then have to read what was not pushed
    #[arg(long, default_value = "120", value_name = "S", value_parser = seconds)]
    drain: Duration,
    /// Process id of the server, to count its CPU time; may be given more than once
    #[arg(long, value_name = "PID")]
    server_pid: Vec<u32>,
    #[command(flatten)]
    common: CommonArgs,
}

impl HotRoomArgs {
    pub(super) async fn run(self) -> anyhow::Result<Outcome> {
        let options = HotRoomOptions {
            nodes: self.common.url.clone(),
            members: self.members as usize,
            senders: self.senders.min(self.members) as usize,
            rate: self.rate,
            normal_rooms: self.normal_rooms as usize,
            normal_size: self.normal_size as usize,
            normal_rate: self.normal_rate,
            text_bytes: self.text_bytes as usize,
            calm: self.calm,
            hot: self.hot,
            drain: self.drain,
            server_pids: self.server_pid,
            run_id: self.common.run_id(),
            sign_ups_at_once: self.common.sign_ups,
            command_timeout: Duration::from_millis(self.common.timeout_ms),
            attack: crate::attack::AttackOptions { tables: Tables::Hidden, ..self.common.attack() },
        };
        self.common.conclude(&run(&options).await?)
    }
}
