// Where the page connects: at its own node, at those it is sent to, and around when nobody answers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ways } from '../../node/web/js/ways.js';

const OWN = 'ws://a:7300/v1/ws';
const B = 'ws://b:7300/v1/ws';
const C = 'ws://c:7300/v1/ws';

/** Where it is, and after each of so many failures. */
function around(ways, failures) {
  const seen = [ways.current];
  for (let n = 0; n < failures; n++) {
    ways.failed();
    seen.push(ways.current);
  }
  return seen;
}

test('without other nodes it stays with its own', () => {
  assert.deepEqual(around(new Ways(OWN), 2), [OWN, OWN, OWN]);
});

test('what a node tells is for the time when it goes away', () => {
  const ways = new Ways(OWN);
  ways.told(['http://b:7300', 'http://a:7300', 'http://c:7300']);
  assert.deepEqual(around(ways, 3), [OWN, B, C, OWN]);
});

test('who is sent away goes where it is sent, and back to its own node at last', () => {
  const ways = new Ways(OWN);
  ways.sent(['http://c:7300/', 'http://b:7300']);
  assert.deepEqual(around(ways, 3), [C, B, OWN, C]);
});

test('at another node that node is tried again first, and its own stays known', () => {
  const ways = new Ways(OWN);
  ways.sent(['http://b:7300']);
  ways.told(['http://c:7300', 'http://b:7300']);
  assert.deepEqual(around(ways, 3), [B, C, OWN, B]);
});

test('who is sent nowhere waits where it is', () => {
  const ways = new Ways(OWN);
  ways.told(['http://b:7300']);
  ways.sent([]);
  assert.equal(ways.current, OWN);
});

test('a page that came by TLS goes on by TLS only', () => {
  const ways = new Ways('wss://a/v1/ws');
  ways.sent(['http://b:7300', 'https://c']);
  assert.deepEqual(around(ways, 2), ['wss://c/v1/ws', 'wss://a/v1/ws', 'wss://c/v1/ws']);
});
