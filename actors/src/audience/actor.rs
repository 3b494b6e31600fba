//! The audience's shell: hears the feed, reads the log off the thread, sends frames to the hubs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use madang_cluster::event::ShardEvent;
use madang_cluster::{ClusterError, Page, Tails};
use madang_storage::id::{RoomId, UserId};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::Semaphore;

use super::audiences::Seats;
use super::machine::{Heal, RETRY_MS_MIN, longer};
use super::message::AudienceMessage;
use super::people::{Parts, People};
use super::reach::{LookId, Looked, Reach};
use super::receipts::{GATHER_FOR, Gathered, Mark, Receipts};
use super::sink::HubSink;
use super::sizes::{self, Sizes, changes_size};
use super::wanting::{Ask, Listeners, Wanting};
use crate::metrics::Counters;
use crate::options::ActorOptions;
use crate::pump::{Fed, Running, pump};
use crate::service::ReadMark;
use crate::shed::Class;
use crate::truth::History;

/// Events of one page that heals.
const PAGE_EVENTS: usize = 200;
/// Bytes of one page that heals.
const PAGE_BYTES: usize = 256 * 1024;
/// Rooms whose end is looked up in one go.
const TAILS_AT_ONCE: usize = 1_000;
/// How often the hubs hear how far the feed has come.
const TELL_REACH_EVERY: Duration = Duration::from_secs(1);
/// Reads of one shard's audience at the same time.
const READS_AT_ONCE: usize = 4;

/// The audience of one shard. Started and supervised by the node's root actor.
pub(crate) struct Audience;

/// What an audience starts with.
pub(crate) struct AudienceArguments {
    /// What outlives it.
    pub(crate) seats: Arc<Seats>,
    /// What it works with.
    pub(crate) parts: Parts,
    /// What is counted.
    pub(crate) counters: Arc<Counters>,
    /// Limits.
    pub(crate) options: Arc<ActorOptions>,
}

/// An audience at work.
pub(crate) struct AudienceState {
    seats: Arc<Seats>,
    parts: Parts,
    people: People,
    counters: Arc<Counters>,
    reads: Arc<Semaphore>,
    reach: Reach,
    wanting: Wanting,
    receipts: Receipts,
    sizes: Sizes,
    _feed: Running,
}

impl Actor for Audience {
    type Msg = AudienceMessage;
    type State = AudienceState;
    type Arguments = AudienceArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<AudienceMessage>,
        arguments: AudienceArguments,
    ) -> Result<AudienceState, ActorProcessingErr> {
        let AudienceArguments { seats, parts, counters, options } = arguments;
        let to = myself.clone();
        let feed = parts.truth.feed(parts.shard)?;
        let feed =
            pump(feed, options.feed_batches_ahead_max, move |fed| to.cast(AudienceMessage::Fed(fed)).is_ok());
        let people = People::start(parts.clone(), Arc::clone(&seats), options.user_news_max);
        let (reads, reach) = (Arc::new(Semaphore::new(READS_AT_ONCE)), Reach::default());
        let (receipts, sizes) = (Receipts::default(), Sizes::default());
        let mut state = AudienceState {
            seats,
            parts,
            people,
            counters,
            reads,
            reach,
            wanting: Wanting::default(),
            receipts,
            sizes,
            _feed: feed,
        };
        // Whatever a predecessor missed. The feed is open already, so nothing falls in between.
        state.seats.table.lock().forget_reads();
        state.skipped(&myself);
        myself.send_interval(TELL_REACH_EVERY, || AudienceMessage::TellReach);
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<AudienceMessage>,
        message: AudienceMessage,
        state: &mut AudienceState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            AudienceMessage::Fed(Fed::Batch(batch, _permit)) => state.fed(&batch.events, &myself),
            AudienceMessage::Fed(Fed::Skipped(events)) => {
                tracing::warn!(shard = %state.parts.shard, events, "the feed was too fast: healing from the log");
                state.counters.feed_skipped();
                state.skipped(&myself);
            }
            AudienceMessage::Look(rooms) => state.read_tails(None, rooms, RETRY_MS_MIN, &myself),
            AudienceMessage::Tails { look, tails } => state.tails(look, &tails, &myself),
            AudienceMessage::TailsFailed { look, rooms, error, wait_ms } => {
                tracing::warn!(shard = %state.parts.shard, %error, "cannot read where rooms are");
                let retry = move || AudienceMessage::RetryTails { look, rooms, wait_ms: longer(wait_ms) };
                myself.send_after(Duration::from_millis(wait_ms), retry);
            }
            AudienceMessage::RetryTails { look, rooms, wait_ms } => {
                state.read_tails(look, rooms, wait_ms, &myself);
            }
            AudienceMessage::TellReach => {
                state.look_who_listens();
                state.tell_reach();
            }
            AudienceMessage::TellReceipts => state.tell_receipts(),
            AudienceMessage::TellSizes => state.read_sizes(&myself),
            AudienceMessage::Sizes(sizes) => state.tell_sizes(&sizes, &myself),
            AudienceMessage::Page { room, page } => state.page(room, page, &myself),
            AudienceMessage::Retry(room) => {
                let heal = state.seats.table.lock().retry(room);
                state.heal(heal, &myself);
            }
            AudienceMessage::Tell { rooms, frame } => {
                let mut sink = state.sink();
                let table = state.seats.table.lock();
                for room in rooms {
                    table.hubs(&room).for_each(|hub| sink.tell(hub, room, &frame));
                }
            }
            #[cfg(test)]
            AudienceMessage::Fail => panic!("told to fail"),
        }
        Ok(())
    }
}

