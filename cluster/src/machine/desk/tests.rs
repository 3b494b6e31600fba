//! The desk by script: who may do what with a report, and that every act is written down with it.

use madang_storage::id::{ReportId, UserId};
use madang_storage::row::{
    Act, AuditRow, Quoted, Reason, ReportRow, ReportState, ReportTarget, Row, StaffRole, table,
};

use crate::command::{Command, Op, Outcome, Refusal, SafetyOp, Standing};
use crate::machine::rows::{MemoryBase, Rows, report_key};
use crate::machine::shard::{Counters, apply};

const REPORT: ReportId = ReportId([1; 16]);

#[derive(Default)]
struct Desk {
    base: MemoryBase,
    counters: Counters,
    at_ms: u64,
}

impl Desk {
    /// With a report in the queue, and two moderators whom `root` appointed.
    fn new() -> Self {
        let mut desk = Self::default();
        desk.run("jun", report()).unwrap();
        for name in ["mod1", "mod2"] {
            desk.named("root", appoint(name, Some(StaffRole::Moderator))).unwrap();
        }
        desk
    }

    fn run(&mut self, by: &str, op: SafetyOp) -> Outcome {
        self.decide(by, Standing::Listed, op)
    }

    fn named(&mut self, by: &str, op: SafetyOp) -> Outcome {
        self.decide(by, Standing::Named, op)
    }

    fn decide(&mut self, by: &str, standing: Standing, op: SafetyOp) -> Outcome {
        self.at_ms += 1;
        let command = Command { at_ms: self.at_ms, op: Op::Safety { by: user(by), standing, op } };
        let mut rows = Rows::new(&self.base);
        let outcome = apply(&mut rows, &mut self.counters, &mut Vec::new(), &command).unwrap();
        let writes = rows.into_writes();
        if outcome.is_err() {
            assert!(writes.is_empty(), "a refusal changes nothing");
        }
        self.base.write(writes);
        outcome
    }

    fn state(&self) -> ReportState {
        Rows::new(&self.base).load::<ReportRow>(table::REPORT, &report_key(&REPORT)).unwrap().unwrap().state
    }

    fn audit(&self) -> Vec<AuditRow> {
        let of_audit = self.base.0.iter().filter(|((table, _), _)| *table == table::AUDIT);
        of_audit.map(|(_, row)| AuditRow::decode(row).unwrap()).collect()
    }

    fn queue(&self) -> Vec<u8> {
        let of_queue = self.base.0.keys().filter(|(table, _)| *table == table::REPORT_QUEUE);
        of_queue.map(|(_, key)| key[0]).collect()
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn report() -> SafetyOp {
    let quoted = Quoted { seq: 3, at_ms: 1, user: user("bad"), text: "buy".into() };
    SafetyOp::Report {
        report: REPORT,
        target: ReportTarget::User(user("bad")),
        reason: Reason::Spam,
        note: String::new(),
        context: vec![quoted],
    }
}

fn go(to: ReportState) -> SafetyOp {
    SafetyOp::Move { report: REPORT, to, note: "n".into() }
}

fn appoint(name: &str, role: Option<StaffRole>) -> SafetyOp {
    SafetyOp::Appoint { user: user(name), role }
}

#[test]
fn a_report_goes_from_open_to_taken_to_closed_and_stands_once_in_the_queue() {
    let mut desk = Desk::new();
    assert_eq!(desk.run("mod1", go(ReportState::Resolved)), Err(Refusal::ReportNotTaken));
    desk.run("mod1", go(ReportState::Taken)).unwrap();
    desk.run("mod1", go(ReportState::Taken)).unwrap();
    assert_eq!(desk.queue(), [ReportState::Taken.number()]);
    desk.run("mod1", go(ReportState::Resolved)).unwrap();
    assert_eq!((desk.state(), desk.queue()), (ReportState::Resolved, vec![3]));
    assert_eq!(desk.run("mod1", go(ReportState::Taken)), Err(Refusal::ReportClosed));
    desk.run("jun", report()).unwrap();
    assert_eq!(desk.state(), ReportState::Resolved, "the same report is not heard twice");
}

#[test]
fn only_one_takes_a_report_and_only_an_admin_takes_it_over() {
    let mut desk = Desk::new();
    desk.run("mod1", go(ReportState::Taken)).unwrap();
    for to in [ReportState::Taken, ReportState::Dismissed, ReportState::Open] {
        assert_eq!(desk.run("mod2", go(to)), Err(Refusal::ReportTaken));
    }
    desk.named("root", go(ReportState::Taken)).unwrap();
    assert_eq!(desk.run("mod1", go(ReportState::Resolved)), Err(Refusal::ReportTaken));
    desk.named("root", go(ReportState::Dismissed)).unwrap();
    assert_eq!(desk.run("mod1", go(ReportState::Open)), Err(Refusal::ReportClosed));
    desk.named("root", go(ReportState::Open)).unwrap();
    desk.run("mod2", go(ReportState::Taken)).unwrap();
}

#[test]
fn nobody_acts_beyond_their_role() {
    let mut desk = Desk::new();
    assert_eq!(desk.run("jun", go(ReportState::Taken)), Err(Refusal::NotStaff));
    assert_eq!(desk.run("mod1", appoint("jun", Some(StaffRole::Moderator))), Err(Refusal::NotStaff));
    desk.named("root", appoint("mod1", None)).unwrap();
    assert_eq!(desk.run("mod1", go(ReportState::Taken)), Err(Refusal::NotStaff));
    desk.named("root", appoint("mod2", Some(StaffRole::Admin))).unwrap();
    desk.run("mod2", appoint("jun", Some(StaffRole::Moderator))).unwrap();
    desk.run("jun", go(ReportState::Taken)).unwrap();
    let unknown = SafetyOp::Move { report: ReportId([9; 16]), to: ReportState::Taken, note: String::new() };
    assert_eq!(desk.run("jun", unknown), Err(Refusal::NoReport));
}

#[test]
fn every_act_is_written_down_once_and_with_who_did_it() {
    let mut desk = Desk::new();
    desk.run("mod1", go(ReportState::Taken)).unwrap();
    desk.run("mod1", go(ReportState::Taken)).unwrap();
    desk.run("mod2", go(ReportState::Resolved)).unwrap_err();
    desk.run("mod1", go(ReportState::Dismissed)).unwrap();
    desk.named("root", appoint("mod2", None)).unwrap();
    desk.named("root", appoint("mod2", None)).unwrap();
    let moderator = Some(StaffRole::Moderator);
    let appointed =
        |name, role| AuditRow { by: user("root"), act: Act::Appointed { user: user(name), role } };
    let moved = |state| {
        let act = Act::Report { report: REPORT, state, note: "n".into() };
        AuditRow { by: user("mod1"), act }
    };
    let expected = [
        appointed("mod1", moderator),
        appointed("mod2", moderator),
        moved(ReportState::Taken),
        moved(ReportState::Dismissed),
        appointed("mod2", None),
    ];
    assert_eq!(desk.audit(), expected);
}
