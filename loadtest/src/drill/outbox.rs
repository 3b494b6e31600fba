//! What one sender has to send and what became of it: messages are due by a schedule, go out one at a time,
//! and again with the same name until they are acknowledged. Pure.

use std::time::{Duration, Instant};

use crate::chat::due;

/// When one sender's messages are due.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// Messages per second of all senders together.
    pub(super) rate: f64,
    /// How many senders there are.
    pub(super) senders: usize,
    /// Which of them this is.
    pub(super) sender: usize,
}

/// An acknowledged message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ack {
    /// Its number, from 0.
    pub(super) number: u64,
    /// Its position in the room's log.
    pub(super) seq: u64,
    /// When it was due.
    pub(super) intended: Instant,
    /// When the acknowledgement came.
    pub(super) at: Instant,
    /// When the connection was made on which it came.
    pub(super) connected: Instant,
    /// How often it went out.
    pub(super) attempts: u32,
}

/// A message on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Letter {
    /// Its number, from 0.
    pub(super) number: u64,
    /// When it went out first: part of its text.
    pub(super) first_sent: Instant,
    /// How often it went out before.
    pub(super) earlier_attempts: u32,
}

#[derive(Debug)]
struct Open {
    letter: Letter,
    intended: Instant,
    /// When to try again; `None` while an answer may come.
    again_at: Option<Instant>,
}

/// One sender's messages.
#[derive(Debug)]
pub(super) struct Outbox {
    schedule: Schedule,
    give_up_after: Duration,
    begun: Option<Instant>,
    is_over: bool,
    next: u64,
    open: Option<Open>,
    acks: Vec<Ack>,
    given_up: u64,
}

impl Outbox {
    /// Nothing is due before [`Self::begin`]. A message is given up so long after it first went out.
    pub(super) fn new(schedule: Schedule, give_up_after: Duration) -> Self {
        Self {
            schedule,
            give_up_after,
            begun: None,
            is_over: false,
            next: 0,
            open: None,
            acks: Vec::new(),
            given_up: 0,
        }
    }

    /// The schedule begins. Saying so again changes nothing.
    pub(super) fn begin(&mut self, at: Instant) {
        self.begun.get_or_insert(at);
    }

    /// Nothing new is due any more; what is open goes on.
    pub(super) fn end(&mut self) {
        self.is_over = true;
    }

    /// Whether nothing is left to do, for good.
    pub(super) fn is_done(&self) -> bool {
        self.open.is_none() && self.is_over
    }

    /// When something is to go out; `None`: not before an answer, or never.
    pub(super) fn next_at(&self) -> Option<Instant> {
        match &self.open {
            Some(open) => open.again_at,
            None if self.is_over => None,
            None => self.intended(self.next),
        }
    }

    /// Something goes out: what is open, or the next. `None` when nothing may.
    pub(super) fn take(&mut self, now: Instant) -> Option<Letter> {
        if self.open.is_none() {
            let intended = self.intended(self.next).filter(|_| !self.is_over)?;
            let letter = Letter { number: self.next, first_sent: now, earlier_attempts: 0 };
            self.next += 1;
            self.open = Some(Open { letter, intended, again_at: Some(now) });
        }
        let open = self.open.as_mut()?;
        open.again_at.take()?;
        let letter = open.letter;
        open.letter.earlier_attempts = letter.earlier_attempts.saturating_add(1);
        Some(letter)
    }

    /// What is open was acknowledged at this position of the log.
    pub(super) fn acked(&mut self, seq: u64, at: Instant, connected: Instant) {
        let Some(Open { letter, intended, .. }) = self.open.take() else { return };
        let Letter { number, earlier_attempts: attempts, .. } = letter;
        self.acks.push(Ack { number, seq, intended, at, connected, attempts });
    }