impl AudienceState {
    fn fed(&mut self, events: &[ShardEvent], myself: &ActorRef<AudienceMessage>) {
        let mut skipped = false;
        let (mut receipts, mut resized) = (Vec::new(), Vec::new());
        let mut sink = HubSink::new(&self.parts.hubs, &*self.parts.encoder, self.parts.shard);
        for event in events {
            match event {
                ShardEvent::Room(event) => {
                    self.reach.heard(event.row.pos);
                    if changes_size(&event.row.body) {
                        resized.push(event.room);
                    }
                    let heal = self.seats.table.lock().fed(event, &mut sink);
                    self.heal(heal, myself);
                }
                ShardEvent::UserRoom { user, room, state, pos } => {
                    self.reach.heard(*pos);
                    self.people.moved(user, *room, *state, *pos);
                }
                ShardEvent::Read { user, room, read_seq, unread, mentions } => {
                    let (read_seq, unread, mentions) = (*read_seq, *unread, *mentions);
                    self.people.read(user, room, ReadMark { read_seq, unread, mentions });
                }
                ShardEvent::SessionEnded { user, session, why } => {
                    self.people.session_ended(user, *session, *why);
                }
                ShardEvent::Receipt { user, room, read_seq, received_seq } => {
                    let mark = Mark { read_seq: *read_seq, received_seq: *received_seq };
                    receipts.push((*room, user, mark));
                }
                ShardEvent::Contact { user, other, relation, at_ms } => {
                    self.people.tell_of(user, |encoder| encoder.contact(other, *relation, *at_ms));
                }
                ShardEvent::MyRoom { user, room, quiet, pinned_ms } => {
                    self.people.tell_of(user, |encoder| encoder.my_room(room, *quiet, *pinned_ms));
                }
                ShardEvent::Block { user, other, blocked } => {
                    self.people.tell_of(user, |encoder| encoder.block(other, *blocked));
                    self.people.blocked(user, other);
                }
                ShardEvent::Skipped => skipped = true,
                ShardEvent::Presence { user, row } => self.people.shows(user, row),
                ShardEvent::Outbox | ShardEvent::Sweep => {}
            }
        }
        resized.into_iter().for_each(|room| self.gather_size(room, myself));
        for (room, user, mark) in receipts {
            self.gather_receipt(room, user, mark, myself);
        }
        if skipped {
            self.skipped(myself);
        }
    }

