//! Records by hand. Time passes by one second with each line of a story.

use madang_tests::checker::{Verdict, check};
use madang_tests::record::{
    Attempt, ClientRecord, Ears, Entry, FinalLog, Moment, NodeIndex, Outcome, Page, ReadBack, Record,
    RoomIndex, Seen, TextHash, Told, What,
};

/// The only room of these stories.
pub(crate) const ROOM: RoomIndex = RoomIndex(0);

/// A message that says its own cid.
pub(crate) fn message(seq: u64, by: &str, cid: &str) -> Seen {
    Seen {
        seq,
        at_ms: 1_000 + seq,
        by: by.to_owned(),
        what: What::Message { cid: cid.to_owned(), text: TextHash::of(cid) },
    }
}

/// An acknowledgement of something new.
pub(crate) fn new(seq: u64) -> Outcome {
    Outcome::Acked { seq, dup: false }
}

/// A record and its logs in the making.
pub(crate) struct Story {
    record: Record,
    logs: Vec<Vec<Seen>>,
    now: u64,
}

impl Story {
    /// Two nodes whose log of the one room is this.
    pub(crate) fn with_log(log: &[Seen]) -> Self {
        Self {
            record: Record { rooms: vec!["yard".to_owned()], clients: Vec::new() },
            logs: vec![log.to_vec(), log.to_vec()],
            now: 0,
        }
    }

    /// The second node has another log.
    pub(crate) fn second_node_has(mut self, log: &[Seen]) -> Self {
        self.logs[1] = log.to_vec();
        self
    }

    /// Nobody gives a log.
    pub(crate) fn without_logs(mut self) -> Self {
        self.logs.clear();
        self
    }

    /// Somebody is told something, asked for at the same moment.
    pub(crate) fn told(self, user: &str, told: Told) -> Self {
        self.told_after(user, 0, told)
    }

    /// Somebody is told something that was asked for so many lines ago.
    pub(crate) fn told_after(mut self, user: &str, lines: u64, told: Told) -> Self {
        self.now += 1_000_000;
        let begin = Moment(self.now.saturating_sub(lines * 1_000_000 + 1));
        let entry = Entry { node: NodeIndex(1), begin, end: Moment(self.now), told };
        let client = self.record.clients.iter().position(|client| client.user == user);
        let client = client.unwrap_or_else(|| {
            self.record.clients.push(ClientRecord { user: user.to_owned(), entries: Vec::new() });
            self.record.clients.len() - 1
        });
        self.record.clients[client].entries.push(entry);
        self
    }

    /// Somebody sends what says its own cid.
    pub(crate) fn sends(self, user: &str, cid: &str, outcome: Outcome) -> Self {
        self.sends_chained(user, cid, None, outcome)
    }

    /// The same, naming the send before it.
    pub(crate) fn sends_chained(self, user: &str, cid: &str, after: Option<&str>, outcome: Outcome) -> Self {
        self.told(user, attempt(cid, cid, after, outcome))
    }

    /// Somebody has a new connection and listens.
    pub(crate) fn connects(self, user: &str) -> Self {
        self.told(user, Told::Connected(Ears::Open))
    }

    /// Somebody's connection ends.
    pub(crate) fn parts(self, user: &str) -> Self {
        self.told(user, Told::Parted { why: "the story says so".to_owned() })
    }

    /// Somebody hears an event.
    pub(crate) fn hears(self, user: &str, event: Seen) -> Self {
        self.told(user, Told::Heard { room: ROOM, event })
    }

    /// Somebody reads a page that is the last in its direction.
    pub(crate) fn reads(self, user: &str, page: Page, events: &[Seen]) -> Self {
        self.told(user, Told::Paged { room: ROOM, page, events: events.to_vec(), more: false })
    }

    /// Somebody is told their read marker.
    pub(crate) fn marker(self, user: &str, read_seq: u64) -> Self {
        self.told(user, Told::Marker { room: ROOM, read_seq })
    }

    /// Judges it.
    pub(crate) fn verdict(&self) -> Verdict {
        let logs = self.logs.iter().enumerate();
        let logs =
            logs.map(|(node, events)| FinalLog { room: ROOM, node: NodeIndex(node), events: events.clone() });
        check(&self.record, &ReadBack(logs.collect()))
    }

    /// It has exactly one violation, whose sentence has all these parts.
    pub(crate) fn is_found(&self, parts: &[&str]) {
        let verdict = self.verdict();
        assert_eq!(verdict.total, 1, "{verdict}");
        let sentence = verdict.violations[0].to_string();
        for part in parts {
            assert!(sentence.contains(part), "{part:?} is not in: {sentence}");
        }
    }

    /// It has no violation.
    pub(crate) fn is_clean(&self) {
        let verdict = self.verdict();
        assert!(verdict.is_clean(), "{verdict}");
    }
}

/// What became of one attempt.
pub(crate) fn attempt(cid: &str, text: &str, after: Option<&str>, outcome: Outcome) -> Told {
    Told::Sent(Attempt {
        room: ROOM,
        cid: cid.to_owned(),
        text: TextHash::of(text),
        after: after.map(str::to_owned),
        outcome,
    })
}
