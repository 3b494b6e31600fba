//! Which node is asked, and what can go wrong: every failure says what to do next.

use std::collections::VecDeque;
use std::net::SocketAddr;

use madang_actors::hot::{self, HotRooms};
use madang_cluster::link::{LinkClientOptions, LinkError};
use madang_cluster::machine::meta::{NodeState, Tunables};
use madang_cluster::{ClusterError, Operator, Overview};

use crate::cli::settings::SettingFlags;
use crate::config::address::{host_and_port, reachable};
use crate::config::{Config, ConfigError};
use crate::serve::link_client;

/// How to find the cluster.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ContactFlags {
    /// The node to ask: its port for other nodes [default: peer.listen, then the seeds]
    #[arg(long, value_name = "HOST:PORT")]
    node: Option<String>,

    #[command(flatten)]
    settings: SettingFlags,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum ContactError {
    /// None of the addresses answers.
    #[error(
        "no node answers: {}\nIs it running? `--node HOST:PORT` asks another node, at its port for other nodes \
         (peer.listen)",
        tried.join("; ")
    )]
    Nobody {
        /// Address and reason.
        tried: Vec<String>,
    },
    /// Somebody is there and does not talk to this program.
    #[error(
        "{address} does not answer this program: {why}\nSecret and TLS files come from the same settings as \
         the node's: `--config FILE`, or MADANG_PEER__SECRET"
    )]
    Refused {
        /// Who.
        address: String,
        /// What it says.
        why: String,
    },
    /// The node cannot answer or decide now.
    #[error("{address} answers: {why}\n`madang status` shows what is missing")]
    NotNow {
        /// Who.
        address: String,
        /// What it says.
        why: String,
    },
    /// What is asked does not fit how the cluster stands.
    #[error("refused: {0}")]
    Misfit(String),
    /// A file of the settings.
    #[error("{0}")]
    Local(String),
}

/// A way to the cluster: the addresses that may answer, the best first.
pub(in crate::cli) struct Contact {
    options: LinkClientOptions,
    addresses: VecDeque<String>,
}

impl ContactFlags {
    /// Reads the settings.
    pub(in crate::cli) fn open(self) -> anyhow::Result<Contact> {
        let config = self.settings.layers()?.load()?.config;
        let addresses = match self.node {
            Some(node) => VecDeque::from([checked(node)?]),
            None => addresses(&config),
        };
        if addresses.is_empty() {
            let why = "peer.listen has no fixed port and there are no seeds: say --node HOST:PORT".to_owned();
            return Err(ConfigError::Invalid(vec![why]).into());
        }
        Ok(Contact { options: link_client(&config)?, addresses })
    }
}

/// Where this node's settings say that nodes are: itself, then the seeds.
fn addresses(config: &Config) -> VecDeque<String> {
    let peer = &config.peer;
    let listen: SocketAddr = reachable(peer.listen);
    let by_name = !peer.tls_ca.as_os_str().is_empty() && !peer.advertise.is_empty();
    // A certificate holds for the name that other nodes use.
    let own = if by_name { peer.advertise.clone() } else { listen.to_string() };
    let own = (by_name || listen.port() != 0).then_some(own);
    let mut found = VecDeque::new();
    for address in own.into_iter().chain(peer.seeds.iter().cloned()) {
        if !found.contains(&address) {
            found.push_back(address);
        }
    }
    found
}

fn checked(node: String) -> Result<String, ConfigError> {
    match host_and_port(&node) {
        Ok(_) => Ok(node),
        Err(reason) => Err(ConfigError::Invalid(vec![format!("--node: `{node}` {reason}")])),
    }
}

impl Contact {
    /// How the cluster stands. Whoever answers is asked first from then on, and the nodes that it names are
    /// asked when it does not answer any more.
    pub(in crate::cli) async fn overview(&mut self) -> Result<Overview, ContactError> {
        let overview = self.ask(async |node| node.overview().await).await?;
        for node in overview.nodes.iter().filter(|node| !node.peer.is_empty()) {
            if !self.addresses.contains(&node.peer) {
                self.addresses.push_back(node.peer.clone());
            }
        }
        Ok(overview)
    }

    /// The rooms that are asked for most, so many; the hot ones first.
    pub(in crate::cli) async fn rooms(&mut self, limit: usize) -> Result<HotRooms, ContactError> {
        self.ask(async |node| hot::ask(&node, limit).await).await
    }

