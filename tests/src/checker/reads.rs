//! Reads: whatever is shown is what the log has; pages have no holes; and a client sees what it had been
//! told was written, on whichever node and connection.

use std::collections::HashMap;

use super::findings::Findings;
use super::index::Index;
use super::violation::Violation;
use crate::record::{ClientRecord, Entry, Moment, Outcome, Page, RoomIndex, Seen, Told};

pub(super) fn check(index: &Index<'_>, findings: &mut Findings) {
    for client in &index.record.clients {
        let own = OwnWrites::of(client);
        for entry in &client.entries {
            match &entry.told {
                Told::Heard { room, event } => shown(index, client, *room, entry, event, findings),
                Told::Paged { room, page, events, more } => {
                    for event in events {
                        shown(index, client, *room, entry, event, findings);
                    }
                    density(index, client, *room, entry, (*page, events), findings);
                    let seen = match page {
                        Page::Newest => events.last().map_or(0, |event| event.seq),
                        Page::After(after) if !more => events.last().map_or(*after, |event| event.seq),
                        Page::After(_) | Page::Before(_) | Page::Around(_) => continue,
                    };
                    let acked = own.before(*room, entry.begin);
                    if acked > seen {
                        let spot = index.spot(&client.user, *room, entry);
                        findings.add(Violation::OwnWriteUnseen { spot, seen, acked });
                    }
                }
                Told::PagedStale { room, events } => {
                    for event in events {
                        shown(index, client, *room, entry, event, findings);
                    }
                }
                Told::Connected(_) | Told::Parted { .. } | Told::Sent(_) | Told::Marker { .. } => {}
            }
        }
    }
}

fn shown(
    index: &Index<'_>,
    client: &ClientRecord,
    room: RoomIndex,
    entry: &Entry,
    event: &Seen,
    findings: &mut Findings,
) {
    let Some(reference) = index.references.get(&room) else { return };
    let logged = reference.at(event.seq);
    if logged != Some(event) {
        findings.add(Violation::ShownOtherwise {
            spot: index.spot(&client.user, room, entry),
            shown: format!("{event} logged at {} ms", event.at_ms),
            logged: logged.map_or_else(
                || "nothing".to_owned(),
                |logged| format!("{logged} logged at {} ms", logged.at_ms),
            ),
        });
    }
}

/// Only the first hole of a page.
fn density(
    index: &Index<'_>,
    client: &ClientRecord,
    room: RoomIndex,
    entry: &Entry,
    (page, events): (Page, &[Seen]),
    findings: &mut Findings,
) {
    let first = match page {
        Page::After(after) => Some(after + 1),
        Page::Newest | Page::Before(_) | Page::Around(_) => events.first().map(|event| event.seq),
    };
    let Some(first) = first else { return };
    let wrong = events.iter().zip(first..).find(|(event, expected)| event.seq != *expected);
    if let Some((event, expected)) = wrong {
        let spot = index.spot(&client.user, room, entry);
        findings.add(Violation::HoleInPage { spot, expected, found: event.seq });
    }
}

/// The highest of a client's own acknowledged seqs at each moment, by room.
struct OwnWrites {
    rooms: HashMap<RoomIndex, Vec<(Moment, u64)>>,
}

impl OwnWrites {
    fn of(client: &ClientRecord) -> Self {
        let mut rooms: HashMap<RoomIndex, Vec<(Moment, u64)>> = HashMap::new();
        for entry in &client.entries {
            if let Told::Sent(attempt) = &entry.told
                && let Outcome::Acked { seq, .. } = attempt.outcome
            {
                rooms.entry(attempt.room).or_default().push((entry.end, seq));
            }
        }
        for acks in rooms.values_mut() {
            acks.sort_unstable();
            let mut highest = 0;
            for (_, seq) in acks {
                highest = highest.max(*seq);
                *seq = highest;
            }
        }
        Self { rooms }
    }

    /// The highest that was acknowledged before `moment`; 0 when nothing was.
    fn before(&self, room: RoomIndex, moment: Moment) -> u64 {
        let Some(acks) = self.rooms.get(&room) else { return 0 };
        let count = acks.partition_point(|(end, _)| *end < moment);
        count.checked_sub(1).and_then(|last| acks.get(last)).map_or(0, |(_, seq)| *seq)
    }
}
