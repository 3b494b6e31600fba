//! Contacts and blocks, as the shard of one of the two decides them.
//!
//! What a user says is a [`Side`], which only the user's own shard changes. It goes to the other one's shard
//! as an effect, where only a newer version counts: order and repetition of effects do not matter, and what
//! the two are to each other is computed from both sides. A block is decided where the user is who blocks:
//! what arrives there from somebody blocked, however long it was on its way, is declined back.

use madang_storage::StorageError;
use madang_storage::id::UserId;
use madang_storage::row::{BlockRow, Blocked, ContactRow, Effect, PeopleRow, Relation, Side, table};

use super::names;
use crate::command::{PeopleOp, Refusal};
use crate::event::ShardEvent;
use crate::machine::pair::direct_room;
use crate::machine::rows::{other_key, user_key};
use crate::machine::shard::{Stop, Turn};

/// How many contacts and requests a user may have.
pub const CONTACTS_MAX: u32 = 5_000;
/// How many people a user may block.
pub const BLOCKS_MAX: u32 = 5_000;

/// Decides one command.
pub(super) fn decide(turn: &mut Turn<'_, '_>, user: &UserId, op: &PeopleOp) -> Result<(), Stop> {
    match op {
        PeopleOp::Request(other) => request(turn, user, other),
        PeopleOp::Accept(other) => accept(turn, user, other),
        PeopleOp::Decline(other) => decline(turn, user, other),
        PeopleOp::Remove(other) => Ok(end(turn, user, other)?),
        PeopleOp::Block(other) => block(turn, user, other),
        PeopleOp::Unblock(other) => Ok(unblock(turn, user, other)?),
        PeopleOp::Show { reading, findable } => {
            let mut people = load(turn, user)?;
            people.reading = reading.unwrap_or(people.reading);
            let findable = findable.unwrap_or(people.findable);
            names::show(turn, user, &mut people, findable);
            Ok(save(turn, user, &people)?)
        }
    }
}

/// What another user says about being a contact of `user`.
pub(in crate::machine) fn take(
    turn: &mut Turn<'_, '_>,
    from: &UserId,
    user: &UserId,
    side: Side,
) -> Result<(), StorageError> {
    let before = contact(turn, user, from)?;
    if side.version <= before.theirs.version {
        return Ok(());
    }
    let mut row = ContactRow { theirs: side, ..before };
    let is_new = before.relation() == Relation::None;
    let is_full = is_new && load(turn, user)?.contacts >= CONTACTS_MAX;
    // Nobody is asked for an answer that could not be kept. The other one hears that it came to nothing, and may
    // ask again later.
    if row.relation() == Relation::Asking && (is_full || blocks(turn, user, from)?) {
        row.mine = declined(&row);
        turn.effect(Effect::Contact { from: user.clone(), to: from.clone(), side: row.mine })?;
    }
    set(turn, user, from, before, row)
}

/// Whether `user` blocks `other`.
pub(in crate::machine) fn blocks(
    turn: &Turn<'_, '_>,
    user: &UserId,
    other: &UserId,
) -> Result<bool, StorageError> {
    let row: Option<BlockRow> = turn.rows.load(table::BLOCK, &other_key(user, other))?;
    Ok(row.is_some_and(|row| row.blocked == Blocked::Yes))
}

fn request(turn: &mut Turn<'_, '_>, user: &UserId, other: &UserId) -> Result<(), Stop> {
    if other == user {
        return Err(Refusal::Yourself.into());
    }
    let row = contact(turn, user, other)?;
    match row.relation() {
        Relation::Asked | Relation::Contact => return Ok(()),
        Relation::Asking => {}
        Relation::None => {
            if blocks(turn, user, other)? {
                return Err(Refusal::BlockedByYou.into());
            }
            if load(turn, user)?.contacts >= CONTACTS_MAX {
                return Err(Refusal::ListFull { max: u64::from(CONTACTS_MAX) }.into());
            }
        }
    }
    Ok(say(turn, user, other, row, given(&row))?)
}

fn accept(turn: &mut Turn<'_, '_>, user: &UserId, other: &UserId) -> Result<(), Stop> {
    let row = contact(turn, user, other)?;
    match row.relation() {
        Relation::Contact => Ok(()),
        Relation::Asking => Ok(say(turn, user, other, row, given(&row))?),
        Relation::None | Relation::Asked => Err(Refusal::NotAsked.into()),
    }
}

fn decline(turn: &mut Turn<'_, '_>, user: &UserId, other: &UserId) -> Result<(), Stop> {
    let row = contact(turn, user, other)?;
    match row.relation() {
        Relation::None => Ok(()),
        Relation::Asking => Ok(say(turn, user, other, row, declined(&row))?),
        Relation::Asked | Relation::Contact => Err(Refusal::NotAsked.into()),
    }
}

