// Gets own messages to the server, once each and in order: pipelined, chained by `after`, retried with the same cid.

import { outboxOf } from './session.js';
import { toSend } from './state/outbox.js';

const IN_FLIGHT_MAX = 16;
const TRIES_MAX = 6;
const RETRY_BASE_MS = 400;
const RETRY_MAX_MS = 8_000;
/** After an ack the event should come by itself; if it doesn't, it is read from the history. */
const EVENT_LATE_MS = 2_000;

export function createSender(store, call, fill) {
  const resting = new Map();
  let pumping = false;

  function send(room, text, extra) {
    store.dispatch({ type: 'send_queued', room, cid: newCid(), text, at_ms: Date.now(), ...(extra && { extra }) });
  }

  /** Sends what can go out now. Called whenever the outbox or the link changed. */
  function pump() {
    // Sending changes the outbox, which calls us again: the outer call goes through the whole list already.
    if (pumping || store.state.link.state !== 'online') return;
    pumping = true;
    for (const [room, entries] of store.state.outbox) {
      if (!resting.has(room)) for (const next of toSend(entries, IN_FLIGHT_MAX)) transmit(room, next);
    }
    pumping = false;
  }

  async function transmit(room, message) {
    const { cid } = message;
    store.dispatch({ type: 'send_started', room, cid });
    try {
      const { seq, at_ms } = await call('send', { room, ...message });
      store.dispatch({ type: 'send_acked', room, cid, seq, at_ms });
      setTimeout(() => stillSent(room, cid) && fill(room, true), EVENT_LATE_MS);
    } catch (error) {
      refused(room, cid, error);
    }
  }

  function refused(room, cid, error) {
    if (error.name === 'offline') return store.dispatch({ type: 'link_lost' });
    if (!error.temporary) return store.dispatch({ type: 'send_failed', room, cid, error: error.name, andAfter: false });
    const counts = error.name !== 'out_of_order';
    const tries = find(room, cid)?.tries ?? 0;
    if (counts && tries + 1 >= TRIES_MAX) return store.dispatch({ type: 'send_failed', room, cid, error: error.name, andAfter: true });
    rest(room, Math.max(error.retry_after_ms, Math.random() * Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** tries)));
    store.dispatch({ type: 'send_delayed', room, cid, counts });
  }

  /** Nothing goes out to this room for a while; the first refusal of a burst sets for how long. */
  function rest(room, delay_ms) {
    if (resting.has(room)) return;
    resting.set(room, setTimeout(() => {
      resting.delete(room);
      pump();
    }, delay_ms));
  }

  const find = (room, cid) => store.state.outbox.get(room)?.find((entry) => entry.cid === cid);
  const stillSent = (room, cid) => find(room, cid)?.status === 'sent';

  function retry(room, cid) {
    clearTimeout(resting.get(room));
    resting.delete(room);
    store.dispatch({ type: 'send_retried', room, cid });
  }

  const discard = (room, cid) => store.dispatch({ type: 'send_discarded', room, cid });

  /** Writes down what is not acknowledged yet, so that a reload of the page finds it. */
  function save(user) {
    const left = [...store.state.outbox].map(([room, entries]) => [room, entries.filter((entry) => entry.status !== 'sent')]);
    outboxOf(user).write(left.filter(([, entries]) => entries.length > 0));
  }

  const restore = (user) => store.dispatch({ type: 'outbox_restored', rooms: outboxOf(user).read() });

  return { send, pump, retry, discard, save, restore };
}

/** `crypto.randomUUID` exists only on https and localhost; a node on a plain local network has neither. */
export function newCid() {
  return crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
