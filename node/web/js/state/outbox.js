// Own messages on their way, per room and in order. Status: `waiting` (to be sent), `sending` (no answer yet),
// `sent` (acknowledged, its event not heard yet) and `failed` (a person decides: retry or discard).

const get = (state, room) => state.outbox.get(room) ?? [];
const put = (state, room, entries) => ({ ...state, outbox: new Map(state.outbox).set(room, entries) });

function change(state, room, cid, fields) {
  const entries = get(state, room);
  if (!entries.some((entry) => entry.cid === cid)) return state;
  return put(state, room, entries.map((entry) => (entry.cid === cid ? { ...entry, ...fields } : entry)));
}

const drop = (state, room, gone) => {
  const entries = get(state, room);
  const left = entries.filter((entry) => !gone(entry));
  return left.length === entries.length ? state : put(state, room, left);
};

export const outbox = {
  outbox_restored: (state, { rooms }) => ({ ...state, outbox: new Map(rooms.map(([room, entries]) => [room, entries.map(unanswered)])) }),

  /** `extra`: what is sent beside the text, for example whom it answers. */
  send_queued(state, { room, cid, text, at_ms, extra }) {
    const entry = { cid, text, at_ms, status: 'waiting', tries: 0, error: null, ...(extra && { extra }) };
    return put(state, room, [...get(state, room), entry]);
  },

  send_started: (state, { room, cid }) => change(state, room, cid, { status: 'sending' }),

  send_acked(state, { room, cid, seq, at_ms }) {
    const timeline = state.timelines.get(room);
    // The event may have come first, or lies where the window doesn't reach: then nothing is left to show.
    const shown = !timeline?.newest || seq <= (timeline.events.at(-1)?.seq ?? 0);
    return shown ? drop(state, room, (entry) => entry.cid === cid) : change(state, room, cid, { status: 'sent', seq, at_ms });
  },

  /** To be tried again; `counts` tells a refusal of this very send from one that it shares with others. */
  send_delayed(state, { room, cid, counts }) {
    const entry = get(state, room).find((each) => each.cid === cid);
    return entry ? change(state, room, cid, { status: 'waiting', tries: entry.tries + (counts ? 1 : 0) }) : state;
  },

  /** Given up. With `andAfter` those behind it fail too: it may have happened, so they must not overtake it. */
  send_failed(state, { room, cid, error, andAfter }) {
    const entries = get(state, room);
    const at = entries.findIndex((entry) => entry.cid === cid);
    if (at < 0) return state;
    const fails = (entry, index) => index === at || (andAfter && index > at && entry.status !== 'sent');
    return put(state, room, entries.map((entry, index) => (fails(entry, index) ? { ...entry, status: 'failed', error } : entry)));
  },

  /** From the chosen one on, everything that failed goes out again, under the same cids and in the same order. */
  send_retried(state, { room, cid }) {
    const entries = get(state, room);
    const at = entries.findIndex((entry) => entry.cid === cid);
    const again = (entry, index) => at >= 0 && index >= at && entry.status === 'failed';
    return put(state, room, entries.map((entry, index) => (again(entry, index) ? { ...entry, status: 'waiting', tries: 0, error: null } : entry)));
  },

  send_discarded: (state, { room, cid }) => drop(state, room, (entry) => entry.cid === cid),

  event_heard(state, { event }) {
    if (event.kind !== 'message' || event.user !== state.me?.user) return state;
    return drop(state, event.room, (entry) => entry.cid === event.cid);
  },

  page_loaded(state, { room, events }) {
    const cids = new Set(events.filter((event) => event.user === state.me?.user).map((event) => event.cid));
    return drop(state, room, (entry) => cids.has(entry.cid));
  },

  /** Without a connection nobody will answer: what was on its way is sent again after the next connect. */
  link_lost(state) {
    const rooms = new Map();
    for (const [room, entries] of state.outbox) rooms.set(room, entries.map(unanswered));
    return { ...state, outbox: rooms };
  },
};

const unanswered = (entry) => (entry.status === 'sending' ? { ...entry, status: 'waiting' } : entry);

/**
 * What can go out now, in order, each with the cid that must be in the log before it (`after`).
 * An acknowledged or failed one needs not be waited for; one without an answer does.
 */
export function toSend(entries, inFlightMax) {
  const out = [];
  let after;
  let inFlight = 0;
  for (const { cid, text, status, extra } of entries) {
    if (status === 'failed' || status === 'sent') continue;
    if (++inFlight > inFlightMax) break;
    if (status === 'waiting') out.push({ cid, text, ...extra, ...(after && { after }) });
    after = cid;
  }
  return out;
}
