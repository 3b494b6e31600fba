//! Decides what becomes of the nodes: which to start, when again, what to say. Pure; [`super::run`] carries
//! it out.

use std::collections::BTreeMap;
use std::time::Duration;

/// A node that ends so often in a row before it is ready has a trouble that another start does not mend.
const FAILED_STARTS_MAX: u32 = 5;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// A node says that it is ready.
    Ready(u16),
    /// A node's process ended, and how.
    Ended(u16, String),
    /// A node's process ended in good order, unasked: it has left the cluster.
    Left(u16),
    /// Time has gone by.
    Tick,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// Start a node.
    Start(u16),
    /// All nodes are ready for the first time: say what there is to see.
    Announce,
    /// Tell the person.
    Say(String),
    /// Tell how this node is started by hand.
    SayHowToStart(u16),
    /// It cannot work: end everything.
    Fail(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Starting { failed: u32 },
    Ready,
    Waiting { until: Duration, failed: u32 },
    Down,
}

/// All nodes.
#[derive(Debug)]
pub(super) struct Keeper {
    nodes: BTreeMap<u16, State>,
    restart_after: Option<Duration>,
    is_announced: bool,
}

impl Keeper {
    /// Nodes that are not started yet. `restart_after`: `None`: a node that ended stays down.
    pub(super) fn new(
        nodes: impl IntoIterator<Item = u16>,
        restart_after: Option<Duration>,
    ) -> (Self, Vec<Effect>) {
        let nodes: BTreeMap<u16, State> =
            nodes.into_iter().map(|node| (node, State::Starting { failed: 0 })).collect();
        let effects = nodes.keys().map(|node| Effect::Start(*node)).collect();
        (Self { nodes, restart_after, is_announced: false }, effects)
    }

    /// `now` counts from any fixed point.
    pub(super) fn on(&mut self, input: Input, now: Duration) -> Vec<Effect> {
        match input {
            Input::Ready(node) => self.ready(node),
            Input::Ended(node, how) => self.ended(node, &how, now),
            Input::Left(node) => self.left(node),
            Input::Tick => self.start_due(now),
        }
    }

    /// When the next node is due.
    pub(super) fn next_due(&self) -> Option<Duration> {
        let due = |state: &State| match state {
            State::Waiting { until, .. } => Some(*until),
            State::Starting { .. } | State::Ready | State::Down => None,
        };
        self.nodes.values().filter_map(due).min()
    }

    /// The nodes that are started and have not said that they are ready.
    pub(super) fn starting(&self) -> Vec<u16> {
        let starting = self.nodes.iter().filter(|(_, state)| matches!(state, State::Starting { .. }));
        starting.map(|(node, _)| *node).collect()
    }

    fn ready(&mut self, node: u16) -> Vec<Effect> {
        self.nodes.insert(node, State::Ready);
        if self.is_announced {
            return vec![Effect::Say(format!("node {node} is back"))];
        }
        self.is_announced = self.nodes.values().all(|state| *state == State::Ready);
        if self.is_announced { vec![Effect::Announce] } else { Vec::new() }
    }

    fn ended(&mut self, node: u16, how: &str, now: Duration) -> Vec<Effect> {
        if !self.is_announced {
            return vec![Effect::Fail(format!("node {node} ended before the cluster was ready: {how}"))];
        }
        let failed = match self.nodes.get(&node) {
            Some(State::Starting { failed }) => failed + 1,
            _ => 0,
        };
        let (state, effects) = match self.restart_after {
            Some(_) if failed >= FAILED_STARTS_MAX => {
                let said = format!("node {node} ended ({how}), {failed} times in a row, and stays down");
                (State::Down, vec![Effect::Say(said), Effect::SayHowToStart(node)])
            }
            Some(after) => {
                let said = format!("node {node} ended ({how}); it starts again in {} ms", after.as_millis());
                (State::Waiting { until: now + after, failed }, vec![Effect::Say(said)])
            }
            None => {
                let said = format!("node {node} ended ({how}) and stays down");
                (State::Down, vec![Effect::Say(said), Effect::SayHowToStart(node)])
            }
        };
        self.nodes.insert(node, state);
        effects
    }

