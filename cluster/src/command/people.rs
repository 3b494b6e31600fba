//! What can be asked of an account about other people.

use madang_storage::id::UserId;
use madang_storage::row::{Findable, Reading};
use serde::{Deserialize, Serialize};

/// What can be asked of an account about other people. Repeats change nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeopleOp {
    /// Ask somebody to be a contact; if they asked already, it is the answer.
    #[serde(rename = "1")]
    Request(UserId),
    /// Say yes to somebody who asked.
    #[serde(rename = "2")]
    Accept(UserId),
    /// Say no to somebody who asked.
    #[serde(rename = "3")]
    Decline(UserId),
    /// End it, whatever there is: a contact, one's own request, the other one's.
    #[serde(rename = "4")]
    Remove(UserId),
    /// Have nothing more to do with somebody.
    #[serde(rename = "5")]
    Block(UserId),
    /// Take that back.
    #[serde(rename = "6")]
    Unblock(UserId),
    /// How one wants to be seen; `None` stays as it is.
    #[serde(rename = "7")]
    Show {
        /// Who sees how far the user has read.
        reading: Option<Reading>,
        /// Whether the user comes up in searches.
        findable: Option<Findable>,
    },
}
