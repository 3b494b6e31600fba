//! Arbitrary commands and news about people, and what must hold of them in every state.

use madang_storage::id::{ReportId, UserId};
use madang_storage::row::{
    AuditRow, BlockRow, Blocked, ContactRow, Effect, Findable, MemberRow, MemberState, PeopleRow, Reading,
    Reason, Relation, ReportRow, ReportState, ReportTarget, RoomRow, Side, StaffRole, SuspendedRow, table,
};
use proptest::prelude::*;

use super::accounts;
use super::commands::{room, user};
use super::keeping::until;
use super::rules::rows;
use crate::command::{Op, PeopleOp, SafetyOp, Standing};
use crate::machine::rows::{MemoryBase, queue_key, user_key, user_prefix};

fn blocked() -> impl Strategy<Value = Blocked> {
    prop_oneof![Just(Blocked::Yes), Just(Blocked::No)]
}

/// Something about other people.
pub(super) fn of_people() -> impl Strategy<Value = PeopleOp> {
    let reading = prop::option::of(prop_oneof![Just(Reading::Shown), Just(Reading::Private)]);
    let findable = prop::option::of(prop_oneof![Just(Findable::Yes), Just(Findable::No)]);
    prop_oneof![
        3 => user().prop_map(PeopleOp::Request),
        2 => user().prop_map(PeopleOp::Accept),
        1 => user().prop_map(PeopleOp::Decline),
        1 => user().prop_map(PeopleOp::Remove),
        1 => user().prop_map(PeopleOp::Block),
        1 => user().prop_map(PeopleOp::Unblock),
        1 => (reading, findable).prop_map(|(reading, findable)| PeopleOp::Show { reading, findable }),
    ]
}

fn effect() -> impl Strategy<Value = Effect> {
    let side = (0..6_u64, 0..6_u64, 0..6_u64).prop_map(|(version, given, cancelled)| Side {
        version,
        given: given.min(version),
        cancelled,
    });
    let state = prop_oneof![Just(None), Just(Some(MemberState::Joined)), Just(Some(MemberState::Invited))];
    prop_oneof![
        2 => (user(), user(), side).prop_map(|(from, to, side)| Effect::Contact { from, to, side }),
        1 => (room(), user(), user(), blocked(), 0..5_u64).prop_map(
            |(room, by, other, blocked, version)| Effect::PairBlock { room, by, other, blocked, version }
        ),
        1 => (room(), user(), 0..40_u64)
            .prop_map(|(room, user, room_seq)| Effect::Declined { room, user, room_seq }),
        1 => (user(), until(), 0..6_u64).prop_map(|(user, until, version)| {
            let now = SuspendedRow { until, reason: String::new(), version };
            Effect::Suspended { user, now }
        }),
        2 => (user(), room(), state, 0..40_u64, prop::option::of(user())).prop_map(
            |(user, room, state, room_seq, by)| Effect::UserRoom { user, room, state, room_seq, by, at_ms: 1 }
        ),
    ]
}

fn safety() -> impl Strategy<Value = SafetyOp> {
    let report = || (0..3_u8).prop_map(|n| ReportId([n; 16]));
    let to = prop_oneof![
        Just(ReportState::Open),
        Just(ReportState::Taken),
        Just(ReportState::Resolved),
        Just(ReportState::Dismissed)
    ];
    let role = prop::option::of(prop_oneof![Just(StaffRole::Moderator), Just(StaffRole::Admin)]);
    prop_oneof![
        2 => (report(), user()).prop_map(|(report, user)| SafetyOp::Report {
            report,
            target: ReportTarget::User(user),
            reason: Reason::Other,
            note: String::new(),
            context: Vec::new(),
        }),
        4 => (report(), to).prop_map(|(report, to)| SafetyOp::Move { report, to, note: String::new() }),
        2 => (user(), role).prop_map(|(user, role)| SafetyOp::Appoint { user, role }),
        2 => (user(), until()).prop_map(|(user, until)| SafetyOp::Suspend {
            user, until, reason: String::new()
        }),
        1 => user().prop_map(SafetyOp::Restore),
    ]
}

/// Something about people.
pub(super) fn op() -> impl Strategy<Value = Op> {
    let standing = prop_oneof![4 => Just(Standing::Listed), 1 => Just(Standing::Named)];
    prop_oneof![
        4 => (user(), accounts::op().boxed()).prop_map(|(user, op)| Op::User { user, op }),
        2 => effect().prop_map(Op::Effect),
        2 => (user(), standing, safety()).prop_map(|(by, standing, op)| Op::Safety { by, standing, op }),
    ]
}

/// What must hold of people, reports and markers in every state.
pub(super) fn check(base: &MemoryBase) {
    check_counts(base);
    let reports = rows::<ReportRow>(base, table::REPORT);
    let queue = base.0.keys().filter(|(table, _)| *table == table::REPORT_QUEUE).count();
    assert_eq!(queue, reports.len(), "each report stands once in the queue");
    for (key, report) in &reports {
        let id = ReportId(key.as_slice().try_into().unwrap());
        let place = queue_key(report.state, report.at_ms, &id);
        assert!(base.0.contains_key(&(table::REPORT_QUEUE, place)), "{report:?}");
    }
    let heads = rows::<RoomRow>(base, table::ROOM);
    for (key, row) in rows::<MemberRow>(base, table::MEMBER) {
        let head = &heads[&key[..16]];
        assert!(row.shown_seq <= row.read_seq && row.received_seq <= head.last_seq, "{row:?}");
    }
    // Readable, all of them.
    let _ = rows::<AuditRow>(base, table::AUDIT);
}

/// Lists are as long as their counts say.
fn check_counts(base: &MemoryBase) {
    let (contacts, blocks) = (rows::<ContactRow>(base, table::CONTACT), rows::<BlockRow>(base, table::BLOCK));
    for name in ["aa", "bb", "cc", "dd"] {
        let user = UserId::parse(name).unwrap();
        let row = rows::<PeopleRow>(base, table::PEOPLE).remove(&user_key(&user)).unwrap_or_default();
        let prefix = user_prefix(&user);
        let mine = contacts.iter().filter(|(key, _)| key.starts_with(&prefix));
        let live = mine.filter(|(_, contact)| contact.relation() != Relation::None).count();
        assert_eq!(row.contacts as usize, live, "{name}: {row:?}");
        let mine = blocks.iter().filter(|(key, _)| key.starts_with(&prefix));
        let holds = mine.filter(|(_, block)| block.blocked == Blocked::Yes).count();
        assert_eq!(row.blocks as usize, holds, "{name}: {row:?}");
    }
}
