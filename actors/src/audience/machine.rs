//! Which hubs hear which rooms, how far each has come, and what must be read to fill a hole.
//!
//! Nothing is kept waiting in memory: while a room is being healed, its new events only move the target,
//! and are read from the log when their turn comes.

use std::collections::HashMap;
use std::sync::Arc;

use madang_cluster::event::RoomEvent;
use madang_storage::id::RoomId;

use crate::hub::HubId;

/// How long a full hub or a failed read is left alone at first.
pub(super) const RETRY_MS_MIN: u64 = 20;
/// How long at most.
const RETRY_MS_MAX: u64 = 2_000;

/// How long to wait when a wait of `waited_ms` brought nothing.
pub(super) fn longer(waited_ms: u64) -> u64 {
    waited_ms.saturating_mul(2).min(RETRY_MS_MAX)
}

/// What became of an event that was offered to a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is on its way.
    Yes,
    /// The hub has its fill; try again later.
    Full,
    /// There is no such hub any more.
    Gone,
}

/// Where events go.
pub(super) trait Sink {
    /// Offers a hub the event that comes next.
    fn offer(&mut self, hub: HubId, event: &Arc<RoomEvent>) -> Taken;
}

/// To be carried out by the actor.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heal {
    /// Read on in the room's log after this seq, then say [`Machine::page`].
    Read {
        /// Which room.
        room: RoomId,
        /// After which seq.
        after: u64,
    },
    /// Say [`Machine::retry`] after a while, which grows while nothing moves.
    Later {
        /// Which room.
        room: RoomId,
        /// After how long.
        wait_ms: u64,
    },
}

/// The rooms of one shard that are heard on this node.
#[derive(Debug, Default)]
pub(super) struct Machine {
    rooms: HashMap<RoomId, Room>,
    /// How many of them are being healed.
    healing: usize,
}

