//! The start of a node: from a data directory and a list of seeds to a node that knows its place.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use madang_storage::{LogStore, StateStore};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::machine::{Decision, Myself as Asker, Probe, decide};
use crate::cluster::Inner;
use crate::command::{MetaOp, NewNode};
use crate::error::ClusterError;
use crate::follow::{self, recall};
use crate::hosted::{Ground, Hosted};
use crate::identity::{Beginning, Identity};
use crate::janitor::Sweeping;
use crate::link::{LinkError, LinkRuntimes, Links, Myself};
use crate::machine::meta::{MetaRow, Tunables};
use crate::neighbours::{self, describe};
use crate::options::ClusterOptions;
use crate::outbox::Delivering;
use crate::peer::{Answer, Known, LinkTransport, PeerDoor, Question, decode, encode};
use crate::placement::SlotMap;
use crate::replica::ReplicaId;
use crate::service::Services;
use crate::watch::Watchers;
use crate::{checkpoint, controller, errand};

/// How long a seed may take to answer.
const PROBE_WITHIN: Duration = Duration::from_secs(3);
/// How often a node that waits for others looks again.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How often it says for whom it waits.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// A node's place: who it is, how it got there, and whom it knows.
struct Place {
    identity: Identity,
    beginning: Beginning,
    row: Option<MetaRow>,
    known: Option<Known>,
}

/// Starts a node.
pub(crate) async fn run(
    options: ClusterOptions,
    log: LogStore,
    state: StateStore,
) -> Result<Arc<Inner>, ClusterError> {
    let peers = &options.peers;
    let door = Arc::new(PeerDoor::new(peers.seeds.clone()));
    let runtime = tokio::runtime::Handle::current();
    let runtimes = LinkRuntimes { raft: runtime.clone(), bulk: runtime };
    let links = Links::listen(peers.link.clone(), runtimes, Arc::clone(&door) as _).await?;
    door.stands_at(links.advertised());
    let place = match Identity::load(&log)? {
        Some(identity) => Place { identity, beginning: Beginning::Resumed, row: recall(&log)?, known: None },
        None => find_place(&options, &links, &log).await?,
    };
    let Identity { node, cluster_id, incarnation, shards } = place.identity;
    links.activate(Myself { cluster_id, node, incarnation, shards }).await?;
    let inner = Arc::new(assemble(options, log, state, links, &place));
    door.open(Arc::downgrade(&inner));
    take_part(&inner, place).await?;
    Ok(inner)
}

fn assemble(options: ClusterOptions, log: LogStore, state: StateStore, links: Links, place: &Place) -> Inner {
    let slots = SlotMap::new(place.identity.shards);
    let leaders_changed = Arc::new(Notify::new());
    let group = |number| Hosted::new(madang_storage::GroupId(number), &options, Arc::clone(&leaders_changed));
    let groups = (0..=slots.shards()).map(group).collect();
    let row = place.row.clone().unwrap_or_else(|| unheard(&place.identity));
    let transport = Arc::new(LinkTransport::new(links.clone(), row.tunables.move_bytes_per_second));
    let http = watch::Sender::new(options.peers.http.clone());
    let ground =
        Ground { log, state, transport: Arc::clone(&transport) as _, options, counters: Arc::default() };
    Inner {
        identity: place.identity,
        beginning: place.beginning,
        ground,
        slots,
        groups,
        links,
        transport,
        services: Services::default(),
        watchers: Watchers::default(),
        wanted: slots.all().map(|_| watch::Sender::new(false)).collect(),
        peers: watch::Sender::default(),
        meta: watch::Sender::new(Arc::new(row)),
        acquaintances: Mutex::default(),
        loads: Mutex::default(),
        http,
        leaders_changed,
        stop: CancellationToken::new(),
    }
}

/// Opens META and everything that was held before, and begins to follow.
async fn take_part(inner: &Arc<Inner>, place: Place) -> Result<(), ClusterError> {
    let meta = inner.hosted(0)?.open(&inner.ground, ReplicaId::new(inner.identity.node, 0)).await?;
    let weak = Arc::downgrade(inner);
    let stop = || inner.stop.clone();
    tokio::spawn(neighbours::tell_leads(Weak::clone(&weak), stop()));
    if let Some(known) = place.known {
        inner.meet_first(&known);
    }
    match place.row {
        Some(row) => inner.take_meta(row).await?,
        // The first node of all; again if it was interrupted before the cluster was formed.
        None if inner.identity.node == 1 => form(inner).await?,
        None => {}
    }
    meta.group.lead_if_alone().await?;
    tokio::spawn(follow::run(Weak::clone(&weak), stop()));
    tokio::spawn(neighbours::look_for(Weak::clone(&weak), stop()));
    tokio::spawn(neighbours::introduce(Weak::clone(&weak), stop()));
    tokio::spawn(checkpoint::run(Weak::clone(&weak), stop()));
    tokio::spawn(controller::run(Weak::clone(&weak), stop()));
    for shard in inner.slots.all() {
        tokio::spawn(errand::run::<Delivering>(Weak::clone(&weak), shard, stop()));
        tokio::spawn(errand::run::<Sweeping>(Weak::clone(&weak), shard, stop()));
        if let Some(wanted) = inner.wanted.get(usize::from(shard.0)) {
            tokio::spawn(crate::watch::run(Weak::clone(&weak), shard, wanted.subscribe(), stop()));
        }
    }
    let mut heard = inner.meta.subscribe();
    // A node that was just taken in knows its cluster when META has reached it.
    let _ = heard.wait_for(|row| row.version > 0).await;
    for (_, replica) in inner.replicas() {
        replica.group.lead_if_alone().await?;
    }
    Ok(())
}

