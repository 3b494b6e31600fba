//! Which nodes there are, and which of them a client talks to. Pure.
//!
//! Every client has a number. It begins at the node of that number, counted around, and goes to the next one
//! when its node fails. Half of the clients go around the other way: those of a dead node are shared by all
//! that are left, and no node stays without clients for long.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Addresses of the nodes of one cluster, at least one; written with commas between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nodes {
    first: String,
    others: Arc<[String]>,
}

/// Why a text is no list of nodes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{address}` does not start with http:// or https://; more nodes are named with commas between them")]
pub struct NotANode {
    /// What stands where an address should.
    address: String,
}

impl Nodes {
    /// A single node.
    pub fn one(url: &str) -> Self {
        Self { first: trimmed(url), others: Arc::default() }
    }

    /// The one that was named first.
    pub fn first(&self) -> &str {
        &self.first
    }

    /// The one where the client of that number begins.
    pub fn home(&self, number: usize) -> &str {
        self.at(number % self.len())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.first).chain(self.others.iter()).map(String::as_str)
    }

    /// The way of the client of that number.
    pub fn rotation(&self, number: usize) -> Rotation {
        let nodes = self.len();
        let step = if (number / nodes).is_multiple_of(2) { 1 } else { nodes - 1 };
        Rotation { nodes: self.clone(), begin: number % nodes, step, turn: AtomicUsize::new(0) }
    }

    /// How many there are, at least one.
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.others.len() + 1
    }

    fn at(&self, index: usize) -> &str {
        let other = index.checked_sub(1).and_then(|index| self.others.get(index));
        other.unwrap_or(&self.first)
    }
}

impl FromStr for Nodes {
    type Err = NotANode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut addresses = text.split(',').map(|address| match trimmed(address) {
            url if url.starts_with("http://") || url.starts_with("https://") => Ok(url),
            address => Err(NotANode { address }),
        });
        let first = addresses.next().unwrap_or_else(|| Err(NotANode { address: text.to_owned() }))?;
        Ok(Self { first, others: addresses.collect::<Result<_, _>>()? })
    }
}

fn trimmed(url: &str) -> String {
    url.trim().trim_end_matches('/').to_owned()
}

/// How often a client has gone on; tells which of its nodes a failure is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn(usize);

/// One client's way around the nodes. May be shared by everything that the client does at the same time.
#[derive(Debug)]
pub struct Rotation {
    nodes: Nodes,
    begin: usize,
    step: usize,
    turn: AtomicUsize,
}

impl Rotation {
    /// Whose turn it is.
    pub fn turn(&self) -> Turn {
        Turn(self.turn.load(Ordering::Relaxed))
    }

    /// The node of a turn.
    pub fn address(&self, turn: Turn) -> &str {
        self.nodes.at(self.index(turn))
    }

    /// The place of a turn's node in the list, from 0.
    pub fn index(&self, turn: Turn) -> usize {
        let nodes = self.nodes.len();
        (self.begin + turn.0 % nodes * self.step) % nodes
    }

