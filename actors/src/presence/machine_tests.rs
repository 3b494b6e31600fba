use super::machine::{Absence, Effect, Machine, Seen};
use crate::encoder::Online;

#[test]
fn the_first_connection_is_announced_and_further_ones_are_not() {
    let mut machine = Machine::new(Online::No);
    assert_eq!(machine.look(Seen::Here, Absence::Fresh), Some(Effect::Announce(Online::Yes)));
    assert_eq!(machine.look(Seen::Here, Absence::Fresh), None);
}

#[test]
fn a_short_absence_is_none() {
    let mut machine = Machine::new(Online::No);
    machine.look(Seen::Here, Absence::Fresh);
    assert_eq!(machine.look(Seen::Nowhere, Absence::Fresh), Some(Effect::Wait(1)));
    assert_eq!(machine.look(Seen::Nowhere, Absence::Fresh), None);
    assert_eq!(machine.look(Seen::Here, Absence::Fresh), None);
    assert_eq!(machine.grace_over(1), None);
    assert_eq!(machine.look(Seen::Nowhere, Absence::Fresh), Some(Effect::Wait(2)));
    assert_eq!(machine.grace_over(1), None, "that absence ended");
    assert_eq!(machine.grace_over(2), Some(Effect::Announce(Online::No)));
    assert!(machine.is_settled());
    assert_eq!(machine.look(Seen::Nowhere, Absence::Fresh), None);
}

#[test]
fn who_returns_after_the_grace_period_is_announced_again() {
    let mut machine = Machine::new(Online::No);
    machine.look(Seen::Here, Absence::Fresh);
    machine.look(Seen::Nowhere, Absence::Fresh);
    machine.grace_over(1);
    assert_eq!(machine.look(Seen::Here, Absence::Fresh), Some(Effect::Announce(Online::Yes)));
}

#[test]
fn an_entry_that_takes_over_does_not_announce_again_what_is_known() {
    let mut machine = Machine::new(Online::Yes);
    assert_eq!(machine.look(Seen::Here, Absence::Fresh), None);
    let mut machine = Machine::new(Online::Yes);
    assert_eq!(machine.look(Seen::Nowhere, Absence::Fresh), Some(Effect::Wait(1)));
    assert_eq!(machine.grace_over(1), Some(Effect::Announce(Online::No)));
}

#[test]
fn when_a_nodes_lease_is_over_its_users_have_been_absent_long_enough() {
    let mut machine = Machine::new(Online::Yes);
    assert_eq!(machine.look(Seen::Here, Absence::Over), None, "on another node as well");
    assert_eq!(machine.look(Seen::Nowhere, Absence::Over), Some(Effect::Announce(Online::No)));
    assert!(machine.is_settled());
    assert_eq!(machine.look(Seen::Nowhere, Absence::Over), None);
}

#[test]
fn an_absence_that_began_here_is_not_cut_short_by_the_lease_of_another_node() {
    let mut machine = Machine::new(Online::Yes);
    assert_eq!(machine.look(Seen::Nowhere, Absence::Fresh), Some(Effect::Wait(1)));
    assert!(!machine.is_settled());
    assert_eq!(machine.look(Seen::Nowhere, Absence::Over), None);
    assert_eq!(machine.grace_over(1), Some(Effect::Announce(Online::No)));
}
