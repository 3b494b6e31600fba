//! The whole scenario, from signing up to the record.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::watch;

use super::report::{Seen, record};
use crate::attack::AttackOptions;
use crate::client::Nodes;
use crate::kit::{
    Board, Cast, Crowd, Neighbours, Part, Reader, Record, Span, Speaker, Subscription, Teller, Watched,
};

/// Acks of those who talk in the hot room.
pub(super) const HOT_ACK: &str = "hot ack";
/// Sends of theirs that were refused for a while.
pub(super) const HOT_FAILED: &str = "hot sends refused";
/// How long after the last message a member had everything.
pub(super) const LEVEL: &str = "level";
/// Between the last one who is in place and the start.
const LEAD: Duration = Duration::from_secs(2);

/// What the command line says.
#[derive(Debug, Clone)]
pub struct HotRoomOptions {
    /// Where the users are, spread over all of them.
    pub nodes: Nodes,
    /// Members of the hot room.
    pub members: usize,
    /// How many of them talk.
    pub senders: usize,
    /// Messages per second of all of them together.
    pub rate: f64,
    /// Normal rooms.
    pub normal_rooms: usize,
    /// Members of each.
    pub normal_size: usize,
    /// Messages per second in each.
    pub normal_rate: f64,
    /// Bytes of a message.
    pub text_bytes: usize,
    /// How long only normal rooms talk.
    pub calm: Duration,
    /// How long the hot room talks too.
    pub hot: Duration,
    /// How long its members have to read the rest.
    pub drain: Duration,
    /// The servers' processes, to count their CPU time.
    pub server_pids: Vec<u32>,
    /// Begins all names.
    pub run_id: String,
    /// Sign-ups at a time.
    pub sign_ups_at_once: usize,
    /// Limit of one command.
    pub command_timeout: Duration,
    /// Goose's part; `users` is filled in.
    pub attack: AttackOptions,
}

/// What all members of the hot room share.
struct Hot {
    options: HotRoomOptions,
    room: String,
    through: u64,
    epoch: Instant,
    /// Senders who have nothing more to say.
    silent: AtomicUsize,
    /// The end of the log, once it is known.
    last: watch::Sender<Option<u64>>,
}

/// Runs it.
pub async fn run(options: &HotRoomOptions) -> anyhow::Result<Record> {
    let neighbours = Neighbours {
        first: options.members,
        rooms: options.normal_rooms,
        room_size: options.normal_size,
        rate: options.normal_rate,
        text_bytes: options.text_bytes,
        talk: options.calm + options.hot,
        run_id: options.run_id.clone(),
        limit: options.command_timeout,
    };
    let people = options.members + neighbours.people();
    eprintln!("run {}: {people} people sign up and enter their rooms", options.run_id);
    let crowd = Crowd::gather(&options.nodes, &options.run_id, people, options.sign_ups_at_once).await?;
    let epoch = Instant::now();
    let hall = crowd.hall(&format!("{} hot", options.run_id), 0..options.members).await?;
    let hot = Arc::new(Hot {
        options: options.clone(),
        room: hall.room,
        through: hall.last_seq,
        epoch,
        silent: AtomicUsize::new(0),
        last: watch::channel(None).0,
    });
    let mut parts = neighbours.parts(&crowd, &options.nodes, epoch).await?;
    for user in 0..options.members {
        parts.push(hot.part(user, &crowd)?);
    }
    let board = Arc::new(Board::new(Instant::now()));
    let limit = options.calm + options.hot + options.drain;
    let cast = Cast::new("hot_room", parts, &board, limit);
    let watch = Watched::begin(&options.server_pids);
    let end_told = tokio::spawn(tell_end(Arc::clone(&hot), cast.start(), crowd));
    let wrong = cast.play(&options.attack, LEAD).await?;
    end_told.abort();
    let watched = watch.end().await;
    let start = cast.start().wait().await?;
    let heat = start + options.calm;
    let seen = Seen {
        calm: Span { from: start, to: heat },
        hot: Span { from: heat, to: heat + options.hot },
        after: Span { from: heat + options.hot, to: heat + options.hot + options.drain },
        said: hot.last.borrow().map_or(0, |last| last - hot.through),
        wrong,
    };
    Ok(record(options, &board, &watched, seen))
}

/// When the last sender has its last ack, tells everybody where the log ends.
async fn tell_end(hot: Arc<Hot>, mut start: crate::kit::Start, crowd: Crowd) -> anyhow::Result<()> {
    start.wait().await?;
    let mut look = tokio::time::interval(Duration::from_millis(50));
    while hot.silent.load(Ordering::Acquire) < hot.options.senders {
        look.tick().await;
    }
    let last = crowd.last_seq(0, &hot.room).await.context("where does the hot room's log end?")?;
    hot.last.send_replace(Some(last));
    Ok(())
}

impl Hot {
    fn part(self: &Arc<Self>, user: usize, crowd: &Crowd) -> anyhow::Result<Part> {
        let session = crowd.sessions.get(user).with_context(|| format!("nobody has the number {user}"))?;
        let subscription = Subscription {
            url: self.options.nodes.home(user).to_owned(),
            token: session.token.clone(),
            room: self.room.clone(),
            through: self.through,
            limit: self.options.command_timeout,
        };
        let hot = Arc::clone(self);
        Ok(Box::new(move |tell| Box::pin(async move { hot.live(user, subscription, tell).await })))
    }

    async fn live(&self, user: usize, subscription: Subscription, mut tell: Teller) -> anyhow::Result<()> {
        let begun = Instant::now();
        // Whoever talks has a connection for it, so that reading does not hold it up.
        let speaks = user < self.options.senders;
        let mouth = if speaks { Some(Reader::connect(subscription.clone()).await?) } else { None };
        let mut reader = Reader::connect(subscription).await.context("a member of the hot room")?;
        tell.took("connect", begun, begun.elapsed());
        let start = tell.in_place().await?;
        let heat = start + self.options.calm;
        let mut until = self.last.subscribe();
        let speak = async {
            let Some(mouth) = &mouth else { return Ok(()) };
            let every = Duration::from_secs_f64(self.options.senders as f64 / self.options.rate);
            let speaker = Speaker {
                user,
                room: self.room.clone(),
                run_id: self.options.run_id.clone(),
                first: heat + every.mul_f64(user as f64 / self.options.senders as f64),
                every,
                end: heat + self.options.hot,
                text_bytes: self.options.text_bytes,
                epoch: self.epoch,
                limit: self.options.command_timeout,
            };
            let spoken = speaker.speak(mouth.connection(), &tell, HOT_ACK, HOT_FAILED).await;
            self.silent.fetch_add(1, Ordering::AcqRel);
            spoken
        };
        let (spoken, read) = tokio::join!(speak, reader.read_through(&tell, &mut until));
        spoken.context("somebody who talks in the hot room")?;
        read.context("a member of the hot room")?;
        tell.done(LEVEL, heat + self.options.hot);
        Ok(())
    }
}
