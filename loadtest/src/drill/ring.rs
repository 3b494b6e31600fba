//! The nodes of a drill, all on this machine, each at an address of its own. Dropping it kills them and
//! removes what they wrote.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

use super::node::{LocalNode, SECRET};
use super::standing::Standing;
use crate::client::{Nodes, http_builder, trust};
use crate::meters::LinkBytes;

/// How long the nodes may take to be well, also after a death.
const WELL_WITHIN: Duration = Duration::from_secs(120);
/// How long a node may take to stop in good order.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
/// How long one question may take.
const ASK_WITHIN: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What becomes of the nodes' folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traces {
    /// They are removed.
    Removed,
    /// They stay, and it is said where.
    Kept,
}

/// Nodes on this machine.
#[derive(Debug)]
pub(super) struct Ring {
    madang: PathBuf,
    nodes: Vec<LocalNode>,
    http: reqwest::Client,
    /// Last, so that it goes after the nodes.
    home: TempDir,
}

impl Ring {
    /// Places for so many nodes, none of them started.
    pub(super) fn prepare(madang: &Path, nodes: usize, traces: Traces) -> anyhow::Result<Self> {
        let madang = madang.canonicalize().with_context(|| format!("no binary {}", madang.display()))?;
        let mut home = tempfile::Builder::new().prefix("madang-drill-").tempdir()?;
        if traces == Traces::Kept {
            home.disable_cleanup(true);
            eprintln!("the nodes' data and logs stay in {}", home.path().display());
        }
        let [low, high, ..] = std::process::id().to_le_bytes();
        let mut places = (1..255_u8).map(|last| {
            // 127.0.0.x is what people use by hand.
            let address = Ipv4Addr::new(127, 2 + high % 250, low, last);
            LocalNode::new(address, home.path(), &format!("node-{last}"))
        });
        let nodes: Vec<_> = places.by_ref().filter(LocalNode::is_free).take(nodes).collect();
        let http = http_builder()?.timeout(ASK_WITHIN).build()?;
        Ok(Self { madang, nodes, http, home })
    }

    /// From their next start on all nodes speak TLS with clients, each with a certificate of its own, which the
    /// clients of this process trust.
    pub(super) fn secure(&mut self) -> anyhow::Result<()> {
        for node in &mut self.nodes {
            trust(node.secure()?)?;
        }
        // It must trust them too.
        self.http = http_builder()?.timeout(ASK_WITHIN).build()?;
        Ok(())
    }

    /// So many nodes that are one cluster, and well.
    pub(super) async fn form(madang: &Path, nodes: usize, traces: Traces) -> anyhow::Result<Self> {
        let mut ring = Self::prepare(madang, nodes, traces)?;
        let seeds = if nodes > 1 { ring.peers() } else { Vec::new() };
        for index in 0..nodes {
            ring.start(index, &seeds)?;
        }
        ring.wait_well(nodes).await?;
        Ok(ring)
    }

    /// The clients' list of the first so many nodes.
    pub(super) fn nodes(&self, first: usize) -> anyhow::Result<Nodes> {
        let urls: Vec<String> = self.nodes.iter().take(first).map(LocalNode::url).collect();
        Ok(urls.join(",").parse()?)
    }

