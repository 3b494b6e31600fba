//! Nodes tell each other who is here: each node the full list when they are linked, then what changes.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use madang_cluster::{ClusterError, PeerService, Service};
use madang_storage::id::UserId;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Inner;
use super::elsewhere::{Effect, Elsewhere};
use super::machine::Absence;
use super::roster::Roster;
use super::telling::{Next, Telling, USERS_AT_ONCE};
use super::wire::News;
use crate::pump::Running;
use crate::truth::Truth;

/// How long a node that did not take the news is left alone.
const RETRY: Duration = Duration::from_millis(500);

/// What this node tells the others, and what it heard from them.
#[derive(Default)]
pub(super) struct Exchange {
    elsewhere: Mutex<Elsewhere>,
    /// The nodes that are told.
    told: Mutex<HashMap<u64, Told>>,
}

/// One node that is told. Ends with this.
struct Told {
    side: Arc<Side>,
    _task: Running,
}

/// What is still to be told.
#[derive(Default)]
struct Side {
    telling: Mutex<Telling>,
    wake: Notify,
}

impl Exchange {
    /// Somebody came to this node or went.
    pub(super) fn changed(&self, user: &UserId) {
        for told in self.told.lock().values() {
            told.side.telling.lock().changed(user);
            told.side.wake.notify_one();
        }
    }

    /// Tells nobody any more.
    pub(super) fn stop(&self) {
        self.told.lock().clear();
    }

    /// These other nodes can be reached now, and no others.
    fn linked(&self, nodes: &BTreeSet<u64>, truth: &Arc<dyn Truth>, roster: &Roster) -> Vec<Effect> {
        let mut told = self.told.lock();
        told.retain(|node, _| nodes.contains(node));
        for node in nodes {
            told.entry(*node).or_insert_with(|| {
                let side = Arc::new(Side::default());
                let task = tell(side.clone(), *node, truth.clone(), roster.clone());
                Told { side, _task: Running::start(task) }
            });
        }
        self.elsewhere.lock().linked(nodes.iter())
    }
}

/// Follows the links for as long as there is a presence.
pub(super) fn follow(truth: Arc<dyn Truth>, presence: Weak<Inner>) -> Running {
    Running::start(async move {
        let mut linked = truth.linked();
        loop {
            let nodes = linked.borrow_and_update().clone();
            let Some(inner) = presence.upgrade() else { return };
            let effects = inner.exchange.linked(&nodes, &truth, &inner.roster);
            inner.carry_out(effects);
            drop(inner);
            if linked.changed().await.is_err() {
                return;
            }
        }
    })
}

/// Hears the other nodes. Must not keep the presence alive: the cluster holds this, and presence the cluster.
pub(super) struct PresenceForPeers(pub(super) Weak<Inner>);

impl PeerService for PresenceForPeers {
    fn request(&self, from: u64, payload: Bytes) -> BoxFuture<'static, Result<Bytes, String>> {
        let heard = match (News::read(&payload), self.0.upgrade()) {
            (Ok(news), Some(inner)) => {
                let effects = inner.exchange.elsewhere.lock().told(from, news);
                inner.carry_out(effects);
                Ok(Bytes::new())
            }
            (Err(error), _) => {
                tracing::warn!(from, %error, "who is on another node is not known");
                Err(error.to_string())
            }
            (_, None) => Err("this node is stopping".to_owned()),
        };
        ready(heard).boxed()
    }
}

impl Inner {
    fn carry_out(self: &Arc<Self>, effects: Vec<Effect>) {
        for effect in effects {
            let (changed, absence) = match effect {
                Effect::Set(node, users) => (self.roster.set_elsewhere(node, users), Absence::Fresh),
                Effect::Change { node, came, went } => {
                    came.iter().for_each(|user| self.roster.enter_elsewhere(user, node));
                    went.iter().for_each(|user| self.roster.leave_elsewhere(user, node));
                    ([came, went].concat(), Absence::Fresh)
                }
                Effect::Drop(node) => {
                    (self.roster.set_elsewhere(node, std::collections::HashSet::new()), Absence::Over)
                }
                Effect::Wait { node, lease } => {
                    let (presence, grace_ms) = (Arc::downgrade(self), self.announcer.options.grace_ms);
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_millis(grace_ms)).await;
                        if let Some(inner) = presence.upgrade() {
                            let effect = inner.exchange.elsewhere.lock().lease_over(node, lease);
                            inner.carry_out(effect.into_iter().collect());
                        }
                    });
                    continue;
                }
            };
            changed.into_iter().for_each(|user| self.look(user, absence));
        }
    }
}

/// Tells one node, one message after the other.
async fn tell(side: Arc<Side>, node: u64, truth: Arc<dyn Truth>, roster: Roster) {
    loop {
        let next = side.telling.lock().next();
        let told = match next {
            None => {
                side.wake.notified().await;
                continue;
            }
            Some(Next::List) => tell_all(node, &*truth, &roster).await,
            Some(Next::Changed(users)) => {
                let (came, went) = users.into_iter().partition(|user| roster.is_here(user));
                say(node, &*truth, &News::Changed { came, went }).await
            }
        };
        if let Err(error) = told {
            tracing::debug!(node, %error, "a node was not told who is here");
            side.telling.lock().failed();
            tokio::time::sleep(RETRY).await;
        }
    }
}

async fn tell_all(node: u64, truth: &dyn Truth, roster: &Roster) -> Result<(), ClusterError> {
    say(node, truth, &News::Begin).await?;
    let users: Vec<UserId> = roster.people(|_| true).into_iter().map(|(user, _)| user).collect();
    for users in users.chunks(USERS_AT_ONCE) {
        say(node, truth, &News::Here(users.to_vec())).await?;
    }
    say(node, truth, &News::End).await
}

async fn say(node: u64, truth: &dyn Truth, news: &News) -> Result<(), ClusterError> {
    let payload = news.write().map_err(|error| ClusterError::Misfit(error.to_string()))?;
    truth.request(node, Service::PRESENCE, payload).await.map(|_| ())
}