#[derive(Debug)]
struct Room {
    listeners: Vec<Listener>,
    state: State,
    /// The newest seq that is known to exist.
    target: u64,
    /// The last wait, if there was one.
    wait: Option<Wait>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listener {
    hub: HubId,
    /// All events up to this seq were passed on, or are older than the listening.
    passed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wait {
    /// How far the slowest listener had come.
    passed: u64,
    wait_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its newest seq was not known when the listening began. The feed shows where it did: with the first
    /// event, from which on a hole is a hole.
    Unknown {
        /// The newest seq as read since. What came between the beginning and this read is on its way.
        head: Option<u64>,
    },
    /// Nobody lacks anything.
    Live,
    /// The log is being read, one page at a time.
    Healing,
}

impl Machine {
    /// Whether anybody hears the room.
    pub(super) fn is_heard(&self, room: &RoomId) -> bool {
        self.rooms.contains_key(room)
    }

    /// A hub hears a room from now on: whatever is applied after this call is passed on. `head` is the
    /// room's newest seq, read before this call, if it could be; only the first listener needs it. True if the
    /// listening begins with this one and the seq is still to be read: by nobody else, since a second reading means
    /// that the feed was lost.
    pub(super) fn gained(&mut self, hub: HubId, room: RoomId, head: Option<u64>) -> bool {
        let begins = !self.rooms.contains_key(&room);
        let entry = self.rooms.entry(room).or_insert_with(|| {
            let state = if head.is_some() { State::Live } else { State::Unknown { head } };
            Room { listeners: Vec::new(), state, target: head.unwrap_or(0), wait: None }
        });
        if entry.listeners.iter().all(|listener| listener.hub != hub) {
            let passed = entry.listeners.iter().map(|listener| listener.passed).max();
            entry.listeners.push(Listener { hub, passed: passed.or(head).unwrap_or(0) });
        }
        begins && head.is_none()
    }

    /// A hub no longer hears a room.
    pub(super) fn lost(&mut self, hub: HubId, room: RoomId) {
        if let Some(entry) = self.rooms.get_mut(&room) {
            entry.listeners.retain(|listener| listener.hub != hub);
            if entry.listeners.is_empty() {
                self.remove(&room);
            }
        }
    }

    /// Whether nobody hears any room.
    pub(super) fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    /// How many rooms are being healed.
    pub(super) fn healing(&self) -> usize {
        self.healing
    }

    /// Whether the log shows where the listening to a room began, to whoever reads it from now on.
    pub(super) fn has_begun(&self, room: &RoomId) -> bool {
        self.rooms.get(room).is_none_or(|room| room.state != State::Unknown { head: None })
    }

    /// The feed skipped, or the actor is new: the newest seq of all these rooms must be read.
    pub(super) fn all_rooms(&mut self) -> Vec<RoomId> {
        let mut rooms: Vec<_> = self.rooms.keys().copied().collect();
        rooms.sort_unstable();
        rooms
    }

    /// The actor is new: what its predecessor was reading will not come.
    pub(super) fn forget_reads(&mut self) {
        for room in self.rooms.values_mut() {
            if room.state == State::Healing {
                room.state = State::Live;
            }
        }
        self.healing = 0;
    }

    /// The hubs that hear a room.
    pub(super) fn hubs(&self, room: &RoomId) -> impl Iterator<Item = HubId> {
        self.rooms.get(room).into_iter().flat_map(|room| room.listeners.iter().map(|listener| listener.hub))
    }

    /// The feed has an event.
    pub(super) fn fed(&mut self, event: &Arc<RoomEvent>, sink: &mut impl Sink) -> Option<Heal> {
        let room = self.rooms.get_mut(&event.room)?;
        if let State::Unknown { head } = room.state {
            let before = event.seq.saturating_sub(1);
            room.begin_at(head.map_or(before, |head| head.min(before)));
        }
        room.target = room.target.max(event.seq);
        if room.state != State::Live {
            return None;
        }
        let full = room.offer(event, sink);
        self.settle(event.room, full)
    }

    /// A room's newest seq was read, since it was not known, or since the feed had skipped.
    pub(super) fn head(&mut self, id: RoomId, last_seq: u64) -> Option<Heal> {
        let room = self.rooms.get_mut(&id)?;
        match room.state {
            // Not where it begins: events up to here may have been applied since, and still be fed.
            State::Unknown { head: None } => room.state = State::Unknown { head: Some(last_seq) },
            // Read again, so the feed has skipped: what came after the first read is in the log.
            State::Unknown { head: Some(head) } => room.begin_at(head),
            State::Live | State::Healing => {}
        }
        room.target = room.target.max(last_seq);
        if room.state == State::Live { self.settle(id, Full::No) } else { None }
    }

    /// What follows in a room's log was read.
    pub(super) fn page(
        &mut self,
        id: RoomId,
        events: &[Arc<RoomEvent>],
        sink: &mut impl Sink,
    ) -> Option<Heal> {
        let room = self.rooms.get_mut(&id).filter(|room| room.state == State::Healing)?;
        // An empty page where there should be more: the log is not there yet, as when a hub is full.
        let mut full = if events.is_empty() { Full::Yes } else { Full::No };
        for event in events {
            room.target = room.target.max(event.seq);
            if room.offer(event, sink) == Full::Yes {
                full = Full::Yes;
            }
        }
        self.settle(id, full)
    }

    /// A read failed.
    pub(super) fn failed(&mut self, id: RoomId) -> Option<Heal> {
        self.rooms.get(&id).filter(|room| room.state == State::Healing)?;
        self.settle(id, Full::Yes)
    }

    /// It is time to read on.
    pub(super) fn retry(&mut self, id: RoomId) -> Option<Heal> {
        self.settle(id, Full::No)
    }

    /// Whether anybody lacks something, and what is to be done about it.
    fn settle(&mut self, id: RoomId, full: Full) -> Option<Heal> {
        let room = self.rooms.get_mut(&id)?;
        let Some(after) = room.listeners.iter().map(|listener| listener.passed).min() else {
            self.remove(&id);
            return None;
        };
        if matches!(room.state, State::Unknown { .. }) {
            return None;
        }
        let healed = room.state == State::Healing;
        if after >= room.target {
            room.state = State::Live;
            self.healing -= usize::from(healed);
            return None;
        }
        room.state = State::Healing;
        self.healing += usize::from(!healed);
        Some(match full {
            Full::Yes => Heal::Later { room: id, wait_ms: room.wait_at(after) },
            Full::No => Heal::Read { room: id, after },
        })
    }

    fn remove(&mut self, id: &RoomId) {
        if self.rooms.remove(id).is_some_and(|room| room.state == State::Healing) {
            self.healing -= 1;
        }
    }
}

/// Whether a hub had its fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Full {
    Yes,
    No,
}

impl Room {
    /// Everything up to this seq counts as passed on.
    fn begin_at(&mut self, seq: u64) {
        self.listeners.iter_mut().for_each(|listener| listener.passed = seq);
        self.state = State::Live;
    }

    /// How long to wait, with the slowest listener at `passed`: longer than last time if it did not move.
    fn wait_at(&mut self, passed: u64) -> u64 {
        let wait_ms = match self.wait {
            Some(last) if last.passed == passed => longer(last.wait_ms),
            _ => RETRY_MS_MIN,
        };
        self.wait = Some(Wait { passed, wait_ms });
        wait_ms
    }

    /// Offers an event to those for whom it comes next.
    fn offer(&mut self, event: &Arc<RoomEvent>, sink: &mut impl Sink) -> Full {
        let mut full = Full::No;
        self.listeners.retain_mut(|listener| {
            if listener.passed + 1 != event.seq {
                return true;
            }
            match sink.offer(listener.hub, event) {
                Taken::Yes => listener.passed = event.seq,
                Taken::Full => full = Full::Yes,
                Taken::Gone => return false,
            }
            true
        });
        full
    }
}