/// Makes this node the first of a cluster.
async fn form(inner: &Arc<Inner>) -> Result<(), ClusterError> {
    let meta = inner.hosted(0)?.here()?;
    meta.group.form().await?;
    let Identity { cluster_id, shards, .. } = inner.identity;
    let replication = inner.options().peers.replication;
    let op = MetaOp::Form { cluster_id, shards, replication, node: inner.myself() };
    match inner.propose_meta(op).await? {
        Ok(_) => Ok(()),
        Err(refusal) => Err(ClusterError::Misfit(format!("the cluster cannot be formed: {refusal}"))),
    }
}

/// What a node has that has not heard META yet: version 0.
fn unheard(identity: &Identity) -> MetaRow {
    MetaRow {
        cluster_id: identity.cluster_id,
        version: 0,
        shards: identity.shards,
        replication: 1,
        machine_version: 0,
        next_node: 1,
        nodes: BTreeMap::new(),
        replicas: BTreeMap::new(),
        placed_by: BTreeMap::new(),
        tunables: Tunables::default(),
    }
}

/// Finds the cluster that a node with an empty data directory belongs to, or forms it.
async fn find_place(options: &ClusterOptions, links: &Links, log: &LogStore) -> Result<Place, ClusterError> {
    let peers = &options.peers;
    let incarnation = rand::random();
    let asker = Asker {
        advertise: links.advertised(),
        loopback: peers.link.listen.ip().is_loopback(),
        single: peers.single,
        seeds: peers.seeds.clone(),
    };
    let mut said: Option<(String, tokio::time::Instant)> = None;
    loop {
        let probes = probe(links, &asker).await;
        match decide(&asker, &probes) {
            Decision::FormAlone | Decision::FormAsFirst => {
                let cluster_id = rand::random();
                let shards = SlotMap::new(options.shards).shards();
                let identity = Identity { node: 1, cluster_id, incarnation, shards };
                identity.save(log).await?;
                return Ok(Place { identity, beginning: Beginning::Formed, row: None, known: None });
            }
            Decision::Join { through, cluster_id } => {
                let node = describe(options, links, incarnation, &peers.http);
                match join(links, &through, cluster_id, node).await {
                    Ok((node, known)) => {
                        let identity = Identity { node, cluster_id, incarnation, shards: known.shards };
                        identity.save(log).await?;
                        let beginning = Beginning::Joined;
                        return Ok(Place { identity, beginning, row: None, known: Some(known) });
                    }
                    Err(why) => say(&mut said, &format!("{through} does not take this node in yet: {why}")),
                }
            }
            Decision::Wait { why } => say(&mut said, &why),
            Decision::Refuse { why } => return Err(ClusterError::Misfit(why)),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Asks all seeds, side by side, who they are.
async fn probe(links: &Links, asker: &Asker) -> BTreeMap<String, Probe> {
    let others = asker.seeds.iter().filter(|seed| **seed != asker.advertise);
    let probes = others.map(|seed| async move { (seed.clone(), probe_one(links, seed).await) });
    futures_util::future::join_all(probes).await.into_iter().collect()
}

async fn probe_one(links: &Links, seed: &str) -> Probe {
    let question = match encode(&Question::Who) {
        Ok(question) => question,
        Err(error) => return Probe::Unreachable { why: error.to_string() },
    };
    match links.ask(seed, question, PROBE_WITHIN).await {
        Ok(answer) => match decode(&answer) {
            Ok(Answer::Fresh { advertise, seeds }) => Probe::Fresh { advertise, seeds },
            Ok(Answer::Member(known)) => Probe::Member { cluster_id: known.cluster_id },
            Ok(other) => Probe::Unreachable { why: format!("it answers {other:?}") },
            Err(error) => Probe::Unreachable { why: error.to_string() },
        },
        Err(LinkError::Refused { why }) => Probe::Refused { why },
        Err(error) => Probe::Unreachable { why: error.to_string() },
    }
}

async fn join(
    links: &Links,
    through: &str,
    cluster_id: [u8; 16],
    node: NewNode,
) -> Result<(u64, Known), String> {
    let question = encode(&Question::Join { cluster_id, node }).map_err(|error| error.to_string())?;
    let answer = links.ask(through, question, PROBE_WITHIN * 2).await.map_err(|error| error.to_string())?;
    match decode(&answer).map_err(|error| error.to_string())? {
        Answer::Joined { node, known } => Ok((node, known)),
        Answer::Failed(why) => Err(why),
        other => Err(format!("it answers {other:?}")),
    }
}

/// Says why it waits: when that changes, and now and then.
fn say(said: &mut Option<(String, tokio::time::Instant)>, why: &str) {
    let now = tokio::time::Instant::now();
    if said.as_ref().is_none_or(|(before, at)| before != why || now - *at >= SAY_EVERY) {
        tracing::info!("{why}");
        *said = Some((why.to_owned(), now));
    }
}
