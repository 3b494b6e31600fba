//! What is said about a file after everything has been read back. Pure.

use serde::Serialize;

use super::audit::Reads;
use super::compare::{Differences, Entry, OrderRule, What, compare};
use super::conductor::FileRun;
use super::script::{Census, Deed, Script};
use crate::client::{Event, EventKind};
use crate::latency::LatencySummary;

/// One file's result.
#[derive(Debug, Clone, Serialize)]
pub struct FileReport {
    /// Name of the file.
    pub file: String,
    /// Its room.
    pub room: String,
    /// What its lines were.
    pub lines: Census,
    /// Steps played in this run.
    pub played: usize,
    /// Steps an earlier run had done.
    pub done_before: usize,
    /// Steps that the room must hold.
    pub expected: usize,
    /// Entries of those users that the room holds.
    pub found: usize,
    /// What differs.
    pub differences: Differences,
    /// Positions of the log that are missing, doubled or out of order.
    pub seq_breaks: usize,
    /// Messages that are not where their acknowledgement said.
    pub misplaced: usize,
    /// Ways of reading that did not give the same log as the first one.
    pub reads_unequal: usize,
    /// Why playing or reading stopped early.
    pub error: Option<String>,
}

impl FileReport {
    /// Everything that is wrong.
    pub fn total(&self) -> usize {
        self.differences.total()
            + self.seq_breaks
            + self.misplaced
            + self.reads_unequal
            + usize::from(self.error.is_some())
    }
}

/// The whole run's result.
#[derive(Debug, Clone, Serialize)]
pub struct ReplayReport {
    /// `replay`.
    pub scenario: &'static str,
    /// Prefix of all users and titles; give it again to continue.
    pub run_id: String,
    /// One per file.
    pub files: Vec<FileReport>,
    /// Users with a WebSocket.
    pub users: usize,
    /// Steps played and acknowledged.
    pub steps: usize,
    /// From the first cue to the last acknowledgement.
    pub play_ms: u64,
    /// Steps acknowledged per second.
    pub steps_per_s: f64,
    /// `WS send`: from the first attempt to the acknowledgement.
    pub send: LatencySummary,
    /// Connections after the first of each user.
    pub reconnects: u64,
    /// Attempts after the first of each command.
    pub retries: u64,
    /// Sends answered as repeated.
    pub dups: usize,
    /// Everything that is wrong in all files.
    pub differences: usize,
}

/// What the room of a script must hold.
pub(super) fn expected_entries(script: &Script, users: &[String]) -> Vec<Entry> {
    let entry = |step: &super::script::Step| Entry {
        user: users.get(step.nick).cloned().unwrap_or_default(),
        what: match &step.deed {
            Deed::Join => What::Joined,
            Deed::Leave => What::Left,
            Deed::Say { cid, text } => What::Said { cid: cid.clone(), text: text.clone() },
        },
    };
    script.steps.iter().map(entry).collect()
}

/// What a room holds, but for what host and reader did.
pub(super) fn found_entries(events: &[Event], aside: &[&str]) -> Vec<Entry> {
    let entry = |event: &Event| {
        let what = match &event.kind {
            EventKind::Joined => What::Joined,
            EventKind::Left => What::Left,
            EventKind::Message { cid, text } => What::Said { cid: cid.clone(), text: text.clone() },
            // Nobody of the cast does anything else; a strange name makes it unexpected.
            other => What::Said { cid: format!("seq {}", event.seq), text: format!("{other:?}") },
        };
        Entry { user: event.user.clone(), what }
    };
    events.iter().filter(|event| !aside.contains(&event.user.as_str())).map(entry).collect()
}

/// What judging a file needs.
pub(super) struct Evidence<'a> {
    pub(super) script: &'a Script,
    pub(super) room: &'a str,
    pub(super) users: &'a [String],
    /// Host and reader, whose doings don't count.
    pub(super) aside: &'a [&'a str],
    pub(super) done_before: usize,
    pub(super) order: OrderRule,
    pub(super) run: &'a FileRun,
}

