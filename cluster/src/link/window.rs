//! What may be on the way to a peer, and what has to wait: pure, one for each link.
//!
//! Nothing below pushes back: what is handed to ractor_cluster waits in memory without a bound. So a link
//! hands over only what the peer gave credit for, and the rest waits here, in the order of sending, up to a
//! limit in bytes.

use std::collections::VecDeque;

use super::envelope::{BATCH_BYTES_MAX, BATCH_ENVELOPES_MAX, Envelope};

/// The queue is full; the envelope was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// The way out of one link.
#[derive(Debug)]
pub(super) struct Window {
    queue: VecDeque<Envelope>,
    queued_bytes: usize,
    queue_bytes_max: usize,
    in_flight_bytes: usize,
    credit_bytes: usize,
}

impl Window {
    pub(super) fn new(credit_bytes: usize, queue_bytes_max: usize) -> Self {
        Self { queue: VecDeque::new(), queued_bytes: 0, queue_bytes_max, in_flight_bytes: 0, credit_bytes }
    }

    /// Takes an envelope in, behind all others.
    pub(super) fn push(&mut self, envelope: Envelope) -> Result<(), Full> {
        let cost = envelope.cost_bytes();
        // An empty queue takes everything: a limit on single envelopes is the caller's.
        if !self.queue.is_empty() && self.queued_bytes.saturating_add(cost) > self.queue_bytes_max {
            return Err(Full);
        }
        self.take(envelope, cost);
        Ok(())
    }

    /// Takes an envelope in although the queue is full: for the few bytes that say so.
    pub(super) fn push_anyway(&mut self, envelope: Envelope) {
        let cost = envelope.cost_bytes();
        self.take(envelope, cost);
    }

    fn take(&mut self, envelope: Envelope, cost: usize) {
        self.queued_bytes += cost;
        self.queue.push_back(envelope);
    }

    /// What may be sent now: at most a batch, and within the credit. What `wanted` says no to is dropped.
    ///
    /// While no more than a quarter of the credit is under way, one envelope of any size may follow: large
    /// ones could not be sent at all otherwise. A quarter is what the peer may owe without saying so.
    pub(super) fn next(&mut self, mut wanted: impl FnMut(&Envelope) -> bool) -> Vec<Envelope> {
        let mut batch = Vec::new();
        let mut batch_bytes = 0_usize;
        while batch.len() < BATCH_ENVELOPES_MAX {
            let Some(first) = self.queue.front() else { break };
            let cost = first.cost_bytes();
            if wanted(first) {
                let fits_batch = batch.is_empty() || batch_bytes + cost <= BATCH_BYTES_MAX;
                let under_way = self.in_flight_bytes + batch_bytes;
                let fits_credit = under_way <= self.credit_bytes / 4 || under_way + cost <= self.credit_bytes;
                if !fits_batch || !fits_credit {
                    break;
                }
                batch_bytes += cost;
                batch.extend(self.queue.pop_front());
            } else {
                self.queue.pop_front();
            }
            self.queued_bytes = self.queued_bytes.saturating_sub(cost);
        }
        self.in_flight_bytes += batch_bytes;
        batch
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The peer has handed over so much.
    pub(super) fn credit(&mut self, bytes: u64) {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        self.in_flight_bytes = self.in_flight_bytes.saturating_sub(bytes);
    }

    /// What was never sent, when the link breaks.
    pub(super) fn drain(&mut self) -> VecDeque<Envelope> {
        self.queued_bytes = 0;
        std::mem::take(&mut self.queue)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::super::envelope::ENVELOPE_BYTES;
    use super::*;

    /// An envelope that counts `cost_bytes`.
    fn costing(cost_bytes: usize) -> Envelope {
        Envelope::Tell(0, Bytes::from(vec![0; cost_bytes - ENVELOPE_BYTES]))
    }

    fn numbered(n: u64) -> Envelope {
        Envelope::Busy(n)
    }

    fn costs(batch: &[Envelope]) -> Vec<usize> {
        batch.iter().map(Envelope::cost_bytes).collect()
    }

    #[test]
    fn what_has_no_credit_waits_for_it() {
        let mut window = Window::new(1_000, 10_000);
        for _ in 0..3 {
            window.push(costing(450)).unwrap();
        }
        assert_eq!(costs(&window.next(|_| true)), [450, 450]);
        assert!(window.next(|_| true).is_empty());
        window.credit(450);
        assert_eq!(costs(&window.next(|_| true)), [450]);
        assert!(window.is_empty());
    }

    #[test]
    fn a_full_queue_takes_no_more_and_takes_again_when_there_is_room() {
        let mut window = Window::new(400, 1_000);
        while window.push(costing(400)).is_ok() {}
        assert_eq!(window.push(costing(400)), Err(Full));
        window.push_anyway(numbered(1));
        assert_eq!(window.next(|_| true).len(), 1);
        window.credit(400);
        assert_eq!(window.next(|_| true).len(), 1);
        window.push(costing(400)).unwrap();
    }

    #[test]
    fn an_envelope_above_the_whole_credit_goes_while_a_quarter_is_under_way() {
        let mut window = Window::new(4_000, 1 << 20);
        let large = BATCH_BYTES_MAX * 2;
        for cost in [700, 700, large] {
            window.push(costing(cost)).unwrap();
        }
        assert_eq!(costs(&window.next(|_| true)), [700, 700]);
        assert!(window.next(|_| true).is_empty(), "1,400 are more than a quarter");
        window.credit(400);
        assert_eq!(costs(&window.next(|_| true)), [large]);
    }

    #[test]
    fn a_batch_is_bounded_in_envelopes_and_bytes() {
        let mut window = Window::new(1 << 30, 1 << 30);
        for n in 0..100 {
            window.push(numbered(n)).unwrap();
        }
        window.push(costing(BATCH_BYTES_MAX - 10)).unwrap();
        assert_eq!(window.next(|_| true).len(), BATCH_ENVELOPES_MAX);
        assert_eq!(window.next(|_| true).len(), 36);
        assert_eq!(window.next(|_| true).len(), 1);
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_not_sent() {
        let mut window = Window::new(10_000, 10_000);
        for n in 0..10 {
            window.push(numbered(n)).unwrap();
        }
        let even = |envelope: &Envelope| matches!(envelope, Envelope::Busy(n) if n % 2 == 0);
        assert_eq!(window.next(even), [0, 2, 4, 6, 8].map(numbered));
        assert!(window.drain().is_empty());
    }

    proptest! {
        #[test]
        fn order_is_kept_credit_is_never_overdrawn_and_a_quarter_owed_never_stalls(
            expected in proptest::collection::vec(ENVELOPE_BYTES..2_000, 1..100),
            credit in 1_usize..5_000,
        ) {
            let mut window = Window::new(credit, usize::MAX);
            for cost in &expected {
                window.push(costing(*cost)).unwrap();
            }
            let (mut sent, mut under_way) = (Vec::new(), 0);
            while sent.len() < expected.len() {
                let batch = costs(&window.next(|_| true));
                prop_assert!(!batch.is_empty());
                under_way += batch.iter().sum::<usize>();
                let last = *batch.last().unwrap_or(&0);
                prop_assert!(under_way <= credit.max(credit / 4 + last));
                sent.extend(batch);
                // The peer keeps back as much as it may.
                let back = under_way.saturating_sub(credit / 4);
                window.credit(back as u64);
                under_way -= back;
            }
            prop_assert_eq!(sent, expected);
        }
    }
}
