//! How a search goes through a room's members: first those whose id begins so, by id; then those of whom only a name
//! does, by that name.
//!
//! Ids come from the room's own rows. Names are where their users are, so they come from the indexes of all shards,
//! whoever is meant, a portion at a time; then the room says who of them is a member. So a page costs a bounded
//! number of rows however large the room is, and may be short, or empty, where few of those who are called so are
//! members. Pure: the shell (`members.rs`) reads what [`Walk::ask`] asks for.

use madang_cluster::Name;
use madang_storage::id::UserId;
use madang_storage::row::MemberRow;

/// Members that were found, and behind whom the next page starts, if there is one.
pub(super) type Page = (Vec<(UserId, MemberRow)>, Option<FoundBy>);

/// By what a search finds a member, in the order of its pages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::service) enum FoundBy {
    /// The id.
    Id(UserId),
    /// The first of the names that begin so; the id does not.
    Name(Name),
}

impl FoundBy {
    /// By what `prefix` finds a user with these names, if it does: one way only, so that nobody comes twice.
    pub(super) fn of(prefix: &str, user: &UserId, names: &[String]) -> Option<Self> {
        if user.as_str().starts_with(prefix) {
            return Some(Self::Id(user.clone()));
        }
        let name = names.iter().filter(|name| name.starts_with(prefix)).min()?;
        Some(Self::Name((name.clone(), user.clone())))
    }

    /// Whether a search for `prefix` can have come here.
    pub(in crate::service) fn is_of(&self, prefix: &str) -> bool {
        match self {
            Self::Id(user) => user.as_str().starts_with(prefix),
            Self::Name((name, _)) => name.starts_with(prefix),
        }
    }
}

/// The page behind `after` of those whom a search has found by looking at everybody, and behind whom the next one
/// starts: what a walk comes to, without short pages.
pub(super) fn page_of(mut all: Vec<(FoundBy, MemberRow)>, after: Option<&FoundBy>, limit: usize) -> Page {
    all.retain(|(by, _)| after.is_none_or(|after| by > after));
    all.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let more = all.len() > limit;
    all.truncate(limit);
    let next = all.last().filter(|_| more).map(|(by, _)| by.clone());
    let rows = all.into_iter().map(|(by, row)| match by {
        FoundBy::Id(user) | FoundBy::Name((_, user)) => (user, row),
    });
    (rows.collect(), next)
}

/// How many names a page looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// So many are asked for at a time, of all shards together.
    pub(super) at_once: usize,
    /// But so many of each at the least: what one shard has far ahead of the others is read again later.
    pub(super) of_each_min: usize,
    /// No more are asked for once so many were.
    pub(super) enough: usize,
}

/// What a walk has to know to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    /// Members whose id begins so, behind `after`.
    Ids { after: Option<UserId>, limit: usize },
    /// From each shard so many names that begin so, behind `after`.
    Names { after: Option<Name>, of_each: usize },
}

/// Names of all shards in one order, as far as it is known that none is missing between them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Portion {
    /// The names.
    pub(super) names: Vec<Name>,
    /// How far they reach; `None`: there are no more.
    pub(super) end: Option<Name>,
}

impl Portion {
    /// Of what the shards answered who were asked for `of_each`, each in order.
    pub(super) fn of(answers: Vec<Vec<Name>>, of_each: usize) -> Self {
        // Whoever gave all that was asked for may have more right behind the last.
        let cut = answers.iter().filter(|names| names.len() >= of_each);
        let end = cut.filter_map(|names| names.last()).min().cloned();
        let known = |name: &Name| end.as_ref().is_none_or(|end| name <= end);
        let mut names: Vec<Name> = answers.into_iter().flatten().filter(known).collect();
        names.sort_unstable();
        Self { names, end }
    }
}

/// Where a walk goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Ids(Option<UserId>),
    Names(Option<Name>),
    Over,
}

/// One page of a search.
#[derive(Debug)]
pub(super) struct Walk {
    prefix: String,
    limit: usize,
    bounds: Bounds,
    shards: usize,
    stage: Stage,
    names_asked: usize,
    found: Vec<(UserId, MemberRow)>,
}

impl Walk {
    /// The page of `limit` members behind `after`. `prefix` is folded as names are.
    pub(super) fn new(
        prefix: String,
        after: Option<FoundBy>,
        limit: usize,
        shards: usize,
        bounds: Bounds,
    ) -> Self {
        let stage = match after {
            None => Stage::Ids(None),
            Some(FoundBy::Id(user)) => Stage::Ids(Some(user)),
            Some(FoundBy::Name(name)) => Stage::Names(Some(name)),
        };
        let shards = shards.max(1);
        Self { prefix, limit, bounds, shards, stage, names_asked: 0, found: Vec::new() }
    }

    /// How whom it looks for is called.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What the page still needs; `None` when it is done.
    pub(super) fn ask(&self) -> Option<Ask> {
        if self.is_full() {
            return None;
        }
        match &self.stage {
            Stage::Ids(after) => Some(Ask::Ids { after: after.clone(), limit: self.limit }),
            Stage::Names(after) if self.names_asked < self.bounds.enough => {
                Some(Ask::Names { after: after.clone(), of_each: self.of_each() })
            }
            Stage::Names(_) | Stage::Over => None,
        }
    }

    /// The answer to [`Ask::Ids`].
    pub(super) fn take_ids(&mut self, rows: Vec<(UserId, MemberRow)>) {
        self.found.extend(rows);
        self.stage = match self.found.last() {
            Some((last, _)) if self.is_full() => Stage::Ids(Some(last.clone())),
            _ => Stage::Names(None),
        };
    }

    /// The answer to [`Ask::Names`]. What comes back is to be looked up: who of them is a member, and what else
    /// those are called. Each goes to [`meet`](Self::meet), and then the end to [`pass`](Self::pass).
    pub(super) fn take_names(&mut self, answers: Vec<Vec<Name>>) -> Portion {
        let of_each = self.of_each();
        self.names_asked += of_each * self.shards;
        let mut portion = Portion::of(answers, of_each);
        // Found by id before: nobody needs to look them up.
        portion.names.retain(|(_, user)| !user.as_str().starts_with(&self.prefix));
        portion
    }

    /// Whether there is no place left in the page.
    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    /// A member who is called so, in the order of the portion. Who has several such names comes by the first.
    pub(super) fn meet(&mut self, name: Name, row: MemberRow, names: &[String]) {
        let by = FoundBy::of(&self.prefix, &name.1, names);
        if by.is_some_and(|by| by == FoundBy::Name(name.clone())) {
            self.found.push((name.1.clone(), row));
        }
        self.stage = Stage::Names(Some(name));
    }

    /// All of the portion have been met that are members.
    pub(super) fn pass(&mut self, end: Option<Name>) {
        self.stage = end.map_or(Stage::Over, |end| Stage::Names(Some(end)));
    }

    /// What came of it.
    pub(super) fn page(self) -> Page {
        let next = match self.stage {
            Stage::Ids(last) => last.map(FoundBy::Id),
            Stage::Names(last) => last.map(FoundBy::Name),
            Stage::Over => None,
        };
        (self.found, next)
    }

    fn of_each(&self) -> usize {
        self.bounds.at_once.div_ceil(self.shards).max(self.bounds.of_each_min)
    }
}
