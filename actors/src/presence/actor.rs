//! The registry and the entries: look at what the home has seen, let the machine decide, announce.

use std::collections::{HashMap, hash_map};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, WrapFuture};
use madang_storage::id::UserId;
use madang_storage::row::{PresenceRow, Visibility};

use super::core::{Core, wall_ms};
use super::machine::{Absence, Effect, Machine, Seen};
use super::message::{Idle, Look, ToEntry, Why};
use super::shown::{Shown, State};

/// Starts an entry for each user whose home is here and of whom something is under way: a user who is there and
/// does nothing needs none, since another goes on from what was announced. The only one who sends to entries.
pub(super) struct Registry {
    core: Arc<Core>,
    entries: HashMap<UserId, Known>,
    looks: u64,
}

/// An entry.
struct Known {
    entry: Addr<Entry>,
    /// The number of the look it was told last.
    look: u64,
}

impl Registry {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core, entries: HashMap::new(), looks: 0 }
    }

    fn look(&mut self, user: UserId, why: Why, registry: Addr<Self>) {
        self.looks += 1;
        let number = self.looks;
        let message = ToEntry::Look { why, number };
        match self.entries.get_mut(&user) {
            Some(known) if known.entry.connected() => {
                known.look = number;
                known.entry.do_send(message);
            }
            _ => {
                let announced = self.core.announced(&user);
                let machine = Machine::new(announced.state, announced.last_active_ms);
                let core = self.core.clone();
                let entry = Entry { user: user.clone(), core, registry, machine, look: 0 }.start();
                entry.do_send(message);
                self.entries.insert(user, Known { entry, look: number });
            }
        }
    }
}

impl Actor for Registry {
    type Context = Context<Self>;

    /// Takes over from a predecessor that failed.
    fn started(&mut self, ctx: &mut Context<Self>) {
        let mut users = Vec::new();
        for (_, shard) in self.core.shards() {
            let home = shard.home.lock();
            users.extend(home.iter().flat_map(|home| home.users().cloned()));
            drop(home);
            users.extend(shard.board.lock().everybody().map(|(user, _)| user.clone()));
        }
        for user in users {
            self.look(user, Why::Connections(Absence::Fresh), ctx.address());
        }
    }
}

impl Handler<Look> for Registry {
    type Result = ();

    fn handle(&mut self, Look { user, why }: Look, ctx: &mut Context<Self>) {
        let concerned = match why {
            Why::Connections(_) => true,
            Why::Row => {
                matches!(self.core.seen(&user), Some(Seen::Here(_))) || self.entries.contains_key(&user)
            }
            Why::Home => self.entries.contains_key(&user),
        };
        if concerned {
            self.look(user, why, ctx.address());
        }
    }
}

impl Handler<Idle> for Registry {
    type Result = ();

    fn handle(&mut self, Idle { user, look }: Idle, _: &mut Context<Self>) {
        // One that was told to look meanwhile says so again when it has.
        if let hash_map::Entry::Occupied(known) = self.entries.entry(user)
            && known.get().look == look
        {
            known.remove().entry.do_send(ToEntry::Stop);
        }
    }
}

/// One user of whom something is under way: to be announced, or an absence that may be a short one.
pub(super) struct Entry {
    user: UserId,
    core: Arc<Core>,
    registry: Addr<Registry>,
    machine: Machine,
    /// The number of the last look.
    look: u64,
}

impl Entry {
    fn look(&mut self, why: Why, ctx: &mut Context<Self>) {
        let Some(seen) = self.core.seen(&self.user) else {
            // Another home looks after the user now; a new entry goes on from what is announced.
            self.registry.do_send(Idle { user: self.user.clone(), look: self.look });
            return;
        };
        let effect = match why {
            Why::Connections(absence) => self.machine.look(seen, absence, wall_ms()),
            // What was announced last may have hidden that the user is here.
            Why::Row => self.machine.look(seen, Absence::Fresh, wall_ms()),
            Why::Home => None,
        };
        if why != Why::Row {
            return self.carry_out(effect, ctx);
        }
        if matches!(effect, Some(Effect::Wait(_))) {
            self.carry_out(effect, ctx);
        }
        self.carry_out(Some(Effect::Announce), ctx);
    }

    fn carry_out(&mut self, effect: Option<Effect>, ctx: &mut Context<Self>) {
        match effect {
            None => self.rest(),
            Some(Effect::Announce) => {
                let (core, user) = (self.core.clone(), self.user.clone());
                let row = async move { core.row(&user).await };
                // The entry hears nothing until everybody knows: news keep their order.
                ctx.wait(row.into_actor(self).map(|row, entry, _| entry.announce(&row)));
            }
            Some(Effect::Wait(absence)) => {
                ctx.run_later(Duration::from_millis(self.core.options.grace_ms), move |entry, ctx| {
                    let effect = entry.machine.grace_over(absence);
                    entry.carry_out(effect, ctx);
                });
            }
        }
    }

    fn announce(&mut self, row: &PresenceRow) {
        let (state, since) = (self.machine.state(), self.machine.last_active_ms());
        self.core.announce(&self.user, Shown::of(state, since, row, wall_ms()));
        if let (State::Offline, Some(last_active_ms), Visibility::Visible) = (state, since, row.visibility)
            && last_active_ms > row.last_active_ms
        {
            self.core.remember(&self.user, last_active_ms);
        }
        self.rest();
    }

    fn rest(&self) {
        if self.machine.is_at_rest() {
            self.registry.do_send(Idle { user: self.user.clone(), look: self.look });
        }
    }
}

impl Actor for Entry {
    type Context = Context<Self>;
}

impl Handler<ToEntry> for Entry {
    type Result = ();

    fn handle(&mut self, message: ToEntry, ctx: &mut Context<Self>) {
        match message {
            ToEntry::Look { why, number } => {
                self.look = number;
                self.look(why, ctx);
            }
            ToEntry::Stop => ctx.stop(),
        }
    }
}
