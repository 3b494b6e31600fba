//! What clients were told: for each of them a list of everything it asked and heard, with the moments at
//! which it asked and was answered, and the node that told it. [`crate::checker`] judges it.

mod clock;
mod log;

pub use clock::{Clock, Moment};
pub use log::{FinalLog, ReadBack, Seen, TextHash, What};
pub use madang_loadtest::client::Page;

/// Everything that one run of clients was told.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Ids of the rooms; [`RoomIndex`] counts in here.
    pub rooms: Vec<String>,
    /// The clients. No two are the same user.
    pub clients: Vec<ClientRecord>,
}

/// What one client was told.
#[derive(Clone, Debug)]
pub struct ClientRecord {
    /// Who it is.
    pub user: String,
    /// In the order in which it took notice; only ever added to.
    pub entries: Vec<Entry>,
}

/// A room of the record, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomIndex(pub usize);

/// A node of the cluster, counted from 0; people see it counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex(pub usize);

impl std::fmt::Display for NodeIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "node {}", self.0 + 1)
    }
}

/// One thing that a client was told.
#[derive(Clone, Debug)]
pub struct Entry {
    /// By which node.
    pub node: NodeIndex,
    /// When it asked; for pushes, when it heard.
    pub begin: Moment,
    /// When it was answered.
    pub end: Moment,
    /// What.
    pub told: Told,
}

/// What a client was told.
#[derive(Clone, Debug)]
pub enum Told {
    /// It has a new connection; what follows was told on this one.
    Connected(Ears),
    /// The connection has ended.
    Parted {
        /// Why.
        why: String,
    },
    /// What became of one attempt to send.
    Sent(Attempt),
    /// An event was pushed.
    Heard {
        /// Where.
        room: RoomIndex,
        /// What.
        event: Seen,
    },
    /// A page of history.
    Paged {
        /// Where.
        room: RoomIndex,
        /// Which page was asked for.
        page: Page,
        /// What was on it.
        events: Vec<Seen>,
        /// Whether there was more in that direction.
        more: bool,
    },
    /// A page of history that, as the node said, may be old: nothing need be on it, but all that is, is true.
    PagedStale {
        /// Where.
        room: RoomIndex,
        /// What was on it.
        events: Vec<Seen>,
    },
    /// The client's own read marker.
    Marker {
        /// Where.
        room: RoomIndex,
        /// Read up to here.
        read_seq: u64,
    },
}

/// Whether a client takes notice of pushes on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ears {
    /// It does: all that it should hear must be in the record.
    Open,
    /// It does not.
    Shut,
}

/// One attempt to send; a send that is retried has several.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Where.
    pub room: RoomIndex,
    /// The client's name for the send.
    pub cid: String,
    /// What was to be said.
    pub text: TextHash,
    /// The send that must come before it.
    pub after: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of one attempt to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the log, for good.
    Acked {
        /// Where.
        seq: u64,
        /// Whether an earlier attempt had brought it there.
        dup: bool,
    },
    /// It is certain that this attempt did nothing.
    Refused,
    /// It may have happened or not.
    Unknown,
}
