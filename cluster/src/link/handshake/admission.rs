//! Who may be linked: pure decisions about what a caller that proved the secret says of itself.

use std::collections::BTreeMap;

use super::frame::LinkRequest;
use super::refusal::Refusal;
use crate::link::identity::{Myself, PeerAddress};

/// Whether the caller may be linked. What misleads most is named first: a wrong cluster before a wrong node.
pub(in crate::link) fn admit(
    request: &LinkRequest,
    myself: Option<&Myself>,
    peers: &BTreeMap<u64, PeerAddress>,
) -> Result<(), Refusal> {
    let myself = myself.ok_or(Refusal::NotJoined)?;
    if request.cluster_id != myself.cluster_id {
        return Err(Refusal::OtherCluster {
            ours: hex(&myself.cluster_id),
            theirs: hex(&request.cluster_id),
        });
    }
    if request.shards != myself.shards {
        return Err(Refusal::OtherShards { ours: myself.shards, theirs: request.shards });
    }
    if request.dialled_node != myself.node {
        return Err(Refusal::AnotherNode { is: myself.node, meant: request.dialled_node });
    }
    if request.dialled_incarnation != myself.incarnation {
        return Err(Refusal::Replaced { node: myself.node });
    }
    if request.node == myself.node {
        return Err(Refusal::Copy { node: myself.node });
    }
    let peer = peers.get(&request.node).ok_or(Refusal::Unknown { node: request.node })?;
    if peer.incarnation != request.incarnation {
        return Err(Refusal::OtherFolder { node: request.node });
    }
    if request.node > myself.node {
        return Err(Refusal::WrongDirection { node: request.node, ours: myself.node });
    }
    Ok(())
}

fn hex(id: &[u8; 16]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
