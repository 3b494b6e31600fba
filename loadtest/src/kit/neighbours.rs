//! Normal rooms, as parts: one of each talks, the others listen. What they notice is what a scenario does to others.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;

use super::aside::Aside;
use super::board::{Board, Span};
use super::cast::{Part, Teller};
use super::crowd::{Crowd, Hall};
use super::record::{Better, Figure, figure};
use super::setting::Setting;
use super::talk::{Speaker, listen};
use crate::cli::{rate, seconds};
use crate::client::{Connection, Nodes, Pushes};
use crate::goal::Goal;

/// Acks of those who talk in normal rooms.
pub(crate) const NORMAL_ACK: &str = "normal ack";
/// What others in normal rooms hear.
pub(crate) const NORMAL_HEAR: &str = "normal hear";
/// Sends of theirs that were refused for a while.
pub(crate) const NORMAL_FAILED: &str = "normal sends refused";
/// Pushes that may wait for one of them.
const FEED_MAX: usize = 10_000;
/// How much slower the others may be, at most, while something is done to one room.
const TIMES_MAX: f64 = 1.5;
/// After the last message was due, time for it to be heard.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Normal rooms beside what a scenario is about, as its command line says.
#[derive(Debug, Clone, Copy, Args)]
pub struct Beside {
    /// Normal rooms beside it
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    normal_rooms: u32,
    /// Members of a normal room: one talks, the others listen
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000))]
    normal_size: u32,
    /// Messages per second in each normal room
    #[arg(long, default_value_t = 2.0, value_name = "R", value_parser = rate)]
    normal_rate: f64,
    /// Seconds in which only normal rooms talk, to compare with
    #[arg(long, default_value = "10", value_name = "S", value_parser = seconds)]
    pub(crate) calm: Duration,
}

impl Beside {
    /// The rooms that talk while it is calm and `busy` longer; their first person has this number.
    pub(crate) fn neighbours(&self, setting: &Setting, first: usize, busy: Duration) -> Neighbours {
        Neighbours {
            first,
            rooms: self.normal_rooms as usize,
            room_size: self.normal_size as usize,
            rate: self.normal_rate,
            text_bytes: 200,
            talk: self.calm + busy,
            run_id: setting.run_id.clone(),
            limit: setting.limit,
        }
    }
}

/// What the normal rooms noticed of the busy span, whose name is `busy_name`, against the calm one.
pub(crate) fn noticed(board: &Board, calm: Span, busy: Span, busy_name: &str) -> (Vec<Figure>, Vec<Goal>) {
    let (mut figures, mut goals) = (Vec::new(), Vec::new());
    for row in [NORMAL_ACK, NORMAL_HEAR] {
        let (before, meanwhile) = (board.summary(row, calm), board.summary(row, busy));
        for (when, summary) in [("calm", before), (busy_name, meanwhile)] {
            for (part, us) in [("p50", summary.p50_us), ("p99", summary.p99_us)] {
                let name = format!("{row} {part} while {when}");
                figures.push(figure(&name, us as f64 / 1e3, "ms", Some(Better::Lower)));
            }
        }
        // Where nothing was heard nothing was good.
        let known = before.count > 0 && meanwhile.count > 0;
        let times = if known { meanwhile.p99_us as f64 / before.p99_us.max(1) as f64 } else { f64::INFINITY };
        if known {
            let name = format!("{row} p99, {busy_name} against calm");
            figures.push(figure(&name, times, "times", Some(Better::Lower)));
        }
        goals.push(Goal::below(
            &format!("{row} p99 while {busy_name}, against calm,"),
            TIMES_MAX,
            times,
            "times",
        ));
    }
    let both = Span { from: calm.from, to: busy.to };
    figures.push(figure(NORMAL_FAILED, board.counted(NORMAL_FAILED, both) as f64, "", Some(Better::Lower)));
    (figures, goals)
}

