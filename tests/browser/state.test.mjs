// The page's state machine by itself: inputs in, next state out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterClose, reconnectDelayMs } from '../../node/web/js/connection.js';
import { toSend } from '../../node/web/js/state/outbox.js';
import { inListOrder, unreadTotal } from '../../node/web/js/state/rooms.js';
import { ROOMS_KEPT, WINDOW, isBehind } from '../../node/web/js/state/timeline.js';
import { EMPTY, reduce } from '../../node/web/js/store.js';

const me = { user: 'minji', display_name: 'Minji', created_ms: 1 };
const message = (seq, { room = 'R', user = 'haru', cid = `c${seq}` } = {}) => ({ room, seq, at_ms: seq * 1_000, user, kind: 'message', cid, text: `text ${seq}` });
const messages = (from, to) => Array.from({ length: to - from + 1 }, (_, n) => message(from + n));
const room = (fields = {}) => ({ room: 'R', kind: 'group', title: 'Yard', topic: '', created_ms: 1, members: 2, last_seq: 0, last: null, my: { state: 'joined', role: 'member', read_seq: 0, unread: 0, mentions: 0 }, ...fields });
const play = (inputs, state = EMPTY) => inputs.reduce(reduce, state);
const heard = (event) => ({ type: 'event_heard', event });
const page = (where, events, more = false) => ({ type: 'page_loaded', room: 'R', where, events, more });
const START = [{ type: 'me_loaded', profile: me }, { type: 'rooms_loaded', first: true, rooms: [room()], next: null }, { type: 'room_opened', room: 'R' }];
const seqs = (state) => state.timelines.get('R').events.map((event) => event.seq);

test('an event is shown once, however often it is pushed', () => {
  const state = play([...START, page('newest', messages(1, 2)), heard(message(3)), heard(message(3)), heard(message(2))]);
  assert.deepEqual(seqs(state), [1, 2, 3]);
  assert.equal(state.rooms.get('R').my.unread, 1);
});

test('an event after a hole is not shown before the hole is filled', () => {
  const before = play([...START, page('newest', messages(1, 2)), heard(message(5))]);
  assert.deepEqual(seqs(before), [1, 2]);
  assert.equal(isBehind(before, 'R'), true);
  const after = reduce(before, page('missed', messages(3, 5)));
  assert.deepEqual(seqs(after), [1, 2, 3, 4, 5]);
  assert.equal(isBehind(after, 'R'), false);
});

test('an event that came between asking for a page and its answer is not doubled', () => {
  const state = play([...START, page('newest', messages(1, 3)), heard(message(4)), page('missed', messages(4, 4))]);
  assert.deepEqual(seqs(state), [1, 2, 3, 4]);
});

test('the window stays bounded at both ends and says what it cut', () => {
  const full = play([...START, page('newest', messages(501, 900), true)]);
  const up = reduce(full, page('older', messages(401, 500), true));
  assert.deepEqual([seqs(up).length, seqs(up)[0], seqs(up).at(-1)], [WINDOW, 401, 800]);
  assert.equal(up.timelines.get('R').newest, false);
  const down = reduce(up, page('newer', messages(801, 900), false));
  assert.deepEqual([seqs(down).length, seqs(down)[0], seqs(down).at(-1)], [WINDOW, 501, 900]);
  assert.equal(down.timelines.get('R').newest, true);
  const followed = play([{ type: 'scrolled', room: 'R', atEnd: true }, heard(message(901))], down);
  assert.deepEqual([seqs(followed)[0], seqs(followed).at(-1)], [502, 901]);
});

test('a full window whose reader looks further up lets go of the end, not of what they look at', () => {
  const state = play([...START, page('newest', messages(1, WINDOW)), { type: 'scrolled', room: 'R', atEnd: false }, heard(message(WINDOW + 1))]);
  assert.equal(seqs(state)[0], 1);
  assert.equal(state.timelines.get('R').newest, false);
  assert.equal(state.rooms.get('R').my.unread, 1);
});

test('what was missed is added for whoever follows the end, and left for later for whoever reads further up', () => {
  const before = [...START, page('newest', messages(1, WINDOW - 10))];
  const missed = page('missed', messages(WINDOW - 9, WINDOW + 20), true);
  const following = play([...before, missed]).timelines.get('R');
  assert.deepEqual([following.events[0].seq, following.events.at(-1).seq, following.newest], [21, WINDOW + 20, true]);
  const reading = play([...before, { type: 'scrolled', room: 'R', atEnd: false }, missed]).timelines.get('R');
  assert.deepEqual([reading.events[0].seq, reading.events.at(-1).seq, reading.newest], [1, WINDOW, false]);
});

test('only so many rooms keep their window, and a window that left the end is read anew', () => {
  const rooms = Array.from({ length: ROOMS_KEPT + 3 }, (_, n) => ({ type: 'room_opened', room: `room ${n}` }));
  assert.equal(play(rooms).timelines.size, ROOMS_KEPT);
  const away = play([...START, page('newest', messages(501, 900), true), page('older', messages(401, 500), true), { type: 'room_opened', room: null }]);
  assert.deepEqual(seqs(play([{ type: 'room_opened', room: 'R' }], away)), []);
});

test('own messages are not counted as unread and move the read mark', () => {
  const state = play([...START, page('newest', messages(1, 1)), heard(message(2)), heard(message(3, { user: 'minji' }))]);
  assert.deepEqual(state.rooms.get('R').my, { state: 'joined', role: 'member', read_seq: 3, unread: 0, mentions: 0 });
});

