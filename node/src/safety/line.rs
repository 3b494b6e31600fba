//! Who goes first: those who wait for different things leave in the order in which they came.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Lines of those who wait, one for each key. Holds nothing of a line in which nobody stands.
pub(super) struct Line<K>(Arc<Mutex<Lines<K>>>);

struct Lines<K> {
    next: u64,
    /// The last one in each line: its number, and how whoever comes next hears that it has left.
    last: HashMap<K, (u64, Leaves)>,
}

/// Hears when a place is left: dropped by whoever was first, else with the one that was before it.
type Leaves = oneshot::Receiver<Handed>;

/// From somebody who gives up to the one behind.
#[derive(Debug)]
struct Handed(Leaves);

impl<K> Default for Line<K> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Lines { next: 0, last: HashMap::new() })))
    }
}

/// A place in a line. Leaves it when it is dropped.
pub struct Place<K: Eq + Hash + Clone> {
    lines: Arc<Mutex<Lines<K>>>,
    key: K,
    number: u64,
    before: Option<Leaves>,
    /// Whoever comes next hears of it: dropped with the place.
    left: Option<oneshot::Sender<Handed>>,
}

impl<K: Eq + Hash + Clone> Line<K> {
    /// Takes the place behind everybody in the line of `key`.
    pub(super) fn enter(&self, key: K) -> Place<K> {
        let (left, leaves) = oneshot::channel();
        let mut lines = self.0.lock();
        let number = lines.next;
        lines.next += 1;
        let before = lines.last.insert(key.clone(), (number, leaves)).map(|(_, before)| before);
        drop(lines);
        Place { lines: Arc::clone(&self.0), key, number, before, left: Some(left) }
    }
}

impl<K: Eq + Hash + Clone> Place<K> {
    /// Waits until everybody who came before has left.
    pub async fn first(&mut self) {
        // Stays where it is while it is waited for: whoever gives up then hands it on.
        while let Some(before) = &mut self.before {
            self.before = before.await.ok().map(|Handed(before)| before);
        }
    }
}

impl<K: Eq + Hash + Clone> Drop for Place<K> {
    fn drop(&mut self) {
        let mut lines = self.lines.lock();
        let is_last = lines.last.get(&self.key).is_some_and(|(number, _)| *number == self.number);
        match self.before.take() {
            // Gave up before it was first: the next one stands behind whoever was before this one.
            Some(before) if is_last => {
                lines.last.entry(self.key.clone()).and_modify(|last| last.1 = before);
            }
            Some(before) => {
                // Nobody to tell: the one behind gave up too.
                let _ = self.left.take().map(|left| left.send(Handed(before)));
            }
            None if is_last => drop(lines.last.remove(&self.key)),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn whoever_is_ready_early_waits_for_those_before() {
        let line = Line::default();
        let (mut one, mut two, mut other) = (line.enter("a"), line.enter("a"), line.enter("b"));
        other.first().await;
        let second = tokio::spawn(async move { two.first().await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!second.is_finished());
        one.first().await;
        drop(one);
        second.await.unwrap();
        drop(other);
        assert!(line.0.lock().last.is_empty());
    }

    #[tokio::test]
    async fn whoever_gives_up_at_the_end_does_not_let_the_next_one_past_the_first() {
        let line = Line::default();
        let (one, two) = (line.enter("a"), line.enter("a"));
        drop(two);
        let mut three = line.enter("a");
        let third = tokio::spawn(async move { three.first().await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!third.is_finished());
        drop(one);
        third.await.unwrap();
        assert!(line.0.lock().last.is_empty());
    }

    #[tokio::test]
    async fn whoever_gives_up_in_the_middle_does_not_let_the_next_one_past_the_first() {
        let line = Line::default();
        let (one, mut two, mut three) = (line.enter("a"), line.enter("a"), line.enter("a"));
        let second = tokio::spawn(async move { two.first().await });
        let third = tokio::spawn(async move { three.first().await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        second.abort();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!third.is_finished());
        drop(one);
        third.await.unwrap();
        assert!(line.0.lock().last.is_empty());
    }
}
