//! Looks at the busy rooms ten times a second, writes down what is taken from them, and tells who listens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;

use super::crowd::{Change, Crowd, Watched};
use super::levels::{Levels, Shed};
use crate::encoder::FrameEncoder;
use crate::hub::{Deliver, Hubs, Pace};
use crate::metrics::Counters;
use crate::pump::Running;
use crate::truth::Truth;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Drop for Shedder {
    fn drop(&mut self) {
        self.levels.forgo();
    }
}

/// Starts to look; ends with what it returns.
pub(crate) fn start(
    truth: Arc<dyn Truth>,
    hubs: Hubs,
    encoder: Arc<dyn FrameEncoder>,
    counters: Arc<Counters>,
) -> Running {
    let shedder = Shedder { truth, levels: hubs.levels().clone(), hubs, encoder, counters };
    Running::start(shedder.run())
}

struct Shedder {
    truth: Arc<dyn Truth>,
    levels: Levels,
    hubs: Hubs,
    encoder: Arc<dyn FrameEncoder>,
    counters: Arc<Counters>,
}

impl Shedder {
    async fn run(self) {
        self.levels.look();
        let (mut crowd, epoch) = (Crowd::default(), Instant::now());
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // Where nothing is busy nobody looks.
            if self.levels.is_quiet() {
                self.levels.counted().await;
            }
            ticks.tick().await;
            let now_ms = u64::try_from(epoch.elapsed().as_millis()).unwrap_or(u64::MAX);
            let limits = self.truth.tuned().shed;
            let (changes, watched) = crowd.look(self.levels.take_demands(), &limits, now_ms);
            self.levels.watch(
                watched
                    .into_iter()
                    .map(|Watched { room, level, load }| (room, Shed { level, deliveries_per_s: load })),
            );
            changes.into_iter().for_each(|change| self.change(change));
        }
    }

    /// Written down before it is told: whoever comes in between hears it twice, not never.
    fn change(&self, Change { room, level, taken, spread_ms }: Change) {
        tracing::info!(%room, level = level.map_or("none", |class| class.name()), "what a room is told changes");
        self.counters.shed_changed();
        let frame = self.encoder.shed(&room, level, &taken.classes(), spread_ms);
        self.levels.set(room, taken, frame.clone());
        for hub in self.hubs.all().iter() {
            // Small, seldom, and never so welcome as when a hub has its fill.
            hub.insist(Deliver { room, logged: None, frame: frame.clone(), pace: Pace::AtOnce });
        }
    }
}
