//! Signs of life: who has been silent is asked for one, and closed if none comes.

use super::options::HubOptions;
use super::sessions::Session;
use crate::outbound::{Close, Pushed, Stamp, frame};

/// True if something was written. What was said to a session plays no part: one that only listens in a busy
/// room must be asked for a sign of life too.
pub(super) fn look_after(session: &mut Session, now: Stamp, options: &HubOptions) -> bool {
    let outbound = &session.outbound;
    if !outbound.is_open() {
        return false;
    }
    let heard = outbound.heard();
    let silent_ms = heard.age_ms(now);
    if silent_ms >= options.idle_ms {
        outbound.close_at_once(Close::IDLE);
        return true;
    }
    // One that was pinged and has not been heard since is not pinged again.
    if silent_ms < options.ping_ms || session.pinged_since == Some(heard) {
        return false;
    }
    let pinged = outbound.push(frame::PING) == Pushed::Queued;
    if pinged {
        session.pinged_since = Some(heard);
    }
    pinged
}