    /// Where the nodes reach each other.
    pub(super) fn peers(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.peer.to_string()).collect()
    }

    /// The process ids of all that run.
    pub(super) fn pids(&self) -> Vec<u32> {
        self.nodes.iter().filter_map(LocalNode::pid).collect()
    }

    /// Starts a node, for the first time or again, and does not wait.
    pub(super) fn start(&mut self, index: usize, seeds: &[String]) -> anyhow::Result<()> {
        let madang = self.madang.clone();
        self.node(index)?.start(&madang, seeds)
    }

    /// `kill -9`. Answers the moment before.
    pub(super) fn kill(&mut self, index: usize) -> anyhow::Result<Instant> {
        self.node(index)?.kill()
    }

    /// SIGTERM, and waits for the end. Answers the moment before.
    pub(super) async fn stop(&mut self, index: usize) -> anyhow::Result<Instant> {
        let at = Instant::now();
        self.node(index)?.ask_to_stop()?;
        self.ended(index).await?;
        Ok(at)
    }

    /// Waits until a node that was asked to has ended in good order.
    pub(super) async fn ended(&mut self, index: usize) -> anyhow::Result<()> {
        let node = self.node(index)?;
        let status = node.ended(STOPPED_WITHIN).await?;
        if !status.success() {
            bail!("{} was asked to stop and ended with {status}", node.http);
        }
        Ok(())
    }

    /// `madang leave`: the cluster takes everything from a node and forgets it. Begins, and does not wait.
    pub(super) fn ask_to_leave(&mut self, index: usize) -> anyhow::Result<()> {
        let home = self.home.path().to_owned();
        let mut command = Command::new(&self.madang);
        command.arg("leave").arg("--no-wait").args(["--node", &self.node(index)?.peer.to_string()]);
        command.env("MADANG_PEER__SECRET", SECRET).current_dir(home).stdin(Stdio::null());
        let said = command.output()?;
        if !said.status.success() {
            bail!("madang leave: {}", String::from_utf8_lossy(&said.stderr));
        }
        Ok(())
    }

    /// How the cluster stands, as that node sees it.
    async fn standing(&self, index: usize) -> anyhow::Result<Standing> {
        let node = self.nodes.get(index).context("no such node")?;
        let asked = self.http.get(format!("{}/v1/cluster", node.url())).bearer_auth(SECRET).send().await?;
        Ok(asked.error_for_status()?.json().await?)
    }

    /// Waits until all that run are ready for clients and say that the cluster is well with so many nodes.
    pub(super) async fn wait_well(&mut self, nodes: usize) -> anyhow::Result<()> {
        let deadline = Instant::now() + WELL_WITHIN;
        while let Some(lack) = self.lack(nodes).await? {
            if Instant::now() >= deadline {
                bail!("the cluster is not well within {WELL_WITHIN:?}: {lack}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// What keeps the nodes that run from being well; an error if one of them has ended.
    pub(super) async fn lack(&mut self, nodes: usize) -> anyhow::Result<Option<String>> {
        for index in 0..self.nodes.len() {
            let node = self.node(index)?;
            if node.pid().is_none() {
                continue;
            }
            node.check_runs()?;
            if !self.is_ready(index).await? {
                return Ok(Some(format!("node {} is not ready", index + 1)));
            }
            if let Some(lack) = self.lack_seen_by(index, nodes).await {
                return Ok(Some(lack));
            }
        }
        Ok(None)
    }

    /// Whether a node says that it is ready for clients.
    pub(super) async fn is_ready(&self, index: usize) -> anyhow::Result<bool> {
        let node = self.nodes.get(index).context("no such node")?;
        let answer = self.http.get(format!("{}/readyz", node.url())).send().await;
        Ok(answer.is_ok_and(|answer| answer.status().is_success()))
    }

    /// Where a node keeps its data.
    pub(super) fn data_folder(&self, index: usize) -> anyhow::Result<PathBuf> {
        Ok(self.nodes.get(index).context("no such node")?.data_folder())
    }

    /// What keeps the cluster from being well with so many nodes, as that node sees it.
    pub(super) async fn lack_seen_by(&self, index: usize, nodes: usize) -> Option<String> {
        match self.standing(index).await {
            Ok(standing) => standing.lack(nodes),
            Err(error) => Some(error.to_string()),
        }
    }

    /// The shards that a node leads, and how many there are.
    pub(super) async fn led_by(&self, index: usize) -> anyhow::Result<(BTreeSet<u16>, u16)> {
        let standing = self.standing(index).await?;
        let peer = self.nodes.get(index).context("no such node")?.peer.to_string();
        let node = standing.node_at(&peer).context("a node that does not know itself")?;
        Ok((standing.led_by(node), standing.shards()))
    }

    /// What each node that runs has sent to others since it started; by index.
    pub(super) async fn link_bytes(&self) -> Vec<Option<LinkBytes>> {
        let mut all = Vec::new();
        for node in &self.nodes {
            all.push(match node.pid() {
                Some(_) => LinkBytes::of(&node.url()).await,
                None => None,
            });
        }
        all
    }

    fn node(&mut self, index: usize) -> anyhow::Result<&mut LocalNode> {
        self.nodes.get_mut(index).with_context(|| format!("there is no node {}", index + 1))
    }
}
