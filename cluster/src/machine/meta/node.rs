//! Who is part of the cluster: joining, meeting again, draining, leaving, gone.

use super::check;
use super::row::{MetaRow, NodeRow, NodeState};
use crate::command::{MetaRefusal, NewNode};
use crate::replica::NODE_MAX;

/// Nodes that are not gone.
pub(super) const NODES_MAX: usize = 64;
/// Nodes that are gone and still remembered by row; older ones are known by their id alone.
pub(super) const GONE_MAX: usize = 256;
const ADDRESS_BYTES_MAX: u64 = 255;
const ZONE_BYTES_MAX: u64 = 64;
const WEIGHT_MAX: u64 = 10_000;

/// The first node. Answers its id.
pub(super) fn form(row: &mut MetaRow, node: &NewNode, at_ms: u64) -> Result<u64, MetaRefusal> {
    check_node(node)?;
    Ok(take_in(row, node, NodeState::Up, at_ms))
}

/// A node with an empty data directory. Answers its id; a repeat gets the same.
pub(super) fn join(row: &mut MetaRow, node: &NewNode, at_ms: u64) -> Result<u64, MetaRefusal> {
    check_node(node)?;
    let same_data = row.nodes.iter().find(|(_, known)| known.incarnation == node.incarnation);
    if let Some((&id, known)) = same_data {
        return if known.state == NodeState::Gone { Err(MetaRefusal::NodeGone { node: id }) } else { Ok(id) };
    }
    let replaced = replaced_by(row, node)?;
    if row.next_node > NODE_MAX {
        return Err(MetaRefusal::ClusterFull { max: NODE_MAX });
    }
    if row.alive().count() - usize::from(replaced.is_some()) >= NODES_MAX {
        return Err(MetaRefusal::ClusterFull { max: NODES_MAX as u64 });
    }
    if let Some(replaced) = replaced {
        bury(row, replaced, at_ms);
    }
    Ok(take_in(row, node, NodeState::Joining, at_ms))
}

/// A known node has started again, or for the first time.
pub(super) fn meet(row: &mut MetaRow, id: u64, now: &NewNode, at_ms: u64) -> Result<(), MetaRefusal> {
    check_node(now)?;
    let known = live(row, id)?;
    if known.incarnation != now.incarnation {
        return Err(MetaRefusal::OtherData { node: id });
    }
    let state = match known.state {
        // Who has just come back may go again: the controller says when it has been there for long enough.
        NodeState::Leaving | NodeState::Away => known.state,
        NodeState::Joining | NodeState::Up | NodeState::Draining | NodeState::Gone => NodeState::Up,
    };
    let since_ms = if known.state == state { known.since_ms } else { at_ms };
    // Another node may be known at this address: machines that swap addresses do so one after the other,
    // and a link proves whom it has reached.
    *known = NodeRow { since_ms, ..node_row(now, state, at_ms) };
    Ok(())
}

/// An operator's wish, or what the controller sees.
pub(super) fn set_state(row: &mut MetaRow, id: u64, to: NodeState, at_ms: u64) -> Result<(), MetaRefusal> {
    use NodeState::{Away, Draining, Gone, Joining, Leaving, Up};
    let from = live(row, id)?.state;
    match (from, to) {
        (from, to) if from == to => return Ok(()),
        (Joining | Up | Draining | Away, Leaving) => check_not_last(row, id)?,
        (Up, Draining) | (Draining | Leaving | Away, Up) => {}
        (Up | Draining, Away) => check_not_last(row, id)?,
        (Joining | Up | Draining | Leaving | Gone | Away, _) => {
            return Err(MetaRefusal::Transition { node: id, from, to });
        }
    }
    let known = live(row, id)?;
    (known.state, known.since_ms) = (to, at_ms);
    Ok(())
}

/// A node is dead, or has handed over everything.
pub(super) fn remove(row: &mut MetaRow, id: u64, at_ms: u64) -> Result<(), MetaRefusal> {
    match row.state_of(id) {
        None => Err(MetaRefusal::NoNode { node: id }),
        Some(NodeState::Gone) => Ok(()),
        Some(_) => {
            check_not_last(row, id)?;
            bury(row, id, at_ms);
            Ok(())
        }
    }
}

/// The node that a newcomer replaces: the one that was known at its address.
fn replaced_by(row: &MetaRow, newcomer: &NewNode) -> Result<Option<u64>, MetaRefusal> {
    let at_address =
        row.alive().filter(|(_, known)| !newcomer.peer.is_empty() && known.peer == newcomer.peer);
    let ids: Vec<u64> = at_address.map(|(id, _)| id).collect();
    match ids.as_slice() {
        [] => Ok(None),
        // Two at one address is a mistake, and the last node's data would go with it.
        [node] if check_not_last(row, *node).is_ok() => Ok(Some(*node)),
        [node, ..] => Err(MetaRefusal::AddressTaken { node: *node, peer: newcomer.peer.clone() }),
    }
}

/// Refuses if nobody else could take over what the node holds.
fn check_not_last(row: &MetaRow, id: u64) -> Result<(), MetaRefusal> {
    let serves = |state| matches!(state, NodeState::Up | NodeState::Draining);
    let others = row.alive().any(|(other, known)| other != id && serves(known.state));
    if others { Ok(()) } else { Err(MetaRefusal::LastNode { node: id }) }
}

fn live(row: &mut MetaRow, id: u64) -> Result<&mut NodeRow, MetaRefusal> {
    match row.state_of(id) {
        None => Err(MetaRefusal::NoNode { node: id }),
        Some(NodeState::Gone) => Err(MetaRefusal::NodeGone { node: id }),
        Some(_) => row.nodes.get_mut(&id).ok_or(MetaRefusal::NoNode { node: id }),
    }
}

fn take_in(row: &mut MetaRow, node: &NewNode, state: NodeState, at_ms: u64) -> u64 {
    let id = row.next_node;
    row.next_node += 1;
    row.nodes.insert(id, node_row(node, state, at_ms));
    id
}

/// The node is gone. Its addresses are forgotten, its incarnation is kept, so that its data is told that it
/// cannot come back; of very many such rows the oldest go.
fn bury(row: &mut MetaRow, id: u64, at_ms: u64) {
    if let Some(known) = row.nodes.get_mut(&id) {
        known.state = NodeState::Gone;
        known.since_ms = at_ms;
        known.peer.clear();
        known.http.clear();
        known.zone.clear();
    }
    let gone = row.nodes.iter().filter(|(_, known)| known.state == NodeState::Gone);
    let ids: Vec<u64> = gone.map(|(id, _)| *id).collect();
    for forgotten in ids.iter().take(ids.len().saturating_sub(GONE_MAX)) {
        row.nodes.remove(forgotten);
    }
}

fn node_row(node: &NewNode, state: NodeState, since_ms: u64) -> NodeRow {
    let NewNode { incarnation, peer, http, zone, weight, protocol } = node.clone();
    NodeRow { incarnation, state, peer, http, zone, weight, protocol, since_ms }
}

fn check_node(node: &NewNode) -> Result<(), MetaRefusal> {
    check("the bytes of a peer address", node.peer.len() as u64, 0, ADDRESS_BYTES_MAX)?;
    check("the bytes of a client address", node.http.len() as u64, 0, ADDRESS_BYTES_MAX)?;
    check("the bytes of a zone", node.zone.len() as u64, 0, ZONE_BYTES_MAX)?;
    check("a node's weight", u64::from(node.weight), 1, WEIGHT_MAX)
}
