//! The whole scenario, from signing up to the record.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::person::{Company, Habit, Person};
use super::report::findings;
use crate::cli::{rate, seconds};
use crate::kit::{Part, Record, Setting};

/// The knobs.
#[derive(Debug, Clone, Args)]
pub struct PresenceFlapArgs {
    /// People, each with a connection
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u32).range(4..=18_000))]
    pub(super) people: u32,
    /// Members of the room in which people see each other
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(4..=200))]
    room_size: u32,
    /// How many of a hundred people go or blink in a second
    #[arg(long, default_value_t = 1.0, value_name = "PERCENT", value_parser = rate)]
    pub(super) share: f64,
    /// Seconds that somebody who goes is away; more than the server's grace of 5 s
    #[arg(long, default_value = "8", value_name = "S", value_parser = seconds)]
    away: Duration,
    /// Seconds in which nobody comes or goes, to compare with
    #[arg(long, default_value = "10", value_name = "S", value_parser = seconds)]
    pub(super) calm: Duration,
    /// Seconds in which they do
    #[arg(long, default_value = "30", value_name = "S", value_parser = seconds)]
    pub(super) flap: Duration,
}

/// Runs it.
pub async fn run(args: &PresenceFlapArgs, setting: &Setting) -> anyhow::Result<Record> {
    let (people, size) = (args.people as usize, args.room_size as usize);
    let crowd = setting.gather(people).await?;
    let groups = (0..people).step_by(size).map(|first| first..(first + size).min(people)).collect();
    crowd.halls(&format!("{} flap", setting.run_id), groups).await?;
    let goers = (0..people).filter(|user| Habit::of(*user) == Habit::Goes);
    // Half of all people act: as often as makes the share.
    let period = Duration::from_secs_f64(50.0 / args.share).max(args.away * 2);
    let company = Arc::new(Company {
        goers: goers.map(|user| Ok(crowd.session(user)?.user.clone())).collect::<anyhow::Result<_>>()?,
        calm: args.calm,
        flap: args.flap,
        after: args.away + Duration::from_secs(2),
        period,
        away: args.away,
        limit: setting.limit,
    });
    let mut parts: Vec<Part> = Vec::new();
    for user in 0..people {
        let session = crowd.session(user)?;
        let person = Person {
            url: setting.nodes.home(user).to_owned(),
            token: session.token.clone(),
            habit: Habit::of(user),
            share: user as f64 / people as f64,
            company: Arc::clone(&company),
        };
        parts.push(Box::new(move |tell| Box::pin(async move { person.live(tell).await })));
    }
    let limit = args.calm + args.flap + company.after + args.away + setting.limit;
    let played = setting.play("presence_flap", parts, limit).await?;
    Ok(setting.record("presence_flap", findings(args, played)))
}
