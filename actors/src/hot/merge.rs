//! Several nodes' boards as one list. Pure.

use std::collections::HashMap;

use madang_cluster::machine::meta::HeatLimits;
use madang_storage::id::RoomId;

use super::wire::Warm;

/// Adds up what the nodes measure, and keeps the warmest `limit`: the hot ones first, then those from which
/// most is taken, then by how near to hot they are, then by all that is asked.
pub(super) fn merge(told: impl IntoIterator<Item = Warm>, limit: usize, limits: &HeatLimits) -> Vec<Warm> {
    let mut rooms: HashMap<RoomId, Warm> = HashMap::new();
    for one in told {
        rooms.entry(one.room).and_modify(|sum| *sum = add(sum, &one)).or_insert(one);
    }
    let mut rooms: Vec<Warm> = rooms.into_values().collect();
    rooms.sort_unstable_by_key(|warm| {
        let heat = warm.heat();
        let rank = (
            warm.hot_for_ms.is_some(),
            warm.level,
            heat.degree(limits),
            heat.total_per_s(),
            warm.deliveries_per_s,
        );
        // Rooms that are equally warm keep their order from look to look.
        (std::cmp::Reverse(rank), warm.room)
    });
    rooms.truncate(limit);
    rooms
}

fn add(one: &Warm, other: &Warm) -> Warm {
    let heat = one.heat().zip(other.heat(), u32::saturating_add);
    let delivered = one.deliveries_per_s.saturating_add(other.deliveries_per_s);
    let level = one.level.max(other.level);
    Warm {
        deliveries_per_s: delivered,
        level,
        ..Warm::asked(one.room, heat, one.hot_for_ms.max(other.hot_for_ms))
    }
}
