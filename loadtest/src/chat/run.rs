//! The whole chat, from signing up to the report.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures_util::StreamExt;
use goose::goose::{GooseUser, Scenario, Transaction, TransactionFunction, TransactionResult};
use serde::Serialize;
use tokio::sync::watch;

use super::member::{Member, Role, Times, Totals};
use super::plan::{Load, Plan};
use crate::accounts::{Applicant, enter_all, patiently};
use crate::attack::{AttackOptions, Sample, finish, record};
use crate::client::{ClientError, Connection, CreateRoom, HttpClient, Pushes, Session};
use crate::latency::LatencySummary;
use crate::process::{cpu_time, own_cpu_time};

/// Pushes that may wait for one user; far more than a user of a chat that keeps up ever has.
const FEED_MAX: usize = 100_000;
/// Goose cannot interrupt a transaction, so none lasts longer.
const SLICE: Duration = Duration::from_secs(1);
/// While waiting for the last deliveries.
const SHORT_SLICE: Duration = Duration::from_millis(50);

/// What the command line says.
#[derive(Debug, Clone)]
pub struct ChatOptions {
    /// The node's address.
    pub url: String,
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

/// A chat's result.
#[derive(Debug, Clone, Serialize)]
pub struct ChatReport {
    /// `chat`.
    pub scenario: &'static str,
    /// Prefix of all users and titles.
    pub run_id: String,
    /// Users with a connection.
    pub users: usize,
    /// Rooms.
    pub rooms: usize,
    /// Members of a room.
    pub room_size: usize,
    /// Users who send.
    pub senders: usize,
    /// How much was sent, in words.
    pub load: String,
    /// Bytes of a text.
    pub text_bytes: usize,
    /// How long it counted.
    pub measured_ms: u64,
    /// Acknowledged while it counted.
    pub acked: u64,
    /// The same per second.
    pub acks_per_s: f64,
    /// Deliveries while it counted.
    pub heard: u64,
    /// The same per second.
    pub heard_per_s: f64,
    /// Sends refused or not answered.
    pub failed: u64,
    /// One of the failures.
    pub failure: Option<String>,
    /// From sending to the acknowledgement.
    pub send: LatencySummary,
    /// From when it should have been sent to the acknowledgement.
    pub intended: LatencySummary,
    /// From sending to each delivery.
    pub hear: LatencySummary,
    /// Logged but not delivered.
    pub missing: u64,
    /// Delivered more than once.
    pub doubled: u64,
    /// Delivered after a later one.
    pub out_of_order: u64,
    /// Delivered with a text nobody sent.
    pub changed: u64,
    /// Connections that were lost.
    pub disconnects: u64,
    /// CPU time of the server.
    pub server_cpu_s_per_million_acks: Option<f64>,
    /// CPU time of the load test.
    pub own_cpu_s_per_million_acks: Option<f64>,
}

impl ChatReport {
    /// Everything that must not happen.
    pub fn faults(&self) -> u64 {
        self.missing + self.doubled + self.out_of_order + self.changed + self.disconnects
    }
}

/// Runs a chat.
pub async fn run(options: &ChatOptions) -> anyhow::Result<ChatReport> {
    let http = HttpClient::new(&options.url, options.command_timeout)?;
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
struct RoomStart {
    room: String,
    last_seq: u64,
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
            .filter_map(|user| Some(http.with_token(&sessions.get(user)?.token)))
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

/// What all users share.
struct Hall {
    options: ChatOptions,
    sessions: Vec<Session>,
    rooms: Vec<RoomStart>,
    epoch: Instant,
    /// Users who have taken a place, and who are connected or have failed to.
    entered: AtomicUsize,
    ready: AtomicUsize,
    /// Told when everybody is ready.
    times: watch::Sender<Option<Times>>,
    /// Users who will send no more.
    silent: AtomicUsize,
    /// Newest acknowledged position of each room.
    last_acked: Vec<AtomicU64>,
    totals: Mutex<Totals>,
    cpu: Mutex<CpuUse>,
}

#[derive(Debug, Clone, Copy, Default)]
struct CpuUse {
    server: Option<Duration>,
    own: Option<Duration>,
}

impl Hall {
    fn new(options: ChatOptions, sessions: Vec<Session>, rooms: Vec<RoomStart>) -> Self {
        Self {
            last_acked: rooms.iter().map(|room| AtomicU64::new(room.last_seq)).collect(),
            options,
            sessions,
            rooms,
            epoch: Instant::now(),
            entered: AtomicUsize::new(0),
            ready: AtomicUsize::new(0),
            times: watch::channel(None).0,
            silent: AtomicUsize::new(0),
            totals: Mutex::default(),
            cpu: Mutex::default(),
        }
    }

    /// Starts the chat when everybody is there, and counts CPU time while it counts.
    async fn conduct(self: Arc<Self>) {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while self.ready.load(Ordering::Acquire) < self.options.plan.users {
            look.tick().await;
        }
        let start = Instant::now() + Duration::from_millis(100);
        let measured_from = start + self.options.warm_up;
        let end = measured_from + self.options.duration;
        self.times.send_replace(Some(Times { start, measured_from, end }));
        let now = || (self.options.server_pid.and_then(cpu_time), own_cpu_time());
        tokio::time::sleep_until(measured_from.into()).await;
        let before = now();
        tokio::time::sleep_until(end.into()).await;
        let after = now();
        let used = |before: Option<Duration>, after: Option<Duration>| after?.checked_sub(before?);
        *self.cpu.lock().unwrap_or_else(PoisonError::into_inner) =
            CpuUse { server: used(before.0, after.0), own: used(before.1, after.1) };
    }

    fn role(&self, user: usize) -> Option<(Role, &Session, u64)> {
        let plan = self.options.plan;
        let session = self.sessions.get(user)?;
        let room = self.rooms.get(plan.room_of(user))?;
        let role = Role {
            user,
            run_id: self.options.run_id.as_str().into(),
            room: room.room.clone(),
            sender: plan.sender_number(user),
            senders: plan.senders,
            load: self.options.load,
            text_bytes: self.options.text_bytes,
            command_timeout: self.options.command_timeout,
            hear_every: self.options.hear_every,
            epoch: self.epoch,
        };
        Some((role, session, room.last_seq))
    }

    fn last_acked_of(&self, user: usize) -> Option<&AtomicU64> {
        self.last_acked.get(self.options.plan.room_of(user))
    }

    fn report(&self) -> anyhow::Result<ChatReport> {
        let Some(times) = *self.times.borrow() else { bail!("the chat was interrupted before it began") };
        let totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        let cpu = *self.cpu.lock().unwrap_or_else(PoisonError::into_inner);
        let measured = times.end - times.measured_from;
        let per_s = |count: u64| count as f64 / measured.as_secs_f64().max(f64::MIN_POSITIVE);
        let per_million = |used: Option<Duration>| {
            Some(used?.as_secs_f64() * 1e6 / totals.acked as f64).filter(|share| share.is_finite())
        };
        let plan = self.options.plan;
        Ok(ChatReport {
            scenario: "chat",
            run_id: self.options.run_id.clone(),
            users: plan.users,
            rooms: plan.rooms(),
            room_size: plan.room_size,
            senders: plan.senders,
            load: match self.options.load {
                Load::Open { rate } => format!("{rate} messages/s"),
                Load::Closed => "one outstanding send each".to_owned(),
            },
            text_bytes: self.options.text_bytes,
            measured_ms: u64::try_from(measured.as_millis()).unwrap_or(u64::MAX),
            acked: totals.acked,
            acks_per_s: per_s(totals.acked),
            heard: totals.heard,
            heard_per_s: per_s(totals.heard),
            failed: totals.failed,
            failure: totals.failure.clone(),
            send: totals.send.summary(),
            intended: totals.intended.summary(),
            hear: totals.hear.summary(),
            missing: totals.faults.missing,
            doubled: totals.faults.doubled,
            out_of_order: totals.faults.out_of_order,
            changed: totals.faults.changed,
            disconnects: totals.disconnects,
            server_cpu_s_per_million_acks: per_million(cpu.server),
            own_cpu_s_per_million_acks: per_million(cpu.own),
        })
    }
}

/// What a goose user keeps.
#[derive(Clone)]
struct Place {
    user: usize,
    member: Arc<tokio::sync::Mutex<Option<Member>>>,
    /// Whether the others know already that this one sends no more.
    told: Arc<std::sync::atomic::AtomicBool>,
}

fn scenario(hall: &Arc<Hall>) -> Scenario {
    let (at_door, inside) = (Arc::clone(hall), Arc::clone(hall));
    let enter: TransactionFunction = Arc::new(move |user| {
        let hall = Arc::clone(&at_door);
        Box::pin(async move { enter(user, &hall).await })
    });
    let live: TransactionFunction = Arc::new(move |user| {
        let hall = Arc::clone(&inside);
        Box::pin(async move { live(user, &hall).await })
    });
    Scenario::new("chat")
        .register_transaction(Transaction::new(enter).set_name("connect").set_on_start())
        .register_transaction(Transaction::new(live).set_name("chat"))
}

async fn enter(goose: &mut GooseUser, hall: &Hall) -> TransactionResult {
    let user = hall.entered.fetch_add(1, Ordering::Relaxed);
    let Some((role, session, last_seq)) = hall.role(user) else { return Ok(()) };
    let started = Instant::now();
    let pushes = Pushes::Kept { max: FEED_MAX };
    let limit = hall.options.command_timeout;
    let connected = Connection::connect(&hall.options.url, &session.token, pushes, limit).await;
    let (member, failure) = match connected {
        Ok((connection, feed, _)) => (Some(Member::new(role, connection, feed, last_seq)), None),
        Err(error) => {
            let mut totals = hall.totals.lock().unwrap_or_else(PoisonError::into_inner);
            totals.disconnects += 1;
            totals.failure.get_or_insert_with(|| error.to_string());
            (None, Some((error.refusal().map_or(0, |refusal| refusal.code), error.to_string())))
        }
    };
    if member.is_none() {
        hall.silent.fetch_add(1, Ordering::AcqRel);
    }
    let place = Place { user, member: Arc::new(tokio::sync::Mutex::new(member)), told: Arc::default() };
    goose.set_session_data(place);
    hall.ready.fetch_add(1, Ordering::AcqRel);
    record(goose, &Sample { operation: "connect", took: started.elapsed(), failure }).await
}

/// One slice of a user's life.
async fn live(goose: &mut GooseUser, hall: &Hall) -> TransactionResult {
    let Some(place) = goose.get_session_data::<Place>().cloned() else {
        finish(goose);
        return Ok(());
    };
    let mut slot = place.member.lock().await;
    let Some(member) = slot.as_mut() else {
        finish(goose);
        return Ok(());
    };
    let mut times = hall.times.subscribe();
    let waiting = tokio::time::timeout(SLICE, times.wait_for(Option::is_some)).await;
    let Some(times) = waiting.ok().and_then(Result::ok).and_then(|times| *times) else { return Ok(()) };

    let now = Instant::now();
    let slice = if now < times.end { SLICE.min(times.end - now) } else { SHORT_SLICE };
    let lived = member.live(&times, now + slice).await;
    for sample in std::mem::take(&mut member.samples) {
        record(goose, &sample).await?;
    }
    let Some(last_acked) = hall.last_acked_of(place.user) else { return Ok(()) };
    let over = lived.is_err() || member.has_spoken(&times);
    if over && !place.told.swap(true, Ordering::Relaxed) {
        last_acked.fetch_max(member.last_acked, Ordering::AcqRel);
        hall.silent.fetch_add(1, Ordering::AcqRel);
    }
    let all_silent = hall.silent.load(Ordering::Acquire) >= hall.options.plan.users;
    let last = last_acked.load(Ordering::Acquire);
    let patience_over = Instant::now() >= times.end + hall.options.drain;
    if (all_silent && member.has_heard(last)) || patience_over || lived.is_err() {
        if let Err(error) = lived {
            member.totals.disconnects += 1;
            member.totals.failure.get_or_insert_with(|| error.to_string());
        }
        if let Some(member) = slot.take() {
            hall.totals.lock().unwrap_or_else(PoisonError::into_inner).add(member.close(last));
        }
        finish(goose);
    }
    Ok(())
}
