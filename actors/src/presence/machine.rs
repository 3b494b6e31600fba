//! What one user's entry decides, wherever the user's connections are: a short absence is none.

use crate::encoder::Online;

/// To be carried out by the entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Tell the user's rooms.
    Announce(Online),
    /// Say [`Machine::grace_over`] with this number after the grace period.
    Wait(u64),
}

/// One user's entry.
#[derive(Debug)]
pub(super) struct Machine {
    state: State,
    absences: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Offline,
    Online,
    /// No connection; the number tells this absence from earlier ones.
    Absent(u64),
}

/// What the roster says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// At least one connection, to whichever node.
    Here,
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
    /// A new entry, by what was announced last: a predecessor may have failed.
    pub(super) fn new(announced: Online) -> Self {
        let state = match announced {
            Online::Yes => State::Online,
            Online::No => State::Offline,
        };
        Self { state, absences: 0 }
    }

    /// The roster may have changed. Repeats do nothing.
    pub(super) fn look(&mut self, seen: Seen, absence: Absence) -> Option<Effect> {
        match (&self.state, seen) {
            (State::Offline, Seen::Here) => {
                self.state = State::Online;
                Some(Effect::Announce(Online::Yes))
            }
            (State::Absent(_), Seen::Here) => {
                self.state = State::Online;
                None
            }
            (State::Online, Seen::Nowhere) if absence == Absence::Over => {
                self.state = State::Offline;
                Some(Effect::Announce(Online::No))
            }
            (State::Online, Seen::Nowhere) => {
                self.absences += 1;
                self.state = State::Absent(self.absences);
                Some(Effect::Wait(self.absences))
            }
            (State::Offline | State::Absent(_), Seen::Nowhere) | (State::Online, Seen::Here) => None,
        }
    }

    /// Whether nothing is under way: a successor could go on from what was announced last.
    pub(super) fn is_settled(&self) -> bool {
        !matches!(self.state, State::Absent(_))
    }

    /// The grace period of an absence is over.
    pub(super) fn grace_over(&mut self, absence: u64) -> Option<Effect> {
        (self.state == State::Absent(absence)).then(|| {
            self.state = State::Offline;
            Effect::Announce(Online::No)
        })
    }
}