    /// Its data cannot come back, so it is not started again.
    fn left(&mut self, node: u16) -> Vec<Effect> {
        self.nodes.insert(node, State::Down);
        let said =
            format!("node {node} has left the cluster; with an empty folder it can join again as a new node");
        vec![Effect::Say(said), Effect::SayHowToStart(node)]
    }

    fn start_due(&mut self, now: Duration) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (node, state) in &mut self.nodes {
            if let State::Waiting { until, failed } = *state
                && until <= now
            {
                *state = State::Starting { failed };
                effects.push(Effect::Start(*node));
            }
        }
        effects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Duration = Duration::from_secs(10);
    const AFTER: Duration = Duration::from_secs(3);

    fn running(restart_after: Option<Duration>) -> Keeper {
        let (mut keeper, effects) = Keeper::new([1, 2], restart_after);
        assert_eq!(effects, [Effect::Start(1), Effect::Start(2)]);
        assert_eq!(keeper.on(Input::Ready(2), AT), []);
        assert_eq!(keeper.on(Input::Ready(1), AT), [Effect::Announce]);
        keeper
    }

    fn killed(node: u16) -> Input {
        Input::Ended(node, "signal 9".to_owned())
    }

    #[test]
    fn a_node_that_was_killed_starts_again_after_a_while() {
        let mut keeper = running(Some(AFTER));
        let said = "node 2 ended (signal 9); it starts again in 3000 ms".to_owned();
        assert_eq!(keeper.on(killed(2), AT), [Effect::Say(said)]);
        assert_eq!(keeper.next_due(), Some(AT + AFTER));
        assert_eq!(keeper.on(Input::Tick, AT + AFTER / 2), []);
        assert_eq!(keeper.on(Input::Tick, AT + AFTER), [Effect::Start(2)]);
        assert_eq!((keeper.next_due(), keeper.starting()), (None, vec![2]));
        assert_eq!(keeper.on(Input::Ready(2), AT), [Effect::Say("node 2 is back".to_owned())]);
    }

    #[test]
    fn a_node_that_has_left_stays_away() {
        let mut keeper = running(Some(AFTER));
        let effects = keeper.on(Input::Left(2), AT);
        assert_eq!(effects.last(), Some(&Effect::SayHowToStart(2)));
        assert_eq!(keeper.next_due(), None);
    }

    #[test]
    fn without_restarts_it_is_said_how_to_start_the_node() {
        let mut keeper = running(None);
        let said = "node 1 ended (signal 9) and stays down".to_owned();
        assert_eq!(keeper.on(killed(1), AT), [Effect::Say(said), Effect::SayHowToStart(1)]);
        assert_eq!(keeper.next_due(), None);
    }

    #[test]
    fn a_node_that_ends_at_once_every_time_is_left_alone() {
        let mut keeper = running(Some(AFTER));
        for _ in 0..FAILED_STARTS_MAX {
            keeper.on(killed(1), AT);
            assert_eq!(keeper.on(Input::Tick, AT + AFTER), [Effect::Start(1)]);
        }
        let effects = keeper.on(killed(1), AT);
        assert_eq!(effects.last(), Some(&Effect::SayHowToStart(1)));
        assert_eq!(keeper.next_due(), None);
    }

    #[test]
    fn a_node_that_ends_before_all_were_ready_ends_everything() {
        let (mut keeper, _) = Keeper::new([1, 2], Some(AFTER));
        keeper.on(Input::Ready(1), AT);
        let effects = keeper.on(Input::Ended(2, "exit code 1".to_owned()), AT);
        assert_eq!(effects, [Effect::Fail("node 2 ended before the cluster was ready: exit code 1".into())]);
    }
}
