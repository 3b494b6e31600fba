//! What nodes ask each other, as values: `message.rs`. How it arrives: `door.rs`. How raft travels:
//! `transport.rs`.

mod door;
mod message;
mod transport;

pub(crate) use door::PeerDoor;
pub(crate) use message::{
    Answer, GroupStatus, Known, PeerAnswer, PeerRequest, PeerTold, Question, decode, encode, number,
};
pub(crate) use transport::LinkTransport;
