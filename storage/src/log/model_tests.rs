//! Any sequence of operations leaves the log as a plain vector would be, before and after reopening.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use tempfile::TempDir;

use super::test_log::*;
use super::{GroupId, LogEntry, LogOptions, LogStore};

#[derive(Debug, Clone)]
enum Step {
    Append {
        group: u16,
        count: u64,
    },
    Vote {
        group: u16,
        vote: u8,
    },
    /// Removes this many from the end.
    Truncate {
        group: u16,
        count: u64,
    },
    /// Purges this many from the beginning, also more than there are.
    Purge {
        group: u16,
        count: u64,
    },
    Forget {
        group: u16,
    },
    Reopen,
}

#[derive(Debug, Default, Clone)]
struct Model {
    entries: Vec<LogEntry>,
    next: u64,
    purged: Option<u64>,
    vote: Option<u8>,
}

fn step() -> impl Strategy<Value = Step> {
    let group = 0..3_u16;
    prop_oneof![
        6 => (group.clone(), 0..9_u64).prop_map(|(group, count)| Step::Append { group, count }),
        1 => (group.clone(), any::<u8>()).prop_map(|(group, vote)| Step::Vote { group, vote }),
        2 => (group.clone(), 1..6_u64).prop_map(|(group, count)| Step::Truncate { group, count }),
        1 => (group.clone(), 1..12_u64).prop_map(|(group, count)| Step::Purge { group, count }),
        1 => group.prop_map(|group| Step::Forget { group }),
        1 => Just(Step::Reopen),
    ]
}

fn options() -> LogOptions {
    // So small that most entries are read back from RocksDB.
    LogOptions { tail_bytes_max: 64, batch_bytes_max: 300, ..LogOptions::default() }
}

fn take(log: &LogStore, model: &mut BTreeMap<u16, Model>, step: &Step, serial: usize) {
    match *step {
        Step::Append { group, count } => {
            let model = model.entry(group).or_default();
            let new: Vec<_> = (model.next..model.next + count)
                .map(|index| entry(index, &format!("{index} by {serial}")))
                .collect();
            log.append(GroupId(group), new.clone(), ignore()).unwrap();
            model.next += count;
            model.entries.extend(new);
        }
        Step::Vote { group, vote } => {
            log.save_vote(GroupId(group), Bytes::copy_from_slice(&[vote]), ignore()).unwrap();
            model.entry(group).or_default().vote = Some(vote);
        }
        Step::Truncate { group, count } => {
            let model = model.entry(group).or_default();
            let keep = model.entries.len().saturating_sub(usize::try_from(count).unwrap());
            let Some(first_removed) = model.entries.get(keep).map(|entry| entry.index) else { return };
            log.truncate_from(GroupId(group), first_removed, ignore()).unwrap();
            model.entries.truncate(keep);
            model.next = first_removed;
        }
        Step::Purge { group, count } => {
            let model = model.entry(group).or_default();
            let through = model.entries.first().map_or(model.next, |entry| entry.index) + count;
            let mark = Bytes::from(through.to_string());
            log.purge(GroupId(group), through, mark, ignore()).unwrap();
            model.entries.retain(|entry| entry.index > through);
            model.next = model.next.max(through + 1);
            model.purged = Some(through);
        }
        Step::Forget { group } => {
            log.forget(GroupId(group), ignore()).unwrap();
            let model = model.entry(group).or_default();
            *model = Model { vote: model.vote, ..Model::default() };
        }
        Step::Reopen => {}
    }
}

fn check(log: &LogStore, model: &BTreeMap<u16, Model>) {
    for (group, model) in model {
        let group = GroupId(*group);
        let bounds = log.bounds(group).unwrap();
        assert_eq!(read_all(log, group), model.entries);
        assert_eq!(bounds.len, model.entries.len() as u64);
        assert_eq!(bounds.first, model.entries.first().map_or(0, |entry| entry.index));
        assert_eq!(bounds.last, model.entries.last().map_or(0, |entry| entry.index));
        assert_eq!(bounds.purged, model.purged.map(|through| Bytes::from(through.to_string())));
        assert_eq!(log.read_vote(group).unwrap(), model.vote.map(|vote| Bytes::copy_from_slice(&[vote])));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_log_behaves_as_a_vector(steps in prop::collection::vec(step(), 1..40)) {
        let dir = TempDir::new().unwrap();
        let mut log = LogStore::open(dir.path(), &options()).unwrap();
        let mut model = BTreeMap::new();
        for (serial, step) in steps.iter().enumerate() {
            take(&log, &mut model, step, serial);
            if matches!(step, Step::Reopen) {
                log.close();
                log = LogStore::open(dir.path(), &options()).unwrap();
            }
            check(&log, &model);
        }
        log.close();
        check(&LogStore::open(dir.path(), &options()).unwrap(), &model);
    }
}
