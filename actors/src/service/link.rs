//! Links into rooms: making them, showing them to those who may see them, and entering by them.

use madang_cluster::command::{AdminOp, Refusal, RoomOp};
use madang_cluster::machine::room::link::{link_id, opens};
use madang_cluster::machine::room::rights::{self, Deed};
use madang_storage::id::{LinkCode, LinkId, LinkSecret, RoomId};
use madang_storage::row::{Life, Link, MemberRow, MemberState, Right, RoomKind};

use super::keep::Lasting;
use super::{Caller, RoomView, Service, ServiceError, now_ms};

/// A link as those see it who may pass it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    /// What leads in.
    pub code: LinkCode,
    /// The link.
    pub link: Link,
}

/// What a link shows of its room to whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The room.
    pub room: RoomId,
    /// Its kind.
    pub kind: RoomKind,
    /// Its title.
    pub title: String,
    /// Its topic.
    pub topic: String,
    /// Where its picture is, empty for none.
    pub picture: String,
    /// How many have joined.
    pub members: u64,
    /// The asking user's place, if there is one.
    pub place: Option<MemberRow>,
}

impl Service {
    /// Makes a link into a room.
    pub async fn make_link(
        &self,
        caller: &Caller,
        room: RoomId,
        lasting: Lasting,
        uses_max: Option<u32>,
    ) -> Result<LinkView, ServiceError> {
        let secret = LinkSecret(rand::random());
        let until = lasting.until();
        self.keep(caller, room, AdminOp::MakeLink { secret, until, uses_max }).await?;
        let id = link_id(&secret);
        let row = self.readers().of_room(&room).await?.links(&room).await?;
        let link = row.links.into_iter().find(|link| link.id == id);
        let link = link.ok_or(Refusal::LinkExpired)?;
        Ok(LinkView { code: LinkCode { room, secret }, link })
    }

    /// A room's links that let people in: all of them for those who keep the links, one's own for others.
    pub async fn links(&self, caller: &Caller, room: RoomId) -> Result<Vec<LinkView>, ServiceError> {
        let readers = self.readers();
        readers.allowed(&caller.user, &room, Deed::Use(Right::Invite)).await?;
        let (head, place) = readers.seen(&caller.user, &room).await?;
        let all = place.is_some_and(|place| rights::allows(&head, &place, Deed::KeepLinks));
        let now_ms = now_ms();
        let row = readers.of_room(&room).await?.links(&room).await?;
        let links = row.links.into_iter().filter(|link| link.is_open(now_ms));
        let mine = links.filter(|link| all || link.by == caller.user);
        Ok(mine.map(|link| LinkView { code: LinkCode { room, secret: link.secret }, link }).collect())
    }

    /// Takes a link away.
    pub async fn revoke_link(&self, caller: &Caller, room: RoomId, link: LinkId) -> Result<(), ServiceError> {
        self.keep(caller, room, AdminOp::RevokeLink(link)).await
    }

    /// What a link leads to. Errors: `LinkExpired` for whoever could not come in by it now, also if there is
    /// no such room.
    pub async fn preview(&self, caller: &Caller, code: &LinkCode) -> Result<Preview, ServiceError> {
        let room = code.room;
        let readers = self.readers();
        let reader = readers.of_room(&room).await?;
        let head = reader.room(&room).await?.filter(|head| head.life != Life::Deleted);
        let head = head.ok_or(Refusal::LinkExpired)?;
        let id = link_id(&code.secret);
        let links = reader.links(&room).await?.links;
        let link = links.into_iter().find(|link| link.id == id).ok_or(Refusal::LinkExpired)?;
        let maker = reader.member(&room, &link.by).await?;
        let place = reader.member(&room, &caller.user).await?;
        if place.is_none() {
            let now_ms = now_ms();
            let ban = reader.ban(&room, &caller.user).await?.filter(|ban| ban.until.holds(now_ms));
            if let Some(ban) = ban {
                return Err(Refusal::Banned { retry_after_ms: ban.until.left_ms(now_ms) }.into());
            }
            if !opens(&head, &link, maker.as_ref(), now_ms) {
                return Err(Refusal::LinkExpired.into());
            }
        }
        let (kind, members) = (head.kind, head.joined);
        let (title, topic, picture) = (head.title, head.topic, head.picture);
        Ok(Preview { room, kind, title, topic, picture, members, place })
    }

    /// Enters by a link.
    pub async fn join_by_link(&self, caller: &Caller, code: &LinkCode) -> Result<RoomView, ServiceError> {
        let room = code.room;
        self.check_space(&self.readers(), &caller.user, &room, MemberState::Joined).await?;
        let joined = self.change_room(room, &caller.user, RoomOp::JoinByLink(code.secret)).await;
        joined.map_err(|error| match error {
            // Whether there is such a room is nobody's business.
            ServiceError::Refused(Refusal::NoRoom) => ServiceError::Refused(Refusal::LinkExpired),
            error => error,
        })?;
        self.readers().room(&caller.user, &room).await
    }
}
