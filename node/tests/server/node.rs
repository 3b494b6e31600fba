//! A node for one test: a folder of its own, a free port, cheap passwords.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use madang_node::config::{Config, Live};
use madang_node::serve::{Node, StartError};
use madang_node::telemetry::Ready;
use madang_storage::StorageError;
use tempfile::TempDir;

use crate::client::Client;

/// Nothing in a test takes longer, also on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse";

/// A running node and its folder.
pub(crate) struct TestNode {
    folder: Arc<TempDir>,
    node: Node,
    pub(crate) host: String,
}

impl TestNode {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(Arc::new(TempDir::new().unwrap()), change).await
    }

    pub(crate) async fn start_in(folder: Arc<TempDir>, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.node.data_dir = folder.path().join("data");
        config.node.shutdown_grace_ms = 2_000;
        config.http.listen = ([127, 0, 0, 1], 0).into();
        config.http.workers = 2;
        config.peer.listen = ([127, 0, 0, 1], 0).into();
        config.auth.argon2_memory_kib = 64;
        config.auth.argon2_iterations = 1;
        config.raft.shards = 4;
        change(&mut config);
        Self::run(folder, start(Live::fixed(config)).await).await
    }

    /// Like [`start_with`](Self::start_with), with settings that are read again when the other side says so.
    pub(crate) async fn start_live(live: impl FnOnce(&Path) -> Live) -> Self {
        let folder = Arc::new(TempDir::new().unwrap());
        let live = live(&folder.path().join("data"));
        Self::run(folder, start(live).await).await
    }

    async fn run(folder: Arc<TempDir>, node: Node) -> Self {
        let host = node.addresses()[0].to_string();
        let mut ready = node.readiness().subscribe();
        tokio::time::timeout(LIMIT, ready.wait_for(|ready| *ready == Ready::Ready)).await.unwrap().unwrap();
        Self { folder, node, host }
    }

    /// Stops in good order and gives the folder back.
    pub(crate) async fn stop(self) -> Arc<TempDir> {
        self.node.stop(Duration::from_secs(2)).await.unwrap();
        self.folder
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// Somebody new, connected.
    pub(crate) async fn newcomer(&self, user: &str) -> Client {
        let mut client = Client::open(self).await;
        let login = client.ask("sign_up", serde_json::json!({ "user": user, "password": PASSWORD })).await;
        client.connect(login["token"].as_str().unwrap()).await;
        client
    }

    /// Somebody known, on another device.
    pub(crate) async fn again(&self, user: &str) -> Client {
        let mut client = Client::open(self).await;
        let login = client.ask("login", serde_json::json!({ "user": user, "password": PASSWORD })).await;
        client.connect(login["token"].as_str().unwrap()).await;
        client
    }
}

/// The last threads of a node that was stopped in this process let go of its folder a little later.
async fn start(live: Live) -> Node {
    let started = async {
        loop {
            match Node::start(live.clone()).await {
                Err(StartError::Storage(StorageError::Locked { .. })) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Ok(node) => return node,
                Err(error) => panic!("{error}"),
            }
        }
    };
    tokio::time::timeout(LIMIT, started).await.expect("the folder to be free")
}