    /// What is open got no answer, or one that says to try again, after this delay.
    pub(super) fn troubled(&mut self, now: Instant, delay: Duration) {
        let Some(open) = &mut self.open else { return };
        if now.saturating_duration_since(open.letter.first_sent) + delay >= self.give_up_after {
            self.give_up();
        } else {
            open.again_at = Some(now + delay);
        }
    }

    /// What is open will never be acknowledged.
    pub(super) fn give_up(&mut self) {
        if self.open.take().is_some() {
            self.given_up += 1;
        }
    }

    /// Everything that was acknowledged, in order, and how many messages were given up.
    pub(super) fn close(self) -> (Vec<Ack>, u64) {
        (self.acks, self.given_up + u64::from(self.open.is_some()))
    }

    fn intended(&self, number: u64) -> Option<Instant> {
        let Schedule { rate, senders, sender } = self.schedule;
        self.begun?.checked_add(due(rate, senders, sender, number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn outbox(start: Instant) -> Outbox {
        let mut outbox = Outbox::new(Schedule { rate: 2.0, senders: 2, sender: 1 }, 10 * S);
        outbox.begin(start);
        outbox
    }

    #[test]
    fn messages_are_due_by_the_schedule_and_go_out_one_at_a_time() {
        let start = Instant::now();
        let mut outbox = outbox(start);
        assert_eq!(outbox.next_at(), Some(start + S / 2));
        let letter = outbox.take(start + S).unwrap();
        assert_eq!((letter.number, letter.earlier_attempts), (0, 0));
        assert_eq!((outbox.next_at(), outbox.take(start + 2 * S)), (None, None));
        outbox.acked(7, start + 2 * S, start);
        // Overdue by now: at once.
        assert_eq!(outbox.next_at(), Some(start + 3 * S / 2));
        assert_eq!(outbox.take(start + 2 * S).unwrap().number, 1);
    }

    #[test]
    fn what_got_no_answer_goes_out_again_as_it_was() {
        let start = Instant::now();
        let mut outbox = outbox(start);
        let first = outbox.take(start + S).unwrap();
        outbox.troubled(start + 2 * S, S);
        assert_eq!(outbox.next_at(), Some(start + 3 * S));
        let again = outbox.take(start + 3 * S).unwrap();
        assert_eq!(again, Letter { earlier_attempts: 1, ..first });
        outbox.acked(4, start + 4 * S, start);
        let (acks, given_up) = outbox.close();
        assert_eq!((acks.len(), given_up), (1, 0));
        assert_eq!((acks[0].number, acks[0].seq, acks[0].attempts), (0, 4, 2));
    }

    #[test]
    fn what_has_been_tried_for_too_long_is_given_up() {
        let start = Instant::now();
        let mut outbox = outbox(start);
        outbox.take(start);
        outbox.troubled(start + 9 * S, 2 * S);
        assert_eq!(outbox.take(start + 9 * S).unwrap().number, 1);
        // An answer that comes for nothing is dropped.
        outbox.give_up();
        outbox.acked(1, start, start);
        outbox.troubled(start, S);
        assert_eq!(outbox.close().1, 2);
    }

    #[test]
    fn after_the_end_only_what_is_open_goes_on() {
        let start = Instant::now();
        let mut outbox = outbox(start);
        outbox.take(start);
        outbox.end();
        outbox.troubled(start, S);
        assert!(!outbox.is_done() && outbox.next_at() == Some(start + S));
        outbox.take(start + S);
        outbox.acked(1, start + S, start);
        assert!(outbox.is_done() && outbox.next_at().is_none() && outbox.take(start + 9 * S).is_none());
    }

    #[test]
    fn nothing_is_due_before_it_begins() {
        let mut outbox = Outbox::new(Schedule { rate: 1.0, senders: 1, sender: 0 }, S);
        assert_eq!((outbox.next_at(), outbox.take(Instant::now())), (None, None));
        outbox.end();
        assert!(outbox.is_done());
    }
}
