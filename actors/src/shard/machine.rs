//! Which rooms have an owner. `O` is an owner's address, `M` what is sent to it.

use std::collections::{HashMap, VecDeque};

use madang_storage::id::RoomId;

/// So large a share of all owners goes to sleep at once: at the limit, so that not every new one has to look for the
/// longest idle; and at most, of those that are idle.
const EVICT_SHARE: usize = 16;

/// What is to be done with a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Routed<O, M> {
    /// Send it to this owner.
    To(O, M),
    /// Start an owner and send it this.
    Start(M),
    /// It waits for the owner's successor.
    Waits,
    /// Too much waits already; tell whoever asked.
    Full(M),
}

/// Which rooms have an owner.
#[derive(Debug)]
pub(super) struct Machine<O, M> {
    rooms: HashMap<RoomId, Place<O, M>>,
    awake: usize,
    awake_max: usize,
    queue_max: usize,
    idle_ms: u64,
}

#[derive(Debug)]
enum Place<O, M> {
    /// Has an owner.
    Awake { owner: O, used_ms: u64 },
    /// Its owner is ending; this waits for the next.
    Ending(VecDeque<M>),
}

impl<O: Clone, M> Machine<O, M> {
    /// No owners yet.
    pub(super) fn new(awake_max: usize, queue_max: usize, idle_ms: u64) -> Self {
        Self { rooms: HashMap::new(), awake: 0, awake_max: awake_max.max(1), queue_max, idle_ms }
    }

    /// Something for a room's owner.
    pub(super) fn route(&mut self, room: RoomId, message: M, now_ms: u64) -> Routed<O, M> {
        match self.rooms.get_mut(&room) {
            Some(Place::Awake { owner, used_ms }) => {
                *used_ms = now_ms;
                Routed::To(owner.clone(), message)
            }
            Some(Place::Ending(queue)) if queue.len() >= self.queue_max => Routed::Full(message),
            Some(Place::Ending(queue)) => {
                queue.push_back(message);
                Routed::Waits
            }
            None => Routed::Start(message),
        }
    }

    /// The room's owner, if it is awake. Doesn't keep it awake.
    pub(super) fn owner(&self, room: &RoomId) -> Option<&O> {
        match self.rooms.get(room) {
            Some(Place::Awake { owner, .. }) => Some(owner),
            _ => None,
        }
    }

    /// An owner was started. Returns those who must go to sleep for it.
    pub(super) fn started(&mut self, room: RoomId, owner: O, now_ms: u64) -> Vec<O> {
        let asleep = if self.awake >= self.awake_max { self.evict() } else { Vec::new() };
        self.rooms.insert(room, Place::Awake { owner, used_ms: now_ms });
        self.awake += 1;
        asleep
    }

    /// The owner didn't take the message: it is ending, and a successor will get it.
    pub(super) fn rejected(&mut self, room: RoomId, message: M) {
        self.end(room);
        if let Some(Place::Ending(queue)) = self.rooms.get_mut(&room) {
            queue.push_back(message);
        }
    }

    /// The owner has ended. Returns what waits for its successor; nothing: none is needed.
    pub(super) fn ended(&mut self, room: RoomId) -> VecDeque<M> {
        match self.rooms.remove(&room) {
            Some(Place::Ending(queue)) => queue,
            Some(Place::Awake { .. }) => {
                self.awake -= 1;
                VecDeque::new()
            }
            None => VecDeque::new(),
        }
    }

    /// Those that have been idle for too long: they must go to sleep, the longest idle first, a few at a time, so
    /// that rooms that grew quiet together do not leave memory together.
    pub(super) fn sweep(&mut self, now_ms: u64) -> Vec<O> {
        let idle_ms = self.idle_ms;
        let mut idle = self.by_use();
        idle.retain(|(used_ms, _)| used_ms + idle_ms <= now_ms);
        self.end_first(idle)
    }

    fn evict(&mut self) -> Vec<O> {
        let all = self.by_use();
        self.end_first(all)
    }

    fn end_first(&mut self, mut rooms: Vec<(u64, RoomId)>) -> Vec<O> {
        rooms.sort_unstable();
        rooms.truncate((self.awake_max / EVICT_SHARE).max(1));
        self.end_all(rooms.into_iter().map(|(_, room)| room).collect())
    }

    fn by_use(&self) -> Vec<(u64, RoomId)> {
        let used = |(room, place): (&RoomId, &Place<O, M>)| match place {
            Place::Awake { used_ms, .. } => Some((*used_ms, *room)),
            Place::Ending(_) => None,
        };
        self.rooms.iter().filter_map(used).collect()
    }

    fn end_all(&mut self, rooms: Vec<RoomId>) -> Vec<O> {
        rooms.into_iter().filter_map(|room| self.end(room)).collect()
    }

    fn end(&mut self, room: RoomId) -> Option<O> {
        let place = self.rooms.get_mut(&room)?;
        match std::mem::replace(place, Place::Ending(VecDeque::new())) {
            Place::Awake { owner, .. } => {
                self.awake -= 1;
                Some(owner)
            }
            ending @ Place::Ending(_) => {
                *place = ending;
                None
            }
        }
    }
}
