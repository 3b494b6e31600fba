//! All clients of a drill together: accounts and rooms are made, everybody comes, is told where to go, and at
//! the end every room is read back and compared with what was acknowledged.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures_util::{StreamExt, TryStreamExt};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::diary::{Diary, Role};
use super::log_check::{Told, check_log};
use super::orders::{Board, Orders};
use super::outbox::Schedule;
use super::resident::Resident;
use super::ring::Traces;
use super::wrong::Wrong;
use crate::accounts::patiently;
use crate::chat::{Plan, Stage};
use crate::client::{Backoff, ClientError, Event, HttpClient, Nodes, Page};

/// How long everybody may take to get where they are told to go.
const THERE_WITHIN: Duration = Duration::from_secs(120);
/// How long the last deliveries may take.
const HEARD_WITHIN: Duration = Duration::from_secs(20);
/// Over this time the first connections are spread.
const ARRIVE_WITHIN: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Rooms read back at the same time.
const READS_AT_ONCE: usize = 4;
/// Most events on a page of history; the protocol's limit.
const PAGE_MAX: usize = 200;

/// What all drills have in common.
#[derive(Debug, Clone)]
pub struct CrowdOptions {
    /// The server's binary.
    pub madang: PathBuf,
    /// Whether the nodes' logs and data stay.
    pub traces: Traces,
    /// Who is in which room, and who sends.
    pub plan: Plan,
    /// Messages per second of all together.
    pub rate: f64,
    /// Bytes of a text.
    pub text_bytes: usize,
    /// Sign-ups at a time.
    pub sign_ups_at_once: usize,
    /// Limit of one attempt.
    pub command_timeout: Duration,
    /// Limit of all attempts of one command, and of coming back.
    pub give_up_after: Duration,
    /// Prefix of users and titles.
    pub run_id: String,
}

/// Running clients. Dropping it ends them.
pub(super) struct Crowd {
    options: CrowdOptions,
    http: HttpClient,
    stage: Stage,
    orders: watch::Sender<Orders>,
    pub(super) board: Arc<Board>,
    running: JoinSet<Diary>,
    began: Instant,
}

/// What is left when all have gone.
pub(super) struct Aftermath {
    pub(super) diaries: Vec<Diary>,
    pub(super) wrong: Wrong,
}

impl Crowd {
    /// Signs everybody up and connects them.
    pub(super) async fn gather(options: &CrowdOptions, orders: Orders) -> anyhow::Result<Self> {
        let http = HttpClient::among(&orders.nodes, options.command_timeout)?;
        eprintln!("{} clients sign up and make {} rooms", options.plan.users, options.plan.rooms());
        let stage = Stage::set(&http, &options.run_id, options.plan, options.sign_ups_at_once).await?;
        let board = Arc::new(Board::new(options.plan.users));
        let (orders, _) = watch::channel(orders);
        let began = Instant::now();
        let mut crowd =
            Self { options: options.clone(), http, stage, orders, board, running: JoinSet::new(), began };
        let users = u32::try_from(options.plan.users).unwrap_or(u32::MAX).max(1);
        for user in 0..options.plan.users {
            let role = crowd.role(user, began)?;
            let resident = Resident::new(role, crowd.orders.subscribe(), Arc::clone(&crowd.board));
            crowd.running.spawn(resident.live());
            tokio::time::sleep(ARRIVE_WITHIN / users).await;
        }
        crowd.wait("everybody is connected", |board| board.level() == options.plan.users).await?;
        Ok(crowd)
    }

    /// The id of each room, by number.
    pub(super) fn rooms(&self) -> impl Iterator<Item = &str> {
        self.stage.rooms.iter().map(|room| room.room.as_str())
    }

    /// Everybody who sends begins now.
    pub(super) fn talk(&self) {
        self.orders.send_modify(|orders| orders.talk_since = Some(Instant::now()));
    }

    /// From now on these are the nodes, for who loses the connection.
    pub(super) fn tell_nodes(&self, nodes: Nodes) {
        self.orders.send_modify(|orders| orders.nodes = nodes);
    }

    /// Everybody goes to that node, and stays there as long as it is good; `None`: to where they belong.
    /// Waits until all are there.
    pub(super) async fn march(&self, to: Option<usize>) -> anyhow::Result<()> {
        // Whoever has not heard the order yet is not there.
        self.board.clear_places();
        self.orders.send_modify(|orders| {
            orders.gathering = to;
            orders.marches += 1;
        });
        let all = self.options.plan.users;
        self.wait("everybody is where they were told to go", |board| match to {
            Some(node) => board.level_at(node) == all,
            None => board.level() == all,
        })
        .await
    }

