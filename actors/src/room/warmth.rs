//! An owner's thermometer, and the room's place on the node's board. Who asks little of a room costs it a
//! counter; a room that is warm looks at its thermometer once a second.

use std::time::Duration;

use madang_cluster::machine::meta::HeatLimits;
use madang_storage::id::RoomId;

use super::heat::{Asked, Thermometer};
use crate::hot::Board;

/// How often an owner looks at its thermometer while the room is warm.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How warm one room is.
#[derive(Debug)]
pub(super) struct Warmth {
    room: RoomId,
    board: Board,
    thermometer: Thermometer,
    /// Whether the owner will look at its thermometer.
    looks: bool,
}

/// Whether the owner is to look at its thermometer after [`LOOK_EVERY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It is.
    Look,
    /// It will anyway, or the room is not warm.
    Nothing,
}

impl Warmth {
    /// A room of which nothing was asked yet.
    pub(super) fn new(room: RoomId, board: Board) -> Self {
        Self { room, board, thermometer: Thermometer::default(), looks: false }
    }

    /// Something was asked.
    pub(super) fn count(&mut self, asked: Asked, now_ms: u64) -> Then {
        self.thermometer.count(asked, now_ms);
        if self.looks || !self.thermometer.is_warm() {
            return Then::Nothing;
        }
        self.looks = true;
        Then::Look
    }

    /// Looks at the thermometer, and tells the board.
    pub(super) fn look(&mut self, limits: &HeatLimits, now_ms: u64) -> Then {
        let reading = self.thermometer.look(limits, now_ms);
        self.looks = self.thermometer.is_warm();
        if self.looks {
            self.board.tell(self.room, reading);
            Then::Look
        } else {
            self.board.forget(&self.room);
            Then::Nothing
        }
    }

    /// Whether it was hot at the last look.
    pub(super) fn is_hot(&self) -> bool {
        self.thermometer.is_hot()
    }
}

impl Drop for Warmth {
    fn drop(&mut self) {
        if self.looks {
            self.board.forget(&self.room);
        }
    }
}
