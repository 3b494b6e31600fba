//! What the rooms of a thread are delivered, or would be if nothing were taken from them. Pure.

use std::collections::HashMap;

use madang_storage::id::RoomId;

use crate::shed::Demand;

/// A room with fewer deliveries than this on one thread since the last telling is told to nobody: on all threads
/// together it is far from any limit too.
const TOLD_MIN: u64 = 4;

/// What was delivered since it was told last.
#[derive(Debug, Default)]
pub(super) struct Demands(HashMap<RoomId, Demand>);

impl Demands {
    /// One logged event of a room that so many sessions hear.
    pub(super) fn count(&mut self, room: RoomId, listeners: usize) {
        let listeners = listeners as u64;
        let demand = self.0.entry(room).or_default();
        demand.deliveries = demand.deliveries.saturating_add(listeners);
        demand.listeners = listeners;
    }

    /// Whether there is anything to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes what is worth telling.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (RoomId, Demand)> + use<> {
        std::mem::take(&mut self.0).into_iter().filter(|(_, demand)| demand.deliveries >= TOLD_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worth_telling_is_told_once() {
        let (busy, quiet) = (RoomId([1; 16]), RoomId([2; 16]));
        let mut demands = Demands::default();
        assert!(demands.is_empty());
        for _ in 0..3 {
            demands.count(busy, 20);
        }
        demands.count(quiet, 3);
        let told: Vec<_> = demands.take().collect();
        assert_eq!(told, [(busy, Demand { deliveries: 60, listeners: 20 })]);
        assert!(demands.is_empty());
    }
}
