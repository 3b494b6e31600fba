//! What one user's entry decides, wherever the user's connections are: a short absence is none.

use super::shown::{Attention, State};

/// To be carried out by the entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Have everybody told how it is now.
    Announce,
    /// Say [`Machine::grace_over`] with this number after the grace period.
    Wait(u64),
}

/// One user's entry.
#[derive(Debug)]
pub(super) struct Machine {
    place: Place,
    absences: u64,
    last_active_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Gone,
    Here(Attention),
    /// No connection since a moment ago; the number tells this absence from earlier ones.
    Absent(Attention, u64),
}

/// What the home has seen of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// At least one connection, to whichever node.
    Here(Attention),
    /// None.
    Nowhere,
}

/// What it is worth that a user has no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absence {
    /// It has just begun.
    Fresh,
    /// The grace period has passed: it was that of the whole node.
    Over,
}

impl Machine {
    /// A new entry, by what was announced last: by the entry before it, or by another home.
    pub(super) fn new(announced: State, last_active_ms: Option<u64>) -> Self {
        let place = match announced {
            State::Offline => Place::Gone,
            State::Idle => Place::Here(Attention::Away),
            State::Online => Place::Here(Attention::Active),
        };
        Self { place, absences: 0, last_active_ms }
    }

    /// The home may have seen something. Repeats do nothing.
    pub(super) fn look(&mut self, seen: Seen, absence: Absence, now_ms: u64) -> Option<Effect> {
        match (self.place, seen) {
            (Place::Here(was) | Place::Absent(was, _), Seen::Here(is)) if was == is => {
                self.place = Place::Here(is);
                None
            }
            (_, Seen::Here(is)) => {
                self.leave_off(now_ms);
                self.place = Place::Here(is);
                Some(Effect::Announce)
            }
            (Place::Here(_) | Place::Absent(..), Seen::Nowhere) if absence == Absence::Over => {
                self.leave_off(now_ms);
                self.place = Place::Gone;
                Some(Effect::Announce)
            }
            (Place::Here(was), Seen::Nowhere) => {
                self.leave_off(now_ms);
                self.absences += 1;
                self.place = Place::Absent(was, self.absences);
                Some(Effect::Wait(self.absences))
            }
            (Place::Gone | Place::Absent(..), Seen::Nowhere) => None,
        }
    }

    /// The grace period of an absence is over.
    pub(super) fn grace_over(&mut self, absence: u64) -> Option<Effect> {
        matches!(self.place, Place::Absent(_, number) if number == absence).then(|| {
            self.place = Place::Gone;
            Effect::Announce
        })
    }

    /// How it is, as far as others are to know.
    pub(super) fn state(&self) -> State {
        match self.place {
            Place::Gone => State::Offline,
            Place::Here(attention) | Place::Absent(attention, _) => attention.into(),
        }
    }

    /// When the user was active last, if that is known and over.
    pub(super) fn last_active_ms(&self) -> Option<u64> {
        self.last_active_ms
    }

    /// Whether nothing is under way: all that it knows was announced.
    pub(super) fn is_at_rest(&self) -> bool {
        !matches!(self.place, Place::Absent(..))
    }

    /// Whoever was active until now was so last now.
    fn leave_off(&mut self, now_ms: u64) {
        if self.place == Place::Here(Attention::Active) {
            self.last_active_ms = Some(now_ms);
        }
    }
}
