//! Contacts and blocks of two users in two shards: by script, and under any order and repetition of what
//! the shards tell each other.

use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{
    Blocked, ContactRow, Effect, Findable, MemberState, OutboxRow, PairRow, PeopleRow, Reading, Relation,
    Row, UserRoomRow, table,
};
use proptest::prelude::*;

use super::people::CONTACTS_MAX;
use crate::command::{Command, Op, Outcome, PeopleOp, Refusal, UserOp};
use crate::event::ShardEvent;
use crate::machine::pair::direct_room;
use crate::machine::rows::{MemoryBase, Rows, name_key, other_key, room_key, user_key, user_room_key};
use crate::machine::shard::{Counters, apply};

/// One shard, and what it tells.
#[derive(Default)]
struct Shard {
    base: MemoryBase,
    counters: Counters,
    events: Vec<ShardEvent>,
}

impl Shard {
    /// Runs a command; answers its outcome and the effects it has on other shards.
    fn run(&mut self, op: Op) -> (Outcome, Vec<Effect>) {
        let mut rows = Rows::new(&self.base);
        let command = Command { at_ms: 1, op };
        let outcome = apply(&mut rows, &mut self.counters, &mut self.events, &command).unwrap();
        let writes = rows.into_writes();
        let outbox = writes.iter().filter(|((table, _), _)| *table == table::OUTBOX);
        let effects = outbox
            .filter_map(|(_, row)| row.as_ref())
            .map(|row| OutboxRow::decode(row).unwrap().effect)
            .collect();
        self.base.write(writes);
        (outcome, effects)
    }

    fn load<R: Row>(&self, table: u8, key: &[u8]) -> Option<R> {
        Rows::new(&self.base).load(table, key).unwrap()
    }
}

/// Two users, each in a shard of their own; their direct room is in the first.
struct World {
    shards: [Shard; 2],
    flying: Vec<Effect>,
}

const NAMES: [&str; 2] = ["jun", "minji"];

fn user(index: usize) -> UserId {
    UserId::parse(NAMES[index]).unwrap()
}

impl World {
    fn new() -> Self {
        let mut world = Self { shards: Default::default(), flying: Vec::new() };
        for index in [0, 1] {
            let (display_name, password_hash) = ("x".to_owned(), String::new());
            let op = UserOp::SignUp { display_name, password_hash, names: vec!["x".to_owned()] };
            world.shards[index].run(Op::User { user: user(index), op }).0.unwrap();
        }
        world
    }

    fn ask(&mut self, index: usize, op: PeopleOp) -> Outcome {
        let (outcome, effects) =
            self.shards[index].run(Op::User { user: user(index), op: UserOp::People(op) });
        self.flying.extend(effects);
        outcome
    }

    /// Delivers one effect, wherever it belongs.
    fn deliver(&mut self, effect: Effect) {
        let index = match &effect {
            Effect::Contact { to, .. } => usize::from(*to == user(1)),
            _ => 0,
        };
        let (outcome, effects) = self.shards[index].run(Op::Effect(effect));
        outcome.unwrap();
        self.flying.extend(effects);
    }

    fn settle(&mut self) {
        while let Some(effect) = self.flying.pop() {
            self.deliver(effect);
        }
    }

    fn relation(&self, index: usize) -> Relation {
        let row: Option<ContactRow> =
            self.shards[index].load(table::CONTACT, &other_key(&user(index), &user(1 - index)));
        row.unwrap_or_default().relation()
    }

    fn relations(&self) -> (Relation, Relation) {
        (self.relation(0), self.relation(1))
    }

    fn people(&self, index: usize) -> PeopleRow {
        self.shards[index].load(table::PEOPLE, &user_key(&user(index))).unwrap_or_default()
    }

    fn pair(&self) -> PairRow {
        self.shards[0].load(table::PAIR, &room_key(&direct_room(&user(0), &user(1)))).unwrap_or_default()
    }
}

#[test]
fn a_request_waits_for_its_answer_and_yes_makes_a_contact() {
    let mut world = World::new();
    world.ask(0, PeopleOp::Request(user(1))).unwrap();
    world.settle();
    assert_eq!(world.relations(), (Relation::Asked, Relation::Asking));
    assert_eq!(world.ask(0, PeopleOp::Accept(user(1))), Err(Refusal::NotAsked));
    world.ask(1, PeopleOp::Accept(user(0))).unwrap();
    world.settle();
    assert_eq!(world.relations(), (Relation::Contact, Relation::Contact));
    assert_eq!((world.people(0).contacts, world.people(1).contacts), (1, 1));
    world.ask(0, PeopleOp::Remove(user(1))).unwrap();
    world.settle();
    assert_eq!(world.relations(), (Relation::None, Relation::None));
    assert_eq!((world.people(0).contacts, world.people(1).contacts), (0, 0));
}

