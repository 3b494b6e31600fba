//! Tells the door who is linked. Apart from the links, so that a door may call back; and from what is true
//! now, so that news that come faster than they are told do not pile up.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::shared::Shared;
use super::table::Pair;

/// Runs until the links are shut down.
pub(super) async fn tell(shared: Arc<Shared>) {
    let mut told = BTreeMap::new();
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = shared.table.changed() => {}
        }
        for news in difference(&mut told, shared.table.pairs()) {
            match news {
                News::Linked(node) => shared.door.linked(node),
                News::Unlinked(node) => shared.door.unlinked(node),
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Linked(u64),
    Unlinked(u64),
}

/// What changed since `told`, which becomes `now`. A link that was made anew between two looks was broken,
/// and that is told too.
fn difference(told: &mut BTreeMap<u64, Pair>, now: BTreeMap<u64, Pair>) -> Vec<News> {
    let before = std::mem::replace(told, now);
    let broken = before.iter().filter(|(node, pair)| told.get(node) != Some(pair));
    let made = told.iter().filter(|(node, pair)| before.get(node) != Some(pair));
    let broken = broken.map(|(node, _)| News::Unlinked(*node));
    broken.chain(made.map(|(node, _)| News::Linked(*node))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_once_and_a_link_made_anew_was_broken() {
        let mut told = BTreeMap::new();
        let mut look = |now: &[(u64, Pair)]| difference(&mut told, now.iter().copied().collect());
        assert_eq!(look(&[(2, (1, 2))]), [News::Linked(2)]);
        assert_eq!(look(&[(2, (1, 2)), (3, (3, 4))]), [News::Linked(3)]);
        assert_eq!(look(&[(2, (1, 5)), (3, (3, 4))]), [News::Unlinked(2), News::Linked(2)]);
        assert_eq!(look(&[(2, (1, 5))]), [News::Unlinked(3)]);
        assert_eq!(look(&[(2, (1, 5))]), []);
    }
}
