//! What nodes tell each other about who is typing, as MessagePack. A variant's number (its serde name) and the
//! order of its fields stay for good.

use bytes::Bytes;
use madang_storage::id::{RoomId, SessionId, UserId};
use serde::{Deserialize, Serialize};

use super::Typing;

/// From the node that leads the room's shard: somebody types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Where.
    pub(super) room: RoomId,
    /// Who.
    pub(super) user: UserId,
    /// On which device: it is not told itself.
    pub(super) session: SessionId,
    /// Whether.
    pub(super) typing: Typing,
}

/// Something that is not a list of notes.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// It cannot be read.
    #[error("what another node says about who is typing cannot be read: {0}")]
    Read(#[from] rmp_serde::decode::Error),
    /// It cannot be written.
    #[error("who is typing cannot be written: {0}")]
    Write(#[from] rmp_serde::encode::Error),
}

/// For another node.
pub(super) fn write(notes: &[Note]) -> Result<Bytes, WireError> {
    Ok(rmp_serde::to_vec(notes)?.into())
}

/// Reads what [`write`] wrote.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Note>, WireError> {
    Ok(rmp_serde::from_slice(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::user;

    #[test]
    fn notes_between_nodes_never_change() {
        let note =
            |typing| Note { room: RoomId([1; 16]), user: user("jun"), session: SessionId([2; 16]), typing };
        let (notes, head) = (vec![note(Typing::On), note(Typing::Off)], |number: u8| {
            format!("94c410{}a36a756ec410{}a13{number}", "01".repeat(16), "02".repeat(16))
        });
        let bytes = write(&notes).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, format!("92{}{}", head(1), head(2)));
        assert_eq!(read(&bytes).unwrap(), notes);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_are_refused_or_read(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }
}
