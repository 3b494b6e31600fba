//! Keys of the log's RocksDB: `table u8 | group u16 BE | index u64 BE`. On disk: never renumber a table.

use super::entry::GroupId;
use crate::error::StorageError;

/// The format version of the whole store.
pub(super) const FORMAT_KEY: &[u8] = &[0];
const META: u8 = 1;
pub(super) const VOTE: u8 = 2;
pub(super) const PURGED: u8 = 3;
pub(super) const ENTRY: u8 = 4;

/// Key of a named value of the node.
pub(super) fn meta(name: &str) -> Vec<u8> {
    [&[META], name.as_bytes()].concat()
}

/// Key of the one row a group has in `table` (vote or purge mark).
pub(super) fn group_row(table: u8, group: GroupId) -> Vec<u8> {
    [&[table], group.0.to_be_bytes().as_slice()].concat()
}

/// Key of an entry.
pub(super) fn entry(group: GroupId, index: u64) -> Vec<u8> {
    [&[ENTRY], group.0.to_be_bytes().as_slice(), &index.to_be_bytes()].concat()
}

/// The first key behind an entry's, also behind the last possible one.
pub(super) fn behind_entry(group: GroupId, index: u64) -> Vec<u8> {
    let mut key = entry(group, index);
    key.push(0);
    key
}

/// Reads the group of a vote's or purge mark's key.
pub(super) fn parse_group_row(key: &[u8]) -> Result<GroupId, StorageError> {
    match key {
        [_, a, b] => Ok(GroupId(u16::from_be_bytes([*a, *b]))),
        _ => Err(foreign(key)),
    }
}

/// Reads an entry's key.
pub(super) fn parse_entry(key: &[u8]) -> Result<(GroupId, u64), StorageError> {
    match key.split_first_chunk::<3>() {
        Some(([ENTRY, a, b], index)) => {
            let index = index.try_into().map_err(|_| foreign(key))?;
            Ok((GroupId(u16::from_be_bytes([*a, *b])), u64::from_be_bytes(index)))
        }
        _ => Err(foreign(key)),
    }
}

fn foreign(key: &[u8]) -> StorageError {
    StorageError::Corrupt { what: format!("the log holds a key of no known shape: {key:02x?}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn golden_keys_stay_as_they_are() {
        assert_eq!(meta("node"), b"\x01node");
        assert_eq!(group_row(VOTE, GroupId(0x0102)), b"\x02\x01\x02");
        assert_eq!(group_row(PURGED, GroupId(0x0102)), b"\x03\x01\x02");
        assert_eq!(entry(GroupId(0x0102), 0x0a0b), b"\x04\x01\x02\0\0\0\0\0\0\x0a\x0b");
    }

    proptest! {
        #[test]
        fn entries_sort_by_group_then_index(a: (u16, u64), b: (u16, u64)) {
            let key = |(group, index)| entry(GroupId(group), index);
            prop_assert_eq!(a.cmp(&b), key(a).cmp(&key(b)));
            prop_assert!(behind_entry(GroupId(a.0), a.1) > key(a));
            prop_assert_eq!(parse_entry(&key(a)).unwrap(), (GroupId(a.0), a.1));
        }

        #[test]
        fn arbitrary_keys_never_break_the_parsers(key: Vec<u8>) {
            let _ = parse_entry(&key);
            let _ = parse_group_row(&key);
        }
    }
}
