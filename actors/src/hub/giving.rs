//! How a session gets its frames: at once, or later while it resumes; and when it is owed a cursor.

use std::collections::VecDeque;
use std::rc::Rc;

use bytes::Bytes;

use super::sessions::Session;
use crate::outbound::{Close, frame};
use crate::position::{FeedPos, Positions};

/// A frame on its way to sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// What it tells has this place in a feed, if it has one; of several the last.
    pub(super) at: Option<FeedPos>,
    /// Of several the first.
    first: Option<FeedPos>,
    pub(super) bytes: Bytes,
    /// The frames that it was made of, if it was.
    parts: Option<Rc<[Frame]>>,
}

impl Frame {
    /// As it came.
    pub(super) fn one(at: Option<FeedPos>, bytes: Bytes) -> Self {
        Self { at, first: at, bytes, parts: None }
    }

    /// One frame with the content of several, where they can be put together.
    pub(super) fn together(frames: Vec<Self>) -> Vec<Self> {
        if frames.len() < 2 {
            return frames;
        }
        let Some(bytes) = frame::joined(frames.iter().map(|frame| &frame.bytes)) else { return frames };
        vec![Self::of(frames, bytes)]
    }

    /// Several frames in one piece: a session gets it at the cost of one.
    pub(super) fn in_one_piece(frames: Vec<Self>) -> Vec<Self> {
        if frames.len() < 2 {
            return frames;
        }
        let bytes = frame::in_one_piece(frames.iter().map(|frame| &frame.bytes));
        vec![Self::of(frames, bytes)]
    }

    fn of(parts: Vec<Self>, bytes: Bytes) -> Self {
        let at = parts.iter().rev().find_map(|part| part.at);
        let first = parts.iter().find_map(|part| part.first);
        Self { at, first, bytes, parts: Some(parts.into()) }
    }
}

/// What a session was given since it last got a cursor that covers all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owed {
    first: FeedPos,
    last: FeedPos,
}

/// A session that resumes.
#[derive(Debug)]
pub(super) enum Resuming {
    /// It is being told what it missed: everything else waits, up to the limit of its outbound queue.
    Held { frames: VecDeque<Frame>, bytes: usize },
    /// It was told what it missed, through here: what is not behind that comes a second time.
    Told(Positions),
}

impl Session {
    /// Gives it a frame, now or when it is released. One that has its fill is closed.
    pub(super) fn give(&mut self, frame: &Frame) {
        self.put(frame);
        self.outbound.wake();
    }

    /// As [`give`](Self::give), for whoever has its queue written afterwards.
    pub(super) fn put(&mut self, frame: &Frame) {
        match &frame.parts {
            Some(parts) if !self.takes_whole(frame) => parts.iter().for_each(|part| self.put_whole(part)),
            _ => self.put_whole(frame),
        }
    }

    /// Whether a frame that is made of others may go as it is. Not if the session may have been told the first of
    /// them, or has room for the first only.
    fn takes_whole(&self, frame: &Frame) -> bool {
        let waiting_bytes = match self.resuming.as_deref() {
            Some(Resuming::Told(_)) => return false,
            Some(Resuming::Held { bytes, .. }) => *bytes,
            None => self.outbound.waiting_bytes(),
        };
        waiting_bytes + frame.bytes.len() <= self.outbound.limit_bytes()
    }

    fn put_whole(&mut self, frame: &Frame) {
        match self.resuming.as_deref_mut() {
            Some(Resuming::Held { frames, bytes }) => {
                if *bytes >= self.outbound.limit_bytes() {
                    self.outbound.close_at_once(Close::SLOW_READER);
                }
                if self.outbound.is_open() {
                    *bytes += frame.bytes.len();
                    frames.push_back(frame.clone());
                } else {
                    frames.clear();
                }
            }
            Some(Resuming::Told(through)) if frame.at.is_some_and(|at| through.has(at)) => {}
            Some(Resuming::Told(_)) | None => self.put_now(frame),
        }
    }

    /// Gives it what nobody misses: one that has its fill goes without.
    pub(super) fn give_if_it_fits(&mut self, bytes: &Bytes) {
        match self.resuming.as_deref_mut() {
            Some(Resuming::Held { frames, bytes: held }) if self.outbound.is_open() => {
                if *held < self.outbound.limit_bytes() {
                    *held += bytes.len();
                    frames.push_back(Frame::one(None, bytes.clone()));
                }
            }
            Some(Resuming::Held { .. }) => {}
            _ => {
                let _ = self.outbound.push(bytes.clone());
            }
        }
    }

    fn put_now(&mut self, frame: &Frame) {
        let _ = self.outbound.put_or_close(frame.bytes.clone());
        if let (Some(first), Some(last)) = (frame.first, frame.at) {
            let first = self.owed.map_or(first, |owed| owed.first);
            self.owed = Some(Owed { first, last });
        }
    }

    /// Lets everything wait that it is given from now on.
    pub(super) fn hold(&mut self) {
        self.resuming = Some(Box::new(Resuming::Held { frames: VecDeque::new(), bytes: 0 }));
    }

    /// Gives it what waits and is not told by `told`, which it was told meanwhile.
    pub(super) fn release(&mut self, told: Option<Positions>) {
        let held = self.resuming.take();
        self.resuming = told.map(|through| Box::new(Resuming::Told(through)));
        if let Some(Resuming::Held { frames, .. }) = held.map(|held| *held) {
            frames.iter().for_each(|frame| self.give(frame));
        }
    }

    /// Everything through `told` has reached its queue: what is behind that cannot come a second time.
    pub(super) fn settle(&mut self, told: &Positions) {
        let settled =
            |resuming: &Resuming| matches!(resuming, Resuming::Told(through) if told.covers(through));
        if self.resuming.as_deref().is_some_and(settled) {
            self.resuming = None;
        }
    }

    /// Gives it a cursor if it is owed one that covers as much as this. True if it was.
    pub(super) fn give_cursor(&mut self, told: &Positions, cursor: &Bytes) -> bool {
        if matches!(self.resuming.as_deref(), Some(Resuming::Held { .. })) {
            return false;
        }
        let Some(owed) = self.owed.filter(|owed| told.has(owed.first)) else { return false };
        self.owed = (!told.has(owed.last)).then_some(Owed { first: owed.last, last: owed.last });
        let _ = self.outbound.push_or_close(cursor.clone());
        true
    }
}
