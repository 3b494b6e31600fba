//! The command line of the drills about many connections.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::super::fresh_run_id;
use super::{rate, size, traces};
use crate::drill::{Drill, IdleOptions, IdleTls as Tls, SlowOptions, StormOptions};

/// Many people, each in several rooms.
#[derive(Debug, Args)]
struct NeighboursArgs {
    /// The server's binary
    #[arg(long, value_name = "FILE")]
    madang: PathBuf,
    /// Nodes
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=9))]
    nodes: u32,
    /// Rooms that everybody is in
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rooms_each: u32,
    /// Members of a room
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    room_size: u32,
    /// Leave the nodes' data and logs, and tell where
    #[arg(long)]
    keep: bool,
    /// Write the result as JSON
    #[arg(long, value_name = "FILE")]
    report_json: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct IdleArgs {
    /// Connections of each node, a step after the other
    #[arg(long, default_value = "2000,6000,18000", value_name = "N,…", value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: Vec<u32>,
    /// Seconds of rest before memory is read
    #[arg(long, default_value_t = 30, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=600))]
    rest: u64,
    /// Once more with TLS, after the connections without it: what does it add? Every node gets a certificate
    #[arg(long)]
    tls: bool,
    #[command(flatten)]
    neighbours: NeighboursArgs,
}

#[derive(Debug, Args)]
pub(super) struct StormArgs {
    /// Connections of each node
    #[arg(long, default_value_t = 18_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: u32,
    /// How often everybody loses the connection
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    storms: u32,
    /// Seconds of quiet before each time
    #[arg(long, default_value_t = 10, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=600))]
    rest: u64,
    #[command(flatten)]
    neighbours: NeighboursArgs,
}

#[derive(Debug, Args)]
pub(super) struct SlowArgs {
    /// The server's binary
    #[arg(long, value_name = "FILE")]
    madang: PathBuf,
    /// Members who never read
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    readers: u32,
    /// Messages per second in their room
    #[arg(long, default_value_t = 20.0, value_name = "R", value_parser = rate)]
    rate: f64,
    /// Bytes of a message there
    #[arg(long, default_value_t = 4_000, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=16_384))]
    text_bytes: u32,
    /// Seconds that the room is busy, without them and again with them
    #[arg(long, default_value_t = 20, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=600))]
    duration: u64,
    /// Leave the node's data and log, and tell where
    #[arg(long)]
    keep: bool,
    /// Write the result as JSON
    #[arg(long, value_name = "FILE")]
    report_json: Option<PathBuf>,
}

impl IdleArgs {
    /// The drill, and where its result is to be written.
    pub(super) fn chosen(self) -> (Drill, Option<PathBuf>) {
        let neighbours = self.neighbours;
        let options = IdleOptions {
            madang: neighbours.madang,
            traces: traces(neighbours.keep),
            nodes: size(neighbours.nodes),
            steps: self.connections.iter().copied().map(size).collect(),
            tls: if self.tls { Tls::Too } else { Tls::Not },
            rooms_each: size(neighbours.rooms_each),
            room_size: size(neighbours.room_size),
            rest: Duration::from_secs(self.rest),
            run_id: fresh_run_id(),
        };
        (Drill::Idle(options), neighbours.report_json)
    }
}

impl StormArgs {
    /// The drill, and where its result is to be written.
    pub(super) fn chosen(self) -> (Drill, Option<PathBuf>) {
        let neighbours = self.neighbours;
        let options = StormOptions {
            madang: neighbours.madang,
            traces: traces(neighbours.keep),
            nodes: size(neighbours.nodes),
            connections: size(self.connections),
            storms: size(self.storms),
            rooms_each: size(neighbours.rooms_each),
            room_size: size(neighbours.room_size),
            rest: Duration::from_secs(self.rest),
            run_id: fresh_run_id(),
        };
        (Drill::Storm(options), neighbours.report_json)
    }
}

impl SlowArgs {
    /// The drill, and where its result is to be written.
    pub(super) fn chosen(self) -> (Drill, Option<PathBuf>) {
        let options = SlowOptions {
            madang: self.madang,
            traces: traces(self.keep),
            readers: size(self.readers),
            rate: self.rate,
            text_bytes: size(self.text_bytes),
            duration: Duration::from_secs(self.duration),
            run_id: fresh_run_id(),
        };
        (Drill::Slow(options), self.report_json)
    }
}
