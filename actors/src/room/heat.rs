//! How much is asked of one room, and whether that makes it hot.
//!
//! What is counted is what was asked, also what is refused then: a flood that is turned away is heat too,
//! and a room that sheds load must not look cooler for it.
//!
//! Memory and time for each event are constant: a window of a few seconds, a bucket each. Only complete
//! seconds are averaged, so a rate is exact over its window, follows one second late, and is 0 once the window
//! has passed.

use madang_cluster::command::RoomOp;
use madang_cluster::machine::meta::HeatLimits;

/// Seconds over which a rate is averaged.
const WINDOW_S: usize = 3;
/// These, and the second that is not over yet.
const BUCKETS: usize = WINDOW_S + 1;
/// A room that was asked for less within the window is nobody's concern.
const WARM_MIN: u32 = 3;
/// A degree of heat: so many parts of what makes a room hot.
const HOT_DEGREE: u64 = 1_000;

/// Something that is asked of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A message, or something about one.
    Send,
    /// A page of its history.
    Fetch,
    /// Somebody wants to enter.
    Join,
}

impl Asked {
    /// What a command asks; `None`: it is not counted.
    pub(crate) fn by(op: &RoomOp) -> Option<Self> {
        match op {
            RoomOp::Send { .. } | RoomOp::Talk(_) => Some(Self::Send),
            RoomOp::Join | RoomOp::JoinByLink(_) => Some(Self::Join),
            _ => None,
        }
    }
}

/// What is asked of a room each second, on average over the last seconds, rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heat {
    /// Messages, and what is done to them.
    pub sends_per_s: u32,
    /// Pages of history.
    pub fetches_per_s: u32,
    /// People who want to enter.
    pub joins_per_s: u32,
}

impl Heat {
    /// How near to hot it is: 1,000 is hot, by whichever of the three is nearest. What has no limit does not
    /// count.
    pub fn degree(&self, limits: &HeatLimits) -> u64 {
        let of = |rate: u32, limit: u32| (u64::from(rate) * HOT_DEGREE).checked_div(u64::from(limit));
        let all = [
            of(self.sends_per_s, limits.sends_per_s),
            of(self.fetches_per_s, limits.fetches_per_s),
            of(self.joins_per_s, limits.joins_per_s),
        ];
        all.into_iter().flatten().max().unwrap_or(0)
    }

    /// All three together.
    pub fn total_per_s(&self) -> u64 {
        u64::from(self.sends_per_s) + u64::from(self.fetches_per_s) + u64::from(self.joins_per_s)
    }

    /// Of two, for each of the three, what `of` makes of them.
    pub(crate) fn zip(self, other: Self, of: impl Fn(u32, u32) -> u32) -> Self {
        Self {
            sends_per_s: of(self.sends_per_s, other.sends_per_s),
            fetches_per_s: of(self.fetches_per_s, other.fetches_per_s),
            joins_per_s: of(self.joins_per_s, other.joins_per_s),
        }
    }
}

/// What a look at a thermometer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// How much is asked.
    pub(crate) heat: Heat,
    /// How long the room is hot; `None`: it is not.
    pub(crate) hot_for_ms: Option<u64>,
}

/// Measures one room. To be looked at every second while the room is warm.
#[derive(Debug, Default)]
pub(crate) struct Thermometer {
    window: Window,
    state: State,
}

/// Hot and cool have a threshold and a patience each, so that a room near one of them does not go to and fro.
#[derive(Debug, Clone, Copy)]
enum State {
    Cool {
        /// Since when it is as hot as it takes.
        over_since_ms: Option<u64>,
    },
    Hot {
        since_ms: u64,
        /// Since when it is as cool as it takes.
        under_since_ms: Option<u64>,
    },
}

impl Default for State {
    fn default() -> Self {
        Self::Cool { over_since_ms: None }
    }
}

impl Thermometer {
    /// Something was asked.
    pub(crate) fn count(&mut self, asked: Asked, now_ms: u64) {
        self.window.count(asked, now_ms / 1_000);
    }

    /// Whether it is worth a look: so much was asked lately, or the room is still hot.
    pub(crate) fn is_warm(&self) -> bool {
        self.is_hot() || self.window.lately() >= WARM_MIN
    }

