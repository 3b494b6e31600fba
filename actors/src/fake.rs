//! A cluster that lives in memory, for tests: decides at once that every send happens, and can be told to
//! hold answers back, to keep its feed silent, to fail reads, or who leads. Several are linked as nodes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};
use madang_cluster::command::{
    Op, Outcome, PresenceOp, Refusal, Repeat, Reply, RoomOp, StatusChange, UserOp,
};
use madang_cluster::event::{FeedBatch, RoomEvent, ShardEvent};
use madang_cluster::machine::meta::Tunables;
use madang_cluster::placement::SlotMap;
use madang_cluster::{ClusterError, EventPage, Leader, Page, PeerService, Service, Tail, Tails};
use madang_storage::id::{Cid, RoomId, SessionId, ShardId, UserId};
use madang_storage::row::{
    Blocked, EventBody, EventRow, Features, MemberState, PresenceRow, Relation, RoomKind, Until, UserRoomRow,
};
use parking_lot::Mutex;
use tokio::sync::{broadcast, oneshot, watch};

use crate::encoder::{FrameEncoder, Unreadable};
use crate::position::Positions;
use crate::presence::{Circle, Shown, State};
use crate::service::ReadMark;
use crate::shed::{Class, Level};
use crate::truth::{Found, Head, History, Peers, Proposer, Truth, Typist};
use crate::typing::Typing;

/// How many batches a listener of the feed may be late.
const FEED_BATCHES: usize = 64;

type Waiting = (oneshot::Sender<Result<Outcome, ClusterError>>, Reply);

pub(crate) struct FakeCluster {
    me: Weak<Self>,
    node: u64,
    /// Who leads all shards.
    pub(crate) leader: watch::Sender<Leader>,
    links: Mutex<BTreeMap<u64, Weak<Self>>>,
    linked: watch::Sender<BTreeSet<u64>>,
    services: Mutex<HashMap<Service, Arc<dyn PeerService>>>,
    slots: SlotMap,
    /// Shards of which the feed is wanted.
    pub(crate) wanted: Mutex<BTreeSet<ShardId>>,
    feeds: Vec<broadcast::Sender<FeedBatch>>,
    rooms: Mutex<HashMap<RoomId, Vec<Arc<RoomEvent>>>>,
    pub(crate) lists: Mutex<HashMap<UserId, HashMap<RoomId, Option<MemberState>>>>,
    pub(crate) ended: Mutex<Vec<SessionId>>,
    /// Who is around users.
    pub(crate) circles: Mutex<HashMap<UserId, Circle>>,
    /// What the rooms do without.
    pub(crate) features: Mutex<Features>,
    /// What users show of being there.
    pub(crate) shows: Mutex<HashMap<UserId, PresenceRow>>,
    pub(crate) joined: AtomicUsize,
    /// How many commands find that this node does not lead any more, untouched.
    pub(crate) deposed: AtomicUsize,
    /// Answers that are held back.
    pub(crate) held: Mutex<Option<Vec<Waiting>>>,
    /// Nothing is published: as when the feed was too fast.
    pub(crate) silent: AtomicBool,
    pub(crate) pages_read: AtomicUsize,
    /// Commands that other nodes were asked to decide.
    pub(crate) requests: AtomicUsize,
    /// What META says.
    pub(crate) tuned: Mutex<Tunables>,
    /// Pages are not read before this is false.
    pub(crate) disk_hangs: AtomicBool,
    /// Place of the newest event, in the feed of whichever shard.
    pub(crate) pos: AtomicU64,
}

impl FakeCluster {
    pub(crate) fn new(shards: u16) -> Arc<Self> {
        Self::of_node(1, shards)
    }

