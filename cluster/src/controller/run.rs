//! Carries out what the planner decides. Every node runs this; only META's leader acts. What was not
//! done is found again by the next look: nothing is remembered between two.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use madang_storage::GroupId;
use tokio_util::sync::CancellationToken;

use super::absence::Absences;
use super::plan::{GroupReport, Step, plan};
use crate::cluster::Inner;
use crate::command::MetaOp;
use crate::error::ClusterError;
use crate::machine::meta::{MetaRow, NodeState};
use crate::peer::{GroupStatus, PeerAnswer, PeerRequest};
use crate::raft::Change;
use crate::replica::{NODE_MAX, ReplicaId};
use crate::service::Leader;

/// How often it looks while there is something to do …
const LOOK_SOON: Duration = Duration::from_millis(100);
/// … and while there is not.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks and acts until the cluster stops.
pub(crate) async fn run(cluster: Weak<Inner>, stop: CancellationToken) {
    let (mut wait, mut absences) = (LOOK_EVERY, Absences::default());
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        let Some(inner) = cluster.upgrade() else { return };
        let leads = inner.hosted(0).is_ok_and(|meta| meta.leader_now() == Leader::Here);
        if !leads {
            absences.forget();
        }
        wait = if leads && look(&inner, &mut absences).await { LOOK_SOON } else { LOOK_EVERY };
    }
}

/// One look at the cluster, and the steps that follow. Answers whether there was anything to do.
async fn look(inner: &Arc<Inner>, absences: &mut Absences) -> bool {
    let told = inner.all_statuses().await;
    let reachable: BTreeSet<u64> = told.keys().copied().collect();
    let row = inner.meta_now();
    let reports = reports(&row, told);
    let mut steps = absences.on_look(&row, &reachable, Instant::now());
    steps.extend(plan(&row, &reachable, &reports));
    let busy = !steps.is_empty();
    for step in steps {
        tracing::info!(?step, "moving");
        if let Err(error) = carry_out(inner, &step).await {
            tracing::debug!(?step, %error, "a step was not taken; looking again");
        }
    }
    busy
}

/// What the leaders say, with nodes in place of replicas. A replica that META does not know, of a node that
/// has another one by now, goes by its own number: no node has it, so it counts as gone.
fn reports(row: &MetaRow, told: BTreeMap<u64, Vec<GroupStatus>>) -> BTreeMap<u16, GroupReport> {
    let leading = told.into_iter().flat_map(|(node, statuses)| {
        statuses.into_iter().filter(|status| status.leads).map(move |status| (node, status))
    });
    leading
        .map(|(leader, status)| {
            let GroupStatus { group, voters, learners, joint, behind, .. } = status;
            let known = |replica: ReplicaId| {
                let current = row.replica(GroupId(group), replica.node()) == Some(replica);
                if current { replica.node() } else { replica.raw() }
            };
            let (voters, learners) =
                [voters, learners].map(|all| all.into_iter().map(known).collect()).into();
            let behind = behind.into_iter().map(|(replica, entries)| (known(replica), entries)).collect();
            (group, GroupReport { group, leader, voters, learners, joint, behind })
        })
        .collect()
}

async fn carry_out(inner: &Arc<Inner>, step: &Step) -> Result<(), ClusterError> {
    let row = inner.meta_now();
    let replica = |group: u16, node: u64| {
        if node > NODE_MAX {
            return Ok(ReplicaId::from_raw(node));
        }
        let missing =
            || ClusterError::Unavailable { why: format!("node {node} has no replica of group {group}") };
        row.replica(GroupId(group), node).ok_or_else(missing)
    };
    match step.clone() {
        Step::Place { group, replicas, was } => decide(inner, MetaOp::Place { group, replicas, was }).await,
        Step::Remove { node } => decide(inner, MetaOp::Remove { node }).await,
        Step::SetAside { node } => decide(inner, MetaOp::SetState { node, state: NodeState::Away }).await,
        Step::TakeBack { node } => decide(inner, MetaOp::SetState { node, state: NodeState::Up }).await,
        Step::AddLearner { group, leader, node } => {
            change(inner, group, leader, Change::AddLearner(replica(group, node)?)).await
        }
        Step::RemoveLearner { group, leader, node } => {
            change(inner, group, leader, Change::RemoveLearner(replica(group, node)?)).await
        }
        Step::SetVoters { group, leader, voters } => {
            let voters = voters.into_iter().map(|node| replica(group, node)).collect::<Result<_, _>>()?;
            change(inner, group, leader, Change::SetVoters(voters)).await
        }
        Step::Lead { group, from, to } => {
            change(inner, group, from, Change::HandOver(replica(group, to)?)).await
        }
    }
}

async fn decide(inner: &Arc<Inner>, op: MetaOp) -> Result<(), ClusterError> {
    if let Err(refusal) = inner.propose_meta(op).await? {
        tracing::debug!(%refusal, "META saw something else meanwhile");
    }
    Ok(())
}

/// Has a group's leader change who takes part.
async fn change(inner: &Arc<Inner>, group: u16, leader: u64, change: Change) -> Result<(), ClusterError> {
    if leader == inner.identity.node {
        return inner.hosted(group)?.here()?.group.change(change).await;
    }
    match inner.ask(leader, PeerRequest::Change { group, change }).await? {
        PeerAnswer::Changed => Ok(()),
        other => Err(other.misfit()),
    }
}
