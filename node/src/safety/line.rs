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
    last: HashMap<K, (u64, oneshot::Receiver<()>)>,
}

impl<K> Default for Line<K> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Lines { next: 0, last: HashMap::new() })))
    }
}

/// A place in a line. Leaves it when it is dropped.
pub struct Place<K: Eq + Hash> {
    lines: Arc<Mutex<Lines<K>>>,
    key: K,
    number: u64,
    before: Option<oneshot::Receiver<()>>,
    /// Dropped with the place: whoever comes next hears that.
    _left: oneshot::Sender<()>,
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
        Place { lines: Arc::clone(&self.0), key, number, before, _left: left }
    }
}

impl<K: Eq + Hash> Place<K> {
    /// Waits until everybody who came before has left.
    pub async fn first(&mut self) {
        if let Some(before) = self.before.take() {
            // Nothing is ever sent: an error says that the place before is gone.
            let _ = before.await;
        }
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut lines = self.lines.lock();
        if lines.last.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            match self.before.take() {
                // Gave up before it was first: the next one stands behind whoever was before this one.
                Some(before) => lines.last.get_mut(&self.key).map(|last| last.1 = before),
                None => lines.last.remove(&self.key).map(drop),
            };
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
}
