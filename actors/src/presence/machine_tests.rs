use proptest::prelude::*;

use super::machine::{Absence, Effect, Machine, Seen};
use super::shown::{Attention, State};

const ACTIVE: Seen = Seen::Here(Attention::Active);
const AWAY: Seen = Seen::Here(Attention::Away);

fn is_gone(entry: &Machine) -> bool {
    entry.is_at_rest() && entry.state() == State::Offline
}

#[test]
fn who_comes_looks_away_and_goes_is_told_of_each_time() {
    let mut entry = Machine::new(State::Offline, None);
    assert_eq!(entry.look(ACTIVE, Absence::Fresh, 10), Some(Effect::Announce));
    assert_eq!(entry.look(ACTIVE, Absence::Fresh, 11), None);
    assert_eq!(entry.look(AWAY, Absence::Fresh, 20), Some(Effect::Announce));
    assert_eq!((entry.state(), entry.last_active_ms()), (State::Idle, Some(20)));
    assert_eq!(entry.look(Seen::Nowhere, Absence::Fresh, 30), Some(Effect::Wait(1)));
    assert_eq!(entry.state(), State::Idle, "for the grace period");
    assert_eq!(entry.grace_over(1), Some(Effect::Announce));
    assert_eq!((entry.state(), entry.last_active_ms()), (State::Offline, Some(20)));
    assert!(is_gone(&entry));
}

#[test]
fn a_short_absence_is_none_and_an_old_wait_ends_nothing() {
    let mut entry = Machine::new(State::Online, None);
    assert_eq!(entry.look(Seen::Nowhere, Absence::Fresh, 1), Some(Effect::Wait(1)));
    assert_eq!(entry.look(Seen::Nowhere, Absence::Fresh, 2), None);
    assert_eq!(entry.look(ACTIVE, Absence::Fresh, 3), None);
    assert_eq!(entry.look(Seen::Nowhere, Absence::Fresh, 4), Some(Effect::Wait(2)));
    assert_eq!(entry.grace_over(1), None);
    assert_eq!(entry.look(AWAY, Absence::Fresh, 5), Some(Effect::Announce), "back on another device");
    assert_eq!(entry.grace_over(2), None);
    assert_eq!(entry.state(), State::Idle);
}

#[test]
fn whose_node_has_died_has_had_the_grace_period_already() {
    let mut entry = Machine::new(State::Online, None);
    assert_eq!(entry.look(Seen::Nowhere, Absence::Over, 9), Some(Effect::Announce));
    assert!(is_gone(&entry));
    let mut entry = Machine::new(State::Offline, None);
    assert_eq!(entry.look(Seen::Nowhere, Absence::Over, 9), None);
}

#[test]
fn an_entry_rests_whenever_no_absence_is_waited_for_and_another_goes_on_from_what_was_announced() {
    let mut entry = Machine::new(State::Offline, None);
    entry.look(ACTIVE, Absence::Fresh, 10);
    entry.look(AWAY, Absence::Fresh, 20);
    assert!(entry.is_at_rest());
    let mut next = Machine::new(entry.state(), entry.last_active_ms());
    assert_eq!(next.look(AWAY, Absence::Fresh, 25), None);
    assert_eq!(next.look(Seen::Nowhere, Absence::Fresh, 30), Some(Effect::Wait(1)));
    assert!(!next.is_at_rest());
    assert_eq!(next.grace_over(1), Some(Effect::Announce));
    assert_eq!((next.state(), next.last_active_ms()), (State::Offline, Some(20)));
}

fn step() -> impl Strategy<Value = (Seen, Absence, bool)> {
    let seen = prop_oneof![Just(ACTIVE), Just(AWAY), Just(Seen::Nowhere)];
    let absence = prop_oneof![9 => Just(Absence::Fresh), 1 => Just(Absence::Over)];
    (seen, absence, any::<bool>())
}

proptest! {
    /// Whatever is seen in whatever order: what was announced last is how it is, and nothing is announced
    /// twice in a row.
    #[test]
    fn what_was_announced_last_is_how_it_is(steps in prop::collection::vec(step(), 0..60)) {
        let (mut entry, mut told, mut waits) = (Machine::new(State::Offline, None), State::Offline, Vec::new());
        for (seen, absence, waited) in steps {
            let mut effects = vec![entry.look(seen, absence, 0)];
            if waited {
                effects.extend(waits.drain(..).map(|wait| entry.grace_over(wait)));
            }
            for effect in effects.into_iter().flatten() {
                match effect {
                    Effect::Announce => {
                        prop_assert_ne!(told, entry.state());
                        told = entry.state();
                    }
                    Effect::Wait(wait) => waits.push(wait),
                }
            }
            prop_assert_eq!(told, entry.state());
            if let Seen::Here(attention) = seen {
                prop_assert_eq!(entry.state(), State::from(attention));
            }
        }
        entry.look(Seen::Nowhere, Absence::Fresh, 0).into_iter().for_each(|effect| {
            if let Effect::Wait(wait) = effect { waits.push(wait); }
        });
        waits.into_iter().for_each(|wait| { entry.grace_over(wait); });
        prop_assert!(is_gone(&entry), "nobody stays who is nowhere");
    }
}
