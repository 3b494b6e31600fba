//! Whom a node keeps links to: those that META names, as far as this node has heard META; and while another has
//! heard more of it, those that this one names too.
//!
//! The second half matters. META reaches a node from META's leader. A node that is new hears META from its
//! beginning, one that was away hears what it missed; if its leader is somebody that neither has heard of yet,
//! a node that links only to whom it knows would refuse just the one that can tell it.

use std::collections::BTreeMap;

use crate::link::PeerAddress;
use crate::peer::Known;

/// Nodes by id, and where they are.
pub(crate) type Peers = BTreeMap<u64, PeerAddress>;

/// What was heard of other nodes, beside META.
#[derive(Debug, Default)]
pub(crate) struct Acquaintances {
    /// Where nodes were seen that META may have at an older address, or does not name yet.
    seen: Peers,
    /// The newest version of META that anybody was heard to know …
    version: u64,
    /// … and whom that one knew.
    named: Peers,
}

impl Acquaintances {
    /// A node answered at this address.
    pub(crate) fn see(&mut self, known: &Known, address: &str) {
        let at = PeerAddress { incarnation: known.incarnation, address: address.to_owned() };
        self.seen.insert(known.node, at);
        self.hear(known);
    }

    /// A node says whom it knows; `meet` is for a node that has not heard META at all.
    pub(crate) fn meet(&mut self, known: &Known) {
        // Newcomers know few others, so what several say is put together.
        self.seen.extend(peers_of(known));
        self.hear(known);
    }

    fn hear(&mut self, known: &Known) {
        if known.version > self.version {
            self.version = known.version;
            self.named = peers_of(known).collect();
        }
    }

    /// Whom `me` keeps links to, when it has heard this version of META and that names these.
    pub(crate) fn peers(&self, me: u64, version: u64, named: Peers) -> Peers {
        let mut peers = if version == 0 { self.seen.clone() } else { named };
        for (node, at) in &mut peers {
            if let Some(seen) = self.seen.get(node).filter(|seen| seen.incarnation == at.incarnation) {
                at.clone_from(seen);
            }
        }
        if self.version > version {
            for (node, at) in &self.named {
                peers.entry(*node).or_insert_with(|| at.clone());
            }
        }
        peers.remove(&me);
        peers
    }
}

fn peers_of(known: &Known) -> impl Iterator<Item = (u64, PeerAddress)> + '_ {
    known.peers.iter().map(|(node, (incarnation, address))| {
        (*node, PeerAddress { incarnation: *incarnation, address: address.clone() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: u64 = 4;

    /// Node `n` has incarnation `10 n` and is at `n:1`.
    fn peers(nodes: &[u64]) -> Peers {
        let at = |node: &u64| PeerAddress { incarnation: node * 10, address: format!("{node}:1") };
        nodes.iter().map(|node| (*node, at(node))).collect()
    }

    fn known(node: u64, version: u64, nodes: &[u64]) -> Known {
        let named = peers(nodes).into_iter().map(|(node, at)| (node, (at.incarnation, at.address)));
        let (cluster_id, shards, incarnation) = ([0; 16], 16, node * 10);
        Known { cluster_id, shards, node, incarnation, version, peers: named.collect() }
    }

    #[test]
    fn a_node_that_hears_meta_from_its_beginning_keeps_whoever_can_tell_it_the_rest() {
        let mut acquaintances = Acquaintances::default();
        acquaintances.meet(&known(2, 7, &[1, 2, 3]));
        assert_eq!(acquaintances.peers(ME, 0, Peers::new()), peers(&[1, 2, 3]));
        // META's leader is the third, of which the first versions say nothing.
        assert_eq!(acquaintances.peers(ME, 1, peers(&[1])), peers(&[1, 2, 3]));
        assert_eq!(acquaintances.peers(ME, 6, peers(&[1, 2])), peers(&[1, 2, 3]));
        // It has caught up: the first was removed.
        assert_eq!(acquaintances.peers(ME, 8, peers(&[2, 3, ME])), peers(&[2, 3]));
    }

    #[test]
    fn a_node_that_was_away_links_to_a_newcomer_of_which_only_others_have_heard() {
        let mut acquaintances = Acquaintances::default();
        acquaintances.see(&known(1, 9, &[1, 2, ME, 5]), "1:1");
        assert_eq!(acquaintances.peers(ME, 5, peers(&[1, 2])), peers(&[1, 2, 5]));
        acquaintances.see(&known(2, 6, &[1, 2, ME]), "2:1");
        assert_eq!(
            acquaintances.peers(ME, 5, peers(&[1, 2])),
            peers(&[1, 2, 5]),
            "older news change nothing"
        );
    }

    #[test]
    fn a_node_is_where_it_was_seen_last_if_it_is_still_the_same() {
        let mut acquaintances = Acquaintances::default();
        acquaintances.see(&known(1, 3, &[1, 2, ME]), "moved:1");
        assert_eq!(acquaintances.peers(ME, 3, peers(&[1, 2]))[&1].address, "moved:1");
        let another = PeerAddress { incarnation: 99, address: "1:1".into() };
        let named = Peers::from([(1, another.clone())]);
        assert_eq!(acquaintances.peers(ME, 4, named)[&1], another);
    }
}
