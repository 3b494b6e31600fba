//! Keys of the state: `shard u16 BE | generation u32 BE | table u8 | parts`, built so that bytes sort as the
//! parts do.
//!
//! The generation lets a whole shard be replaced by one key: a snapshot is written under a fresh generation and
//! the old one is removed later. On disk: the shape of a part never changes.

use crate::error::StorageError;
use crate::id::ShardId;

/// Inside a text a zero byte is written as these two, …
const ESCAPED_ZERO: [u8; 2] = [0x00, 0xff];
/// … so that these two end it, below anything that could go on.
const TEXT_END: [u8; 2] = [0x00, 0x01];

/// Builds a key part by part; what is built so far is also a prefix of all keys that go on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBuilder {
    key: Vec<u8>,
}

impl KeyBuilder {
    /// A key of `table` in one generation of a shard.
    pub fn new(shard: ShardId, generation: u32, table: u8) -> Self {
        let mut key = Self::shard_prefix(shard, generation);
        key.push(table);
        Self { key }
    }

    /// The prefix of all keys of one generation of a shard.
    pub fn shard_prefix(shard: ShardId, generation: u32) -> Vec<u8> {
        let mut key = Vec::with_capacity(48);
        key.extend_from_slice(&shard.0.to_be_bytes());
        key.extend_from_slice(&generation.to_be_bytes());
        key
    }

    /// Adds a number; sorts by value.
    pub fn u64(mut self, value: u64) -> Self {
        self.key.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// Adds a 16-byte id; sorts by bytes.
    pub fn id(mut self, id: &[u8; 16]) -> Self {
        self.key.extend_from_slice(id);
        self
    }

    /// Adds a text of any length, terminated; sorts by bytes, a text before its continuations.
    pub fn text(mut self, text: &str) -> Self {
        for byte in text.bytes() {
            match byte {
                0 => self.key.extend_from_slice(&ESCAPED_ZERO),
                other => self.key.push(other),
            }
        }
        self.key.extend_from_slice(&TEXT_END);
        self
    }

    /// The key.
    pub fn finish(self) -> Vec<u8> {
        self.key
    }
}

/// Takes a key apart in the order in which it was built. Errors: `Corrupt` with the whole key.
#[derive(Debug, Clone)]
pub struct KeyReader<'a> {
    key: &'a [u8],
    rest: &'a [u8],
}

impl<'a> KeyReader<'a> {
    /// Starts with the head: shard, generation, table.
    pub fn new(key: &'a [u8]) -> Result<(Self, ShardId, u32, u8), StorageError> {
        let mut reader = Self { key, rest: key };
        let shard = ShardId(u16::from_be_bytes(reader.chunk()?));
        let generation = u32::from_be_bytes(reader.chunk()?);
        let [table] = reader.chunk()?;
        Ok((reader, shard, generation, table))
    }

    /// Takes a number.
    pub fn u64(&mut self) -> Result<u64, StorageError> {
        self.chunk().map(u64::from_be_bytes)
    }

    /// Takes a 16-byte id.
    pub fn id(&mut self) -> Result<[u8; 16], StorageError> {
        self.chunk()
    }

    /// Takes a text.
    pub fn text(&mut self) -> Result<String, StorageError> {
        let mut text = Vec::new();
        loop {
            match self.rest {
                [0x00, 0xff, rest @ ..] => {
                    text.push(0);
                    self.rest = rest;
                }
                [0x00, 0x01, rest @ ..] => {
                    self.rest = rest;
                    return String::from_utf8(text).map_err(|_| self.broken());
                }
                [] | [0x00, ..] => return Err(self.broken()),
                [byte, rest @ ..] => {
                    text.push(*byte);
                    self.rest = rest;
                }
            }
        }
    }

    /// Checks that nothing is left.
    pub fn finish(self) -> Result<(), StorageError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.broken()) }
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], StorageError> {
        let (chunk, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.broken())?;
        self.rest = rest;
        Ok(*chunk)
    }

    fn broken(&self) -> StorageError {
        StorageError::Corrupt { what: format!("the state holds a key of no known shape: {:02x?}", self.key) }
    }
}

/// The first key behind all that start with `prefix`: the exclusive end of a range over it. Empty, which a
/// [`super::KeyRange`] reads as "no end", if there is none.
pub fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn golden_keys_stay_as_they_are() {
        let key = KeyBuilder::new(ShardId(0x0102), 0x0304_0506, 7).u64(8).id(&[9; 16]).text("a\0b").finish();
        let expected: &[u8] = b"\x01\x02\x03\x04\x05\x06\x07\0\0\0\0\0\0\0\x08\
            \x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09a\x00\xffb\x00\x01";
        assert_eq!(key, expected);
    }

    #[test]
    fn end_of_a_prefix_carries_and_may_be_open() {
        assert_eq!(prefix_end(b"ab"), b"ac");
        assert_eq!(prefix_end(b"a\xff\xff"), b"b");
        assert_eq!(prefix_end(b"\xff\xff"), b"");
    }

    fn text() -> impl Strategy<Value = String> {
        prop::collection::vec(
            prop_oneof![Just('\0'), Just('\u{1}'), Just('a'), Just('ÿ'), any::<char>()],
            0..6,
        )
        .prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_parts(
            a in (any::<u16>(), any::<u32>(), any::<u8>(), text(), any::<u64>(), text(), any::<[u8; 16]>()),
            b in (any::<u16>(), any::<u32>(), any::<u8>(), text(), any::<u64>(), text(), any::<[u8; 16]>()),
        ) {
            let key = |(shard, generation, table, one, number, two, id): &(u16, u32, u8, String, u64, String, [u8; 16])| {
                KeyBuilder::new(ShardId(*shard), *generation, *table).text(one).u64(*number).text(two).id(id).finish()
            };
            prop_assert_eq!(a.cmp(&b), key(&a).cmp(&key(&b)));
        }

        #[test]
        fn texts_sort_as_keys_and_come_back(a in text(), b in text(), number: u64) {
            let key = |text: &str| KeyBuilder::new(ShardId(1), 2, 3).text(text).u64(number).finish();
            prop_assert_eq!(a.as_bytes().cmp(b.as_bytes()), key(&a).cmp(&key(&b)));
            let key = key(&a);
            let (mut reader, shard, generation, table) = KeyReader::new(&key).unwrap();
            prop_assert_eq!((shard, generation, table), (ShardId(1), 2, 3));
            prop_assert_eq!(reader.text().unwrap(), a);
            prop_assert_eq!(reader.u64().unwrap(), number);
            reader.finish().unwrap();
        }

        #[test]
        fn end_of_a_prefix_is_behind_all_that_start_with_it(prefix: Vec<u8>, more: Vec<u8>, other: Vec<u8>) {
            let end = prefix_end(&prefix);
            let key = [prefix.clone(), more].concat();
            let inside = |key: &[u8]| key >= prefix.as_slice() && (end.is_empty() || key < end.as_slice());
            prop_assert!(inside(&key));
            prop_assert_eq!(inside(&other), other.starts_with(&prefix));
        }

        #[test]
        fn arbitrary_keys_never_break_the_reader(key: Vec<u8>) {
            if let Ok((mut reader, ..)) = KeyReader::new(&key) {
                let _ = reader.text();
                let _ = reader.id();
                let _ = reader.u64();
            }
        }
    }
}
