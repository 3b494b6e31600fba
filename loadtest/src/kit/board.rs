//! Everything that users did and heard, by name and by the second in which it was due. Spans of time and curves are
//! read from it afterwards. Pure but for its locks.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::latency::{Latencies, LatencySummary};

/// Seconds that a board has room for; what is later is counted in the last.
const SECONDS_MAX: usize = 24 * 3600;

/// From one moment to another, not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Its first moment.
    pub(crate) from: Instant,
    /// The first moment after it.
    pub(crate) to: Instant,
}

impl Span {
    /// How long it is, in seconds; at least a thousandth, so that it divides.
    pub(crate) fn seconds(&self) -> f64 {
        self.to.saturating_duration_since(self.from).as_secs_f64().max(1e-3)
    }
}

/// Something that is timed or counted, second by second.
#[derive(Debug, Default)]
struct Track {
    times: Vec<Latencies>,
    counts: Vec<u64>,
}

/// What all users of a run did.
#[derive(Debug)]
pub(crate) struct Board {
    begun: Instant,
    tracks: Mutex<BTreeMap<&'static str, Track>>,
}

impl Board {
    /// An empty board; its seconds begin here.
    pub(crate) fn new(begun: Instant) -> Self {
        Self { begun, tracks: Mutex::default() }
    }

    /// Something that was due at `due` took so long.
    pub(crate) fn took(&self, name: &'static str, due: Instant, took: Duration) {
        let second = self.second(due);
        self.with(name, |track| at_second(&mut track.times, second, |slot| slot.record(took)));
    }

    /// Something happened so many times.
    pub(crate) fn count(&self, name: &'static str, at: Instant, times: u64) {
        let second = self.second(at);
        self.with(name, |track| at_second(&mut track.counts, second, |slot| *slot += times));
    }

    /// How long it took in a span. Seconds count whole, by their beginnings.
    pub(crate) fn summary(&self, name: &'static str, span: Span) -> LatencySummary {
        let seconds = self.seconds(span);
        let mut all = Latencies::default();
        self.with(name, |track| {
            track
                .times
                .get(clip(&seconds, track.times.len()))
                .into_iter()
                .flatten()
                .for_each(|one| all.merge(one));
        });
        all.summary()
    }

    /// How often it happened in a span.
    pub(crate) fn counted(&self, name: &'static str, span: Span) -> u64 {
        let seconds = self.seconds(span);
        self.with(name, |track| {
            track.counts.get(clip(&seconds, track.counts.len())).into_iter().flatten().sum()
        })
    }

    /// What 99 of 100 did not exceed in each second, in milliseconds; seconds in which nothing was due are left out.
    pub(crate) fn p99_ms(&self, name: &'static str) -> Vec<(f64, f64)> {
        self.with(name, |track| {
            let ms = |one: &Latencies| one.summary().p99_us as f64 / 1e3;
            let known = track.times.iter().enumerate().filter(|(_, one)| **one != Latencies::default());
            known.map(|(second, one)| (second as f64, ms(one))).collect()
        })
    }

    /// How often it happened in each second.
    pub(crate) fn rate(&self, name: &'static str) -> Vec<(f64, f64)> {
        self.with(name, |track| {
            track.counts.iter().enumerate().map(|(second, count)| (second as f64, *count as f64)).collect()
        })
    }

    /// The first whole second of the board at or after a moment, so that spans begin with one.
    pub(crate) fn whole_second(&self, at: Instant) -> Instant {
        let since = at.saturating_duration_since(self.begun);
        let seconds = since.as_secs() + u64::from(since.subsec_nanos() > 0);
        self.begun + Duration::from_secs(seconds)
    }

    /// Seconds from the beginning.
    pub(crate) fn offset(&self, at: Instant) -> f64 {
        at.saturating_duration_since(self.begun).as_secs_f64()
    }

    fn second(&self, at: Instant) -> usize {
        let seconds = at.saturating_duration_since(self.begun).as_secs();
        usize::try_from(seconds).unwrap_or(SECONDS_MAX).min(SECONDS_MAX - 1)
    }

    /// The seconds that begin within a span.
    fn seconds(&self, span: Span) -> std::ops::Range<usize> {
        self.second(self.whole_second(span.from))..self.second(self.whole_second(span.to))
    }

    fn with<T>(&self, name: &'static str, act: impl FnOnce(&mut Track) -> T) -> T {
        act(self.tracks.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default())
    }
}

/// Does something with the slot of a second, which is made if need be.
fn at_second<T: Default + Clone>(slots: &mut Vec<T>, second: usize, act: impl FnOnce(&mut T)) {
    if slots.len() <= second {
        slots.resize(second + 1, T::default());
    }
    slots.get_mut(second).map(act);
}

fn clip(seconds: &std::ops::Range<usize>, len: usize) -> std::ops::Range<usize> {
    seconds.start.min(len)..seconds.end.min(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(board: &Board, ms: u64) -> Instant {
        board.begun + Duration::from_millis(ms)
    }

    fn span(board: &Board, from: u64, to: u64) -> Span {
        Span { from: at(board, from), to: at(board, to) }
    }

    #[test]
    fn what_is_due_in_a_span_counts_there_whenever_it_is_done() {
        let board = Board::new(Instant::now());
        for (due, took) in [(500, 1), (1_200, 2), (1_900, 900), (2_000, 5)] {
            board.took("ack", at(&board, due), Duration::from_millis(took));
        }
        let summary = board.summary("ack", span(&board, 1_000, 2_000));
        assert_eq!((summary.count, summary.max_us), (2, 900_000));
        assert_eq!(board.summary("ack", span(&board, 1_000, 1_001)).count, 2, "a second counts whole");
        assert_eq!(board.summary("ack", span(&board, 1_001, 2_000)).count, 0, "by its beginning");
        assert_eq!(board.summary("other", span(&board, 0, 9_000)).count, 0);
        let seconds: Vec<f64> = board.p99_ms("ack").iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [0.0, 1.0, 2.0]);
    }

    #[test]
    fn counts_are_told_by_second_and_by_span() {
        let board = Board::new(Instant::now());
        board.count("heard", at(&board, 100), 3);
        board.count("heard", at(&board, 2_500), 4);
        assert_eq!(board.rate("heard"), [(0.0, 3.0), (1.0, 0.0), (2.0, 4.0)]);
        assert_eq!(board.counted("heard", span(&board, 0, 2_000)), 3);
        assert_eq!(board.counted("heard", span(&board, 0, 60_000)), 7);
    }
}
