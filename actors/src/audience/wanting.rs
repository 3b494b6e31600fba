//! Whether the feed of a shard is wanted on this node: while somebody here listens to one of its rooms, or is
//! at home in it, and a little longer. Pure.
//!
//! It matters where this node has no replica: the feed is pulled from another node then, and whom nobody
//! listens to nobody pays for. What is missed meanwhile concerns nobody here; when it is wanted again the
//! feed begins with a skip, so all rooms and people are looked up.

use std::time::{Duration, Instant};

/// How long a feed is kept for somebody who comes back.
const KEPT_FOR: Duration = Duration::from_secs(30);

/// Whether anybody here would hear of what becomes true in the shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listeners {
    Some,
    None,
}

/// What is to be said to whoever brings the feed. Saying it twice does no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Want,
    Forgo,
}

/// One shard's feed, as it is wanted here.
#[derive(Debug, Default)]
pub(super) struct Wanting {
    /// Since when nobody has listened.
    quiet_since: Option<Instant>,
}

impl Wanting {
    /// Looks who listens now; answers what holds from now on, if it is certain.
    pub(super) fn on_look(&mut self, listeners: Listeners, now: Instant) -> Option<Ask> {
        if listeners == Listeners::Some {
            self.quiet_since = None;
            return Some(Ask::Want);
        }
        let since = *self.quiet_since.get_or_insert(now);
        (now.saturating_duration_since(since) >= KEPT_FOR).then_some(Ask::Forgo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_wanted_while_somebody_listens_and_a_little_longer() {
        let (mut wanting, began) = (Wanting::default(), Instant::now());
        let mut look = |listeners, seconds| wanting.on_look(listeners, began + Duration::from_secs(seconds));
        assert_eq!(look(Listeners::None, 0), None, "nobody has said yet that it is not");
        assert_eq!(look(Listeners::Some, 1), Some(Ask::Want));
        assert_eq!(look(Listeners::None, 2), None);
        assert_eq!(look(Listeners::None, 31), None);
        assert_eq!(look(Listeners::None, 32), Some(Ask::Forgo));
        assert_eq!(look(Listeners::None, 33), Some(Ask::Forgo));
        assert_eq!(look(Listeners::Some, 34), Some(Ask::Want));
    }

    #[test]
    fn who_comes_and_goes_keeps_it() {
        let (mut wanting, began) = (Wanting::default(), Instant::now());
        for turn in 0..10 {
            let at = began + KEPT_FOR * turn;
            assert_ne!(wanting.on_look(Listeners::None, at), Some(Ask::Forgo));
            assert_eq!(wanting.on_look(Listeners::Some, at + KEPT_FOR / 2), Some(Ask::Want));
        }
    }
}
