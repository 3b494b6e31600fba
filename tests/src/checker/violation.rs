//! What can be wrong, each a sentence that a person can act on.

use thiserror::Error;

use crate::record::{Moment, NodeIndex};

/// Who was told something, where, by whom and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The client.
    pub client: String,
    /// The room.
    pub room: String,
    /// The node that told it.
    pub node: NodeIndex,
    /// When it was told.
    pub at: Moment,
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in room {} by way of {} at {}", self.client, self.room, self.node, self.at)
    }
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// No node gave the log of a room.
    #[error("room {room}: no node gave its log")]
    NoLog {
        /// The room.
        room: String,
    },
    /// A log is not dense.
    #[error("room {room} on {node}: seq {found} stands where seq {expected} should be")]
    Hole {
        /// The room.
        room: String,
        /// Whose log.
        node: NodeIndex,
        /// What should be there.
        expected: u64,
        /// What is.
        found: u64,
    },
    /// Two nodes give different logs.
    #[error("room {room}: {node} has {here} where {reference} has {there}")]
    LogsDiffer {
        /// The room.
        room: String,
        /// Whose log.
        node: NodeIndex,
        /// What it has.
        here: String,
        /// The node it was compared with.
        reference: NodeIndex,
        /// What that one has.
        there: String,
    },
    /// One send is in a log twice.
    #[error("room {room} on {node}: cid {cid} of {client} is at seq {first} and again at seq {second}")]
    Doubled {
        /// The room.
        room: String,
        /// Whose log.
        node: NodeIndex,
        /// The sender.
        client: String,
        /// The send.
        cid: String,
        /// Where it is first.
        first: u64,
        /// Where it is again.
        second: u64,
    },
    /// Something is in the log that nobody sent.
    #[error("room {room} on {node}: {event} was never sent like that")]
    NeverSent {
        /// The room.
        room: String,
        /// Whose log.
        node: NodeIndex,
        /// What.
        event: String,
    },
    /// Something is in the log although every attempt to send it was refused.
    #[error("{spot}: cid {cid} was refused at every attempt, and is in the log at seq {seq}")]
    RefusedButLogged {
        /// The last refusal.
        spot: Spot,
        /// The send.
        cid: String,
        /// Where it is.
        seq: u64,
    },
    /// An acknowledged message is gone.
    #[error("{spot}: cid {cid} was acknowledged at seq {seq}, and is not in the log")]
    Lost {
        /// The acknowledgement.
        spot: Spot,
        /// The send.
        cid: String,
        /// Where it was acknowledged.
        seq: u64,
    },
    /// An acknowledgement named another place than the log does.
    #[error("{spot}: cid {cid} was acknowledged at seq {seq}, and is in the log at seq {logged}")]
    Moved {
        /// The acknowledgement.
        spot: Spot,
        /// The send.
        cid: String,
        /// Where it was acknowledged.
        seq: u64,
        /// Where it is.
        logged: u64,
    },
    /// One send was acknowledged as new more than once.
    #[error("{spot}: cid {cid} was acknowledged as new at seq {seq}, for the second time")]
    NewTwice {
        /// The second acknowledgement.
        spot: Spot,
        /// The send.
        cid: String,
        /// Where it was acknowledged.
        seq: u64,
    },
    /// A send overtook the one that it named in `after`.
    #[error("{spot}: cid {cid} is at seq {seq}, not behind cid {after}, which {before}")]
    Overtook {
        /// The last attempt to send it.
        spot: Spot,
        /// The send.
        cid: String,
        /// Where it is.
        seq: u64,
        /// The send that must come before it.
        after: String,
        /// Where that one is, in words.
        before: String,
    },
    /// A send that began after another was acknowledged came before it.
    #[error("{spot}: cid {cid} at seq {seq} was first sent when seq {acked} was acknowledged already ({by})")]
    AgainstTime {
        /// The acknowledgement.
        spot: Spot,
        /// The send.
        cid: String,
        /// Where it is.
        seq: u64,
        /// What had been acknowledged before.
        acked: u64,
        /// To whom, and when.
        by: String,
    },
    /// A connection missed events.
    #[error("{spot}: heard seq {found}, when seq {expected} should come next on this connection")]
    MissedPush {
        /// The push that came.
        spot: Spot,
        /// What should have come.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// A connection heard something again, or out of order.
    #[error(
        "{spot}: heard seq {found} again or too late; seq {expected} should come next on this connection"
    )]
    RepeatedPush {
        /// The push that came.
        spot: Spot,
        /// What should have come.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// Neither the pages read after connecting nor the pushes since then had some events.
    #[error(
        "{spot}: between the history read (up to seq {paged}) and the first push (seq {pushed}) is a hole"
    )]
    GapBehindHistory {
        /// Where it showed.
        spot: Spot,
        /// Where the history ended.
        paged: u64,
        /// Where the pushes began.
        pushed: u64,
    },
    /// A connection that was up to the end did not hear everything.
    #[error(
        "{spot}: connected to the end, but heard nothing beyond seq {heard}; seq {acked} was acknowledged"
    )]
    Deaf {
        /// The last it heard.
        spot: Spot,
        /// Up to where it heard.
        heard: u64,
        /// The last that was acknowledged in the room.
        acked: u64,
    },
    /// A client was shown something else than the log has.
    #[error("{spot}: was shown {shown}, where the log has {logged}")]
    ShownOtherwise {
        /// Where it was shown.
        spot: Spot,
        /// What was shown.
        shown: String,
        /// What the log has there.
        logged: String,
    },
    /// A page of history has a hole.
    #[error("{spot}: a page of history goes on with seq {found} where seq {expected} should be")]
    HoleInPage {
        /// The page.
        spot: Spot,
        /// What should be there.
        expected: u64,
        /// What is.
        found: u64,
    },
    /// A client did not see what it had been told was written.
    #[error(
        "{spot}: a page of history ended at seq {seen}, though the client's own seq {acked} had been acknowledged before it was asked for"
    )]
    OwnWriteUnseen {
        /// The page.
        spot: Spot,
        /// Where the page ended.
        seen: u64,
        /// What should have been there.
        acked: u64,
    },
    /// A read marker went back.
    #[error("{spot}: the read marker is at {found}, having been at {before}")]
    MarkerWentBack {
        /// The later report.
        spot: Spot,
        /// Where it had been.
        before: u64,
        /// Where it is.
        found: u64,
    },
}
