//! Through which place of every feed the queues of a thread's sessions have everything. Pure.
//!
//! The audiences say what is in the hub's mailbox; from there it goes through rooms that are served in turns.
//! So a mark is put behind what the busy rooms have to deliver, and when all of them have passed it, what had
//! come when it was put has reached everybody.

use crate::position::{FeedPos, Positions};

#[derive(Debug)]
pub(super) struct Told {
    /// In all queues.
    through: Positions,
    /// Handed to this hub.
    handed: Positions,
    /// Will be in all queues when the rooms have passed the mark.
    marked: Option<Positions>,
    /// What the cursor of the last round said.
    pushed: Positions,
}

impl Told {
    /// A hub that has told nobody anything: what `reached` says was before its time.
    pub(super) fn new(reached: Positions) -> Self {
        Self { through: reached.clone(), handed: reached.clone(), marked: None, pushed: reached }
    }

    /// Everything through this place was handed to this hub.
    pub(super) fn handed(&mut self, at: FeedPos) {
        self.handed.advance(at.shard, at.pos);
    }

    /// Whether a mark is to be put: something was handed over since the last, and that was passed.
    pub(super) fn mark(&mut self) -> bool {
        if self.marked.is_some() || self.handed == self.through {
            return false;
        }
        self.marked = Some(self.handed.clone());
        true
    }

    /// All rooms have passed the mark, if there was one.
    pub(super) fn passed(&mut self) {
        if let Some(marked) = self.marked.take() {
            self.through = marked;
        }
    }

    /// Everything through here is in all queues.
    pub(super) fn through(&self) -> &Positions {
        &self.through
    }

    /// What the cursor of this round says, if it says more than the last.
    pub(super) fn next_cursor(&mut self) -> Option<Positions> {
        if self.pushed == self.through {
            return None;
        }
        self.pushed = self.through.clone();
        Some(self.pushed.clone())
    }
}

#[cfg(test)]
mod tests {
    use madang_storage::id::ShardId;

    use super::*;

    const SHARD: ShardId = ShardId(0);

    fn at(pos: u64) -> FeedPos {
        FeedPos { shard: SHARD, pos }
    }

    #[test]
    fn what_is_handed_over_behind_a_mark_waits_for_the_next() {
        let mut told = Told::new(Positions::start(1));
        assert!(!told.mark(), "nothing was handed over");
        told.handed(at(5));
        assert!(told.mark());
        told.handed(at(9));
        assert!(!told.mark(), "the first was not passed");
        assert_eq!(told.through().of(SHARD), 0);
        told.passed();
        assert_eq!(told.through().of(SHARD), 5);
        assert!(told.mark());
        told.passed();
        assert_eq!(told.through().of(SHARD), 9);
        assert!(!told.mark());
    }

    #[test]
    fn a_cursor_is_pushed_only_when_it_says_more() {
        let mut told = Told::new(Positions::start(1));
        assert_eq!(told.next_cursor(), None);
        told.handed(at(5));
        assert_eq!(told.next_cursor(), None, "it is in the mailbox only");
        told.mark();
        told.passed();
        assert_eq!(told.next_cursor().map(|cursor| cursor.of(SHARD)), Some(5));
        assert_eq!(told.next_cursor(), None);
    }
}
