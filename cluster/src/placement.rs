//! Which shard holds which room or user: an id hashes to a slot, META maps slots to shards. Slots are
//! ranges of the hash space, so that a shard can be split one day without touching the others.

use madang_storage::id::{RoomId, ShardId, UserId};

/// How many slots there are, for good.
pub const SLOTS: u16 = 1024;

/// The map from slots to shards: `shards` equal ranges of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotMap {
    shards: u16,
}

impl SlotMap {
    /// A map onto `shards` shards, at least 1 and at most [`SLOTS`].
    pub fn new(shards: u16) -> Self {
        Self { shards: shards.clamp(1, SLOTS) }
    }

    /// How many shards there are.
    pub fn shards(&self) -> u16 {
        self.shards
    }

    /// All shards.
    pub fn all(&self) -> impl Iterator<Item = ShardId> + use<> {
        (0..self.shards).map(ShardId)
    }

    /// Where a room's truth is.
    pub fn of_room(&self, room: &RoomId) -> ShardId {
        self.of_hash(hash(1, &room.0))
    }

    /// Where a user's account is.
    pub fn of_user(&self, user: &UserId) -> ShardId {
        self.of_hash(hash(2, user.as_str().as_bytes()))
    }

    /// Where the staff and the reports are: one shard for all.
    pub fn desk(&self) -> ShardId {
        self.of_hash(hash(3, b"desk"))
    }

    fn of_hash(&self, hash: u64) -> ShardId {
        let slot = hash >> (64 - SLOTS.trailing_zeros());
        let shard = slot * u64::from(self.shards) / u64::from(SLOTS);
        ShardId(u16::try_from(shard).unwrap_or(0))
    }
}

/// FNV-1a over `kind` and `bytes`, finished with the mixer of MurmurHash3 so that the top bits are
/// even. Part of what is on disk: never change it.
pub(crate) fn hash(kind: u8, bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in std::iter::once(&kind).chain(bytes) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_spread_evenly_over_shards() {
        let map = SlotMap::new(16);
        let mut counts = [0_u32; 16];
        for i in 0..16_000 {
            let user = UserId::parse(&format!("user-{i}")).unwrap();
            counts[usize::from(map.of_user(&user).0)] += 1;
        }
        assert!(counts.iter().all(|&n| (850..1150).contains(&n)), "{counts:?}");
    }

    #[test]
    fn placement_never_changes() {
        let map = SlotMap::new(16);
        let shard = |name: &str| map.of_user(&UserId::parse(name).unwrap()).0;
        assert_eq!([shard("minji"), shard("jun"), shard("haneul")], [9, 10, 8]);
        assert_eq!(hash(1, b"madang"), GOLDEN_HASH);
    }

    const GOLDEN_HASH: u64 = 2_889_950_193_599_305_352;
}
