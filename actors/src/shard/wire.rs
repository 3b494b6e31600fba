//! What routers of different nodes say to each other, as MessagePack. A variant's number (its serde name)
//! and the order of its fields stay for good.

use bytes::Bytes;
use madang_cluster::ClusterError;
use madang_cluster::command::{Outcome, RoomOp};
use madang_storage::id::{RoomId, SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::error::ActorError;
use crate::typing::Typing;
use crate::wire::{self, WireError};

/// To the router of the node that leads.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Request {
    /// Have a room decide.
    #[serde(rename = "1")]
    Decide(RoomId, UserId, RoomOp),
    /// Somebody types on this device.
    #[serde(rename = "2")]
    Typing(RoomId, UserId, SessionId, Typing),
}

/// The same, borrowed.
#[derive(Serialize)]
enum RequestRef<'a> {
    #[serde(rename = "1")]
    Decide(&'a RoomId, &'a UserId, &'a RoomOp),
    #[serde(rename = "2")]
    Typing(&'a RoomId, &'a UserId, &'a SessionId, Typing),
}

/// From the router that was asked.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Response {
    /// The room decided.
    #[serde(rename = "1")]
    Decided(Outcome),
    /// It did not.
    #[serde(rename = "2")]
    Failed(Failure),
}

/// Why a room did not decide.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Failure {
    /// Nothing was done: that node does not lead.
    #[serde(rename = "1")]
    NotLeader(Option<u64>),
    /// Nothing was done: a queue of this size is full.
    #[serde(rename = "2")]
    Overloaded(u64),
    /// Nothing was done: the user must wait so many milliseconds.
    #[serde(rename = "3")]
    RateLimited(u64),
    /// It may or may not have happened: no answer within so many milliseconds.
    #[serde(rename = "4")]
    Timeout(u64),
    /// It may or may not have happened.
    #[serde(rename = "5")]
    Interrupted(String),
    /// That node cannot serve.
    #[serde(rename = "6")]
    Unavailable(String),
}

/// A command for another node's router.
pub(super) fn decide(room: &RoomId, user: &UserId, op: &RoomOp) -> Result<Bytes, WireError> {
    wire::write(&RequestRef::Decide(room, user, op))
}

/// That somebody types, for another node's router.
pub(super) fn typing(
    room: &RoomId,
    user: &UserId,
    session: &SessionId,
    typing: Typing,
) -> Result<Bytes, WireError> {
    wire::write(&RequestRef::Typing(room, user, session, typing))
}

impl Request {
    /// Reads what [`decide`] or [`typing`] wrote.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        wire::read(bytes)
    }
}

impl Response {
    /// The answer to a command.
    pub(crate) fn of(result: Result<Outcome, ActorError>) -> Self {
        match result {
            Ok(outcome) => Self::Decided(outcome),
            Err(error) => Self::Failed(Failure::of(error)),
        }
    }

    /// For the node that asked.
    pub(crate) fn write(&self) -> Result<Bytes, WireError> {
        wire::write(self)
    }

    /// Reads what [`write`](Self::write) wrote.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        wire::read(bytes)
    }
}

impl Failure {
    fn of(error: ActorError) -> Self {
        match error {
            ActorError::RateLimited { retry_after_ms } => Self::RateLimited(retry_after_ms),
            ActorError::Overloaded { limit, .. } => Self::Overloaded(limit as u64),
            ActorError::Restarted => Self::Interrupted(error.to_string()),
            ActorError::Cluster(error) => match error {
                ClusterError::NotLeader { leader } => Self::NotLeader(leader),
                ClusterError::Overloaded { limit } => Self::Overloaded(limit as u64),
                ClusterError::Timeout { after_ms } => Self::Timeout(after_ms),
                ClusterError::Interrupted { why } => Self::Interrupted(why),
                ClusterError::Lost { .. } => Self::Interrupted(error.to_string()),
                other => Self::Unavailable(other.to_string()),
            },
        }
    }
}

impl From<Response> for Result<Outcome, ActorError> {
    fn from(response: Response) -> Self {
        match response {
            Response::Decided(outcome) => Ok(outcome),
            Response::Failed(failure) => Err(failure.into()),
        }
    }
}

impl From<Failure> for ActorError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotLeader(leader) => ClusterError::NotLeader { leader }.into(),
            Failure::Overloaded(limit) => Self::Overloaded {
                what: "the commands on the room's node",
                limit: usize::try_from(limit).unwrap_or(usize::MAX),
            },
            Failure::RateLimited(retry_after_ms) => Self::RateLimited { retry_after_ms },
            Failure::Timeout(after_ms) => ClusterError::Timeout { after_ms }.into(),
            Failure::Interrupted(why) => ClusterError::Interrupted { why }.into(),
            Failure::Unavailable(why) => ClusterError::Unavailable { why }.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use madang_cluster::command::{Refusal, Reply};

    use super::*;
    use crate::fake::user;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_command_between_nodes_never_changes() {
        let (room, op) = (RoomId([1; 16]), RoomOp::MarkRead(7));
        let bytes = decide(&room, &user("minji"), &op).unwrap();
        let id = "01".repeat(16);
        assert_eq!(hex(&bytes), format!("81a13193c410{id}a56d696e6a6981a13907"));
        assert_eq!(Request::read(&bytes).unwrap(), Request::Decide(room, user("minji"), op));
        let session = SessionId([2; 16]);
        let bytes = typing(&room, &user("minji"), &session, Typing::On).unwrap();
        let device = "02".repeat(16);
        assert_eq!(hex(&bytes), format!("81a13294c410{id}a56d696e6a69c410{device}a131"));
        assert_eq!(Request::read(&bytes).unwrap(), Request::Typing(room, user("minji"), session, Typing::On));
    }

    #[test]
    fn answers_between_nodes_never_change() {
        let read = Reply::Read { read_seq: 7, unread: 1, mentions: 2 };
        for (response, golden) in [
            (Response::Decided(Ok(read)), "81a13181a24f6b81a13393070102"),
            (Response::Decided(Err(Refusal::NoRoom)), "81a13181a3457272a131"),
            (Response::Failed(Failure::NotLeader(Some(2))), "81a13281a13102"),
            (Response::Failed(Failure::Overloaded(9)), "81a13281a13209"),
            (Response::Failed(Failure::RateLimited(9)), "81a13281a13309"),
            (Response::Failed(Failure::Timeout(9)), "81a13281a13409"),
            (Response::Failed(Failure::Interrupted("x".into())), "81a13281a135a178"),
            (Response::Failed(Failure::Unavailable("x".into())), "81a13281a136a178"),
        ] {
            let bytes = response.write().unwrap();
            assert_eq!(hex(&bytes), golden, "{response:?}");
            assert_eq!(Response::read(&bytes).unwrap(), response);
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_are_refused_or_read(bytes: Vec<u8>) {
            let _ = Request::read(&bytes);
            let _ = Response::read(&bytes);
        }
    }
}
