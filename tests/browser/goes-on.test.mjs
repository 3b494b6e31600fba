// A page whose node dies goes on at another, as if nothing had been.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startNodes } from './node.mjs';
import { launch, personAt, until } from './person.mjs';

let nodes;
let browser;

before(async () => {
  nodes = await startNodes(3);
  // Only then is the loss of one the loss of nothing.
  const isWhole = async () => (await (await fetch(`${nodes.urls[0]}/v1/cluster`)).json()).healthy;
  await until('the ring is whole', isWhole, 60_000);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await nodes?.stop();
});

test('a page whose node is killed goes on at another one, without being loaded anew', async () => {
  const minji = await personAt(browser, nodes.urls[0]);
  const sockets = [];
  minji.page.on('websocket', (socket) => sockets.push(new URL(socket.url()).host));
  await minji.signUp('minji', 'Minji');
  await minji.createRoom('open', { title: 'Yard' });
  await minji.say('before');
  await minji.hears('before');
  const hosts = nodes.urls.map((url) => new URL(url).host);
  await nodes.kill(0);
  await until('a socket to another node', () => hosts.slice(1).includes(sockets.at(-1)));
  await minji.say('after');
  await minji.hears('after');
  assert.deepEqual(minji.problems, []);
});
