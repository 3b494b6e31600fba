//! What do we promise? Tests over the whole workspace: real processes, faults, and the rules of the house.
//!
//! `tests/tidy.rs` checks the rules that a machine can check; the others start real nodes.
