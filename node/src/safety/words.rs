//! Which words a request would show to other people: what is held against the rules and asked about.
//!
//! Reports are not among them: whoever reports must be able to quote. Reactions are held against the rules, but
//! nobody is asked about each of them.

use madang_storage::id::RoomId;
use madang_storage::row;
use serde::Serialize;

use crate::api::Request;
use crate::api::account::{SetProfile, SignUp};
use crate::api::keep::SetRoom;
use crate::api::message::Send;
use crate::api::message_about::{Edit, React};
use crate::api::message_parts::Content;
use crate::api::presence::SetPresence;
use crate::api::room::CreateRoom;

/// What words are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A message, new, edited or said again elsewhere.
    Message,
    /// What a room is called or is about, or why somebody is put out of it.
    Room,
    /// What a user is called.
    Profile,
    /// What a user says of being there.
    Status,
    /// A reaction to a message.
    Reaction,
}

/// Words that others would see.
#[derive(Debug, PartialEq, Eq)]
pub struct Words<'a> {
    pub(super) what: What,
    pub(super) room: Option<RoomId>,
    /// None of them is empty.
    pub(super) texts: Vec<&'a str>,
}

impl<'a> Words<'a> {
    fn new(what: What, room: Option<RoomId>, texts: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let texts = texts.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        Self { what, room, texts }
    }

    /// The words of a message that is said again in `room`, and what goes with them.
    pub fn said_again(room: RoomId, text: &'a str, content: &'a row::Content) -> Self {
        let media = match content {
            row::Content::Image(media) | row::Content::Voice(media) | row::Content::File(media) => {
                Some(media)
            }
            row::Content::Text | row::Content::System | row::Content::Opaque { .. } => None,
        };
        let url = media.and_then(|media| match &media.place {
            row::MediaPlace::Url(url) => Some(url.as_str()),
            row::MediaPlace::Id(_) => None,
        });
        Self::new(What::Message, Some(room), [Some(text), media.map(|media| media.name.as_str()), url])
    }

    /// All words as one text.
    pub(super) fn text(&self) -> String {
        self.texts.join("\n")
    }
}

impl<'a> From<&'a Send> for Words<'a> {
    fn from(send: &'a Send) -> Self {
        let media = match &send.content {
            Some(Content::Image(media) | Content::Voice(media) | Content::File(media)) => Some(media),
            Some(Content::System {} | Content::Opaque { .. }) | None => None,
        };
        let (name, url) = (media.map(|media| media.name.as_str()), media.and_then(|m| m.url.as_deref()));
        Self::new(What::Message, Some(send.room), [Some(send.text.as_str()), name, url])
    }
}

impl<'a> From<&'a Edit> for Words<'a> {
    fn from(edit: &'a Edit) -> Self {
        Self::new(What::Message, Some(edit.room), [Some(edit.text.as_str())])
    }
}

impl<'a> From<&'a React> for Words<'a> {
    fn from(react: &'a React) -> Self {
        Self::new(What::Reaction, Some(react.room), [Some(react.emoji.as_str())])
    }
}

impl<'a> From<&'a CreateRoom> for Words<'a> {
    fn from(create: &'a CreateRoom) -> Self {
        let title = create.title.as_ref().map(|title| title.as_str());
        let topic = create.topic.as_ref().map(|topic| topic.as_str());
        Self::new(What::Room, None, [title, topic])
    }
}

impl<'a> From<&'a SetRoom> for Words<'a> {
    fn from(set: &'a SetRoom) -> Self {
        let title = set.title.as_ref().map(|title| title.as_str());
        let topic = set.topic.as_ref().map(|topic| topic.as_str());
        let picture = set.picture.as_ref().map(|picture| picture.as_str());
        Self::new(What::Room, Some(set.room), [title, topic, picture])
    }
}

impl<'a> From<&'a SetProfile> for Words<'a> {
    fn from(set: &'a SetProfile) -> Self {
        Self::new(What::Profile, None, [Some(set.display_name.as_str())])
    }
}

impl<'a> From<&'a SignUp> for Words<'a> {
    fn from(ask: &'a SignUp) -> Self {
        let name = ask.display_name.as_ref().map(|name| name.as_str());
        Self::new(What::Profile, None, [Some(ask.user.as_str()), name])
    }
}

impl<'a> From<&'a SetPresence> for Words<'a> {
    fn from(set: &'a SetPresence) -> Self {
        let status = set.status.as_ref();
        let text = status.and_then(|status| status.text.as_ref()).map(|text| text.as_str());
        let emoji = status.and_then(|status| status.emoji.as_ref()).map(|emoji| emoji.as_str());
        Self::new(What::Status, None, [text, emoji])
    }
}

