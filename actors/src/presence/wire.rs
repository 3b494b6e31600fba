//! What nodes tell each other about who is there, as MessagePack. A variant's number (its serde name) and the
//! order of its fields stay for good.

use madang_storage::id::{SessionId, ShardId, UserId};
use serde::{Deserialize, Serialize};

use super::shown::{Attention, Shown};

/// From a node to another. What is in one message is acknowledged before the next is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum News {
    /// From a home: it is the shard's home, by this epoch; what follows is all that it knows.
    #[serde(rename = "1")]
    Home(ShardId, u64),
    /// From a home: this is how it is with these users.
    #[serde(rename = "2")]
    Posted(ShardId, u64, Vec<(UserId, Shown)>),
    /// From a home: it knows who is here and who is not; whom it has not named is not there.
    #[serde(rename = "3")]
    Settled(ShardId, u64),
    /// From a home: that was all that it knows so far.
    #[serde(rename = "9")]
    Known(ShardId, u64),
    /// To the home of this epoch, before the list of who is connected: by what the homes before it said, these
    /// are there.
    #[serde(rename = "10")]
    Remembered(ShardId, u64, Vec<(UserId, Attention)>),
    /// To the home of this epoch: what follows is a list of all who are connected to the sender.
    #[serde(rename = "4")]
    Begin(ShardId, u64),
    /// To the home: these are connected to the sender, or not any more.
    #[serde(rename = "5")]
    Connected(ShardId, u64, Vec<(UserId, Option<Attention>)>),
    /// To the home: that was the list.
    #[serde(rename = "6")]
    End(ShardId, u64),
    /// From a home now and then: these are homes of the sender, by these epochs.
    #[serde(rename = "8")]
    Still(Vec<(ShardId, u64)>),
    /// From anybody: the session, if it is connected there, says this of itself.
    #[serde(rename = "7")]
    Attend(UserId, SessionId, Attention),
}

/// What is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Heard {
    /// What was not taken.
    pub(super) refused: Vec<Refused>,
}

/// What was not taken, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Refused {
    /// The sender is not believed to be the shard's home.
    #[serde(rename = "1")]
    NotTheHome(ShardId),
    /// The shard's home of this epoch is not here.
    #[serde(rename = "2")]
    NoHomeHere(ShardId, u64),
}

#[cfg(test)]
mod tests {
    use madang_storage::row::Status;

    use super::super::shown::State;
    use super::*;
    use crate::fake::user;
    use crate::wire::{check, read};

    #[test]
    fn news_between_nodes_never_change() {
        let (jun, shard) = (user("jun"), ShardId(3));
        let status = Some(Status { text: "t".into(), emoji: "e".into(), expires_ms: Some(9) });
        let shown = Shown { state: State::Idle, status, last_active_ms: Some(8) };
        check(&News::Home(shard, 7), "81a131920307");
        check(
            &News::Posted(shard, 7, vec![(jun.clone(), shown)]),
            "81a1329303079192a36a756e93a13293a174a1650908",
        );
        check(&News::Settled(shard, 7), "81a133920307");
        check(&News::Known(shard, 7), "81a139920307");
        check(&News::Begin(shard, 7), "81a134920307");
        let remembered = vec![(jun.clone(), Attention::Away)];
        check(&News::Remembered(shard, 7, remembered), "81a231309303079192a36a756ea131");
        let words = vec![(jun.clone(), Some(Attention::Active)), (jun.clone(), None)];
        check(&News::Connected(shard, 7, words), "81a1359303079292a36a756ea13292a36a756ec0");
        check(&News::End(shard, 7), "81a136920307");
        let id = "01".repeat(16);
        check(
            &News::Attend(jun, SessionId([1; 16]), Attention::Away),
            &format!("81a13793a36a756ec410{id}a131"),
        );
        check(&News::Still(vec![(shard, 7)]), "81a13891920307");
        let refused = vec![Refused::NotTheHome(shard), Refused::NoHomeHere(shard, 7)];
        check(&Heard { refused }, "919281a1310381a132920307");
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_are_refused_or_read(bytes: Vec<u8>) {
            let _ = read::<Vec<News>>(&bytes);
            let _ = read::<Heard>(&bytes);
        }
    }
}
