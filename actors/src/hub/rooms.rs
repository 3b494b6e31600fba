//! Who of this thread is in which room, and the frames that are on their way to them (`feed`).
//!
//! Members may come and go in the middle of a run: who comes is appended and gets the run too, who leaves leaves a
//! hole, so nobody is passed over or served twice.

use std::collections::HashMap;

use madang_storage::id::RoomId;
use slab::Slab;

use super::feed::{Feed, Next};
use super::giving::Frame;
use super::message::Pace;
use super::rhythm::Rhythm;

/// Marks the place of a member that left in the middle of a run.
pub(super) const HOLE: u32 = u32::MAX;

pub(super) struct Room {
    pub(super) id: RoomId,
    /// Session indices, or [`HOLE`].
    pub(super) members: Vec<u32>,
    holes: usize,
    last_seq: u64,
    /// Only while frames are on their way, or have just gone: most rooms are silent most of the time.
    pub(super) feed: Option<Box<Feed>>,
    /// Whether they wait for a tick.
    held: bool,
}

/// How a room took a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fed {
    /// The room's first frame, or the first that does not wait for a tick: it has become busy.
    Started(u32),
    /// The room's first frame, which waits for a tick.
    Held(u32),
    /// It waits behind others.
    Queued,
    /// A repeat, or nobody of this thread is in the room.
    Dropped,
}

pub(super) struct Rooms {
    rhythm: Rhythm,
    slots: Slab<Room>,
    index: HashMap<RoomId, u32>,
    /// How many rooms have a mark to pass.
    marked: usize,
}

impl Rooms {
    /// None yet.
    pub(super) fn new(rhythm: Rhythm) -> Self {
        Self { rhythm, slots: Slab::new(), index: HashMap::new(), marked: 0 }
    }

    /// The room's index, made if need be. None when 2^32 rooms are here already.
    pub(super) fn open(&mut self, id: RoomId) -> Option<u32> {
        if let Some(index) = self.index.get(&id) {
            return Some(*index);
        }
        let room = Room { id, members: Vec::new(), holes: 0, last_seq: 0, feed: None, held: false };
        let index = u32::try_from(self.slots.insert(room)).ok()?;
        self.index.insert(id, index);
        Some(index)
    }

    /// How many sessions of this thread hear a room.
    pub(super) fn listeners(&self, id: RoomId) -> usize {
        let room = self.find(id).and_then(|index| self.slots.get(index as usize));
        room.map_or(0, Room::listeners)
    }

    pub(super) fn find(&self, id: RoomId) -> Option<u32> {
        self.index.get(&id).copied()
    }

    pub(super) fn get(&mut self, index: u32) -> Option<&mut Room> {
        self.slots.get_mut(index as usize)
    }

    /// Queues a frame for the room's members; also how many bytes it makes superfluous.
    pub(super) fn feed(
        &mut self,
        id: RoomId,
        seq: Option<u64>,
        frame: Frame,
        (pace, tick): (Pace, u64),
    ) -> (Fed, usize) {
        let dropped = (Fed::Dropped, 0);
        let rhythm = self.rhythm;
        let Some(index) = self.find(id) else { return dropped };
        let Some(room) = self.get(index) else { return dropped };
        match seq {
            _ if room.is_empty() => return dropped,
            Some(seq) if seq <= room.last_seq => return dropped,
            Some(seq) => room.last_seq = seq,
            None => {}
        }
        let (is_first, writes) = (room.feed.is_none(), rhythm.writes(room.listeners(), pace));
        let feed = room.feed.get_or_insert_with(|| Box::new(Feed::new(writes)));
        let superfluous = feed.push(frame, pace, (tick, writes));
        let fed = match (is_first || room.held, feed.goes()) {
            (true, true) => {
                room.held = false;
                Fed::Started(index)
            }
            (true, false) if is_first => {
                room.held = true;
                Fed::Held(index)
            }
            _ => Fed::Queued,
        };
        (fed, superfluous)
    }

    /// A tick of a room that is held; what comes now.
    pub(super) fn tick(&mut self, index: u32, tick: u64) -> Next {
        let Some(room) = self.slots.get_mut(index as usize) else { return Next::Nothing };
        let Some(feed) = &mut room.feed else { return Next::Nothing };
        if feed.is_running() {
            room.held = false;
            return feed.tick(tick);
        }
        let next = feed.tick(tick);
        self.comes(index, next)
    }

    /// The room has made all writes that it may: its run goes on with a tick.
    pub(super) fn hold(&mut self, index: u32) {
        if let Some(room) = self.slots.get_mut(index as usize) {
            room.held = true;
        }
    }

    /// The frames that were delivered to the room and have not reached this member yet.
    pub(super) fn due(&self, index: u32, member: u32) -> Vec<Frame> {
        let Some(room) = self.slots.get(index as usize) else { return Vec::new() };
        let Some(feed) = &room.feed else { return Vec::new() };
        feed.due(!room.members.get(feed.next..).unwrap_or_default().contains(&member))
    }

    /// Takes a member out; the room's id if it was the last one.
    pub(super) fn leave(&mut self, index: u32, member: u32) -> Option<RoomId> {
        let room = self.get(index)?;
        let at = room.members.iter().position(|other| *other == member)?;
        if room.feed.is_some() {
            if let Some(place) = room.members.get_mut(at) {
                *place = HOLE;
                room.holes += 1;
            }
        } else {
            room.members.swap_remove(at);
        }
        let (id, emptied) = (room.id, room.is_empty());
        self.close_if_unused(index);
        emptied.then_some(id)
    }

    /// Puts a mark behind the frames that a room has to deliver.
    pub(super) fn mark(&mut self, index: u32) {
        let Some(room) = self.slots.get_mut(index as usize) else { return };
        if room.feed.as_mut().is_some_and(|feed| feed.mark()) {
            self.marked += 1;
        }
    }

    /// How many rooms have not passed their mark.
    pub(super) fn marked(&self) -> usize {
        self.marked
    }

    /// Ends a run and starts the next one, if there is one.
    pub(super) fn next_run(&mut self, index: u32) -> Next {
        let Some(room) = self.slots.get_mut(index as usize) else { return Next::Nothing };
        if let Some(feed) = &mut room.feed
            && feed.has_passed_mark()
        {
            self.marked -= 1;
        }
        let next = room.feed.as_mut().map_or(Next::Nothing, |feed| feed.next_run());
        self.comes(index, next)
    }

    /// Between two runs.
    fn comes(&mut self, index: u32, next: Next) -> Next {
        let Some(room) = self.slots.get_mut(index as usize) else { return next };
        room.held = next == Next::Held;
        if room.holes > 0 {
            room.members.retain(|member| *member != HOLE);
            room.holes = 0;
        }
        if next == Next::Nothing {
            room.feed = None;
            self.close_if_unused(index);
        }
        next
    }

    /// A room with frames on their way stays until they are gone, since its index is in the hub's work.
    fn close_if_unused(&mut self, index: u32) {
        if let Some(room) = self.slots.get(index as usize)
            && room.is_empty()
            && room.feed.is_none()
        {
            self.index.remove(&room.id);
            self.slots.remove(index as usize);
        }
    }
}

impl Room {
    pub(super) fn is_empty(&self) -> bool {
        self.listeners() == 0
    }

    /// How many sessions hear it.
    pub(super) fn listeners(&self) -> usize {
        self.members.len().saturating_sub(self.holes)
    }
}
