//! The steps of the ladder, and what each of them takes away.

use madang_cluster::machine::meta::ShedLimits;
use serde::{Deserialize, Serialize};

/// What is taken from a room, in this order. Goes between nodes: a number (its serde name) stays for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Who types.
    #[serde(rename = "1")]
    Typing,
    /// Who came online, or went.
    #[serde(rename = "2")]
    Presence,
    /// How far members have read.
    #[serde(rename = "3")]
    Receipts,
    /// Events that only change a count: reactions, comings and goings. They stay in the log.
    #[serde(rename = "4")]
    Reactions,
    /// A frame for each event: what came within a tenth of a second, or longer in large rooms, comes together.
    #[serde(rename = "5")]
    Coalesced,
    /// The events themselves: only where the log ends is told.
    #[serde(rename = "6")]
    Heads,
}

impl Class {
    /// All, the first to go first.
    pub const ALL: [Self; 6] =
        [Self::Typing, Self::Presence, Self::Receipts, Self::Reactions, Self::Coalesced, Self::Heads];

    /// Its name in the client protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Typing => "typing",
            Self::Presence => "presence",
            Self::Receipts => "receipts",
            Self::Reactions => "reactions",
            Self::Coalesced => "coalesced",
            Self::Heads => "heads",
        }
    }

    /// From how many deliveries a second on it goes; 0: never.
    pub(super) fn limit(self, limits: &ShedLimits) -> u64 {
        u64::from(match self {
            Self::Typing => limits.typing,
            Self::Presence => limits.presence,
            Self::Receipts => limits.receipts,
            Self::Reactions => limits.reactions,
            Self::Coalesced => limits.coalesced,
            Self::Heads => limits.heads,
        })
    }

    fn bit(self) -> u8 {
        match self {
            Self::Typing => 1,
            Self::Presence => 1 << 1,
            Self::Receipts => 1 << 2,
            Self::Reactions => 1 << 3,
            Self::Coalesced => 1 << 4,
            Self::Heads => 1 << 5,
        }
    }
}

/// How far up the ladder a room is: the last that was taken; `None`: nothing was.
pub type Level = Option<Class>;

/// What is taken from a room: at a level, all up to it but what META says is never taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Taken(u8);

impl Taken {
    /// At a level.
    pub(super) fn at(level: Level, limits: &ShedLimits) -> Self {
        let taken = |class: &Class| Some(*class) <= level && class.limit(limits) > 0;
        Self(Class::ALL.iter().copied().filter(taken).fold(0, |all, class| all | class.bit()))
    }

    /// Whether this is taken.
    pub(crate) fn has(self, class: Class) -> bool {
        self.0 & class.bit() != 0
    }

    /// Each of them, the first to go first.
    pub(crate) fn classes(self) -> Vec<Class> {
        Class::ALL.into_iter().filter(|class| self.has(*class)).collect()
    }
}