test('a read mark never moves backwards', () => {
  const state = play([...START, { type: 'read_moved', room: 'R', read_seq: 9, unread: 0 }, { type: 'read_moved', room: 'R', read_seq: 4, unread: 5 }]);
  assert.equal(state.rooms.get('R').my.read_seq, 9);
});

test('a message on its way becomes the logged one, whichever of ack and event comes first', () => {
  const queued = [...START, page('newest', messages(1, 1)), { type: 'send_queued', room: 'R', cid: 'mine', text: 'hi', at_ms: 5 }, { type: 'send_started', room: 'R', cid: 'mine' }];
  const ack = { type: 'send_acked', room: 'R', cid: 'mine', seq: 2, at_ms: 6 };
  const event = heard(message(2, { user: 'minji', cid: 'mine' }));
  for (const order of [[ack, event], [event, ack]]) {
    const state = play([...queued, ...order]);
    assert.deepEqual(state.outbox.get('R'), []);
    assert.deepEqual(seqs(state), [1, 2]);
  }
  assert.equal(play([...queued, ack]).outbox.get('R')[0].status, 'sent');
});

test('a lost connection sends what has no answer again, under the same cid', () => {
  const sends = ['a', 'b'].flatMap((cid) => [{ type: 'send_queued', room: 'R', cid, text: cid, at_ms: 5 }, { type: 'send_started', room: 'R', cid }]);
  const state = play([...START, ...sends, { type: 'link_lost' }]);
  assert.deepEqual(toSend(state.outbox.get('R'), 16), [{ cid: 'a', text: 'a' }, { cid: 'b', text: 'b', after: 'a' }]);
});

test('a send names the one before it only while that one has no answer', () => {
  const entry = (cid, status) => ({ cid, text: cid, status });
  assert.deepEqual(toSend([entry('a', 'sending'), entry('b', 'waiting')], 16), [{ cid: 'b', text: 'b', after: 'a' }]);
  assert.deepEqual(toSend([entry('a', 'sent'), entry('b', 'waiting')], 16), [{ cid: 'b', text: 'b' }]);
  assert.deepEqual(toSend([entry('a', 'failed'), entry('b', 'waiting')], 16), [{ cid: 'b', text: 'b' }]);
  assert.deepEqual(toSend([entry('a', 'sending'), entry('b', 'waiting'), entry('c', 'waiting')], 2).map(({ cid }) => cid), ['b']);
});

test('giving up one send gives up those behind it, and retrying it retries them in order', () => {
  const sends = ['a', 'b', 'c'].map((cid) => ({ type: 'send_queued', room: 'R', cid, text: cid, at_ms: 5 }));
  const failed = play([...START, ...sends, { type: 'send_failed', room: 'R', cid: 'b', error: 'timeout', andAfter: true }]);
  assert.deepEqual(failed.outbox.get('R').map(({ status }) => status), ['waiting', 'failed', 'failed']);
  const retried = reduce(failed, { type: 'send_retried', room: 'R', cid: 'b' });
  assert.deepEqual(toSend(retried.outbox.get('R'), 16).map(({ cid }) => cid), ['a', 'b', 'c']);
});

test('the list shows invitations first and then the newest activity', () => {
  const at = (id, at_ms, state = 'joined') => room({ room: id, last: message(1, { room: id }), created_ms: at_ms, my: { state, role: 'member', read_seq: 0, unread: 2 } });
  const state = play([{ type: 'rooms_loaded', first: true, next: null, rooms: [at('old', 2_000), at('new', 9_000), at('invited', 1_500, 'invited')] }]);
  assert.deepEqual(inListOrder(state).map((each) => each.room), ['invited', 'new', 'old']);
  assert.equal(unreadTotal(state), 5);
});

test('a room list read anew forgets rooms that were left meanwhile', () => {
  const state = play([{ type: 'rooms_loaded', first: true, next: null, rooms: [room(), room({ room: 'S' })] }, { type: 'rooms_loaded', first: true, next: null, rooms: [room({ room: 'S' })] }]);
  assert.deepEqual([...state.rooms.keys()], ['S']);
});

test('handing over a room makes the old owner an admin', () => {
  const mine = room({ my: { state: 'joined', role: 'owner', read_seq: 0, unread: 0 } });
  const state = play([START[0], { type: 'rooms_loaded', first: true, next: null, rooms: [mine] }, heard({ room: 'R', seq: 1, at_ms: 1, user: 'minji', kind: 'role', target: 'haru', role: 'owner' })]);
  assert.equal(state.rooms.get('R').my.role, 'admin');
});

test('a close code says whether to come back', () => {
  const cases = { again: [1001, 1006, 3000, 3001, 3002, 3003, 4000], login: [3500, 3502], stop: [1002, 1003, 1007, 1009, 3501, 3504, 3999, 4500] };
  for (const [wanted, codes] of Object.entries(cases)) for (const code of codes) assert.equal(afterClose(code), wanted, String(code));
});

test('the delay before a reconnect has full jitter and a limit', () => {
  assert.equal(reconnectDelayMs(0, () => 1), 500);
  assert.equal(reconnectDelayMs(3, () => 0.5), 2_000);
  assert.equal(reconnectDelayMs(40, () => 1), 30_000);
  assert.equal(reconnectDelayMs(5, () => 0), 0);
});
