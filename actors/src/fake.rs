//! A cluster that lives in memory, for tests: decides at once that every send happens, and can be told to
//! hold answers back, to keep its feed silent, or to fail reads.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use madang_cluster::command::{Op, Outcome, Repeat, Reply, RoomOp};
use madang_cluster::event::{FeedBatch, RoomEvent, ShardEvent};
use madang_cluster::placement::SlotMap;
use madang_cluster::{ClusterError, EventPage, Page};
use madang_storage::id::{Cid, RoomId, SessionId, ShardId, UserId};
use madang_storage::row::{EventBody, EventRow, MemberState};
use parking_lot::Mutex;
use tokio::sync::{broadcast, oneshot};

use crate::encoder::{FrameEncoder, Online};
use crate::truth::{Head, History, Proposer, Truth};

/// How many batches a listener of the feed may be late.
const FEED_BATCHES: usize = 64;

type Waiting = (oneshot::Sender<Result<Outcome, ClusterError>>, Reply);

pub(crate) struct FakeCluster {
    slots: SlotMap,
    feeds: Vec<broadcast::Sender<FeedBatch>>,
    rooms: Mutex<HashMap<RoomId, Vec<Arc<RoomEvent>>>>,
    pub(crate) lists: Mutex<HashMap<UserId, HashMap<RoomId, Option<MemberState>>>>,
    pub(crate) ended: Mutex<Vec<SessionId>>,
    pub(crate) joined: AtomicUsize,
    /// Answers that are held back.
    pub(crate) held: Mutex<Option<Vec<Waiting>>>,
    /// Nothing is published: as when the feed was too fast.
    pub(crate) silent: AtomicBool,
    pub(crate) pages_read: AtomicUsize,
    /// Pages are not read before this is false.
    pub(crate) disk_hangs: AtomicBool,
}

impl FakeCluster {
    pub(crate) fn new(shards: u16) -> Arc<Self> {
        let slots = SlotMap::new(shards);
        Arc::new(Self {
            slots,
            feeds: slots.all().map(|_| broadcast::channel(FEED_BATCHES).0).collect(),
            rooms: Mutex::default(),
            lists: Mutex::default(),
            ended: Mutex::default(),
            joined: AtomicUsize::new(2),
            held: Mutex::default(),
            silent: AtomicBool::new(false),
            pages_read: AtomicUsize::new(0),
            disk_hangs: AtomicBool::new(false),
        })
    }

    /// Logs a message and publishes it; returns its seq.
    pub(crate) fn log(&self, room: RoomId, user: &UserId, text: &str) -> u64 {
        let mut rooms = self.rooms.lock();
        let log = rooms.entry(room).or_default();
        let event = event(room, log.len() as u64 + 1, user, text);
        log.push(event.clone());
        let seq = event.seq;
        // Under the lock, so that the feed has the order of the log.
        self.publish(self.slots.of_room(&room), ShardEvent::Room(event));
        seq
    }

    pub(crate) fn publish(&self, shard: ShardId, event: ShardEvent) {
        if !self.silent.load(Ordering::Relaxed) {
            let _ = self.feeds[usize::from(shard.0)].send(FeedBatch { shard, events: Arc::new(vec![event]) });
        }
    }

    /// The texts of a room's log.
    pub(crate) fn texts(&self, room: RoomId) -> Vec<String> {
        self.rooms.lock().get(&room).into_iter().flatten().map(|event| text_of(event)).collect()
    }

    pub(crate) fn hold(&self) {
        *self.held.lock() = Some(Vec::new());
    }

    pub(crate) fn let_go(&self) {
        for (answer, reply) in self.held.lock().take().into_iter().flatten() {
            let _ = answer.send(Ok(Ok(reply)));
        }
    }
}

impl Proposer for FakeCluster {
    fn submit(
        &self,
        _: ShardId,
        op: Op,
    ) -> Result<oneshot::Receiver<Result<Outcome, ClusterError>>, ClusterError> {
        let (sender, receiver) = oneshot::channel();
        let reply = match op {
            Op::Room { room, user, op: RoomOp::Send { text, .. } } => {
                let seq = self.log(room, &user, &text);
                Reply::Sent { seq, at_ms: 0, dup: Repeat::First }
            }
            _ => Reply::Done { outbox: vec![] },
        };
        match &mut *self.held.lock() {
            Some(held) => held.push((sender, reply)),
            None => drop(sender.send(Ok(Ok(reply)))),
        }
        Ok(receiver)
    }
}

