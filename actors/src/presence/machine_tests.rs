use super::machine::{Effect, Machine, Seen};
use crate::encoder::Online;

#[test]
fn the_first_connection_is_announced_and_further_ones_are_not() {
    let mut machine = Machine::new(Online::No);
    assert_eq!(machine.look(Seen::Here), Some(Effect::Announce(Online::Yes)));
    assert_eq!(machine.look(Seen::Here), None);
}

#[test]
fn a_short_absence_is_none() {
    let mut machine = Machine::new(Online::No);
    machine.look(Seen::Here);
    assert_eq!(machine.look(Seen::Nowhere), Some(Effect::Wait(1)));
    assert_eq!(machine.look(Seen::Nowhere), None);
    assert_eq!(machine.look(Seen::Here), None);
    assert_eq!(machine.grace_over(1), None);
    assert_eq!(machine.look(Seen::Nowhere), Some(Effect::Wait(2)));
    assert_eq!(machine.grace_over(1), None, "that absence ended");
    assert_eq!(machine.grace_over(2), Some(Effect::Announce(Online::No)));
    assert_eq!(machine.look(Seen::Nowhere), Some(Effect::Retire));
}

#[test]
fn who_returns_after_the_grace_period_is_announced_again() {
    let mut machine = Machine::new(Online::No);
    machine.look(Seen::Here);
    machine.look(Seen::Nowhere);
    machine.grace_over(1);
    assert_eq!(machine.look(Seen::Here), Some(Effect::Announce(Online::Yes)));
}

#[test]
fn an_entry_that_takes_over_does_not_announce_again_what_is_known() {
    let mut machine = Machine::new(Online::Yes);
    assert_eq!(machine.look(Seen::Here), None);
    let mut machine = Machine::new(Online::Yes);
    assert_eq!(machine.look(Seen::Nowhere), Some(Effect::Wait(1)));
    assert_eq!(machine.grace_over(1), Some(Effect::Announce(Online::No)));
}
