//! The command line of the drill about coming back.

use std::path::PathBuf;

use clap::Args;

use super::super::fresh_run_id;
use super::{size, traces};
use crate::drill::{Drill, RecoveryOptions};

#[derive(Debug, Args)]
pub(super) struct RecoveryArgs {
    /// The server's binary
    #[arg(long, value_name = "FILE")]
    madang: PathBuf,
    /// What the node holds on the disk when it is killed, one size after the other
    #[arg(long, default_value = "1,2,5", value_name = "GB,…", value_delimiter = ',', value_parser = gigabytes)]
    sizes: Vec<f64>,
    /// How often it is killed at each size
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    kills: u32,
    /// Rooms that are written to, each with one person
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rooms: u32,
    /// Bytes of a message
    #[arg(long, default_value_t = 16_000, value_name = "BYTES",
        value_parser = clap::value_parser!(u32).range(100..=16_384))]
    text_bytes: u32,
    /// Leave the node's data and log, and tell where
    #[arg(long)]
    keep: bool,
    /// Write the result as JSON
    #[arg(long, value_name = "FILE")]
    report_json: Option<PathBuf>,
}

impl RecoveryArgs {
    /// The drill, and where its result is to be written.
    pub(super) fn chosen(self) -> (Drill, Option<PathBuf>) {
        let options = RecoveryOptions {
            madang: self.madang,
            traces: traces(self.keep),
            sizes_gb: self.sizes,
            kills: size(self.kills),
            rooms: size(self.rooms),
            text_bytes: size(self.text_bytes),
            run_id: fresh_run_id(),
        };
        (Drill::Recovery(options), self.report_json)
    }
}

/// A size of a knob.
fn gigabytes(text: &str) -> Result<f64, String> {
    let size: f64 = text.parse().map_err(|_| "a number of GB".to_owned())?;
    if (0.001..=10_000.0).contains(&size) { Ok(size) } else { Err("0.001 to 10000".to_owned()) }
}
