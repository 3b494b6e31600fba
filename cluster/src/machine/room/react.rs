//! Reacting to messages.

use madang_storage::id::{Emoji, RoomId};
use madang_storage::row::{
    EventBody, Feature, MyReactionsRow, OverlayRow, ReactionCount, ReactionRow, Switch, table,
};

use super::{Place, message};
use crate::command::{Refusal, Reply};
use crate::machine::rows::{my_reactions_key, reaction_key};
use crate::machine::shard::{Stop, Turn};

/// How many different emojis one message may have.
pub const REACTION_KINDS_MAX: usize = 20;

/// Gives a reaction or takes it back. What is so already is fine.
pub(super) fn react(
    turn: &mut Turn<'_, '_>,
    mut place: Place<'_>,
    target: u64,
    emoji: &Emoji,
    to: Switch,
) -> Result<Reply, Stop> {
    place.joined()?;
    // Taking back is always possible, as deleting is.
    if to == Switch::On {
        place.may_take_part()?;
        place.has(Feature::Reactions)?;
    }
    message::find_alive(turn, place.room, target)?;
    let my_key = my_reactions_key(place.room, place.user, target);
    let mut mine: MyReactionsRow = turn.rows.load(table::MY_REACTIONS, &my_key)?.unwrap_or_default();
    let mut overlay = message::overlay(turn, place.room, target)?;
    let count = match (to, mine.emojis.contains(emoji)) {
        (Switch::On, true) | (Switch::Off, false) => return Ok(message::already(&place)),
        (Switch::On, false) => one_more(&mut overlay, emoji)?,
        (Switch::Off, true) => one_less(&mut overlay, emoji),
    };
    let key = reaction_key(place.room, target, emoji, place.user);
    match to {
        Switch::On => {
            let at_ms = turn.time(&place.head);
            turn.rows.save(table::REACTION, key, &ReactionRow { at_ms })?;
            mine.emojis.push(emoji.clone());
        }
        Switch::Off => {
            turn.rows.remove(table::REACTION, key);
            mine.emojis.retain(|known| known != emoji);
        }
    }
    if mine.emojis.is_empty() {
        turn.rows.remove(table::MY_REACTIONS, my_key);
    } else {
        turn.rows.save(table::MY_REACTIONS, my_key, &mine)?;
    }
    let room: &RoomId = place.room;
    let changes = vec![message::save_overlay(turn, room, target, overlay, None)?];
    let body = EventBody::Reacted { target, emoji: emoji.clone(), to, count };
    turn.log_changing(room, &mut place.head, place.user, body, changes)?;
    Ok(message::logged(&place))
}

fn one_more(overlay: &mut OverlayRow, emoji: &Emoji) -> Result<u64, Refusal> {
    if let Some(known) = overlay.reactions.iter_mut().find(|known| known.emoji == *emoji) {
        known.count += 1;
        return Ok(known.count);
    }
    if overlay.reactions.len() >= REACTION_KINDS_MAX {
        let what = "different reactions to this message".to_owned();
        return Err(Refusal::TooMany { what, max: REACTION_KINDS_MAX as u64 });
    }
    overlay.reactions.push(ReactionCount { emoji: emoji.clone(), count: 1 });
    Ok(1)
}

fn one_less(overlay: &mut OverlayRow, emoji: &Emoji) -> u64 {
    let known = overlay.reactions.iter_mut().find(|known| known.emoji == *emoji);
    let left = known.map_or(0, |known| {
        known.count = known.count.saturating_sub(1);
        known.count
    });
    overlay.reactions.retain(|known| known.count > 0);
    left
}
