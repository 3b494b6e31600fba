//! Hosts in a network of their own, whose links can be cut and slowed: one namespace for each host, joined
//! by a bridge in another, to which the test itself is plugged in as the clients' host. Needs root.
//!
//! A link is cut one way by a wrong neighbour entry at the sending end: what it sends to that address goes
//! to a hardware address that nobody has. So nothing is refused, neither end hears of it, and nothing beyond
//! `ip` is needed.

mod namespace;

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use namespace::Namespace;

use crate::command::{is_root, run};

/// A hardware address that nobody has.
const NOBODY: &str = "02:00:00:00:00:01";

/// One end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A host, counted from 0.
    Host(usize),
    /// Where the test runs.
    Clients,
}

/// Hosts that can all reach each other, until told otherwise. Dropping it removes everything.
#[derive(Debug)]
pub struct Network {
    hosts: Vec<Namespace>,
    /// Holds the bridge; with it go all cables, our own included.
    _hub: Namespace,
    /// The device in the test's own namespace.
    cable: String,
    /// The third byte of every address.
    subnet: u8,
}

impl Network {
    /// So many hosts; `None`, with the reason on stderr, where that is not allowed.
    pub fn new(hosts: usize) -> Option<Self> {
        if !is_root() {
            return skip("we are not root");
        }
        namespace::sweep();
        match Self::build(hosts) {
            Ok(network) => Some(network),
            Err(why) => skip(&why),
        }
    }

    /// How many hosts there are.
    pub fn hosts(&self) -> usize {
        self.hosts.len()
    }

    /// The address of an end.
    pub fn address(&self, end: End) -> Ipv4Addr {
        address(self.subnet, end)
    }

    /// The namespace of a host, as `ip netns` knows it.
    pub fn namespace(&self, host: usize) -> &str {
        self.hosts[host].name()
    }

    /// From now on nothing gets from one end to the other; the other way it still does.
    pub fn cut_one_way(&self, from: End, to: End) {
        self.neighbour(from, "replace", &format!("{} lladdr {NOBODY} nud permanent", self.address(to)))
            .expect("the link is cut");
    }

    /// Cuts a link both ways.
    pub fn cut(&self, one: End, other: End) {
        self.cut_one_way(one, other);
        self.cut_one_way(other, one);
    }

    /// Cuts a host off from all other hosts. The clients still reach it.
    pub fn isolate(&self, host: usize) {
        for other in (0..self.hosts.len()).filter(|other| *other != host) {
            self.cut(End::Host(host), End::Host(other));
        }
    }

    /// Ends all cuts; links stay as slow as they are.
    pub fn heal(&self) {
        let ends: Vec<End> = (0..self.hosts.len()).map(End::Host).chain([End::Clients]).collect();
        for from in &ends {
            for to in ends.iter().filter(|to| *to != from) {
                // Not cut, perhaps: then there is nothing to take back.
                let _ = self.neighbour(*from, "del", &self.address(*to).to_string());
            }
        }
    }

    /// From now on a host sends at most so many kilobits a second. The queue in front of the link holds
    /// half a second's worth; more is dropped, as a router would.
    pub fn slow(&self, host: usize, kilobits_per_second: u32) {
        let shape = format!(
            "qdisc replace dev eth0 root tbf rate {kilobits_per_second}kbit burst 16kb latency 500ms"
        );
        self.hosts[host].tc(&shape).expect("the link is slow");
    }

    /// Gives a host its full speed back.
    pub fn quicken(&self, host: usize) {
        self.hosts[host].tc("qdisc del dev eth0 root").expect("the link was slow");
    }

    fn build(hosts: usize) -> Result<Self, String> {
        static BUILT: AtomicU32 = AtomicU32::new(0);
        let number = BUILT.fetch_add(1, Ordering::Relaxed);
        let subnet = free_subnet(std::process::id().wrapping_add(number))?;
        let hub = Namespace::new(&format!("{number}-hub"))?;
        hub.ip("link add yard type bridge")?;
        hub.ip("link set yard up")?;
        let mut network = Self {
            hosts: Vec::new(),
            cable: format!("mdt{}n{number}", std::process::id()),
            subnet,
            _hub: hub,
        };
        network.plug_in_clients()?;
        for host in 0..hosts {
            let namespace = Namespace::new(&format!("{number}-host{host}"))?;
            network.plug_in(&namespace, host)?;
            network.hosts.push(namespace);
        }
        Ok(network)
    }

    fn plug_in(&self, namespace: &Namespace, host: usize) -> Result<(), String> {
        let (hub, name) = (&self._hub, namespace.name());
        hub.ip(&format!("link add host{host} type veth peer name eth0 netns {name}"))?;
        hub.ip(&format!("link set host{host} master yard up"))?;
        namespace.ip(&format!("addr add {}/24 dev eth0", self.address(End::Host(host))))?;
        namespace.ip("link set eth0 up")
    }

    fn plug_in_clients(&self) -> Result<(), String> {
        let (hub, cable) = (&self._hub, &self.cable);
        run("ip", &["link", "add", cable, "type", "veth", "peer", "name", "clients", "netns", hub.name()])?;
        hub.ip("link set clients master yard up")?;
        run("ip", &["addr", "add", &format!("{}/24", self.address(End::Clients)), "dev", cable])?;
        run("ip", &["link", "set", cable, "up"]).map(drop)
    }

    fn neighbour(&self, at: End, verb: &str, entry: &str) -> Result<(), String> {
        match at {
            End::Host(host) => self.hosts[host].ip(&format!("neigh {verb} {entry} dev eth0")),
            End::Clients => {
                let words = format!("neigh {verb} {entry} dev {}", self.cable);
                run("ip", &words.split(' ').collect::<Vec<_>>()).map(drop)
            }
        }
    }
}

/// In 198.18.0.0/15, which is set aside for tests (RFC 2544): nobody's real network.
fn address(subnet: u8, end: End) -> Ipv4Addr {
    let last = match end {
        End::Clients => 1,
        End::Host(host) => u8::try_from(host + 11).expect("a network of at most 244 hosts"),
    };
    Ipv4Addr::new(198, 18, subnet, last)
}

/// A subnet that no other test on this machine uses; `wish` decides where the search begins.
fn free_subnet(wish: u32) -> Result<u8, String> {
    let [first, ..] = wish.to_le_bytes();
    for step in 0..=u8::MAX {
        let subnet = first.wrapping_add(step);
        let network = format!("198.18.{subnet}.0/24");
        if run("ip", &["-o", "addr", "show", "to", &network])?.trim().is_empty() {
            return Ok(subnet);
        }
    }
    Err("all 256 subnets of 198.18.0.0/16 are in use".to_owned())
}

fn skip(why: &str) -> Option<Network> {
    eprintln!("SKIPPED: no network of our own to test with (needs root and network namespaces): {why}");
    None
}
