//! The order in which a client should try nodes. Pure.

use std::cmp::Ordering;

use madang_cluster::Load;

/// More nodes than this are told to nobody.
const TOLD_MAX: usize = 8;

/// A node that could serve a client: up, within reach, with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub node: u64,
    /// Where clients reach it.
    pub url: String,
    /// How busy it is; `None`: it has not said so yet.
    pub load: Option<Load>,
}

/// Addresses in the order in which they should be tried: the user's home, which has the user's presence and
/// list of rooms at hand; then the others, those that are least busy for their size first; at the end those
/// that are full, the home among them.
pub fn rank(mut candidates: Vec<Candidate>, home: Option<u64>) -> Vec<String> {
    candidates.sort_by(|a, b| {
        let place = |it: &Candidate| (it.is_full(), Some(it.node) != home);
        place(a).cmp(&place(b)).then_with(|| a.busier(b)).then_with(|| a.node.cmp(&b.node))
    });
    candidates.into_iter().take(TOLD_MAX).map(|candidate| candidate.url).collect()
}

impl Candidate {
    /// Who has not said anything yet has hardly begun to serve.
    fn is_full(&self) -> bool {
        self.load.is_some_and(|load| load.clients >= load.clients_max)
    }

    /// Compares the parts of their places that are taken.
    fn busier(&self, other: &Self) -> Ordering {
        let taken = |load: Option<Load>| load.map_or((0, 1), |load| (load.clients, load.clients_max.max(1)));
        let ((a, a_max), (b, b_max)) = (taken(self.load), taken(other.load));
        (u64::from(a) * u64::from(b_max)).cmp(&(u64::from(b) * u64::from(a_max)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(node: u64, clients: u32, clients_max: u32) -> Candidate {
        Candidate { node, url: format!("http://{node}"), load: Some(Load { clients, clients_max }) }
    }

    fn order(candidates: &[Candidate], home: Option<u64>) -> String {
        rank(candidates.to_vec(), home).join(" ").replace("http://", "")
    }

    #[test]
    fn home_comes_first_then_who_is_least_busy() {
        let nodes = [node(1, 50, 100), node(2, 10, 100), node(3, 30, 100)];
        assert_eq!(order(&nodes, Some(1)), "1 2 3");
        assert_eq!(order(&nodes, Some(3)), "3 2 1");
        assert_eq!(order(&nodes, None), "2 3 1");
        assert_eq!(order(&nodes, Some(9)), "2 3 1", "a home that is not there does not matter");
    }

    #[test]
    fn a_small_node_is_busy_sooner() {
        assert_eq!(order(&[node(1, 20, 100), node(2, 100, 1_000)], None), "2 1");
        let (most, all) = (u32::MAX - 1, u32::MAX);
        assert_eq!(order(&[node(1, most, all), node(2, most - 1, all)], None), "2 1");
    }

    #[test]
    fn who_is_full_comes_last_also_if_it_is_home() {
        let nodes = [node(1, 100, 100), node(2, 99, 100), node(3, 0, 0)];
        assert_eq!(order(&nodes, Some(1)), "2 1 3");
        assert_eq!(order(&nodes, None), "2 3 1");
    }

    #[test]
    fn who_has_not_said_how_busy_it_is_is_not_busy() {
        let new = Candidate { load: None, ..node(2, 0, 0) };
        assert_eq!(order(&[node(1, 1, 100), new], None), "2 1");
    }

    #[test]
    fn of_many_nodes_only_the_best_are_told() {
        let nodes: Vec<_> = (1..=20).map(|id| node(id, 100 - id as u32, 100)).collect();
        assert_eq!(order(&nodes, Some(1)), "1 20 19 18 17 16 15 14");
    }
}