    /// Waits until everybody is connected and knows what was missed; at most so long. Answers how many are.
    pub(super) async fn all_level(&self, limit: Duration) -> usize {
        let deadline = Instant::now() + limit;
        while self.board.level() < self.options.plan.users && Instant::now() < deadline {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.board.level()
    }

    /// Lets everybody finish, reads all rooms back, and sends everybody home.
    pub(super) async fn disperse(mut self) -> anyhow::Result<Aftermath> {
        self.orders.send_modify(|orders| orders.hush = true);
        let patience = self.options.give_up_after + HEARD_WITHIN;
        let deadline = Instant::now() + patience;
        while self.board.talking() > 0 && Instant::now() < deadline {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let logs = self.read_back().await?;
        let deadline = Instant::now() + HEARD_WITHIN;
        while !self.has_heard(&logs) && Instant::now() < deadline {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.orders.send_modify(|orders| orders.dismissed = true);
        let mut diaries = Vec::new();
        while let Some(diary) = self.running.join_next().await {
            diaries.push(diary.context("a client of the drill")?);
        }
        diaries.sort_by_key(|diary| diary.user);
        let wrong = self.compare(&logs, &diaries);
        Ok(Aftermath { diaries, wrong })
    }

    fn role(&self, user: usize, epoch: Instant) -> anyhow::Result<Role> {
        let plan = self.options.plan;
        let session = self.stage.sessions.get(user).context("a user without a session")?;
        let room = self.stage.rooms.get(plan.room_of(user)).context("a user without a room")?;
        let schedule = |sender| Schedule { rate: self.options.rate, senders: plan.senders, sender };
        Ok(Role {
            user,
            token: session.token.clone(),
            room: room.room.clone(),
            room_starts_after: room.last_seq,
            schedule: plan.sender_number(user).map(schedule),
            text_bytes: self.options.text_bytes,
            command_timeout: self.options.command_timeout,
            give_up_after: self.options.give_up_after,
            backoff: Backoff { cap: Duration::from_secs(3), ..Backoff::default() },
            epoch,
        })
    }

    async fn wait(&self, what: &str, is_so: impl Fn(&Board) -> bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + THERE_WITHIN;
        while !is_so(&self.board) {
            if Instant::now() >= deadline {
                bail!("not within {THERE_WITHIN:?}: {what}; {} are connected", self.board.level());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// The whole log of every room, by number.
    async fn read_back(&self) -> anyhow::Result<Vec<Vec<Event>>> {
        let plan = self.options.plan;
        let reads = self.stage.rooms.iter().enumerate().map(|(number, room)| {
            let user = plan.members_of(number).start;
            let token = self.stage.sessions.get(user).map_or("", |session| &session.token);
            let reader = self.http.numbered(number).with_token(token);
            async move { read_log(&reader, &room.room).await }
        });
        let read = futures_util::stream::iter(reads).buffered(READS_AT_ONCE);
        read.try_collect().await.context("cannot read the rooms back")
    }

    fn has_heard(&self, logs: &[Vec<Event>]) -> bool {
        logs.iter().enumerate().all(|(room, log)| {
            let last = last_of(log);
            self.options.plan.members_of(room).all(|user| self.board.known(user) >= last)
        })
    }

    fn compare(&self, logs: &[Vec<Event>], diaries: &[Diary]) -> Wrong {
        let plan = self.options.plan;
        let mut wrong = Wrong::default();
        let mut told: Vec<Vec<Told>> = vec![Vec::new(); logs.len()];
        for diary in diaries {
            let room = plan.room_of(diary.user);
            let last = logs.get(room).map_or(0, |log| last_of(log));
            wrong.add_heard(diary.faults(last));
            let id = self.stage.rooms.get(room).map_or("", |room| &room.room);
            let gap = diary.gap_in_words(last, self.began);
            wrong.explain(gap.map(|gap| format!("in room {id} {gap}")));
            let resyncs = diary.absences.iter().filter(|absence| absence.is_resync());
            wrong.explain(resyncs.map(|absence| {
                format!("user {} read by itself: {}", diary.user, absence.in_words(self.began))
            }));
            wrong.add_complaints(&diary.complaints);
            let acks =
                diary.acks.iter().map(|ack| Told { user: diary.user, number: ack.number, seq: ack.seq });
            if let Some(told) = told.get_mut(room) {
                told.extend(acks);
            }
        }
        for (log, told) in logs.iter().zip(&told) {
            wrong.add_logged(check_log(log, told));
        }
        wrong
    }
}

fn last_of(log: &[Event]) -> u64 {
    log.last().map_or(0, |event| event.seq)
}

async fn read_log(reader: &HttpClient, room: &str) -> Result<Vec<Event>, ClientError> {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let after = last_of(&events);
        let ask = || reader.history(room, Page::After(after), PAGE_MAX);
        let page = patiently(HEARD_WITHIN, ask).await?;
        let is_empty = page.events.is_empty();
        events.extend(page.events);
        if !page.more || is_empty {
            return Ok(events);
        }
    }
}
