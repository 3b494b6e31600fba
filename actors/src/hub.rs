//! The fan-out hub: one light actor per worker thread that knows which of this thread's sessions are in
//! which room, and writes shared frames straight into their outbound queues.
//!
//! Sessions on the same thread register and join by plain calls ([`LocalHub`]); everybody else sends
//! messages through a [`HubRef`]. A room's frames go to its sessions in chunks, and the hub yields to its
//! thread between chunks, so that a fan-out to thousands doesn't delay the others. At the end of a chunk it
//! writes the queues to the sockets itself; what a socket doesn't take at once is left to its driver. Frames of a
//! room that wait together go to each session in one piece (`giving`). Frames for one room keep their order; a session that joins gets everything delivered after its join. A hub never reads the
//! log and never decides who is a member.
//!
//! A hub also keeps through which place of every feed its sessions were told (`told`), and every other second
//! pushes it as a cursor to those that were told something since. A session that resumes is held (`giving`):
//! what is pushed to it waits until it was told what it missed.
//!
//! What goes to a room need not go at once (`rooms`): a room gets writes at a rate (`rhythm`), and with many
//! listeners what comes while a run is under way goes with the next; frames of a room from which much is taken are
//! gathered for a tenth of a second at least and go as one, or the newest stands for all. And it counts what each room is delivered, or
//! would be if nothing were taken from it (`demand`), for those who decide that (`shed`).

mod message;
pub use message::{
    CloseSession, Deliver, DeliverUser, Handled, JoinUser, LeaveUser, Logged, Notice, Pace, Passing, Place,
    Reached, SetPlaces,
};

mod backlog;
mod demand;
mod feed;
mod giving;
mod machine;
mod notices;
mod options;
mod rhythm;
mod rooms;
mod sessions;
mod signs;
mod told;
pub use options::HubOptions;
pub use sessions::SessionKey;

mod actor;
pub use actor::Hub;

mod hubs;
pub use hubs::{Backlogged, Begun, HubId, HubRef, Hubs, Interest, LocalHub};

#[cfg(test)]
mod hubs_tests;
#[cfg(test)]
mod machine_tests;
#[cfg(test)]
mod pace_tests;
#[cfg(test)]
mod rhythm_tests;
