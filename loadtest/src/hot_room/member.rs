//! The members of the hot room, as parts: some talk, all read, and one more says where the log ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::watch;

use super::run::HotRoomArgs;
use crate::client::{Connection, Nodes, Pushes};
use crate::kit::{Crowd, Hall, Part, Reader, Setting, Speaker, Subscription, Teller};

/// Acks of those who talk in the hot room.
pub(super) const HOT_ACK: &str = "hot ack";
/// Sends of theirs that were refused for a while.
pub(super) const HOT_FAILED: &str = "hot sends refused";
/// How long after the last message a member had everything.
pub(super) const LEVEL: &str = "level";

/// What all members of the hot room share.
pub(super) struct Hot {
    args: HotRoomArgs,
    nodes: Nodes,
    run_id: String,
    limit: Duration,
    hall: Hall,
    epoch: Instant,
    /// Senders who have nothing more to say.
    silent: AtomicU32,
    /// The end of the log, once it is known.
    last: watch::Sender<Option<u64>>,
}

impl Hot {
    pub(super) fn new(args: &HotRoomArgs, setting: &Setting, hall: Hall, epoch: Instant) -> Arc<Self> {
        Arc::new(Self {
            args: args.clone(),
            nodes: setting.nodes.clone(),
            run_id: setting.run_id.clone(),
            limit: setting.limit,
            hall,
            epoch,
            silent: AtomicU32::new(0),
            last: watch::channel(None).0,
        })
    }

    /// Events that the log got.
    pub(super) fn said(&self) -> u64 {
        self.last.borrow().map_or(0, |last| last - self.hall.last_seq)
    }

    /// Whoever tells everybody where the log ends, when the last sender has its last ack.
    pub(super) fn herald(self: &Arc<Self>, crowd: Crowd) -> Part {
        let hot = Arc::clone(self);
        Box::new(move |mut tell| {
            Box::pin(async move {
                tell.in_place().await?;
                let mut look = tokio::time::interval(Duration::from_millis(50));
                while hot.silent.load(Ordering::Acquire) < hot.args.senders() {
                    look.tick().await;
                }
                let last = crowd.last_seq(0, &hot.hall.room).await;
                hot.last.send_replace(Some(last.context("where does the hot room's log end?")?));
                Ok(())
            })
        })
    }

    /// One member.
    pub(super) fn member(self: &Arc<Self>, user: usize, crowd: &Crowd) -> anyhow::Result<Part> {
        let session = crowd.session(user)?;
        let subscription = Subscription {
            url: self.nodes.home(user).to_owned(),
            token: session.token.clone(),
            room: self.hall.room.clone(),
            through: self.hall.last_seq,
            limit: self.limit,
        };
        let hot = Arc::clone(self);
        Ok(Box::new(move |tell| Box::pin(async move { hot.live(user, subscription, tell).await })))
    }

    async fn live(&self, user: usize, subscription: Subscription, mut tell: Teller) -> anyhow::Result<()> {
        let begun = Instant::now();
        // Whoever talks has a connection for it, so that reading does not hold it up.
        let speaks = user < self.args.senders() as usize;
        let mouth = if speaks {
            let Subscription { url, token, limit, .. } = &subscription;
            Some(Connection::connect(url, token, Pushes::Ignored, *limit).await?.0)
        } else {
            None
        };
        let mut reader = Reader::connect(subscription).await.context("a member of the hot room")?;
        tell.took("connect", begun, begun.elapsed());
        let heat = tell.in_place().await? + self.args.beside.calm;
        let mut until = self.last.subscribe();
        let speak = async {
            let Some(mouth) = &mouth else { return Ok(()) };
            let spoken = self.speaker(user, heat).speak(mouth, &tell, HOT_ACK, HOT_FAILED).await;
            self.silent.fetch_add(1, Ordering::AcqRel);
            spoken
        };
        let (spoken, read) = tokio::join!(speak, reader.read_through(&tell, &mut until));
        spoken.context("somebody who talks in the hot room")?;
        read.context("a member of the hot room")?;
        tell.done(LEVEL, heat + self.args.hot);
        Ok(())
    }

    /// They take turns, so that the whole is even.
    fn speaker(&self, user: usize, heat: Instant) -> Speaker {
        let senders = f64::from(self.args.senders());
        let every = Duration::from_secs_f64(senders / self.args.rate);
        Speaker {
            user,
            room: self.hall.room.clone(),
            run_id: self.run_id.clone(),
            first: heat + every.mul_f64(user as f64 / senders),
            every,
            end: heat + self.args.hot,
            text_bytes: self.args.text_bytes as usize,
            epoch: self.epoch,
            limit: self.limit,
        }
    }
}
