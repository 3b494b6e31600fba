//! Scenario `history`: pages of rooms of very different length, from their ends and from anywhere in them. Does a page cost
//! the same however long the room is, and however deep it lies?
//!
//! The rooms are filled first, which takes a while. Then they are read one after the other, with one page under way for
//! each reader; newest and deep ones take turns, so that both meet the same machine.

mod run;

pub use run::{HistoryArgs, run};
