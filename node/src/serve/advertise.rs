//! Where others reach this node, if the settings leave it open. Other nodes: at the address it listens on, or
//! at the seed that is this machine. Clients: at the address it listens on, or nowhere.

use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};

use crate::config::address::host_and_port;
use crate::config::{Http, Peer};

/// Why there is no such address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "peer.listen {listen} means every address of this machine, which other nodes cannot use, and {found}: set \
     peer.advertise to the host:port at which they reach this one"
)]
pub(super) struct NowhereToBeFound {
    listen: SocketAddr,
    found: &'static str,
}

/// `host:port` for other nodes. Empty if that is whatever port the system gives.
pub(super) fn address(peer: &Peer) -> Result<String, NowhereToBeFound> {
    find(peer, is_this_machine)
}

/// Where clients reach this node, which listens for them at `bound`. Empty if that cannot be told: an address
/// that means another machine to whoever is told it sends clients astray.
pub(super) fn for_clients(http: &Http, peer: &Peer, bound: SocketAddr) -> String {
    let is_elsewhere = bound.ip().is_loopback() && !peer.listen.ip().is_loopback();
    let address = match http.advertise.as_str() {
        "" if bound.ip().is_unspecified() || is_elsewhere => return String::new(),
        "" => bound.to_string(),
        advertised => advertised.to_owned(),
    };
    // Without a scheme it is plain HTTP to everybody.
    if http.has_tls() && !address.contains("://") { format!("https://{address}") } else { address }
}

fn find(peer: &Peer, is_here: impl Fn(&str) -> bool) -> Result<String, NowhereToBeFound> {
    let Peer { listen, advertise, seeds, .. } = peer;
    if !advertise.is_empty() {
        return Ok(advertise.clone());
    }
    if listen.port() == 0 {
        return Ok(String::new());
    }
    if !listen.ip().is_unspecified() {
        return Ok(listen.to_string());
    }
    let same_port = |seed: &&String| host_and_port(seed).is_ok_and(|(_, port)| port == listen.port());
    let here: Vec<&String> = seeds.iter().filter(same_port).filter(|seed| is_here(seed)).collect();
    match here.as_slice() {
        [seed] => Ok((*seed).clone()),
        [] => Err(NowhereToBeFound { listen: *listen, found: "none of peer.seeds is this machine" }),
        _ => Err(NowhereToBeFound { listen: *listen, found: "more than one of peer.seeds is this machine" }),
    }
}

/// Whether this machine has the address behind `host:port`: only then can a socket be bound to it.
fn is_this_machine(seed: &str) -> bool {
    // A name that nobody knows yet is some other node's.
    let mut addresses = seed.to_socket_addrs().into_iter().flatten();
    addresses.any(|address| UdpSocket::bind((address.ip(), 0)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(listen: &str, seeds: &[&str]) -> Peer {
        let seeds = seeds.iter().map(|seed| (*seed).to_owned()).collect();
        Peer { listen: listen.parse().unwrap(), seeds, ..Peer::default() }
    }

    #[test]
    fn a_node_is_found_where_it_says_or_where_it_listens() {
        assert_eq!(address(&peer("10.0.0.1:7400", &[])).unwrap(), "10.0.0.1:7400");
        let said = Peer { advertise: "a:1".to_owned(), ..peer("0.0.0.0:7400", &[]) };
        assert_eq!(address(&said).unwrap(), "a:1");
        assert_eq!(address(&peer("0.0.0.0:0", &[])).unwrap(), "");
    }

    #[test]
    fn a_node_that_listens_everywhere_finds_itself_among_the_seeds() {
        let everywhere = peer("0.0.0.0:7400", &["a:7400", "b:7400", "b:7401"]);
        assert_eq!(find(&everywhere, |seed| seed.starts_with('b')).unwrap(), "b:7400");
        let none = find(&everywhere, |_| false).unwrap_err().to_string();
        assert!(none.contains("none of peer.seeds is this machine: set peer.advertise"), "{none}");
        let two = find(&everywhere, |_| true).unwrap_err().to_string();
        assert!(two.contains("more than one"), "{two}");
    }

    #[test]
    fn clients_are_told_no_address_that_is_another_machine_to_them() {
        let told = |listen: &str, advertise: &str, peers: &str| {
            let http = Http { advertise: advertise.to_owned(), ..Http::default() };
            for_clients(&http, &peer(peers, &[]), listen.parse().unwrap())
        };
        let here = "127.0.0.1:7400";
        assert_eq!(told("10.0.0.1:80", "", "10.0.0.1:7400"), "10.0.0.1:80");
        assert_eq!(told("0.0.0.0:80", "", here), "");
        assert_eq!(told("[::]:80", "", here), "");
        assert_eq!(told("0.0.0.0:80", "https://a.example", here), "https://a.example");
        assert_eq!(told("127.0.0.1:80", "", here), "127.0.0.1:80", "the whole cluster is on this machine");
        assert_eq!(told("127.0.0.1:80", "", "10.0.0.1:7400"), "", "behind a proxy, which nobody named");
    }

    #[test]
    fn clients_are_told_that_tls_is_spoken() {
        let told = |advertise: &str| {
            let (advertise, tls_certificate) = (advertise.to_owned(), "cert.pem".into());
            let http = Http { advertise, tls_certificate, ..Http::default() };
            for_clients(&http, &peer("10.0.0.1:7400", &[]), "10.0.0.1:7300".parse().unwrap())
        };
        assert_eq!(told(""), "https://10.0.0.1:7300");
        assert_eq!(told("chat-1.example:443"), "https://chat-1.example:443");
        assert_eq!(told("https://chat-1.example"), "https://chat-1.example");
    }

    #[test]
    fn this_machine_knows_itself() {
        assert!(is_this_machine("127.0.0.1:7400"));
        // TEST-NET-1 (RFC 5737): nobody's.
        assert!(!is_this_machine("192.0.2.1:7400"));
        assert!(!is_this_machine("no-such-host.invalid:7400"));
    }
}
