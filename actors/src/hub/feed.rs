//! The frames of one room that are on their way to the sessions of a thread.
//!
//! They go out in *runs*: all frames that wait when the hub comes to the room (up to [`RUN_FRAMES_MAX`] and
//! [`RUN_BYTES_MAX`]) go to one member after the other, in one piece. A room may also be *held*: what waits goes with
//! the next tick, put together into one frame; and a head, which stands for all events up to it, goes when it is due or
//! makes way for a newer one.

use std::collections::VecDeque;

use super::giving::Frame;
use super::message::Pace;

/// Frames of one run at most.
pub(super) const RUN_FRAMES_MAX: usize = 64;
/// Bytes of one run at most (one frame may overshoot): a run goes to a session in one piece, and must fit
/// into its queue.
pub(super) const RUN_BYTES_MAX: usize = 128 * 1024;
/// A head goes so many ticks after it came, if none did before it.
pub(super) const HEAD_TICKS: u64 = 10;

/// The frames of one room.
#[derive(Default)]
pub(super) struct Feed {
    /// What goes to one member after the other now.
    pub(super) run: Vec<Frame>,
    /// Position in the room's members of the next to get it.
    pub(super) next: usize,
    /// How many frames the run was before they were put together, and how many bytes.
    made_of: (usize, usize),
    waiting: VecDeque<Frame>,
    head: Option<Head>,
    /// Whether what waits goes as soon as it can.
    goes: bool,
    /// Whether it goes as one frame.
    together: bool,
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
    /// Takes a frame; how many bytes it makes superfluous.
    pub(super) fn push(&mut self, frame: Frame, pace: Pace, tick: u64) -> usize {
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
                self.waiting.push_back(frame);
            }
        }
        superfluous.map_or(0, |head| head.frame.bytes.len())
    }

    /// Whether what waits goes as soon as it can.
    pub(super) fn goes(&self) -> bool {
        self.goes
    }

    /// A tick of a room that is held: what waits goes, and a head that is due.
    pub(super) fn tick(&mut self, tick: u64) -> Next {
        if let Some(head) = self.head.take_if(|head| head.due <= tick) {
            self.waiting.push_back(head.frame);
        }
        self.goes = !self.waiting.is_empty();
        self.next_run()
    }

    /// Begins the first run, unless one is under way. Not with its first frame: what comes before the hub's turn
    /// goes with it.
    pub(super) fn begin(&mut self) {
        if self.run.is_empty() {
            self.next_run();
        }
    }

    /// Ends a run, and begins the next if there is one.
    pub(super) fn next_run(&mut self) -> Next {
        (self.run, self.next, self.made_of) = (Vec::new(), 0, (0, 0));
        if self.waiting.is_empty() {
            self.goes = false;
            return if self.head.is_some() { Next::Held } else { Next::Nothing };
        }
        if !self.goes {
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

    /// Puts a mark behind what is on its way. True if there was none.
    pub(super) fn mark(&mut self) -> bool {
        let is_first = self.before_mark.is_none();
        if is_first {
            let head = usize::from(self.head.is_some());
            self.before_mark = Some(self.made_of.0 + self.waiting.len() + head);
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
        self.goes &= !self.waiting.is_empty();
        self.run = if self.together { Frame::together(run) } else { Frame::in_one_piece(run) };
    }
}
