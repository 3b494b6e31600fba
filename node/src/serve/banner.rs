//! What `madang serve` says on standard output once clients can come: where everything is, and what to do
//! next. Plain text, whoever reads it.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use madang_cluster::Beginning;

use crate::config::address::reachable;

/// Width of the column of names.
const NAME_WIDTH: usize = 10;

/// A running node, as far as the banner tells.
pub(super) struct Banner<'a> {
    /// Where it listens for clients, with the real port.
    pub(super) listen: SocketAddr,
    /// What it speaks there: `http` or `https`.
    pub(super) scheme: &'a str,
    /// Where it listens for other nodes, with the real port.
    pub(super) peer: SocketAddr,
    /// Where its data is.
    pub(super) data: &'a Path,
    /// Its id.
    pub(super) node: u64,
    /// Its cluster's id.
    pub(super) cluster: &'a str,
    /// How many nodes the cluster has, as far as this one has heard.
    pub(super) nodes: usize,
    /// How it came to be part of it.
    pub(super) beginning: Beginning,
    /// Where its settings came from.
    pub(super) settings: &'a str,
}

impl Banner<'_> {
    /// The whole text.
    pub(super) fn text(&self) -> String {
        let at = reachable(self.listen);
        let others = if at == self.listen { "" } else { "  (and at this machine's other addresses)" };
        let (http, ws) = (self.scheme, self.scheme.replacen("http", "ws", 1));
        let lines = [
            ("chat page", format!("{http}://{at}/{others}")),
            ("cluster", format!("{http}://{at}/cluster")),
            ("WebSocket", format!("{ws}://{at}/v1/ws")),
            ("API docs", format!("{http}://{at}/v1/docs")),
            ("metrics", format!("{http}://{at}/metrics")),
            ("nodes", format!("{}  (other nodes, and `madang status`)", reachable(self.peer))),
            ("data", self.data.display().to_string()),
            ("node", format!("{} of cluster {}, {}", self.node, self.cluster, self.beginning())),
            ("settings", self.settings.to_owned()),
        ];
        let mut text = format!("madang {} is ready.\n\n", env!("CARGO_PKG_VERSION"));
        for (name, value) in lines {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {name:NAME_WIDTH$}  {value}");
        }
        let next = match self.beginning {
            Beginning::Formed => "Open the chat page and sign up.",
            Beginning::Joined | Beginning::Resumed => "Open the chat page and log in.",
        };
        let _ = writeln!(text, "\n{next} Ctrl-C stops the node; what was acknowledged stays.");
        if self.nodes == 1 {
            text.push_str(&self.how_to_grow());
        }
        text
    }

    fn beginning(&self) -> String {
        match (self.beginning, self.nodes) {
            (Beginning::Formed, 0 | 1) => "formed just now".to_owned(),
            (Beginning::Formed, nodes) => format!("formed just now by {nodes} nodes"),
            (Beginning::Joined, nodes) => format!("joined just now, {nodes} nodes"),
            (Beginning::Resumed, _) => "goes on with the data it had".to_owned(),
        }
    }

    /// The commands that make three nodes of this one: its data then survives the loss of any of them.
    fn how_to_grow(&self) -> String {
        let mut text = "\nOne node holds everything. Two more, and any of them may die:\n".to_owned();
        if !self.peer.ip().is_loopback() {
            text.push_str(
                "  on each of two other machines, with the same peer.secret; THIS is the name of this machine, OTHER of \
                 the other:\n",
            );
            let _ = writeln!(
                text,
                "  madang serve --http-listen 0.0.0.0:{} --peer-listen 0.0.0.0:{} --peer-advertise OTHER:{} --seeds \
                 THIS:{}",
                self.listen.port(),
                self.peer.port(),
                self.peer.port(),
                self.peer.port()
            );
            return text;
        }
        for number in 2..=3 {
            let port = |first: u16| first.saturating_add(number - 1);
            let _ = writeln!(
                text,
                "  madang serve --data-dir {}-{number} --http-listen 127.0.0.1:{} --peer-listen 127.0.0.1:{} \
                 --seeds {}",
                self.data.display(),
                port(self.listen.port()),
                port(self.peer.port()),
                self.peer
            );
        }
        text.push_str("(or all at once, to try it out: `madang dev`)\n");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banner(listen: &str, peer: &str, nodes: usize, beginning: Beginning) -> String {
        banner_of("http", listen, peer, nodes, beginning)
    }

    fn banner_of(scheme: &str, listen: &str, peer: &str, nodes: usize, beginning: Beginning) -> String {
        let banner = Banner {
            listen: listen.parse().unwrap(),
            scheme,
            peer: peer.parse().unwrap(),
            data: Path::new("/var/lib/madang"),
            node: 1,
            cluster: "5eed",
            nodes,
            beginning,
            settings: "defaults",
        };
        banner.text()
    }

    #[test]
    fn the_banner_names_every_door_in_one_column() {
        let text = banner("127.0.0.1:7300", "127.0.0.1:7400", 3, Beginning::Formed);
        let expected = "
  chat page   http://127.0.0.1:7300/
  cluster     http://127.0.0.1:7300/cluster
  WebSocket   ws://127.0.0.1:7300/v1/ws
  API docs    http://127.0.0.1:7300/v1/docs
  metrics     http://127.0.0.1:7300/metrics
  nodes       127.0.0.1:7400  (other nodes, and `madang status`)
  data        /var/lib/madang
  node        1 of cluster 5eed, formed just now by 3 nodes
  settings    defaults

Open the chat page and sign up. Ctrl-C stops the node; what was acknowledged stays.
";
        assert!(text.ends_with(expected), "{text}");
        let resumed = banner("127.0.0.1:7300", "127.0.0.1:7400", 3, Beginning::Resumed);
        assert!(resumed.contains("goes on with the data it had"), "{resumed}");
        let joined = banner("127.0.0.1:7300", "127.0.0.1:7400", 3, Beginning::Joined);
        assert!(joined.contains("joined just now, 3 nodes"), "{joined}");
    }

    #[test]
    fn an_address_that_means_all_is_shown_as_one_that_opens() {
        let text = banner("0.0.0.0:80", "0.0.0.0:81", 3, Beginning::Formed);
        assert!(text.contains("http://127.0.0.1:80/  (and at this machine's other addresses)\n"), "{text}");
        assert!(text.contains("  nodes       127.0.0.1:81  "), "{text}");
        let text = banner("[::]:80", "[::1]:81", 3, Beginning::Formed);
        assert!(text.contains("ws://[::1]:80/v1/ws\n"), "{text}");
    }

    #[test]
    fn a_node_that_speaks_tls_says_so() {
        let text = banner_of("https", "127.0.0.1:7300", "127.0.0.1:7400", 3, Beginning::Formed);
        assert!(text.contains("  chat page   https://127.0.0.1:7300/\n"), "{text}");
        assert!(text.contains("  WebSocket   wss://127.0.0.1:7300/v1/ws\n"), "{text}");
    }

    #[test]
    fn a_single_node_says_how_to_become_three() {
        let text = banner("127.0.0.1:7300", "127.0.0.1:7400", 1, Beginning::Formed);
        let third = "  madang serve --data-dir /var/lib/madang-3 --http-listen 127.0.0.1:7302 --peer-listen \
                     127.0.0.1:7402 --seeds 127.0.0.1:7400\n";
        assert!(text.contains("formed just now\n") && text.contains(third), "{text}");
        let text = banner("0.0.0.0:7300", "0.0.0.0:7400", 1, Beginning::Resumed);
        assert!(text.contains("--peer-advertise OTHER:7400 --seeds THIS:7400\n"), "{text}");
    }
}
