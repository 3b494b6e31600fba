//! When is a silent peer taken for gone?
//!
//! Any byte is a sign of life, not only a heartbeat: a large envelope on a slow line must not look like
//! silence. Ticks are counted rather than time, so that a node that was itself stopped does not cut all its
//! links when it wakes.

/// What a tick comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pulse {
    Felt,
    Missing,
}

/// Watches one link.
#[derive(Debug)]
pub(super) struct Liveness {
    missed_max: u32,
    missed: u32,
    heard_bytes: u64,
}

impl Liveness {
    pub(super) fn new(missed_max: u32) -> Self {
        Self { missed_max, missed: 0, heard_bytes: 0 }
    }

    /// Once a heartbeat, with all bytes that ever came on this link.
    pub(super) fn on_tick(&mut self, heard_bytes: u64) -> Pulse {
        if heard_bytes == self.heard_bytes {
            self.missed = self.missed.saturating_add(1);
        } else {
            self.heard_bytes = heard_bytes;
            self.missed = 0;
        }
        if self.missed >= self.missed_max { Pulse::Missing } else { Pulse::Felt }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_gone_after_too_many_silent_ticks_in_a_row() {
        let mut liveness = Liveness::new(3);
        let heard = [10, 10, 10, 11, 11, 11, 11];
        let pulses: Vec<_> = heard.into_iter().map(|bytes| liveness.on_tick(bytes)).collect();
        let (gone, felt) = pulses.split_last().unwrap();
        assert!(felt.iter().all(|pulse| *pulse == Pulse::Felt), "{felt:?}");
        assert_eq!(*gone, Pulse::Missing);
    }

    #[test]
    fn one_byte_a_tick_is_life() {
        let mut liveness = Liveness::new(1);
        for bytes in 1..100 {
            assert_eq!(liveness.on_tick(bytes), Pulse::Felt);
        }
    }
}