    /// Whether it is hot.
    pub(crate) fn is_hot(&self) -> bool {
        matches!(self.state, State::Hot { .. })
    }

    /// What it shows now.
    pub(crate) fn look(&mut self, limits: &HeatLimits, now_ms: u64) -> Reading {
        let heat = self.window.heat(now_ms / 1_000);
        self.state = self.state.next(heat.degree(limits), limits, now_ms);
        let hot_for_ms = match self.state {
            State::Hot { since_ms, .. } => Some(now_ms.saturating_sub(since_ms)),
            State::Cool { .. } => None,
        };
        Reading { heat, hot_for_ms }
    }
}

impl State {
    fn next(self, degree: u64, limits: &HeatLimits, now_ms: u64) -> Self {
        let lasted_ms = |since_ms: u64| now_ms.saturating_sub(since_ms);
        match self {
            Self::Cool { .. } if degree < HOT_DEGREE => Self::Cool { over_since_ms: None },
            Self::Cool { over_since_ms } => {
                let over_since_ms = over_since_ms.unwrap_or(now_ms);
                if lasted_ms(over_since_ms) >= limits.hot_after_ms {
                    Self::Hot { since_ms: now_ms, under_since_ms: None }
                } else {
                    Self::Cool { over_since_ms: Some(over_since_ms) }
                }
            }
            Self::Hot { since_ms, .. } if degree * 100 > HOT_DEGREE * u64::from(limits.cool_percent) => {
                Self::Hot { since_ms, under_since_ms: None }
            }
            Self::Hot { since_ms, under_since_ms } => {
                let under_since_ms = under_since_ms.unwrap_or(now_ms);
                if lasted_ms(under_since_ms) >= limits.cool_after_ms {
                    Self::Cool { over_since_ms: None }
                } else {
                    Self::Hot { since_ms, under_since_ms: Some(under_since_ms) }
                }
            }
        }
    }
}

/// What was asked in the last seconds, second by second.
#[derive(Debug, Default)]
struct Window {
    newest_s: u64,
    buckets: [Counts; BUCKETS],
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    sends: u32,
    fetches: u32,
    joins: u32,
}

impl Window {
    fn count(&mut self, asked: Asked, now_s: u64) {
        self.advance(now_s);
        let at = bucket(self.newest_s);
        let Some(counts) = self.buckets.get_mut(at) else { return };
        let count = match asked {
            Asked::Send => &mut counts.sends,
            Asked::Fetch => &mut counts.fetches,
            Asked::Join => &mut counts.joins,
        };
        *count = count.saturating_add(1);
    }

    /// The second that is not over yet counts for nothing.
    fn heat(&mut self, now_s: u64) -> Heat {
        self.advance(now_s);
        let now = bucket(self.newest_s);
        let complete =
            || self.buckets.iter().enumerate().filter(|(at, _)| *at != now).map(|(_, counts)| counts);
        let rate = |of: fn(&Counts) -> u32| {
            let sum: u64 = complete().map(|counts| u64::from(of(counts))).sum();
            u32::try_from(sum / WINDOW_S as u64).unwrap_or(u32::MAX)
        };
        Heat {
            sends_per_s: rate(|counts| counts.sends),
            fetches_per_s: rate(|counts| counts.fetches),
            joins_per_s: rate(|counts| counts.joins),
        }
    }

    /// All that is in the window, the second that is not over yet included.
    fn lately(&self) -> u32 {
        let all = self.buckets.iter().flat_map(|counts| [counts.sends, counts.fetches, counts.joins]);
        all.fold(0, u32::saturating_add)
    }

    /// A clock that stands or goes back adds to the second that is known.
    fn advance(&mut self, now_s: u64) {
        let passed = now_s.saturating_sub(self.newest_s).min(BUCKETS as u64);
        self.newest_s = self.newest_s.max(now_s);
        for age in 0..passed {
            let at = bucket(self.newest_s.saturating_sub(age));
            if let Some(counts) = self.buckets.get_mut(at) {
                *counts = Counts::default();
            }
        }
    }
}

fn bucket(second: u64) -> usize {
    // Less than the number of buckets.
    usize::try_from(second % BUCKETS as u64).unwrap_or(0)
}
