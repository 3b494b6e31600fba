//! Scenario `hot_room`: one room with thousands of members and a hundred times the usual traffic, beside many normal
//! rooms. What do the normal rooms notice, and do all members of the hot one end level?
//!
//! First it is calm: everybody is connected and only the normal rooms talk. Then the hot room talks too. At last its
//! members get time to read what was not pushed. Time counts from when a message was due, so that a stall is not
//! hidden by those who wait for it.

mod member;

mod report;

mod run;

pub use run::{HotRoomArgs, run};
