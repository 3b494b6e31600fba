//! What nodes tell each other about who is here, as MessagePack. A variant's number (its serde name) and the
//! order of its fields stay for good.

use bytes::Bytes;
use madang_storage::id::UserId;
use serde::{Deserialize, Serialize};

/// From a node to each of the others. All of it is acknowledged before the next is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum News {
    /// What follows is a list of everybody who is here.
    #[serde(rename = "1")]
    Begin,
    /// A part of the list.
    #[serde(rename = "2")]
    Here(Vec<UserId>),
    /// That was everybody; nobody else is here.
    #[serde(rename = "3")]
    End,
    /// Since the list, or the news before this.
    #[serde(rename = "4")]
    Changed {
        /// Who has a connection now.
        came: Vec<UserId>,
        /// Who has none any more.
        went: Vec<UserId>,
    },
}

/// Something that is not news.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// It cannot be read.
    #[error("what another node says about who is there cannot be read: {0}")]
    Read(#[from] rmp_serde::decode::Error),
    /// It cannot be written.
    #[error("who is here cannot be written: {0}")]
    Write(#[from] rmp_serde::encode::Error),
}

impl News {
    /// For another node.
    pub(super) fn write(&self) -> Result<Bytes, WireError> {
        Ok(rmp_serde::to_vec(self)?.into())
    }

    /// Reads what [`write`](Self::write) wrote.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        Ok(rmp_serde::from_slice(bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::user;

    #[test]
    fn news_between_nodes_never_change() {
        let users = vec![user("jun")];
        for (news, golden) in [
            (News::Begin, "a131"),
            (News::Here(users.clone()), "81a13291a36a756e"),
            (News::End, "a133"),
            (News::Changed { came: users, went: vec![] }, "81a1349291a36a756e90"),
        ] {
            let bytes = news.write().unwrap();
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, golden, "{news:?}");
            assert_eq!(News::read(&bytes).unwrap(), news);
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_are_refused_or_read(bytes: Vec<u8>) {
            let _ = News::read(&bytes);
        }
    }
}