/// Takes back what `user` said, and what the other one said so far.
fn end(turn: &mut Turn<'_, '_>, user: &UserId, other: &UserId) -> Result<(), StorageError> {
    let row = contact(turn, user, other)?;
    if row.relation() == Relation::None {
        return Ok(());
    }
    say(turn, user, other, row, Side { given: 0, ..declined(&row) })
}

fn block(turn: &mut Turn<'_, '_>, user: &UserId, other: &UserId) -> Result<(), Stop> {
    if other == user {
        return Err(Refusal::Yourself.into());
    }
    let mut people = load(turn, user)?;
    if blocks(turn, user, other)? {
        return Ok(());
    }
    if people.blocks >= BLOCKS_MAX {
        return Err(Refusal::ListFull { max: u64::from(BLOCKS_MAX) }.into());
    }
    people.blocks += 1;
    save(turn, user, &people)?;
    set_block(turn, user, other, Blocked::Yes)?;
    Ok(end(turn, user, other)?)
}

fn unblock(turn: &mut Turn<'_, '_>, user: &UserId, other: &UserId) -> Result<(), StorageError> {
    if !blocks(turn, user, other)? {
        return Ok(());
    }
    let mut people = load(turn, user)?;
    people.blocks = people.blocks.saturating_sub(1);
    save(turn, user, &people)?;
    set_block(turn, user, other, Blocked::No)
}

/// Writes the block down, and tells the shard of the two's direct room.
fn set_block(
    turn: &mut Turn<'_, '_>,
    user: &UserId,
    other: &UserId,
    blocked: Blocked,
) -> Result<(), StorageError> {
    let key = other_key(user, other);
    let known: BlockRow = turn.rows.load(table::BLOCK, &key)?.unwrap_or_default();
    let version = known.version + 1;
    turn.rows.save(table::BLOCK, key, &BlockRow { blocked, version, at_ms: turn.at_ms })?;
    let (by, other) = (user.clone(), other.clone());
    turn.tell(ShardEvent::Block { user: by.clone(), other: other.clone(), blocked });
    turn.effect(Effect::PairBlock { room: direct_room(&by, &other), by, other, blocked, version })
}

/// What the user says once the user says yes.
fn given(row: &ContactRow) -> Side {
    let version = row.mine.version + 1;
    Side { version, given: version, ..row.mine }
}

/// What the user says once the user says no to all that the other one said so far.
fn declined(row: &ContactRow) -> Side {
    Side { version: row.mine.version + 1, cancelled: row.mine.cancelled.max(row.theirs.given), ..row.mine }
}

/// Writes down what the user says from now on, and tells the other one's shard.
fn say(
    turn: &mut Turn<'_, '_>,
    user: &UserId,
    other: &UserId,
    before: ContactRow,
    mine: Side,
) -> Result<(), StorageError> {
    turn.effect(Effect::Contact { from: user.clone(), to: other.clone(), side: mine })?;
    set(turn, user, other, before, ContactRow { mine, ..before })
}

/// Writes a contact's row, counts it, and tells the user's devices if it means something else now.
fn set(
    turn: &mut Turn<'_, '_>,
    user: &UserId,
    other: &UserId,
    before: ContactRow,
    mut row: ContactRow,
) -> Result<(), StorageError> {
    let (was, is) = (before.relation(), row.relation());
    if was != is {
        row.at_ms = turn.at_ms;
        let mut people = load(turn, user)?;
        people.contacts = people.contacts.saturating_sub(u32::from(was != Relation::None));
        people.contacts += u32::from(is != Relation::None);
        save(turn, user, &people)?;
        let (user, other, at_ms) = (user.clone(), other.clone(), row.at_ms);
        turn.tell(ShardEvent::Contact { user, other, relation: is, at_ms });
    }
    turn.rows.save(table::CONTACT, other_key(user, other), &row)
}

fn contact(turn: &Turn<'_, '_>, user: &UserId, other: &UserId) -> Result<ContactRow, StorageError> {
    Ok(turn.rows.load(table::CONTACT, &other_key(user, other))?.unwrap_or_default())
}

/// What the shard remembers about the user among people.
pub(super) fn load(turn: &Turn<'_, '_>, user: &UserId) -> Result<PeopleRow, StorageError> {
    Ok(turn.rows.load(table::PEOPLE, &user_key(user))?.unwrap_or_default())
}

/// Writes it.
pub(super) fn save(turn: &mut Turn<'_, '_>, user: &UserId, row: &PeopleRow) -> Result<(), StorageError> {
    turn.rows.save(table::PEOPLE, user_key(user), row)
}
