//! How often a room's frames go out. A run costs its thread a write for each listener, whatever it brings: so a room
//! with many of them rests after each, and what comes meanwhile goes together. A room that becomes busy in a moment
//! thus leaves the thread to others from the first message on, before anybody has found that it is too busy. Pure:
//! time is ticks of the hub.

use std::time::Duration;

use super::message::Pace;

/// How long a tick is. Nobody counts them while no room rests or holds something back.
pub(super) const TICK: Duration = Duration::from_millis(25);
const TICKS_PER_S: u64 = 40;
/// Frames that are gathered wait so many ticks at least.
pub(super) const GATHER_TICKS: u64 = 4;
/// A head goes so many ticks after it came, if none did before it.
pub(super) const HEAD_TICKS: u64 = 40;
/// No room rests longer: cursors of all who are on the thread wait for what it holds back.
const REST_TICKS_MAX: u64 = 40;
/// Where frames are gathered a room gets this share of the writes.
const GATHERED_SHARE: u64 = 4;

/// How many writes of one room a thread makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rhythm {
    writes_per_s: u64,
}

impl Rhythm {
    /// At most so many a second; 0: as many as it can.
    pub(super) fn new(writes_per_s: u32) -> Self {
        Self { writes_per_s: u64::from(writes_per_s) }
    }

    /// For how many ticks a room rests after the beginning of a run to so many listeners.
    pub(super) fn rest(self, listeners: usize, pace: Pace) -> u64 {
        let writes_per_s = match pace {
            Pace::AtOnce | Pace::Head => self.writes_per_s,
            Pace::Gathered => self.writes_per_s.div_ceil(GATHERED_SHARE),
        };
        let writes = (listeners as u64).saturating_mul(TICKS_PER_S);
        writes.checked_div(writes_per_s).unwrap_or(0).min(REST_TICKS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_rooms_never_rest_and_large_ones_by_their_listeners_up_to_a_second() {
        let rhythm = Rhythm::new(20_000);
        let rests =
            |pace| [1, 499, 500, 2_500, 18_000, 1_000_000].map(|listeners| rhythm.rest(listeners, pace));
        assert_eq!(rests(Pace::AtOnce), [0, 0, 1, 5, 36, 40]);
        assert_eq!(rests(Pace::Gathered), [0, 3, 4, 20, 40, 40]);
        assert_eq!(Rhythm::new(0).rest(1_000_000, Pace::Gathered), 0);
    }
}
