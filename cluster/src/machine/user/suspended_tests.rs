//! Suspending users by script: who may, what it ends, and that stragglers change nothing.

use madang_storage::id::{SessionId, UserId};
use madang_storage::row::{Act, AuditRow, Effect, OutboxRow, Row, StaffRole, SuspendedRow, Until, table};

use crate::command::{Command, Op, Outcome, Refusal, SafetyOp, Standing, UserOp};
use crate::event::{SessionEnd, ShardEvent};
use crate::machine::rows::MemoryBase;
use crate::machine::rows::Rows;
use crate::machine::shard::{Counters, apply};

/// One shard that is the desk, and everybody's home.
#[derive(Default)]
struct Shard {
    base: MemoryBase,
    counters: Counters,
    events: Vec<ShardEvent>,
    now: u64,
}

impl Shard {
    fn new() -> Self {
        let mut shard = Self::default();
        for name in ["minji", "mod"] {
            let op =
                UserOp::SignUp { display_name: name.into(), password_hash: "h".into(), names: Vec::new() };
            shard.run(Op::User { user: user(name), op }).unwrap();
        }
        let op = SafetyOp::Appoint { user: user("mod"), role: Some(StaffRole::Moderator) };
        shard.run(Op::Safety { by: user("root"), standing: Standing::Named, op }).unwrap();
        shard
    }

    fn run(&mut self, op: Op) -> Outcome {
        let command = Command { at_ms: self.now, op };
        let mut rows = Rows::new(&self.base);
        let outcome = apply(&mut rows, &mut self.counters, &mut self.events, &command).unwrap();
        let writes = rows.into_writes();
        assert!(outcome.is_ok() || writes.is_empty(), "a refusal wrote");
        self.base.write(writes);
        outcome
    }

    fn log_in(&mut self, session: u8) -> Outcome {
        let (session, token_hash, device) = (SessionId([session; 16]), [0; 32], String::new());
        let op = UserOp::OpenSession { session, token_hash, device, sessions_max: 5, checked: None };
        self.run(Op::User { user: user("minji"), op })
    }

    fn desk(&mut self, by: &str, op: SafetyOp) -> Outcome {
        self.run(Op::Safety { by: user(by), standing: Standing::Listed, op })
    }

    /// What the desk has told the user's shard, in order.
    fn told(&self) -> Vec<Effect> {
        let outbox = self.base.0.iter().filter(|((table, _), _)| *table == table::OUTBOX);
        outbox.map(|(_, row)| OutboxRow::decode(row).unwrap().effect).collect()
    }

    fn ended(&self) -> Vec<u8> {
        let ended = self.events.iter().filter_map(|event| match event {
            ShardEvent::SessionEnded { session, why: SessionEnd::Suspended, .. } => Some(session.0[0]),
            _ => None,
        });
        ended.collect()
    }

    fn acts(&self) -> Vec<Act> {
        let audit = self.base.0.iter().filter(|((table, _), _)| *table == table::AUDIT);
        audit.map(|(_, row)| AuditRow::decode(row).unwrap().act).collect()
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn suspend(until: Until) -> SafetyOp {
    SafetyOp::Suspend { user: user("minji"), until, reason: "spam".into() }
}

#[test]
fn who_is_suspended_is_out_on_all_devices_and_comes_back_when_restored() {
    let mut shard = Shard::new();
    shard.log_in(1).unwrap();
    shard.log_in(2).unwrap();
    assert_eq!(shard.desk("minji", suspend(Until::FOREVER)), Err(Refusal::NotStaff));
    shard.desk("mod", suspend(Until::FOREVER)).unwrap();
    shard.desk("mod", suspend(Until::FOREVER)).unwrap();
    let out = shard.told();
    assert_eq!(out.len(), 1, "a repeat tells nobody");
    shard.run(Op::Effect(out[0].clone())).unwrap();
    assert_eq!(shard.ended(), [1, 2]);
    let refused = Refusal::Suspended { reason: "spam".into(), retry_after_ms: None };
    assert_eq!(refused.to_string(), "this account is suspended: spam");
    assert_eq!(shard.log_in(3), Err(refused.clone()));

    shard.desk("mod", SafetyOp::Restore(user("minji"))).unwrap();
    shard.desk("mod", SafetyOp::Restore(user("minji"))).unwrap();
    assert_eq!(shard.log_in(3), Err(refused), "not before its shard has heard of it");
    shard.run(Op::Effect(shard.told()[1].clone())).unwrap();
    shard.log_in(3).unwrap();
    shard.run(Op::Effect(out[0].clone())).unwrap();
    assert_eq!(shard.ended(), [1, 2], "what comes late, or twice, is old");
    shard.log_in(4).unwrap();
    let (until, reason) = (Until::FOREVER, "spam".to_owned());
    let (suspended, restored) =
        (Act::Suspended { user: user("minji"), until, reason }, Act::Restored { user: user("minji") });
    assert_eq!(shard.acts()[1..], [suspended, restored], "each act once");
}

#[test]
fn a_suspension_ends_by_itself_and_says_when() {
    let mut shard = Shard::new();
    shard.desk("mod", suspend(Until(100))).unwrap();
    shard.run(Op::Effect(shard.told()[0].clone())).unwrap();
    shard.now = 40;
    let refused = shard.log_in(1).unwrap_err();
    assert!(matches!(refused, Refusal::Suspended { retry_after_ms: Some(60), .. }), "{refused:?}");
    shard.now = 100;
    shard.log_in(1).unwrap();
    let over = SuspendedRow { until: Until(100), reason: String::new(), version: 99 };
    shard.run(Op::Effect(Effect::Suspended { user: user("minji"), now: over })).unwrap();
    assert!(shard.ended().is_empty(), "what is over when it is heard ends nothing");
}

#[test]
fn nobody_suspends_the_staff_or_themselves() {
    let mut shard = Shard::new();
    let of = |name| SafetyOp::Suspend { user: user(name), until: Until::FOREVER, reason: String::new() };
    assert_eq!(shard.desk("mod", of("mod")), Err(Refusal::Yourself));
    let op = SafetyOp::Appoint { user: user("other"), role: Some(StaffRole::Moderator) };
    shard.run(Op::Safety { by: user("root"), standing: Standing::Named, op }).unwrap();
    assert_eq!(shard.desk("mod", of("other")), Err(Refusal::OfStaff));
    let named = Op::Safety { by: user("root"), standing: Standing::Named, op: of("other") };
    assert_eq!(shard.run(named), Err(Refusal::OfStaff), "not even an admin: dismissed first");
}
