//! The account machine by script.

use madang_storage::id::{SessionId, UserId};
use madang_storage::row::{SessionRow, UserRow, table};

use crate::command::{Command, Op, Outcome, Refusal, UserOp};
use crate::event::ShardEvent;
use crate::machine::rows::{MemoryBase, Rows, session_key, user_key};
use crate::machine::shard::{Counters, apply};

#[derive(Default)]
struct Account {
    base: MemoryBase,
    ended: Vec<SessionId>,
}

impl Account {
    fn signed_up() -> Self {
        let mut account = Self::default();
        account.run(sign_up()).unwrap();
        account
    }

    fn run(&mut self, op: UserOp) -> Outcome {
        let command = Command { at_ms: 1, op: Op::User { user: minji(), op } };
        let mut rows = Rows::new(&self.base);
        let mut events = Vec::new();
        let outcome = apply(&mut rows, &mut Counters::default(), &mut events, &command).unwrap();
        let writes = rows.into_writes();
        self.base.write(writes);
        self.ended.extend(events.iter().filter_map(|event| match event {
            ShardEvent::SessionEnded { session, .. } => Some(*session),
            _ => None,
        }));
        outcome
    }

    fn row(&self) -> UserRow {
        Rows::new(&self.base).load(table::USER, &user_key(&minji())).unwrap().unwrap()
    }

    fn has_session(&self, session: SessionId) -> bool {
        let key = session_key(&minji(), &session);
        Rows::new(&self.base).load::<SessionRow>(table::SESSION, &key).unwrap().is_some()
    }
}

fn minji() -> UserId {
    UserId::parse("minji").unwrap()
}

fn id(n: u8) -> SessionId {
    SessionId([n; 16])
}

fn sign_up() -> UserOp {
    UserOp::SignUp { display_name: "Minji".into(), password_hash: "old".into(), names: Vec::new() }
}

fn open(n: u8) -> UserOp {
    let (device, checked) = ("d".into(), Some("old".into()));
    UserOp::OpenSession { session: id(n), token_hash: [n; 32], device, sessions_max: 2, checked }
}

#[test]
fn a_name_is_given_once() {
    let mut account = Account::signed_up();
    assert_eq!(account.run(sign_up()), Err(Refusal::UserExists));
    assert_eq!(Account::default().run(open(1)), Err(Refusal::NoUser));
}

#[test]
fn one_login_too_many_ends_the_oldest_session() {
    let mut account = Account::signed_up();
    for n in [1, 2, 2, 3] {
        account.run(open(n)).unwrap();
    }
    assert_eq!((account.row().sessions, account.ended.clone()), (vec![id(2), id(3)], vec![id(1)]));
    assert!(!account.has_session(id(1)) && account.has_session(id(3)));
}

#[test]
fn a_session_ends_once() {
    let mut account = Account::signed_up();
    account.run(open(1)).unwrap();
    account.run(UserOp::CloseSession(id(1))).unwrap();
    account.run(UserOp::CloseSession(id(1))).unwrap();
    assert_eq!(account.ended, [id(1)]);
}

#[test]
fn a_new_password_ends_the_other_sessions_and_a_stale_one_is_refused() {
    let mut account = Account::signed_up();
    account.run(open(1)).unwrap();
    account.run(open(2)).unwrap();
    let set = |old: &str| UserOp::SetPassword { old_hash: old.into(), new_hash: "new".into(), keep: id(2) };
    assert_eq!(account.run(set("guess")), Err(Refusal::PasswordChanged));
    account.run(set("old")).unwrap();
    assert_eq!(account.row().sessions, [id(2)]);
    assert_eq!((account.ended.as_slice(), account.row().password_hash.as_str()), (&[id(1)][..], "new"));
    // A login whose password was checked before the change.
    assert_eq!(account.run(open(3)), Err(Refusal::PasswordChanged));
    assert!(!account.has_session(id(3)));
}