    /// Looks all rooms up, and when that is done all people: until then nobody knows what was missed.
    fn skipped(&mut self, myself: &ActorRef<AudienceMessage>) {
        let look = self.reach.skipped();
        self.read_tails(Some(look), Vec::new(), RETRY_MS_MIN, myself);
    }

    /// It is known how far the feed has come: the rooms are looked up in parts.
    fn look_at_rooms(&mut self, look: LookId, myself: &ActorRef<AudienceMessage>) {
        let rooms = self.seats.table.lock().all_rooms();
        let mut parts: Vec<Vec<RoomId>> = rooms.chunks(TAILS_AT_ONCE).map(<[RoomId]>::to_vec).collect();
        if parts.is_empty() {
            // A look at nothing, which is quickly over.
            parts.push(Vec::new());
        }
        self.reach.counted(look, parts.len());
        parts.into_iter().for_each(|rooms| self.read_tails(Some(look), rooms, RETRY_MS_MIN, myself));
    }

    fn tails(&mut self, look: Option<LookId>, tails: &Tails, myself: &ActorRef<AudienceMessage>) {
        for tail in &tails.rooms {
            let heal = self.seats.table.lock().head(tail.room, tail.seq);
            self.heal(heal, myself);
        }
        self.seats.looked_up.notify_waiters();
        let Some(look) = look else { return };
        match self.reach.looked(look, tails.pos) {
            Looked::Begun => self.look_at_rooms(look, myself),
            // Only now, so that what is read about people is as new as the place that was reached.
            Looked::All => self.people.catch_up(),
            Looked::Part => {}
        }
    }

    /// The hubs hear of it behind all that was handed to them before.
    fn tell_reach(&self) {
        let healing = self.seats.table.lock().healing();
        if let Some(through) = self.reach.through(healing) {
            self.people.reached(through);
        }
    }

    /// Wants the feed as long as somebody here hears a room of the shard or is at home in it.
    fn look_who_listens(&mut self) {
        // Locked until it is said: whoever begins to listen meanwhile says so afterwards.
        let table = self.seats.table.lock();
        let (truth, shard) = (&self.parts.truth, self.parts.shard);
        let slots = truth.slots();
        let listens = !table.is_empty() || self.parts.roster.has(|user| slots.of_user(user) == shard);
        let listeners = if listens { Listeners::Some } else { Listeners::None };
        match self.wanting.on_look(listeners, Instant::now()) {
            Some(Ask::Want) => truth.want_feed(shard),
            Some(Ask::Forgo) => truth.forgo_feed(shard),
            None => {}
        }
    }

    /// Keeps a receipt for a moment, if anybody here would hear of it.
    fn gather_receipt(
        &mut self,
        room: RoomId,
        user: &UserId,
        mark: Mark,
        myself: &ActorRef<AudienceMessage>,
    ) {
        let heard = self.seats.table.lock().is_heard(&room);
        let told = heard && !self.parts.hubs.levels().sheds(&room, Class::Receipts);
        if told && self.receipts.add(room, user, mark) == Gathered::First {
            myself.send_after(GATHER_FOR, || AudienceMessage::TellReceipts);
        }
    }

    fn tell_receipts(&mut self) {
        let receipts = self.receipts.take();
        let mut sink = self.sink();
        let table = self.seats.table.lock();
        for ((room, user), mark) in receipts {
            let frame = self.parts.encoder.receipt(&room, &user, mark.read_seq, mark.received_seq);
            table.hubs(&room).for_each(|hub| sink.tell(hub, room, &frame));
        }
    }

    /// Keeps for a while that a room's size changed, if anybody here would hear of it.
    fn gather_size(&mut self, room: RoomId, myself: &ActorRef<AudienceMessage>) {
        let heard = self.seats.table.lock().is_heard(&room);
        if heard && self.sizes.add(room) == Gathered::First {
            myself.send_after(sizes::GATHER_FOR, || AudienceMessage::TellSizes);
        }
    }

