//! Through which place of the shard's feed everything was handed to the hubs: what may be written into
//! clients' cursors. Pure.
//!
//! The feed is heard in order, so it is the place of the newest item heard, with two exceptions: while a room
//! is being healed its events come later, and after a skip nobody knows what was missed until all rooms were
//! looked up. Then it stays where it was.

/// How far the feed of one shard was heard.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// The newest item heard.
    heard: u64,
    look: Option<Look>,
    looks: u64,
}

/// All rooms are being looked up, in parts.
#[derive(Debug)]
struct Look {
    id: LookId,
    missing: usize,
    /// Everything through here shows in all parts so far.
    through: Option<u64>,
}

/// Names one look at all rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LookId(u64);

/// Whether a look at all rooms is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looked {
    /// This was the last part.
    All,
    /// There are other parts, or it was given up for a later look.
    Part,
}

impl Reach {
    /// The feed brought an item of this place.
    pub(super) fn heard(&mut self, pos: u64) {
        self.heard = self.heard.max(pos);
    }

    /// The feed skipped, or the actor is new: all rooms are looked up in so many parts. A look that was under
    /// way is given up.
    pub(super) fn skipped(&mut self, parts: usize) -> LookId {
        self.looks += 1;
        let id = LookId(self.looks);
        self.look = Some(Look { id, missing: parts, through: None });
        id
    }

    /// One part of a look was read, when the feed had come to `pos`, and is acted on.
    pub(super) fn looked(&mut self, id: LookId, pos: u64) -> Looked {
        let Some(look) = self.look.as_mut().filter(|look| look.id == id) else { return Looked::Part };
        look.missing = look.missing.saturating_sub(1);
        let through = look.through.map_or(pos, |through| through.min(pos));
        look.through = Some(through);
        if look.missing > 0 {
            return Looked::Part;
        }
        self.look = None;
        self.heard = self.heard.max(through);
        Looked::All
    }

    /// Through where everything was handed over, if that can be said now; `healing` is how many rooms are
    /// being healed.
    pub(super) fn through(&self, healing: usize) -> Option<u64> {
        (self.look.is_none() && healing == 0).then_some(self.heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_feed() {
        let mut reach = Reach::default();
        assert_eq!(reach.through(0), Some(0));
        for pos in [1, 2, 7] {
            reach.heard(pos);
        }
        assert_eq!(reach.through(0), Some(7));
    }

    #[test]
    fn it_stays_while_a_room_is_healed() {
        let mut reach = Reach::default();
        reach.heard(7);
        assert_eq!(reach.through(1), None);
        reach.heard(8);
        assert_eq!(reach.through(2), None);
        assert_eq!(reach.through(0), Some(8));
    }

    #[test]
    fn after_a_skip_it_stays_until_all_rooms_were_looked_up() {
        let mut reach = Reach::default();
        reach.heard(7);
        let look = reach.skipped(2);
        reach.heard(20);
        assert_eq!(reach.through(0), None);
        assert_eq!(reach.looked(look, 31), Looked::Part);
        assert_eq!(reach.through(0), None);
        assert_eq!(reach.looked(look, 30), Looked::All);
        assert_eq!(reach.through(1), None, "what was found is being healed");
        assert_eq!(reach.through(0), Some(30), "both parts show everything through there");
    }

    #[test]
    fn a_skip_during_a_look_begins_another() {
        let mut reach = Reach::default();
        let first = reach.skipped(1);
        let second = reach.skipped(1);
        assert_eq!(reach.looked(first, 9), Looked::Part);
        assert_eq!(reach.through(0), None);
        assert_eq!(reach.looked(second, 12), Looked::All);
        assert_eq!(reach.through(0), Some(12));
    }

    #[test]
    fn a_look_that_shows_less_than_was_heard_takes_nothing_back() {
        let mut reach = Reach::default();
        let look = reach.skipped(1);
        reach.heard(40);
        reach.looked(look, 30);
        assert_eq!(reach.through(0), Some(40));
    }
}
