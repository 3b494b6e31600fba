//! How far somebody has been told what became true: one place for each shard's feed, however many rooms
//! there are. Every event of a room and every change of a user's list of rooms has its place (`pos`) there,
//! the same on every replica.

mod cursor;

use madang_storage::id::ShardId;

pub use cursor::Cursors;

/// A place in the feed of one shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedPos {
    /// Which shard.
    pub shard: ShardId,
    /// Where, from 1.
    pub pos: u64,
}

/// A place in the feed of every shard. 0, where every feed begins, also stands for "not known": whoever goes
/// on from there misses nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positions(Box<[u64]>);

impl Positions {
    /// Where the feeds of so many shards begin.
    pub fn start(shards: u16) -> Self {
        Self(vec![0; usize::from(shards)].into())
    }

    /// The place in a shard's feed.
    pub fn of(&self, shard: ShardId) -> u64 {
        self.0.get(usize::from(shard.0)).copied().unwrap_or(0)
    }

    /// Goes forward in a shard's feed, never backwards. Returns whether that changed anything.
    pub fn advance(&mut self, shard: ShardId, pos: u64) -> bool {
        match self.0.get_mut(usize::from(shard.0)) {
            Some(known) if *known < pos => {
                *known = pos;
                true
            }
            _ => false,
        }
    }

    /// Whether this place was passed.
    pub fn has(&self, at: FeedPos) -> bool {
        self.of(at.shard) >= at.pos
    }

    /// Goes forward to wherever `others` is ahead.
    pub fn advance_all(&mut self, others: &Self) {
        for (known, other) in self.0.iter_mut().zip(&others.0) {
            *known = (*known).max(*other);
        }
    }

    /// Whether it is as far as `other` in every feed.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(here, there)| here >= there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_only_go_forward_and_shards_that_are_not_there_are_nowhere() {
        let mut positions = Positions::start(2);
        assert!(positions.advance(ShardId(1), 5));
        assert!(!positions.advance(ShardId(1), 5));
        assert!(!positions.advance(ShardId(1), 4));
        assert!(!positions.advance(ShardId(2), 4));
        assert_eq!([0, 1, 2].map(|shard| positions.of(ShardId(shard))), [0, 5, 0]);
    }

    #[test]
    fn one_covers_another_that_is_nowhere_ahead() {
        let (mut one, mut two) = (Positions::start(2), Positions::start(2));
        assert!(one.covers(&two));
        one.advance(ShardId(0), 3);
        two.advance(ShardId(1), 2);
        assert!(!one.covers(&two) && !two.covers(&one));
        one.advance_all(&two);
        assert!(one.covers(&two));
        assert!(!one.covers(&Positions::start(3)));
    }
}
