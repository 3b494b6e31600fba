//! Compares what should be in a room with what is in it. Pure.
//!
//! A message is known by its cid, a coming or going by who it is and the how-manieth it is.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

/// Differences shown in words.
const SAMPLES_MAX: usize = 20;

/// What an entry of a room's log tells.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum What {
    /// Somebody came.
    Joined,
    /// Somebody went.
    Left,
    /// Somebody said something.
    Said {
        /// Name of the send.
        cid: String,
        /// The text.
        text: String,
    },
}

/// One entry, expected or found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Who.
    pub user: String,
    /// What.
    pub what: What,
}

/// Which order is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderRule {
    /// Each entry was acknowledged before the next one was sent: one order for all.
    Total,
    /// Each user's own entries keep their order.
    PerUser,
}

/// What differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// Expected and not there.
    pub lost: usize,
    /// There more than once; every copy after the first counts.
    pub doubled: usize,
    /// There in the wrong place: how many entries would have to move.
    pub reordered: usize,
    /// There with another text or of another user.
    pub changed: usize,
    /// There and not expected.
    pub unexpected: usize,
    /// Some of them in words.
    pub samples: Vec<String>,
}

impl Differences {
    /// All of them.
    pub fn total(&self) -> usize {
        self.lost + self.doubled + self.reordered + self.changed + self.unexpected
    }

    fn note(&mut self, text: impl FnOnce() -> String) {
        if self.samples.len() < SAMPLES_MAX {
            self.samples.push(text());
        }
    }
}

/// Finds every difference between `expected` and `found`.
pub fn compare(expected: &[Entry], found: &[Entry], order: OrderRule) -> Differences {
    let mut differences = Differences::default();
    let places: HashMap<Key<'_>, usize> = keys(expected).into_iter().zip(0..).collect();
    let mut seen = vec![false; expected.len()];
    // Expected places in the order in which they were found, per chain of entries whose order is promised.
    let mut chains: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (entry, key) in found.iter().zip(keys(found)) {
        let Some((place, wanted)) = places.get(&key).and_then(|place| Some((*place, expected.get(*place)?)))
        else {
            note_stranger(&mut differences, entry, &places);
            continue;
        };
        if std::mem::replace(seen.get_mut(place).unwrap_or(&mut false), true) {
            differences.doubled += 1;
            differences.note(|| format!("doubled: {entry}"));
            continue;
        }
        if wanted != entry {
            differences.changed += 1;
            differences.note(|| format!("changed: {entry} instead of {wanted}"));
        }
        let chain = match order {
            OrderRule::Total => "",
            OrderRule::PerUser => wanted.user.as_str(),
        };
        chains.entry(chain).or_default().push(place);
    }
    for (wanted, seen) in expected.iter().zip(seen) {
        if !seen {
            differences.lost += 1;
            differences.note(|| format!("lost: {wanted}"));
        }
    }
    for places in chains.values() {
        note_disorder(&mut differences, places, expected);
    }
    differences
}

/// Something that was not expected: a further coming or going counts as doubled, anything else as new.
fn note_stranger<'a>(differences: &mut Differences, entry: &'a Entry, places: &HashMap<Key<'a>, usize>) {
    let first = match entry.what {
        What::Joined => Some(Key::Joined(&entry.user, 0)),
        What::Left => Some(Key::Left(&entry.user, 0)),
        What::Said { .. } => None,
    };
    if first.is_some_and(|first| places.contains_key(&first)) {
        differences.doubled += 1;
        differences.note(|| format!("doubled: {entry}"));
    } else {
        differences.unexpected += 1;
        differences.note(|| format!("unexpected: {entry}"));
    }
}

fn note_disorder(differences: &mut Differences, places: &[usize], expected: &[Entry]) {
    let moved = places.len() - longest_rising(places);
    if moved == 0 {
        return;
    }
    differences.reordered += moved;
    let swap = places.windows(2).find_map(|pair| match pair {
        [before, after] if before > after => Some((expected.get(*before)?, expected.get(*after)?)),
        _ => None,
    });
    if let Some((first, second)) = swap {
        differences.note(|| format!("reordered: {first} before {second}"));
    }
}

/// Length of the longest rising subsequence (patience sorting): those entries are in order, the others
/// have moved.
fn longest_rising(places: &[usize]) -> usize {
    let mut tails: Vec<usize> = Vec::new();
    for place in places {
        let at = tails.partition_point(|tail| tail < place);
        match tails.get_mut(at) {
            Some(tail) => *tail = *place,
            None => tails.push(*place),
        }
    }
    tails.len()
}

