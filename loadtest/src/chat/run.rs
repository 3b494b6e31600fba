//! The whole chat, from signing up to the report.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::StreamExt;

use super::attack::scenario;
use super::hall::Hall;
use super::plan::{Load, Plan};
use super::report::ChatReport;
use crate::accounts::{Applicant, enter_all, patiently};
use crate::attack::AttackOptions;
use crate::client::{ClientError, CreateRoom, HttpClient, Nodes, Session};

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
    /// The server's process, to count its CPU time.
    pub server_pid: Option<u32>,
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
    let (sessions, rooms) = prepare(options, &http).await?;
    let hall = Arc::new(Hall::new(options.clone(), sessions, rooms));
    let conductor = tokio::spawn(Arc::clone(&hall).conduct());
    let attack = AttackOptions { users: options.plan.users, ..options.attack.clone() };
    let attacked = crate::attack::run(&attack, scenario(&hall)).await;
    conductor.abort();
    attacked?;
    hall.report()
}

/// A room and where its log ends before the chat.
pub(super) struct RoomStart {
    pub(super) room: String,
    pub(super) last_seq: u64,
}

/// Sessions for all users, and the rooms with their members.
async fn prepare(options: &ChatOptions, http: &HttpClient) -> anyhow::Result<(Vec<Session>, Vec<RoomStart>)> {
    let patience = Duration::from_secs(120);
    let applicants: Vec<Applicant> = (0..options.plan.users)
        .map(|user| Applicant {
            user: format!("{}-{user}", options.run_id),
            display_name: format!("User {user}"),
        })
        .collect();
    let sessions = enter_all(http, &applicants, options.sign_ups_at_once, patience)
        .await
        .context("cannot sign everybody up")?;
    let plan = options.plan;
    let make = |number: usize| {
        let members: Vec<HttpClient> = plan
            .members_of(number)
            .filter_map(|user| Some(http.numbered(user).with_token(&sessions.get(user)?.token)))
            .collect();
        let title = format!("{} chat {number}", options.run_id);
        async move { make_room(&members, &title, patience).await }
    };
    let mut making = futures_util::stream::iter((0..plan.rooms()).map(make)).buffered(8);
    let mut rooms = Vec::new();
    while let Some(room) = making.next().await {
        rooms.push(room.context("cannot make the rooms")?);
    }
    drop(making);
    Ok((sessions, rooms))
}

async fn make_room(
    members: &[HttpClient],
    title: &str,
    patience: Duration,
) -> Result<RoomStart, ClientError> {
    let Some((owner, others)) = members.split_first() else {
        return Err(ClientError::Local("a room without members".to_owned()));
    };
    let wanted = CreateRoom::open(title);
    let room = patiently(patience, || owner.create_room(&wanted)).await?.room;
    for other in others {
        match patiently(patience, || other.join(&room)).await {
            // An attempt without an answer may have joined.
            Err(error) if error.is("conflict") => {}
            joined => drop(joined?),
        }
    }
    let last_seq = patiently(patience, || owner.room(&room)).await?.last_seq;
    Ok(RoomStart { room, last_seq })
}
