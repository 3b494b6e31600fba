//! The other nodes as they come and go: who is linked, where they are, who leads what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::cluster::Inner;
use crate::command::{MetaOp, NewNode};
use crate::identity::Identity;
use crate::link::Lane;
use crate::machine::meta::{MetaRow, NodeState};
use crate::peer::{Answer, Known, PeerTold, Question, encode, number};
use crate::service::Leader;

/// How often nodes that are not linked are looked for at the seeds.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long a seed may take to answer.
const SEED_WITHIN: Duration = Duration::from_secs(2);
/// How long to wait before META is told again where this node is.
const MEET_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long after it said no: an operator may mend it.
const REFUSED_AGAIN_AFTER: Duration = Duration::from_secs(10);

impl Inner {
    /// A node can be reached: it hears which groups this one leads.
    pub(crate) fn linked_with(&self, node: u64) {
        self.peers.send_if_modified(|peers| peers.insert(node));
        self.tell_leads([node]);
        self.pass_on_load([node]);
    }

    /// A node cannot be reached any more. Whoever it led is led by nobody, until somebody says otherwise.
    pub(crate) fn unlinked_from(&self, node: u64) {
        self.peers.send_if_modified(|peers| peers.remove(&node));
        self.heard_leader(node, &[]);
        self.forget_load(node);
    }

    /// `node` leads these groups and no others.
    pub(crate) fn heard_leader(&self, node: u64, groups: &[u16]) {
        for hosted in &self.groups {
            if groups.contains(&hosted.id().0) {
                hosted.hear_leader(Leader::Node(node));
            } else if hosted.told_leader() == Leader::Node(node) {
                hosted.hear_leader(Leader::Unknown);
            }
        }
    }

    fn tell_leads(&self, nodes: impl IntoIterator<Item = u64>) {
        let led = self.groups.iter().filter(|hosted| hosted.leader_now() == Leader::Here);
        let Ok(told) = encode(&PeerTold::Leads(led.map(|hosted| hosted.id().0).collect())) else { return };
        for node in nodes {
            // A node that is not linked any more is told when it is again.
            let _ = self.links.tell(node, Lane::Bulk, number::TOLD, told.clone());
        }
    }

    /// What this node tells others of the cluster.
    pub(crate) fn known(&self) -> Known {
        let (row, Identity { node, cluster_id, incarnation, shards }) = (self.meta_now(), self.identity);
        let mut peers: BTreeMap<u64, (u64, String)> =
            row.alive().map(|(id, node)| (id, (node.incarnation, node.peer.clone()))).collect();
        if row.version == 0 {
            // META has not come back yet to the node that has just formed the cluster.
            peers.insert(node, (incarnation, self.links.advertised()));
        }
        Known { cluster_id, shards, node, incarnation, version: row.version, peers }
    }

    /// Whom another node knows, as long as this one has not heard META, which must come from them.
    pub(crate) fn meet_first(&self, known: &Known) {
        self.acquaintances.lock().meet(known);
        self.set_peers();
    }

    /// What this node says of itself.
    pub(crate) fn myself(&self) -> NewNode {
        describe(self.options(), &self.links, self.identity.incarnation, &self.http.borrow())
    }
}

/// What a node says of itself.
pub(crate) fn describe(
    options: &crate::options::ClusterOptions,
    links: &crate::link::Links,
    incarnation: u64,
    http: &str,
) -> NewNode {
    let peers = &options.peers;
    NewNode {
        incarnation,
        peer: links.advertised(),
        http: http.to_owned(),
        zone: peers.zone.clone(),
        weight: peers.weight,
        protocol: crate::link::PROTOCOL_VERSION,
    }
}

/// Tells all linked nodes which groups this one leads, whenever that changes.
pub(crate) async fn tell_leads(cluster: Weak<Inner>, stop: CancellationToken) {
    let Some(changed) = cluster.upgrade().map(|inner| Arc::clone(&inner.leaders_changed)) else { return };
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = changed.notified() => {}
        }
        let Some(inner) = cluster.upgrade() else { return };
        inner.tell_leads(inner.linked());
    }
}

/// Tells META where this node is: at its start, and when clients reach it elsewhere.
pub(crate) async fn introduce(cluster: Weak<Inner>, stop: CancellationToken) {
    let Some(mut http) = cluster.upgrade().map(|inner| inner.http.subscribe()) else { return };
    loop {
        http.mark_unchanged();
        let mut again_after = MEET_AGAIN_AFTER;
        let Some(inner) = cluster.upgrade() else { return };
        let meet = MetaOp::Meet { node: inner.identity.node, now: inner.myself() };
        match inner.propose_meta(meet).await {
            Ok(Ok(_)) => {
                drop(inner);
                tokio::select! {
                    () = stop.cancelled() => return,
                    changed = http.changed() => if changed.is_err() { return },
                }
                continue;
            }
            Ok(Err(refusal)) => {
                tracing::error!(%refusal, "the cluster does not take this node back");
                again_after = REFUSED_AGAIN_AFTER;
            }
            Err(error) => tracing::debug!(%error, "cannot tell the cluster where this node is"),
        }
        drop(inner);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(again_after) => {}
        }
    }
}

/// Looks for nodes that are not linked, where META has them and at the seeds: all addresses may have changed,
/// and this node may have been removed while it was away. When all are linked it asks one of them: there may be
/// nodes of which this one has not heard yet.
pub(crate) async fn look_for(cluster: Weak<Inner>, stop: CancellationToken) {
    let mut turns = interval(LOOK_EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut turn: usize = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = turns.tick() => {}
        }
        let Some(inner) = cluster.upgrade() else { return };
        let (row, linked) = (inner.meta_now(), inner.linked());
        turn = turn.wrapping_add(1);
        let peers = row.peers_of(inner.identity.node).map(|(id, node)| (id, node.peer.as_str()));
        let (there, missing): (Vec<_>, Vec<_>) = peers.partition(|(id, _)| linked.contains(id));
        // A node that has not heard META yet knows nobody but the seeds.
        let asked: BTreeSet<&str> = if missing.is_empty() && row.version > 0 {
            there.get(turn % there.len().max(1)).into_iter().map(|(_, address)| *address).collect()
        } else {
            let seeds = inner.options().peers.seeds.iter().map(String::as_str);
            missing.into_iter().map(|(_, address)| address).chain(seeds).collect()
        };
        for address in asked {
            if let Some(Answer::Member(known)) = ask(&inner.links, address, &Question::Who).await {
                inner.heard_of(known, address);
            }
        }
        if row.version > 0 {
            inner.set_peers();
        }
    }
}

impl Inner {
    /// A member of some cluster answers at this address.
    fn heard_of(&self, known: Known, address: &str) {
        let (me, row) = (self.identity.node, self.meta_now());
        if known.cluster_id != self.identity.cluster_id || known.node == me {
            return;
        }
        if row.version == 0 {
            return self.meet_first(&known);
        }
        if known.version > row.version && !known.peers.contains_key(&me) {
            // META itself no longer speaks to this node.
            let mut last = MetaRow::clone(&row);
            last.nodes.entry(me).and_modify(|node| node.state = NodeState::Gone);
            self.meta.send_replace(Arc::new(last));
        }
        self.acquaintances.lock().see(&known, address);
    }
}

/// Asks whoever listens at an address. `None`: nobody, or nothing that makes sense.
pub(crate) async fn ask(links: &crate::link::Links, address: &str, question: &Question) -> Option<Answer> {
    let question = encode(question).ok()?;
    let answer = links.ask(address, question, SEED_WITHIN).await.ok()?;
    crate::peer::decode(&answer).ok()
}
