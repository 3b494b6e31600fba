//! The session's decisions, by script.

use madang_actors::outbound::Close;
use madang_actors::service::Caller;
use madang_storage::id::{SessionId, UserId};

use super::machine::{Effect, INVALID_IN_A_ROW_MAX, Machine, Then};
use crate::api::{ApiError, ErrorKind, Incoming};

const IN_FLIGHT_MAX: usize = 3;

fn caller() -> Caller {
    Caller { user: UserId::parse("minji").unwrap(), session: SessionId([9; 16]) }
}

fn unknown() -> Machine {
    Machine::new(IN_FLIGHT_MAX)
}

fn open() -> Machine {
    let mut machine = unknown();
    connect(&mut machine);
    let effects = machine.on_token(1, Ok(caller()));
    assert_eq!(effects, [Effect::Welcome { id: 1, caller: caller(), cursor: None }]);
    machine
}

fn connect(machine: &mut Machine) {
    let effect = say(machine, r#"{"id":1,"connect":{"token":"t"}}"#);
    assert!(matches!(effect, Some(Effect::CheckToken { id: 1, .. })), "{effect:?}");
}

fn say(machine: &mut Machine, text: &str) -> Option<Effect> {
    machine.on_object(Incoming::parse(text))
}

/// The error a text is answered with.
fn refused(machine: &mut Machine, text: &str) -> (Option<u64>, ErrorKind) {
    match say(machine, text) {
        Some(Effect::Refuse { id, error }) => (id, error.kind),
        other => panic!("{text} was answered by {other:?}"),
    }
}

#[test]
fn before_connect_only_the_public_operations_are_carried_out() {
    let mut machine = unknown();
    assert_eq!(refused(&mut machine, r#"{"id":4,"me":{}}"#), (Some(4), ErrorKind::Unauthenticated));
    let login = say(&mut machine, r#"{"id":5,"login":{"user":"minji","password":"x"}}"#);
    assert!(matches!(login, Some(Effect::RunPublic { id: 5, .. })), "{login:?}");
    let connect = say(&mut machine, r#"{"id":6,"connect":{"token":"t"}}"#);
    assert!(matches!(connect, Some(Effect::CheckToken { id: 6, .. })), "{connect:?}");
}

#[test]
fn a_token_that_is_not_valid_is_answered_and_closes() {
    let mut machine = unknown();
    connect(&mut machine);
    assert_eq!(say(&mut machine, r#"{"id":2,"me":{}}"#), None, "waits, and is dropped");
    let error = ApiError::new(ErrorKind::Unauthenticated, "no");
    let effects = machine.on_token(1, Err(error.clone()));
    assert_eq!(effects, [Effect::RefuseAndClose { id: Some(1), error, close: Close::UNAUTHENTICATED }]);
    assert_eq!(say(&mut machine, r#"{"id":2,"me":{}}"#), None);
}

#[test]
fn a_token_that_cannot_be_checked_now_may_be_shown_again() {
    let mut machine = unknown();
    connect(&mut machine);
    let error = ApiError::new(ErrorKind::Unavailable, "wait");
    assert!(matches!(machine.on_token(1, Err(error))[..], [Effect::Refuse { id: Some(1), .. }]));
    let again = say(&mut machine, r#"{"id":2,"connect":{"token":"t"}}"#);
    assert!(matches!(again, Some(Effect::CheckToken { id: 2, .. })));
}

#[test]
fn what_comes_while_the_token_is_checked_waits_and_is_carried_out_in_order() {
    let mut machine = unknown();
    connect(&mut machine);
    for number in 2..2 + IN_FLIGHT_MAX {
        assert_eq!(say(&mut machine, &format!(r#"{{"id":{number},"me":{{}}}}"#)), None);
    }
    assert_eq!(refused(&mut machine, r#"{"id":9,"me":{}}"#), (Some(9), ErrorKind::Overloaded));
    let effects = machine.on_token(1, Ok(caller()));
    let [Effect::Welcome { .. }, rest @ ..] = &effects[..] else { panic!("{effects:?}") };
    let ids: Vec<_> = rest
        .iter()
        .map(|effect| match effect {
            Effect::Run { id, .. } => *id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids, [2, 3, 4]);
    assert_eq!(refused(&mut machine, r#"{"id":9,"me":{}}"#), (Some(9), ErrorKind::Overloaded));
}

#[test]
fn a_token_that_was_checked_too_late_has_no_effect() {
    let mut machine = unknown();
    connect(&mut machine);
    assert_eq!(machine.on_auth_deadline(), Some(Close::AUTH_DEADLINE));
    assert_eq!(machine.on_token(1, Ok(caller())), []);
    let mut machine = unknown();
    connect(&mut machine);
    machine.on_closed();
    assert_eq!(machine.on_token(1, Ok(caller())), []);
}

#[test]
fn the_cursor_waits_until_the_token_was_checked() {
    let mut machine = unknown();
    let effect = say(&mut machine, r#"{"id":1,"connect":{"token":"t","cursor":"anything"}}"#);
    assert!(matches!(effect, Some(Effect::CheckToken { id: 1, .. })), "{effect:?}");
    let cursor = Some("anything".to_owned());
    assert_eq!(machine.on_token(1, Ok(caller())), [Effect::Welcome { id: 1, caller: caller(), cursor }]);
}

#[test]
fn a_second_connect_is_refused() {
    let mut machine = open();
    let text = r#"{"id":2,"connect":{"token":"t"}}"#;
    assert_eq!(refused(&mut machine, text), (Some(2), ErrorKind::BadRequest));
}

#[test]
fn one_command_more_than_may_be_in_flight_is_overload_until_one_is_answered() {
    let mut machine = open();
    for _ in 0..IN_FLIGHT_MAX {
        assert!(matches!(say(&mut machine, r#"{"id":2,"me":{}}"#), Some(Effect::Run { .. })));
    }
    assert_eq!(refused(&mut machine, r#"{"id":3,"me":{}}"#), (Some(3), ErrorKind::Overloaded));
    machine.on_answered();
    assert!(matches!(say(&mut machine, r#"{"id":4,"me":{}}"#), Some(Effect::Run { .. })));
}

#[test]
fn the_tenth_invalid_object_in_a_row_closes() {
    let mut machine = open();
    for _ in 1..INVALID_IN_A_ROW_MAX {
        assert_eq!(refused(&mut machine, "nonsense"), (None, ErrorKind::BadRequest));
    }
    let last = say(&mut machine, r#"{"id":7,"nonsense":{}}"#);
    assert!(
        matches!(last, Some(Effect::RefuseAndClose { id: Some(7), close: Close::PROTOCOL, .. })),
        "{last:?}"
    );
    assert_eq!(say(&mut machine, r#"{"id":8,"me":{}}"#), None);
}

#[test]
fn a_valid_command_between_invalid_ones_starts_the_count_anew() {
    let mut machine = open();
    for _ in 0..3 {
        for _ in 1..INVALID_IN_A_ROW_MAX {
            refused(&mut machine, "nonsense");
        }
        assert!(matches!(say(&mut machine, r#"{"id":2,"me":{}}"#), Some(Effect::Run { .. })));
    }
}

#[test]
fn whoever_logs_out_is_closed_after_the_answer_and_asks_nothing_more() {
    let own = SessionId([9; 16]);
    for text in
        [r#"{"id":2,"logout":{}}"#.to_owned(), format!(r#"{{"id":2,"revoke":{{"session":"{own}"}}}}"#)]
    {
        let mut machine = open();
        let effect = say(&mut machine, &text);
        assert!(matches!(effect, Some(Effect::Run { id: 2, then: Then::Close, .. })), "{effect:?}");
        assert_eq!(say(&mut machine, r#"{"id":3,"me":{}}"#), None);
    }
}

#[test]
fn revoking_another_session_goes_on() {
    let other = SessionId([8; 16]);
    let effect = say(&mut open(), &format!(r#"{{"id":2,"revoke":{{"session":"{other}"}}}}"#));
    assert!(matches!(effect, Some(Effect::Run { then: Then::GoOn, .. })), "{effect:?}");
}

#[test]
fn the_deadline_closes_only_who_has_not_connected() {
    assert_eq!(unknown().on_auth_deadline(), Some(Close::AUTH_DEADLINE));
    assert_eq!(open().on_auth_deadline(), None);
}

#[test]
fn a_sign_of_life_needs_no_answer() {
    assert_eq!(say(&mut unknown(), "{ }"), None);
}
