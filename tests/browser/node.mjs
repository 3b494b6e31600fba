// Starts and stops the node under test: the binary in MADANG_BIN, or one already running at MADANG_URL.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const START_LIMIT_MS = 30_000;

/** `{ url, canRestart, kill(), stop() }`: `kill` only where the process is ours. */
export async function startNode({ settings = [] } = {}) {
  const { MADANG_URL, MADANG_BIN } = process.env;
  if (MADANG_URL) return { url: MADANG_URL.replace(/\/$/, ''), canRestart: false, stop: async () => {} };
  if (!MADANG_BIN) throw new Error('set MADANG_BIN to the madang binary, or MADANG_URL to a running node');
  const dir = await mkdtemp(path.join(tmpdir(), 'madang-browser-'));
  const more = settings.flatMap((pair) => ['--set', pair]);
  let running = await spawnNode(MADANG_BIN, dir, '127.0.0.1:0', more);
  return {
    url: running.url,
    canRestart: true,
    /** Ends the node without warning; gives the function that brings it back, with the same data and port. */
    async kill() {
      await end(running.child, 'SIGKILL');
      const listen = new URL(running.url).host;
      return async () => { running = await spawnNode(MADANG_BIN, dir, listen, more); };
    },
    async stop() {
      await end(running.child, 'SIGTERM');
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Several nodes that are one cluster: `{ urls, kill(index), stop() }`. */
export async function startNodes(count) {
  const { MADANG_BIN } = process.env;
  if (!MADANG_BIN) throw new Error('set MADANG_BIN to the madang binary');
  const dir = await mkdtemp(path.join(tmpdir(), 'madang-browser-'));
  const peers = (await freePorts(count)).map((port) => `127.0.0.1:${port}`);
  const started = peers.map((peer, index) => spawnNode(MADANG_BIN, path.join(dir, String(index)), '127.0.0.1:0', ['--peer-listen', peer, '--seeds', peers.join(',')]));
  const outcomes = await Promise.allSettled(started);
  const running = outcomes.map(({ value }) => value);
  const stop = async () => {
    await Promise.all(running.filter(Boolean).map(({ child }) => end(child, 'SIGKILL')));
    await rm(dir, { recursive: true, force: true });
  };
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { urls: running.map(({ url }) => url), kill: (index) => end(running[index].child, 'SIGKILL'), stop };
}

/** Ports that were free a moment ago, all different. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function spawnNode(bin, dir, listen, more) {
  await mkdir(dir, { recursive: true });
  const ready = path.join(dir, 'ready.json');
  await rm(ready, { force: true });
  const child = spawn(bin, ['serve', '--data-dir', path.join(dir, 'data'), '--http-listen', listen, '--ready-file', ready, ...(more.includes('--peer-listen') ? [] : ['--peer-listen', '127.0.0.1:0']), ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { said = (said + data).slice(-8_000); });
  const until = Date.now() + START_LIMIT_MS;
  while (Date.now() < until && child.exitCode === null) {
    // Not there yet, or not yet written to its end.
    const url = await readFile(ready, 'utf8').then((text) => JSON.parse(text).http).catch(() => null);
    if (url) return { child, url };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await end(child, 'SIGKILL');
  throw new Error(`the node was not ready within ${START_LIMIT_MS} ms, or ended (${child.exitCode}):\n${said}`);
}

async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}
