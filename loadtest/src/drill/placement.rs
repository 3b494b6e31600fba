//! Which shard holds which room. The servers never change this rule, since it is part of what is on disk;
//! a drill needs it to know whom the death of a leader concerns. Pure.

/// Slots of the hash space, as a power of two.
const SLOT_BITS: u32 = 10;

/// The shard of a room, when there are so many shards; `None` if the text is no room's id.
pub(super) fn shard_of(room: &str, shards: u16) -> Option<u16> {
    let slot = hash(&bytes_of(room)?) >> (u64::BITS - SLOT_BITS);
    u16::try_from((slot * u64::from(shards)) >> SLOT_BITS).ok()
}

/// The 16 bytes that an id in Crockford's base 32 stands for.
fn bytes_of(id: &str) -> Option<[u8; 16]> {
    const DIGITS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const LENGTH: usize = 26;
    // The first of 26 digits has three bits only.
    if id.len() != LENGTH || !id.starts_with(|first: char| ('0'..='7').contains(&first)) {
        return None;
    }
    let digit = |letter: char| u128::try_from(DIGITS.find(letter)?).ok();
    let number = id.chars().try_fold(0, |number, letter| Some((number << 5) | digit(letter)?))?;
    Some(number.to_be_bytes())
}

/// FNV-1a with the mixer of MurmurHash3; the 1 in front says that it is a room.
fn hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in std::iter::once(&1).chain(bytes) {
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
    fn it_is_the_rule_of_the_servers() {
        // The value that their own test fixes.
        assert_eq!(hash(b"madang"), 2_889_950_193_599_305_352);
    }

    #[test]
    fn an_id_is_read_as_the_number_it_is() {
        assert_eq!(bytes_of("00000000000000000000000000"), Some([0; 16]));
        assert_eq!(bytes_of("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), Some([0xff; 16]));
        assert_eq!(bytes_of("0000000000000000000000001G"), Some((32_u128 + 16).to_be_bytes()));
        for bad in ["", "0", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "0000000000000000000000000I"] {
            assert_eq!(bytes_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn rooms_spread_over_all_shards() {
        let rooms = (0..2000).map(|room| format!("01K{:023}", room));
        let mut counts = [0; 16];
        rooms.filter_map(|room| shard_of(&room, 16)).for_each(|shard| counts[usize::from(shard)] += 1);
        assert!(counts.iter().all(|count| (80..170).contains(count)), "{counts:?}");
    }
}
