//! What nodes tell each other about who is typing, as MessagePack. A variant's number (its serde name) and the
//! order of its fields stay for good.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::user;
    use crate::wire::{check, read};

    #[test]
    fn notes_between_nodes_never_change() {
        let note =
            |typing| Note { room: RoomId([1; 16]), user: user("jun"), session: SessionId([2; 16]), typing };
        let (notes, head) = (vec![note(Typing::On), note(Typing::Off)], |number: u8| {
            format!("94c410{}a36a756ec410{}a13{number}", "01".repeat(16), "02".repeat(16))
        });
        check(&notes, &format!("92{}{}", head(1), head(2)));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_are_refused_or_read(bytes: Vec<u8>) {
            let _ = read::<Vec<Note>>(&bytes);
        }
    }
}
