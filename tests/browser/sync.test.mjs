// Keeping in step with a server that misses pushes, is busy, or forgets to answer: the state ends up whole.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { CallError } from '../../node/web/js/connection.js';
import { createStore } from '../../node/web/js/store.js';
import { createSync } from '../../node/web/js/sync.js';
import { until } from './person.mjs';

globalThis.document ??= { hidden: true };

const event = (seq) => ({ room: 'R', seq, at_ms: seq, user: 'haru', kind: 'message', cid: `c${seq}`, text: `text ${seq}` });
let store;
let sync;
let log;
let refusals;
let asked;

/** A server with one room; `refusals` holds what the next calls of an operation get instead of an answer. */
const answers = {
  me: () => ({ user: 'minji', display_name: 'Minji', created_ms: 1 }),
  rooms: () => ({ rooms: [answers.room()], next: null }),
  room: () => ({ room: 'R', kind: 'group', title: 'Yard', created_ms: 1, members: 2, last_seq: log.length, last: log.at(-1) ?? null, my: { state: 'joined', role: 'member', read_seq: 0, unread: log.length } }),
  members: () => ({ members: [], next: null }),
  profile: ({ user }) => ({ user, display_name: user.toUpperCase(), created_ms: 1 }),
  history: ({ before, after, limit }) => {
    const end = before === undefined ? log.length : before - 1;
    const start = after ?? Math.max(0, end - limit);
    return { events: log.slice(start, Math.min(end, start + limit)), more: after === undefined ? start > 0 : start + limit < log.length };
  },
};

async function call(op, fields) {
  asked.push(op);
  const refusal = refusals[op]?.shift();
  if (refusal) throw new CallError({ name: refusal, temporary: true });
  return structuredClone(answers[op](fields));
}

beforeEach(async () => {
  log = Array.from({ length: 10 }, (_, n) => event(n + 1));
  refusals = {};
  asked = [];
  store = createStore();
  sync = createSync(store, call);
  store.dispatch({ type: 'link_changed', link: { state: 'online', user: 'minji' } });
});

const push = (seq) => sync.push('event', log[seq - 1]);
const grow = (to) => { while (log.length < to) log.push(event(log.length + 1)); };
const seqs = () => store.state.timelines.get('R')?.events.map(({ seq }) => seq) ?? [];
const whole = () => seqs().at(-1) === log.length && seqs().every((seq, n, all) => n === 0 || seq === all[n - 1] + 1);
async function open() {
  await sync.connected();
  store.dispatch({ type: 'room_opened', room: 'R' });
  await sync.openRoom('R');
}

test('a push that is missing is read from the history', async () => {
  await open();
  grow(13);
  push(11);
  push(13);
  await until('the hole is filled', whole);
  assert.deepEqual(seqs().slice(-3), [11, 12, 13]);
});

test('after a reconnect the missed part is read, page by page', async () => {
  await open();
  grow(260);
  await sync.connected();
  await until('it is read', whole);
  assert.equal(seqs()[0], 1);
});

test('after a resume no list and no page is read: what was missed was pushed', async () => {
  await open();
  store.dispatch({ type: 'link_changed', link: { state: 'waiting' } });
  grow(13);
  [11, 12, 13].forEach(push);
  store.dispatch({ type: 'link_changed', link: { state: 'online', user: 'minji' } });
  asked = [];
  await sync.connected('ok');
  assert.ok(whole());
  assert.deepEqual(asked.filter((op) => op === 'rooms' || op === 'history' || op === 'me'), []);
});

test('a resume does not stand for a catching up that was broken off', async () => {
  refusals.rooms = ['offline'];
  await sync.connected();
  assert.equal(store.state.rooms.size, 0);
  await sync.connected('ok');
  assert.ok(store.state.rooms.has('R'));
});

test('a room that is not listed and was talked in meanwhile is read after the resume', async () => {
  await sync.connected();
  store.dispatch({ type: 'link_changed', link: { state: 'connecting' } });
  sync.push('event', { ...event(1), room: 'S' });
  store.dispatch({ type: 'link_changed', link: { state: 'online', user: 'minji' } });
  asked = [];
  await sync.connected('ok');
  assert.ok(asked.filter((op) => op === 'room').length >= 1);
});

test('after a long absence the room starts again from its newest page', async () => {
  await open();
  grow(2_000);
  await sync.connected();
  await until('it is read', whole);
  assert.ok(seqs()[0] > 1_000);
});

test('a room that could not be read at first is read later without anybody asking', async () => {
  refusals.history = ['overloaded'];
  await open();
  assert.deepEqual(seqs(), []);
  await until('it is read', whole);
});

test('a list that could not be read right after the connect is read later', async () => {
  refusals.rooms = ['unavailable', 'unavailable'];
  await sync.connected();
  await until('the room is there', () => store.state.rooms.has('R'));
});

test('a refused page of history is not asked for again at once', async () => {
  grow(300);
  await open();
  refusals.history = ['overloaded'];
  asked = [];
  await sync.page('R', 'older');
  await sync.page('R', 'older');
  assert.equal(asked.length, 1);
  await until('it may be asked for again', () => store.state.timelines.get('R').loading === null);
});

test('who is told when to come does not ask before, whatever comes meanwhile', async () => {
  await open();
  grow(25);
  refusals.history = ['overloaded'];
  asked = [];
  for (let n = 0; n < 5; n++) {
    sync.push('head', { room: 'R', last_seq: 25 });
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(asked.filter((op) => op === 'history').length, 1);
  await until('all is read', whole);
});

test('a name is asked for once, however often it is shown', async () => {
  await open();
  for (let n = 0; n < 5; n++) sync.wantName('tomas');
  await until('it is there', () => store.state.names.get('tomas') === 'TOMAS');
  sync.wantName('tomas');
  assert.equal(asked.filter((op) => op === 'profile').length, 1);
});

test('a room that does not exist is left again', async () => {
  await sync.connected();
  store.dispatch({ type: 'room_opened', room: 'X' });
  const missing = createSync(store, async () => { throw new CallError({ name: 'not_found' }); });
  await missing.openRoom('X');
  assert.equal(store.state.open, null);
});

test('a head is followed to the end of the log', async () => {
  await open();
  grow(25);
  sync.push('head', { room: 'R', last_seq: 25 });
  await until('all is read', whole);
  assert.equal(store.state.rooms.get('R').last_seq, 25);
});

test('the size of a room is what was pushed last', async () => {
  await open();
  sync.push('size', { room: 'R', members: 4_000 });
  assert.equal(store.state.rooms.get('R').members, 4_000);
  asked.length = 0;
  sync.push('event', { ...event(11), kind: 'joined' });
  log.push({ ...event(11), kind: 'joined' });
  await new Promise((done) => setTimeout(done, 200));
  assert.deepEqual(asked.filter((op) => op === 'members' || op === 'room'), [], 'who comes into a large room costs nobody a look');
});

test('a room that gets less is read once after a wait, and at once when it is calm', async () => {
  await open();
  asked.length = 0;
  sync.push('shed', { room: 'R', level: 'heads', shed: ['heads'], spread_ms: 60_000 });
  grow(25);
  for (const last_seq of [18, 25]) sync.push('head', { room: 'R', last_seq });
  push(25);
  assert.deepEqual([asked, whole()], [[], false]);
  sync.push('shed', { room: 'R', level: 'none', shed: [], spread_ms: 1_000 });
  await until('all is read', whole);
});
