//! A line between two nodes that can be stopped in either direction, as a dead peer, a stopped one or a
//! firewall does it: nothing is forwarded and nothing is closed.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A direction of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Open,
    Stopped,
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    /// From who dialled to who is behind.
    pub(crate) forth: Arc<watch::Sender<Flow>>,
    pub(crate) back: Arc<watch::Sender<Flow>>,
}

impl Proxy {
    pub(crate) async fn before(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (forth, back) =
            (Arc::new(watch::Sender::new(Flow::Open)), Arc::new(watch::Sender::new(Flow::Open)));
        let (forth_seen, back_seen) = (Arc::clone(&forth), Arc::clone(&back));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(behind).await else { continue };
                near.set_nodelay(true).unwrap();
                far.set_nodelay(true).unwrap();
                let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
                tokio::spawn(pump(near_read, far_write, forth_seen.subscribe()));
                tokio::spawn(pump(far_read, near_write, back_seen.subscribe()));
            }
        });
        Self { address, forth, back }
    }

    /// Stops or opens both directions.
    pub(crate) fn both(&self, flow: Flow) {
        Self::set(&self.forth, flow);
        Self::set(&self.back, flow);
    }

    /// Stops or opens one direction.
    pub(crate) fn set(direction: &watch::Sender<Flow>, flow: Flow) {
        direction.send_replace(flow);
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut flow: watch::Receiver<Flow>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        if flow.wait_for(|flow| *flow == Flow::Open).await.is_err() {
            return;
        }
        let read = tokio::select! {
            // Stopped while waiting for bytes: those that come now must wait.
            _ = flow.wait_for(|flow| *flow == Flow::Stopped) => continue,
            read = from.read(&mut buffer) => read,
        };
        match read {
            Ok(read) if read > 0 && to.write_all(&buffer[..read]).await.is_ok() => {}
            _ => return,
        }
    }
}
