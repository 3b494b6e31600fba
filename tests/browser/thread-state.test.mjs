// The open thread in the page's state, and where one writes: pages, pushes, holes, bounds, and who may not write.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownStatus } from '../../node/web/js/state/own.js';
import { silenceOf } from '../../node/web/js/state/rights.js';
import { mentionsTotal, quietUntil } from '../../node/web/js/state/rooms.js';
import { THREAD_WINDOW, messageAt } from '../../node/web/js/state/thread.js';
import { EMPTY, createStore, reduce } from '../../node/web/js/store.js';
import { createThreads } from '../../node/web/js/threads.js';
import { until } from './person.mjs';

globalThis.document ??= { hidden: true };

const ROOT = { room: 'R', seq: 10, at_ms: 1, user: 'minji', kind: 'message', cid: 'root', text: 'root' };
const reply = (number, fields = {}) => ({ room: 'R', seq: 100 + number, at_ms: number, user: 'haru', kind: 'message', cid: `r${number}`, text: `reply ${number}`, thread: 10, thread_number: number, ...fields });
const replies = (from, to) => Array.from({ length: to - from + 1 }, (_, n) => reply(from + n));
const START = [{ type: 'me_loaded', profile: { user: 'minji', display_name: 'Minji' } }, { type: 'room_opened', room: 'R' }, { type: 'page_loaded', room: 'R', where: 'newest', events: [ROOT], more: false }, { type: 'thread_opened', room: 'R', seq: 10 }];
const page = (where, events, more = false) => ({ type: 'thread_page_loaded', room: 'R', seq: 10, where, events, more });
const heard = (event) => ({ type: 'event_heard', event });
const play = (...inputs) => [...START, ...inputs].reduce(reduce, EMPTY);
const numbers = (state) => state.thread.events.map((event) => event.thread_number);

test('a thread begins with what is in memory, and a reply that is pushed comes behind its page', () => {
  const state = play(page('newest', replies(1, 2)), heard(reply(3)), heard(reply(3)));
  assert.deepEqual([state.thread.root.text, numbers(state), state.thread.behind], ['root', [1, 2, 3], false]);
  assert.equal(state.thread.root.replies.count, 3);
});

test('a reply of another thread, and a message of the room, stay out', () => {
  const state = play(page('newest', []), heard(reply(1, { thread: 11 })), heard({ ...reply(2), thread: undefined }));
  assert.deepEqual(numbers(state), []);
});

test('a reply that was not pushed is noticed, and the page that is read then closes the hole', () => {
  const state = play(page('newest', replies(1, 2)), heard(reply(5)));
  assert.deepEqual([numbers(state), state.thread.behind], [[1, 2], true]);
  const whole = [page('newest', replies(1, 5)), heard(reply(6))].reduce(reduce, state);
  assert.deepEqual([numbers(whole), whole.thread.behind], [[1, 2, 3, 4, 5, 6], false]);
});

test('what is pushed while the first page is on its way is not lost', () => {
  const state = play({ type: 'thread_page_asked', room: 'R', seq: 10, where: 'newest' }, heard(reply(3)), page('newest', replies(1, 2)));
  assert.deepEqual(numbers(state), [1, 2, 3]);
});

test('edits, reactions and deletion reach the root and the replies', () => {
  const about = (kind, target, fields = {}) => heard({ room: 'R', seq: 200, at_ms: 9, user: 'haru', kind, target, ...fields });
  const state = play(page('newest', replies(1, 2)), about('edited', 10, { text: 'better' }), about('deleted', 101));
  assert.deepEqual([state.thread.root.text, state.thread.events[0].text, messageAt(state, 'R', 102).text], ['better', '', 'reply 2']);
});

test('a window is bounded at both ends: further up, its newest replies are cut and pushes are left out', () => {
  const first = play(page('newest', replies(151, 150 + THREAD_WINDOW), true));
  const grown = reduce(first, heard(reply(151 + THREAD_WINDOW)));
  assert.deepEqual([grown.thread.events.length, grown.thread.older], [THREAD_WINDOW, true]);
  const up = reduce(grown, page('older', replies(101, 150), true));
  assert.deepEqual([up.thread.events.length, up.thread.newest, numbers(up)[0]], [THREAD_WINDOW, false, 101]);
  assert.equal(reduce(up, heard(reply(999))).thread.events.length, THREAD_WINDOW);
});

