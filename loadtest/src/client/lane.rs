//! What a pipelining sender sends next, and again: one sender, one room. Pure.
//!
//! Invariants: messages go out in the order in which they were pushed; each names the one before it, so
//! that the server can refuse to close a gap in the wrong order; after trouble nothing is sent until all
//! that was under way is answered or given up, and then everything unanswered goes out again from the
//! first on, with the same cids.

use std::collections::VecDeque;

/// What the next command carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneSend {
    /// Name of this send.
    pub cid: String,
    /// The text.
    pub text: String,
    /// Name of the send before it.
    pub after: Option<String>,
    /// How often it went out before.
    pub earlier_attempts: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    UnderWay,
    Answered,
}

#[derive(Debug)]
struct Item<T> {
    cid: String,
    text: String,
    after: Option<String>,
    attempts: u32,
    state: State,
    /// Given back with the answer.
    ticket: Option<T>,
}

/// The sends of one user to one room that are not answered yet.
#[derive(Debug)]
pub struct Lane<T> {
    items: VecDeque<Item<T>>,
    window: usize,
    last_cid: Option<String>,
    rewinding: bool,
}

impl<T> Lane<T> {
    /// A lane with at most `window` sends under way.
    pub fn new(window: usize) -> Self {
        Self { items: VecDeque::new(), window: window.max(1), last_cid: None, rewinding: false }
    }

    /// Whether everything is answered.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether another message may be pushed: the lane never holds more than a window.
    pub fn has_space(&self) -> bool {
        self.items.len() < self.window
    }

    /// Adds a message; `ticket` comes back with its answer.
    pub fn push(&mut self, cid: String, text: String, ticket: T) {
        let after = self.last_cid.replace(cid.clone());
        self.items.push_back(Item {
            cid,
            text,
            after,
            attempts: 0,
            state: State::Waiting,
            ticket: Some(ticket),
        });
    }

    /// The next send, which is under way from now on.
    pub fn next_send(&mut self) -> Option<LaneSend> {
        if self.rewinding {
            if self.items.iter().any(|item| item.state == State::UnderWay) {
                return None;
            }
            self.rewinding = false;
        }
        let item = self.items.iter_mut().find(|item| item.state == State::Waiting)?;
        item.state = State::UnderWay;
        let earlier_attempts = item.attempts;
        item.attempts = item.attempts.saturating_add(1);
        Some(LaneSend {
            cid: item.cid.clone(),
            text: item.text.clone(),
            after: item.after.clone(),
            earlier_attempts,
        })
    }

    /// Whether the send of that name is the first that is unanswered.
    pub fn is_first(&self, cid: &str) -> bool {
        self.items.front().is_some_and(|item| item.cid == cid)
    }

    /// The send of that name was answered. Gives its ticket, once.
    pub fn answered(&mut self, cid: &str) -> Option<T> {
        let item = self.items.iter_mut().find(|item| item.cid == cid)?;
        item.state = State::Answered;
        let ticket = item.ticket.take();
        while self.items.front().is_some_and(|item| item.state == State::Answered) {
            self.items.pop_front();
        }
        ticket
    }

    /// The send of that name was refused for now, or its answer is overdue, or its connection was lost: it
    /// has to go out again, after those before it. When a connection is lost each send under way on it
    /// hears of it by itself.
    pub fn troubled(&mut self, cid: &str) {
        self.rewinding = true;
        let hit = self.items.iter_mut().find(|item| item.cid == cid && item.state == State::UnderWay);
        if let Some(item) = hit {
            item.state = State::Waiting;
        }
    }

    /// Gives everything up; the tickets of what was never answered, in order.
    pub fn give_up(&mut self) -> Vec<T> {
        self.items.drain(..).filter_map(|item| item.ticket).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane_of(window: usize, cids: &[&str]) -> Lane<usize> {
        let mut lane = Lane::new(window);
        for (ticket, cid) in cids.iter().enumerate() {
            lane.push((*cid).to_owned(), format!("text of {cid}"), ticket);
        }
        lane
    }

    fn sent(lane: &mut Lane<usize>) -> Vec<String> {
        std::iter::from_fn(|| lane.next_send())
            .map(|send| format!("{} after {}", send.cid, send.after.as_deref().unwrap_or("-")))
            .collect()
    }

    #[test]
    fn sends_go_out_in_order_and_name_the_one_before() {
        let mut lane = lane_of(3, &["a", "b", "c"]);
        assert!(!lane.has_space());
        assert_eq!(sent(&mut lane), ["a after -", "b after a", "c after b"]);
        assert_eq!(sent(&mut lane), [""; 0]);
    }

    #[test]
    fn an_answer_gives_the_ticket_once_and_makes_room() {
        let mut lane = lane_of(2, &["a", "b"]);
        sent(&mut lane);
        assert_eq!(lane.answered("a"), Some(0));
        assert_eq!(lane.answered("a"), None);
        assert!(lane.has_space());
        assert_eq!(lane.answered("b"), Some(1));
        assert!(lane.is_empty());
    }

    #[test]
    fn after_a_refusal_nothing_goes_out_until_the_rest_is_answered() {
        let mut lane = lane_of(3, &["a", "b", "c"]);
        sent(&mut lane);
        lane.troubled("a");
        assert_eq!(sent(&mut lane), [""; 0]);
        lane.troubled("b");
        assert_eq!(sent(&mut lane), [""; 0]);
        lane.troubled("c");
        assert_eq!(sent(&mut lane), ["a after -", "b after a", "c after b"]);
    }

    #[test]
    fn an_answer_behind_a_refusal_is_not_sent_again() {
        let mut lane = lane_of(3, &["a", "b", "c"]);
        sent(&mut lane);
        lane.troubled("b");
        assert_eq!(lane.answered("a"), Some(0));
        assert_eq!(lane.answered("c"), Some(2));
        assert_eq!(sent(&mut lane), ["b after a"]);
        assert_eq!(lane.answered("b"), Some(1));
        assert!(lane.is_empty());
    }

    #[test]
    fn a_lost_connection_sends_everything_unanswered_again_with_the_same_cids() {
        let mut lane = lane_of(3, &["a", "b", "c"]);
        sent(&mut lane);
        assert_eq!(lane.answered("a"), Some(0));
        lane.troubled("b");
        lane.troubled("c");
        let again: Vec<_> = std::iter::from_fn(|| lane.next_send()).collect();
        assert_eq!(again.iter().map(|send| send.cid.as_str()).collect::<Vec<_>>(), ["b", "c"]);
        assert!(again.iter().all(|send| send.earlier_attempts == 1));
    }

    #[test]
    fn an_answer_to_an_earlier_attempt_counts() {
        let mut lane = lane_of(2, &["a", "b"]);
        sent(&mut lane);
        lane.troubled("a");
        lane.troubled("b");
        assert_eq!(lane.answered("a"), Some(0));
        assert_eq!(sent(&mut lane), ["b after a"]);
    }

    #[test]
    fn giving_up_returns_the_tickets_of_what_was_never_answered() {
        let mut lane = lane_of(3, &["a", "b", "c"]);
        sent(&mut lane);
        assert_eq!(lane.answered("b"), Some(1));
        assert_eq!(lane.give_up(), [0, 2]);
        assert!(lane.is_empty());
    }
}
