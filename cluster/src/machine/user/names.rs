//! Under which texts a search finds a user: the id, and what the node made of the display name.

use madang_storage::StorageError;
use madang_storage::id::UserId;
use madang_storage::row::{Findable, PeopleRow, table};

use super::people;
use crate::machine::rows::name_key;
use crate::machine::shard::Turn;

/// The user is called something else.
pub(super) fn rename(turn: &mut Turn<'_, '_>, user: &UserId, names: &[String]) -> Result<(), StorageError> {
    let mut row = people::load(turn, user)?;
    let findable = row.findable;
    show(turn, user, &mut row, Findable::No);
    row.names = names.to_vec();
    show(turn, user, &mut row, findable);
    people::save(turn, user, &row)
}

/// Puts the user into the index of names, or takes the user out.
pub(super) fn show(turn: &mut Turn<'_, '_>, user: &UserId, row: &mut PeopleRow, findable: Findable) {
    row.findable = findable;
    for name in row.names.iter().map(String::as_str).chain([user.as_str()]) {
        let key = name_key(name, user);
        match findable {
            Findable::Yes => turn.rows.mark(table::NAME, key),
            Findable::No => turn.rows.remove(table::NAME, key),
        }
    }
}
