//! How a client stays level with rooms whose events are not all pushed. Pure: pushes and pages go in, what to read
//! comes out.
//!
//! A room from which much is taken leaves holes in what is pushed, and heads say how far its log goes. A follower
//! takes events as long as they follow on; as soon as one does not, or a head is beyond it, it reads on with
//! `history` from where it stands, after a wait of its own so that not all clients read at once.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

/// What an event that was pushed is to the follower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The next: take it.
    Next,
    /// It was taken before: drop it.
    Known,
    /// Something before it was not pushed: drop it, it will be read.
    Beyond,
}

/// One room that is followed.
#[derive(Debug, Default)]
struct Room {
    /// Everything up to this seq was taken.
    through: u64,
    /// The log goes at least through here.
    last_seq: u64,
    /// Over how long clients spread what they read.
    spread: Duration,
    /// Whether a page is being read, or is about to be.
    reading: bool,
}

/// Follows rooms.
#[derive(Debug, Default)]
pub struct Follower {
    rooms: HashMap<String, Room>,
}

impl Follower {
    /// Follows a room from here on: everything up to this seq is known.
    pub fn begin(&mut self, room: &str, through: u64) {
        let known = self.rooms.entry(room.to_owned()).or_default();
        known.through = known.through.max(through);
        known.last_seq = known.last_seq.max(through);
    }

    /// An event was pushed, or stands on a page that was read. One of a room that is not followed begins it.
    pub fn event(&mut self, room: &str, seq: u64) -> Place {
        if !self.rooms.contains_key(room) {
            self.begin(room, seq.saturating_sub(1));
        }
        let Some(known) = self.rooms.get_mut(room) else { return Place::Known };
        known.last_seq = known.last_seq.max(seq);
        if seq <= known.through {
            Place::Known
        } else if seq == known.through + 1 {
            known.through = seq;
            Place::Next
        } else {
            Place::Beyond
        }
    }

    /// Events were pushed that follow on one from the other; how many of them were taken.
    pub fn events(&mut self, room: &str, seqs: RangeInclusive<u64>) -> u64 {
        let (first, last) = (*seqs.start(), *seqs.end());
        match self.event(room, first) {
            Place::Beyond => {
                self.head(room, last);
                0
            }
            place => {
                let Some(known) = self.rooms.get_mut(room) else { return 0 };
                let before = known.through - u64::from(place == Place::Next);
                known.through = known.through.max(last);
                known.last_seq = known.last_seq.max(last);
                known.through - before
            }
        }
    }

    /// The push `head`.
    pub fn head(&mut self, room: &str, last_seq: u64) {
        if let Some(known) = self.rooms.get_mut(room) {
            known.last_seq = known.last_seq.max(last_seq);
        }
    }

    /// The push `shed`.
    pub fn shed(&mut self, room: &str, level: &str, spread_ms: u64) {
        let spread = if level == "none" { Duration::ZERO } else { Duration::from_millis(spread_ms) };
        self.rooms.entry(room.to_owned()).or_default().spread = spread;
    }

    /// What is to be read now, if anything of this room is and no page of it is under way: after which seq, and how
    /// long to wait before; `share` is a random number from 0 to 1. Say [`Self::read`] when it was.
    pub fn wants(&mut self, room: &str, share: f64) -> Option<(u64, Duration)> {
        let known =
            self.rooms.get_mut(room).filter(|known| !known.reading && known.through < known.last_seq)?;
        known.reading = true;
        Some((known.through, known.spread.mul_f64(share.clamp(0.0, 1.0))))
    }

    /// The page that was wanted has been taken, event by event, or could not be read. `more` says that it was not
    /// the last: the next is wanted at once.
    pub fn read(&mut self, room: &str, more: bool) -> Option<u64> {
        let known = self.rooms.get_mut(room)?;
        known.reading = more;
        more.then_some(known.through)
    }

    /// Through where everything of a room was taken.
    pub fn through(&self, room: &str) -> Option<u64> {
        self.rooms.get(room).map(|known| known.through)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = "01K";

    #[test]
    fn events_that_follow_on_are_taken_and_repeats_are_not() {
        let mut follower = Follower::default();
        follower.begin(ROOM, 3);
        assert_eq!(
            [3, 4, 4, 5].map(|seq| follower.event(ROOM, seq)),
            [Place::Known, Place::Next, Place::Known, Place::Next]
        );
        assert_eq!(follower.wants(ROOM, 0.5), None);
    }

    #[test]
    fn a_hole_is_read_after_a_wait_and_only_once_at_a_time() {
        let mut follower = Follower::default();
        follower.begin(ROOM, 3);
        follower.shed(ROOM, "reactions", 2_000);
        assert_eq!(follower.event(ROOM, 6), Place::Beyond);
        assert_eq!(follower.wants(ROOM, 0.5), Some((3, Duration::from_secs(1))));
        assert_eq!((follower.event(ROOM, 7), follower.wants(ROOM, 0.5)), (Place::Beyond, None));
        assert!([4, 5, 6].iter().all(|seq| follower.event(ROOM, *seq) == Place::Next));
        assert_eq!(follower.read(ROOM, true), Some(6));
        assert_eq!(follower.event(ROOM, 7), Place::Next);
        assert_eq!((follower.read(ROOM, false), follower.wants(ROOM, 0.5)), (None, None));
    }

    #[test]
    fn events_that_came_together_are_taken_from_where_the_follower_stands() {
        let mut follower = Follower::default();
        follower.begin(ROOM, 3);
        assert_eq!((follower.events(ROOM, 4..=9), follower.events(ROOM, 7..=12)), (6, 3));
        assert_eq!((follower.events(ROOM, 2..=12), follower.events(ROOM, 14..=20)), (0, 0));
        assert_eq!(follower.through(ROOM), Some(12));
        assert_eq!(follower.wants(ROOM, 0.0), Some((12, Duration::ZERO)));
        assert!((13..=20).all(|seq| follower.event(ROOM, seq) == Place::Next));
        assert_eq!((follower.read(ROOM, false), follower.wants(ROOM, 0.0)), (None, None));
    }

    #[test]
    fn a_head_is_followed_and_calm_ends_the_waiting() {
        let mut follower = Follower::default();
        follower.begin(ROOM, 3);
        follower.shed(ROOM, "heads", 2_000);
        follower.head(ROOM, 50);
        follower.head(ROOM, 40);
        follower.shed(ROOM, "none", 1_000);
        assert_eq!(follower.wants(ROOM, 1.0), Some((3, Duration::ZERO)));
        (4..=50).for_each(|seq| assert_eq!(follower.event(ROOM, seq), Place::Next));
        follower.read(ROOM, false);
        assert_eq!(follower.through(ROOM), Some(50));
    }

    #[test]
    fn a_page_that_could_not_be_read_is_wanted_again() {
        let mut follower = Follower::default();
        follower.begin(ROOM, 3);
        follower.head(ROOM, 9);
        assert!(follower.wants(ROOM, 0.0).is_some());
        follower.read(ROOM, false);
        assert_eq!(follower.wants(ROOM, 0.0), Some((3, Duration::ZERO)));
    }
}
