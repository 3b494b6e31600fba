//! Who is typing: passed on by the room's owner to whoever listens now, on every node, and kept nowhere. It
//! ends by itself where it is shown, so that whatever is lost does no harm; overload drops it first.
//!
//! Reading order: `right`, `wire`, `relay` (from the owner to the listeners of all nodes). How often is
//! decided by the room's owner, whether at all in `right`.

mod right;
pub(crate) use right::typist;

mod wire;

mod relay;
pub(crate) use relay::TypingRelay;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// Whether somebody types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Typing {
    /// Begins, or goes on.
    #[serde(rename = "1")]
    On,
    /// Has stopped without sending.
    #[serde(rename = "2")]
    Off,
}
