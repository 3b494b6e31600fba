//! `madang dev`: a cluster on this machine with one command, to try out and to break.
//!
//! [`plan`] says which nodes with which addresses, [`keeper`] decides what to do when one is ready or ends,
//! [`child`] is a running node, [`run`] connects them. [`tether`] sees to it that no child outlives this
//! process.

mod banner;
mod child;
mod keeper;
mod plan;
mod run;
mod tether;

use std::path::PathBuf;
use std::time::Duration;

use plan::Plan;

/// So many ports are taken from each base: nodes beyond that would run into the other base.
const NODES_MAX: u16 = 9;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many nodes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=i64::from(NODES_MAX)))]
    nodes: u16,

    /// The folder with the nodes' folders
    #[arg(long, value_name = "FOLDER", default_value = "./madang-dev")]
    data_dir: PathBuf,

    /// Port for clients of the first node; the others take the next ones
    #[arg(long, value_name = "PORT", default_value_t = 7300, value_parser = base_port())]
    http_port: u16,

    /// Port for other nodes of the first node; the others take the next ones
    #[arg(long, value_name = "PORT", default_value_t = 7400, value_parser = base_port())]
    peer_port: u16,

    /// How long a node that ended stays down before it is started again, such as 3s or 500ms
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = plan::duration)]
    restart_after: Duration,

    /// Leave a node that ended down
    #[arg(long, conflicts_with = "restart_after")]
    no_restart: bool,

    /// Write each node's log to a file beside its folder, instead of showing them all
    #[arg(long)]
    log_files: bool,

    /// A file with settings for all nodes (TOML) [default: madang.toml, if there is one here]
    #[arg(long, value_name = "FILE", env = "MADANG_CONFIG")]
    config: Option<PathBuf>,

    /// A setting for all nodes; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

fn base_port() -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..=i64::from(u16::MAX - NODES_MAX))
}

pub(super) fn run(args: Args) -> anyhow::Result<()> {
    let restart_after = (!args.no_restart).then_some(args.restart_after);
    let log_files = args.log_files;
    let plan = Plan::new(args)?;
    run::run(&plan, restart_after, if log_files { child::Logs::Files } else { child::Logs::Shown })
}
