//! A few people who talk all the time, each in a room of their own: what others notice of whatever a drill does.

use std::collections::BTreeMap;
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

/// What one of them said.
struct Talk {
    room: String,
    last_seq: u64,
    said: Vec<Said>,
}

/// What they leave.
#[derive(Debug, Default)]
pub(super) struct Talked {
    /// How long acks took, for each span of time that was asked for.
    pub(super) acks: Vec<LatencySummary>,
    /// Where the log of each of their rooms ends.
    pub(super) ends: BTreeMap<String, u64>,
}

/// People who talk. Dropping it ends them.
#[derive(Debug)]
pub(super) struct Talkers {
    hush: watch::Sender<bool>,
    running: JoinSet<anyhow::Result<Talk>>,
}

impl Talkers {
    /// So many people begin to say something this often each, in rooms with these listeners, by their tokens; who
    /// they are begins with `run_id`.
    pub(super) async fn begin(
        nodes: &Nodes,
        run_id: &str,
        people: usize,
        every: Duration,
        listeners: &[&[String]],
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
            let listening = listeners.get(number).copied().unwrap_or_default();
            let others = listening.iter().map(|token| http.numbered(number).with_token(token));
            let members: Vec<HttpClient> = std::iter::once(alone).chain(others).collect();
            let room = make_room(&members, &format!("{run_id} talk {number}")).await?.room;
            let url = nodes.home(number);
            let (connection, ..) =
                Connection::connect(url, &session.token, Pushes::Ignored, PATIENCE).await?;
            let first = begun + every * u32::try_from(number).unwrap_or(0) / count;
            running.spawn(talk(connection, room, first, every, hushed.clone()));
        }
        Ok(Self { hush, running })
    }

    /// They end; how long acks took of what was due in each of these spans of time.
    pub(super) async fn end(mut self, spans: &[(Instant, Instant)]) -> anyhow::Result<Talked> {
        self.hush.send_replace(true);
        let mut all = vec![Latencies::default(); spans.len()];
        let mut talked = Talked::default();
        while let Some(talk) = self.running.join_next().await {
            let Talk { room, last_seq, said } = talk.context("a talker")??;
            talked.ends.insert(room, last_seq);
            for Said { due, took } in said {
                for ((from, to), latencies) in spans.iter().zip(&mut all) {
                    if (*from..*to).contains(&due) {
                        latencies.record(took);
                    }
                }
            }
        }
        talked.acks = all.iter().map(Latencies::summary).collect();
        Ok(talked)
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
) -> anyhow::Result<Talk> {
    let (mut said, mut due, mut last_seq) = (Vec::new(), first, 0);
    while !*hushed.borrow() {
        tokio::time::sleep_until(due.into()).await;
        let cid = said.len().to_string();
        let message = SendMessage { room: &room, cid: &cid, text: TEXT, after: None };
        last_seq = connection.send(message, PATIENCE).await.context("a talker's message")?.seq;
        said.push(Said { due, took: due.elapsed() });
        due += every;
    }
    Ok(Talk { room, last_seq, said })
}