#[test]
fn who_is_declined_may_ask_again_and_both_asking_is_both_saying_yes() {
    let mut world = World::new();
    world.ask(0, PeopleOp::Request(user(1))).unwrap();
    world.settle();
    world.ask(1, PeopleOp::Decline(user(0))).unwrap();
    world.settle();
    assert_eq!(world.relations(), (Relation::None, Relation::None));
    world.ask(0, PeopleOp::Request(user(1))).unwrap();
    world.ask(1, PeopleOp::Request(user(0))).unwrap();
    world.settle();
    assert_eq!(world.relations(), (Relation::Contact, Relation::Contact));
    assert_eq!(world.ask(1, PeopleOp::Decline(user(0))), Err(Refusal::NotAsked));
}

#[test]
fn a_request_on_its_way_when_the_block_is_made_is_declined_and_shown_to_nobody() {
    let mut world = World::new();
    world.ask(0, PeopleOp::Request(user(1))).unwrap();
    world.ask(1, PeopleOp::Block(user(0))).unwrap();
    world.settle();
    assert_eq!(world.relations(), (Relation::None, Relation::None));
    let shown =
        |event: &ShardEvent| matches!(event, ShardEvent::Contact { user: whose, .. } if *whose == user(1));
    assert!(!world.shards[1].events.iter().any(shown));
    assert_eq!(world.pair(), PairRow { lesser: (Blocked::No, 0), greater: (Blocked::Yes, 1) });
    assert_eq!(world.ask(1, PeopleOp::Request(user(0))), Err(Refusal::BlockedByYou));
    world.ask(1, PeopleOp::Unblock(user(0))).unwrap();
    world.settle();
    assert_eq!(world.pair().greater, (Blocked::No, 2));
    assert_eq!(world.people(1).blocks, 0);
}

#[test]
fn who_asks_somebody_whose_list_is_full_hears_so_and_may_ask_again() {
    let mut world = World::new();
    let full = PeopleRow { contacts: CONTACTS_MAX, ..world.people(1) };
    let fill = |world: &mut World, people: &PeopleRow| {
        world.shards[1].base.0.insert((table::PEOPLE, user_key(&user(1))), people.encode().unwrap());
    };
    fill(&mut world, &full);
    world.ask(0, PeopleOp::Request(user(1))).unwrap();
    world.settle();
    assert_eq!(world.relations(), (Relation::None, Relation::None));
    assert_eq!((world.people(0).contacts, world.people(1).contacts), (0, CONTACTS_MAX));
    fill(&mut world, &PeopleRow { contacts: CONTACTS_MAX - 1, ..full });
    world.ask(0, PeopleOp::Request(user(1))).unwrap();
    world.settle();
    assert_eq!(world.relations(), (Relation::Asked, Relation::Asking));
}

#[test]
fn nobody_is_a_contact_of_themselves() {
    let mut world = World::new();
    assert_eq!(world.ask(0, PeopleOp::Request(user(0))), Err(Refusal::Yourself));
    assert_eq!(world.ask(0, PeopleOp::Block(user(0))), Err(Refusal::Yourself));
}

#[test]
fn an_invitation_on_its_way_when_the_block_is_made_is_declined_back() {
    let mut world = World::new();
    world.ask(1, PeopleOp::Block(user(0))).unwrap();
    let room = RoomId([7; 16]);
    let invited = |room_seq| Effect::UserRoom {
        user: user(1),
        room,
        state: Some(MemberState::Invited),
        room_seq,
        by: Some(user(0)),
        at_ms: 1,
    };
    let (outcome, effects) = world.shards[1].run(Op::Effect(invited(5)));
    outcome.unwrap();
    assert_eq!(effects, [Effect::Declined { room, user: user(1), room_seq: 5 }]);
    let key = user_room_key(&user(1), &room);
    let row = world.shards[1].load::<UserRoomRow>(table::USER_ROOM, &key).unwrap();
    assert_eq!((row.state, row.by), (None, None));
    // A repeat has been answered already.
    assert_eq!(world.shards[1].run(Op::Effect(invited(5))).1, []);
    world.ask(1, PeopleOp::Unblock(user(0))).unwrap();
    assert_eq!(world.shards[1].run(Op::Effect(invited(6))).1, []);
    let row = world.shards[1].load::<UserRoomRow>(table::USER_ROOM, &key).unwrap();
    assert_eq!((row.state, row.by), (Some(MemberState::Invited), Some(user(0))));
}

