//! The operations of those who keep rooms, and their answers.

use std::time::Duration;

use madang_actors::service::{BanView, Caller, Lasting, LinkView, Preview, Service, ServiceError};
use madang_storage::row::{Feature, Features, MemberState, Right, Rights, RoomChange, Switch, Until};

use super::answer::{self, role, role_asked};
use super::people;
use super::run::{ROOMS_DEFAULT, size};
use crate::api::account::Empty;
use crate::api::field::LastingMs;
use crate::api::{Request, Response, keep as json};

/// Items of a page whose client names no limit.
const MEMBERS_DEFAULT: u32 = 100;
const BANS_DEFAULT: u32 = 100;
/// The greatest number that every client can count to: for good.
const FOREVER_MS: u64 = (1 << 53) - 1;

pub(super) async fn run(
    service: &Service,
    caller: &Caller,
    request: Request,
) -> Result<Response, ServiceError> {
    Ok(match request {
        Request::SetRoom(ask) => {
            let room = ask.room;
            Response::SetRoom(answer::room(service.set_room(caller, room, room_change(ask)).await?))
        }
        Request::SetMyRoom(ask) => {
            let pinned = ask.pinned.map(switch);
            let quiet = ask.quiet_until_ms.map(Until);
            Response::SetMyRoom(answer::room(service.set_my_room(caller, ask.room, quiet, pinned).await?))
        }
        Request::Archive(ask) => Response::Archive(answer::room(service.archive(caller, ask.room).await?)),
        Request::Unarchive(ask) => {
            Response::Unarchive(answer::room(service.unarchive(caller, ask.room).await?))
        }
        Request::DeleteRoom(ask) => {
            service.delete_room(caller, ask.room).await?;
            Response::DeleteRoom(Empty {})
        }
        Request::OpenRooms(ask) => {
            let limit = size(ask.limit.map_or(ROOMS_DEFAULT, |limit| limit.get()));
            let search = ask.search.as_ref().map(|search| search.as_str());
            let page = service.open_rooms(caller, search, limit, ask.next.as_deref()).await?;
            Response::OpenRooms(answer::rooms(page))
        }
        Request::Members(ask) => {
            let limit = size(ask.limit.map_or(MEMBERS_DEFAULT, |limit| limit.get()));
            let search = ask.search.as_ref().map(|search| search.as_str());
            let page = service.members(caller, ask.room, search, limit, ask.next.as_deref()).await?;
            Response::Members(answer::members(page))
        }
        other => return run_at_the_door(service, caller, other).await,
    })
}

/// Who may come in and speak.
async fn run_at_the_door(
    service: &Service,
    caller: &Caller,
    request: Request,
) -> Result<Response, ServiceError> {
    Ok(match request {
        Request::Ban(ask) => {
            let reason = ask.reason.map_or_else(String::new, |reason| reason.into_string());
            service.ban(caller, ask.room, ask.user, lasting(ask.for_ms), reason).await?;
            Response::Ban(Empty {})
        }
        Request::Unban(ask) => {
            service.unban(caller, ask.room, ask.user).await?;
            Response::Unban(Empty {})
        }
        Request::Bans(ask) => {
            let limit = size(ask.limit.map_or(BANS_DEFAULT, |limit| limit.get()));
            let page = service.bans(caller, ask.room, limit, ask.next.as_deref()).await?;
            let bans = page.items.into_iter().map(ban).collect();
            Response::Bans(json::Bans { bans, next: page.next })
        }
        Request::Mute(ask) => {
            service.mute(caller, ask.room, ask.user, lasting(ask.for_ms)).await?;
            Response::Mute(Empty {})
        }
        Request::Unmute(ask) => {
            service.unmute(caller, ask.room, ask.user).await?;
            Response::Unmute(Empty {})
        }
        Request::CreateLink(ask) => {
            let uses_max = ask.uses_max.map(|uses| uses.get());
            let made = service.make_link(caller, ask.room, lasting(ask.for_ms), uses_max).await?;
            Response::CreateLink(link(made))
        }
        Request::Links(ask) => {
            let links = service.links(caller, ask.room).await?.into_iter().map(link).collect();
            Response::Links(json::Links { links })
        }
        Request::RevokeLink(ask) => {
            service.revoke_link(caller, ask.room, ask.link).await?;
            Response::RevokeLink(Empty {})
        }
        Request::PreviewLink(ask) => {
            Response::PreviewLink(preview(service.preview(caller, &ask.code).await?))
        }
        Request::JoinLink(ask) => {
            Response::JoinLink(answer::room(service.join_by_link(caller, &ask.code).await?))
        }
        other => return people::run(service, caller, other).await,
    })
}

