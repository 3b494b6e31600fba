//! Where commands go: to the owners on this node while it leads the shard, to the node that leads, or into
//! a queue until somebody does. `C` is a command.
//!
//! Nothing is handed over twice, but for what came back untouched from a node that turned out not to lead:
//! it goes on before all that waits, unless a later command of its room has gone ahead of it.

use std::collections::{HashMap, VecDeque};

use madang_cluster::Leader;
use madang_storage::id::RoomId;

/// How long a node that does not lead, although it should, is left alone.
pub(super) const PAUSE_MS: u64 = 50;

/// To be carried out by the router.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<C> {
    /// Hand it to the room's owner here.
    Here(RoomId, C),
    /// Forward it to this node, then say [`Course::answered`] or [`Course::refused`].
    There(u64, Pass, C),
    /// It waits.
    Waits,
    /// Tell whoever asked that nothing was done.
    TurnAway(C, Why),
}

/// Why a command is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// So many wait already.
    Full(usize),
    /// It has waited long enough for somebody to lead.
    Leaderless,
    /// It came back, and a later command of its room has gone ahead.
    Overtaken,
}

/// What a forwarded command travels with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pass {
    /// Which room it is for.
    pub(super) room: RoomId,
    number: u64,
    until_ms: u64,
}

/// The course of one shard's commands.
#[derive(Debug)]
pub(super) struct Course<C> {
    leader: Leader,
    waiting: VecDeque<Waiting<C>>,
    waiting_max: usize,
    wait_ms: u64,
    /// The leader said that it does not lead: until then nothing goes on.
    paused_until_ms: Option<u64>,
    forwarded: HashMap<RoomId, Forwarded>,
    /// The number of the command that was handed over last.
    handed: u64,
}

#[derive(Debug)]
struct Waiting<C> {
    room: RoomId,
    command: C,
    until_ms: u64,
}

/// A room with forwarded commands.
#[derive(Debug)]
struct Forwarded {
    /// How many have no answer yet.
    under_way: usize,
    /// The command of the room that was handed over last, to whomever.
    last: u64,
}

impl<C> Course<C> {
    /// Nothing waits yet. At most `waiting_max` commands will, each for `wait_ms`.
    pub(super) fn new(leader: Leader, waiting_max: usize, wait_ms: u64) -> Self {
        Self {
            leader,
            waiting: VecDeque::new(),
            waiting_max,
            wait_ms,
            paused_until_ms: None,
            forwarded: HashMap::new(),
            handed: 0,
        }
    }

    /// Who leads, as far as is known.
    pub(super) fn leads(&self) -> Leader {
        self.leader
    }

    /// A command of somebody on this node.
    pub(super) fn submit(&mut self, room: RoomId, command: C, now_ms: u64) -> Step<C> {
        let until_ms = now_ms.saturating_add(self.wait_ms);
        if self.waiting.is_empty() && self.is_open() {
            return self.hand_over(Waiting { room, command, until_ms });
        }
        if self.waiting.len() >= self.waiting_max {
            return Step::TurnAway(command, Why::Full(self.waiting_max));
        }
        self.waiting.push_back(Waiting { room, command, until_ms });
        Step::Waits
    }

    /// Somebody else leads, or nobody.
    pub(super) fn lead_changed(&mut self, leader: Leader) -> Vec<Step<C>> {
        self.leader = leader;
        self.paused_until_ms = None;
        self.go_on()
    }

    /// A forwarded command was answered.
    pub(super) fn answered(&mut self, pass: Pass) {
        self.returned(pass);
    }

    /// A forwarded command came back: nothing was done, the node does not lead or cannot be reached.
    pub(super) fn refused(&mut self, pass: Pass, node: u64, command: C, now_ms: u64) -> Vec<Step<C>> {
        let overtaken = self.returned(pass);
        if overtaken {
            return vec![Step::TurnAway(command, Why::Overtaken)];
        }
        if pass.until_ms <= now_ms {
            return vec![Step::TurnAway(command, Why::Leaderless)];
        }
        let Pass { room, until_ms, .. } = pass;
        self.waiting.push_front(Waiting { room, command, until_ms });
        if self.leader == Leader::Node(node) {
            self.paused_until_ms = Some(now_ms.saturating_add(PAUSE_MS));
        }
        self.go_on()
    }

    /// Time has passed.
    pub(super) fn wake(&mut self, now_ms: u64) -> Vec<Step<C>> {
        if self.paused_until_ms.is_some_and(|until_ms| until_ms <= now_ms) {
            self.paused_until_ms = None;
        }
        let mut steps = self.go_on();
        let (late, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition::<VecDeque<_>, _>(|waiting| waiting.until_ms <= now_ms);
        self.waiting = waiting;
        steps.extend(late.into_iter().map(|late| Step::TurnAway(late.command, Why::Leaderless)));
        steps
    }

    /// When to say [`wake`](Self::wake), if at all. May be a little early for those behind one that came
    /// back.
    pub(super) fn wake_at_ms(&self) -> Option<u64> {
        // Those that came back are the oldest and stand in front.
        let patience = self.waiting.front()?.until_ms;
        Some(self.paused_until_ms.map_or(patience, |until_ms| until_ms.min(patience)))
    }

    fn is_open(&self) -> bool {
        self.leader != Leader::Unknown && self.paused_until_ms.is_none()
    }

    fn go_on(&mut self) -> Vec<Step<C>> {
        if !self.is_open() {
            return Vec::new();
        }
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().map(|waiting| self.hand_over(waiting)).collect()
    }

    fn hand_over(&mut self, Waiting { room, command, until_ms }: Waiting<C>) -> Step<C> {
        self.handed += 1;
        let number = self.handed;
        if let Some(forwarded) = self.forwarded.get_mut(&room) {
            forwarded.last = number;
        }
        match self.leader {
            Leader::Here => Step::Here(room, command),
            Leader::Node(node) => {
                let forwarded =
                    self.forwarded.entry(room).or_insert(Forwarded { under_way: 0, last: number });
                forwarded.under_way += 1;
                Step::There(node, Pass { room, number, until_ms }, command)
            }
            // Not asked to: it waits on.
            Leader::Unknown => {
                self.waiting.push_back(Waiting { room, command, until_ms });
                Step::Waits
            }
        }
    }

    /// Whether a later command of the room has been handed over since.
    fn returned(&mut self, pass: Pass) -> bool {
        let Some(forwarded) = self.forwarded.get_mut(&pass.room) else { return false };
        let overtaken = forwarded.last != pass.number;
        forwarded.under_way = forwarded.under_way.saturating_sub(1);
        if forwarded.under_way == 0 {
            self.forwarded.remove(&pass.room);
        }
        overtaken
    }
}
