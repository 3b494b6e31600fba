// What happens to messages after they were said, in the page's state: edits, deletion, reactions, replies, calls.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mentionsIn, partsOf } from '../../node/web/js/state/mentions.js';
import { messageRights, may, mayTowards } from '../../node/web/js/state/rights.js';
import { toSend } from '../../node/web/js/state/outbox.js';
import { EMPTY, reduce } from '../../node/web/js/store.js';

const message = (seq, fields = {}) => ({ room: 'R', seq, at_ms: seq * 1_000, user: 'haru', kind: 'message', cid: `c${seq}`, text: `text ${seq}`, ...fields });
const about = (seq, kind, target, fields = {}) => ({ room: 'R', seq, at_ms: seq * 1_000, user: 'haru', kind, target, ...fields });
const room = (fields = {}) => ({ room: 'R', kind: 'group', title: 'Yard', created_ms: 1, members: 2, last_seq: 2, last: message(2), my: { state: 'joined', role: 'member', read_seq: 0, unread: 0, mentions: 0 }, ...fields });
const START = [{ type: 'me_loaded', profile: { user: 'minji', display_name: 'Minji' } }, { type: 'rooms_loaded', first: true, rooms: [room()], next: null }, { type: 'room_opened', room: 'R' }];
const page = (where, events, more = false) => ({ type: 'page_loaded', room: 'R', where, events, more });
const heard = (event) => ({ type: 'event_heard', event });
const play = (...inputs) => [...START, page('newest', [message(1), message(2)]), ...inputs].reduce(reduce, EMPTY);
const shown = (state, seq) => state.timelines.get('R').events.find((event) => event.seq === seq);

test('an edit changes the message in the room and in the list, and counts', () => {
  const state = play(heard(about(3, 'edited', 2, { text: 'better' })), heard(about(4, 'edited', 2, { text: 'best' })));
  assert.deepEqual([shown(state, 2).text, shown(state, 2).edited], ['best', { at_ms: 4_000, count: 2 }]);
  assert.equal(state.rooms.get('R').last.text, 'best');
  assert.equal(state.rooms.get('R').my.unread, 0);
});

test('an edit whose words are gone changes nothing', () => {
  const state = play(heard(about(3, 'edited', 2)));
  assert.equal(shown(state, 2).text, 'text 2');
});

test('what is deleted leaves a place without words, reactions or content', () => {
  const state = play(heard(about(3, 'reacted', 2, { emoji: '👍', on: true, count: 1 })), heard(about(4, 'deleted', 2, { user: 'minji' })), heard(about(5, 'reacted', 2, { emoji: '👍', on: true, count: 1 })));
  assert.deepEqual(shown(state, 2), { room: 'R', seq: 2, at_ms: 2_000, user: 'haru', kind: 'message', cid: 'c2', text: '', deleted: { user: 'minji', at_ms: 4_000 } });
});

test('reactions have the count of the event, and mine is mine on every device', () => {
  const react = (seq, user, on, count) => heard(about(seq, 'reacted', 1, { user, emoji: '🎉', on, count }));
  const both = play(react(3, 'haru', true, 1), react(4, 'minji', true, 2));
  assert.deepEqual(shown(both, 1).reactions, [{ emoji: '🎉', count: 2, mine: true }]);
  const one = play(react(3, 'haru', true, 1), react(4, 'minji', true, 2), react(5, 'haru', false, 1));
  assert.deepEqual(shown(one, 1).reactions, [{ emoji: '🎉', count: 1, mine: true }]);
  const none = play(react(3, 'minji', true, 1), react(4, 'minji', false, 0));
  assert.deepEqual(shown(none, 1).reactions, []);
});

test('a page of what was missed changes the messages before it, and not those it shows as they are', () => {
  const now = message(3, { text: 'as it is', edited: { at_ms: 9_000, count: 2 } });
  const state = play(page('missed', [now, about(4, 'edited', 3, { text: 'older' }), about(5, 'deleted', 1)]));
  assert.equal(shown(state, 3).text, 'as it is');
  assert.ok(shown(state, 1).deleted);
});

test('events that a window has seen are not applied again by a page', () => {
  const seen = [about(3, 'reacted', 1, { emoji: '👍', on: true, count: 1 }), about(4, 'reacted', 1, { emoji: '👍', on: true, count: 2, user: 'minji' })];
  const state = play(...seen.map(heard), page('newer', seen));
  assert.equal(shown(state, 1).reactions[0].count, 2);
});