    fn read_sizes(&mut self, myself: &ActorRef<AudienceMessage>) {
        let (rooms, now) = (self.sizes.take(), self.reader_now());
        let (reads, myself) = (self.reads.clone(), myself.clone());
        tokio::spawn(async move {
            let _turn = reads.acquire_owned().await;
            let mut sizes = Vec::with_capacity(rooms.len());
            if let Ok(now) = now {
                for room in rooms {
                    // What cannot be read now is told with the next change: nobody who heals shall wait for it.
                    let Ok(head) = now.head(&room).await else { break };
                    sizes.extend(head.map(|head| (room, head.joined)));
                    tokio::task::coop::consume_budget().await;
                }
            }
            let _ = myself.cast(AudienceMessage::Sizes(sizes));
        });
    }

    fn tell_sizes(&mut self, sizes: &[(RoomId, u64)], myself: &ActorRef<AudienceMessage>) {
        if self.sizes.read() == Gathered::First {
            myself.send_after(sizes::GATHER_FOR, || AudienceMessage::TellSizes);
        }
        let mut sink = self.sink();
        let table = self.seats.table.lock();
        for (room, members) in sizes {
            let frame = self.parts.encoder.size(room, *members);
            table.hubs(room).for_each(|hub| sink.tell(hub, *room, &frame));
        }
    }

    fn sink(&self) -> HubSink<'_> {
        HubSink::new(&self.parts.hubs, &*self.parts.encoder, self.parts.shard)
    }

    fn page(
        &self,
        room: RoomId,
        page: Result<madang_cluster::EventPage, ClusterError>,
        myself: &ActorRef<AudienceMessage>,
    ) {
        let mut sink = self.sink();
        let heal = match page {
            Ok(page) => self.seats.table.lock().page(room, &page.events, &mut sink),
            Err(error) => {
                tracing::warn!(shard = %self.parts.shard, %error, "cannot read a room's log");
                self.seats.table.lock().failed(room)
            }
        };
        self.heal(heal, myself);
    }

    fn heal(&self, heal: Option<Heal>, myself: &ActorRef<AudienceMessage>) {
        match heal {
            None => {}
            Some(Heal::Later { room, wait_ms }) => {
                myself.send_after(Duration::from_millis(wait_ms), move || AudienceMessage::Retry(room));
            }
            Some(Heal::Read { room, after }) => {
                self.counters.heal_read();
                let (now, reads, myself) = (self.reader_now(), self.reads.clone(), myself.clone());
                tokio::spawn(async move {
                    let _turn = reads.acquire_owned().await;
                    let page = match now {
                        Ok(now) => now.page(&room, Page::After(after), PAGE_EVENTS, PAGE_BYTES).await,
                        Err(error) => Err(error),
                    };
                    // An audience that has gone is followed by one that looks at all rooms.
                    let _ = myself.cast(AudienceMessage::Page { room, page });
                });
            }
        }
    }

    /// What the feed has shown, at least: that is what healing wants.
    fn reader_now(&self) -> Result<Arc<dyn History>, ClusterError> {
        self.parts.truth.reader_now(self.parts.shard)
    }

    /// `wait_ms` is how long those that cannot be read are left alone.
    fn read_tails(
        &self,
        look: Option<LookId>,
        rooms: Vec<RoomId>,
        wait_ms: u64,
        myself: &ActorRef<AudienceMessage>,
    ) {
        let (now, reads, myself) = (self.reader_now(), self.reads.clone(), myself.clone());
        tokio::spawn(async move {
            let _turn = reads.acquire_owned().await;
            let tails = match now {
                Ok(now) => now.tails(rooms.clone()).await,
                Err(error) => Err(error),
            };
            let _ = myself.cast(match tails {
                Ok(tails) => AudienceMessage::Tails { look, tails },
                Err(error) => AudienceMessage::TailsFailed { look, rooms, error, wait_ms },
            });
        });
    }
}
