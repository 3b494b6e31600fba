//! The whole scenario, from signing up to the record.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::gate::Gates;
use super::report::{Seen, findings};
use crate::cli::{rate, seconds};
use crate::client::HttpClient;
use crate::kit::{Beside, Part, Record, Setting, Span};

/// After the storm, time for the last words of others.
const AFTER: Duration = Duration::from_secs(8);
/// How long the count of members may lag.
const COUNTED_WITHIN: Duration = Duration::from_secs(5);

/// The knobs.
#[derive(Debug, Clone, Args)]
pub struct JoinStormArgs {
    /// Joins per second, of all people together
    #[arg(long, default_value_t = 3_000.0, value_name = "R", value_parser = rate)]
    pub(super) joins_per_s: f64,
    /// Seconds of the storm
    #[arg(long, default_value = "10", value_name = "S", value_parser = seconds)]
    pub(super) storm: Duration,
    /// People who want to enter; more than the room lets in meanwhile
    #[arg(long, default_value_t = 4_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    people: u32,
    /// Joins that may be under way at the same time
    #[arg(long, default_value_t = 256, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    gates: u32,
    /// How many a second the room is to let in; asked of the node unless given
    #[arg(long, value_name = "R", value_parser = rate)]
    admitted_per_s: Option<f64>,
    #[command(flatten)]
    pub(super) beside: Beside,
}

/// Runs it.
pub async fn run(args: &JoinStormArgs, setting: &Setting) -> anyhow::Result<Record> {
    let people = args.people as usize + 1;
    let neighbours = args.beside.neighbours(setting, people, args.storm);
    let crowd = setting.gather(people + neighbours.people()).await?;
    let owner = crowd.http(0)?;
    let configured = match args.admitted_per_s {
        Some(rate) => rate,
        None => configured_rate(&owner).await.context("how many may enter? say --admitted-per-s")?,
    };
    let room = crowd.hall(&format!("{} storm", setting.run_id), 0..1).await?.room;
    let https = (0..people).map(|person| crowd.http(person)).collect::<anyhow::Result<Vec<_>>>()?;
    let spans = (args.beside.calm, args.storm);
    let gates = Gates::new(room, https, spans, args.joins_per_s, args.gates as usize, setting.limit);
    let mut parts = neighbours.parts(&crowd, &setting.nodes, std::time::Instant::now()).await?;
    parts.extend((0..gates.gates).map(|gate| -> Part {
        let gates = Arc::clone(&gates);
        Box::new(move |tell| Box::pin(async move { gates.stand(gate, tell).await }))
    }));
    let limit = args.beside.calm + args.storm + AFTER + setting.limit;
    let played = setting.play("join_storm", parts, limit).await?;
    let begin = played.start + args.beside.calm;
    let seen = Seen {
        calm: Span { from: played.start, to: begin },
        storm: Span { from: begin, to: begin + args.storm },
        configured,
        members: members(&owner, &gates.room, played.counted(super::gate::ADMITTED) + 1).await?,
    };
    Ok(setting.record("join_storm", findings(args, played, &seen)))
}

/// What META says, as `madang tune` shows it.
async fn configured_rate(http: &HttpClient) -> anyhow::Result<f64> {
    #[derive(Deserialize)]
    struct Told {
        tunables: Vec<Tunable>,
    }
    #[derive(Deserialize)]
    struct Tunable {
        name: String,
        value: f64,
    }
    let path = "/v1/cluster/tunables";
    let told: Told = http.request(Method::GET, path, &Value::Null, None::<&Value>).await?;
    let rate = told.tunables.into_iter().find(|one| one.name == "joins.per_s").map(|one| one.value);
    rate.context("the node does not tell joins.per_s")
}

/// How many are inside, once that is as wanted or has had time to be.
async fn members(owner: &HttpClient, room: &str, wanted: u64) -> anyhow::Result<u64> {
    let deadline = tokio::time::Instant::now() + COUNTED_WITHIN;
    loop {
        let members = owner.room(room).await?.members;
        if members == wanted || tokio::time::Instant::now() >= deadline {
            return Ok(members);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