/// How long something is to hold, as it was asked.
pub(super) fn lasting(for_ms: Option<LastingMs>) -> Lasting {
    for_ms.map_or(Lasting::ForGood, |ms| Lasting::For(Duration::from_millis(ms.get())))
}

fn room_change(ask: json::SetRoom) -> RoomChange {
    let json::SetRoom { room: _, title, topic, picture, features, rights, slow_mode_s, places_max } = ask;
    let (mut features, mut rights) = (features.unwrap_or_default(), rights.unwrap_or_default());
    RoomChange {
        title: title.map(|title| title.into_string()),
        topic: topic.map(|topic| topic.into_string()),
        picture: picture.map(|picture| picture.into_string()),
        features: Feature::ALL
            .into_iter()
            .filter_map(|one| feature_place(&mut features, one).map(|on| (one, switch(on))))
            .collect(),
        rights: Right::ALL
            .into_iter()
            .filter_map(|one| right_place(&mut rights, one).map(|least| (one, role_asked(least))))
            .collect(),
        slow_mode_s: slow_mode_s.map(|seconds| seconds.get()),
        places_max: places_max.map(|places| places.get()),
    }
}

/// What changed in a room, as its event shows it.
pub(super) fn changed(change: RoomChange) -> json::Changed {
    let RoomChange { title, topic, picture, features, rights, slow_mode_s, places_max } = change;
    let mut switched = json::FeaturesChange::default();
    for (feature, to) in &features {
        *feature_place(&mut switched, *feature) = Some(*to == Switch::On);
    }
    let mut given = json::RightsChange::default();
    for (right, least) in &rights {
        *right_place(&mut given, *right) = Some(role(*least));
    }
    let features = (!features.is_empty()).then_some(switched);
    let rights = (!rights.is_empty()).then_some(given);
    json::Changed { title, topic, picture, features, rights, slow_mode_s, places_max }
}

fn feature_place(change: &mut json::FeaturesChange, feature: Feature) -> &mut Option<bool> {
    match feature {
        Feature::Typing => &mut change.typing,
        Feature::Receipts => &mut change.receipts,
        Feature::Reactions => &mut change.reactions,
        Feature::Threads => &mut change.threads,
        Feature::Presence => &mut change.presence,
    }
}

fn right_place(change: &mut json::RightsChange, right: Right) -> &mut Option<crate::api::room::Role> {
    match right {
        Right::Send => &mut change.send,
        Right::Invite => &mut change.invite,
        Right::Pin => &mut change.pin,
        Right::Describe => &mut change.describe,
        Right::MentionRoom => &mut change.mention_room,
        Right::DeleteOthers => &mut change.delete_others,
    }
}

pub(super) fn features(features: Features) -> json::Features {
    json::Features {
        typing: features.has(Feature::Typing),
        receipts: features.has(Feature::Receipts),
        reactions: features.has(Feature::Reactions),
        threads: features.has(Feature::Threads),
        presence: features.has(Feature::Presence),
    }
}

pub(super) fn rights(rights: &Rights) -> json::Rights {
    let least = |right| role(rights.least(right));
    json::Rights {
        send: least(Right::Send),
        invite: least(Right::Invite),
        pin: least(Right::Pin),
        describe: least(Right::Describe),
        mention_room: least(Right::MentionRoom),
        delete_others: least(Right::DeleteOthers),
    }
}

/// Until when something holds, as clients are told.
pub fn until_ms(until: Until) -> u64 {
    until.0.min(FOREVER_MS)
}

/// The same for what holds for few: a mute.
pub(super) fn holds_until_ms(until: Until) -> Option<u64> {
    (until != Until::OVER).then(|| until_ms(until))
}

fn ban(view: BanView) -> json::BanInfo {
    let BanView { user, display_name, by, at_ms, until, reason } = view;
    json::BanInfo { user, display_name, by, at_ms, until_ms: until_ms(until), reason }
}

fn link(view: LinkView) -> json::LinkInfo {
    let LinkView { code, link } = view;
    json::LinkInfo {
        link: link.id,
        code,
        by: link.by,
        created_ms: link.made_ms,
        until_ms: until_ms(link.until),
        uses: link.uses,
        uses_max: link.uses_max,
    }
}

fn preview(preview: Preview) -> json::Preview {
    let Preview { room, kind, title, topic, picture, members, place } = preview;
    let joined = place.is_some_and(|place| place.state == MemberState::Joined);
    json::Preview { room, kind: answer::room_kind(kind), title, topic, picture, members, joined }
}

fn switch(on: bool) -> Switch {
    if on { Switch::On } else { Switch::Off }
}
