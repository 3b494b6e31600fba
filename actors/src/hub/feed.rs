//! The frames of one room that are on their way to the sessions of a thread.
//!
//! They go out in *runs*: all frames that wait when the hub comes to the room (up to [`RUN_FRAMES_MAX`] and
//! [`RUN_BYTES_MAX`]) go to one member after the other, in one piece. A room may also be *held* until a tick: because
//! it has made all writes that it may (`rhythm`), also in the middle of a run, because what waits is gathered, to be put
//! together into one frame, or for a head, which stands for all events up to it and goes when it is due or makes way for
//! a newer one.

use std::collections::VecDeque;

use super::giving::Frame;
use super::message::Pace;
use super::rhythm::{GATHER_TICKS, HEAD_TICKS, Writes};

/// Frames of one run at most.
pub(super) const RUN_FRAMES_MAX: usize = 64;
/// Bytes of one run at most (one frame may overshoot): a run goes to a session in one piece, and must fit
/// into its queue.
pub(super) const RUN_BYTES_MAX: usize = 128 * 1024;

/// The frames of one room.
pub(super) struct Feed {
    /// What goes to one member after the other now.
    pub(super) run: Vec<Frame>,
    /// Position in the room's members of the next to get it.
    pub(super) next: usize,
    /// How many frames the run was before they were put together, and how many bytes.
    made_of: (usize, usize),
    waiting: VecDeque<Frame>,
    head: Option<Head>,
    /// When what is gathered goes; `None`: nothing is.
    due: Option<u64>,
    /// Whether what waits goes as soon as it can.
    goes: bool,
    /// Whether it goes as one frame.
    together: bool,
    writes: Writes,
    /// How many frames are before the mark, once there is one.
    before_mark: Option<usize>,
}

struct Head {
    frame: Frame,
    due: u64,
}

/// What comes when a run has ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Another run, which has begun.
    Run,
    /// Something waits for a tick.
    Held,
    /// Nothing.
    Nothing,
}

impl Feed {
    /// Nothing is on its way.
    pub(super) fn new(writes: Writes) -> Self {
        Self {
            run: Vec::new(),
            next: 0,
            made_of: (0, 0),
            waiting: VecDeque::new(),
            head: None,
            due: None,
            goes: false,
            together: false,
            writes,
            before_mark: None,
        }
    }

    /// Takes a frame, at a tick, by the rules of these writes; how many bytes it makes superfluous.
    pub(super) fn push(&mut self, frame: Frame, pace: Pace, (tick, writes): (u64, Writes)) -> usize {
        if frame.at.is_none()
            && let Some(head) = self.head.take_if(|head| head.due == 0)
        {
            // A mark counts this head: nothing may pass it, or the mark would be passed without it.
            self.waiting.push_back(head.frame);
        }
        // What is not logged says nothing about the log: a head stays true.
        let superfluous = if frame.at.is_some() { self.head.take() } else { None };
        let due = superfluous.as_ref().map_or(tick + HEAD_TICKS, |head| head.due);
        match pace {
            Pace::Head => self.head = Some(Head { frame, due }),
            Pace::AtOnce | Pace::Gathered => {
                self.goes |= pace == Pace::AtOnce;
                self.together = pace == Pace::Gathered;
                if self.together {
                    self.due.get_or_insert(tick + GATHER_TICKS);
                }
                self.writes = self.writes.under(writes);
                self.waiting.push_back(frame);
            }
        }
        superfluous.map_or(0, |head| head.frame.bytes.len())
    }

    /// Whether a run begins now.
    pub(super) fn goes(&self) -> bool {
        self.goes && self.run.is_empty() && self.writes.any()
    }

    /// Takes one of the writes that the room may make. One that would fall behind makes as many as it takes.
    pub(super) fn may_write(&mut self) -> bool {
        self.writes.take() || self.waiting.len() >= RUN_FRAMES_MAX
    }

    /// Whether a run is under way.
    pub(super) fn is_running(&self) -> bool {
        !self.run.is_empty()
    }

    /// A tick of a room that is held: a run goes on, what was gathered goes when it is due, and a head.
    pub(super) fn tick(&mut self, tick: u64) -> Next {
        self.writes.tick();
        if self.is_running() {
            return Next::Run;
        }
        let head = self.head.take_if(|head| head.due <= tick);
        let is_due = head.is_some() || self.due.is_some_and(|due| due <= tick);
        self.waiting.extend(head.map(|head| head.frame));
        self.goes |= is_due && !self.waiting.is_empty();
        self.next_run()
    }

    /// Begins the first run, unless one is under way. Not with its first frame: what comes before the hub's turn
    /// goes with it.
    pub(super) fn begin(&mut self) {
        if !self.is_running() {
            self.next_run();
        }
    }

    /// Ends a run, and begins the next if there is one.
    pub(super) fn next_run(&mut self) -> Next {
        (self.run, self.next, self.made_of) = (Vec::new(), 0, (0, 0));
        if self.waiting.is_empty() {
            self.goes = false;
            let stays = self.head.is_some() || !self.writes.is_as_new();
            return if stays { Next::Held } else { Next::Nothing };
        }
        if !self.goes() {
            return Next::Held;
        }
        self.begin_run();
        Next::Run
    }

    /// How many bytes this run was before its frames were put together.
    pub(super) fn run_bytes(&self) -> usize {
        self.made_of.1
    }

    /// All frames but a head that a member lacks which this run has not reached, or has.
    pub(super) fn due(&self, reached: bool) -> Vec<Frame> {
        let run = if reached { &[] } else { self.run.as_slice() };
        run.iter().chain(&self.waiting).cloned().collect()
    }

    /// Puts a mark behind what is on its way. True if there was none, and something is.
    pub(super) fn mark(&mut self) -> bool {
        let on_its_way = self.made_of.0 + self.waiting.len() + usize::from(self.head.is_some());
        let is_first = self.before_mark.is_none() && on_its_way > 0;
        if is_first {
            self.before_mark = Some(on_its_way);
            if let Some(head) = &mut self.head {
                // Those who wait for the mark shall not wait for long.
                head.due = 0;
            }
        }
        is_first
    }

    /// Whether the run that has just ended held the last frame before the mark.
    pub(super) fn has_passed_mark(&mut self) -> bool {
        let Some(before) = &mut self.before_mark else { return false };
        *before = before.saturating_sub(self.made_of.0);
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
            bytes += if fits { frame.bytes.len() } else { 0 };
            fits
        });
        let count = fitting.count();
        let run: Vec<Frame> = self.waiting.drain(..count).collect();
        self.made_of = (count, bytes);
        if self.waiting.is_empty() {
            (self.goes, self.due) = (false, None);
        }
        self.run = if self.together { Frame::together(run) } else { Frame::in_one_piece(run) };
    }
}
