//! What a message carries beside its text, and what became of it: parts of requests and of events.

use std::collections::BTreeSet;

use madang_storage::id::{Cid, Emoji, RoomId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many people one message may call by name.
pub const MENTIONS_MAX: usize = 50;
const URL_BYTES_MAX: usize = 2048;
const MEDIA_ID_BYTES_MAX: usize = 256;
const NAME_CHARS_MAX: usize = 255;
const MIME_BYTES_MAX: usize = 127;
const SCHEME_BYTES_MAX: usize = 64;

/// What a message is, if not text alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Content {
    /// A picture; the text is its caption, may be empty. So for all media.
    Image(Media),
    /// Something spoken.
    Voice(Media),
    /// Any file.
    File(Media),
    /// Said for the room, by those who keep order in it.
    System {},
    /// Encrypted by the clients; the server never looks into it.
    Opaque {
        /// How it is encrypted, 1 to 64 printable ASCII characters.
        scheme: String,
        /// Base64.
        data: String,
    },
}

impl Content {
    /// Whether a message may be this alone, without a text.
    pub(super) fn stands_alone(&self) -> bool {
        !matches!(self, Self::System {})
    }

    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Image(media) | Self::Voice(media) | Self::File(media) => media.check(),
            Self::System {} => Ok(()),
            Self::Opaque { scheme, data } => {
                let fits = (1..=SCHEME_BYTES_MAX).contains(&scheme.len());
                if !fits || !scheme.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err("field `content.scheme`: 1 to 64 printable ASCII characters".into());
                }
                check_base64("content.data", data)
            }
        }
    }
}

/// Refuses what is no base64, in either alphabet.
pub(super) fn check_base64(field: &str, data: &str) -> Result<(), String> {
    let body = data.trim_end_matches('=');
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    if body.is_empty() || data.len() - body.len() > 2 || !body.bytes().all(letter) {
        return Err(format!("field `{field}`: base64 is wanted"));
    }
    Ok(())
}

/// Something that is kept elsewhere: at `url`, or where clients find `media`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// An http or https address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The name by which clients and their media service know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
    /// Its name for people, up to 255 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub name: String,
    /// Its MIME type.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub mime: String,
    /// Its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Pixels across.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// How long it plays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

impl Media {
    fn check(&self) -> Result<(), String> {
        match (&self.url, &self.media) {
            (Some(url), None) => {
                let known = url.starts_with("https://") || url.starts_with("http://");
                let plain = !url.chars().any(|c| c.is_whitespace() || c.is_control());
                if !known || !plain || url.len() > URL_BYTES_MAX {
                    return Err("field `content.url`: an http or https address of up to 2048 bytes".into());
                }
            }
            (None, Some(id)) => {
                let fits = (1..=MEDIA_ID_BYTES_MAX).contains(&id.len());
                if !fits || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err("field `content.media`: 1 to 256 printable ASCII characters".into());
                }
            }
            _ => return Err("fields `content.url`, `content.media`: exactly one of them".into()),
        }
        if self.name.chars().count() > NAME_CHARS_MAX {
            return Err("field `content.name`: up to 255 characters".into());
        }
        if self.mime.len() > MIME_BYTES_MAX || !self.mime.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("field `content.mime`: up to 127 printable ASCII characters".into());
        }
        Ok(())
    }
}

/// Whom a message calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mentions {
    /// These people, up to 50.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    pub users: BTreeSet<UserId>,
    /// Everybody in the room.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub room: bool,
}

impl Mentions {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.users.len() > MENTIONS_MAX {
            return Err(format!("field `mentions.users`: up to {MENTIONS_MAX} people can be called"));
        }
        Ok(())
    }
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Message {
    /// The sender's name for it.
    #[schema(value_type = String)]
    pub cid: Cid,
    /// What was said, as it is after all edits; empty once it was deleted.
    pub text: String,
    /// What it is, if not text alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<u64>,
    /// The root of the thread that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<u64>,
    /// Which reply of its thread it is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_number: Option<u64>,
    /// Whom it calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mentions: Option<Mentions>,
    /// Where it was said first, if it was forwarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward: Option<Forwarded>,
    /// That it was edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited: Option<EditMark>,
    /// That it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<DeleteMark>,
    /// How many people have reacted, by emoji.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub reactions: Vec<ReactionCount>,
    /// The thread that hangs on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replies: Option<ThreadMark>,
    /// Since when it is pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned_ms: Option<u64>,
}

/// Where a message was said first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Forwarded {
    /// In which room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Where in its log.
    pub seq: u64,
    /// By whom.
    #[schema(value_type = String)]
    pub user: UserId,
    /// When.
    pub at_ms: u64,
}

/// That a message was edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct EditMark {
    /// When last.
    pub at_ms: u64,
    /// How often.
    pub count: u64,
}

/// That a message was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeleteMark {
    /// By whom.
    #[schema(value_type = String)]
    pub user: UserId,
    /// When.
    pub at_ms: u64,
}

/// How many people have reacted with one emoji.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReactionCount {
    /// With which.
    #[schema(value_type = String)]
    pub emoji: Emoji,
    /// How many.
    pub count: u64,
    /// Whether the one who asks is among them; in pages only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub mine: bool,
}

/// The thread that hangs on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ThreadMark {
    /// How many replies there were, those deleted since included.
    pub count: u64,
    /// The newest.
    pub last_seq: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(json: &str) -> Result<(), String> {
        serde_json::from_str::<Content>(json).map_err(|error| error.to_string())?.check()
    }

    #[test]
    fn media_are_at_one_place_that_a_browser_may_open() {
        for good in [
            r#"{"type":"image","url":"https://example.com/a.png","mime":"image/png","width":2,"height":3}"#,
            r#"{"type":"voice","media":"m-1","duration_ms":900}"#,
            r#"{"type":"file","media":"m-1","name":"보고서.pdf","bytes":12}"#,
            r#"{"type":"opaque","scheme":"mls","data":"AAA="}"#,
            r#"{"type":"system"}"#,
        ] {
            assert_eq!(content(good), Ok(()), "{good}");
        }
        for (bad, named) in [
            (r#"{"type":"image"}"#, "exactly one"),
            (r#"{"type":"image","url":"https://a","media":"b"}"#, "exactly one"),
            (r#"{"type":"image","url":"javascript:alert(1)"}"#, "content.url"),
            (r#"{"type":"image","media":"a b"}"#, "content.media"),
            (r#"{"type":"image","media":"a","size":1}"#, "unknown field"),
            (r#"{"type":"opaque","scheme":"mls","data":"?"}"#, "content.data"),
            (r#"{"type":"opaque","scheme":"","data":"AA"}"#, "content.scheme"),
            (r#"{"type":"film","media":"a"}"#, "unknown variant"),
        ] {
            let error = content(bad).unwrap_err();
            assert!(error.contains(named), "{bad}: {error}");
        }
    }
}