#[test]
fn names_follow_their_user_and_hide_when_told_to() {
    let mut world = World::new();
    let is_in = |table: u8, world: &World, name: &str| {
        world.shards[0].base.0.contains_key(&(table, name_key(name, &user(0))))
    };
    let found = |world: &World, name: &str| is_in(table::NAME, world, name);
    let in_rooms = |world: &World, name: &str| is_in(table::HIDDEN_NAME, world, name);
    assert!(found(&world, "x") && found(&world, "jun"));
    let op = UserOp::SetProfile { display_name: "Y".into(), names: vec!["y".into()] };
    world.shards[0].run(Op::User { user: user(0), op }).0.unwrap();
    assert!(!found(&world, "x") && found(&world, "y") && found(&world, "jun"));
    let show = |findable| PeopleOp::Show { reading: None, findable: Some(findable) };
    world.ask(0, show(Findable::No)).unwrap();
    assert!(!found(&world, "y") && !found(&world, "jun"));
    assert!(in_rooms(&world, "y"), "those who share a room with them find them");
    let op = UserOp::SetProfile { display_name: "Z".into(), names: vec!["z".into()] };
    world.shards[0].run(Op::User { user: user(0), op }).0.unwrap();
    assert!(!found(&world, "z") && in_rooms(&world, "z") && !in_rooms(&world, "y"));
    world.ask(0, show(Findable::Yes)).unwrap();
    assert!(found(&world, "z") && !found(&world, "y"));
    assert!(["jun", "x", "y", "z"].iter().all(|name| !in_rooms(&world, name)));
    assert_eq!(world.people(0).reading, Reading::Shown);
}

#[derive(Debug, Clone)]
enum Step {
    Ask(usize, u8),
    /// Delivers one of the effects that are on their way; the second says whether it comes once more.
    Deliver(usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..2_usize, 0..6_u8).prop_map(|(index, op)| Step::Ask(index, op)),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(index, again)| Step::Deliver(index, again)),
    ]
}

/// What each of the two wants, by their own commands alone.
#[derive(Default, Clone, Copy)]
struct Wish {
    yes: bool,
    ever: bool,
    blocks: bool,
}

proptest! {
    #[test]
    fn both_sides_agree_in_the_end_and_no_contact_is_shown_without_both_saying_yes(
        steps in prop::collection::vec(step(), 1..60)
    ) {
        let (mut world, mut wishes) = (World::new(), [Wish::default(); 2]);
        for step in steps {
            match step {
                Step::Ask(index, number) => {
                    let other = user(1 - index);
                    let op = match number {
                        0 => PeopleOp::Request(other),
                        1 => PeopleOp::Accept(other),
                        2 => PeopleOp::Decline(other),
                        3 => PeopleOp::Remove(other),
                        4 => PeopleOp::Block(other),
                        _ => PeopleOp::Unblock(other),
                    };
                    if world.ask(index, op.clone()).is_ok() {
                        let wish = &mut wishes[index];
                        match op {
                            PeopleOp::Request(_) | PeopleOp::Accept(_) => (wish.yes, wish.ever) = (true, true),
                            PeopleOp::Remove(_) => wish.yes = false,
                            PeopleOp::Block(_) => (wish.yes, wish.blocks) = (false, true),
                            PeopleOp::Unblock(_) => wish.blocks = false,
                            _ => {}
                        }
                    }
                }
                Step::Deliver(at, again) if !world.flying.is_empty() => {
                    let at = at % world.flying.len();
                    let effect =
                        if again { world.flying[at].clone() } else { world.flying.swap_remove(at) };
                    world.deliver(effect);
                }
                Step::Deliver(..) => {}
            }
            for index in [0, 1] {
                if world.relation(index) == Relation::Contact {
                    prop_assert!(wishes[index].yes && wishes[1 - index].ever);
                    prop_assert!(!wishes[index].blocks);
                }
            }
        }
        world.settle();
        let mirrored = match world.relation(0) {
            Relation::Asked => Relation::Asking,
            Relation::Asking => Relation::Asked,
            same => same,
        };
        prop_assert_eq!(world.relation(1), mirrored);
        for index in [0, 1] {
            if world.relation(index) == Relation::Contact {
                prop_assert!(wishes.iter().all(|wish| wish.yes && !wish.blocks));
            }
            let people = world.people(index);
            prop_assert_eq!(people.contacts, u32::from(world.relation(index) != Relation::None));
            prop_assert_eq!(people.blocks, u32::from(wishes[index].blocks));
        }
        let blocked = |yes| if yes { Blocked::Yes } else { Blocked::No };
        let pair = world.pair();
        prop_assert_eq!(
            (pair.lesser.0, pair.greater.0),
            (blocked(wishes[0].blocks), blocked(wishes[1].blocks))
        );
    }
}