#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Said(&'a str),
    Joined(&'a str, usize),
    Left(&'a str, usize),
}

fn keys(entries: &[Entry]) -> Vec<Key<'_>> {
    let mut counts: HashMap<(&str, bool), usize> = HashMap::new();
    let mut nth = |user, joined| {
        let count = counts.entry((user, joined)).or_default();
        *count += 1;
        *count - 1
    };
    entries
        .iter()
        .map(|entry| match &entry.what {
            What::Said { cid, .. } => Key::Said(cid),
            What::Joined => Key::Joined(&entry.user, nth(&entry.user, true)),
            What::Left => Key::Left(&entry.user, nth(&entry.user, false)),
        })
        .collect()
}

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.what {
            What::Joined => write!(f, "{} joined", self.user),
            What::Left => write!(f, "{} left", self.user),
            What::Said { cid, text } => write!(f, "{} said {text:?} ({cid})", self.user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(user: &str, cid: &str, text: &str) -> Entry {
        Entry { user: user.into(), what: What::Said { cid: cid.into(), text: text.into() } }
    }

    fn joined(user: &str) -> Entry {
        Entry { user: user.into(), what: What::Joined }
    }

    fn left(user: &str) -> Entry {
        Entry { user: user.into(), what: What::Left }
    }

    fn room() -> Vec<Entry> {
        vec![
            joined("a"),
            said("a", "1", "one"),
            joined("b"),
            said("b", "2", "two"),
            left("a"),
            joined("a"),
            said("a", "3", "two"),
        ]
    }

    /// lost, doubled, reordered, changed, unexpected
    fn check(change: impl FnOnce(&mut Vec<Entry>), order: OrderRule, counts: [usize; 5]) {
        let mut found = room();
        change(&mut found);
        let d = compare(&room(), &found, order);
        assert_eq!([d.lost, d.doubled, d.reordered, d.changed, d.unexpected], counts, "{:?}", d.samples);
        assert_eq!(d.total() == 0, d.samples.is_empty());
    }

    #[test]
    fn equal_rooms_have_no_differences() {
        check(|_| {}, OrderRule::Total, [0; 5]);
        check(|_| {}, OrderRule::PerUser, [0; 5]);
    }

    #[test]
    fn a_lost_line_is_found_wherever_it_was() {
        for at in 0..room().len() {
            let mut found = room();
            found.remove(at);
            let d = compare(&room(), &found, OrderRule::Total);
            assert_eq!(d.lost, 1, "at {at}: {d:?}");
        }
        check(std::vec::Vec::clear, OrderRule::Total, [7, 0, 0, 0, 0]);
    }

    #[test]
    fn a_doubled_message_is_found() {
        check(|found| found.push(said("a", "1", "one")), OrderRule::Total, [0, 1, 0, 0, 0]);
        check(|found| found.insert(2, said("a", "1", "one")), OrderRule::Total, [0, 1, 0, 0, 0]);
    }

    #[test]
    fn a_doubled_coming_or_going_is_found() {
        check(|found| found.push(joined("b")), OrderRule::Total, [0, 1, 0, 0, 0]);
        check(|found| found.push(left("a")), OrderRule::Total, [0, 1, 0, 0, 0]);
    }

    #[test]
    fn two_swapped_lines_are_found() {
        check(|found| found.swap(3, 4), OrderRule::Total, [0, 0, 1, 0, 0]);
        check(|found| found.swap(0, 1), OrderRule::Total, [0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_swap_between_users_is_allowed_when_only_each_users_order_is_promised() {
        check(|found| found.swap(3, 4), OrderRule::PerUser, [0; 5]);
        check(|found| found.swap(1, 4), OrderRule::PerUser, [0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_line_moved_far_counts_once() {
        check(
            |found| {
                let line = found.remove(1);
                found.push(line);
            },
            OrderRule::Total,
            [0, 0, 1, 0, 0],
        );
    }

    #[test]
    fn a_changed_text_or_user_is_found() {
        check(|found| found[1] = said("a", "1", "One"), OrderRule::Total, [0, 0, 0, 1, 0]);
        check(|found| found[1] = said("b", "1", "one"), OrderRule::Total, [0, 0, 0, 1, 0]);
    }

    #[test]
    fn something_nobody_did_is_found() {
        check(|found| found.push(said("a", "9", "one")), OrderRule::Total, [0, 0, 0, 0, 1]);
        check(|found| found.push(joined("c")), OrderRule::Total, [0, 0, 0, 0, 1]);
        check(|found| found.push(left("b")), OrderRule::Total, [0, 0, 0, 0, 1]);
    }
}