impl History for FakeCluster {
    fn head(&self, room: &RoomId) -> Result<Option<Head>, ClusterError> {
        let joined = self.joined.load(Ordering::Relaxed) as u64;
        Ok(self.rooms.lock().get(room).map(|log| Head { last_seq: log.len() as u64, joined }))
    }

    fn page(&self, room: &RoomId, page: Page, limit: usize, _: usize) -> Result<EventPage, ClusterError> {
        self.pages_read.fetch_add(1, Ordering::Relaxed);
        while self.disk_hangs.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        let rooms = self.rooms.lock();
        Ok(page_of(rooms.get(room).map_or(&[], Vec::as_slice), page, limit))
    }

    fn rooms_of(&self, user: &UserId) -> Result<Vec<(RoomId, Option<MemberState>)>, ClusterError> {
        Ok(self.lists.lock().get(user).into_iter().flatten().map(|(room, state)| (*room, *state)).collect())
    }

    fn place(&self, user: &UserId, room: &RoomId) -> Result<Option<MemberState>, ClusterError> {
        Ok(self.lists.lock().get(user).and_then(|list| list.get(room).copied()).flatten())
    }

    fn session_lives(&self, _: &UserId, session: &SessionId) -> Result<bool, ClusterError> {
        Ok(!self.ended.lock().contains(session))
    }
}

impl Truth for FakeCluster {
    fn slots(&self) -> SlotMap {
        self.slots
    }

    fn feed(&self, shard: ShardId) -> Result<broadcast::Receiver<FeedBatch>, ClusterError> {
        Ok(self.feeds[usize::from(shard.0)].subscribe())
    }
}

/// The page of a whole log, without a limit in bytes: the rules written down plainly.
pub(crate) fn page_of(log: &[Arc<RoomEvent>], page: Page, limit: usize) -> EventPage {
    let last = log.len();
    let within = |seq: u64| usize::try_from(seq).unwrap().min(last);
    let (from, to, more) = match page {
        Page::Newest => (last.saturating_sub(limit), last, last > limit),
        Page::Before(seq) => {
            let to = within(seq.saturating_sub(1));
            (to.saturating_sub(limit), to, to > limit)
        }
        Page::After(seq) => {
            let from = within(seq);
            let to = (from + limit).min(last);
            (from, to, to < last)
        }
        Page::Around(_) => unreachable!("not asked here"),
    };
    EventPage { events: log[from..to].to_vec(), more }
}

pub(crate) fn event(room: RoomId, seq: u64, user: &UserId, text: &str) -> Arc<RoomEvent> {
    let body = EventBody::Message { cid: Cid::parse("c").unwrap(), text: text.to_owned() };
    Arc::new(RoomEvent {
        room,
        seq,
        row: EventRow { at_ms: 0, user: user.clone(), pos: 0, messages: seq, body },
    })
}

pub(crate) fn text_of(event: &RoomEvent) -> String {
    match &event.row.body {
        EventBody::Message { text, .. } => text.clone(),
        other => format!("{other:?}"),
    }
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub(crate) fn send(text: &str) -> RoomOp {
    RoomOp::Send { cid: Cid::parse("c").unwrap(), text: text.to_owned(), after: None }
}

/// Frames as plain words, one a line.
pub(crate) struct Words;

impl FrameEncoder for Words {
    fn event(&self, event: &RoomEvent) -> Bytes {
        format!("{} {}\n", event.seq, text_of(event)).into()
    }

    fn room_added(&self, user: &UserId, _: &RoomId) -> Option<Bytes> {
        Some(format!("added {user}\n").into())
    }

    fn room_removed(&self, _: &RoomId) -> Bytes {
        Bytes::from_static(b"removed\n")
    }

    fn read(&self, _: &RoomId, read_seq: u64, unread: u64) -> Bytes {
        format!("read {read_seq} {unread}\n").into()
    }

    fn presence(&self, user: &UserId, online: Online) -> Bytes {
        format!("{user} {online:?}\n").into()
    }

    fn drain(&self, _: u64) -> Bytes {
        Bytes::from_static(b"drain\n")
    }
}

/// Waits until something holds, ten seconds at most.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let turns = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), turns).await.unwrap_or_else(|_| panic!("never: {what}"));
}
