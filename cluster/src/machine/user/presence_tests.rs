//! What a user shows of being there, by script.

use madang_storage::id::UserId;
use madang_storage::row::{PresenceRow, Status, Visibility, table};
use proptest::prelude::*;

use crate::command::{Command, Op, Outcome, PresenceOp, Refusal, StatusChange, UserOp};
use crate::event::ShardEvent;
use crate::machine::rows::{MemoryBase, Rows, user_key};
use crate::machine::shard::{Counters, apply};

#[derive(Default)]
struct Shard {
    base: MemoryBase,
    told: Vec<PresenceRow>,
}

impl Shard {
    fn run(&mut self, op: UserOp) -> Outcome {
        let command = Command { at_ms: 1, op: Op::User { user: minji(), op } };
        let (mut rows, mut events) = (Rows::new(&self.base), Vec::new());
        let outcome = apply(&mut rows, &mut Counters::default(), &mut events, &command).unwrap();
        let writes = rows.into_writes();
        self.base.write(writes);
        self.told.extend(events.into_iter().filter_map(|event| match event {
            ShardEvent::Presence { row, .. } => Some(row),
            _ => None,
        }));
        outcome
    }

    fn presence(&mut self, op: PresenceOp) {
        self.run(UserOp::Presence(op)).unwrap();
    }

    fn row(&self) -> PresenceRow {
        Rows::new(&self.base).load(table::PRESENCE, &user_key(&minji())).unwrap().unwrap_or_default()
    }

    fn signed_up() -> Self {
        let mut shard = Self::default();
        let (display_name, password_hash, names) = ("Minji".into(), "h".into(), Vec::new());
        shard.run(UserOp::SignUp { display_name, password_hash, names }).unwrap();
        shard
    }
}

fn minji() -> UserId {
    UserId::parse("minji").unwrap()
}

fn lunch() -> Status {
    Status { text: "lunch".into(), emoji: String::new(), expires_ms: Some(9) }
}

#[test]
fn what_is_shown_is_kept_and_told_once() {
    let mut shard = Shard::signed_up();
    let hide = PresenceOp::Show { visibility: Some(Visibility::Invisible), status: None };
    let say = PresenceOp::Show { visibility: None, status: Some(StatusChange::Set(lunch())) };
    for op in [&hide, &hide, &say, &say] {
        shard.presence(op.clone());
    }
    let shown =
        PresenceRow { visibility: Visibility::Invisible, status: Some(lunch()), ..PresenceRow::default() };
    assert_eq!(shard.row(), shown);
    assert_eq!(shard.told.len(), 2, "what changes nothing is no news");
    shard.presence(PresenceOp::Show { visibility: None, status: Some(StatusChange::Clear) });
    assert_eq!(shard.row().status, None);
}

#[test]
fn the_last_activity_moves_only_forwards_and_is_no_news() {
    let mut shard = Shard::signed_up();
    for last_active_ms in [5, 9, 7] {
        shard.presence(PresenceOp::Gone { last_active_ms });
    }
    assert_eq!((shard.row().last_active_ms, shard.told.len()), (9, 0));
}

#[test]
fn nobody_without_an_account_shows_anything() {
    let refused = Shard::default().run(UserOp::Presence(PresenceOp::Gone { last_active_ms: 1 }));
    assert_eq!(refused, Err(Refusal::NoUser));
}

fn op() -> impl Strategy<Value = PresenceOp> {
    let visibility = prop_oneof![Just(Visibility::Visible), Just(Visibility::Invisible)];
    let status = prop_oneof![Just(StatusChange::Clear), Just(StatusChange::Set(lunch()))];
    prop_oneof![
        (prop::option::of(visibility), prop::option::of(status))
            .prop_map(|(visibility, status)| PresenceOp::Show { visibility, status }),
        (0..20_u64).prop_map(|last_active_ms| PresenceOp::Gone { last_active_ms }),
    ]
}

proptest! {
    /// Repeats change nothing, and the feed tells what is stored.
    #[test]
    fn repeats_change_nothing(ops in prop::collection::vec(op(), 1..30)) {
        let (mut once, mut twice) = (Shard::signed_up(), Shard::signed_up());
        for op in ops {
            once.presence(op.clone());
            twice.presence(op.clone());
            twice.presence(op);
        }
        prop_assert_eq!(&once.base, &twice.base);
        prop_assert_eq!(&once.told, &twice.told);
        if let Some(told) = once.told.last() {
            prop_assert_eq!(
                (told.visibility, &told.status),
                (once.row().visibility, &once.row().status)
            );
        }
    }
}
