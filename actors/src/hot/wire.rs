//! What nodes and operators ask about hot rooms, and what is answered, as MessagePack. A variant's number (its
//! serde name) and the order of its fields stay for good.

use madang_storage::id::RoomId;
use madang_storage::row::RoomKind;
use serde::{Deserialize, Serialize};

use crate::room::Heat;
use crate::shed::{Level, Shed};

/// To a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Question {
    /// The warmest rooms of this node, so many. Answered by [`Warm`]s.
    #[serde(rename = "1")]
    Here(u32),
    /// From an operator: the warmest of the cluster, so many. Answered by [`HotRooms`].
    #[serde(rename = "2")]
    Everywhere(u32),
}

/// A room, as one node measures it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Warm {
    pub(super) room: RoomId,
    pub(super) sends_per_s: u32,
    pub(super) fetches_per_s: u32,
    pub(super) joins_per_s: u32,
    /// How long it is hot there; `None`: it is not.
    pub(super) hot_for_ms: Option<u64>,
    /// Events times listeners a second there, if nothing were shed.
    #[serde(default)]
    pub(super) deliveries_per_s: u64,
    /// How far up the ladder of shedding it is there.
    #[serde(default)]
    pub(super) level: Level,
}

impl Warm {
    /// As its owner measures it.
    pub(super) fn asked(room: RoomId, heat: Heat, hot_for_ms: Option<u64>) -> Self {
        let Heat { sends_per_s, fetches_per_s, joins_per_s } = heat;
        Self { room, sends_per_s, fetches_per_s, joins_per_s, hot_for_ms, deliveries_per_s: 0, level: None }
    }

    /// As it is delivered.
    pub(super) fn delivered(room: RoomId, Shed { level, deliveries_per_s }: Shed) -> Self {
        Self { deliveries_per_s, level, ..Self::asked(room, Heat::default(), None) }
    }

    pub(super) fn heat(&self) -> Heat {
        let Self { sends_per_s, fetches_per_s, joins_per_s, .. } = *self;
        Heat { sends_per_s, fetches_per_s, joins_per_s }
    }
}

/// The warmest rooms of the cluster, as one node gathered them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HotRooms {
    /// The hot ones first, then by how near to hot they are.
    pub rooms: Vec<HotRoom>,
    /// Nodes that did not answer in time: what is asked of rooms there is missing.
    pub silent: Vec<u64>,
}

/// A room, as all nodes together measure it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotRoom {
    /// Which.
    pub room: RoomId,
    /// Direct, group or open; `None`: its row could not be read.
    pub kind: Option<RoomKind>,
    /// How many members have joined; `None`: its row could not be read.
    pub members: Option<u64>,
    /// The node that decides for it; `None`: nobody does now.
    pub leader: Option<u64>,
    /// Messages a second, and what is done to them; asked, not granted. So are the other two.
    pub sends_per_s: u32,
    /// Pages of history a second.
    pub fetches_per_s: u32,
    /// People who want to enter, a second.
    pub joins_per_s: u32,
    /// How long it is hot, on the node where that is longest; `None`: on no node.
    pub hot_for_ms: Option<u64>,
    /// Events times listeners a second, on all nodes together, if nothing were shed.
    #[serde(default)]
    pub deliveries_per_s: u64,
    /// How far up the ladder of shedding it is, on the node where that is farthest.
    #[serde(default)]
    pub level: Level,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shed::Class;
    use crate::wire::{check, read};

    #[test]
    fn what_is_said_about_hot_rooms_never_changes() {
        let room = RoomId([7; 16]);
        let id = "c41007070707070707070707070707070707";
        check(&Question::Here(9), "81a13109");
        check(&Question::Everywhere(9), "81a13209");
        let heat = Heat { sends_per_s: 1, fetches_per_s: 2, joins_per_s: 3 };
        check(&Warm::asked(room, heat, Some(4)), &format!("97{id}0102030400c0"));
        let shed = Shed { level: Some(Class::Typing), deliveries_per_s: 5 };
        check(&Warm::delivered(room, shed), &format!("97{id}000000c005a131"));
        let classes: Vec<u8> = (1..=6).flat_map(|number: u8| [0xa1, b'0' + number]).collect();
        let hex: String = classes.iter().map(|byte| format!("{byte:02x}")).collect();
        check(&Class::ALL.to_vec(), &format!("96{hex}"));
        let hot = HotRoom {
            room,
            kind: Some(RoomKind::Open),
            members: Some(5),
            leader: Some(6),
            sends_per_s: 1,
            fetches_per_s: 2,
            joins_per_s: 3,
            hot_for_ms: Some(4),
            deliveries_per_s: 9,
            level: Some(Class::Heads),
        };
        check(
            &HotRooms { rooms: vec![hot], silent: vec![8] },
            &format!("92919a{id}a13305060102030409a136 9108").replace(' ', ""),
        );
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_are_refused_or_read(bytes: Vec<u8>) {
            let _ = read::<Question>(&bytes);
            let _ = read::<Vec<Warm>>(&bytes);
            let _ = read::<HotRooms>(&bytes);
        }
    }
}
