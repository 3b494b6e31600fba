// The client side of `madang.v1+json`: one WebSocket, replies matched by id, and coming back by itself, at
// another node if need be.

import { Ways } from './ways.js';

const BACKOFF_BASE_MS = 500;
const BACKOFF_MAX_MS = 30_000;
const CALL_TIMEOUT_MS = 15_000;
const OPEN_TIMEOUT_MS = 10_000;
/** Closes before 3000 after which coming back would only repeat the mistake. */
const BROKEN_CLIENT = new Set([1002, 1003, 1007, 1009]);

/** A refusal by the server, or our own `offline` and `timeout`. */
export class CallError extends Error {
  constructor({ name, message, code = 0, temporary = false, retry_after_ms = 0 }) {
    super(message ?? name);
    Object.assign(this, { name, code, temporary, retry_after_ms });
  }
}

/** Full jitter: anywhere between now and the back-off, so that many clients don't return as one. */
export function reconnectDelayMs(attempt, random = Math.random) {
  return random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** attempt);
}

/** What a close code asks for: `again`, `stop`, or `login` where the session is gone. */
export function afterClose(code) {
  if (code === 3500 || code === 3502 || code === 3505) return 'login';
  const stop = BROKEN_CLIENT.has(code) || (code >= 3500 && code <= 3999) || (code >= 4500 && code <= 4999);
  return stop ? 'stop' : 'again';
}

/**
 * Connects with a token and stays connected.
 * `onLink({state, …})` hears `connecting`, `online` (with the server's `connect` answer; with `resume: 'ok'`
 * in it `onPush` has heard all that was missed), `waiting`
 * (with `until_ms`), `stopped` (with `code`) and `ended` (the session is no longer valid).
 */
export class Connection {
  #ways; #onLink; #onPush; #token = null;
  #socket = null; #calls = new Map(); #nextId = 1; #online = false;
  #attempt = 0; #retryTimer = 0; #drainMs = null;
  #watchTimer = 0; #quietMaxMs = 60_000; #heardMs = 0;
  /** Where to go on after a break. In memory only, like what it stands for: a reloaded page begins anew. */
  #cursor = null;

  constructor({ url, onLink, onPush }) {
    this.#ways = new Ways(url);
    this.#onLink = onLink;
    this.#onPush = onPush;
  }

  start(token) {
    this.#token = token;
    this.#cursor = null;
    this.#attempt = 0;
    this.#open();
  }

  stop() {
    this.#token = null;
    this.#drop();
  }

  /** Skips the rest of a waiting time: the network came back, or a person asked. */
  retryNow() {
    if (this.#token !== null && this.#socket === null) {
      this.#attempt = 0;
      this.#open();
    }
  }

  /** Sends a command; resolves with its answer or rejects with a CallError. */
  call(op, fields = {}) {
    if (!this.#online) return Promise.reject(offline());
    return this.#command(op, fields);
  }

  #command(op, fields) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#calls.delete(id);
        reject(new CallError({ name: 'timeout', temporary: true }));
      }, CALL_TIMEOUT_MS);
      this.#calls.set(id, { op, resolve, reject, timer });
      this.#socket.send(JSON.stringify({ id, [op]: fields }));
    });
  }

  #open() {
    this.#drop();
    this.#onLink({ state: 'connecting' });
    const socket = new WebSocket(this.#ways.current, 'madang.v1+json');
    this.#socket = socket;
    this.#heard();
    this.#quietMaxMs = OPEN_TIMEOUT_MS;
    this.#watch();
    socket.onopen = () => this.#connect(socket);
    socket.onmessage = (message) => this.#hear(message.data);
    socket.onclose = (close) => this.#closed(socket, close.code);
  }

  async #connect(socket) {
    try {
      const cursor = this.#cursor === null ? {} : { cursor: this.#cursor };
      const answer = await this.#command('connect', { token: this.#token, ...cursor });
      if (socket !== this.#socket) return;
      this.#cursor = answer.cursor;
      this.#ways.told(answer.nodes);
      this.#online = true;
      this.#attempt = 0;
      this.#quietMaxMs = answer.ping_ms * 2.5;
      this.#onLink({ state: 'online', ...answer });
    } catch (error) {
      if (socket !== this.#socket) return;
      if (error.name === 'unauthenticated') this.#closed(socket, 3500);
      else this.#lost(1006);
    }
  }

  #hear(data) {
    this.#heard();
    for (const line of data.split('\n')) if (line.trim() !== '') this.#object(JSON.parse(line));
  }

  #object(object) {
    if (object.id !== undefined) return this.#reply(object);
    const [name] = Object.keys(object);
    if (name === undefined) this.#socket?.send('{}');
    else if (name === 'cursor') this.#cursor = object.cursor;
    else if (name === 'drain') this.#sentAway(object.drain);
    else if (name !== 'error') this.#onPush(name, object[name]);
  }

  #sentAway({ reconnect_after_ms, nodes }) {
    this.#drainMs = reconnect_after_ms;
    this.#ways.sent(nodes);
  }

  #reply({ id, error, ...rest }) {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    clearTimeout(call.timer);
    if (error) call.reject(new CallError(error));
    else call.resolve(rest[call.op]);
  }

  #closed(socket, code) {
    if (socket !== this.#socket) return;
    const next = afterClose(code);
    if (next === 'again') return this.#lost(code);
    this.#drop();
    this.#onLink(next === 'login' ? { state: 'ended', code } : { state: 'stopped', code });
  }

  #lost() {
    // One that was lost is tried once more before the next node is, unless it said that it goes.
    if (!this.#online && this.#drainMs === null) this.#ways.failed();
    this.#drop();
    const delay_ms = reconnectDelayMs(this.#attempt++) + (this.#drainMs ?? 0);
    this.#drainMs = null;
    this.#retryTimer = setTimeout(() => this.#open(), delay_ms);
    this.#onLink({ state: 'waiting', until_ms: Date.now() + delay_ms });
  }

  /** Lets go of the socket and of everybody who waits for a reply on it. */
  #drop() {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#watchTimer);
    const socket = this.#socket;
    this.#socket = null;
    this.#online = false;
    if (socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    for (const { reject, timer } of this.#calls.values()) {
      clearTimeout(timer);
      reject(offline());
    }
    this.#calls.clear();
  }

  #heard() {
    this.#heardMs = Date.now();
  }

  /** A connection that cut out without a word is noticed by its silence: the server pings. */
  #watch() {
    this.#watchTimer = setTimeout(() => {
      if (Date.now() - this.#heardMs > this.#quietMaxMs) this.#lost();
      else this.#watch();
    }, 1_000);
  }
}

function offline() {
  return new CallError({ name: 'offline', temporary: true });
}
