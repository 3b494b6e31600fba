//! The homes of a node come and go with the leadership of shards, and hear the nodes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use madang_cluster::Leader;
use madang_storage::id::{ShardId, UserId};

use super::Inner;
use super::board::{Board, HomeIs, NotTheHome};
use super::home::{Ended, Home, Lease, Source};
use super::machine::Absence;
use super::message::Why;
use super::roster::Changed;
use super::shown::{Attention, Shown};
use super::telling::Topic;
use super::wire::{News, Refused};
use crate::pump::Running;

/// How soon a lease that may not end yet is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Follows who leads a shard, for as long as there is a presence.
pub(super) fn follow_leader(inner: &Arc<Inner>, id: ShardId) -> Option<Running> {
    let mut leader = inner.core.truth.leader(id).ok()?;
    let inner = Arc::downgrade(inner);
    Some(Running::start(async move {
        loop {
            let now = *leader.borrow_and_update();
            let Some(inner) = inner.upgrade() else { return };
            match now {
                Leader::Here => inner.take_over(id),
                Leader::Node(_) | Leader::Unknown => inner.give_up(id),
            }
            drop(inner);
            if leader.changed().await.is_err() {
                return;
            }
        }
    }))
}

/// Follows the links, for as long as there is a presence.
pub(super) fn follow_links(inner: &Arc<Inner>) -> Running {
    let mut linked = inner.core.truth.linked();
    let inner = Arc::downgrade(inner);
    Running::start(async move {
        loop {
            let nodes = linked.borrow_and_update().clone();
            let Some(inner) = inner.upgrade() else { return };
            inner.linked(&nodes);
            drop(inner);
            if linked.changed().await.is_err() {
                return;
            }
        }
    })
}

impl Inner {
    /// The shard's home is here from now on. It begins with what the one before it said, as heard here.
    fn take_over(self: &Arc<Self>, id: ShardId) {
        let core = &self.core;
        let Some(shard) = core.shard(id) else { return };
        if shard.home.lock().is_some() {
            return;
        }
        let epoch: u64 = rand::random();
        let before: Vec<(UserId, Attention)> = {
            let board = shard.board.lock();
            let word = |(user, shown): (&UserId, &Shown)| Some((user.clone(), shown.state.attention()?));
            board.everybody().filter_map(word).collect()
        };
        let (mut home, lease) = Home::begin(epoch, before);
        let leases = home.linked(&core.truth.linked().borrow());
        *shard.home.lock() = Some(home);
        shard.board.lock().lead(epoch);
        // Only now: who comes from now on is told to the home here, who came before is in the list.
        let looks = {
            let mut home = shard.home.lock();
            let users: Vec<UserId> = core
                .roster
                .people(|user| core.shard_of(user) == id)
                .into_iter()
                .map(|(user, _)| user)
                .collect();
            let words = users.into_iter().map(|user| {
                let attention = core.roster.attention(&user);
                (user, attention)
            });
            let words = words.collect();
            home.as_mut().map_or_else(Vec::new, |home| {
                home.list_begins(Source::Here);
                let mut looks = home.told(Source::Here, words);
                looks.extend(home.list_ends(Source::Here));
                looks.extend(home.users().cloned());
                looks
            })
        };
        core.exchange.for_all(|telling| {
            telling.end_for_home(id);
            telling.begin(Topic::Posted(id), epoch);
        });
        self.look_at(looks, Absence::Fresh);
        self.look_whether_whole(id);
        leases.into_iter().chain([lease]).for_each(|lease| self.wait(id, lease, self.core.options.grace_ms));
    }

    /// The shard's home is not here any more: whoever has it now goes on from what was announced.
    fn give_up(&self, id: ShardId) {
        let Some(shard) = self.core.shard(id) else { return };
        let Some(home) = shard.home.lock().take() else { return };
        shard.board.lock().give_up();
        self.core.exchange.for_all(|telling| telling.end(Topic::Posted(id)));
        home.users().for_each(|user| self.look(user.clone(), Why::Home));
    }

    /// These other nodes can be reached now, and no others.
    fn linked(self: &Arc<Self>, nodes: &BTreeSet<u64>) {
        self.core.tell_these(nodes);
        for (id, shard) in self.core.shards() {
            shard.board.lock().linked(nodes);
            let leases = shard.home.lock().as_mut().map_or_else(Vec::new, |home| home.linked(nodes));
            leases.into_iter().for_each(|lease| self.wait(id, lease, self.core.options.grace_ms));
            self.look_whether_whole(id);
        }
    }

