//! Accounts and sessions: signing up, logging in and out, passwords, profiles, tokens.

use madang_cluster::command::{Refusal, UserOp};
use madang_storage::id::{SessionId, UserId};
use madang_storage::row::SessionRow;

use super::seen::Sight;
use super::{Caller, Profile, Service, ServiceError, fresh_id, names, now_ms};
use crate::auth::Token;
use crate::devices::Connected;

/// What anybody hears whose name or password is wrong: never which of the two.
const WRONG_LOGIN: &str = "the user name or the password is wrong";
pub(super) const WRONG_TOKEN: &str = "the token is not valid (any more)";
const WRONG_PASSWORD: &str = "the old password is wrong";

/// How exact "last seen" is: each time costs a command.
const SEEN_EVERY_MS: u64 = 5 * 60 * 1_000;

/// A new session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// Who logged in.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// The secret that proves it; not kept anywhere.
    pub token: String,
}

/// One of a user's sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// Its id.
    pub session: SessionId,
    /// The device's name, may be empty.
    pub device: String,
    /// When it logged in, milliseconds since the epoch.
    pub created_ms: u64,
    /// When it was last seen, about, milliseconds since the epoch.
    pub seen_ms: u64,
    /// Whether it is connected.
    pub connected: Connected,
}

impl Service {
    /// Makes an account and logs in. Without a display name people see the login name.
    pub async fn sign_up(
        &self,
        user: UserId,
        password: &str,
        display_name: Option<String>,
        device: String,
    ) -> Result<LoggedIn, ServiceError> {
        // Asked first since a hash is dear; the machine decides again.
        if self.readers().of_user(&user).await?.user(&user).await?.is_some() {
            return Err(Refusal::UserExists.into());
        }
        let password_hash = self.0.passwords.hash(password).await?;
        let display_name = display_name.unwrap_or_else(|| user.as_str().to_owned());
        let names = names::of(&display_name);
        self.change_user(&user, UserOp::SignUp { display_name, password_hash, names }).await?;
        self.open_session(user, device, None).await
    }

    /// Logs a device in.
    pub async fn log_in(
        &self,
        user: UserId,
        password: &str,
        device: String,
    ) -> Result<LoggedIn, ServiceError> {
        let stored = self.readers().of_user(&user).await?.user(&user).await?.map(|row| row.password_hash);
        if !self.0.passwords.check(password, stored.as_deref()).await? {
            return Err(ServiceError::Unauthenticated(WRONG_LOGIN));
        }
        match self.open_session(user, device, stored).await {
            // Right when it was checked, wrong by now.
            Err(ServiceError::Refused(Refusal::PasswordChanged)) => {
                Err(ServiceError::Unauthenticated(WRONG_LOGIN))
            }
            other => other,
        }
    }

    /// Whose token this is. One local read as a rule.
    pub async fn authenticate(&self, token: &str) -> Result<Caller, ServiceError> {
        const WRONG: ServiceError = ServiceError::Unauthenticated(WRONG_TOKEN);
        let token = Token::parse(token).map_err(|_| WRONG)?;
        let shard = self.0.cluster.slots().of_user(&token.user);
        let known = self.0.cluster.reader_now(shard)?.session(&token.user, &token.session).await?;
        let row = match known {
            Some(row) => row,
            // It may be so new that only its shard's leader knows it.
            None => {
                let fresh = self.0.cluster.reader(shard).await?;
                fresh.session(&token.user, &token.session).await?.ok_or(WRONG)?
            }
        };
        if !token.fits(&row.token_hash) {
            return Err(WRONG);
        }
        let caller = Caller { user: token.user, session: token.session };
        if now_ms().saturating_sub(row.seen_ms) > SEEN_EVERY_MS {
            self.0.seen.note(&caller, Sight::Came);
        }
        Ok(caller)
    }

    /// The caller's device has a connection.
    pub fn came(&self, caller: &Caller) {
        self.0.seen.back(caller);
    }

    /// The caller's device had a connection until now. That it was here is written down a while later, with the time of
    /// the writing, if it does not come back.
    pub fn went(&self, caller: &Caller) {
        self.0.seen.note(caller, Sight::Went);
    }

    /// Ends the caller's session.
    pub async fn log_out(&self, caller: &Caller) -> Result<(), ServiceError> {
        self.change_user(&caller.user, UserOp::CloseSession(caller.session)).await
    }

    /// The caller's own profile.
    pub async fn me(&self, caller: &Caller) -> Result<Profile, ServiceError> {
        self.readers().profile(&caller.user).await
    }

    /// Somebody's profile.
    pub async fn profile(&self, _caller: &Caller, user: &UserId) -> Result<Profile, ServiceError> {
        self.readers().profile(user).await
    }

    /// Changes what people see.
    pub async fn set_profile(&self, caller: &Caller, display_name: String) -> Result<Profile, ServiceError> {
        let names = names::of(&display_name);
        self.change_user(&caller.user, UserOp::SetProfile { display_name, names }).await?;
        self.readers().profile(&caller.user).await
    }

    /// Changes the password and ends all other sessions.
    pub async fn change_password(&self, caller: &Caller, old: &str, new: &str) -> Result<(), ServiceError> {
        let row = self.readers().of_user(&caller.user).await?.user(&caller.user).await?;
        let old_hash = row.ok_or_else(|| ServiceError::NoUser(caller.user.clone()))?.password_hash;
        if !self.0.passwords.check(old, Some(&old_hash)).await? {
            return Err(ServiceError::Unauthenticated(WRONG_PASSWORD));
        }
        let new_hash = self.0.passwords.hash(new).await?;
        let op = UserOp::SetPassword { old_hash, new_hash, keep: caller.session };
        self.change_user(&caller.user, op).await
    }

    /// The caller's sessions, oldest first.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<SessionView>, ServiceError> {
        let readers = self.readers();
        let reader = readers.of_user(&caller.user).await?;
        let row = reader.user(&caller.user).await?;
        let row = row.ok_or_else(|| ServiceError::NoUser(caller.user.clone()))?;
        let connected = self.0.devices.connected(&caller.user).await;
        let mut views = Vec::with_capacity(row.sessions.len());
        for session in row.sessions {
            // One that ended between the two reads is simply not there any more.
            if let Some(row) = reader.session(&caller.user, &session).await? {
                let connected = match connected.contains(&session) {
                    true => Connected::Yes,
                    false => Connected::No,
                };
                let SessionRow { device, created_ms, seen_ms, .. } = row;
                let seen_ms = seen_ms.max(created_ms);
                views.push(SessionView { session, device, created_ms, seen_ms, connected });
            }
        }
        Ok(views)
    }

    /// Ends one of the caller's sessions.
    pub async fn revoke(&self, caller: &Caller, session: SessionId) -> Result<(), ServiceError> {
        let readers = self.readers();
        if readers.of_user(&caller.user).await?.session(&caller.user, &session).await?.is_none() {
            return Err(ServiceError::NoSession(session));
        }
        self.change_user(&caller.user, UserOp::CloseSession(session)).await
    }

    async fn open_session(
        &self,
        user: UserId,
        device: String,
        checked: Option<String>,
    ) -> Result<LoggedIn, ServiceError> {
        let session = SessionId(fresh_id());
        let token = Token::new(user.clone(), session);
        let (token_hash, sessions_max) = (token.hash(), self.0.options.sessions_max);
        let op = UserOp::OpenSession { session, token_hash, device, sessions_max, checked };
        self.change_user(&user, op).await?;
        Ok(LoggedIn { user, session, token: token.reveal() })
    }
}
