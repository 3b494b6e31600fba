//! The command line of the drill about a large room.

use std::path::PathBuf;

use clap::Args;

use super::super::fresh_run_id;
use super::{size, traces};
use crate::drill::{Drill, MembersOptions};

#[derive(Debug, Args)]
pub(super) struct MembersArgs {
    /// The server's binary
    #[arg(long, value_name = "FILE")]
    madang: PathBuf,
    /// Members of the room, one size after the other
    #[arg(long, default_value = "1000,10000,100000", value_name = "N,…", value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(3..=100_000))]
    sizes: Vec<u32>,
    /// How often each thing is done at each size
    #[arg(long, default_value_t = 300, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rounds: u32,
    /// Leave the node's data and log, and tell where
    #[arg(long)]
    keep: bool,
    /// Write the result as JSON
    #[arg(long, value_name = "FILE")]
    report_json: Option<PathBuf>,
}

impl MembersArgs {
    /// The drill, and where its result is to be written.
    pub(super) fn chosen(self) -> (Drill, Option<PathBuf>) {
        let options = MembersOptions {
            madang: self.madang,
            traces: traces(self.keep),
            sizes: self.sizes.into_iter().map(size).collect(),
            rounds: size(self.rounds),
            run_id: fresh_run_id(),
        };
        (Drill::Members(options), self.report_json)
    }
}
