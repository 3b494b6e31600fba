//! What one person does on a day, and when. Pure but for chance, which is handed in.

use rand::{Rng, RngExt};

/// Where something is said, as a number among the person's rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The team.
    Team,
    /// One other person.
    Direct,
    /// The whole company.
    Company,
}

/// One thing that somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Says something there; begins to type before it, if it is time for that.
    Say { place: Place, typed: bool },
    /// Marks a room as read.
    Read(Place),
    /// Reacts to what was said last there.
    React(Place),
    /// Looks at a page of the past.
    Look(Place),
    /// Looks away from the screen, or comes back to it.
    Attend { online: bool },
    /// Loses the connection, and comes back.
    Stumble,
}

/// How often somebody does what, beside saying so many messages.
const READS: usize = 20;
const REACTIONS: usize = 10;
const LOOKS: usize = 5;
const ATTENTIONS: usize = 4;
/// One in so many people loses the connection on that day.
const STUMBLES_EVERY: usize = 10;

/// All deeds of a person, with their places on a day from 0 to 1, in order.
pub(super) fn day(user: usize, messages: usize, chance: &mut impl Rng) -> Vec<(f64, Deed)> {
    let mut deeds: Vec<(f64, Deed)> = Vec::new();
    for _ in 0..messages {
        let deed = Deed::Say { place: talk_place(chance), typed: chance.random_bool(0.3) };
        deeds.push((chance.random(), deed));
    }
    for _ in 0..READS {
        deeds.push((chance.random(), Deed::Read(place(chance))));
    }
    for _ in 0..REACTIONS {
        deeds.push((chance.random(), Deed::React(place(chance))));
    }
    for _ in 0..LOOKS {
        deeds.push((chance.random(), Deed::Look(place(chance))));
    }
    for number in 0..ATTENTIONS {
        // Away and back in turns, so that the day ends at the screen.
        let at = (number as f64 + chance.random::<f64>()) / ATTENTIONS as f64;
        deeds.push((at, Deed::Attend { online: number % 2 == 1 }));
    }
    if user.is_multiple_of(STUMBLES_EVERY) {
        deeds.push((chance.random_range(0.2..0.8), Deed::Stumble));
    }
    deeds.sort_by(|one, other| one.0.total_cmp(&other.0));
    deeds
}

/// Most is said among few.
fn talk_place(chance: &mut impl Rng) -> Place {
    match chance.random_range(0..100) {
        0..70 => Place::Team,
        70..99 => Place::Direct,
        _ => Place::Company,
    }
}

fn place(chance: &mut impl Rng) -> Place {
    match chance.random_range(0..10) {
        0..6 => Place::Team,
        6..8 => Place::Direct,
        _ => Place::Company,
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn a_day_has_all_messages_in_order_and_is_the_same_by_the_same_chance() {
        let made = |user, seed| day(user, 100, &mut StdRng::seed_from_u64(seed));
        let deeds = made(10, 1);
        let count = |wanted: fn(&Deed) -> bool| deeds.iter().filter(|(_, deed)| wanted(deed)).count();
        assert_eq!(count(|deed| matches!(deed, Deed::Say { .. })), 100);
        assert_eq!(count(|deed| matches!(deed, Deed::Read(_))), READS);
        assert_eq!(count(|deed| *deed == Deed::Stumble), 1);
        assert!(deeds.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        assert!(deeds.iter().all(|(at, _)| (0.0..1.0).contains(at)));
        assert!(matches!(
            deeds.iter().rfind(|(_, deed)| matches!(deed, Deed::Attend { .. })),
            Some((_, Deed::Attend { online: true }))
        ));
        assert_eq!(deeds, made(10, 1));
        assert_ne!(deeds, made(10, 2));
        assert!(made(11, 1).iter().all(|(_, deed)| *deed != Deed::Stumble));
    }
}
