//! Frames in the order in which they are to be written.

use std::collections::VecDeque;

use bytes::Bytes;

/// One frame that waits alone, as most do, needs no memory beside the queue itself; and one that has become empty
/// keeps none, since most connections are idle most of the time.
#[derive(Debug, Default)]
pub(super) struct Queue {
    first: Option<Bytes>,
    /// Empty as long as there is no first.
    rest: VecDeque<Bytes>,
}

impl Queue {
    pub(super) fn push(&mut self, frame: Bytes) {
        match &self.first {
            None => self.first = Some(frame),
            Some(_) => self.rest.push_back(frame),
        }
    }

    pub(super) fn first(&self) -> Option<&Bytes> {
        self.first.as_ref()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Bytes> {
        self.first.iter().chain(&self.rest)
    }

    /// Takes the first away.
    pub(super) fn pop(&mut self) {
        self.first = self.rest.pop_front();
        if self.rest.is_empty() && self.rest.capacity() > 0 {
            self.rest = VecDeque::new();
        }
    }

    /// Drops what is not to be kept; how many bytes that was.
    pub(super) fn clear(&mut self, kept: Kept) -> usize {
        let before: usize = self.iter().map(Bytes::len).sum();
        self.rest = VecDeque::new();
        match (kept, &mut self.first) {
            (Kept::Through(end), Some(first)) => first.truncate(end),
            _ => self.first = None,
        }
        before - self.first.as_ref().map_or(0, Bytes::len)
    }
}

#[cfg(test)]
impl Queue {
    /// Places for frames beside the first.
    pub(super) fn capacity(&self) -> usize {
        self.rest.capacity()
    }
}

/// What stays when a queue is cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    None,
    /// The first, but what is behind this many bytes of it.
    Through(usize),
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Push(u8),
        Pop,
        Clear(Kept),
    }

    fn step() -> impl Strategy<Value = Step> {
        let kept = prop_oneof![Just(Kept::None), Just(Kept::Through(1))];
        prop_oneof![4 => any::<u8>().prop_map(Step::Push), 3 => Just(Step::Pop), 1 => kept.prop_map(Step::Clear)]
    }

    proptest! {
        #[test]
        fn it_is_a_queue_like_any_other(steps in prop::collection::vec(step(), 0..60)) {
            let (mut queue, mut model) = (Queue::default(), VecDeque::new());
            for step in steps {
                match step {
                    Step::Push(byte) => {
                        queue.push(Bytes::copy_from_slice(&[byte]));
                        model.push_back(byte);
                    }
                    Step::Pop => {
                        queue.pop();
                        model.pop_front();
                    }
                    Step::Clear(kept) => {
                        let stay = model.len().min(usize::from(kept != Kept::None));
                        prop_assert_eq!(queue.clear(kept), model.len() - stay);
                        model.truncate(stay);
                    }
                }
                prop_assert_eq!(queue.iter().map(|frame| frame[0]).collect::<VecDeque<_>>(), model.clone());
                prop_assert_eq!(queue.first().map(|frame| frame[0]), model.front().copied());
            }
        }
    }

    #[test]
    fn an_empty_queue_and_a_single_frame_need_no_memory() {
        let mut queue = Queue::default();
        for _ in 0..3 {
            queue.push(Bytes::from_static(b"x"));
        }
        (0..3).for_each(|_| queue.pop());
        queue.push(Bytes::from_static(b"x"));
        assert_eq!(queue.capacity(), 0);
    }
}
