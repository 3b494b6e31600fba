//! The newest events of one room, in memory: always an unbroken end of the log.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use madang_cluster::event::{Change, RoomEvent};
use madang_cluster::{EventPage, Page};

use super::message::Wanted;

/// What an event takes beside its text, about.
const EVENT_BYTES: usize = 256;
/// A full tail is cut back by this share of its limit, so that not every event moves it.
const TRIM_SHARE: usize = 8;

/// How much the tails of a node may take together. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    used: Arc<AtomicUsize>,
    limit: usize,
}

impl Budget {
    /// Nothing is used yet.
    pub(crate) fn new(limit: usize) -> Self {
        Self { used: Arc::default(), limit }
    }

    /// Whether more is used than may be.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.used.load(Ordering::Relaxed) > self.limit
    }

    /// Bytes in use.
    pub(crate) fn used_bytes(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    fn remove(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The newest events of one room. Invariant: their seqs have no hole, and end at the newest seq that was
/// heard of. It may be empty when the node's budget is used up.
#[derive(Debug)]
pub(super) struct Tail {
    events: VecDeque<Arc<RoomEvent>>,
    /// Newest seq heard of, also when its event is not kept.
    last_seq: u64,
    bytes: usize,
    events_max: usize,
    budget: Budget,
}

impl Tail {
    /// Knows nothing yet.
    pub(super) fn new(events_max: usize, budget: Budget) -> Self {
        Self { events: VecDeque::new(), last_seq: 0, bytes: 0, events_max: events_max.max(1), budget }
    }

    /// Keeps so many events from now on.
    pub(super) fn keep(&mut self, events_max: usize) {
        self.events_max = events_max.max(1);
        self.trim();
    }

    /// Whether it is to hold more than a load of so many events brings, and holds something.
    pub(super) fn is_longer_than(&self, events: usize) -> bool {
        !self.events.is_empty() && self.events_max > events
    }

    /// The newest seq it has heard of; 0 if none.
    pub(super) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The log grew. A repeat is dropped; after a hole only what comes then is known.
    pub(super) fn push(&mut self, event: Arc<RoomEvent>) {
        if event.seq > self.last_seq {
            self.append(event);
            self.trim();
        }
    }

    /// The newest events were read from the log. What came meanwhile is kept if it follows on. Goes over the
    /// limits until [`trim`](Self::trim), so that those who waited for this can be served from it.
    pub(super) fn load(&mut self, page: Vec<Arc<RoomEvent>>) {
        let heard_of = std::mem::take(&mut self.last_seq);
        let newer = std::mem::take(&mut self.events);
        self.budget.remove(std::mem::take(&mut self.bytes));
        for event in page.into_iter().chain(newer) {
            if event.seq > self.last_seq {
                self.append(event);
            }
        }
        if self.last_seq < heard_of {
            // Newer events came and were let go: what was read is not the end of the log any more.
            self.forget(self.events.len());
            self.last_seq = heard_of;
        }
    }

    /// Forgets the oldest events, as far as the limits want it.
    pub(super) fn trim(&mut self) {
        if self.events.len() > self.events_max + self.events_max / TRIM_SHARE {
            self.forget(self.events.len() - self.events_max);
        } else if self.budget.is_exceeded() {
            self.forget(self.events.len().div_ceil(2));
        }
    }

    /// The page, if all of it is known here. The rules are those of the log's own pages.
    pub(super) fn page(&self, wanted: Wanted) -> Option<EventPage> {
        let first = self.events.front()?.seq;
        if self.last_seq() < wanted.at_least {
            return None;
        }
        match wanted.page {
            Page::Newest => self.page_before(first, self.events.len(), wanted),
            Page::Before(seq) => {
                if seq < first && first > 1 {
                    return None;
                }
                let end = usize::try_from(seq.saturating_sub(first)).unwrap_or(usize::MAX);
                self.page_before(first, end.min(self.events.len()), wanted)
            }
            Page::After(seq) => {
                let start = usize::try_from(seq.saturating_add(1).checked_sub(first)?).ok()?;
                Some(self.page_after(start, wanted))
            }
            Page::Around(_) => None,
        }
    }

    fn page_before(&self, first: u64, end: usize, wanted: Wanted) -> Option<EventPage> {
        let mut fill = Fill::new(wanted);
        let known = self.events.iter().take(end).rev();
        let mut events: Vec<_> = known.take_while(|event| fill.takes(event)).cloned().collect();
        events.reverse();
        let whole = events.len() < end || events.len() >= wanted.limit || first == 1;
        let more = events.first().map_or(end > 0, |event| event.seq > 1);
        whole.then_some(EventPage { events, more })
    }

    fn page_after(&self, start: usize, wanted: Wanted) -> EventPage {
        let mut fill = Fill::new(wanted);
        let known = self.events.iter().skip(start);
        let events: Vec<_> = known.take_while(|event| fill.takes(event)).cloned().collect();
        let more = start.saturating_add(events.len()) < self.events.len();
        EventPage { events, more }
    }

    fn append(&mut self, event: Arc<RoomEvent>) {
        if event.seq != self.last_seq + 1 {
            self.forget(self.events.len());
        }
        self.last_seq = event.seq;
        let bytes = kept(&event);
        self.bytes += bytes;
        self.budget.add(bytes);
        for change in &event.changes {
            self.change(change);
        }
        self.events.push_back(event);
    }

    /// An older event was rewritten, or something hangs on it: what was deleted must not live on here.
    fn change(&mut self, change: &Change) {
        let index = self.events.front().and_then(|first| change.seq.checked_sub(first.seq));
        let index = index.and_then(|index| usize::try_from(index).ok());
        let Some(known) = index.and_then(|index| self.events.get_mut(index)) else { return };
        let before = kept(known);
        let event = Arc::make_mut(known);
        event.amend(change);
        let after = kept(known);
        self.bytes = self.bytes + after - before;
        self.budget.add(after);
        self.budget.remove(before);
    }

    fn forget(&mut self, oldest: usize) {
        let bytes = self.events.drain(..oldest).map(|event| kept(&event)).sum();
        self.bytes -= bytes;
        self.budget.remove(bytes);
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.budget.remove(self.bytes);
    }
}

/// Fills a page up to its limits; the first event always fits.
struct Fill {
    events_left: usize,
    bytes_left: usize,
    empty: bool,
}

impl Fill {
    fn new(wanted: Wanted) -> Self {
        Self { events_left: wanted.limit, bytes_left: wanted.bytes_max, empty: true }
    }

    fn takes(&mut self, event: &RoomEvent) -> bool {
        let bytes = weight(event);
        if self.events_left == 0 || (bytes > self.bytes_left && !self.empty) {
            return false;
        }
        self.events_left -= 1;
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.empty = false;
        true
    }
}

/// What an event takes here, about: with how it looks to readers, which is as much again.
fn kept(event: &RoomEvent) -> usize {
    2 * weight(event)
}

/// About how many bytes an event takes in a page.
fn weight(event: &RoomEvent) -> usize {
    EVENT_BYTES + event.weight()
}
