//! What all users of a chat share: who is where, when it starts and ends, and what came of it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::bail;
use tokio::sync::watch;

use super::member::{Role, Times, Totals};
use super::plan::Load;
use super::report::ChatReport;
use super::run::ChatOptions;
use super::stage::{RoomStart, Stage};
use super::usage::Usage;
use crate::client::Session;

/// What all users share.
pub(super) struct Hall {
    pub(super) options: ChatOptions,
    sessions: Vec<Session>,
    rooms: Vec<RoomStart>,
    epoch: Instant,
    /// Users who have taken a place, and who are connected or have failed to.
    pub(super) entered: AtomicUsize,
    pub(super) ready: AtomicUsize,
    /// Told when everybody is ready.
    pub(super) times: watch::Sender<Option<Times>>,
    /// Users who will send no more.
    pub(super) silent: AtomicUsize,
    /// Newest acknowledged position of each room.
    last_acked: Vec<AtomicU64>,
    pub(super) totals: Mutex<Totals>,
    used: Mutex<Usage>,
}

impl Hall {
    pub(super) fn new(options: ChatOptions, stage: Stage) -> Self {
        let Stage { sessions, rooms } = stage;
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
            used: Mutex::default(),
        }
    }

    /// Starts the chat when everybody is there, and counts CPU time while it counts.
    pub(super) async fn conduct(self: Arc<Self>) {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while self.ready.load(Ordering::Acquire) < self.options.plan.users {
            look.tick().await;
        }
        let start = Instant::now() + Duration::from_millis(100);
        let measured_from = start + self.options.warm_up;
        let end = measured_from + self.options.duration;
        self.times.send_replace(Some(Times { start, measured_from, end }));
        tokio::time::sleep_until(measured_from.into()).await;
        let before = Usage::now(&self.options).await;
        tokio::time::sleep_until(end.into()).await;
        let after = Usage::now(&self.options).await;
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = after.since(before);
    }

    pub(super) fn role(&self, user: usize) -> Option<(Role, &Session, u64)> {
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

    pub(super) fn last_acked_of(&self, user: usize) -> Option<&AtomicU64> {
        self.last_acked.get(self.options.plan.room_of(user))
    }

    pub(super) fn report(&self) -> anyhow::Result<ChatReport> {
        let Some(times) = *self.times.borrow() else { bail!("the chat was interrupted before it began") };
        let totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let measured = times.end - times.measured_from;
        let per_s = |count: u64| count as f64 / measured.as_secs_f64().max(f64::MIN_POSITIVE);
        let share = |used: f64, count: u64| Some(used / count as f64).filter(|share| share.is_finite());
        let cpu_s_per_million = |used: Option<Duration>, count: u64| share(used?.as_secs_f64() * 1e6, count);
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
            server_cpu_s_per_million_acks: cpu_s_per_million(used.servers, totals.acked),
            server_cpu_s_per_million_heard: cpu_s_per_million(used.servers, totals.heard),
            own_cpu_s_per_million_acks: cpu_s_per_million(used.own, totals.acked),
            link_raft_bytes_per_ack: used.links.and_then(|links| share(links.raft as f64, totals.acked)),
            link_bulk_bytes_per_ack: used.links.and_then(|links| share(links.bulk as f64, totals.acked)),
        })
    }
}
