//! Read markers never go back: a report that was asked for after another had been given is not below it, on
//! whichever node. Reports that overlap say nothing about each other.

use std::collections::BTreeMap;

use super::findings::Findings;
use super::index::Index;
use super::violation::Violation;
use crate::record::{Entry, RoomIndex, Told};

pub(super) fn check(index: &Index<'_>, findings: &mut Findings) {
    for client in &index.record.clients {
        let mut rooms: BTreeMap<RoomIndex, Vec<(&Entry, u64)>> = BTreeMap::new();
        for entry in &client.entries {
            if let Told::Marker { room, read_seq } = entry.told {
                rooms.entry(room).or_default().push((entry, read_seq));
            }
        }
        for (room, reports) in rooms {
            let mut by_begin = reports.clone();
            by_begin.sort_by_key(|(entry, _)| entry.begin);
            let mut by_end = reports;
            by_end.sort_by_key(|(entry, _)| entry.end);
            let mut ended = by_end.into_iter().peekable();
            let mut before = 0;
            for (entry, found) in by_begin {
                while let Some((_, earlier)) = ended.next_if(|(earlier, _)| earlier.end < entry.begin) {
                    before = before.max(earlier);
                }
                if found < before {
                    let spot = index.spot(&client.user, room, entry);
                    findings.add(Violation::MarkerWentBack { spot, before, found });
                }
            }
        }
    }
}
