//! The whole chat, from signing up to the report.

use std::sync::Arc;
use std::time::Duration;

use super::attack::scenario;
use super::hall::Hall;
use super::plan::{Load, Plan};
use super::report::ChatReport;
use super::stage::Stage;
use crate::attack::AttackOptions;
use crate::client::{HttpClient, Nodes};

/// What the command line says.
#[derive(Debug, Clone)]
pub struct ChatOptions {
    /// Where the users are, spread over all of them.
    pub nodes: Nodes,
    /// Who is where.
    pub plan: Plan,
    /// How much is sent.
    pub load: Load,
    /// Bytes of a text.
    pub text_bytes: usize,
    /// Not counted.
    pub warm_up: Duration,
    /// Counted.
    pub duration: Duration,
    /// How long to wait for the last deliveries.
    pub drain: Duration,
    /// Every so many deliveries become a row of goose's report.
    pub hear_every: u64,
    /// The servers' processes, to count their CPU time.
    pub server_pids: Vec<u32>,
    /// Prefix of users and titles.
    pub run_id: String,
    /// Sign-ups at a time.
    pub sign_ups_at_once: usize,
    /// Limit of one command.
    pub command_timeout: Duration,
    /// Goose's part; `users` is filled in.
    pub attack: AttackOptions,
}

/// Runs a chat.
pub async fn run(options: &ChatOptions) -> anyhow::Result<ChatReport> {
    let http = HttpClient::among(&options.nodes, options.command_timeout)?;
    eprintln!("run {}: signing {} users up", options.run_id, options.plan.users);
    let stage = Stage::set(&http, &options.run_id, options.plan, options.sign_ups_at_once).await?;
    let hall = Arc::new(Hall::new(options.clone(), stage));
    let conductor = tokio::spawn(Arc::clone(&hall).conduct());
    let attack = AttackOptions { users: options.plan.users, ..options.attack.clone() };
    let attacked = crate::attack::run(&attack, scenario(&hall)).await;
    conductor.abort();
    attacked?;
    hall.report()
}
