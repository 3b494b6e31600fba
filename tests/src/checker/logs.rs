//! The final logs: dense, the same on every node, each send once, and nothing in them that was not sent.

use std::collections::HashMap;

use super::findings::Findings;
use super::index::{Index, Reference, SendName};
use super::violation::Violation;
use crate::record::{FinalLog, ReadBack, RoomIndex, Seen, What};

pub(super) fn check(index: &Index<'_>, read_back: &ReadBack, findings: &mut Findings) {
    for log in &read_back.0 {
        holes(index, log, findings);
        if let Some(reference) = index.references.get(&log.room).filter(|other| other.node != log.node) {
            compare(index, log, *reference, findings);
        }
    }
    let mut rooms: Vec<(&RoomIndex, &Reference<'_>)> = index.references.iter().collect();
    rooms.sort_by_key(|(room, _)| **room);
    for (room, reference) in rooms {
        doubles(index, *room, *reference, findings);
        sources(index, *room, *reference, findings);
    }
}

/// Only the first hole of a log: behind it every seq is "wrong".
fn holes(index: &Index<'_>, log: &FinalLog, findings: &mut Findings) {
    let wrong = log.events.iter().zip(1..).find(|(event, expected)| event.seq != *expected);
    if let Some((event, expected)) = wrong {
        findings.add(Violation::Hole {
            room: index.room(log.room),
            node: log.node,
            expected,
            found: event.seq,
        });
    }
}

/// Only the first difference of two logs: behind it everything may be shifted.
fn compare(index: &Index<'_>, log: &FinalLog, reference: Reference<'_>, findings: &mut Findings) {
    let length = log.events.len().max(reference.events.len());
    let differs = |at: &usize| log.events.get(*at) != reference.events.get(*at);
    let Some(at) = (0..length).find(differs) else { return };
    let say = |event: Option<&Seen>| match event {
        Some(event) => format!("{event} logged at {} ms", event.at_ms),
        None => "nothing more".to_owned(),
    };
    findings.add(Violation::LogsDiffer {
        room: index.room(log.room),
        node: log.node,
        here: say(log.events.get(at)),
        reference: reference.node,
        there: say(reference.events.get(at)),
    });
}

fn doubles(index: &Index<'_>, room: RoomIndex, reference: Reference<'_>, findings: &mut Findings) {
    let mut first_seqs: HashMap<(&str, &str), u64> = HashMap::new();
    for event in reference.events {
        let What::Message { cid, .. } = &event.what else { continue };
        if let Some(first) = first_seqs.insert((&event.by, cid), event.seq) {
            findings.add(Violation::Doubled {
                room: index.room(room),
                node: reference.node,
                client: event.by.clone(),
                cid: cid.clone(),
                first,
                second: event.seq,
            });
        }
    }
}

fn sources(index: &Index<'_>, room: RoomIndex, reference: Reference<'_>, findings: &mut Findings) {
    for event in reference.events {
        let What::Message { cid, text } = &event.what else { continue };
        match index.sends.get(&SendName { room, user: &event.by, cid }) {
            Some(send) if send.attempt.text == *text => {
                if !send.may_be_logged {
                    findings.add(Violation::RefusedButLogged {
                        spot: index.spot(&event.by, room, send.last),
                        cid: cid.clone(),
                        seq: event.seq,
                    });
                }
            }
            Some(_) | None => findings.add(Violation::NeverSent {
                room: index.room(room),
                node: reference.node,
                event: event.to_string(),
            }),
        }
    }
}
