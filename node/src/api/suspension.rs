//! Suspending users: what is asked and answered.

use madang_storage::id::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field::{Check, LastingMs, PageLimit, Reason};

/// Keeps a user out of the whole cluster.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Suspend {
    /// Whom.
    #[schema(value_type = String)]
    pub user: UserId,
    /// For how long; for good if absent.
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub for_ms: Option<LastingMs>,
    /// Why, in words for the user.
    #[schema(value_type = Option<String>, max_length = 200)]
    pub reason: Option<Reason>,
}

/// Asks for a page of those who are suspended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspensionsPage {
    /// Users in the page, 1 to 200; 100 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<PageLimit<200>>,
    /// Where the page starts: `next` of the page before.
    pub next: Option<String>,
}

/// Somebody who is suspended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Suspension {
    /// Who.
    #[schema(value_type = String)]
    pub user: UserId,
    /// By whom.
    #[schema(value_type = String)]
    pub by: UserId,
    /// Since when.
    pub at_ms: u64,
    /// Until when; 2^53−1: for good.
    pub until_ms: u64,
    /// Why; may be empty.
    pub reason: String,
}

/// A page of those who are suspended, by user id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Suspensions {
    /// The users.
    pub suspensions: Vec<Suspension>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}

impl Check for Suspend {}
impl Check for SuspensionsPage {}
