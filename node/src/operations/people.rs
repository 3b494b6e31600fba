//! The operations about other people, receipts and invitations, and their answers.

use madang_actors::service::{
    Caller, ContactStep, ContactView, InvitationView, Listed, Privacy, Service, ServiceError,
};
use madang_cluster::Freshness;
use madang_storage::row::{Findable, Reading, Relation};

use super::run::size;
use super::{answer, safety};
use crate::api::account::Empty;
use crate::api::{Request, Response, people as json};

/// Items of a page whose client names no limit.
const PEOPLE_DEFAULT: u32 = 100;
const FOUND_DEFAULT: u32 = 20;

pub(super) async fn run(
    service: &Service,
    caller: &Caller,
    request: Request,
) -> Result<Response, ServiceError> {
    Ok(match request {
        Request::Contacts(ask) => {
            let limit = size(ask.limit.map_or(PEOPLE_DEFAULT, |limit| limit.get()));
            let Listed { items, next } = service.contacts(caller, limit, ask.next.as_deref()).await?;
            let contacts = items.into_iter().map(contact).collect();
            Response::Contacts(json::Contacts { contacts, next })
        }
        Request::RequestContact(ask) => {
            Response::RequestContact(step(service, caller, ask, ContactStep::Request).await?)
        }
        Request::AcceptContact(ask) => {
            Response::AcceptContact(step(service, caller, ask, ContactStep::Accept).await?)
        }
        Request::DeclineContact(ask) => {
            Response::DeclineContact(step(service, caller, ask, ContactStep::Decline).await?)
        }
        Request::RemoveContact(ask) => {
            Response::RemoveContact(step(service, caller, ask, ContactStep::Remove).await?)
        }
        Request::Blocks(ask) => {
            let limit = size(ask.limit.map_or(PEOPLE_DEFAULT, |limit| limit.get()));
            let Listed { items, next } = service.blocks(caller, limit, ask.next.as_deref()).await?;
            let blocks =
                items.into_iter().map(|block| json::BlockInfo { user: block.user, at_ms: block.at_ms });
            Response::Blocks(json::Blocks { blocks: blocks.collect(), next })
        }
        Request::Block(ask) => {
            service.block(caller, ask.user).await?;
            Response::Block(Empty {})
        }
        Request::Unblock(ask) => {
            service.unblock(caller, ask.user).await?;
            Response::Unblock(Empty {})
        }
        Request::FindUsers(ask) => {
            let limit = size(ask.limit.map_or(FOUND_DEFAULT, |limit| limit.get()));
            let found = service.find_users(ask.prefix.as_str(), limit, ask.next.as_deref()).await?;
            let users = found.items.into_iter();
            let users =
                users.map(|found| json::Person { user: found.user, display_name: found.display_name });
            Response::FindUsers(json::People { users: users.collect(), next: found.next })
        }
        other => return run_for_oneself(service, caller, other).await,
    })
}

/// What concerns mostly whoever asks.
async fn run_for_oneself(
    service: &Service,
    caller: &Caller,
    request: Request,
) -> Result<Response, ServiceError> {
    Ok(match request {
        Request::Privacy(Empty {}) => Response::Privacy(privacy(service.privacy(caller).await?)),
        Request::SetPrivacy(ask) => {
            let reading = ask.private_reading.map(|yes| if yes { Reading::Private } else { Reading::Shown });
            let findable = ask.findable.map(|yes| if yes { Findable::Yes } else { Findable::No });
            Response::SetPrivacy(privacy(service.set_privacy(caller, reading, findable).await?))
        }
        Request::Unread(Empty {}) => {
            let totals = service.unread(caller).await?;
            Response::Unread(json::Unread {
                rooms: totals.rooms,
                unread: totals.unread,
                mentions: totals.mentions,
                stale: totals.freshness == Freshness::Stale,
            })
        }
        Request::Invitations(Empty {}) => {
            let invitations = service.invitations(caller).await?.into_iter().map(invitation).collect();
            Response::Invitations(json::Invitations { invitations })
        }
        Request::Decline(ask) => {
            service.decline(caller, ask.room).await?;
            Response::Decline(Empty {})
        }
        Request::MarkReceived(ask) => {
            let received_seq = service.mark_received(caller, ask.room, ask.seq).await?;
            Response::MarkReceived(json::ReceivedMark { received_seq })
        }
        Request::Receipts(ask) => {
            let receipts =
                service.receipts(caller, ask.room).await?.into_iter().map(|receipt| json::Receipt {
                    user: receipt.user,
                    read_seq: receipt.read_seq,
                    received_seq: receipt.received_seq,
                });
            Response::Receipts(json::Receipts { receipts: receipts.collect() })
        }
        other => return safety::run(service, caller, other).await,
    })
}

async fn step(
    service: &Service,
    caller: &Caller,
    ask: json::OfUser,
    step: ContactStep,
) -> Result<json::Contact, ServiceError> {
    Ok(contact(service.contact(caller, ask.user, step).await?))
}

fn contact(view: ContactView) -> json::Contact {
    let ContactView { user, display_name, relation, at_ms } = view;
    json::Contact { user, display_name, state: contact_state(relation), at_ms }
}

/// What two people are to each other, as its push and its answer show it.
pub fn contact_state(relation: Relation) -> json::ContactState {
    match relation {
        Relation::None => json::ContactState::None,
        Relation::Asked => json::ContactState::Asked,
        Relation::Asking => json::ContactState::Asking,
        Relation::Contact => json::ContactState::Contact,
    }
}

fn privacy(privacy: Privacy) -> json::Privacy {
    json::Privacy {
        private_reading: privacy.reading == Reading::Private,
        findable: privacy.findable == Findable::Yes,
    }
}

fn invitation(view: InvitationView) -> json::Invitation {
    let InvitationView { room, by, at_ms } = view;
    json::Invitation { room: answer::room(room), by, at_ms }
}
