//! Under which texts a search finds a user: the id, and what the node made of the display name. Who is not to be
//! found by everybody is in an index of its own, which only searches within a room read.

use madang_storage::StorageError;
use madang_storage::id::UserId;
use madang_storage::row::{Findable, PeopleRow, table};

use super::people;
use crate::machine::rows::name_key;
use crate::machine::shard::Turn;

/// The user is called something else.
pub(super) fn rename(turn: &mut Turn<'_, '_>, user: &UserId, names: &[String]) -> Result<(), StorageError> {
    let mut row = people::load(turn, user)?;
    take_out(turn, user, &row);
    row.names = names.to_vec();
    put_in(turn, user, &row);
    people::save(turn, user, &row)
}

/// Puts the user into the index that everybody searches, or into the one for rooms.
pub(super) fn show(turn: &mut Turn<'_, '_>, user: &UserId, row: &mut PeopleRow, findable: Findable) {
    take_out(turn, user, row);
    row.findable = findable;
    put_in(turn, user, row);
}

fn take_out(turn: &mut Turn<'_, '_>, user: &UserId, row: &PeopleRow) {
    for key in keys(user, row) {
        turn.rows.remove(index(row.findable), key);
    }
}

fn put_in(turn: &mut Turn<'_, '_>, user: &UserId, row: &PeopleRow) {
    for key in keys(user, row) {
        turn.rows.mark(index(row.findable), key);
    }
}

fn keys<'a>(user: &'a UserId, row: &'a PeopleRow) -> impl Iterator<Item = Vec<u8>> + 'a {
    row.names.iter().map(String::as_str).chain([user.as_str()]).map(|name| name_key(name, user))
}

fn index(findable: Findable) -> u8 {
    match findable {
        Findable::Yes => table::NAME,
        Findable::No => table::HIDDEN_NAME,
    }
}
