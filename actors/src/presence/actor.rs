//! The registry and the entries: look at the roster, let the machine decide, announce.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, WrapFuture};
use madang_storage::id::UserId;

use super::announcer::Announcer;
use super::machine::{Effect, Machine, Seen};
use super::message::{Idle, Look, ToEntry};
use super::roster::Roster;
use crate::encoder::Online;

/// Starts an entry for each user who comes. The only one who sends to entries.
pub(super) struct Registry {
    roster: Roster,
    announcer: Arc<Announcer>,
    entries: HashMap<UserId, Addr<Entry>>,
}

impl Registry {
    pub(super) fn new(roster: Roster, announcer: Arc<Announcer>) -> Self {
        Self { roster, announcer, entries: HashMap::new() }
    }

    fn look(&mut self, user: UserId, registry: Addr<Self>) {
        match self.entries.get(&user) {
            Some(entry) if entry.connected() => entry.do_send(ToEntry::Look),
            _ => {
                let (roster, announcer) = (self.roster.clone(), self.announcer.clone());
                let machine = Machine::new(roster.last_announced(&user));
                let entry = Entry { user: user.clone(), roster, announcer, registry, machine }.start();
                entry.do_send(ToEntry::Look);
                self.entries.insert(user, entry);
            }
        }
    }
}

impl Actor for Registry {
    type Context = Context<Self>;

    /// Takes over from a predecessor that failed.
    fn started(&mut self, ctx: &mut Context<Self>) {
        for (user, _) in self.roster.people(|_| true) {
            self.look(user, ctx.address());
        }
    }
}

impl Handler<Look> for Registry {
    type Result = ();

    fn handle(&mut self, Look(user): Look, ctx: &mut Context<Self>) {
        self.look(user, ctx.address());
    }
}

impl Handler<Idle> for Registry {
    type Result = ();

    fn handle(&mut self, Idle(user): Idle, _: &mut Context<Self>) {
        if self.roster.is_online(&user) {
            // Back again: the entry has heard of it, or will.
            return;
        }
        if let Some(entry) = self.entries.remove(&user) {
            entry.do_send(ToEntry::Stop);
        }
    }
}

/// One online user.
pub(super) struct Entry {
    user: UserId,
    roster: Roster,
    announcer: Arc<Announcer>,
    registry: Addr<Registry>,
    machine: Machine,
}

impl Entry {
    fn carry_out(&mut self, effect: Option<Effect>, ctx: &mut Context<Self>) {
        match effect {
            None => {}
            Some(Effect::Announce(online)) => {
                self.roster.announced(&self.user, online);
                let (announcer, user) = (self.announcer.clone(), self.user.clone());
                let told = async move { announcer.announce(&user, online).await };
                // The entry hears nothing until its rooms know: news keep their order.
                ctx.wait(told.into_actor(self).map(move |(), entry, _| {
                    if online == Online::No {
                        entry.registry.do_send(Idle(entry.user.clone()));
                    }
                }));
            }
            Some(Effect::Wait(absence)) => {
                ctx.run_later(Duration::from_millis(self.announcer.options.grace_ms), move |entry, ctx| {
                    let effect = entry.machine.grace_over(absence);
                    entry.carry_out(effect, ctx);
                });
            }
            Some(Effect::Retire) => self.registry.do_send(Idle(self.user.clone())),
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
            ToEntry::Look => {
                let seen = if self.roster.is_here(&self.user) { Seen::Here } else { Seen::Nowhere };
                let effect = self.machine.look(seen);
                self.carry_out(effect, ctx);
            }
            ToEntry::Stop => ctx.stop(),
        }
    }
}