/// Normal rooms and who is in them.
#[derive(Debug, Clone)]
pub(crate) struct Neighbours {
    /// Number of the first of their people among all.
    pub(crate) first: usize,
    /// Rooms.
    pub(crate) rooms: usize,
    /// Members of each; at least two.
    pub(crate) room_size: usize,
    /// Messages per second in each.
    pub(crate) rate: f64,
    /// Bytes of a message.
    pub(crate) text_bytes: usize,
    /// How long they talk.
    pub(crate) talk: Duration,
    pub(crate) run_id: String,
    pub(crate) limit: Duration,
}

impl Neighbours {
    /// How many people they are.
    pub(crate) fn people(&self) -> usize {
        self.rooms * self.room_size
    }

    /// Makes the rooms and their parts, which live on a thread of their own; texts tell time from `epoch`.
    pub(crate) async fn parts(
        &self,
        crowd: &Crowd,
        nodes: &Nodes,
        epoch: Instant,
    ) -> anyhow::Result<Vec<Part>> {
        let groups: Vec<Range<usize>> = (0..self.rooms).map(|room| self.members(room)).collect();
        let halls = crowd.halls(&format!("{} normal", self.run_id), groups).await?;
        let aside = Aside::start()?;
        let mut parts: Vec<Part> = Vec::new();
        for (room, hall) in halls.into_iter().enumerate() {
            let hall = Arc::new(hall);
            for user in self.members(room) {
                let session = crowd.session(user)?;
                let (url, token) = (nodes.home(user).to_owned(), session.token.clone());
                let (plan, hall, aside) = (self.clone(), Arc::clone(&hall), aside.clone());
                parts.push(Box::new(move |tell| {
                    aside.live(
                        async move { plan.live((room, user), (&url, &token), &hall, epoch, tell).await },
                    )
                }));
            }
        }
        Ok(parts)
    }

    fn members(&self, room: usize) -> Range<usize> {
        let first = self.first + room * self.room_size;
        first..first + self.room_size
    }

    async fn live(
        &self,
        (room, user): (usize, usize),
        (url, token): (&str, &str),
        hall: &Hall,
        epoch: Instant,
        mut tell: Teller,
    ) -> anyhow::Result<()> {
        let speaks = user == self.members(room).start;
        let pushes = if speaks { Pushes::Ignored } else { Pushes::Kept { max: FEED_MAX } };
        let (connection, mut feed, _) = Connection::connect(url, token, pushes, self.limit).await?;
        let start = tell.in_place().await?;
        let end = start + self.talk;
        let every = Duration::from_secs_f64(1.0 / self.rate);
        // Rooms take turns, so that the whole is even.
        let first = start + every.mul_f64(room as f64 / self.rooms as f64);
        if speaks {
            let speaker = Speaker {
                user,
                room: hall.room.clone(),
                run_id: self.run_id.clone(),
                first,
                every,
                end,
                text_bytes: self.text_bytes,
                epoch,
                limit: self.limit,
            };
            return speaker.speak(&connection, &tell, NORMAL_ACK, NORMAL_FAILED).await;
        }
        let heard =
            listen(&connection, &mut feed, &hall.room, &tell, (NORMAL_HEAR, epoch, end + LAST_WORDS)).await?;
        let said = messages(self.talk.saturating_sub(first - start), every);
        if heard != said {
            bail!("somebody in normal room {room} heard {heard} of {said} messages");
        }
        Ok(())
    }
}

/// How many messages are due in so long, the first at once.
fn messages(span: Duration, every: Duration) -> u64 {
    let (span, every) = (span.as_nanos(), every.as_nanos().max(1));
    u64::try_from(span.div_ceil(every)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_as_they_are_due() {
        let count = |span, every| messages(Duration::from_millis(span), Duration::from_millis(every));
        assert_eq!((count(3_000, 1_000), count(2_999, 1_000), count(3_001, 1_000)), (3, 3, 4));
    }
}
