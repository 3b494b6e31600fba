// The sender against a scripted server that refuses, times out and disconnects: once each and in order all the same.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { CallError } from '../../node/web/js/connection.js';
import { createSender } from '../../node/web/js/sender.js';
import { createStore } from '../../node/web/js/store.js';
import { until } from './person.mjs';

globalThis.document ??= { hidden: true };

let store;
let server;
let sender;

/** Logs sends as the protocol says; `refusals` are what the next sends get instead, `lost` are logged without an answer. */
function scriptedServer() {
  const log = [];
  const script = [];
  return {
    log,
    script,
    async send({ cid, text, after }) {
      const step = script.shift();
      if (step?.refuse) throw new CallError({ name: step.refuse, temporary: step.temporary ?? true });
      if (after && !log.some((each) => each.cid === after)) throw new CallError({ name: 'out_of_order', temporary: true });
      const known = log.findIndex((each) => each.cid === cid);
      if (known < 0) log.push({ cid, text });
      if (step?.lose) throw new CallError({ name: step.lose, temporary: true });
      return { seq: (known < 0 ? log.length : known + 1), at_ms: 1, dup: known >= 0 };
    },
  };
}

beforeEach(() => {
  store = createStore();
  server = scriptedServer();
  sender = createSender(store, (op, fields) => server.send(fields), () => {});
  store.hear((state, input) => input.type !== 'link_changed' && sender.pump());
  online();
});

const online = () => store.dispatch({ type: 'link_changed', link: { state: 'online', user: 'minji' } });
const texts = () => server.log.map(({ text }) => text);
const entries = () => store.state.outbox.get('R') ?? [];
const say = (...all) => all.forEach((text) => sender.send('R', text));

test('a refusal in front of a pipeline lets nobody overtake', async () => {
  server.script.push({ refuse: 'unavailable' });
  say('one', 'two', 'three');
  await until('all are logged', () => server.log.length === 3);
  assert.deepEqual(texts(), ['one', 'two', 'three']);
});

test('an answer that got lost does not double the message', async () => {
  server.script.push({ lose: 'timeout' }, {}, { lose: 'timeout' });
  say('one', 'two', 'three');
  await until('all are answered', () => entries().every((entry) => entry.status === 'sent') || entries().length === 0);
  assert.deepEqual(texts(), ['one', 'two', 'three']);
});

test('what was on its way when the connection went is sent after the next connect', async () => {
  server.script.push({ refuse: 'offline' }, { refuse: 'offline' });
  say('one', 'two');
  store.dispatch({ type: 'link_changed', link: { state: 'waiting' } });
  await until('both wait', () => entries().length === 2 && entries().every((entry) => entry.status === 'waiting'));
  assert.deepEqual(texts(), []);
  online();
  sender.pump();
  await until('both are logged', () => server.log.length === 2);
  assert.deepEqual(texts(), ['one', 'two']);
});

test('a message refused for good fails alone, and those behind it go on', async () => {
  server.script.push({ refuse: 'forbidden', temporary: false });
  say('one', 'two', 'three');
  await until('the others are logged', () => server.log.length === 2);
  assert.deepEqual(texts(), ['two', 'three']);
  assert.deepEqual(entries().filter((entry) => entry.status === 'failed').map(({ text, error }) => [text, error]), [['one', 'forbidden']]);
});

test('a failed message is retried under the same cid, or discarded', async () => {
  server.script.push({ refuse: 'forbidden', temporary: false }, { refuse: 'forbidden', temporary: false });
  say('one', 'two');
  await until('both failed', () => entries().length === 2 && entries().every((entry) => entry.status === 'failed'));
  const [one, two] = entries();
  sender.discard('R', two.cid);
  sender.retry('R', one.cid);
  await until('it is logged', () => server.log.length === 1);
  assert.deepEqual(server.log, [{ cid: one.cid, text: 'one' }]);
});
