// Who is there, who types, how far others have read, and what people are to each other: the page's state.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAttention } from '../../node/web/js/attention.js';
import { TYPING_MS, presenceOf, reachedBy, statusOf, typingIn } from '../../node/web/js/state/presence.js';
import { movesOf } from '../../node/web/js/state/reports.js';
import { contactLists, requestsWaiting } from '../../node/web/js/state/relations.js';
import { EMPTY, createStore, reduce } from '../../node/web/js/store.js';

globalThis.document ??= { hidden: true };

const START = [{ type: 'me_loaded', profile: { user: 'minji', display_name: 'Minji' } }];
const play = (...inputs) => [...START, ...inputs].reduce(reduce, EMPTY);
const typing = (user, on, at_ms = 0) => ({ type: 'typing_heard', room: 'R', user, on, at_ms });

test('idle is neither here nor gone, and a status holds as long as it says', () => {
  const state = play({ type: 'presence_heard', user: 'haru', state: 'idle', status: { emoji: '🍜', text: 'lunch', expires_ms: 100 } });
  assert.equal(presenceOf(state, 'haru'), 'idle');
  assert.equal(presenceOf(state, 'nobody'), 'offline');
  assert.deepEqual([statusOf(state, 'haru', 99), statusOf(state, 'haru', 100)], ['🍜 lunch', '']);
});

test('members tell who is there without forgetting what they say of it', () => {
  const heard = { type: 'presence_heard', user: 'haru', state: 'online', status: { text: 'lunch' } };
  const state = play(heard, { type: 'members_loaded', room: 'R', first: true, next: null, members: [{ user: 'haru', display_name: 'Haru', role: 'member', state: 'joined', online: true, presence: 'idle' }] });
  assert.deepEqual([presenceOf(state, 'haru'), statusOf(state, 'haru', 0)], ['idle', 'lunch']);
});

test('typing ends when it is taken back, when the message comes, and by itself', () => {
  const both = play(typing('haru', true), typing('jun', true, 1_000), typing('minji', true));
  assert.deepEqual(typingIn(both, 'R'), ['haru', 'jun']);
  assert.deepEqual(typingIn(reduce(both, typing('jun', false)), 'R'), ['haru']);
  assert.deepEqual(typingIn(reduce(both, { type: 'event_heard', event: { room: 'R', seq: 1, at_ms: 1, kind: 'message', user: 'haru', text: 'x' } }), 'R'), ['jun']);
  assert.deepEqual(typingIn(reduce(both, { type: 'typing_aged', at_ms: TYPING_MS }), 'R'), ['jun']);
});

test('receipts only grow, and oneself is not among those who have read', () => {
  const receipt = (user, read_seq, received_seq) => ({ type: 'receipt_heard', room: 'R', user, read_seq, received_seq });
  const state = play({ type: 'receipts_loaded', room: 'R', receipts: [{ user: 'haru', read_seq: 5, received_seq: 5 }, { user: 'jun', read_seq: 1, received_seq: 1 }] }, receipt('haru', 3, 4), receipt('jun', 1, 6), receipt('minji', 9, 9));
  assert.deepEqual(reachedBy(state, 'R', 5), { read: ['haru'], received: ['jun'] });
});

test('an invitation waits until it is answered, here or on another device', () => {
  const waiting = { type: 'invitations_loaded', invitations: [{ room: { room: 'R' }, by: 'haru', at_ms: 5 }, { room: { room: 'S' }, by: 'jun', at_ms: 6 }] };
  assert.deepEqual(play(waiting).invitations.get('R'), { by: 'haru', at_ms: 5 });
  const answered = play(waiting, { type: 'room_loaded', room: { room: 'R', my: { state: 'joined' } } }, { type: 'room_removed', room: 'S' });
  assert.equal(answered.invitations.size, 0);
});

test('contacts are listed by what they are, and leave the list when it ends', () => {
  const contact = (user, state) => ({ type: 'contact_heard', user, state, at_ms: 1 });
  const state = play(contact('haru', 'asking'), contact('jun', 'contact'), contact('sol', 'asked'), { type: 'block_heard', user: 'troll', blocked: true });
  assert.deepEqual(contactLists(state), { asking: ['haru'], contact: ['jun'], asked: ['sol'], blocked: ['troll'] });
  assert.equal(requestsWaiting(state), 1);
  const over = [contact('haru', 'none'), { type: 'block_heard', user: 'troll', blocked: false }].reduce(reduce, state);
  assert.deepEqual([requestsWaiting(over), over.blocks.size], [0, 0]);
});

/** An attention with a clock in hand; `asked` is what it said to the server. */
function attention(answers = {}) {
  const store = createStore();
  const asked = [];
  const clock = { ms: 10_000 };
  store.dispatch({ type: 'link_changed', link: { state: 'online', user: 'minji' } });
  const call = async (op, fields) => {
    asked.push([op, fields]);
    if (answers[op] instanceof Error) throw answers[op];
    return answers[op] ?? {};
  };
  return { own: createAttention(store, call, () => clock.ms), asked, clock };
}

test('typing is said at once, again every four seconds, and taken back only if it was said', () => {
  const { own, asked, clock } = attention();
  own.types('R', false);
  own.types('R', true);
  clock.ms += 3_999;
  own.types('R', true);
  clock.ms += 1;
  own.types('R', true);
  own.types('R', false);
  own.types('R', false);
  assert.deepEqual(asked.map(([, { on }]) => on), [true, true, false]);
});

test('a room that does without typing is not told again', async () => {
  const { own, asked, clock } = attention({ typing: Object.assign(new Error(), { name: 'feature_off' }) });
  own.types('R', true);
  await Promise.resolve();
  await Promise.resolve();
  clock.ms += 9_000;
  own.types('R', true);
  assert.equal(asked.length, 1);
});

test('a page that is looked at again does not end being invisible', async () => {
  const { own, asked } = attention({ set_presence: { invisible: true } });
  await own.looks(true);
  await own.looks(false);
  assert.deepEqual(asked, [['set_presence', { state: 'idle' }]]);
});

test('a report is taken before it is closed, and closed by whoever has taken it', () => {
  const taken = { state: 'taken', steps: [{ state: 'taken', by: 'jun' }, { state: 'open', by: 'jun' }, { state: 'taken', by: 'minji' }] };
  assert.deepEqual(movesOf({ state: 'open', steps: [] }, 'minji'), ['taken']);
  assert.deepEqual(movesOf(taken, 'minji'), ['resolved', 'dismissed', 'open']);
  assert.deepEqual(movesOf(taken, 'jun'), ['taken']);
  assert.deepEqual(movesOf({ state: 'dismissed', steps: [] }, 'minji'), ['open']);
});
