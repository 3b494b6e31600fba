//! Who has been out of reach for so long that others should stand in for it, and who has come back for good.
//! Pure.
//!
//! What was decided is kept in META as the node's state, so that a new leader of META does not undo it. Only
//! the waiting is remembered here; whoever begins to lead begins to wait anew. Coming back takes a tenth of the
//! time that going took: a node that comes and goes moves nothing to and fro.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::plan::Step;
use crate::machine::meta::{MetaRow, NodeRow, NodeState};

/// A node must be there for this part of the time after which it is stood in for.
const BACK_AFTER_PART: u32 = 10;

/// Since when each node has been in reach, or out of it, without a break.
#[derive(Debug, Default)]
pub(crate) struct Absences(BTreeMap<u64, Sighting>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sighting {
    place: Place,
    since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    InReach,
    OutOfReach,
}

impl Absences {
    /// Notes who answers now, and says whose state should change.
    pub(crate) fn on_look(&mut self, meta: &MetaRow, reachable: &BTreeSet<u64>, now: Instant) -> Vec<Step> {
        self.0.retain(|node, _| meta.is_alive(*node));
        for (node, _) in meta.alive() {
            let place = if reachable.contains(&node) { Place::InReach } else { Place::OutOfReach };
            let sighting = self.0.entry(node).or_insert(Sighting { place, since: now });
            if sighting.place != place {
                *sighting = Sighting { place, since: now };
            }
        }
        let away_after = Duration::from_millis(meta.tunables.substitute_after_ms);
        let serve = |(node, row): &(u64, &NodeRow)| row.state == NodeState::Up && reachable.contains(node);
        // Without somebody to stand in for it, a node that is away is only one vote less.
        let may_substitute =
            !away_after.is_zero() && meta.alive().filter(serve).count() >= usize::from(meta.replication);
        let step = |(node, row): (u64, &NodeRow)| {
            let Sighting { place, since } = *self.0.get(&node)?;
            let waited = now.saturating_duration_since(since);
            match (place, row.state) {
                (Place::OutOfReach, NodeState::Up | NodeState::Draining) => {
                    (may_substitute && waited >= away_after).then_some(Step::SetAside { node })
                }
                (Place::InReach, NodeState::Away) => {
                    (waited >= away_after / BACK_AFTER_PART).then_some(Step::TakeBack { node })
                }
                _ => None,
            }
        };
        meta.alive().filter_map(step).collect()
    }

    /// Somebody else decides now.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}
