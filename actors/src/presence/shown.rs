//! What others see of a user, and from what it is made.

use madang_storage::row::{PresenceRow, Status, Visibility};
use serde::{Deserialize, Serialize};

/// Whether somebody who has a connection is looking. The greater one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Attention {
    /// The client says that nobody is, or nothing was done for a while.
    #[serde(rename = "1")]
    Away,
    /// Yes.
    #[serde(rename = "2")]
    Active,
}

/// Whether a user is there. The serde name goes between nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// No connection for the grace period, or not to be seen.
    #[default]
    #[serde(rename = "1")]
    Offline,
    /// Connected, with nobody looking.
    #[serde(rename = "2")]
    Idle,
    /// Connected, on at least one device that is in use.
    #[serde(rename = "3")]
    Online,
}

impl State {
    /// What it tells of whoever is there; `None`: nobody is.
    pub(super) fn attention(self) -> Option<Attention> {
        match self {
            Self::Offline => None,
            Self::Idle => Some(Attention::Away),
            Self::Online => Some(Attention::Active),
        }
    }
}

/// What others see of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Whether the user is there.
    pub state: State,
    /// What the user says.
    pub status: Option<Status>,
    /// When the user was active last, milliseconds since the epoch; `None`: not known, or now.
    pub last_active_ms: Option<u64>,
}

impl Shown {
    /// What others see of a user whose home has found this. `last_active_ms` is what it knows since the
    /// user came; before that the row tells.
    pub(super) fn of(state: State, last_active_ms: Option<u64>, row: &PresenceRow, now_ms: u64) -> Self {
        let stored = (row.last_active_ms > 0).then_some(row.last_active_ms);
        let (state, last_active_ms) = match (row.visibility, state) {
            (Visibility::Visible, State::Online) => (State::Online, None),
            (Visibility::Visible, state) => (state, last_active_ms.or(stored)),
            // Nobody may see from it that the user was here.
            (Visibility::Invisible, _) => (State::Offline, stored),
        };
        Self { state, status: row.status.clone().filter(|status| status.holds(now_ms)), last_active_ms }
    }

    /// What others see of a user of whom no home says anything.
    pub(crate) fn gone(row: &PresenceRow, now_ms: u64) -> Self {
        Self::of(State::Offline, None, row, now_ms)
    }

    /// Without what does not hold any more.
    #[must_use]
    pub fn at(mut self, now_ms: u64) -> Self {
        self.status = self.status.filter(|status| status.holds(now_ms));
        self
    }

    /// How this looks to somebody to whom the user does not show anything.
    pub fn hidden() -> Self {
        Self::default()
    }
}

impl From<Attention> for State {
    fn from(attention: Attention) -> Self {
        match attention {
            Attention::Active => Self::Online,
            Attention::Away => Self::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(visibility: Visibility) -> PresenceRow {
        let status = Status { text: "lunch".into(), emoji: String::new(), expires_ms: Some(100) };
        PresenceRow { visibility, status: Some(status), last_active_ms: 7 }
    }

    #[test]
    fn who_is_invisible_looks_like_somebody_who_was_gone_all_the_time() {
        let hidden = row(Visibility::Invisible);
        let gone = Shown::of(State::Offline, None, &row(Visibility::Visible), 50);
        assert_eq!(gone.last_active_ms, Some(7));
        for state in [State::Online, State::Idle, State::Offline] {
            assert_eq!(Shown::of(state, Some(60), &hidden, 50), gone);
        }
    }

    #[test]
    fn a_status_ends_when_it_says() {
        let shown = |now_ms| Shown::of(State::Online, None, &row(Visibility::Visible), now_ms);
        assert!(shown(99).status.is_some());
        assert_eq!(shown(100).status, None);
        assert_eq!(shown(99).at(100), shown(100));
    }

    #[test]
    fn last_activity_is_told_of_those_who_are_not_active() {
        let of = |state, since| Shown::of(state, since, &row(Visibility::Visible), 50).last_active_ms;
        assert_eq!(of(State::Online, Some(40)), None);
        assert_eq!(of(State::Idle, Some(40)), Some(40));
        assert_eq!(of(State::Offline, None), Some(7));
    }
}
