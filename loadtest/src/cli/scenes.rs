//! The command line of the scenarios of the kit: their own knobs, and what they have in common.

use std::time::Duration;

use clap::Args;

use super::{CommonArgs, Outcome};
use crate::attack::{AttackOptions, Tables};
use crate::kit::{Knob, Record, Setting};

/// A scenario's own knobs, and where and how it is run.
#[derive(Debug, Args)]
pub(super) struct Scene<A: Args> {
    #[command(flatten)]
    own: A,
    /// Process id of the server, to count its CPU time and memory; may be given more than once
    #[arg(long, value_name = "PID")]
    server_pid: Vec<u32>,
    #[command(flatten)]
    common: CommonArgs,
}

impl<A: Args> Scene<A> {
    /// Runs it and writes down what came of it.
    pub(super) async fn run(
        self,
        knobs: Vec<Knob>,
        scenario: impl AsyncFnOnce(&A, &Setting) -> anyhow::Result<Record>,
    ) -> anyhow::Result<Outcome> {
        let setting = Setting {
            nodes: self.common.url.clone(),
            run_id: self.common.run_id(),
            sign_ups_at_once: self.common.sign_ups,
            limit: Duration::from_millis(self.common.timeout_ms),
            server_pids: self.server_pid,
            attack: AttackOptions { tables: Tables::Hidden, ..self.common.attack() },
            knobs,
        };
        self.common.conclude(&scenario(&self.own, &setting).await?)
    }
}
