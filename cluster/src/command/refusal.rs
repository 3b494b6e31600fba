//! Why a machine says no.

use serde::{Deserialize, Serialize};

use crate::machine::meta::NodeState;

/// A refusal: nothing was changed, and every replica refused alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// There is no such room, or the user may not see it.
    #[serde(rename = "1")]
    #[error("there is no such room")]
    NoRoom,
    /// There is no such user.
    #[serde(rename = "2")]
    #[error("there is no such user")]
    NoUser,
    /// The user has no such place in the room.
    #[serde(rename = "3")]
    #[error("that user is not in this room")]
    NotMember,
    /// The role does not allow it.
    #[serde(rename = "4")]
    #[error("your role in this room does not allow that")]
    Forbidden,
    /// The room is entered by invitation.
    #[serde(rename = "5")]
    #[error("this room is entered by invitation")]
    InviteOnly,
    /// The name is taken.
    #[serde(rename = "6")]
    #[error("that user name is taken")]
    UserExists,
    /// The cid was used for another text.
    #[serde(rename = "7")]
    #[error("this cid was used for another text")]
    CidConflict,
    /// The send named in `after` is not in the log.
    #[serde(rename = "8")]
    #[error("the send named in `after` is not in the log: retry from the first unanswered send on")]
    OutOfOrder,
    /// A direct room does not change.
    #[serde(rename = "9")]
    #[error("a direct room has exactly its two people and cannot be changed")]
    DirectRoom,
    /// An owner leaves last or hands over.
    #[serde(rename = "10")]
    #[error("hand the room over to another member before you leave")]
    OwnerLeaves,
    /// The room is full.
    #[serde(rename = "11")]
    #[error("the room is full: it has places for {max} people")]
    RoomFull {
        /// How many places there are.
        max: u64,
    },
    /// There is already a room with this id.
    #[serde(rename = "12")]
    #[error("there is already a room with this id")]
    RoomExists,
    /// The password was changed by somebody else meanwhile.
    #[serde(rename = "13")]
    #[error("the password was changed meanwhile")]
    PasswordChanged,
    /// The cluster is formed already.
    #[serde(rename = "14")]
    #[error("the cluster is formed already")]
    AlreadyFormed,
    /// The command does not belong to this group: a bug of the sender.
    #[serde(rename = "15")]
    #[error("this group does not decide that")]
    WrongGroup,
    /// The room, or the whole cluster, has this switched off, or the room is too large for it.
    #[serde(rename = "90")]
    #[error("this is switched off here, or the room is too large for it")]
    SwitchedOff,
    /// META says no.
    #[serde(rename = "16")]
    #[error(transparent)]
    Meta(#[from] MetaRefusal),
    /// There is no message at that seq.
    #[serde(rename = "20")]
    #[error("there is no message at that seq of this room")]
    NoMessage,
    /// The message was deleted.
    #[serde(rename = "21")]
    #[error("the message was deleted")]
    MessageGone,
    /// As many as there may be.
    #[serde(rename = "22")]
    #[error("there are as many {what} as there may be: {max}")]
    TooMany {
        /// Of what.
        what: String,
        /// How many.
        max: u64,
    },
    /// A thread hangs on a message that is in no thread itself.
    #[serde(rename = "23")]
    #[error("a thread hangs on a message that is in no thread itself")]
    NoThread,
    /// A message stays what it is.
    #[serde(rename = "24")]
    #[error("an edit gives text to a text and data to an opaque message")]
    OtherContent,
    /// The member may not speak.
    #[serde(rename = "40")]
    #[error("you are muted in this room")]
    Muted {
        /// When that ends; `None`: not by itself.
        retry_after_ms: Option<u64>,
    },
    /// The user may not enter.
    #[serde(rename = "41")]
    #[error("banned from this room")]
    Banned {
        /// When that ends; `None`: not by itself.
        retry_after_ms: Option<u64>,
    },
    /// The member has spoken a moment ago.
    #[serde(rename = "42")]
    #[error("this room is in slow mode: wait {retry_after_ms} ms before your next message")]
    SlowMode {
        /// When the member may speak again.
        retry_after_ms: u64,
    },
    /// The room is read only.
    #[serde(rename = "43")]
    #[error("the room is archived: it can be read, and nothing else")]
    Archived,
    /// The link opens no door, or no longer.
    #[serde(rename = "44")]
    #[error("this link is not valid (any more)")]
    LinkExpired,
    /// The room does without it.
    #[serde(rename = "45")]
    #[error("this is switched off in this room")]
    FeatureOff,
    /// Somebody does not want that from this user, for whatever reason.
    #[serde(rename = "60")]
    #[error("that user does not take this from you")]
    Private,
    /// A list of the user is full.
    #[serde(rename = "61")]
    #[error("the list is full: it has places for {max}")]
    ListFull {
        /// How many places there are.
        max: u64,
    },
    /// Nobody waits for this answer.
    #[serde(rename = "62")]
    #[error("that user has not asked you")]
    NotAsked,
    /// One's own block stands in the way.
    #[serde(rename = "63")]
    #[error("you block that user: take the block back first")]
    BlockedByYou,
    /// Nobody is somebody else to themselves.
    #[serde(rename = "64")]
    #[error("that is yourself")]
    Yourself,
    /// The staff's business.
    #[serde(rename = "65")]
    #[error("that is for the staff of this cluster")]
    NotStaff,
    /// There is no such report.
    #[serde(rename = "66")]
    #[error("there is no such report")]
    NoReport,
    /// Somebody else works on it.
    #[serde(rename = "67")]
    #[error("somebody else has taken this report")]
    ReportTaken,
    /// Nobody works on it yet.
    #[serde(rename = "68")]
    #[error("take the report first")]
    ReportNotTaken,
    /// It is closed.
    #[serde(rename = "69")]
    #[error("this report is closed")]
    ReportClosed,
    /// Whoever is of the staff is dismissed first.
    #[serde(rename = "70")]
    #[error("that user is of the staff: an admin dismisses them first")]
    OfStaff,
    /// The user may not use this cluster.
    #[serde(rename = "71")]
    #[error("this account is suspended{}", because(reason))]
    Suspended {
        /// Why, may be empty.
        reason: String,
        /// When that ends; `None`: not by itself.
        retry_after_ms: Option<u64>,
    },
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

/// Why META says no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum MetaRefusal {
    /// META holds nothing yet.
    #[serde(rename = "1")]
    #[error("there is no cluster here yet: it is formed first")]
    NotFormed,
    /// No node has this id.
    #[serde(rename = "2")]
    #[error("this cluster has no node {node}: check the cluster's id and the seed list")]
    NoNode {
        /// Which.
        node: u64,
    },
    /// The node was removed.
    #[serde(rename = "3")]
    #[error("node {node} was removed for good: give it an empty data directory and it joins as a new node")]
    NodeGone {
        /// Which.
        node: u64,
    },
    /// Two data directories claim one id.
    #[serde(rename = "4")]
    #[error(
        "this cluster knows node {node} with other data: two data directories claim the same id, \
         start this one empty and it joins as a new node"
    )]
    OtherData {
        /// Which.
        node: u64,
    },
    /// Nobody may take over this address.
    #[serde(rename = "5")]
    #[error(
        "node {node} is known at {peer} and cannot be replaced by this one: advertise another address, \
         or remove the node first if it is dead"
    )]
    AddressTaken {
        /// Who is there.
        node: u64,
        /// Where.
        peer: String,
    },
    /// As many nodes as there may be.
    #[serde(rename = "6")]
    #[error("the cluster is full: it has {max} nodes, remove one first")]
    ClusterFull {
        /// How many there may be.
        max: u64,
    },
    /// A node does not go from one state to just any other.
    #[serde(rename = "7")]
    #[error("node {node} is {from} and cannot become {to}")]
    Transition {
        /// Which.
        node: u64,
        /// What it is.
        from: NodeState,
        /// What it cannot become.
        to: NodeState,
    },
    /// Somebody must keep the data.
    #[serde(rename = "8")]
    #[error("node {node} is the last one that serves: nobody is left to take over what it holds")]
    LastNode {
        /// Which.
        node: u64,
    },
    /// There is no such group, or META does not place it.
    #[serde(rename = "9")]
    #[error("there is no group {group} to place: the cluster has groups 1 to {last}")]
    NoGroup {
        /// Which.
        group: u16,
        /// The last one.
        last: u16,
    },
    /// The group was placed by somebody else meanwhile.
    #[serde(rename = "10")]
    #[error("who holds group {group} was changed meanwhile: look again")]
    Moved {
        /// Which.
        group: u16,
    },
    /// A placement names a node twice, or none at all.
    #[serde(rename = "11")]
    #[error("group {group} must be held by at least one node, and by each only once")]
    NoPlacement {
        /// Which.
        group: u16,
    },
    /// A number, or a text's length, is out of bounds.
    #[serde(rename = "12")]
    #[error("{what} must be between {min} and {max}")]
    OutOfBounds {
        /// What, with its unit.
        what: String,
        /// At least.
        min: u64,
        /// At most.
        max: u64,
    },
    /// The rules in force are never taken back.
    #[serde(rename = "13")]
    #[error("machine version {now} is in force and only grows")]
    VersionBackwards {
        /// What is in force.
        now: u32,
    },
}
