//! The process around a node: threads, signals, banner, ready file, exit.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::banner::Banner;
use super::node::Node;
use crate::config::Live;
use crate::config::address::reachable;
use crate::telemetry::Ready;

/// What the shell reports for a program ended by SIGINT.
const EXIT_INTERRUPTED: i32 = 130;

/// What `madang serve` needs to know.
pub struct Serve {
    /// The settings.
    pub config: Live,
    /// Where the settings came from, in words.
    pub settings: String,
    /// Where to write the node's address once it is ready.
    pub ready_file: Option<PathBuf>,
    /// Called on SIGHUP: read the settings again.
    pub on_hangup: Box<dyn Fn() + Send>,
}

/// Runs a node until a signal ends it or its disk fails.
///
/// # Errors
/// The node did not start, the disk failed, or it did not stop cleanly: all reasons to exit non-zero.
pub fn serve(serve: Serve) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("madang-core")
        .enable_all()
        .build()
        .context("starting threads")?;
    let ended = runtime.block_on(run(serve));
    // What still runs is cut off: all that was acknowledged is on disk.
    runtime.shutdown_background();
    ended
}

async fn run(serve: Serve) -> anyhow::Result<()> {
    let mut signals = Signals::new()?;
    let config = serve.config.get();
    tokio::select! {
        node = Node::start(serve.config.clone()) => {
            run_node(node?, &serve, &mut signals).await
        }
        name = signals.end(&serve.on_hangup) => bail!("{name} while starting"),
    }
    .with_context(|| format!("data folder {}", config.node.data_dir.display()))
}

async fn run_node(mut node: Node, serve: &Serve, signals: &mut Signals) -> anyhow::Result<()> {
    let mut ready = node.readiness().subscribe();
    let removed = node.removed();
    tokio::pin!(removed);
    let mut announced = false;
    let why = loop {
        tokio::select! {
            name = signals.end(&serve.on_hangup) => break name,
            () = &mut removed => break "removed from the cluster: the data folder is of no use any more",
            error = node.fenced() => {
                node.readiness().set(Ready::Failing(error.to_string()));
                tracing::error!(%error, "the disk failed: ending, so that nothing is promised any more");
                bail!("the disk failed: {error}");
            }
            Ok(_) = ready.wait_for(|ready| *ready == Ready::Ready), if !announced => {
                announce(&node, serve)?;
                announced = true;
            }
        }
    };
    let config = serve.config.get();
    let grace = Duration::from_millis(config.node.shutdown_grace_ms);
    tracing::info!(why, grace_ms = grace.as_millis(), "stopping; once more to stop at once");
    remove(serve.ready_file.as_deref());
    tokio::select! {
        stopped = node.stop(grace) => {
            stopped.context("the last checkpoint")?;
            tracing::info!("stopped");
            Ok(())
        }
        _ = signals.end(&serve.on_hangup) => std::process::exit(EXIT_INTERRUPTED),
    }
}

/// Says where the node is, to people and to scripts.
fn announce(node: &Node, serve: &Serve) -> anyhow::Result<()> {
    let (cluster, id) = node.identity();
    let config = serve.config.get();
    let data = &config.node.data_dir;
    // One setting, one address.
    let listen = node.addresses().first().copied().unwrap_or(config.http.listen);
    let banner = Banner {
        listen,
        scheme: config.http.scheme(),
        peer: node.peer_address(),
        data: &std::path::absolute(data).unwrap_or_else(|_| data.clone()),
        node: id,
        cluster: &cluster,
        nodes: node.nodes(),
        beginning: node.beginning(),
        settings: &serve.settings,
    };
    let mut out = std::io::stdout().lock();
    // Nobody reading is no reason not to serve.
    let _ = out.write_all(banner.text().as_bytes());
    let _ = out.flush();
    if let Some(path) = &serve.ready_file {
        let url = format!("{}://{}", config.http.scheme(), reachable(listen));
        let peer = reachable(node.peer_address()).to_string();
        let about = serde_json::json!({ "http": url, "peer": peer, "node": id, "pid": std::process::id() });
        write_whole(path, &format!("{about}\n")).with_context(|| format!("ready file {}", path.display()))?;
    }
    Ok(())
}

/// Whoever waits for the file never sees half of it.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    std::fs::write(&unfinished, text)?;
    std::fs::rename(&unfinished, path)
}

fn remove(ready_file: Option<&Path>) {
    if let Some(path) = ready_file
        && let Err(error) = std::fs::remove_file(path)
    {
        tracing::debug!(%error, "the ready file is not there any more");
    }
}

/// The signals a node knows.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let on = |kind| signal(kind).context("listening to signals");
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
            hangup: on(SignalKind::hangup())?,
        })
    }

    /// Waits for a signal that ends the node.
    async fn end(&mut self, on_hangup: &(dyn Fn() + Send)) -> &'static str {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.hangup.recv() => on_hangup(),
            }
        }
    }
}
