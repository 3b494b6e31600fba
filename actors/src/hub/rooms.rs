//! Who of this thread is in which room, and the frames that are on their way to them.
//!
//! A room's frames go out in *runs*: all frames that wait when a run starts (up to [`RUN_FRAMES_MAX`] and
//! [`RUN_BYTES_MAX`]) go to one member after the other. Members may come and go in the middle of a run: who comes is appended
//! and gets the run too, who leaves leaves a hole, so nobody is passed over or served twice.

use std::collections::{HashMap, VecDeque};

use madang_storage::id::RoomId;
use slab::Slab;

use super::giving::Frame;

/// Marks the place of a member that left in the middle of a run.
pub(super) const HOLE: u32 = u32::MAX;
/// Frames of one run at most.
pub(super) const RUN_FRAMES_MAX: usize = 64;
/// Bytes of one run at most (one frame may overshoot): a run goes to a session in one piece, and must fit
/// into its queue.
pub(super) const RUN_BYTES_MAX: usize = 128 * 1024;

pub(super) struct Room {
    pub(super) id: RoomId,
    /// Session indices, or [`HOLE`].
    pub(super) members: Vec<u32>,
    holes: usize,
    last_seq: u64,
    /// Only while frames are on their way: most rooms are silent most of the time.
    pub(super) feed: Option<Box<Feed>>,
}

#[derive(Default)]
pub(super) struct Feed {
    /// The frames of this run.
    pub(super) run: Vec<Frame>,
    /// Position in `members` of the next to get them.
    pub(super) next: usize,
    waiting: VecDeque<Frame>,
    /// How many frames are before the mark, once there is one.
    before_mark: Option<usize>,
}

/// How a room took a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fed {
    /// The room's first frame: it has become busy.
    Started(u32),
    /// It waits behind others.
    Queued,
    /// A repeat, or nobody of this thread is in the room.
    Dropped,
}

#[derive(Default)]
pub(super) struct Rooms {
    slots: Slab<Room>,
    index: HashMap<RoomId, u32>,
    /// How many rooms have a mark to pass.
    marked: usize,
}

impl Rooms {
    /// The room's index, made if need be. None when 2^32 rooms are here already.
    pub(super) fn open(&mut self, id: RoomId) -> Option<u32> {
        if let Some(index) = self.index.get(&id) {
            return Some(*index);
        }
        let room = Room { id, members: Vec::new(), holes: 0, last_seq: 0, feed: None };
        let index = u32::try_from(self.slots.insert(room)).ok()?;
        self.index.insert(id, index);
        Some(index)
    }

    pub(super) fn find(&self, id: RoomId) -> Option<u32> {
        self.index.get(&id).copied()
    }

    pub(super) fn get(&mut self, index: u32) -> Option<&mut Room> {
        self.slots.get_mut(index as usize)
    }

    /// Queues a frame for the room's members.
    pub(super) fn feed(&mut self, id: RoomId, seq: Option<u64>, frame: Frame) -> Fed {
        let Some(index) = self.find(id) else { return Fed::Dropped };
        let Some(room) = self.get(index) else { return Fed::Dropped };
        match seq {
            _ if room.is_empty() => return Fed::Dropped,
            Some(seq) if seq <= room.last_seq => return Fed::Dropped,
            Some(seq) => room.last_seq = seq,
            None => {}
        }
        match &mut room.feed {
            Some(feed) => {
                feed.waiting.push_back(frame);
                Fed::Queued
            }
            None => {
                room.feed = Some(Box::new(Feed { run: vec![frame], ..Feed::default() }));
                Fed::Started(index)
            }
        }
    }

    /// The frames that were delivered to the room and have not reached this member yet.
    pub(super) fn due(&self, index: u32, member: u32) -> Vec<Frame> {
        let Some(room) = self.slots.get(index as usize) else { return Vec::new() };
        let Some(feed) = &room.feed else { return Vec::new() };
        let unserved = room.members.get(feed.next..).unwrap_or_default().contains(&member);
        let run = if unserved { feed.run.as_slice() } else { &[] };
        run.iter().chain(&feed.waiting).cloned().collect()
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
        if let Some(feed) = &mut room.feed
            && feed.before_mark.is_none()
        {
            feed.before_mark = Some(feed.run.len() + feed.waiting.len());
            self.marked += 1;
        }
    }

    /// How many rooms have not passed their mark.
    pub(super) fn marked(&self) -> usize {
        self.marked
    }

    /// Ends a run and starts the next one. False if nothing waits: the room is silent again.
    pub(super) fn next_run(&mut self, index: u32) -> bool {
        let Some(room) = self.slots.get_mut(index as usize) else { return false };
        if let Some(feed) = &mut room.feed
            && feed.has_passed_mark()
        {
            self.marked -= 1;
        }
        if room.holes > 0 {
            room.members.retain(|member| *member != HOLE);
            room.holes = 0;
        }
        if let Some(feed) = &mut room.feed
            && !feed.waiting.is_empty()
        {
            feed.begin_run();
            return true;
        }
        room.feed = None;
        self.close_if_unused(index);
        false
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

impl Feed {
    pub(super) fn run_bytes(&self) -> usize {
        self.run.iter().map(|frame| frame.bytes.len()).sum()
    }

    /// Whether the run that has just ended held the last frame before the mark.
    fn has_passed_mark(&mut self) -> bool {
        let Some(before) = &mut self.before_mark else { return false };
        *before = before.saturating_sub(self.run.len());
        let passed = *before == 0;
        if passed {
            self.before_mark = None;
        }
        passed
    }

    fn begin_run(&mut self) {
        let mut bytes = 0;
        let fitting = self.waiting.iter().take(RUN_FRAMES_MAX).take_while(|frame| {
            let fits = bytes < RUN_BYTES_MAX;
            bytes += frame.bytes.len();
            fits
        });
        let count = fitting.count();
        self.run = self.waiting.drain(..count).collect();
        self.next = 0;
    }
}

impl Room {
    pub(super) fn is_empty(&self) -> bool {
        self.members.len() == self.holes
    }
}
