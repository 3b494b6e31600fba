//! What one client heard, over all its connections: how far in each room, and whether anything is missing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How far a client has heard one room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The room.
    pub room: String,
    /// The newest event that was heard.
    pub seq: u64,
    /// Events between the first and the newest that were not.
    pub missed: u64,
}

/// One client's. Pure.
#[derive(Debug, Default)]
pub(super) struct Ledger(BTreeMap<String, (u64, u64)>);

impl Ledger {
    /// An event was heard; repeats do nothing.
    pub(super) fn heard(&mut self, room: &str, seq: u64) {
        match self.0.get_mut(room) {
            Some((newest, missed)) => {
                *missed += seq.saturating_sub(*newest + 1);
                *newest = seq.max(*newest);
            }
            None => drop(self.0.insert(room.to_owned(), (seq, 0))),
        }
    }

    /// All rooms in which anything was heard.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        self.0.iter().map(|(room, (seq, missed))| Place { room: room.clone(), seq: *seq, missed: *missed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_between_two_connections_is_found_and_repeats_are_not() {
        let mut ledger = Ledger::default();
        for seq in [5, 6, 7, 6, 7, 8, 11, 11, 12] {
            ledger.heard("a", seq);
        }
        ledger.heard("b", 3);
        let place = |room: &str, seq, missed| Place { room: room.to_owned(), seq, missed };
        assert_eq!(ledger.places().collect::<Vec<_>>(), [place("a", 12, 2), place("b", 3, 0)]);
    }
}
