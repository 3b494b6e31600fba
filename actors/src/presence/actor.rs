//! The registry and the entries: look at the roster, let the machine decide, announce.

use std::collections::{HashMap, hash_map};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, WrapFuture};
use madang_storage::id::UserId;

use super::announcer::Announcer;
use super::machine::{Absence, Effect, Machine, Seen};
use super::message::{Idle, Look, ToEntry};
use super::roster::Roster;

/// Starts an entry for each user who comes or goes. The only one who sends to entries.
pub(super) struct Registry {
    roster: Roster,
    announcer: Arc<Announcer>,
    entries: HashMap<UserId, Busy>,
    looks: u64,
}

/// An entry at work.
struct Busy {
    entry: Addr<Entry>,
    /// The number of the look it was told last.
    look: u64,
}

impl Registry {
    pub(super) fn new(roster: Roster, announcer: Arc<Announcer>) -> Self {
        Self { roster, announcer, entries: HashMap::new(), looks: 0 }
    }

    fn look(&mut self, user: UserId, absence: Absence, registry: Addr<Self>) {
        self.looks += 1;
        let number = self.looks;
        let message = ToEntry::Look { absence, number };
        match self.entries.get_mut(&user) {
            Some(busy) if busy.entry.connected() => {
                busy.look = number;
                busy.entry.do_send(message);
            }
            _ => {
                let (roster, announcer) = (self.roster.clone(), self.announcer.clone());
                let machine = Machine::new(roster.last_announced(&user));
                let user_of_entry = user.clone();
                let entry =
                    Entry { user: user_of_entry, roster, announcer, registry, machine, look: 0 }.start();
                entry.do_send(message);
                self.entries.insert(user, Busy { entry, look: number });
            }
        }
    }
}

impl Actor for Registry {
    type Context = Context<Self>;

    /// Takes over from a predecessor that failed.
    fn started(&mut self, ctx: &mut Context<Self>) {
        for user in self.roster.everybody() {
            self.look(user, Absence::Fresh, ctx.address());
        }
    }
}

impl Handler<Look> for Registry {
    type Result = ();

    fn handle(&mut self, Look { user, absence }: Look, ctx: &mut Context<Self>) {
        self.look(user, absence, ctx.address());
    }
}

impl Handler<Idle> for Registry {
    type Result = ();

    fn handle(&mut self, Idle { user, look }: Idle, _: &mut Context<Self>) {
        // One that was told to look meanwhile says so again when it has.
        if let hash_map::Entry::Occupied(busy) = self.entries.entry(user)
            && busy.get().look == look
        {
            busy.remove().entry.do_send(ToEntry::Stop);
        }
    }
}

/// One user who comes or goes.
pub(super) struct Entry {
    user: UserId,
    roster: Roster,
    announcer: Arc<Announcer>,
    registry: Addr<Registry>,
    machine: Machine,
    /// The number of the last look.
    look: u64,
}

impl Entry {
    fn carry_out(&mut self, effect: Option<Effect>, ctx: &mut Context<Self>) {
        match effect {
            None => self.rest(),
            Some(Effect::Announce(online)) => {
                self.roster.announced(&self.user, online);
                let (announcer, user) = (self.announcer.clone(), self.user.clone());
                let told = async move { announcer.announce(&user, online).await };
                // The entry hears nothing until its rooms know: news keep their order.
                ctx.wait(told.into_actor(self).map(|(), entry, _| entry.rest()));
            }
            Some(Effect::Wait(absence)) => {
                ctx.run_later(Duration::from_millis(self.announcer.options.grace_ms), move |entry, ctx| {
                    let effect = entry.machine.grace_over(absence);
                    entry.carry_out(effect, ctx);
                });
            }
        }
    }

    /// An entry is needed only while something is under way: who is online is in the roster.
    fn rest(&self) {
        if self.machine.is_settled() {
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
            ToEntry::Look { absence, number } => {
                self.look = number;
                let seen = if self.roster.is_anywhere(&self.user) { Seen::Here } else { Seen::Nowhere };
                let effect = self.machine.look(seen, absence);
                self.carry_out(effect, ctx);
            }
            ToEntry::Stop => ctx.stop(),
        }
    }
}
