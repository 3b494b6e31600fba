//! Positions as the opaque text that clients keep: `cursor`. Whatever is not exactly a cursor of this cluster
//! is none; nobody is told why, since there is nothing a client could do about it but begin anew.
//!
//! Shape, in base64url without padding: version (1 byte), the cluster (4 bytes), one LEB128 number a shard,
//! and the first 4 bytes of the SHA-256 of all that. For 16 shards that have logged a million events each:
//! 57 bytes, 76 characters.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Positions;

/// The only version so far. A retired one is never used again.
const VERSION: u8 = 1;
/// So many bytes tell clusters apart, and cursors from accidents.
const MARK_BYTES: usize = 4;
/// A LEB128 number of 64 bits has no more bytes than this.
const NUMBER_BYTES_MAX: usize = 10;

/// Writes and reads the cursors of one cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursors {
    cluster: [u8; MARK_BYTES],
    shards: u16,
}

impl Cursors {
    /// For the cluster of this id, with so many shards.
    pub fn new(cluster_id: &str, shards: u16) -> Self {
        Self { cluster: mark(cluster_id.as_bytes()), shards }
    }

    /// Where all feeds begin.
    pub fn start(&self) -> Positions {
        Positions::start(self.shards)
    }

    /// The text that a client keeps.
    pub fn text(&self, positions: &Positions) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.cluster);
        positions.0.iter().for_each(|pos| put(&mut bytes, *pos));
        bytes.extend(mark(&bytes));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The positions in a text; `None`: it is no cursor of this cluster.
    pub fn read(&self, text: &str) -> Option<Positions> {
        // Longer is none, and is not decoded first.
        let bytes_max = 1 + 2 * MARK_BYTES + usize::from(self.shards) * NUMBER_BYTES_MAX;
        if text.len() > bytes_max * 4 / 3 + 3 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (content, sum) = bytes.split_last_chunk::<MARK_BYTES>()?;
        if *sum != mark(content) {
            return None;
        }
        let (cluster, mut rest) = content.strip_prefix(&[VERSION])?.split_first_chunk::<MARK_BYTES>()?;
        if *cluster != self.cluster {
            return None;
        }
        let numbers = (0..self.shards).map(|_| take(&mut rest)).collect::<Option<Box<[u64]>>>()?;
        rest.is_empty().then_some(Positions(numbers))
    }
}

/// The first bytes of the SHA-256: enough to notice an accident. It proves nothing, and need not: whoever
/// makes a cursor up is shown rooms of their own.
fn mark(bytes: &[u8]) -> [u8; MARK_BYTES] {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    let [a, b, c, d, ..] = hash;
    [a, b, c, d]
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number: u64 = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let low = u64::from(byte & 0x7f);
        // Bits that would fall off the end.
        if low << shift >> shift != low {
            return None;
        }
        number |= low << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use madang_storage::id::ShardId;
    use proptest::prelude::*;

    use super::*;

    const CLUSTER: &str = "000102030405060708090a0b0c0d0e0f";

    fn cursors() -> Cursors {
        Cursors::new(CLUSTER, 4)
    }

    fn at(numbers: &[u64]) -> Positions {
        Positions(numbers.into())
    }

    proptest! {
        #[test]
        fn positions_come_back_from_their_text(numbers: [u64; 4]) {
            let positions = at(&numbers);
            prop_assert_eq!(cursors().read(&cursors().text(&positions)), Some(positions));
        }

        #[test]
        fn arbitrary_text_is_no_cursor(text in ".{0,90}") {
            prop_assert_eq!(cursors().read(&text), None);
        }

        #[test]
        fn arbitrary_bytes_are_no_cursor_whatever_they_begin_with(tail: Vec<u8>, whole: bool) {
            let head = if whole { [&[VERSION][..], &cursors().cluster].concat() } else { Vec::new() };
            let _ = cursors().read(&URL_SAFE_NO_PAD.encode([head.clone(), tail.clone()].concat()));
            // With a sum that fits it may be one, but then it is exactly one.
            let mut bytes = [head, tail].concat();
            bytes.extend(mark(&bytes));
            let text = URL_SAFE_NO_PAD.encode(bytes);
            if let Some(positions) = cursors().read(&text) {
                prop_assert_eq!(cursors().read(&cursors().text(&positions)), Some(positions));
            }
        }

        #[test]
        fn a_cursor_with_a_changed_byte_is_none(numbers: [u64; 4], index: prop::sample::Index, by in 1..=255_u8) {
            let mut bytes = URL_SAFE_NO_PAD.decode(cursors().text(&at(&numbers))).unwrap();
            let index = index.index(bytes.len());
            bytes[index] ^= by;
            prop_assert_eq!(cursors().read(&URL_SAFE_NO_PAD.encode(bytes)), None);
        }
    }

    #[test]
    fn a_cursor_keeps_its_shape() {
        let text = cursors().text(&at(&[0, 1, 300, u64::MAX]));
        assert_eq!(text, GOLDEN);
        assert_eq!(cursors().read(GOLDEN), Some(at(&[0, 1, 300, u64::MAX])));
    }

    const GOLDEN: &str = "AdZd-J8AAawC____________AY_zDYc";

    #[test]
    fn another_clusters_cursor_and_another_number_of_shards_are_none() {
        let text = cursors().text(&at(&[1, 2, 3, 4]));
        assert_eq!(Cursors::new("another", 4).read(&text), None);
        assert_eq!(Cursors::new(CLUSTER, 3).read(&text), None);
        assert_eq!(Cursors::new(CLUSTER, 5).read(&text), None);
    }

    #[test]
    fn a_number_that_is_too_large_is_none() {
        let mut bytes = [&[VERSION][..], &cursors().cluster, &[0, 0, 0], &[0xff; 9], &[2]].concat();
        bytes.extend(mark(&bytes));
        assert_eq!(cursors().read(&URL_SAFE_NO_PAD.encode(bytes)), None);
    }

    #[test]
    fn a_cursor_of_sixteen_shards_is_short() {
        let cursors = Cursors::new(CLUSTER, 16);
        let mut positions = cursors.start();
        for shard in 0..16 {
            positions.advance(ShardId(shard), 1_000_000);
        }
        assert_eq!(cursors.text(&positions).len(), 76);
        for shard in 0..16 {
            positions.advance(ShardId(shard), 1_000_000_000_000);
        }
        assert!(cursors.text(&positions).len() < 200);
    }
}
