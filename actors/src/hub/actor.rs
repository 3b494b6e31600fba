//! The hub's shell: hears messages, lets the machine work in turns, and yields between them.

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use actix::fut::ActorFuture;
use actix::{Actor, AsyncContext, Context, Handler, MessageResult};

use super::backlog::Backlog;
use super::giving::Frame;
use super::hubs::{HubId, Hubs, Interest};
use super::machine::{Machine, Turn};
use super::message::{
    CloseSession, Deliver, DeliverUser, Handled, JoinUser, LeaveUser, Notice, Passing, Reached, SetPlaces,
};
use super::rhythm::TICK;
use crate::outbound::Stamp;

/// Sessions written to before the thread's other work gets its turn.
const TURN_WRITES: u32 = 64;
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// How often it is told what rooms were delivered.
const COUNT_INTERVAL: Duration = Duration::from_millis(100);
/// Every so many sweeps the cursor is pushed to those who were given something that it covers. What a client
/// was given since its last cursor it is given again when it resumes.
const SWEEPS_PER_CURSOR: u32 = 2;

/// The fan-out actor of one worker thread. Started by [`Hubs::local`](super::Hubs::local).
pub struct Hub {
    pub(super) id: HubId,
    pub(super) machine: Rc<RefCell<Machine>>,
    pub(super) backlog: Arc<Backlog>,
    pub(super) interest: Option<Arc<dyn Interest>>,
    pub(super) hubs: Hubs,
    pub(super) pumping: bool,
    /// What was noted is told when the time comes.
    pub(super) noticing: bool,
    /// What waits for a tick goes when the time comes.
    pub(super) ticking: bool,
    /// What was delivered is told when the time comes.
    pub(super) counting: bool,
    pub(super) sweeps: u32,
}

impl Hub {
    /// Sees to it that the machine's work is done.
    fn pump(&mut self, ctx: &mut Context<Self>) {
        if !std::mem::replace(&mut self.pumping, true) {
            ctx.spawn(Pump);
        }
    }

    /// Sees to it that what waits for a tick gets one.
    fn tick_later(&mut self, ctx: &mut Context<Self>) {
        if self.machine.borrow().holds() && !std::mem::replace(&mut self.ticking, true) {
            ctx.run_later(TICK, |hub, ctx| {
                hub.ticking = false;
                hub.machine.borrow_mut().tick();
                hub.pump(ctx);
                hub.tick_later(ctx);
            });
        }
    }

    /// Sees to it that what was delivered is told to those who decide what a room may cost.
    fn count_later(&mut self, ctx: &mut Context<Self>) {
        if self.machine.borrow().counts() && !std::mem::replace(&mut self.counting, true) {
            ctx.run_later(COUNT_INTERVAL, |hub, _| {
                hub.counting = false;
                hub.hubs.levels().count(hub.machine.borrow_mut().take_demands());
            });
        }
    }

    fn sweep(&mut self) {
        let mut machine = self.machine.borrow_mut();
        machine.sweep(Stamp::now());
        self.sweeps = self.sweeps.wrapping_add(1);
        if self.sweeps.is_multiple_of(SWEEPS_PER_CURSOR)
            && let Some(encoder) = self.hubs.encoder()
            && let Some(told) = machine.next_cursor()
        {
            let frame = encoder.cursor(&told);
            machine.push_cursor(told, frame);
        }
    }
}

impl Actor for Hub {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.run_interval(SWEEP_INTERVAL, |hub, ctx| {
            hub.sweep();
            hub.pump(ctx);
        });
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.backlog.close();
    }
}

/// Turns until all work is done. Between them everything else that is ready on this thread gets its turn, and what has
/// arrived for it meanwhile.
struct Pump;

impl ActorFuture<Hub> for Pump {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        hub: &mut Hub,
        ctx: &mut Context<Hub>,
        task: &mut TaskContext<'_>,
    ) -> Poll<()> {
        let turn = hub.machine.borrow_mut().turn(TURN_WRITES);
        // A room whose run has ended may have something that waits for a tick.
        hub.tick_later(ctx);
        match turn {
            Turn::More => {
                // Not only behind all tasks that are ready: before the next turn the runtime looks for what has
                // arrived, which otherwise it does once in dozens of turns.
                let _ = pin!(tokio::task::yield_now()).poll(task);
                Poll::Pending
            }
            Turn::Idle => {
                hub.pumping = false;
                Poll::Ready(())
            }
        }
    }
}

impl Handler<Deliver> for Hub {
    type Result = ();

    fn handle(&mut self, message: Deliver, ctx: &mut Context<Self>) {
        self.machine.borrow_mut().deliver(message.room, message.logged, message.frame, message.pace);
        self.pump(ctx);
        self.count_later(ctx);
        self.tick_later(ctx);
    }
}

impl Handler<Reached> for Hub {
    type Result = ();

    fn handle(&mut self, Reached(at): Reached, _: &mut Context<Self>) {
        self.machine.borrow_mut().reached(at);
    }
}

impl Handler<DeliverUser> for Hub {
    type Result = ();

    fn handle(&mut self, message: DeliverUser, _: &mut Context<Self>) {
        let frame = Frame::one(message.at, message.frame);
        self.machine.borrow_mut().deliver_user(&message.user, &frame);
    }
}

impl Handler<JoinUser> for Hub {
    type Result = ();

    fn handle(&mut self, message: JoinUser, _: &mut Context<Self>) {
        let first = self.machine.borrow_mut().join_user(&message.user, message.room);
        if first && let Some(interest) = &self.interest {
            interest.gained(self.id, &[message.room]);
        }
    }
}

impl Handler<LeaveUser> for Hub {
    type Result = ();

    fn handle(&mut self, message: LeaveUser, _: &mut Context<Self>) {
        let last = self.machine.borrow_mut().leave_user(&message.user, message.room);
        if last && let Some(interest) = &self.interest {
            interest.lost(self.id, message.room);
        }
    }
}

impl Handler<SetPlaces> for Hub {
    type Result = MessageResult<SetPlaces>;

    fn handle(&mut self, message: SetPlaces, _: &mut Context<Self>) -> Self::Result {
        let done = self.machine.borrow_mut().set_places(&message.user, &message.places);
        if let Some(interest) = &self.interest {
            interest.gained(self.id, &done.gained);
            done.lost.into_iter().for_each(|room| interest.lost(self.id, room));
        }
        MessageResult(done.changed)
    }
}

impl Handler<CloseSession> for Hub {
    type Result = ();

    fn handle(&mut self, message: CloseSession, _: &mut Context<Self>) {
        self.machine.borrow_mut().close_session(message.session, message.close);
    }
}

impl Handler<Notice> for Hub {
    type Result = ();

    fn handle(&mut self, message: Notice, ctx: &mut Context<Self>) {
        self.machine.borrow_mut().notice(&message);
        if !std::mem::replace(&mut self.noticing, true) {
            ctx.run_later(self.hubs.notice_after(), |hub, ctx| {
                hub.noticing = false;
                if let Some(encoder) = hub.hubs.encoder() {
                    hub.machine.borrow_mut().tell_notices(|lines| encoder.lines(lines));
                }
                hub.pump(ctx);
            });
        }
    }
}

impl Handler<Passing> for Hub {
    type Result = ();

    fn handle(&mut self, message: Passing, _: &mut Context<Self>) {
        self.machine.borrow_mut().pass(&message);
    }
}

impl Handler<Handled> for Hub {
    type Result = ();

    fn handle(&mut self, _: Handled, _: &mut Context<Self>) {}
}
