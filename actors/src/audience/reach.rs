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

/// All rooms are being looked up.
#[derive(Debug)]
struct Look {
    id: LookId,
    /// How far the feed had come before the rooms were counted, once that was read: who begins to listen to
    /// a room after that is owed nothing of it.
    through: Option<u64>,
    /// Parts of the rooms that were not looked up yet.
    missing: usize,
}

/// Names one look at all rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LookId(u64);

/// How a look at all rooms goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looked {
    /// Count the rooms, say [`Reach::counted`], and look them up.
    Begun,
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

    /// The feed skipped, or the actor is new: a look at all rooms begins with how far the feed has come. A
    /// look that was under way is given up.
    pub(super) fn skipped(&mut self) -> LookId {
        self.looks += 1;
        let id = LookId(self.looks);
        self.look = Some(Look { id, through: None, missing: 0 });
        id
    }

    /// The rooms are looked up in so many parts.
    pub(super) fn counted(&mut self, id: LookId, parts: usize) {
        if let Some(look) = self.look.as_mut().filter(|look| look.id == id) {
            look.missing = parts;
        }
    }

    /// One read of a look was made, when the feed had come to `pos`, and is acted on.
    pub(super) fn looked(&mut self, id: LookId, pos: u64) -> Looked {
        let Some(look) = self.look.as_mut().filter(|look| look.id == id) else { return Looked::Part };
        let Some(through) = look.through else {
            look.through = Some(pos);
            return Looked::Begun;
        };
        look.missing = look.missing.saturating_sub(1);
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
        let look = reach.skipped();
        reach.heard(20);
        assert_eq!(reach.through(0), None);
        assert_eq!(reach.looked(look, 30), Looked::Begun);
        reach.counted(look, 2);
        assert_eq!(reach.looked(look, 31), Looked::Part);
        assert_eq!(reach.through(0), None);
        assert_eq!(reach.looked(look, 33), Looked::All);
        assert_eq!(reach.through(1), None, "what was found is being healed");
        assert_eq!(reach.through(0), Some(30), "who began to listen later is owed nothing through there");
    }

    #[test]
    fn a_skip_during_a_look_begins_another() {
        let mut reach = Reach::default();
        let first = reach.skipped();
        assert_eq!(reach.looked(first, 8), Looked::Begun);
        reach.counted(first, 1);
        let second = reach.skipped();
        assert_eq!(reach.looked(first, 9), Looked::Part);
        reach.counted(first, 7);
        assert_eq!(reach.through(0), None);
        assert_eq!(reach.looked(second, 12), Looked::Begun);
        reach.counted(second, 1);
        assert_eq!(reach.looked(second, 13), Looked::All);
        assert_eq!(reach.through(0), Some(12));
    }

    #[test]
    fn a_look_that_shows_less_than_was_heard_takes_nothing_back() {
        let mut reach = Reach::default();
        let look = reach.skipped();
        reach.heard(40);
        reach.looked(look, 30);
        reach.counted(look, 1);
        reach.looked(look, 30);
        assert_eq!(reach.through(0), Some(40));
    }
}