impl Evidence<'_> {
    /// Judges what was read.
    pub(super) fn judge(&self, reads: &Reads) -> FileReport {
        let expected = expected_entries(self.script, self.users);
        let found = found_entries(&reads.newest_first, self.aside);
        let same = [&reads.oldest_first, &reads.http].map(|read| *read == reads.newest_first);
        FileReport {
            file: self.script.name.clone(),
            room: self.room.to_owned(),
            lines: self.script.census.clone(),
            played: expected.len() - self.done_before,
            done_before: self.done_before,
            expected: expected.len(),
            found: found.len(),
            differences: compare(&expected, &found, self.order),
            seq_breaks: seq_breaks(&reads.newest_first),
            misplaced: self.misplaced(&reads.newest_first),
            reads_unequal: same.iter().filter(|same| !**same).count(),
            error: self.run.error.clone(),
        }
    }

    /// Messages whose acknowledged seq holds something else.
    fn misplaced(&self, events: &[Event]) -> usize {
        let holds = |seq: u64, wanted: &str| {
            let at = events.binary_search_by_key(&seq, |event| event.seq).ok();
            let event = at.and_then(|at| events.get(at));
            event.is_some_and(|event| matches!(&event.kind, EventKind::Message { cid, .. } if cid == wanted))
        };
        let misplaced =
            |(number, seq): &(&usize, &u64)| match self.script.steps.get(**number).map(|s| &s.deed) {
                Some(Deed::Say { cid, .. }) => !holds(**seq, cid),
                _ => false,
            };
        self.run.acked.iter().filter(misplaced).count()
    }
}

/// Places where the log does not count 1, 2, 3 …
fn seq_breaks(events: &[Event]) -> usize {
    let before = std::iter::once(0).chain(events.iter().map(|event| event.seq));
    before.zip(events).filter(|(before, event)| event.seq != before + 1).count()
}

#[cfg(test)]
mod tests {
    use super::super::script::Cast;
    use super::*;
    use crate::irc::ChannelLog;

    const USERS: [&str; 1] = ["r-kim"];

    fn event(seq: u64, user: &str, kind: EventKind) -> Event {
        Event { room: "R".into(), seq, at_ms: 0, user: user.into(), kind }
    }

    fn message(seq: u64, line: u64, text: &str) -> Event {
        event(seq, "r-kim", EventKind::Message { cid: format!("line-{line}"), text: text.into() })
    }

    fn log() -> Vec<Event> {
        vec![
            event(1, "r-host", EventKind::Created),
            event(2, "r-kim", EventKind::Joined),
            message(3, 1, "one"),
            message(4, 2, "two"),
            event(5, "r-reader", EventKind::Joined),
        ]
    }

    fn judge(reads: &Reads, acked: &[(usize, u64)]) -> FileReport {
        let mut cast = Cast::default();
        let text = b"[10:00] <kim> one\n[10:00] <kim> two\n";
        let script = Script::write(&ChannelLog::from_bytes("f", text), &mut cast);
        let users = USERS.map(str::to_owned);
        let run = FileRun { acked: acked.iter().copied().collect(), error: None };
        let evidence = Evidence {
            script: &script,
            room: "R",
            users: &users,
            aside: &["r-host", "r-reader"],
            done_before: 0,
            order: OrderRule::Total,
            run: &run,
        };
        evidence.judge(reads)
    }

    fn reads(log: &[Event]) -> Reads {
        Reads { newest_first: log.to_vec(), oldest_first: log.to_vec(), http: log.to_vec() }
    }

    #[test]
    fn a_room_as_it_should_be_is_without_fault() {
        let report = judge(&reads(&log()), &[(1, 3), (2, 4)]);
        assert_eq!(report.total(), 0, "{report:?}");
        assert_eq!((report.expected, report.found, report.played), (3, 3, 3));
    }

    #[test]
    fn a_hole_in_the_log_is_found() {
        let mut log = log();
        log[4].seq = 6;
        assert_eq!(judge(&reads(&log), &[]).seq_breaks, 1);
    }

    #[test]
    fn a_message_elsewhere_than_acknowledged_is_found() {
        assert_eq!(judge(&reads(&log()), &[(1, 4), (2, 4)]).misplaced, 1);
        assert_eq!(judge(&reads(&log()), &[(1, 9)]).misplaced, 1);
    }

    #[test]
    fn a_way_of_reading_that_differs_is_found() {
        let mut reads = reads(&log());
        reads.http.pop();
        reads.oldest_first.swap(2, 3);
        assert_eq!(judge(&reads, &[]).reads_unequal, 2);
    }

    #[test]
    fn an_event_nobody_asked_for_is_unexpected() {
        let mut log = log();
        log.push(event(6, "r-kim", EventKind::Kicked { target: "x".into() }));
        assert_eq!(judge(&reads(&log), &[]).differences.unexpected, 1);
    }
}
