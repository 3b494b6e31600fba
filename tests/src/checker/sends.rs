//! Sends: what was acknowledged is in the log, where it was said to be, once as new; and nothing overtook
//! what it was to come after.

use std::collections::HashSet;

use super::findings::Findings;
use super::index::{Index, SendName};
use super::violation::Violation;
use crate::record::{Entry, Outcome, Told};

pub(super) fn check(index: &Index<'_>, findings: &mut Findings) {
    for client in &index.record.clients {
        let mut new: HashSet<SendName<'_>> = HashSet::new();
        for entry in &client.entries {
            let Told::Sent(attempt) = &entry.told else { continue };
            let name = SendName { room: attempt.room, user: &client.user, cid: &attempt.cid };
            if let Outcome::Acked { seq, dup } = attempt.outcome {
                acknowledgement(index, name, entry, seq, findings);
                if !dup && !new.insert(name) {
                    let spot = index.spot(&client.user, attempt.room, entry);
                    findings.add(Violation::NewTwice { spot, cid: attempt.cid.clone(), seq });
                }
            }
        }
    }
    for name in &index.order {
        chain(index, *name, findings);
    }
}

fn acknowledgement(index: &Index<'_>, name: SendName<'_>, entry: &Entry, seq: u64, findings: &mut Findings) {
    if !index.references.contains_key(&name.room) {
        return; // That the log is missing was found already.
    }
    let (spot, cid) = (index.spot(name.user, name.room, entry), name.cid.to_owned());
    match index.logged.get(&name) {
        None => findings.add(Violation::Lost { spot, cid, seq }),
        Some(logged) if *logged != seq => {
            findings.add(Violation::Moved { spot, cid, seq, logged: *logged });
        }
        Some(_) => {}
    }
}

/// What is in the log comes behind what it named in `after`.
fn chain(index: &Index<'_>, name: SendName<'_>, findings: &mut Findings) {
    let (Some(send), Some(seq)) = (index.sends.get(&name), index.logged.get(&name)) else { return };
    let Some(after) = &send.attempt.after else { return };
    let before = match index.logged.get(&SendName { cid: after, ..name }) {
        Some(before) if before < seq => return,
        Some(before) => format!("is at seq {before}"),
        None => "is not in the log".to_owned(),
    };
    findings.add(Violation::Overtook {
        spot: index.spot(name.user, name.room, send.last),
        cid: name.cid.to_owned(),
        seq: *seq,
        after: after.clone(),
        before,
    });
}
