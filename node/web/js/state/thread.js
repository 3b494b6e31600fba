// The thread that is open beside its room: the message it hangs on, and the window over its replies that is in memory.

import { eventsAfter, messageAfter } from './messages.js';

/** So many replies are kept: what grows at one end is cut at the other, as in a room. */
export const THREAD_WINDOW = 200;

const START = { events: [], older: false, newest: true, loading: null, error: null, behind: false };

const isOf = (thread, room, seq) => thread !== null && thread.room === room && thread.seq === seq;
const closed = (state) => (state.thread === null ? state : { ...state, thread: null });
const changed = (state, { room, seq }, fields) => (isOf(state.thread, room, seq) ? { ...state, thread: { ...state.thread, ...fields } } : state);

/** A message of a room, wherever it is in memory. */
export function messageAt(state, room, seq) {
  const known = state.timelines.get(room)?.events.find((event) => event.seq === seq);
  if (known !== undefined || state.thread?.room !== room) return known;
  return [state.thread.root, ...state.thread.events].find((event) => event?.seq === seq);
}

export const thread = {
  thread_opened: (state, { room, seq }) => ({ ...state, thread: { room, seq, root: messageAt(state, room, seq) ?? null, ...START } }),
  thread_closed: closed,
  room_opened: (state, { room }) => (state.thread?.room === room ? state : closed(state)),
  room_removed: (state, { room }) => (state.thread?.room === room ? closed(state) : state),

  thread_root_loaded: (state, { root }) => changed(state, { room: root.room, seq: root.seq }, { root }),
  thread_page_asked: (state, input) => changed(state, input, { loading: input.where, error: null }),
  thread_page_failed: (state, input) => changed(state, input, { loading: null, error: input.error }),

  thread_page_loaded(state, input) {
    const { thread } = state;
    if (!isOf(thread, input.room, input.seq)) return state;
    const next = input.where === 'older' ? withOlder(thread, input) : withNewest(thread, input);
    return { ...state, thread: { ...thread, loading: null, error: null, ...next } };
  },

  /** Without a connection no page is on its way. */
  link_lost: (state) => (state.thread?.loading ? { ...state, thread: { ...state.thread, loading: null } } : state),

  event_heard(state, { event }) {
    const { thread } = state;
    if (thread === null || event.room !== thread.room) return state;
    const me = state.me?.user;
    const next = { root: thread.root && messageAfter(thread.root, event, me), ...withReply(thread, eventsAfter(thread.events, event, me), event) };
    return Object.keys(next).every((name) => next[name] === thread[name]) ? state : { ...state, thread: { ...thread, ...next } };
  },
};

/** Replies have numbers, so that one that was not pushed is noticed. */
function withReply(thread, events, event) {
  const last = events.at(-1);
  if (event.kind !== 'message' || event.thread !== thread.seq || !thread.newest || event.seq <= (last?.seq ?? 0)) return { events };
  const expected = (last?.thread_number ?? 0) + 1;
  const hole = event.thread_number > expected && thread.loading !== 'newest';
  if (hole) return { events, behind: true };
  const all = [...events, event];
  return all.length <= THREAD_WINDOW ? { events: all } : { events: all.slice(-THREAD_WINDOW), older: true };
}

/** What was pushed while the page was on its way stays behind it. */
function withNewest(thread, { events, more }) {
  const last = events.at(-1)?.seq ?? 0;
  const later = thread.newest ? thread.events.filter((event) => event.seq > last) : [];
  return { events: [...events, ...later].slice(-THREAD_WINDOW), older: more, newest: true, behind: false };
}

function withOlder(thread, { events, more }) {
  const first = thread.events[0]?.seq ?? Infinity;
  const all = [...events.filter((event) => event.seq < first), ...thread.events];
  return all.length <= THREAD_WINDOW ? { events: all, older: more } : { events: all.slice(0, THREAD_WINDOW), older: more, newest: false };
}
