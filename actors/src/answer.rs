//! The way back to whoever asked. An answer is never forgotten: dropped unanswered, for example with the
//! mailbox of an actor that failed, it says [`ActorError::Restarted`].

use tokio::sync::oneshot;

use crate::error::ActorError;

/// Where one question is answered, once.
#[derive(Debug)]
pub(crate) struct Answer<T>(Option<oneshot::Sender<Result<T, ActorError>>>);

impl<T> Answer<T> {
    /// Both ends.
    pub(crate) fn new() -> (Self, oneshot::Receiver<Result<T, ActorError>>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Some(sender)), receiver)
    }

    /// Answers. A caller that has gone hears nothing.
    pub(crate) fn send(mut self, result: Result<T, ActorError>) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(result);
        }
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(Err(ActorError::Restarted));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_dropped_says_so() {
        let (answer, mut receiver) = Answer::<u8>::new();
        drop(answer);
        assert!(matches!(receiver.try_recv(), Ok(Err(ActorError::Restarted))));
        let (answer, mut receiver) = Answer::new();
        answer.send(Ok(7));
        assert!(matches!(receiver.try_recv(), Ok(Ok(7))));
    }
}
