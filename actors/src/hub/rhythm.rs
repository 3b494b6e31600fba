//! How many writes of one room a thread makes. A run costs it a write for each listener, whatever it brings. So a room
//! gets writes at a rate, some each tick: with many listeners a run takes longer, and all that comes meanwhile goes
//! with the next. A room that becomes busy in a moment thus leaves the thread to others from the first message on,
//! before anybody has found that it is too busy; and its runs are spread evenly over time. Pure: time is ticks of the
//! hub.

use std::time::Duration;

use super::message::Pace;

/// How long a tick is. Nobody counts them while no room waits for one.
pub(super) const TICK: Duration = Duration::from_millis(5);
const TICKS_PER_S: u64 = 200;
/// Frames that are gathered wait so many ticks at least.
pub(super) const GATHER_TICKS: u64 = TICKS_PER_S / 10;
/// A head goes so many ticks after it came, if none did before it.
pub(super) const HEAD_TICKS: u64 = TICKS_PER_S;
/// No run takes longer: cursors of all who are on the thread wait for what is on its way.
const RUN_TICKS_MAX: u64 = TICKS_PER_S;
/// Where frames are gathered a room gets this share of the writes.
const GATHERED_SHARE: u64 = 4;

/// How many writes of one room a thread makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rhythm {
    /// 0: as many as it can.
    writes_per_tick: u64,
}

/// The writes that one room may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Writes {
    left: u64,
    per_tick: u64,
    /// No more are saved up.
    most: u64,
}

impl Rhythm {
    /// At most so many a second; 0: as many as it can.
    pub(super) fn new(writes_per_s: u32) -> Self {
        Self { writes_per_tick: u64::from(writes_per_s).div_ceil(TICKS_PER_S) }
    }

    /// What a room with so many listeners may do. After a pause what goes at once has a whole run.
    pub(super) fn writes(self, listeners: usize, pace: Pace) -> Writes {
        let listeners = listeners as u64;
        if self.writes_per_tick == 0 {
            return Writes { left: u64::MAX, per_tick: u64::MAX, most: u64::MAX };
        }
        let per_tick = match pace {
            Pace::AtOnce | Pace::Head => self.writes_per_tick,
            Pace::Gathered => self.writes_per_tick.div_ceil(GATHERED_SHARE),
        };
        let per_tick = per_tick.max(listeners.div_ceil(RUN_TICKS_MAX));
        let most = match pace {
            Pace::AtOnce => per_tick.max(listeners),
            Pace::Gathered | Pace::Head => per_tick,
        };
        Writes { left: most, per_tick, most }
    }
}

impl Writes {
    /// The same rules as `now`'s, less what was taken here.
    pub(super) fn under(self, now: Self) -> Self {
        Self { left: now.most.saturating_sub(self.most - self.left), ..now }
    }

    /// A tick has passed.
    pub(super) fn tick(&mut self) {
        self.left = self.left.saturating_add(self.per_tick).min(self.most);
    }

    /// Takes one, if one is left.
    pub(super) fn take(&mut self) -> bool {
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(u64::from(self.most < u64::MAX));
        is_left
    }

    /// Whether one is left.
    pub(super) fn any(self) -> bool {
        self.left > 0
    }

    /// Whether so little was taken that it need not be remembered: small rooms wait for no tick.
    pub(super) fn is_as_new(self) -> bool {
        self.most - self.left <= self.per_tick / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_pause_all_hear_at_once_and_then_some_each_tick() {
        let mut writes = Rhythm::new(20_000).writes(2_500, Pace::AtOnce);
        let mut taken = |most: u64| (0..most).filter(|_| writes.take()).count();
        assert_eq!(taken(3_000), 2_500);
        for _ in 0..3 {
            writes.tick();
            let mut taken = |most: u64| (0..most).filter(|_| writes.take()).count();
            assert_eq!((taken(3_000), writes.any()), (100, false));
        }
        (0..25).for_each(|_| writes.tick());
        assert!(writes.is_as_new());
    }

    #[test]
    fn gathered_frames_get_a_quarter_and_no_run_takes_longer_than_a_second() {
        let rhythm = Rhythm::new(20_000);
        let per_tick = |listeners, pace| rhythm.writes(listeners, pace).per_tick;
        assert_eq!([1, 2_500, 100_000].map(|listeners| per_tick(listeners, Pace::Gathered)), [25, 25, 500]);
        assert_eq!([1, 2_500, 100_000].map(|listeners| per_tick(listeners, Pace::AtOnce)), [100, 100, 500]);
        let mut small = rhythm.writes(50, Pace::AtOnce);
        assert!((0..50).all(|_| small.take()) && small.is_as_new());
        let gathered = rhythm.writes(2_500, Pace::Gathered);
        assert_eq!(rhythm.writes(2_500, Pace::AtOnce).under(gathered), gathered, "nothing is saved up");
    }

    #[test]
    fn without_a_limit_there_is_always_one_left() {
        let mut writes = Rhythm::new(0).writes(1, Pace::Gathered);
        assert!((0..100_000).all(|_| writes.take()) && writes.is_as_new());
        writes.tick();
        assert!(writes.any());
    }
}
