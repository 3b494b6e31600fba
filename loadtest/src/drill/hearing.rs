//! What one client heard of its room over all its connections. Pure.
//!
//! Within one connection the positions rise without holes. A client that comes back may be told again what
//! lies behind its cursor, in order, and drops it; anything else that comes twice is a fault.

use crate::chat::{Faults, Ledger};

/// The books of one listener.
#[derive(Debug)]
pub(super) struct Hearing {
    ledger: Ledger,
    /// The highest position that it knows.
    known: u64,
    /// The highest position of this connection.
    here: Option<u64>,
    /// Events that were told again after coming back.
    repeats: u64,
}

impl Hearing {
    /// The books of somebody who listens from behind this position.
    pub(super) fn after(start: u64) -> Self {
        Self { ledger: Ledger::after(start), known: start, here: None, repeats: 0 }
    }

    /// From now on it is another connection.
    pub(super) fn reconnected(&mut self) {
        self.here = None;
    }

    /// An event was pushed. Answers whether it is news.
    pub(super) fn hear(&mut self, seq: u64) -> bool {
        let rises = self.here.is_none_or(|here| seq > here);
        self.here = self.here.max(Some(seq));
        if rises && seq <= self.known {
            self.repeats += 1;
            return false;
        }
        self.learn(seq)
    }

    /// An event was read from the history. Answers whether it is news.
    pub(super) fn read(&mut self, seq: u64) -> bool {
        seq > self.known && self.learn(seq)
    }

    /// A message that was news: who sent it and its number there.
    pub(super) fn message(&mut self, sender: usize, number: u64) {
        self.ledger.hear_message(sender, number);
    }

    /// News whose text nobody sent.
    pub(super) fn changed(&mut self) {
        self.ledger.hear_changed();
    }

    /// The highest position that it knows.
    pub(super) fn known(&self) -> u64 {
        self.known
    }

    /// How many events were told again after coming back.
    pub(super) fn repeats(&self) -> u64 {
        self.repeats
    }

    /// What went wrong, when the room's log ends there.
    pub(super) fn faults(&self, last: u64) -> Faults {
        self.ledger.faults(last)
    }

    /// The positions that it does not know, when the room's log ends there.
    pub(super) fn missing(&self, last: u64) -> impl Iterator<Item = u64> {
        self.ledger.missing(last)
    }

    fn learn(&mut self, seq: u64) -> bool {
        self.ledger.hear(seq);
        let is_news = seq > self.known;
        self.known = self.known.max(seq);
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Connections with what was pushed on each; the log ends at `last`: missing, doubled, out of order, told again
    #[track_caller]
    fn check(connections: &[&[u64]], last: u64, expected: [u64; 4]) {
        let mut hearing = Hearing::after(2);
        for pushed in connections {
            hearing.reconnected();
            for seq in *pushed {
                hearing.hear(*seq);
            }
        }
        let faults = hearing.faults(last);
        assert_eq!(
            [faults.missing, faults.doubled, faults.out_of_order, hearing.repeats()],
            expected,
            "{connections:?}"
        );
    }

    #[test]
    fn what_was_known_may_be_told_again_in_order_after_coming_back() {
        check(&[&[3, 4, 5], &[6, 7]], 7, [0, 0, 0, 0]);
        check(&[&[3, 4, 5], &[4, 5, 6, 7]], 7, [0, 0, 0, 2]);
        check(&[&[], &[3]], 3, [0, 0, 0, 0]);
    }

    #[test]
    fn what_comes_twice_on_one_connection_is_doubled() {
        check(&[&[3, 4, 4]], 4, [0, 1, 0, 0]);
        check(&[&[3, 4, 5], &[4, 5, 5, 6]], 6, [0, 1, 0, 2]);
        check(&[&[3], &[4, 5, 4, 5]], 5, [0, 2, 0, 0]);
    }

    #[test]
    fn what_is_left_out_is_missing_also_when_it_is_told_later() {
        check(&[&[3, 5]], 5, [1, 0, 0, 0]);
        check(&[&[3], &[5, 6]], 6, [1, 0, 0, 0]);
        check(&[&[3, 5], &[4, 5, 6]], 6, [1, 0, 0, 2]);
        check(&[&[3, 5, 4]], 5, [0, 0, 1, 0]);
        check(&[&[3]], 5, [2, 0, 0, 0]);
    }

    #[test]
    fn what_was_read_counts_and_its_pushes_are_repeats() {
        let mut hearing = Hearing::after(0);
        hearing.hear(1);
        hearing.reconnected();
        assert_eq!([1, 2, 3].map(|seq| hearing.read(seq)), [false, true, true]);
        assert_eq!([3, 4].map(|seq| hearing.hear(seq)), [false, true]);
        assert_eq!((hearing.faults(4).total(), hearing.known(), hearing.repeats()), (0, 4, 1));
    }

    #[test]
    fn a_message_that_was_logged_twice_is_noticed() {
        let mut hearing = Hearing::after(0);
        for (seq, number) in [(1, 0), (2, 1), (3, 1)] {
            hearing.hear(seq);
            hearing.message(7, number);
        }
        assert_eq!(hearing.faults(3).out_of_order, 1);
    }
}
