//! What a drill tells its clients, and what it sees of them while it runs.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use crate::client::{Nodes, Rotation};

/// What all clients are told.
#[derive(Debug, Clone)]
pub(super) struct Orders {
    /// Where nodes are.
    pub(super) nodes: Nodes,
    /// Where everybody begins; `None`: spread over all.
    pub(super) gathering: Option<usize>,
    /// Grows when everybody is to go where these orders say, at once. Otherwise they matter when a connection
    /// is lost.
    pub(super) marches: u64,
    /// When the talk begins, if it does.
    pub(super) talk_since: Option<Instant>,
    /// The talk is over: nothing new is sent.
    pub(super) hush: bool,
    /// All is over.
    pub(super) dismissed: bool,
}

impl Orders {
    /// Connect to these nodes, and listen.
    pub(super) fn new(nodes: Nodes) -> Self {
        Self { nodes, gathering: None, marches: 0, talk_since: None, hush: false, dismissed: false }
    }

    /// The way of a user around the nodes. Half of them go around the other way.
    pub(super) fn way_of(&self, user: usize) -> Rotation {
        match self.gathering {
            Some(place) => self.nodes.rotation(place + self.nodes.len() * user),
            None => self.nodes.rotation(user),
        }
    }
}

/// One client, as the drill sees it.
#[derive(Debug, Default)]
struct Post {
    /// The node where it is level, counted from 1; 0: it is nowhere.
    place: AtomicUsize,
    /// The highest position of its room that it knows.
    known: AtomicU64,
    /// 1 as long as it has something to send.
    talks: AtomicUsize,
}

/// All clients, as the drill sees them. Nothing else depends on the order of what is stored here.
#[derive(Debug)]
pub(super) struct Board {
    posts: Vec<Post>,
    acked: AtomicU64,
}

impl Board {
    /// So many clients, none of them connected.
    pub(super) fn new(users: usize) -> Self {
        let posts = (0..users).map(|_| Post::default()).collect();
        Self { posts, acked: AtomicU64::new(0) }
    }

    /// The client is level at that node, or nowhere.
    pub(super) fn set_place(&self, user: usize, node: Option<usize>) {
        if let Some(post) = self.posts.get(user) {
            post.place.store(node.map_or(0, |node| node + 1), Ordering::Relaxed);
        }
    }

    /// Nobody is anywhere.
    pub(super) fn clear_places(&self) {
        for post in &self.posts {
            post.place.store(0, Ordering::Relaxed);
        }
    }

    /// The client knows its room through there.
    pub(super) fn set_known(&self, user: usize, seq: u64) {
        if let Some(post) = self.posts.get(user) {
            post.known.store(seq, Ordering::Relaxed);
        }
    }

    /// Whether the client has something to send.
    pub(super) fn set_talks(&self, user: usize, talks: bool) {
        if let Some(post) = self.posts.get(user) {
            post.talks.store(usize::from(talks), Ordering::Relaxed);
        }
    }

    /// Something was acknowledged.
    pub(super) fn count_ack(&self) {
        self.acked.fetch_add(1, Ordering::Relaxed);
    }

    /// How much was acknowledged.
    pub(super) fn acked(&self) -> u64 {
        self.acked.load(Ordering::Relaxed)
    }

    /// How many clients are level somewhere.
    pub(super) fn level(&self) -> usize {
        self.posts.iter().filter(|post| post.place.load(Ordering::Relaxed) > 0).count()
    }

    /// How many clients are level at that node.
    pub(super) fn level_at(&self, node: usize) -> usize {
        self.posts.iter().filter(|post| post.place.load(Ordering::Relaxed) == node + 1).count()
    }

    /// How many clients have something to send.
    pub(super) fn talking(&self) -> usize {
        self.posts.iter().map(|post| post.talks.load(Ordering::Relaxed)).sum()
    }

    /// What a client knows its room through.
    pub(super) fn known(&self, user: usize) -> u64 {
        self.posts.get(user).map_or(0, |post| post.known.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_two(orders: &Orders, user: usize) -> [usize; 2] {
        let way = orders.way_of(user);
        let first = way.index(way.turn());
        way.go_on(way.turn());
        [first, way.index(way.turn())]
    }

    #[test]
    fn everybody_gathers_at_one_node_and_goes_on_to_both_others() {
        let mut orders = Orders::new("http://a,http://b,http://c".parse().unwrap());
        orders.gathering = Some(1);
        assert_eq!([first_two(&orders, 0), first_two(&orders, 1)], [[1, 2], [1, 0]]);
        orders.gathering = None;
        assert_eq!([first_two(&orders, 0), first_two(&orders, 1)], [[0, 1], [1, 2]]);
    }

    #[test]
    fn the_board_shows_who_is_where() {
        let board = Board::new(3);
        board.set_place(0, Some(0));
        board.set_place(1, Some(2));
        board.set_talks(2, true);
        assert_eq!((board.level(), board.level_at(0), board.level_at(2), board.talking()), (2, 1, 1, 1));
        board.set_place(1, None);
        board.set_talks(2, false);
        board.set_known(1, 7);
        assert_eq!((board.level(), board.talking(), board.known(1), board.known(9)), (1, 0, 7, 0));
    }
}