    pub(crate) fn of_node(node: u64, shards: u16) -> Arc<Self> {
        let slots = SlotMap::new(shards);
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            node,
            leader: watch::Sender::new(Leader::Here),
            links: Mutex::default(),
            linked: watch::Sender::default(),
            services: Mutex::default(),
            slots,
            wanted: Mutex::default(),
            feeds: slots.all().map(|_| broadcast::channel(FEED_BATCHES).0).collect(),
            rooms: Mutex::default(),
            lists: Mutex::default(),
            ended: Mutex::default(),
            shows: Mutex::default(),
            circles: Mutex::default(),
            features: Mutex::default(),
            joined: AtomicUsize::new(2),
            deposed: AtomicUsize::new(0),
            held: Mutex::default(),
            silent: AtomicBool::new(false),
            pages_read: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            tuned: Mutex::default(),
            disk_hangs: AtomicBool::new(false),
            pos: AtomicU64::new(0),
        })
    }

    /// Links two nodes, also anew.
    pub(crate) fn link(self: &Arc<Self>, other: &Arc<Self>) {
        for (one, two) in [(self, other), (other, self)] {
            one.links.lock().insert(two.node, Arc::downgrade(two));
            one.linked.send_if_modified(|linked| linked.insert(two.node));
        }
    }

    /// Breaks the link between two nodes.
    pub(crate) fn unlink(&self, other: &Self) {
        for (one, two) in [(self, other), (other, self)] {
            one.links.lock().remove(&two.node);
            one.linked.send_if_modified(|linked| linked.remove(&two.node));
        }
    }

    /// Logs a message and publishes it; returns its seq.
    pub(crate) fn log(&self, room: RoomId, user: &UserId, text: &str) -> u64 {
        let mut rooms = self.rooms.lock();
        let log = rooms.entry(room).or_default();
        let pos = self.pos.fetch_add(1, Ordering::Relaxed) + 1;
        let event = event_at(room, log.len() as u64 + 1, pos, user, text);
        log.push(event.clone());
        let seq = event.seq;
        // Under the lock, so that the feed has the order of the log.
        self.publish(self.slots.of_room(&room), ShardEvent::Room(event));
        seq
    }

    /// A user shows something else of being there.
    pub(crate) fn show(&self, user: UserId, op: PresenceOp) {
        let row = {
            let mut shows = self.shows.lock();
            let row = shows.entry(user.clone()).or_default();
            match op {
                PresenceOp::Show { visibility, status } => {
                    row.visibility = visibility.unwrap_or(row.visibility);
                    match status {
                        Some(StatusChange::Set(status)) => row.status = Some(status),
                        Some(StatusChange::Clear) => row.status = None,
                        None => {}
                    }
                }
                PresenceOp::Gone { last_active_ms } => row.last_active_ms = last_active_ms,
            }
            row.clone()
        };
        self.publish(self.slots.of_user(&user), ShardEvent::Presence { user, row });
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
        let less_one = |left: usize| left.checked_sub(1);
        if self.deposed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less_one).is_ok() {
            drop(sender.send(Err(ClusterError::NotLeader { leader: None })));
            return Ok(receiver);
        }
        let reply = match op {
            Op::Room { room, user, op: RoomOp::Send { text, .. } } => {
                let seq = self.log(room, &user, &text);
                Reply::Sent { seq, at_ms: 0, dup: Repeat::First }
            }
            Op::User { user, op: UserOp::Presence(op) } => {
                self.show(user, op);
                Reply::Done { outbox: vec![] }
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

impl Peers for FakeCluster {
    fn node_id(&self) -> u64 {
        self.node
    }

    fn leader(&self, _: ShardId) -> Result<watch::Receiver<Leader>, ClusterError> {
        Ok(self.leader.subscribe())
    }

    fn linked(&self) -> watch::Receiver<BTreeSet<u64>> {
        self.linked.subscribe()
    }

    fn serve(&self, service: Service, handler: Arc<dyn PeerService>) {
        self.services.lock().insert(service, handler);
    }

    fn request(&self, node: u64, service: Service, payload: Bytes) -> Found<'static, Bytes> {
        if service == Service::ROOMS {
            self.requests.fetch_add(1, Ordering::Relaxed);
        }
        let peer = self.links.lock().get(&node).and_then(Weak::upgrade);
        let handler = peer.and_then(|peer| peer.services.lock().get(&service).cloned());
        let Some(handler) = handler else {
            let why = format!("node {node} is not linked");
            return Box::pin(ready(Err(ClusterError::Unavailable { why })));
        };
        // Called now, so that the order of calls is the order in which they begin.
        let answer = handler.request(self.node, payload);
        Box::pin(async move { answer.await.map_err(|why| ClusterError::Interrupted { why }) })
    }
}

impl History for FakeCluster {
    fn head<'a>(&'a self, room: &'a RoomId) -> Found<'a, Option<Head>> {
        let joined = self.joined.load(Ordering::Relaxed) as u64;
        let kind = RoomKind::Open;
        let head =
            |log: &Vec<_>| Head { last_seq: log.len() as u64, features: *self.features.lock(), joined, kind };
        let head = self.rooms.lock().get(room).map(head);
        Box::pin(ready(Ok(head)))
    }

    fn heads_here(&self, rooms: &[RoomId]) -> Option<Result<Vec<u64>, ClusterError>> {
        let logs = self.rooms.lock();
        Some(Ok(rooms.iter().map(|room| logs.get(room).map_or(0, |log| log.len() as u64)).collect()))
    }

    fn tails(&self, rooms: Vec<RoomId>) -> Found<'_, Tails> {
        let logs = self.rooms.lock();
        let tail = |room: RoomId| {
            let newest = logs.get(&room).and_then(|log| log.last());
            newest.map_or(Tail { room, seq: 0, pos: 0 }, |event| Tail {
                room,
                seq: event.seq,
                pos: event.row.pos,
            })
        };
        let rooms = rooms.into_iter().map(tail).collect();
        Box::pin(ready(Ok(Tails { pos: self.pos.load(Ordering::Relaxed), rooms })))
    }

    fn page<'a>(&'a self, room: &'a RoomId, page: Page, limit: usize, _: usize) -> Found<'a, EventPage> {
        Box::pin(async move {
            self.pages_read.fetch_add(1, Ordering::Relaxed);
            while self.disk_hangs.load(Ordering::Relaxed) {
                tokio::task::yield_now().await;
            }
            let rooms = self.rooms.lock();
            Ok(page_of(rooms.get(room).map_or(&[], Vec::as_slice), page, limit))
        })
    }

    fn rooms_of<'a>(&'a self, user: &'a UserId) -> Found<'a, Vec<(RoomId, UserRoomRow)>> {
        let lists = self.lists.lock();
        let row = |state| UserRoomRow {
            state,
            room_seq: 0,
            pos: 0,
            by: None,
            at_ms: 0,
            quiet: Until::OVER,
            pinned_ms: 0,
        };
        let list = lists.get(user).into_iter().flatten().map(|(room, state)| (*room, row(*state))).collect();
        Box::pin(ready(Ok(list)))
    }

    fn place<'a>(&'a self, user: &'a UserId, room: &'a RoomId) -> Found<'a, Option<MemberState>> {
        let place = self.lists.lock().get(user).and_then(|list| list.get(room).copied()).flatten();
        Box::pin(ready(Ok(place)))
    }

    fn session_lives<'a>(&'a self, _: &'a UserId, session: &'a SessionId) -> Found<'a, bool> {
        let lives = !self.ended.lock().contains(session);
        Box::pin(ready(Ok(lives)))
    }

    fn presence<'a>(&'a self, user: &'a UserId) -> Found<'a, PresenceRow> {
        Box::pin(ready(Ok(self.shows.lock().get(user).cloned().unwrap_or_default())))
    }

    fn circle<'a>(&'a self, user: &'a UserId) -> Found<'a, Circle> {
        Box::pin(ready(Ok(self.circles.lock().get(user).cloned().unwrap_or_default())))
    }

    fn typist<'a>(&'a self, room: &'a RoomId, user: &'a UserId) -> Found<'a, Typist> {
        let place = self.lists.lock().get(user).and_then(|list| list.get(room).copied()).flatten();
        let members = self.joined.load(Ordering::Relaxed) as u64;
        let typist = match place {
            Some(MemberState::Joined) => Typist::Member { members },
            _ => Typist::Refused(Refusal::NotMember),
        };
        Box::pin(ready(Ok(typist)))
    }
}

