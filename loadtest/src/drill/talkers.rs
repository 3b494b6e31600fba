//! A few people who talk all the time, each in a room of their own: what others notice of whatever a drill does.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::accounts::{Applicant, enter_all};
use crate::chat::make_room;
use crate::client::{Connection, HttpClient, Nodes, Pushes, SendMessage};
use crate::latency::{Latencies, LatencySummary};

/// How long signing up, and an ack, may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Sign-ups at a time.
const AT_ONCE: usize = 8;
const TEXT: &str = "Is anybody else having trouble today?";

/// One message.
#[derive(Debug, Clone, Copy)]
struct Said {
    due: Instant,
    took: Duration,
}

/// People who talk. Dropping it ends them.
#[derive(Debug)]
pub(super) struct Talkers {
    hush: watch::Sender<bool>,
    running: JoinSet<anyhow::Result<Vec<Said>>>,
}

impl Talkers {
    /// So many people begin to say something this often each; who they are begins with `run_id`.
    pub(super) async fn begin(
        nodes: &Nodes,
        run_id: &str,
        people: usize,
        every: Duration,
    ) -> anyhow::Result<Self> {
        let http = HttpClient::among(nodes, PATIENCE)?;
        let name =
            |user| Applicant { user: format!("{run_id}-t{user}"), display_name: format!("Talker {user}") };
        let applicants: Vec<Applicant> = (0..people).map(name).collect();
        let sessions = enter_all(&http, &applicants, AT_ONCE, PATIENCE).await?;
        let (hush, hushed) = watch::channel(false);
        let (mut running, begun) = (JoinSet::new(), Instant::now());
        let count = u32::try_from(people).unwrap_or(u32::MAX).max(1);
        for (number, session) in sessions.into_iter().enumerate() {
            let alone = http.numbered(number).with_token(&session.token);
            let room = make_room(&[alone], &format!("{run_id} talk {number}")).await?.room;
            let url = nodes.home(number);
            let (connection, ..) =
                Connection::connect(url, &session.token, Pushes::Ignored, PATIENCE).await?;
            let first = begun + every * u32::try_from(number).unwrap_or(0) / count;
            running.spawn(talk(connection, room, first, every, hushed.clone()));
        }
        Ok(Self { hush, running })
    }

    /// They end; how long acks took of what was due in each of these spans of time.
    pub(super) async fn end(mut self, spans: &[(Instant, Instant)]) -> anyhow::Result<Vec<LatencySummary>> {
        self.hush.send_replace(true);
        let mut all = vec![Latencies::default(); spans.len()];
        while let Some(said) = self.running.join_next().await {
            for Said { due, took } in said.context("a talker")?? {
                for ((from, to), latencies) in spans.iter().zip(&mut all) {
                    if (*from..*to).contains(&due) {
                        latencies.record(took);
                    }
                }
            }
        }
        Ok(all.iter().map(Latencies::summary).collect())
    }
}

/// Says something whenever it is due, and waits for the ack. What is late because of a late ack counts from when
/// it was due.
async fn talk(
    connection: Connection,
    room: String,
    first: Instant,
    every: Duration,
    hushed: watch::Receiver<bool>,
) -> anyhow::Result<Vec<Said>> {
    let (mut said, mut due) = (Vec::new(), first);
    while !*hushed.borrow() {
        tokio::time::sleep_until(due.into()).await;
        let cid = said.len().to_string();
        let message = SendMessage { room: &room, cid: &cid, text: TEXT, after: None };
        connection.send(message, PATIENCE).await.context("a talker's message")?;
        said.push(Said { due, took: due.elapsed() });
        due += every;
    }
    Ok(said)
}
