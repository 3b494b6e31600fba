//! The envelope of every stored value: a version byte, a CRC-32C, the payload.
//!
//! RocksDB checksums its blocks and its write-ahead log; this one also covers memory, caches and our own
//! code between the writer and the reader, and lets a reader refuse a format it does not know.
//!
//! Shape: `version u8 | crc32c(version | payload) u32 little-endian | payload`. Invariant: `decode` answers
//! only what `encode` was given, or an error.

use crate::error::StorageError;

/// Bytes in front of the payload.
pub const RECORD_HEADER_BYTES: usize = 5;

/// The only version written so far, for all values of both stores.
pub const RECORD_VERSION: u8 = 1;

/// Wraps `payload`. Source of the checksum: CRC-32C (Castagnoli), RFC 3720 appendix B.4.
pub fn encode(version: u8, payload: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(RECORD_HEADER_BYTES + payload.len());
    record.push(version);
    record.extend_from_slice(&checksum(version, payload).to_le_bytes());
    record.extend_from_slice(payload);
    record
}

/// Unwraps a record into its version and payload. Errors: `Corrupt` if it is too short or its checksum differs.
pub fn decode(record: &[u8]) -> Result<(u8, &[u8]), StorageError> {
    let Some((&[version, a, b, c, d], payload)) = record.split_first_chunk::<RECORD_HEADER_BYTES>() else {
        return Err(StorageError::Corrupt {
            what: format!("a record of {} bytes has no header", record.len()),
        });
    };
    let stored = u32::from_le_bytes([a, b, c, d]);
    let computed = checksum(version, payload);
    if stored != computed {
        let what = format!("record checksum is {computed:08x}, stored is {stored:08x}");
        return Err(StorageError::Corrupt { what });
    }
    Ok((version, payload))
}

/// Unwraps a record of the current version; errors name `what` was read.
pub(crate) fn open<'a>(record: &'a [u8], what: &dyn Fn() -> String) -> Result<&'a [u8], StorageError> {
    let (version, payload) = decode(record).map_err(|error| match error {
        StorageError::Corrupt { what: why } => StorageError::Corrupt { what: format!("{}: {why}", what()) },
        other => other,
    })?;
    if version != RECORD_VERSION {
        return Err(StorageError::Unsupported { what: what(), found: version, supported: RECORD_VERSION });
    }
    Ok(payload)
}

fn checksum(version: u8, payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&[version]), payload)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn golden_bytes_of_a_record_stay_as_they_are() {
        assert_eq!(encode(1, b"123456789"), b"\x01\xee\x71\x68\x70123456789");
        assert_eq!(encode(1, b""), b"\x01\x52\xd0\x16\xa0");
    }

    #[test]
    fn checksum_is_castagnoli() {
        // The check value of CRC-32C over the digits 1 to 9.
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn unknown_version_is_refused_by_name() {
        let error = open(&encode(9, b"x"), &|| "vote of group 3".to_owned()).unwrap_err();
        let expected = StorageError::Unsupported {
            what: "vote of group 3".to_owned(),
            found: 9,
            supported: RECORD_VERSION,
        };
        assert_eq!(error, expected);
    }

    proptest! {
        #[test]
        fn any_payload_comes_back(version: u8, payload: Vec<u8>) {
            let record = encode(version, &payload);
            prop_assert_eq!(decode(&record).unwrap(), (version, payload.as_slice()));
        }

        #[test]
        fn one_flipped_bit_anywhere_is_noticed(payload: Vec<u8>, position: proptest::sample::Index) {
            let mut record = encode(1, &payload);
            let bit = position.index(record.len() * 8);
            record[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(decode(&record).is_err());
        }

        #[test]
        fn arbitrary_bytes_never_break_the_decoder(bytes: Vec<u8>) {
            if let Ok((version, payload)) = decode(&bytes) {
                prop_assert_eq!(encode(version, payload), bytes);
            }
        }
    }
}
