//! A whole node's actors with listeners, for tests. Runs on one thread, as hubs want it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use madang_cluster::command::{Reply, RoomOp};
use madang_cluster::{EventPage, Page};
use madang_storage::id::{RoomId, SessionId, ShardId, UserId};

use crate::actors::{Actors, Parts};
use crate::audience::Audiences;
use crate::error::ActorError;
use crate::fake::{FakeCluster, Words};
use crate::hub::{HubOptions, Hubs, LocalHub, SessionKey};
use crate::options::{ActorOptions, PresenceOptions};
use crate::outbound::Outbound;
use crate::truth::Truth;

pub(crate) struct Yard {
    truth: Arc<dyn Truth>,
    pub(crate) actors: Actors,
    pub(crate) audiences: Audiences,
    pub(crate) hubs: Hubs,
}

/// One session of a user on this thread.
pub(crate) struct Listener {
    pub(crate) outbound: Outbound,
    pub(crate) hub: LocalHub,
    pub(crate) key: SessionKey,
    heard: String,
}

pub(crate) fn options() -> ActorOptions {
    let presence = PresenceOptions { grace_ms: 100, ..PresenceOptions::default() };
    ActorOptions { restart_wait_ms_min: 1, send_rate: None, presence, ..ActorOptions::default() }
}

/// Runs a test where hubs can live.
pub(crate) fn run(test: impl Future<Output = ()>) {
    actix_rt::System::new().block_on(test);
}

impl Yard {
    pub(crate) async fn start(truth: Arc<dyn Truth>, options: ActorOptions) -> Self {
        let audiences = Audiences::new(truth.clone());
        let hubs = Hubs::new(
            HubOptions { notice_after_ms: 1, ..HubOptions::default() },
            Some(Arc::new(audiences.clone())),
        );
        let encoder = Arc::new(Words);
        let parts = Parts { truth: truth.clone(), hubs: hubs.clone(), audiences: audiences.clone(), encoder };
        let actors = Actors::start(parts, options).await.unwrap();
        Self { truth, actors, audiences, hubs }
    }

    pub(crate) async fn fake(options: ActorOptions) -> (Self, Arc<FakeCluster>) {
        let cluster = FakeCluster::new(1);
        (Self::start(cluster.clone(), options).await, cluster)
    }

    pub(crate) fn listener(&self, user: &UserId, session: SessionId) -> Listener {
        let (outbound, hub) = (Outbound::new(16 << 20), self.hubs.local());
        let key = hub.register(outbound.clone(), user.clone(), session).unwrap();
        Listener { outbound, hub, key, heard: String::new() }
    }

    /// A page of a room's log, as somebody sees it who asks now.
    pub(crate) async fn history(
        &self,
        room: RoomId,
        page: Page,
        limit: usize,
    ) -> Result<EventPage, ActorError> {
        let from = self.truth.reader(self.truth.slots().of_room(&room)).await.unwrap();
        self.actors.rooms().history(from, room, page, limit, 1 << 20).await
    }

    /// Sends until it is acknowledged, as a client does.
    pub(crate) async fn insist(&self, room: RoomId, user: &UserId, op: &RoomOp) -> Reply {
        let tries = async {
            loop {
                match self.actors.rooms().submit(room, user.clone(), op.clone()).await.unwrap() {
                    Ok(outcome) => return outcome.unwrap(),
                    Err(ActorError::Restarted) => tokio::time::sleep(Duration::from_millis(1)).await,
                    Err(error) => panic!("{error}"),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), tries).await.expect("never acknowledged")
    }
}

impl Listener {
    pub(crate) fn join(&self, room: RoomId) {
        self.hub.join(self.key, room);
    }

    /// All frames so far.
    pub(crate) fn heard(&mut self) -> &str {
        let heard = &mut self.heard;
        let mut take = || {
            self.outbound.write_batch(|slices| {
                let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
                heard.push_str(std::str::from_utf8(&bytes).unwrap_or("(closed)"));
                Ok::<_, Infallible>(bytes.len())
            })
        };
        while take().is_some() {}
        &self.heard
    }

    /// Waits until all of these lines were heard, and checks that nothing else was.
    pub(crate) async fn hears(&mut self, lines: &[String]) {
        let expected = lines.concat();
        crate::fake::until("all is heard", || self.heard().len() >= expected.len()).await;
        assert_eq!(self.heard, expected);
    }
}

pub(crate) const FIRST_SHARD: ShardId = ShardId(0);
