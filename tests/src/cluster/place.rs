//! Where the nodes of a cluster live: addresses that are known before anybody starts, that stay when a node
//! comes back, and that no other test uses.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::atomic::{AtomicU8, Ordering};

use crate::network::{End, Network};

const HTTP_PORT: u16 = 7300;
const PEER_PORT: u16 = 7400;

/// Where one node lives.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// For clients.
    pub(super) http: SocketAddrV4,
    /// For the other nodes.
    pub(super) peer: SocketAddrV4,
    /// Its host, when it has one of its own.
    pub(super) namespace: Option<String>,
}

impl Place {
    fn at(address: Ipv4Addr, namespace: Option<String>) -> Self {
        Self {
            http: SocketAddrV4::new(address, HTTP_PORT),
            peer: SocketAddrV4::new(address, PEER_PORT),
            namespace,
        }
    }
}

/// One place on each host of a network.
pub(super) fn on_hosts(network: &Network) -> Vec<Place> {
    let place = |host| Place::at(network.address(End::Host(host)), Some(network.namespace(host).to_owned()));
    (0..network.hosts()).map(place).collect()
}

/// So many places on the loopback device, each with an address of its own: the process and a counter are in
/// it, and whoever else may use it is asked.
pub(super) fn on_loopback(nodes: usize) -> Vec<Place> {
    static TAKEN: AtomicU8 = AtomicU8::new(0);
    let [low, high, ..] = std::process::id().to_le_bytes();
    let mut places = Vec::new();
    while places.len() < nodes {
        let last = TAKEN.fetch_add(1, Ordering::Relaxed);
        assert!(last < 254, "all addresses of this process are in use");
        // 127.0.0.x and 127.1.x.x are what people use by hand.
        let address = Ipv4Addr::new(127, 2 + high % 250, low, last + 1);
        let place = Place::at(address, None);
        if TcpListener::bind(place.http).is_ok() && TcpListener::bind(place.peer).is_ok() {
            places.push(place);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_nodes_live_at_one_address() {
        let mut addresses: Vec<SocketAddrV4> =
            (0..4).flat_map(|_| on_loopback(3)).flat_map(|place| [place.http, place.peer]).collect();
        addresses.sort();
        addresses.dedup();
        assert_eq!(addresses.len(), 24);
    }
}
