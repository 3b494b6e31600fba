//! What a chat costs: CPU time, and bytes between nodes.

use std::time::Duration;

use super::run::ChatOptions;
use crate::meters::LinkBytes;
use crate::process::{cpu_time, own_cpu_time};

/// What was used since everything began, or between two moments.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// CPU time of all servers.
    pub(super) servers: Option<Duration>,
    /// CPU time of the load test.
    pub(super) own: Option<Duration>,
    /// What the nodes sent to each other.
    pub(super) links: Option<LinkBytes>,
}

impl Usage {
    /// Up to now.
    pub(super) async fn now(options: &ChatOptions) -> Self {
        let servers = options.server_pids.iter().map(|pid| cpu_time(*pid)).sum::<Option<Duration>>();
        Self {
            servers: servers.filter(|_| !options.server_pids.is_empty()),
            own: own_cpu_time(),
            links: LinkBytes::of_all(options.nodes.iter()).await,
        }
    }

    /// From then to this.
    pub(super) fn since(self, before: Self) -> Self {
        let used = |before: Option<Duration>, after: Option<Duration>| after?.checked_sub(before?);
        Self {
            servers: used(before.servers, self.servers),
            own: used(before.own, self.own),
            links: self.links.zip(before.links).map(|(after, before)| after - before),
        }
    }
}
