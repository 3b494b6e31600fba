//! Gets sessions for many users: signs up, or logs in who has an account already.
//!
//! Passwords are hashed slowly on purpose, so this is bounded and takes its time.

use std::time::{Duration, Instant};

use futures_util::StreamExt;

use crate::client::{Backoff, ClientError, HttpClient, Session};

/// Who wants a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicant {
    /// User id.
    pub user: String,
    /// What people see.
    pub display_name: String,
}

impl Applicant {
    /// So many; `run_id` begins their names.
    pub fn crowd(run_id: &str, people: usize) -> Vec<Self> {
        let name = |user| Self { user: format!("{run_id}-{user}"), display_name: format!("User {user}") };
        (0..people).map(name).collect()
    }

    /// Passwords only have to be the same in every run; these are not secrets.
    pub fn password(&self) -> String {
        format!("loadtest-{}", self.user)
    }
}

/// Sessions for all, in the same order; at most `at_once` requests at a time. Each begins at a node of its own.
pub async fn enter_all(
    http: &HttpClient,
    applicants: &[Applicant],
    at_once: usize,
    patience: Duration,
) -> Result<Vec<Session>, ClientError> {
    let entries = applicants
        .iter()
        .enumerate()
        .map(|(number, applicant)| async move { enter(&http.numbered(number), applicant, patience).await });
    let mut sessions = futures_util::stream::iter(entries).buffered(at_once.max(1));
    let mut entered = Vec::with_capacity(applicants.len());
    while let Some(session) = sessions.next().await {
        entered.push(session?);
    }
    Ok(entered)
}

/// Signs up, or logs in if the account exists.
pub async fn enter(
    http: &HttpClient,
    applicant: &Applicant,
    patience: Duration,
) -> Result<Session, ClientError> {
    let password = applicant.password();
    let signed_up =
        patiently(patience, || http.sign_up(&applicant.user, &password, &applicant.display_name)).await;
    match signed_up {
        Err(error) if error.is("already_exists") => {
            patiently(patience, || http.login(&applicant.user, &password)).await
        }
        other => other,
    }
}

/// Does something again until it succeeds, is refused for good, or `patience` is over. Waits as long as
/// the server asks, or with full jitter.
pub async fn patiently<T, F>(patience: Duration, mut attempt: impl FnMut() -> F) -> Result<T, ClientError>
where
    F: Future<Output = Result<T, ClientError>>,
{
    let deadline = Instant::now() + patience;
    let backoff = Backoff { cap: Duration::from_secs(3), ..Backoff::default() };
    let mut attempts = 0;
    loop {
        let error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let delay = error.retry_after().unwrap_or_default() + backoff.random_delay(attempts);
        if !error.is_temporary() || Instant::now() + delay >= deadline {
            return Err(error);
        }
        tokio::time::sleep(delay).await;
        attempts += 1;
    }
}