test('an event of a kind that is not known is kept in the log and changes nothing', () => {
  const state = play(heard(about(3, 'constructor', 2)), heard(about(4, 'sung', 2)));
  assert.equal(shown(state, 2).text, 'text 2');
  assert.equal(state.rooms.get('R').last_seq, 4);
});

test('a jump puts the window around a message, and it goes on to the end from there', () => {
  const long = Array.from({ length: 60 }, (_, n) => message(n + 1));
  const known = { type: 'room_loaded', room: room({ last_seq: 60, last: long.at(-1) }) };
  const away = play(known, page('newest', long.slice(40), true), page('around', long.slice(5, 15), true));
  const { newest, following, older } = away.timelines.get('R');
  assert.deepEqual([newest, following, older], [false, false, true]);
  const back = [page('newer', long.slice(15), false), heard(message(61))].reduce(reduce, away);
  assert.deepEqual([back.timelines.get('R').newest, shown(back, 61)?.seq], [true, 61]);
});

test('the root of a thread counts its replies once', () => {
  const state = play(heard(message(3, { thread: 1, thread_number: 1 })), heard(message(3, { thread: 1, thread_number: 1 })));
  assert.deepEqual(shown(state, 1).replies, { count: 1, last_seq: 3 });
});

test('messages that call me are counted until they are read', () => {
  const called = play(heard(message(3, { mentions: { users: ['minji'] } })), heard(message(4, { mentions: { room: true } })), heard(message(5, { mentions: { users: ['jun'] } })));
  assert.deepEqual([called.rooms.get('R').my.unread, called.rooms.get('R').my.mentions], [3, 2]);
  assert.equal(reduce(called, { type: 'read_moved', room: 'R', read_seq: 5, unread: 0, mentions: 0 }).rooms.get('R').my.mentions, 0);
});

test('an answer keeps what it answers through retries', () => {
  const state = play({ type: 'send_queued', room: 'R', cid: 'a', text: 'yes', at_ms: 1, extra: { reply: 2 } }, { type: 'send_started', room: 'R', cid: 'a' }, { type: 'link_lost' });
  assert.deepEqual(toSend(state.outbox.get('R'), 1), [{ cid: 'a', text: 'yes', reply: 2 }]);
});

test('whoever answers a message that is deleted meanwhile answers nothing', () => {
  const state = play({ type: 'reply_began', room: 'R', seq: 2 }, heard(about(3, 'deleted', 2)));
  assert.equal(state.compose.get('R'), undefined);
});

test('a text calls those who are there, everybody where that is allowed, and no mail address', () => {
  const users = new Set(['haru', 'jun.k']);
  assert.deepEqual(mentionsIn('@haru, @jun.k. and @nobody and me@haru', users, true), { users: ['haru', 'jun.k'] });
  assert.deepEqual(mentionsIn('@all 안녕', users, true), { room: true });
  assert.equal(mentionsIn('@all', users, false), undefined);
  assert.deepEqual(partsOf('hi @haru!'), [{ text: 'hi ' }, { text: '@haru', user: 'haru' }, { text: '!' }]);
});

test('buttons follow the table of rights', () => {
  const as = (role, fields) => room({ my: { state: 'joined', role }, ...fields });
  assert.deepEqual([may(as('member'), 'describe'), may(as('admin'), 'describe'), may(as('admin', { archived: true }), 'describe')], [false, true, false]);
  assert.deepEqual([mayTowards(as('moderator'), 'keep', 'member'), mayTowards(as('moderator'), 'keep', 'moderator')], [true, false]);
  assert.equal(may(as('owner', { kind: 'direct' }), 'keep'), false);
  const rights = (role, what, me, fields) => messageRights(as(role, fields), message(1, what), me);
  assert.deepEqual([rights('member', {}, 'haru').delete, rights('member', {}, 'minji').delete, rights('moderator', {}, 'minji').delete], [true, false, true]);
  assert.deepEqual([rights('member', {}, 'haru').edit, rights('owner', {}, 'minji').edit, rights('member', { forward: {} }, 'haru').edit], [true, false, false]);
  assert.equal(rights('member', {}, 'minji', { features: { reactions: false } }).react, false);
});
