//! One person: sees others come and go, and may come and go too.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::Instant as Moment;

use crate::client::{Backoff, ClientError, Connection, Push, PushFeed, Pushes};
use crate::kit::Teller;

/// News of presence that were heard, frames and bytes that they, and whatever else, came in.
pub(super) const NEWS: &str = "presence news";
pub(super) const FRAMES: &str = "frames";
pub(super) const BYTES: &str = "bytes";
/// Somebody was said to be offline who was there, or away for a moment only.
pub(super) const FALSE_NEWS: &str = "people falsely said to be offline";
pub(super) const TRUE_NEWS: &str = "people truly said to be offline";
/// Who went and who blinked.
pub(super) const WENT: &str = "went";
pub(super) const BLINKED: &str = "blinked";
/// From asking to be let in again until it was granted.
pub(super) const BACK: &str = "connect again";
/// Pushes that may wait.
const FEED_MAX: usize = 10_000;
/// How often counts go to the board.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Habit {
    /// Is always there.
    Stays,
    /// Loses the connection and is back at once.
    Blinks,
    /// Goes, and comes back after a while.
    Goes,
}

impl Habit {
    /// That of the person of this number.
    pub(super) fn of(number: usize) -> Self {
        match number % 4 {
            0 => Self::Goes,
            1 => Self::Blinks,
            _ => Self::Stays,
        }
    }
}

/// What all people share.
pub(super) struct Company {
    /// Who may be said to be offline.
    pub(super) goers: HashSet<String>,
    pub(super) calm: Duration,
    pub(super) flap: Duration,
    /// Time for the last news.
    pub(super) after: Duration,
    /// From one time that somebody acts to the next.
    pub(super) period: Duration,
    /// How long somebody who goes is away.
    pub(super) away: Duration,
    pub(super) limit: Duration,
}

/// One person.
pub(super) struct Person {
    pub(super) url: String,
    pub(super) token: String,
    pub(super) habit: Habit,
    /// Its place among all, from 0 to 1: acts are spread evenly.
    pub(super) share: f64,
    pub(super) company: Arc<Company>,
}

impl Person {
    pub(super) async fn live(&self, mut tell: Teller) -> anyhow::Result<()> {
        let (mut connection, mut feed) = self.connect().await?;
        let company = &self.company;
        let start = tell.in_place().await?;
        let flap = start + company.calm;
        let end = flap + company.flap;
        let mut act = (self.habit != Habit::Stays).then(|| flap + company.period.mul_f64(self.share));
        while let Some(at) = act.filter(|at| *at < end) {
            self.watch(&connection, &mut feed, &tell, at).await?;
            connection.cut().await;
            match self.habit {
                Habit::Goes => {
                    tell.count(WENT, 1);
                    tokio::time::sleep(company.away).await;
                }
                _ => tell.count(BLINKED, 1),
            }
            let asked = Instant::now();
            (connection, feed) = self.come_back().await?;
            tell.done(BACK, asked);
            act = Some(at + company.period);
        }
        self.watch(&connection, &mut feed, &tell, end + company.after).await?;
        Ok(())
    }

    /// Hears what is said about others until then.
    async fn watch(
        &self,
        connection: &Connection,
        feed: &mut PushFeed,
        tell: &Teller,
        until: Instant,
    ) -> Result<(), ClientError> {
        let (mut told, mut counts) = (connection.heard(), [0_u64; 3]);
        let mut tick = tokio::time::interval(TELL_EVERY);
        loop {
            let ended = tokio::select! {
                push = feed.next() => match push {
                    Some((_, Push::Other(name, news))) if name == "presence" => {
                        let gone = news.get("state").is_some_and(|state| state == "offline");
                        let who = news.get("user").and_then(|user| user.as_str()).unwrap_or_default();
                        let [all, truly, falsely] = &mut counts;
                        *all += 1;
                        *truly += u64::from(gone && self.company.goers.contains(who));
                        *falsely += u64::from(gone && !self.company.goers.contains(who));
                        continue;
                    }
                    Some(_) => continue,
                    None => return Err(ClientError::Disconnected(connection.wait_closed().await)),
                },
                _ = tick.tick() => false,
                () = tokio::time::sleep_until(Moment::from_std(until)) => true,
            };
            let heard = connection.heard();
            let [all, truly, falsely] = std::mem::take(&mut counts);
            for (what, times) in [
                (FRAMES, heard.0 - told.0),
                (BYTES, heard.1 - told.1),
                (NEWS, all),
                (TRUE_NEWS, truly),
                (FALSE_NEWS, falsely),
            ] {
                if times > 0 {
                    tell.count(what, times);
                }
            }
            told = heard;
            if ended {
                return Ok(());
            }
        }
    }

    async fn connect(&self) -> Result<(Connection, PushFeed), ClientError> {
        let pushes = Pushes::Kept { max: FEED_MAX };
        let (connection, feed, _) =
            Connection::connect(&self.url, &self.token, pushes, self.company.limit).await?;
        Ok((connection, feed))
    }

    async fn come_back(&self) -> Result<(Connection, PushFeed), ClientError> {
        let mut attempt = 0;
        loop {
            match self.connect().await {
                Err(error) if error.is_temporary() => {
                    tokio::time::sleep(Backoff::default().random_delay(attempt)).await;
                    attempt += 1;
                }
                other => return other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_four_people_one_goes_one_blinks_and_two_stay() {
        let habits: Vec<Habit> = (4..8).map(Habit::of).collect();
        assert_eq!(habits, [Habit::Goes, Habit::Blinks, Habit::Stays, Habit::Stays]);
    }
}