    /// Has a node drain, leave, or serve again.
    pub(in crate::cli) async fn set_state(
        &mut self,
        node: u64,
        state: NodeState,
    ) -> Result<(), ContactError> {
        self.ask(async |asked| asked.set_state(node, state).await).await
    }

    /// Gives a node up.
    pub(in crate::cli) async fn remove(&mut self, node: u64) -> Result<(), ContactError> {
        self.ask(async |asked| asked.remove(node).await).await
    }

    /// Changes what can be tuned while the cluster runs.
    pub(in crate::cli) async fn tune(&mut self, tunables: &Tunables) -> Result<(), ContactError> {
        self.ask(async |node| node.tune(tunables.clone()).await).await
    }

    /// From now on this address is asked last: its node is about to go.
    pub(in crate::cli) fn avoid(&mut self, address: &str) {
        if let Some(at) = self.addresses.iter().position(|known| known == address) {
            let known = self.addresses.remove(at);
            self.addresses.extend(known);
        }
    }

    /// Asks one address after the other until one answers.
    async fn ask<T>(
        &mut self,
        question: impl AsyncFn(Operator) -> Result<T, ClusterError>,
    ) -> Result<T, ContactError> {
        let mut tried = Vec::new();
        for at in 0..self.addresses.len() {
            let Some(address) = self.addresses.get(at).cloned() else { break };
            match question(Operator::new(address.clone(), self.options.clone())).await {
                Ok(answer) => {
                    self.addresses.swap(0, at);
                    return Ok(answer);
                }
                Err(ClusterError::Link(LinkError::Unreachable { why, .. })) => {
                    tried.push(format!("{address} ({why})"));
                }
                Err(error) => return Err(failure(address, error)),
            }
        }
        Err(ContactError::Nobody { tried })
    }
}

fn failure(address: String, error: ClusterError) -> ContactError {
    match error {
        ClusterError::Misfit(why) => ContactError::Misfit(why),
        ClusterError::Link(LinkError::Refused { why }) => ContactError::Refused { address, why },
        ClusterError::Link(LinkError::Tls { why }) => ContactError::Local(why),
        ClusterError::Unavailable { why } => ContactError::NotNow { address, why },
        other => ContactError::NotNow { address, why: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Peer;

    fn found(peer: Peer) -> Vec<String> {
        addresses(&Config { peer, ..Config::default() }).into()
    }

    #[test]
    fn this_node_is_asked_first_then_the_seeds() {
        let seeds = vec!["a:7400".to_owned(), "127.0.0.1:7400".to_owned()];
        let listen = "0.0.0.0:7400".parse().unwrap();
        assert_eq!(found(Peer { listen, seeds, ..Peer::default() }), ["127.0.0.1:7400", "a:7400"]);
        let listen = "127.0.0.1:0".parse().unwrap();
        assert!(found(Peer { listen, ..Peer::default() }).is_empty());
    }

    #[test]
    fn under_tls_a_node_is_asked_by_its_name() {
        let peer =
            Peer { tls_ca: "ca.pem".into(), advertise: "a.example:7400".to_owned(), ..Peer::default() };
        assert_eq!(found(peer), ["a.example:7400"]);
    }

    #[test]
    fn whoever_goes_is_asked_last() {
        let addresses = ["a:1", "b:1", "c:1"].map(str::to_owned).into();
        let mut contact = Contact { options: LinkClientOptions::default(), addresses };
        contact.avoid("a:1");
        contact.avoid("nobody:1");
        assert_eq!(contact.addresses, ["b:1", "c:1", "a:1"]);
    }

    #[test]
    fn when_nobody_answers_every_address_is_named() {
        let addresses = ["127.0.0.1:1", "127.0.0.1:2"].map(str::to_owned).into();
        let mut contact = Contact { options: LinkClientOptions::default(), addresses };
        let said = super::super::wait(async { Ok(contact.overview().await?) }).unwrap_err().to_string();
        for part in ["no node answers: 127.0.0.1:1 (", "; 127.0.0.1:2 (", "--node HOST:PORT"] {
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn a_wrong_address_is_a_wrong_argument() {
        assert!(checked("here".to_owned()).unwrap_err().to_string().contains("--node: `here` has no port"));
    }
}
