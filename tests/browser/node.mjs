// Starts and stops the node under test: the binary in MADANG_BIN, or one already running at MADANG_URL.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const START_LIMIT_MS = 30_000;

/** `{ url, canRestart, kill(), stop() }`: `kill` only where the process is ours. */
export async function startNode() {
  const { MADANG_URL, MADANG_BIN } = process.env;
  if (MADANG_URL) return { url: MADANG_URL.replace(/\/$/, ''), canRestart: false, stop: async () => {} };
  if (!MADANG_BIN) throw new Error('set MADANG_BIN to the madang binary, or MADANG_URL to a running node');
  const dir = await mkdtemp(path.join(tmpdir(), 'madang-browser-'));
  let running = await spawnNode(MADANG_BIN, dir, '127.0.0.1:0');
  return {
    url: running.url,
    canRestart: true,
    /** Ends the node without warning; gives the function that brings it back, with the same data and port. */
    async kill() {
      await end(running.child, 'SIGKILL');
      const listen = new URL(running.url).host;
      return async () => { running = await spawnNode(MADANG_BIN, dir, listen); };
    },
    async stop() {
      await end(running.child, 'SIGTERM');
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function spawnNode(bin, dir, listen) {
  const ready = path.join(dir, 'ready.json');
  await rm(ready, { force: true });
  const child = spawn(bin, ['serve', '--data-dir', path.join(dir, 'data'), '--http-listen', listen, '--ready-file', ready], { stdio: ['ignore', 'pipe', 'pipe'] });
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
