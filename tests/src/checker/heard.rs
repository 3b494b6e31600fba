//! What one connection heard: every event from the history read after connecting on, each once, in order.
//!
//! Where the pushes of a connection begin is the server's to choose, as long as nothing lies between them
//! and the history that the client read after it had connected.

use std::collections::{BTreeMap, HashMap};

use super::findings::Findings;
use super::index::Index;
use super::violation::Violation;
use crate::record::{ClientRecord, Ears, Entry, Moment, Page, RoomIndex, Seen, Told};

/// One room on one connection.
#[derive(Default)]
struct Listening<'a> {
    first_push: Option<u64>,
    next_push: Option<u64>,
    /// Where the first complete reading of history ended.
    paged_to: Option<u64>,
    last: Option<&'a Entry>,
}

/// One connection.
struct Connection<'a> {
    since: Moment,
    rooms: BTreeMap<RoomIndex, Listening<'a>>,
}

pub(super) fn check(index: &Index<'_>, findings: &mut Findings) {
    let last_acked = index.last_acked();
    for client in &index.record.clients {
        let mut connection: Option<Connection<'_>> = None;
        for entry in &client.entries {
            match &entry.told {
                Told::Connected(Ears::Open) => {
                    connection = Some(Connection { since: entry.end, rooms: BTreeMap::new() });
                }
                Told::Connected(Ears::Shut) | Told::Parted { .. } => connection = None,
                Told::Heard { room, event } => {
                    if let Some(connection) = &mut connection {
                        let listening = connection.rooms.entry(*room).or_default();
                        listening.hear(index, client, *room, entry, event, findings);
                    }
                }
                Told::Paged { room, page: Page::After(after), events, more } => {
                    if let Some(connection) = connection.as_mut().filter(|open| open.since <= entry.begin)
                        && !more
                    {
                        let end = events.last().map_or(*after, |event| event.seq);
                        let listening = connection.rooms.entry(*room).or_default();
                        listening.page(index, client, *room, entry, end, findings);
                    }
                }
                Told::Paged { .. } | Told::PagedStale { .. } | Told::Sent(_) | Told::Marker { .. } => {}
            }
        }
        if let Some(connection) = connection {
            connection.ends(index, client, &last_acked, findings);
        }
    }
}

impl<'a> Listening<'a> {
    fn hear(
        &mut self,
        index: &Index<'_>,
        client: &ClientRecord,
        room: RoomIndex,
        entry: &'a Entry,
        event: &Seen,
        findings: &mut Findings,
    ) {
        let found = event.seq;
        let spot = || index.spot(&client.user, room, entry);
        match self.next_push {
            Some(expected) if found > expected => {
                findings.add(Violation::MissedPush { spot: spot(), expected, found });
            }
            Some(expected) if found < expected => {
                findings.add(Violation::RepeatedPush { spot: spot(), expected, found });
            }
            Some(_) => {}
            None => {
                self.first_push = Some(found);
                if let Some(paged) = self.paged_to.filter(|paged| found > paged + 1) {
                    findings.add(Violation::GapBehindHistory { spot: spot(), paged, pushed: found });
                }
            }
        }
        self.next_push = Some(self.next_push.unwrap_or(0).max(found + 1));
        self.last = Some(entry);
    }

    fn page(
        &mut self,
        index: &Index<'_>,
        client: &ClientRecord,
        room: RoomIndex,
        entry: &'a Entry,
        end: u64,
        findings: &mut Findings,
    ) {
        if self.paged_to.is_some() {
            return;
        }
        self.paged_to = Some(end);
        self.last = Some(entry);
        if let Some(pushed) = self.first_push.filter(|pushed| *pushed > end + 1) {
            let spot = index.spot(&client.user, room, entry);
            findings.add(Violation::GapBehindHistory { spot, paged: end, pushed });
        }
    }
}

impl Connection<'_> {
    /// Up to the end of the record: nothing that was acknowledged may be missing.
    fn ends(
        &self,
        index: &Index<'_>,
        client: &ClientRecord,
        last_acked: &HashMap<RoomIndex, u64>,
        findings: &mut Findings,
    ) {
        for (room, listening) in &self.rooms {
            let heard = listening.next_push.map_or(0, |next| next - 1).max(listening.paged_to.unwrap_or(0));
            let acked = last_acked.get(room).copied().unwrap_or(0);
            if let Some(entry) = listening.last.filter(|_| heard < acked) {
                let spot = index.spot(&client.user, *room, entry);
                findings.add(Violation::Deaf { spot, heard, acked });
            }
        }
    }
}
