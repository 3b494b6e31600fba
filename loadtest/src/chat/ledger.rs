//! What one listener heard of one room. Pure.

use std::collections::HashMap;

/// What went wrong with deliveries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Logged but not heard.
    pub missing: u64,
    /// Heard more than once.
    pub doubled: u64,
    /// Heard after a later one.
    pub out_of_order: u64,
    /// Heard with a text nobody sent.
    pub changed: u64,
}

impl Faults {
    /// Adds those of another listener.
    pub fn add(&mut self, other: Self) {
        self.missing += other.missing;
        self.doubled += other.doubled;
        self.out_of_order += other.out_of_order;
        self.changed += other.changed;
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.missing + self.doubled + self.out_of_order + self.changed
    }
}

/// A room's log as one listener heard it. Since positions have no holes, only those not heard yet below
/// the highest one need to be remembered.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Positions are heard from the one after this on.
    start: u64,
    highest: u64,
    /// Below the highest and not heard yet.
    open: std::collections::BTreeSet<u64>,
    /// The newest message's number of each sender.
    senders: HashMap<usize, u64>,
    own: OwnMessages,
    faults: Faults,
}

/// The listener's own messages by their numbers: where the acknowledgement says they are, and where they
/// were heard. Those of which both are known and equal are forgotten.
#[derive(Debug, Default)]
struct OwnMessages {
    acked: HashMap<u64, u64>,
    heard: HashMap<u64, u64>,
}

impl Ledger {
    /// A ledger of what comes after this position.
    pub fn after(start: u64) -> Self {
        Self { start, highest: start, ..Self::default() }
    }

    /// An event was heard.
    pub fn hear(&mut self, seq: u64) {
        if seq <= self.start {
            // Logged before listening began.
        } else if seq > self.highest {
            self.open.extend(self.highest + 1..seq);
            self.highest = seq;
        } else if self.open.remove(&seq) {
            self.faults.out_of_order += 1;
        } else {
            self.faults.doubled += 1;
        }
    }

    /// A message with this sender's number was heard; numbers of one sender rise.
    pub fn hear_message(&mut self, sender: usize, number: u64) {
        if let Some(newest) = self.senders.insert(sender, number)
            && newest >= number
        {
            self.faults.out_of_order += 1;
        }
    }

    /// The listener's own message of this number was acknowledged at this position.
    pub fn own_acked(&mut self, number: u64, seq: u64) {
        if self.own.heard.get(&number) == Some(&seq) {
            self.own.heard.remove(&number);
        } else {
            self.own.acked.insert(number, seq);
        }
    }

    /// The listener's own message of this number was heard at this position.
    pub fn own_heard(&mut self, number: u64, seq: u64) {
        if self.own.acked.get(&number) == Some(&seq) {
            self.own.acked.remove(&number);
        } else {
            self.own.heard.insert(number, seq);
        }
    }

    /// A message was heard whose text nobody sent.
    pub fn hear_changed(&mut self) {
        self.faults.changed += 1;
    }

    /// Whether everything up to this position was heard, and every acknowledged own message where its
    /// acknowledgement says.
    pub fn is_complete(&self, last: u64) -> bool {
        self.open.is_empty() && self.highest >= last && self.own.acked.is_empty()
    }

    /// The positions that were not heard, lowest first, when the room's log ends at this position.
    pub fn missing(&self, last: u64) -> impl Iterator<Item = u64> {
        self.open.iter().copied().chain(self.highest + 1..=last)
    }

    /// What went wrong, when the room's log ends at this position. An own message that was acknowledged
    /// and not heard at its position is missing, also when something else is there.
    pub fn faults(&self, last: u64) -> Faults {
        let others = last.saturating_sub(self.highest) + self.open.len() as u64;
        let own = self.own.acked.values().filter(|seq| **seq <= self.highest && !self.open.contains(seq));
        let never = others + own.count() as u64;
        Faults { missing: never, ..self.faults }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// missing, doubled, out of order, changed
    fn check(heard: &[u64], last: u64, faults: [u64; 4]) {
        let mut ledger = Ledger::after(2);
        heard.iter().for_each(|seq| ledger.hear(*seq));
        let f = ledger.faults(last);
        assert_eq!([f.missing, f.doubled, f.out_of_order, f.changed], faults, "{heard:?}");
        assert_eq!(ledger.is_complete(last), f.missing == 0);
        assert_eq!(ledger.missing(last).count() as u64, f.missing);
    }

    #[test]
    fn every_kind_of_fault_is_counted() {
        check(&[3, 4, 5], 5, [0, 0, 0, 0]);
        check(&[1, 2, 3], 3, [0, 0, 0, 0]);
        check(&[], 2, [0, 0, 0, 0]);
        check(&[3, 5], 5, [1, 0, 0, 0]);
        check(&[3, 4], 6, [2, 0, 0, 0]);
        check(&[3, 3, 4], 4, [0, 1, 0, 0]);
        check(&[4, 3, 5], 5, [0, 0, 1, 0]);
        check(&[5, 3, 3], 5, [1, 1, 1, 0]);
    }

    #[test]
    fn a_sender_whose_numbers_fall_or_repeat_is_noticed() {
        let mut ledger = Ledger::default();
        for number in [0, 1, 5, 4, 4] {
            ledger.hear_message(1, number);
            ledger.hear_message(2, number + 100);
        }
        assert_eq!(ledger.faults(0).out_of_order, 4);
    }

    #[test]
    fn an_own_message_that_is_not_where_it_was_acknowledged_is_missing() {
        let mut ledger = Ledger::default();
        for seq in 1..=4 {
            ledger.hear(seq);
        }
        // Acknowledged before and after it is heard; both are in order.
        ledger.own_acked(0, 1);
        ledger.own_heard(0, 1);
        ledger.own_heard(1, 2);
        ledger.own_acked(1, 2);
        assert!(ledger.is_complete(4));
        // Another one's message is at position 3.
        ledger.own_acked(2, 3);
        assert!(!ledger.is_complete(4));
        assert_eq!(ledger.faults(4).missing, 1);
        // A position that was not heard at all counts once.
        ledger.own_acked(3, 5);
        assert_eq!(ledger.faults(5).missing, 2);
    }

    #[test]
    fn an_own_message_heard_without_an_acknowledgement_is_no_fault() {
        let mut ledger = Ledger::default();
        ledger.hear(1);
        ledger.own_heard(0, 1);
        assert!(ledger.is_complete(1));
        assert_eq!(ledger.faults(1).total(), 0);
    }

    #[test]
    fn a_changed_text_is_counted() {
        let mut ledger = Ledger::default();
        ledger.hear_changed();
        assert_eq!(ledger.faults(0).changed, 1);
        assert_eq!(ledger.faults(0).total(), 1);
    }
}
