//! A room's log against what its senders were told. Pure.

use std::collections::HashMap;

use crate::chat::Payload;
use crate::client::{Event, EventKind};

/// What is wrong with the logs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LogFaults {
    /// Acknowledged, and not in the log.
    pub(super) lost: u64,
    /// More than once in the log.
    pub(super) doubled: u64,
    /// Elsewhere in the log than acknowledged.
    pub(super) misplaced: u64,
    /// Behind a later message of the same sender.
    pub(super) out_of_order: u64,
    /// With a text nobody sent.
    pub(super) changed: u64,
    /// Positions left out or not rising.
    pub(super) holes: u64,
}

/// What a sender was told: its number, its message's number, and the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    /// Number of the user.
    pub(super) user: usize,
    /// Number of the message.
    pub(super) number: u64,
    /// Position in the log.
    pub(super) seq: u64,
}

/// Compares a whole log, oldest event first, with what was told.
pub(super) fn check_log(events: &[Event], told: &[Told]) -> LogFaults {
    let mut faults = LogFaults::default();
    let mut places: HashMap<(usize, u64), u64> = HashMap::new();
    let mut newest: HashMap<usize, u64> = HashMap::new();
    let mut last = 0;
    for event in events {
        faults.holes += u64::from(event.seq != last + 1);
        last = event.seq;
        let EventKind::Message { text, .. } = &event.kind else { continue };
        let Some(Payload { user, number, .. }) = Payload::read(text) else {
            faults.changed += 1;
            continue;
        };
        if places.insert((user, number), event.seq).is_some() {
            faults.doubled += 1;
        } else if newest.insert(user, number).is_some_and(|newest| newest > number) {
            faults.out_of_order += 1;
        }
    }
    for Told { user, number, seq } in told {
        match places.get(&(*user, *number)) {
            None => faults.lost += 1,
            Some(place) if place != seq => faults.misplaced += 1,
            Some(_) => {}
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn message(seq: u64, user: usize, number: u64) -> Event {
        let text = Payload { user, number, sent: Duration::ZERO }.text(50);
        let kind = EventKind::Message { cid: String::new(), text };
        Event { room: "R".to_owned(), seq, at_ms: 0, user: user.to_string(), kind }
    }

    fn told(user: usize, number: u64, seq: u64) -> Told {
        Told { user, number, seq }
    }

    #[test]
    fn a_log_that_holds_everything_once_and_in_order_is_without_fault() {
        let created = Event { kind: EventKind::Created, ..message(1, 0, 0) };
        // The last was never acknowledged, and may well be there.
        let log = [created, message(2, 1, 0), message(3, 2, 0), message(4, 1, 1)];
        assert_eq!(check_log(&log, &[told(1, 0, 2), told(2, 0, 3)]), LogFaults::default());
    }

    #[test]
    fn every_kind_of_fault_is_counted() {
        let log = [message(1, 1, 0), message(2, 1, 0), message(4, 1, 2), message(5, 1, 1)];
        let faults = check_log(&log, &[told(1, 0, 2), told(1, 1, 4), told(1, 9, 3)]);
        let expected = LogFaults { lost: 1, doubled: 1, misplaced: 1, out_of_order: 1, changed: 0, holes: 1 };
        assert_eq!(faults, expected);
        let mut changed = message(1, 1, 0);
        changed.kind = EventKind::Message { cid: String::new(), text: "1 0 0 zzz".to_owned() };
        assert_eq!(check_log(&[changed], &[]).changed, 1);
    }
}