/// The words that a request holds itself. Whoever adds an operation says here whether it has any; those of
/// `forward` are in the log.
pub fn of(request: &Request) -> Option<Words<'_>> {
    let words = match request {
        Request::SignUp(ask) => ask.into(),
        Request::SetProfile(ask) => ask.into(),
        Request::CreateRoom(ask) => ask.into(),
        Request::SetRoom(ask) => ask.into(),
        Request::Ban(ask) => {
            Words::new(What::Room, Some(ask.room), [ask.reason.as_ref().map(|reason| reason.as_str())])
        }
        Request::Send(ask) => ask.into(),
        Request::Edit(ask) => ask.into(),
        Request::React(ask) => ask.into(),
        Request::SetPresence(ask) => ask.into(),
        Request::Connect(_)
        | Request::Login(_)
        | Request::Nodes(_)
        | Request::Logout(_)
        | Request::Me(_)
        | Request::ChangePassword(_)
        | Request::Sessions(_)
        | Request::Revoke(_)
        | Request::Profile(_)
        | Request::Rooms(_)
        | Request::OpenRooms(_)
        | Request::Room(_)
        | Request::Join(_)
        | Request::Leave(_)
        | Request::Invite(_)
        | Request::Kick(_)
        | Request::SetRole(_)
        | Request::Members(_)
        | Request::Unban(_)
        | Request::Bans(_)
        | Request::Mute(_)
        | Request::Unmute(_)
        | Request::CreateLink(_)
        | Request::Links(_)
        | Request::RevokeLink(_)
        | Request::PreviewLink(_)
        | Request::JoinLink(_)
        | Request::Archive(_)
        | Request::Unarchive(_)
        | Request::DeleteRoom(_)
        | Request::SetMyRoom(_)
        | Request::History(_)
        | Request::Forward(_)
        | Request::Delete(_)
        | Request::Edits(_)
        | Request::Reactions(_)
        | Request::Pin(_)
        | Request::Pins(_)
        | Request::Thread(_)
        | Request::Mentions(_)
        | Request::MarkRead(_)
        | Request::MarkReceived(_)
        | Request::Receipts(_)
        | Request::Unread(_)
        | Request::Invitations(_)
        | Request::Decline(_)
        | Request::Contacts(_)
        | Request::RequestContact(_)
        | Request::AcceptContact(_)
        | Request::DeclineContact(_)
        | Request::RemoveContact(_)
        | Request::Blocks(_)
        | Request::Block(_)
        | Request::Unblock(_)
        | Request::FindUsers(_)
        | Request::Privacy(_)
        | Request::SetPrivacy(_)
        | Request::Report(_)
        | Request::Reports(_)
        | Request::MoveReport(_)
        | Request::Staff(_)
        | Request::Appoint(_)
        | Request::Suspend(_)
        | Request::Restore(_)
        | Request::Suspensions(_)
        | Request::Audit(_)
        | Request::Presence(_)
        | Request::Typing(_) => return None,
    };
    Some(words).filter(|words: &Words<'_>| !words.texts.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::api::request::{Command, Incoming};

    use super::*;

    #[test]
    fn whatever_others_would_see_is_found() {
        let room = "01K9ZZZZZZZZZZZZZZZZZZZZZZ";
        let rows = [
            (r#""send":{"room":"R","cid":"c","text":"a"}"#, What::Message, "a"),
            (
                r#""send":{"room":"R","cid":"c","text":"","content":{"type":"file","url":"https://x.y/z","name":"n"}}"#,
                What::Message,
                "n\nhttps://x.y/z",
            ),
            (r#""edit":{"room":"R","seq":1,"text":"b"}"#, What::Message, "b"),
            (r#""react":{"room":"R","seq":1,"emoji":"word"}"#, What::Reaction, "word"),
            (r#""create_room":{"kind":"open","title":"t","topic":"u"}"#, What::Room, "t\nu"),
            (r#""set_room":{"room":"R","topic":"u","picture":"p"}"#, What::Room, "u\np"),
            (r#""ban":{"room":"R","user":"jun","reason":"r"}"#, What::Room, "r"),
            (r#""set_profile":{"display_name":"d"}"#, What::Profile, "d"),
            (r#""sign_up":{"user":"jun","password":"12345678","display_name":"d"}"#, What::Profile, "jun\nd"),
            (r#""set_presence":{"status":{"text":"s","emoji":"e"}}"#, What::Status, "s\ne"),
        ];
        for (asked, what, text) in rows {
            let json = format!(r#"{{"id":1,{}}}"#, asked.replace("\"R\"", &format!("\"{room}\"")));
            let Incoming::Command(Command { request, .. }) = Incoming::parse(&json).unwrap() else {
                panic!("{json}")
            };
            let words = of(&request).unwrap_or_else(|| panic!("no words in {json}"));
            assert_eq!((words.what, words.text().as_str()), (what, text), "{json}");
        }
    }
}