    /// The node of that turn has failed: it is the next one's. Whoever says so second changes nothing.
    pub fn go_on(&self, failed: Turn) {
        let next = failed.0.wrapping_add(1);
        let _ = self.turn.compare_exchange(failed.0, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The node of that turn sends its clients to these nodes: it is the turn of the first of them that is
    /// one of ours, or else of the next one.
    pub fn go_to(&self, failed: Turn, better: &[String]) {
        let turns = || (1..=self.nodes.len()).map(|step| Turn(failed.0.wrapping_add(step)));
        let turn_of = |url: &String| turns().find(|turn| self.address(*turn) == trimmed(url));
        match better.iter().find_map(turn_of) {
            Some(Turn(next)) => {
                let _ = self.turn.compare_exchange(failed.0, next, Ordering::Relaxed, Ordering::Relaxed);
            }
            None => self.go_on(failed),
        }
    }

    /// Whether there is another node to go to.
    pub fn has_others(&self) -> bool {
        self.nodes.len() > 1
    }

    /// The ways of other clients around the same nodes.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Nodes {
        "http://a,http://b,http://c".parse().unwrap()
    }

    /// Where a client is at first and after each of so many failures.
    fn way(number: usize, failures: usize) -> Vec<String> {
        let rotation = three().rotation(number);
        let mut way = vec![rotation.address(rotation.turn()).to_owned()];
        for _ in 0..failures {
            rotation.go_on(rotation.turn());
            way.push(rotation.address(rotation.turn()).to_owned());
        }
        way
    }

    #[test]
    fn clients_begin_at_all_nodes_alike() {
        let begins: Vec<String> = (0..6).map(|number| way(number, 0).concat()).collect();
        assert_eq!(begins, ["http://a", "http://b", "http://c", "http://a", "http://b", "http://c"]);
    }

    #[test]
    fn a_client_goes_around_all_nodes_and_half_of_them_the_other_way() {
        assert_eq!(way(1, 3), ["http://b", "http://c", "http://a", "http://b"]);
        assert_eq!(way(4, 3), ["http://b", "http://a", "http://c", "http://b"]);
    }

    #[test]
    fn each_node_killed_in_turn_loses_clients_and_the_others_share_them() {
        let nodes = three();
        let clients: Vec<Rotation> = (0..60).map(|number| nodes.rotation(number)).collect();
        for dead in ["http://a", "http://b", "http://c", "http://a", "http://b", "http://c"] {
            let lost: Vec<&Rotation> =
                clients.iter().filter(|client| client.address(client.turn()) == dead).collect();
            assert!(lost.len() >= 20, "{dead} had only {} clients", lost.len());
            lost.iter().for_each(|client| client.go_on(client.turn()));
            for alive in ["http://a", "http://b", "http://c"].into_iter().filter(|node| *node != dead) {
                assert!(clients.iter().any(|client| client.address(client.turn()) == alive), "{alive}");
            }
        }
    }

    #[test]
    fn who_says_second_that_a_node_failed_changes_nothing() {
        let rotation = three().rotation(0);
        let turn = rotation.turn();
        rotation.go_on(turn);
        rotation.go_on(turn);
        assert_eq!(rotation.address(rotation.turn()), "http://b");
    }

    #[test]
    fn who_is_sent_away_goes_where_it_is_sent_if_it_knows_the_place() {
        for number in 0..6 {
            let rotation = three().rotation(number);
            let first = rotation.turn();
            rotation.go_to(first, &["http://unknown".to_owned(), "http://c/".to_owned()]);
            assert_eq!(rotation.address(rotation.turn()), "http://c");
            rotation.go_to(first, &["http://a".to_owned()]);
            assert_eq!(rotation.address(rotation.turn()), "http://c", "told of a node that it left before");
        }
        let rotation = three().rotation(0);
        rotation.go_to(rotation.turn(), &["http://unknown".to_owned()]);
        assert_eq!(rotation.address(rotation.turn()), "http://b");
    }

    #[test]
    fn one_node_is_the_next_one_after_itself() {
        let rotation = Nodes::one("http://a/").rotation(7);
        rotation.go_on(rotation.turn());
        assert_eq!(rotation.address(rotation.turn()), "http://a");
        assert!(!rotation.has_others() && three().rotation(7).has_others());
    }

    #[test]
    fn a_list_of_nodes_is_read_and_what_is_no_address_is_named() {
        let nodes: Nodes = "http://a/, https://b".parse().unwrap();
        assert_eq!((nodes.first(), nodes.at(1)), ("http://a", "https://b"));
        for bad in ["", "a", "http://a,", "http://a,,http://b", "httpx://a"] {
            assert!(bad.parse::<Nodes>().is_err(), "{bad:?}");
        }
    }
}
