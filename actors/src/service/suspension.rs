//! Suspending users, and letting them in again: for the staff.

use madang_cluster::command::{Refusal, SafetyOp};
use madang_storage::id::UserId;
use madang_storage::row::SuspensionRow;

use super::{Caller, Lasting, Listed, Service, ServiceError, cursor, now_ms};

/// A user who may not use the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspensionView {
    /// Who.
    pub user: UserId,
    /// By whom, since when, until when, and why.
    pub row: SuspensionRow,
}

impl Service {
    /// Ends all sessions of a user and lets none begin until it is over. Durable when it is answered, which waits
    /// a moment for both to hold.
    pub async fn suspend(
        &self,
        caller: &Caller,
        user: UserId,
        lasting: Lasting,
        reason: String,
    ) -> Result<(), ServiceError> {
        self.check_staff(caller).await?;
        self.readers().profile(&user).await?;
        if self.options().admins.contains(&user) {
            return Err(Refusal::OfStaff.into());
        }
        let until = lasting.until();
        self.change_desk(caller, SafetyOp::Suspend { user, until, reason }).await
    }

    /// Lets a suspended user in again. Nothing to lift is fine.
    pub async fn restore(&self, caller: &Caller, user: UserId) -> Result<(), ServiceError> {
        self.change_desk(caller, SafetyOp::Restore(user)).await
    }

    /// Who is suspended, by user id. A page may hold fewer than asked for though there are more: what is over
    /// is left out.
    pub async fn suspensions(
        &self,
        caller: &Caller,
        limit: usize,
        next: Option<&str>,
    ) -> Result<Listed<SuspensionView>, ServiceError> {
        let after = next.map(cursor::parse_member).transpose()?;
        self.check_staff(caller).await?;
        let mut rows = self.desk().await?.suspensions(after, limit + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|(user, _)| cursor::member_text(user));
        let now_ms = now_ms();
        let items = rows.into_iter().filter(|(_, row)| row.until.holds(now_ms));
        Ok(Listed { items: items.map(|(user, row)| SuspensionView { user, row }).collect(), next })
    }
}
