//! What happens on one WebSocket connection between the edge and the operations: proving who it is,
//! passing commands on, sending replies, hearing pushes.
//!
//! [`machine`] decides (pure), [`actor`](Session) carries out, [`encoder`](JsonFrames) writes pushes, `replay`
//! those that a session missed that comes back, `goodbye` the last one. The
//! session owns nothing that must survive it: whatever it registers is undone when it closes.
//!
//! Never here: sockets (the edge) and what operations do (the service).

mod actor;
mod encoder;
mod goodbye;
mod machine;
#[cfg(test)]
mod machine_tests;
mod replay;

pub use actor::{Session, SessionOptions, SessionParts};
pub use encoder::JsonFrames;
pub use goodbye::DrainPush;
