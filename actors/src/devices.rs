//! Which of a user's devices are connected, to whichever node. Asked when somebody wants to know, never kept: it
//! is wanted rarely, and a list of all devices of a cluster would cost every connect.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all, ready};
use madang_cluster::{PeerService, Service};
use madang_storage::id::{SessionId, UserId};

use crate::presence::Roster;
use crate::truth::Truth;

/// Whether a device has a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connected {
    /// To some node, now.
    Yes,
    /// To none that answers.
    No,
}

/// Asks all nodes for a user's devices. Clones share everything.
#[derive(Clone)]
pub struct Devices {
    truth: Arc<dyn Truth>,
    roster: Roster,
}

impl Devices {
    /// Over the nodes of `truth`; `roster` knows the devices here.
    pub(crate) fn new(truth: Arc<dyn Truth>, roster: Roster) -> Self {
        truth.serve(Service::DEVICES, Arc::new(DevicesForPeers(roster.clone())));
        Self { truth, roster }
    }

    /// The sessions of a user that are connected now. A node that does not answer has none.
    pub async fn connected(&self, user: &UserId) -> BTreeSet<SessionId> {
        let nodes: Vec<u64> = self.truth.linked().borrow().iter().copied().collect();
        let asked = nodes.into_iter().map(|node| {
            let question = Bytes::copy_from_slice(user.as_str().as_bytes());
            self.truth.request(node, Service::DEVICES, question)
        });
        let mut connected: BTreeSet<SessionId> = self.roster.sessions_of(user).into_iter().collect();
        for answer in join_all(asked).await.into_iter().flatten() {
            match rmp_serde::from_slice::<Vec<SessionId>>(&answer) {
                Ok(sessions) => connected.extend(sessions),
                Err(error) => tracing::warn!(%error, "a node says something odd about devices"),
            }
        }
        connected
    }
}

/// The devices of this node, for other nodes. Shape: the user's id; answered by a MessagePack array of session
/// ids.
struct DevicesForPeers(Roster);

impl PeerService for DevicesForPeers {
    fn request(&self, _from: u64, payload: Bytes) -> BoxFuture<'static, Result<Bytes, String>> {
        let user = std::str::from_utf8(&payload).map_err(|error| error.to_string());
        let user = user.and_then(|text| UserId::parse(text).map_err(|error| error.to_string()));
        let answer = user.and_then(|user| {
            let sessions = self.0.sessions_of(&user);
            rmp_serde::to_vec(&sessions).map(Bytes::from).map_err(|error| error.to_string())
        });
        ready(answer).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakeCluster, user};
    use crate::yard::run;

    #[test]
    fn devices_of_all_nodes_are_found_and_a_node_that_is_gone_has_none() {
        run(async {
            let (one, two) = (FakeCluster::of_node(1, 1), FakeCluster::of_node(2, 1));
            one.link(&two);
            let (here, there) = (Roster::new(1), Roster::new(1));
            let devices = Devices::new(one.clone(), here.clone());
            let _elsewhere = Devices::new(two.clone(), there.clone());
            let (minji, phone, desk) = (user("minji"), SessionId([1; 16]), SessionId([2; 16]));
            here.enter(&minji, phone, 0);
            there.enter(&minji, desk, 0);
            there.enter(&user("jun"), SessionId([3; 16]), 0);
            assert_eq!(devices.connected(&minji).await, BTreeSet::from([phone, desk]));
            one.unlink(&two);
            assert_eq!(devices.connected(&minji).await, BTreeSet::from([phone]));
            here.leave(&minji, phone, 0);
            assert!(devices.connected(&minji).await.is_empty());
        });
    }
}
