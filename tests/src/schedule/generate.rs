//! Makes schedules out of seeds. What the promises do not cover is left out: at most one episode of a
//! schedule destroys a copy of data, and none happens beside it.

use super::dice::Dice;
use super::fault::{Fault, Kind};
use super::{Episode, Schedule};

/// Quiet before the first episode, so that there is something to lose.
const LEAD_MS: u64 = 1_000;

/// What a schedule is to be like.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How many nodes there are.
    pub nodes: usize,
    /// After this no episode begins.
    pub lasts_ms: u64,
    /// What may happen.
    pub kinds: Vec<Kind>,
}

/// The schedule of a seed.
pub fn generate(seed: u64, terms: &Terms) -> Schedule {
    let mut dice = Dice::new(seed);
    let mut episodes: Vec<Episode> = Vec::new();
    let mut at_ms = LEAD_MS;
    while at_ms < terms.lasts_ms {
        let destroyed = episodes.iter().any(|episode| episode.fault.kind().is_destructive());
        let kinds: Vec<Kind> =
            terms.kinds.iter().copied().filter(|kind| !(destroyed && kind.is_destructive())).collect();
        let first = episode(&mut dice, at_ms, &kinds, terms.nodes);
        episodes.push(first);
        let mut end_ms = at_ms + first.lasts_ms;
        if dice.between(1, 3) == 1
            && let Some(second) = companion(&mut dice, &first, &kinds, terms.nodes)
        {
            episodes.push(second);
            end_ms = end_ms.max(second.at_ms + second.lasts_ms);
        }
        at_ms = end_ms + dice.between(500, 2_500);
    }
    Schedule { episodes }
}

fn episode(dice: &mut Dice, at_ms: u64, kinds: &[Kind], nodes: usize) -> Episode {
    let kind = dice.pick(kinds);
    let lasts_ms = match kind {
        // Short of an election, about one, and long after.
        Kind::Pause | Kind::CutOneWay | Kind::Isolate => dice.pick(&[200, 1_000, 3_000]),
        Kind::Flap | Kind::SlowLink | Kind::SlowFsync => dice.between(1_500, 3_000),
        _ => dice.pick(&[0, 500, 2_000]),
    };
    let all: Vec<usize> = (0..nodes).collect();
    let node = dice.pick(&all);
    let fault = match kind {
        _ if kind.is_for_all() => Fault::All(kind),
        Kind::CutOneWay => {
            let others: Vec<usize> = all.into_iter().filter(|other| *other != node).collect();
            Fault::CutOneWay { from: node, to: dice.pick(&others) }
        }
        _ => Fault::Node(kind, node),
    };
    Episode { at_ms, lasts_ms, fault }
}

/// A second episode that overlaps the first, on another node: then a majority is gone for a while. Two that
/// happen to the network would repair each other, and what destroys data is left alone.
fn companion(dice: &mut Dice, first: &Episode, kinds: &[Kind], nodes: usize) -> Option<Episode> {
    let alone = |kind: Kind| kind.is_destructive() || kind.is_for_all();
    if alone(first.fault.kind()) {
        return None;
    }
    let network_is_taken = first.fault.kind().needs_network();
    let kinds: Vec<Kind> = kinds
        .iter()
        .copied()
        .filter(|kind| !(alone(*kind) || network_is_taken && kind.needs_network()))
        .collect();
    if kinds.is_empty() {
        return None;
    }
    let at_ms = first.at_ms + dice.between(0, first.lasts_ms);
    let second = episode(dice, at_ms, &kinds, nodes);
    let collides = (0..nodes).any(|node| first.fault.touches(node) && second.fault.touches(node));
    (!collides).then_some(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms { nodes: 3, lasts_ms: 30_000, kinds: Kind::ALL.to_vec() }
    }

    #[test]
    fn equal_seeds_give_equal_schedules_and_different_ones_different() {
        assert_eq!(generate(7, &terms()), generate(7, &terms()));
        assert_ne!(generate(7, &terms()), generate(8, &terms()));
    }

    #[test]
    fn every_kind_happens_in_some_schedule() {
        let schedules: Vec<Schedule> = (0..200).map(|seed| generate(seed, &terms())).collect();
        for kind in Kind::ALL {
            let happens =
                |schedule: &Schedule| schedule.episodes.iter().any(|episode| episode.fault.kind() == kind);
            assert!(schedules.iter().any(happens), "{kind:?}");
        }
    }

    #[test]
    fn at_most_one_copy_of_data_is_destroyed_and_nothing_happens_beside_it() {
        for seed in 0..500 {
            let Schedule { episodes } = generate(seed, &terms());
            let destructive: Vec<&Episode> =
                episodes.iter().filter(|episode| episode.fault.kind().is_destructive()).collect();
            assert!(destructive.len() <= 1, "seed {seed}");
            for one in destructive {
                let overlaps = |other: &&Episode| {
                    one.at_ms <= other.at_ms + other.lasts_ms && other.at_ms <= one.at_ms + one.lasts_ms
                };
                assert_eq!(episodes.iter().filter(overlaps).count(), 1, "seed {seed}");
            }
        }
    }

    #[test]
    fn episodes_that_overlap_touch_different_nodes_and_only_one_the_network() {
        for seed in 0..500 {
            let Schedule { episodes } = generate(seed, &terms());
            for (number, one) in episodes.iter().enumerate() {
                for other in &episodes[number + 1..] {
                    if other.at_ms > one.at_ms + one.lasts_ms {
                        continue;
                    }
                    let both = (0..3).any(|node| one.fault.touches(node) && other.fault.touches(node));
                    assert!(!both, "seed {seed}: {one:?} and {other:?}");
                    let network = [one, other].map(|episode| episode.fault.kind().needs_network());
                    assert_ne!(network, [true, true], "seed {seed}");
                }
            }
        }
    }
}