test('a thread is closed with its room, and with it what was aimed at in it', () => {
  const aimed = play(page('newest', replies(1, 2)), { type: 'edit_began', room: 'R', seq: 101, place: 'R/10' }, { type: 'reply_began', room: 'R', seq: 10 });
  assert.deepEqual([...aimed.compose.keys()], ['R/10', 'R']);
  assert.deepEqual([...reduce(aimed, { type: 'thread_closed' }).compose.keys()], ['R']);
  assert.equal(reduce(aimed, { type: 'room_opened', room: 'S' }).thread, null);
  assert.equal(reduce(aimed, { type: 'room_removed', room: 'R' }).compose.size, 0);
  assert.deepEqual([...reduce(aimed, heard({ room: 'R', seq: 300, kind: 'deleted', target: 101 })).compose.keys()], ['R']);
});

test('a page of a thread that was left meanwhile changes nothing', () => {
  const state = play({ type: 'thread_opened', room: 'R', seq: 20 }, page('newest', replies(1, 2)));
  assert.deepEqual([state.thread.seq, numbers(state)], [20, []]);
});

test('a thread is read again after a break and when a reply was missed, and a refusal is not repeated by itself', async () => {
  let asked = 0;
  let refuse = false;
  let log = replies(1, 2);
  const store = createStore(play());
  const threads = createThreads(store, async () => {
    asked++;
    if (refuse) throw Object.assign(new Error(), { name: 'overloaded' });
    return { events: log, more: false };
  });
  store.dispatch({ type: 'link_changed', link: { state: 'online', user: 'minji' } });
  await until('it is read', () => numbers(store.state).length === 2);
  log = replies(1, 5);
  store.dispatch(heard(reply(5)));
  await until('the hole is closed', () => numbers(store.state).length === 5);
  refuse = true;
  asked = 0;
  store.dispatch(heard(reply(9)));
  await until('it was refused', () => store.state.thread.error !== null);
  store.dispatch(heard(reply(10)));
  assert.equal(asked, 1);
  refuse = false;
  log = replies(1, 10);
  await threads.newest();
  assert.deepEqual([numbers(store.state).length, store.state.thread.error], [10, null]);
});

test('who may not write is told why, and until when if that ends', () => {
  const room = (fields, my = {}) => ({ kind: 'group', rights: {}, ...fields, my: { state: 'joined', role: 'member', ...my } });
  assert.equal(silenceOf(room({}), 5), null);
  assert.deepEqual(silenceOf(room({ archived: true }), 5), { why: 'archived' });
  assert.deepEqual(silenceOf(room({}, { muted_until_ms: 9 }), 5), { why: 'muted', until_ms: 9 });
  assert.equal(silenceOf(room({}, { muted_until_ms: 9 }), 9), null);
  assert.deepEqual(silenceOf(room({}, { muted_until_ms: Number.MAX_SAFE_INTEGER }), 5), { why: 'mutedForGood' });
  assert.deepEqual(silenceOf(room({ rights: { send: 'admin' } }), 5), { why: 'role' });
});

test('quiet rooms, mentions of all rooms and one\'s own status end when they say', () => {
  assert.deepEqual([quietUntil({ my: { quiet_until_ms: 9 } }, 8), quietUntil({ my: { quiet_until_ms: 9 } }, 9)], [9, 0]);
  const rooms = [['A', 2], ['B', 0], ['C', 3]].map(([room, mentions]) => ({ room, created_ms: 1, my: { state: 'joined', mentions } }));
  assert.equal(mentionsTotal(reduce(EMPTY, { type: 'rooms_loaded', first: true, rooms, next: null })), 5);
  const state = reduce(EMPTY, { type: 'my_presence_heard', invisible: false, status: { text: 'lunch', expires_ms: 9 } });
  assert.deepEqual([ownStatus(state, 8)?.text, ownStatus(state, 9)], ['lunch', null]);
});