    /// Looks at a lease when it has had its time.
    fn wait(self: &Arc<Self>, id: ShardId, lease: Lease, after_ms: u64) {
        let inner = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            loop {
                let Some(inner) = inner.upgrade() else { return };
                let ended = inner
                    .core
                    .shard(id)
                    .and_then(|shard| shard.home.lock().as_mut().map(|home| home.lease_over(lease)));
                match ended {
                    Some(Ended::Void(users)) => {
                        inner.look_at(users, Absence::Over);
                        return inner.settle(id);
                    }
                    Some(Ended::NotYet) => {}
                    Some(Ended::Not) | None => return,
                }
                drop(inner);
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        });
    }
}

impl Inner {
    /// Another node says something. Returns what is not taken.
    pub(super) fn hear(self: &Arc<Self>, from: u64, news: News) -> Vec<Refused> {
        match news {
            News::Home(id, epoch) => self.hear_of_home(from, id, epoch).into_iter().collect(),
            News::Posted(id, epoch, posts) => {
                self.post(id, |board| board.post(HomeIs::There(from, epoch), posts))
            }
            News::Known(id, epoch) => self.post(id, |board| board.known(HomeIs::There(from, epoch))),
            News::Settled(id, epoch) => self.post(id, |board| board.settled(HomeIs::There(from, epoch))),
            News::Still(homes) => {
                let believed = |(id, epoch): &(ShardId, u64)| {
                    let home = self.core.shard(*id).map(|shard| shard.board.lock().home());
                    home == Some(HomeIs::There(from, *epoch))
                };
                homes.iter().filter(|home| !believed(home)).map(|(id, _)| Refused::NotTheHome(*id)).collect()
            }
            News::Remembered(id, epoch, users) => {
                self.at_home(from, id, epoch, |home, _| home.remembers(users))
            }
            News::Begin(id, epoch) => self.at_home(from, id, epoch, |home, source| {
                home.list_begins(source);
                Vec::new()
            }),
            News::Connected(id, epoch, words) => {
                self.at_home(from, id, epoch, |home, source| home.told(source, words))
            }
            News::End(id, epoch) => {
                let refused = self.at_home(from, id, epoch, Home::list_ends);
                self.look_whether_whole(id);
                refused
            }
            News::Attend(user, session, attention) => {
                if self.core.attend(&user, session, attention) == Changed::Yes {
                    self.report(&user);
                }
                Vec::new()
            }
        }
    }

    fn hear_of_home(&self, from: u64, id: ShardId, epoch: u64) -> Option<Refused> {
        let leader = self.core.truth.leader(id).map_or(Leader::Unknown, |leader| *leader.borrow());
        let claimed = self.core.shard(id)?.board.lock().claim(from, epoch, leader);
        match claimed {
            Ok(()) => {
                self.core.tell_home(from, id, epoch);
                None
            }
            Err(NotTheHome) => Some(Refused::NotTheHome(id)),
        }
    }

    /// A home elsewhere says how it is with its users.
    fn post(
        &self,
        id: ShardId,
        post: impl FnOnce(&mut Board) -> Result<Vec<(UserId, Shown)>, NotTheHome>,
    ) -> Vec<Refused> {
        let Some(shard) = self.core.shard(id) else { return vec![Refused::NotTheHome(id)] };
        let posted = post(&mut shard.board.lock());
        match posted {
            Ok(news) => {
                self.core.told(news);
                Vec::new()
            }
            Err(NotTheHome) => vec![Refused::NotTheHome(id)],
        }
    }

    /// A node talks to the home of this epoch, if that is here.
    fn at_home(
        self: &Arc<Self>,
        from: u64,
        id: ShardId,
        epoch: u64,
        hear: impl FnOnce(&mut Home, Source) -> Vec<UserId>,
    ) -> Vec<Refused> {
        let source = Source::Node(from);
        let refused = || vec![Refused::NoHomeHere(id, epoch)];
        let Some(shard) = self.core.shard(id) else { return refused() };
        let (lease, looks) = match &mut *shard.home.lock() {
            Some(home) if home.epoch() == epoch => (home.hears(source), hear(home, source)),
            _ => return refused(),
        };
        lease.into_iter().for_each(|lease| self.wait(id, lease, self.core.options.grace_ms));
        self.look_at(looks, Absence::Fresh);
        Vec::new()
    }

    /// All nodes may have told all that they have.
    fn look_whether_whole(&self, id: ShardId) {
        let Some(shard) = self.core.shard(id) else { return };
        let whole = shard.home.lock().as_ref().is_some_and(Home::has_all_lists);
        if whole {
            shard.board.lock().is_whole_now();
        }
    }

    /// The home may know who is here and who is not.
    fn settle(&self, id: ShardId) {
        let Some(shard) = self.core.shard(id) else { return };
        let settled = shard.home.lock().as_ref().filter(|home| home.is_settled()).map(Home::epoch);
        if let Some(epoch) = settled {
            // Nobody is forgotten here: what the home here says is what the board has.
            let _ = shard.board.lock().settled(HomeIs::Here(epoch));
            self.core.exchange.for_all(|telling| telling.settle(Topic::Posted(id)));
        }
    }
}
