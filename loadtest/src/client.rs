//! A client of the protocol `madang.v1+json`, over WebSocket and over HTTP.
//!
//! [`Connection`] is one WebSocket and says plainly when it is gone; [`Steady`] stands on it and comes
//! back by itself; [`Lane`] decides what a pipelining sender sends again, and in which order;
//! [`Follower`] what is to be read of rooms whose events are not all pushed.
//! [`HttpClient`] speaks the same operations over HTTP. Those two know all [`Nodes`] of a cluster and go to
//! the next one when theirs fails. Tests use all of them.

mod model;

mod error;

mod frame;

mod follow;

mod backoff;

mod nodes;

mod trust;

mod connection;

mod wire;

mod operations;

mod lane;

mod steady;

mod http;

pub use backoff::Backoff;
pub use connection::{Connection, Goodbye, PendingReply, PushFeed, Pushes, Reply};
pub use error::{ClientError, CloseReason, ServerError};
pub use follow::{Follower, Place};
pub use frame::{Answer, Heard, Push};
pub use http::{HttpClient, Session};
pub use lane::{Lane, LaneSend};
pub use model::{
    Event, EventKind, HistoryPage, Limits, Membership, Page, Profile, Resume, Room, RoomKind, RoomPage,
    SendAck, Welcome,
};
pub use nodes::{Nodes, NotANode, Rotation, Turn};
pub(crate) use operations::history_fields;
pub use operations::{CreateRoom, SendMessage};
pub use steady::{Restarts, RetryPolicy, Steady, SteadyCounts};
pub use trust::{http_builder, trust, trusted_files};
