//! Promises that a node breaks when it is told to: so that the tests of these promises can be seen to notice.
//! Never a setting. Whoever starts a cluster chooses [`Breach::None`], or says loudly that it did not.

use std::sync::Arc;

use crate::command::{Command, Outcome};
use crate::machine::rows::Rows;
use crate::machine::shard::{self, COUNTERS_KEY};
use crate::raft::Group;
use crate::service::Leader;

/// Which promise is broken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Breach {
    /// None.
    #[default]
    None,
    /// A command is answered when its entry goes into the leader's own log: nobody else need have it.
    AckBeforeCommit,
    /// A send is never taken for a repeat. All nodes must be started so: otherwise their rows differ.
    WithoutDedup,
}

/// What commands will be answered if they are agreed to, and next: what [`Breach::AckBeforeCommit`] answers.
/// `None` where the usual answer has to be waited for: this node does not lead, or cannot read its rows.
pub(crate) fn guess(group: &Group, commands: &[Command]) -> Option<Vec<Outcome>> {
    let state = Arc::clone(group.state());
    if group.leader() != Leader::Here || state.shard().is_none() {
        return None;
    }
    let mut rows = Rows::new(state.as_ref());
    let mut counters = state.load(COUNTERS_KEY).ok()?.unwrap_or_default();
    let mut events = Vec::new();
    let guessed = commands.iter().map(|command| shard::apply(&mut rows, &mut counters, &mut events, command));
    guessed.collect::<Result<Vec<_>, _>>().ok()
}
