//! Everything a client can ask for, as one typed async method per operation of docs/protocol.md.
//!
//! Every transport ends here: a method takes who asks, checks what the machines cannot (that people
//! exist, limits of this node, rights to read), hands commands to the room owners or to the user's shard,
//! and answers with values of this crate or a [`ServiceError`]. It holds no state of its own, so that a
//! clone is cheap and nothing is lost with it.
//!
//! Never here: JSON, sockets, and the rules of rooms and accounts, which the machines of the cluster
//! decide. Read [`view`](self) first, then the operations: accounts, rooms, messages, lists,
//! and what a session missed that comes back.

mod error;
mod readers;
mod view;

mod account;
mod directory;
mod find;
mod invitations;
mod keep;
mod link;
mod list;
mod members;
mod mentions;
mod message;
mod message_change;
mod message_read;
mod my_room;
mod names;
mod people;
mod presence;
mod receipts;
mod resume;
mod room;
mod safety;
mod seen;
mod suspension;

mod cursor;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use madang_cluster::Cluster;
use madang_cluster::command::{Op, Reply, RoomOp, UserOp};
use madang_storage::id::{RoomId, SessionId, UserId};

use crate::auth::Passwords;
use crate::devices::Devices;
use crate::presence::Presence;
use crate::rooms::Rooms;
use readers::Readers;
use seen::Seen;

pub use account::{LoggedIn, SessionView};
pub use error::ServiceError;
pub use find::PersonView;
pub use invitations::InvitationView;
pub use keep::{BanView, Lasting};
pub use link::{LinkView, Preview};
pub use list::{Home, RoomList};
pub use mentions::MentionPage;
pub use message::{Log, MyReactions, NewMessage, Sending, Sent};
pub use message_change::{MessageAt, Quote};
pub use message_read::{PinPage, ReactionPage};
pub use people::{BlockView, ContactStep, ContactView, Listed, Privacy};
pub use presence::{MyPresence, SetPresence};
pub use receipts::{ReadMark, Receipt, Totals};
pub use resume::{Missed, ResumeLimits, Resumed};
pub use room::{Described, NewRoom};
pub use safety::{AuditView, ReportView, Reported, StaffView};
pub use seen::{SeenMetrics, SeenOptions};
pub use suspension::SuspensionView;
pub use view::{MemberPage, MemberView, Mine, Profile, RoomPage, RoomView, Views};

/// Who asks: an authenticated user on one device.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The session whose token was shown.
    pub session: SessionId,
}

/// Limits of the service.
#[derive(Debug, Clone)]
pub struct ServiceOptions {
    /// The longest text of a message.
    pub text_bytes_max: usize,
    /// The most events in a page of history.
    pub history_page_max: usize,
    /// Where a page of history ends, however few events it holds.
    pub history_bytes_max: usize,
    /// How many sessions a user may have; one more ends the oldest.
    pub sessions_max: u16,
    /// How many rooms a user may be in.
    pub rooms_per_user_max: usize,
    /// How many invitations may wait for a user.
    pub invitations_per_user_max: usize,
    /// How many people a room may be given places for.
    pub room_places_max: u64,
    /// Admins of the staff by the settings.
    pub admins: Vec<UserId>,
    /// How it is written down when devices were seen.
    pub seen: SeenOptions,
}

/// The operations of a node. Clones share everything.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    cluster: Cluster,
    rooms: Rooms,
    presence: Presence,
    devices: Devices,
    passwords: Passwords,
    options: ServiceOptions,
    seen: Seen,
}

impl Service {
    /// The operations over these parts. On a runtime, where it is written down when devices were seen.
    pub fn new(
        cluster: Cluster,
        rooms: Rooms,
        presence: Presence,
        devices: Devices,
        passwords: Passwords,
        options: ServiceOptions,
    ) -> Self {
        let seen = Seen::start(cluster.clone(), options.seen);
        Self(Arc::new(Inner { cluster, rooms, presence, devices, passwords, options, seen }))
    }

    /// Writes down what waits to be, as the last thing before the node stops.
    pub async fn stop(&self, limit: Duration) {
        self.0.seen.write_all(limit).await;
    }

    /// What is counted of devices that come and go.
    pub fn seen_metrics(&self) -> SeenMetrics {
        self.0.seen.metrics()
    }

    /// The limits in force.
    pub fn options(&self) -> &ServiceOptions {
        &self.0.options
    }

    /// Readers that show all that is acknowledged by now.
    fn readers(&self) -> Readers {
        Readers::new(&self.0.cluster)
    }

    /// Has a room decide, and waits until the shards of all people concerned know it: who reads
    /// afterwards finds what was answered.
    async fn change_room(&self, room: RoomId, user: &UserId, op: RoomOp) -> Result<(), ServiceError> {
        let reply = self.0.rooms.decide(room, user, op).await??;
        if let Reply::Done { outbox } = reply {
            let shard = self.0.cluster.slots().of_room(&room);
            self.0.cluster.settle(shard, &outbox).await;
        }
        Ok(())
    }

    /// Has a user's account decide.
    async fn change_user(&self, user: &UserId, op: UserOp) -> Result<(), ServiceError> {
        let shard = self.0.cluster.slots().of_user(user);
        self.0.cluster.propose(shard, Op::User { user: user.clone(), op }).await??;
        Ok(())
    }
}

/// A fresh 128-bit id: sortable by the time it was made, random otherwise.
fn fresh_id() -> [u8; 16] {
    ulid::Ulid::from_parts(now_ms(), rand::random()).to_bytes()
}

/// This node's clock, milliseconds since the epoch.
fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
