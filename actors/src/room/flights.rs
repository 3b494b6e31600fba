//! Pages of a room's log that are being read from the disk: each once for all who want it at the same time. Pure.
//!
//! A read shows at least what its first reader must see. Who comes while it is under way may know of more; those
//! wait for the read after it, together, so a page that all want at once costs two reads at the most, however many
//! they are.

use std::collections::HashMap;

use madang_cluster::{EventPage, Page};

use super::message::Wanted;

/// Pages of one room that are read at the same time for more than one reader.
const FLIGHTS_MAX: usize = 64;

/// Which page, whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PageKey {
    page: Page,
    limit: usize,
    bytes_max: usize,
}

impl PageKey {
    fn of(wanted: &Wanted) -> Self {
        let Wanted { page, limit, bytes_max, .. } = *wanted;
        Self { page, limit, bytes_max }
    }
}

/// The pages that are being read. `W` is whoever waits for one.
#[derive(Debug)]
pub(super) struct Flights<W> {
    flights: HashMap<PageKey, Flight<W>>,
    waiting: usize,
    waiting_max: usize,
}

#[derive(Debug)]
struct Flight<W> {
    /// What the read shows at least.
    shows: u64,
    waiting: Vec<W>,
    /// Who must see more than that.
    late: Vec<(Wanted, W)>,
}

/// What is to be done for a reader.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Boarded<W> {
    /// Read the page as this reader sees it, and say [`Flights::landed`].
    Read(PageKey, Wanted, W),
    /// Read the page for this reader alone.
    ReadAlone(W, Wanted),
    /// It waits for a read that is under way.
    Waits,
    /// Too many wait.
    Full(W),
}

/// Who is served by a read, and what is to be read next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Landed<W> {
    /// They get what was read.
    pub(super) served: Vec<W>,
    /// Read this page once more, as this reader sees it.
    pub(super) again: Option<(PageKey, Wanted, W)>,
}

impl<W> Flights<W> {
    /// Nothing is being read; at most so many may wait.
    pub(super) fn new(waiting_max: usize) -> Self {
        Self { flights: HashMap::new(), waiting: 0, waiting_max }
    }

    /// Somebody wants a page.
    pub(super) fn board(&mut self, wanted: Wanted, reader: W) -> Boarded<W> {
        let key = PageKey::of(&wanted);
        let (full, all_taken) = (self.waiting >= self.waiting_max, self.flights.len() >= FLIGHTS_MAX);
        match self.flights.get_mut(&key) {
            Some(_) if full => Boarded::Full(reader),
            Some(flight) => {
                self.waiting += 1;
                if wanted.at_least <= flight.shows {
                    flight.waiting.push(reader);
                } else {
                    flight.late.push((wanted, reader));
                }
                Boarded::Waits
            }
            None if all_taken => Boarded::ReadAlone(reader, wanted),
            None => {
                let flight = Flight { shows: wanted.at_least, waiting: Vec::new(), late: Vec::new() };
                self.flights.insert(key, flight);
                Boarded::Read(key, wanted, reader)
            }
        }
    }

    /// The page was read, or could not be. Whoever it was read for has it already.
    pub(super) fn landed(&mut self, key: PageKey) -> Landed<W> {
        let Some(flight) = self.flights.remove(&key) else {
            return Landed { served: Vec::new(), again: None };
        };
        let Flight { waiting: served, mut late, .. } = flight;
        self.waiting = self.waiting.saturating_sub(served.len());
        // Whoever must see most reads for all of them.
        let most = late.iter().enumerate().max_by_key(|(_, (wanted, _))| wanted.at_least).map(|(at, _)| at);
        let again = most.map(|at| {
            self.waiting = self.waiting.saturating_sub(1);
            let (wanted, reader) = late.swap_remove(at);
            let waiting = late.into_iter().map(|(_, reader)| reader).collect();
            self.flights.insert(key, Flight { shows: wanted.at_least, waiting, late: Vec::new() });
            (key, wanted, reader)
        });
        Landed { served, again }
    }
}

/// A page that was read for several.
pub(crate) type Shared = Result<EventPage, madang_cluster::ClusterError>;

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(before: u64, at_least: u64) -> Wanted {
        Wanted { page: Page::Before(before), limit: 50, bytes_max: 1_000, at_least }
    }

    #[test]
    fn a_page_is_read_once_for_all_who_know_no_more() {
        let mut flights = Flights::new(100);
        let Boarded::Read(key, _, "first") = flights.board(wanted(40, 90), "first") else { panic!() };
        for reader in ["second", "third"] {
            assert_eq!(flights.board(wanted(40, 90), reader), Boarded::Waits);
        }
        assert!(matches!(flights.board(wanted(41, 90), "other page"), Boarded::Read(..)));
        assert_eq!(flights.landed(key), Landed { served: vec!["second", "third"], again: None });
        assert!(matches!(flights.board(wanted(40, 90), "later"), Boarded::Read(..)), "it was not kept");
    }

    #[test]
    fn who_knows_more_waits_for_one_read_that_shows_it_to_all_of_them() {
        let mut flights = Flights::new(100);
        let Boarded::Read(key, ..) = flights.board(wanted(40, 90), 1) else { panic!() };
        for (reader, at_least) in [(2, 91), (3, 93), (4, 92), (5, 90)] {
            assert_eq!(flights.board(wanted(40, at_least), reader), Boarded::Waits);
        }
        let landed = flights.landed(key);
        assert_eq!((landed.served, landed.again), (vec![5], Some((key, wanted(40, 93), 3))));
        let Landed { mut served, again } = flights.landed(key);
        served.sort_unstable();
        assert_eq!((served, again), (vec![2, 4], None));
    }

    #[test]
    fn no_more_wait_than_may() {
        let mut flights = Flights::new(2);
        let Boarded::Read(key, ..) = flights.board(wanted(40, 9), 0) else { panic!() };
        assert_eq!(flights.board(wanted(40, 9), 1), Boarded::Waits);
        assert_eq!(flights.board(wanted(40, 10), 2), Boarded::Waits);
        assert_eq!(flights.board(wanted(40, 9), 3), Boarded::Full(3));
        flights.landed(key);
        assert_eq!(flights.board(wanted(40, 9), 4), Boarded::Waits);
        flights.landed(key);
        for page in 0..FLIGHTS_MAX as u64 {
            assert!(matches!(flights.board(wanted(100 + page, 9), 5), Boarded::Read(..)));
        }
        assert!(matches!(flights.board(wanted(300, 9), 6), Boarded::ReadAlone(6, _)));
    }
}
