//! What `madang serve` says on standard output once clients can come: where everything is, and what to do
//! next. Plain text, whoever reads it.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use madang_cluster::Beginning;

/// Width of the column of names.
const NAME_WIDTH: usize = 10;

/// A running node, as far as the banner tells.
pub(super) struct Banner<'a> {
    /// Where it listens, with the real port.
    pub(super) listen: SocketAddr,
    /// Where its data is.
    pub(super) data: &'a Path,
    /// Its id.
    pub(super) node: u64,
    /// Its cluster's id.
    pub(super) cluster: &'a str,
    /// Whether the data is new.
    pub(super) beginning: Beginning,
    /// Where its settings came from.
    pub(super) settings: &'a str,
}

impl Banner<'_> {
    /// The whole text.
    pub(super) fn text(&self) -> String {
        let at = reachable(self.listen);
        let others = if at == self.listen { "" } else { "  (and at this machine's other addresses)" };
        let beginning = match self.beginning {
            Beginning::Formed => "formed just now",
            Beginning::Resumed => "goes on with the data it had",
        };
        let lines = [
            ("chat page", format!("http://{at}/{others}")),
            ("WebSocket", format!("ws://{at}/v1/ws")),
            ("API docs", format!("http://{at}/v1/docs")),
            ("metrics", format!("http://{at}/metrics")),
            ("data", self.data.display().to_string()),
            ("node", format!("{} of cluster {}, {beginning}", self.node, self.cluster)),
            ("settings", self.settings.to_owned()),
        ];
        let mut text = format!("madang {} is ready.\n\n", env!("CARGO_PKG_VERSION"));
        for (name, value) in lines {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  {name:NAME_WIDTH$}  {value}");
        }
        let next = match self.beginning {
            Beginning::Formed => "Open the chat page and sign up.",
            Beginning::Resumed => "Open the chat page and log in.",
        };
        let _ = writeln!(text, "\n{next} Ctrl-C stops the node; what was acknowledged stays.");
        text
    }
}

/// An address that can be opened on this machine: "all addresses" cannot.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banner(listen: &str, beginning: Beginning) -> String {
        let banner = Banner {
            listen: listen.parse().unwrap(),
            data: Path::new("/var/lib/madang"),
            node: 1,
            cluster: "5eed",
            beginning,
            settings: "defaults",
        };
        banner.text()
    }

    #[test]
    fn the_banner_names_every_door_in_one_column() {
        let text = banner("127.0.0.1:7300", Beginning::Formed);
        let expected = "
  chat page   http://127.0.0.1:7300/
  WebSocket   ws://127.0.0.1:7300/v1/ws
  API docs    http://127.0.0.1:7300/v1/docs
  metrics     http://127.0.0.1:7300/metrics
  data        /var/lib/madang
  node        1 of cluster 5eed, formed just now
  settings    defaults

Open the chat page and sign up.";
        assert!(text.contains(expected), "{text}");
        assert!(banner("127.0.0.1:7300", Beginning::Resumed).contains("goes on with the data it had"));
    }

    #[test]
    fn an_address_that_means_all_is_shown_as_one_that_opens() {
        let text = banner("0.0.0.0:80", Beginning::Formed);
        assert!(text.contains("http://127.0.0.1:80/  (and at this machine's other addresses)\n"), "{text}");
        assert!(banner("[::]:80", Beginning::Formed).contains("ws://[::1]:80/v1/ws\n"));
    }
}
