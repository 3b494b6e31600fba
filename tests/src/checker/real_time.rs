//! One order, and it agrees with time: a send that began when another had been acknowledged already comes
//! behind that one in the log, whoever sent them by way of whichever node.

use std::collections::BTreeMap;

use super::findings::Findings;
use super::index::{Index, Send, SendName};
use super::violation::Violation;
use crate::record::{Entry, Moment, RoomIndex};

struct Acked<'a> {
    name: SendName<'a>,
    begin: Moment,
    ack: &'a Entry,
    seq: u64,
}

pub(super) fn check(index: &Index<'_>, findings: &mut Findings) {
    let mut rooms: BTreeMap<RoomIndex, Vec<Acked<'_>>> = BTreeMap::new();
    for name in &index.order {
        if let Some(Send { first_begin, ack: Some((ack, seq)), .. }) = index.sends.get(name) {
            let acked = Acked { name: *name, begin: *first_begin, ack, seq: *seq };
            rooms.entry(name.room).or_default().push(acked);
        }
    }
    for acked in rooms.values() {
        room(index, acked, findings);
    }
}

/// Goes through the sends by the moment they began, beside them by the moment they were acknowledged.
fn room(index: &Index<'_>, sends: &[Acked<'_>], findings: &mut Findings) {
    let mut by_begin: Vec<&Acked<'_>> = sends.iter().collect();
    by_begin.sort_by_key(|send| send.begin);
    let mut by_end: Vec<&Acked<'_>> = sends.iter().collect();
    by_end.sort_by_key(|send| send.ack.end);
    let mut ended = by_end.into_iter().peekable();
    let mut highest: Option<&Acked<'_>> = None;
    for send in by_begin {
        while let Some(earlier) = ended.next_if(|earlier| earlier.ack.end < send.begin) {
            if highest.is_none_or(|highest| earlier.seq > highest.seq) {
                highest = Some(earlier);
            }
        }
        if let Some(highest) = highest.filter(|highest| highest.seq >= send.seq) {
            findings.add(Violation::AgainstTime {
                spot: index.spot(send.name.user, send.name.room, send.ack),
                cid: send.name.cid.to_owned(),
                seq: send.seq,
                acked: highest.seq,
                by: format!("to {} at {}", highest.name.user, highest.ack.end),
            });
        }
    }
}
