//! Hashing and checking passwords with argon2id (RFC 9106), on blocking threads, few at a time.
//!
//! A hash takes a core and megabytes of memory by design: so the number at work and the number that wait
//! are bounded, and beyond that the caller hears [`PasswordError::Overloaded`] at once.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How hard a password is made to guess, and how much of that the node does at a time.
#[derive(Debug, Clone, Copy)]
pub struct PasswordOptions {
    /// Memory of one hash.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes of one hash.
    pub parallelism: u32,
    /// Hashes at work at the same time.
    pub concurrency_max: usize,
    /// Hashes that wait for their turn.
    pub waiting_max: usize,
}

/// Why a password was neither hashed nor checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many hashes wait already; nothing was done.
    #[error("too many passwords are being checked")]
    Overloaded,
    /// The options or a stored hash make no sense.
    #[error("argon2: {0}")]
    Broken(String),
}

/// The password hasher of a node. Clones share it.
#[derive(Clone)]
pub struct Passwords(Arc<Inner>);

struct Inner {
    argon2: Argon2<'static>,
    /// A hash of nobody's password: checked for users that do not exist, so that they take as long.
    decoy: String,
    /// Everybody who works or waits holds a place.
    places: Arc<Semaphore>,
    /// Everybody who works holds a turn.
    turns: Arc<Semaphore>,
}

/// What a hash holds while it is computed; given back when the work ends, not when its caller goes.
type Held = (OwnedSemaphorePermit, OwnedSemaphorePermit);

impl Passwords {
    /// A hasher. Takes the time of one hash. Errors: [`PasswordError::Broken`] for bad parameters.
    pub fn new(options: PasswordOptions) -> Result<Self, PasswordError> {
        let params =
            Params::new(options.memory_kib, options.iterations, options.parallelism, None).map_err(broken)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon2, &rand::random::<[u8; 16]>())?;
        let turns = options.concurrency_max.clamp(1, Semaphore::MAX_PERMITS / 2);
        let places = turns + options.waiting_max.min(Semaphore::MAX_PERMITS / 2);
        let (places, turns) = (Arc::new(Semaphore::new(places)), Arc::new(Semaphore::new(turns)));
        Ok(Self(Arc::new(Inner { argon2, decoy, places, turns })))
    }

    /// The password's hash as a PHC string, with a salt of its own.
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let password = password.to_owned();
        self.work(move |inner| hash(&inner.argon2, password.as_bytes())).await
    }

    /// Whether `password` is the one behind `stored`. Without a stored hash the answer is no, after the
    /// same work: so nobody can tell by the clock which users exist.
    pub async fn check(&self, password: &str, stored: Option<&str>) -> Result<bool, PasswordError> {
        let (password, stored) = (password.to_owned(), stored.map(str::to_owned));
        self.work(move |inner| {
            let known = stored.is_some();
            let stored = stored.as_deref().unwrap_or(&inner.decoy);
            let parsed = PasswordHash::new(stored).map_err(broken)?;
            Ok(inner.argon2.verify_password(password.as_bytes(), &parsed).is_ok() && known)
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Inner) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let held = self.turn().await?;
        let inner = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            let _held = held;
            job(&inner)
        });
        done.await.map_err(broken)?
    }

    async fn turn(&self) -> Result<Held, PasswordError> {
        let place = Arc::clone(&self.0.places).try_acquire_owned().map_err(|_| PasswordError::Overloaded)?;
        let turn = Arc::clone(&self.0.turns).acquire_owned().await.map_err(broken)?;
        Ok((place, turn))
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<String, PasswordError> {
    Ok(argon2.hash_password(password).map_err(broken)?.to_string())
}

fn broken(error: impl std::fmt::Display) -> PasswordError {
    PasswordError::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: PasswordOptions =
        PasswordOptions { memory_kib: 64, iterations: 1, parallelism: 1, concurrency_max: 1, waiting_max: 1 };

    #[tokio::test]
    async fn only_the_right_password_fits_its_hash() {
        let passwords = Passwords::new(CHEAP).unwrap();
        let stored = passwords.hash("correct horse").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        assert!(passwords.check("correct horse", Some(&stored)).await.unwrap());
        assert!(!passwords.check("battery staple", Some(&stored)).await.unwrap());
        assert!(!passwords.check("correct horse", None).await.unwrap());
    }

    #[tokio::test]
    async fn equal_passwords_have_different_hashes() {
        let passwords = Passwords::new(CHEAP).unwrap();
        assert_ne!(passwords.hash("same").await.unwrap(), passwords.hash("same").await.unwrap());
    }

    #[tokio::test]
    async fn hashes_of_other_parameters_are_still_checked() {
        let old = Passwords::new(CHEAP).unwrap();
        let new = Passwords::new(PasswordOptions { memory_kib: 128, iterations: 2, ..CHEAP }).unwrap();
        let stored = old.hash("correct horse").await.unwrap();
        assert!(new.check("correct horse", Some(&stored)).await.unwrap());
    }

    #[tokio::test]
    async fn whoever_finds_the_queue_full_is_told_at_once() {
        let passwords = Passwords::new(CHEAP).unwrap();
        let working = passwords.turn().await.unwrap();
        let waiting = tokio::spawn({
            let passwords = passwords.clone();
            async move { passwords.hash("patience").await }
        });
        while passwords.0.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(passwords.hash("too late").await, Err(PasswordError::Overloaded));
        drop(working);
        assert!(waiting.await.unwrap().is_ok());
    }

    #[test]
    fn parameters_without_sense_are_refused() {
        assert!(matches!(
            Passwords::new(PasswordOptions { memory_kib: 0, ..CHEAP }),
            Err(PasswordError::Broken(_))
        ));
    }
}