impl Truth for FakeCluster {
    fn slots(&self) -> SlotMap {
        self.slots
    }

    fn feed(&self, shard: ShardId) -> Result<broadcast::Receiver<FeedBatch>, ClusterError> {
        Ok(self.feeds[usize::from(shard.0)].subscribe())
    }

    fn want_feed(&self, shard: ShardId) {
        self.wanted.lock().insert(shard);
    }

    fn forgo_feed(&self, shard: ShardId) {
        self.wanted.lock().remove(&shard);
    }

    fn reader(&self, shard: ShardId) -> Found<'_, Arc<dyn History>> {
        Box::pin(ready(self.reader_now(shard)))
    }

    fn reader_now(&self, _: ShardId) -> Result<Arc<dyn History>, ClusterError> {
        Ok(self.me.upgrade().expect("whoever reads has a cluster"))
    }

    fn tuned(&self) -> Tunables {
        self.tuned.lock().clone()
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

/// The event of a shard that has no other rooms.
pub(crate) fn event(room: RoomId, seq: u64, user: &UserId, text: &str) -> Arc<RoomEvent> {
    event_at(room, seq, seq, user, text)
}

fn event_at(room: RoomId, seq: u64, pos: u64, user: &UserId, text: &str) -> Arc<RoomEvent> {
    let body = EventBody::Message { cid: Cid::parse("c").unwrap(), text: text.to_owned(), extra: None };
    let row = EventRow { at_ms: 0, user: user.clone(), pos, messages: seq, body };
    Arc::new(RoomEvent::new(room, seq, row))
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
    RoomOp::Send { cid: Cid::parse("c").unwrap(), text: text.to_owned(), after: None, extra: None }
}

/// Frames as plain words, one a line.
pub(crate) struct Words;

impl FrameEncoder for Words {
    fn event(&self, event: &RoomEvent) -> Bytes {
        format!("{} {}\n", event.seq, text_of(event)).into()
    }

    fn room_added<'a>(
        &'a self,
        user: &'a UserId,
        _: &'a RoomId,
    ) -> BoxFuture<'a, Result<Option<Bytes>, Unreadable>> {
        Box::pin(ready(Ok(Some(format!("added {user}\n").into()))))
    }

    fn room_removed(&self, _: &RoomId) -> Bytes {
        Bytes::from_static(b"removed\n")
    }

    fn read(&self, _: &RoomId, mark: ReadMark) -> Bytes {
        format!("read {} {}\n", mark.read_seq, mark.unread).into()
    }

    fn my_room(&self, _: &RoomId, quiet: Until, pinned_ms: u64) -> Bytes {
        Bytes::from(format!("my room {} {pinned_ms}\n", quiet.0))
    }

    fn receipt(&self, _: &RoomId, user: &UserId, read_seq: u64, received_seq: u64) -> Bytes {
        Bytes::from(format!("receipt {user} {read_seq} {received_seq}"))
    }

    fn contact(&self, other: &UserId, relation: Relation, _: u64) -> Bytes {
        Bytes::from(format!("contact {other} {relation:?}"))
    }

    fn block(&self, other: &UserId, blocked: Blocked) -> Bytes {
        Bytes::from(format!("block {other} {blocked:?}"))
    }

    fn presence(&self, user: &UserId, shown: &Shown) -> Bytes {
        let state = match shown.state {
            State::Online => "online",
            State::Idle => "idle",
            State::Offline => "offline",
        };
        let status = shown.status.as_ref().map_or(String::new(), |status| format!(" ({})", status.text));
        format!("{user} {state}{status}\n").into()
    }

    fn lines(&self, lines: &[Bytes]) -> Bytes {
        lines.concat().into()
    }

    fn my_presence(&self, row: &PresenceRow) -> Bytes {
        format!("you are {:?}\n", row.visibility).into()
    }

    fn typing(&self, _: &RoomId, user: &UserId, typing: Typing) -> Bytes {
        format!("{user} types: {typing:?}\n").into()
    }

    fn shed(&self, _: &RoomId, level: Level, _: &[Class], _: u64) -> Bytes {
        format!("shed {}\n", level.map_or("none", Class::name)).into()
    }

    fn head(&self, _: &RoomId, last_seq: u64) -> Bytes {
        format!("head {last_seq}\n").into()
    }

    fn size(&self, _: &RoomId, members: u64) -> Bytes {
        format!("size {members}\n").into()
    }

    fn cursor(&self, told: &Positions) -> Bytes {
        format!("told {}\n", told.of(ShardId(0))).into()
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
