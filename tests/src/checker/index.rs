//! What the checks look up: where each send is in the log, and what became of all attempts to send it.

use std::collections::HashMap;

use super::findings::Findings;
use super::violation::{Spot, Violation};
use crate::record::{
    Attempt, ClientRecord, Entry, Moment, NodeIndex, Outcome, ReadBack, Record, RoomIndex, Seen, Told, What,
};

/// The name of one send: no two sends share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SendName<'a> {
    pub(super) room: RoomIndex,
    pub(super) user: &'a str,
    pub(super) cid: &'a str,
}

/// All attempts of one send.
#[derive(Debug)]
pub(super) struct Send<'a> {
    /// When it was first tried.
    pub(super) first_begin: Moment,
    /// The first acknowledgement: which entry, and where the log has it.
    pub(super) ack: Option<(&'a Entry, u64)>,
    /// The latest attempt.
    pub(super) last: &'a Entry,
    /// What was to be said.
    pub(super) attempt: &'a Attempt,
    /// Whether any attempt may have reached the log.
    pub(super) may_be_logged: bool,
}

/// The log of a room that everything is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference<'a> {
    pub(super) node: NodeIndex,
    pub(super) events: &'a [Seen],
}

impl<'a> Reference<'a> {
    /// The event at `seq`.
    pub(super) fn at(&self, seq: u64) -> Option<&'a Seen> {
        let index = usize::try_from(seq.checked_sub(1)?).ok()?;
        self.events.get(index).filter(|event| event.seq == seq)
    }
}

/// Everything that is looked up.
pub(super) struct Index<'a> {
    pub(super) record: &'a Record,
    pub(super) references: HashMap<RoomIndex, Reference<'a>>,
    pub(super) logged: HashMap<SendName<'a>, u64>,
    pub(super) sends: HashMap<SendName<'a>, Send<'a>>,
    /// The names of `sends` in the order in which they were first answered, so that verdicts come out the
    /// same each time.
    pub(super) order: Vec<SendName<'a>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(record: &'a Record, read_back: &'a ReadBack, findings: &mut Findings) -> Self {
        let mut index = Self {
            record,
            references: HashMap::new(),
            logged: HashMap::new(),
            sends: HashMap::new(),
            order: Vec::new(),
        };
        for log in &read_back.0 {
            let reference = Reference { node: log.node, events: &log.events };
            index.references.entry(log.room).or_insert(reference);
        }
        index.look_up_log();
        for (number, room) in record.rooms.iter().enumerate() {
            if !index.references.contains_key(&RoomIndex(number)) {
                findings.add(Violation::NoLog { room: room.clone() });
            }
        }
        for client in &record.clients {
            for entry in &client.entries {
                if let Told::Sent(attempt) = &entry.told {
                    index.add_attempt(client, entry, attempt);
                }
            }
        }
        index
    }

    /// The room's id.
    pub(super) fn room(&self, room: RoomIndex) -> String {
        self.record.rooms.get(room.0).cloned().unwrap_or_else(|| format!("number {}", room.0))
    }

    /// Where and when an entry was told.
    pub(super) fn spot(&self, user: &str, room: RoomIndex, entry: &Entry) -> Spot {
        Spot { client: user.to_owned(), room: self.room(room), node: entry.node, at: entry.end }
    }

    /// The last seq that was acknowledged to anybody, by room.
    pub(super) fn last_acked(&self) -> HashMap<RoomIndex, u64> {
        let mut last = HashMap::new();
        for (name, send) in &self.sends {
            if let Some((_, seq)) = send.ack {
                let known: &mut u64 = last.entry(name.room).or_default();
                *known = seq.max(*known);
            }
        }
        last
    }

    fn look_up_log(&mut self) {
        for (room, reference) in &self.references {
            for event in reference.events {
                if let What::Message { cid, .. } = &event.what {
                    let name = SendName { room: *room, user: &event.by, cid };
                    self.logged.entry(name).or_insert(event.seq);
                }
            }
        }
    }

    fn add_attempt(&mut self, client: &'a ClientRecord, entry: &'a Entry, attempt: &'a Attempt) {
        let name = SendName { room: attempt.room, user: &client.user, cid: &attempt.cid };
        let order = &mut self.order;
        let send = self.sends.entry(name).or_insert_with(|| {
            order.push(name);
            Send { first_begin: entry.begin, ack: None, last: entry, attempt, may_be_logged: false }
        });
        send.first_begin = send.first_begin.min(entry.begin);
        send.last = entry;
        send.may_be_logged |= attempt.outcome != Outcome::Refused;
        if let Outcome::Acked { seq, .. } = attempt.outcome
            && send.ack.is_none_or(|(known, _)| entry.end < known.end)
        {
            send.ack = Some((entry, seq));
        }
    }
}
