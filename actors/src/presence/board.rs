//! What the homes of one shard's users say, as this node has heard it last: what is read here, and what the
//! listeners here are told from.
//!
//! One home at a time is believed. What it says stays when it moves: a new home first learns where
//! everybody is, and only when it is settled are those forgotten whom it has not named.

use std::collections::{BTreeMap, BTreeSet};

use madang_storage::id::UserId;

use super::shown::{Shown, State};

/// Where the home is that is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum HomeIs {
    /// None has spoken.
    #[default]
    Nowhere,
    /// This node; the number is the home's epoch.
    Here(u64),
    /// Another node, and the epoch.
    There(u64, u64),
}

/// Who leads the shard, as far as this node knows; told with every claim.
pub(super) use madang_cluster::Leader;

/// That somebody is not believed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotTheHome;

/// One shard's board.
#[derive(Debug, Default)]
pub(super) struct Board {
    home: HomeIs,
    /// The epochs of all other nodes that said they are the home, while they can be reached.
    claims: BTreeMap<u64, u64>,
    /// Tells what this home has said from what those before it said.
    mark: u32,
    /// A home has said all that it knows, once at least.
    whole: bool,
    users: BTreeMap<UserId, Posted>,
}

#[derive(Debug)]
struct Posted {
    shown: Shown,
    mark: u32,
}

impl Board {
    /// The home is on this node from now on.
    pub(super) fn lead(&mut self, epoch: u64) {
        self.home = HomeIs::Here(epoch);
        self.mark = self.mark.wrapping_add(1);
    }

    /// The home is not on this node any more.
    pub(super) fn give_up(&mut self) {
        if matches!(self.home, HomeIs::Here(_)) {
            self.home = HomeIs::Nowhere;
        }
    }

    /// A node says that it is the home, and what follows is all that it knows. Not believed while it is
    /// known that another leads which says so too: one that was cut off may not know yet.
    pub(super) fn claim(&mut self, node: u64, epoch: u64, leader: Leader) -> Result<(), NotTheHome> {
        self.claims.insert(node, epoch);
        match leader {
            Leader::Here => return Err(NotTheHome),
            Leader::Node(other) if other != node && self.claims.contains_key(&other) => {
                return Err(NotTheHome);
            }
            Leader::Node(_) | Leader::Unknown => {}
        }
        self.home = HomeIs::There(node, epoch);
        self.mark = self.mark.wrapping_add(1);
        Ok(())
    }

    /// These other nodes can be reached now, and no others.
    pub(super) fn linked(&mut self, nodes: &BTreeSet<u64>) {
        self.claims.retain(|node, _| nodes.contains(node));
        if matches!(self.home, HomeIs::There(home, _) if !nodes.contains(&home)) {
            self.home = HomeIs::Nowhere;
        }
    }

    /// The home says this of some users. Returns what is new.
    pub(super) fn post(
        &mut self,
        by: HomeIs,
        posts: Vec<(UserId, Shown)>,
    ) -> Result<Vec<(UserId, Shown)>, NotTheHome> {
        if self.home != by {
            return Err(NotTheHome);
        }
        let mark = self.mark;
        let mut news = Vec::new();
        for (user, shown) in posts {
            let before = self.users.get_mut(&user);
            if shown.state == State::Offline {
                if before.is_some() {
                    self.users.remove(&user);
                    news.push((user, shown));
                }
                continue;
            }
            match before {
                Some(posted) if posted.shown == shown => posted.mark = mark,
                Some(posted) => {
                    *posted = Posted { shown: shown.clone(), mark };
                    news.push((user, shown));
                }
                None => {
                    self.users.insert(user.clone(), Posted { shown: shown.clone(), mark });
                    news.push((user, shown));
                }
            }
        }
        Ok(news)
    }

    /// The home knows everybody: whom it has not named is not there. Returns who is that.
    pub(super) fn settled(&mut self, by: HomeIs) -> Result<Vec<(UserId, Shown)>, NotTheHome> {
        if self.home != by {
            return Err(NotTheHome);
        }
        self.is_whole_now();
        let mark = self.mark;
        let mut gone = Vec::new();
        // What the home here says stays in place when it begins, so it names nobody anew.
        if matches!(by, HomeIs::There(..)) {
            self.users.retain(|user, posted| {
                let stays = posted.mark == mark;
                if !stays {
                    gone.push((
                        user.clone(),
                        Shown { last_active_ms: posted.shown.last_active_ms, ..Shown::default() },
                    ));
                }
                stays
            });
        }
        Ok(gone)
    }

    /// The home has said all that it knows so far.
    pub(super) fn known(&mut self, by: HomeIs) -> Result<Vec<(UserId, Shown)>, NotTheHome> {
        if self.home != by {
            return Err(NotTheHome);
        }
        self.is_whole_now();
        Ok(Vec::new())
    }

    /// All that any home knows is here.
    pub(super) fn is_whole_now(&mut self) {
        self.whole = true;
    }

    /// Where the home is that is believed.
    pub(super) fn home(&self) -> HomeIs {
        self.home
    }

    /// Whether any home has ever said all that it knows: before, somebody may be there who is not here.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// What others see of a user who is there.
    pub(super) fn shown(&self, user: &UserId) -> Option<&Shown> {
        self.users.get(user).map(|posted| &posted.shown)
    }

    /// Everybody who is there.
    pub(super) fn everybody(&self) -> impl Iterator<Item = (&UserId, &Shown)> {
        self.users.iter().map(|(user, posted)| (user, &posted.shown))
    }
}
