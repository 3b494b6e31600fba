// The part of a room's log that is in memory and on the screen: a window without holes over `seq`.
// It is bounded, so that a room with a long history stays as fast as a new one: what grows at one end
// is cut at the other.

import { eventsAfter } from './messages.js';

export const WINDOW = 400;
export const PAGE = 100;
/** Of how many rooms the window is kept, for coming back to them at once. */
export const ROOMS_KEPT = 12;

/**
 * What a room that has just been opened has: nothing yet, and the newest page is wanted. Messages show what
 * the events up to `applied` did to them; a page shows them as they are already.
 */
const START = { events: [], applied: 0, older: true, newest: true, following: true, loading: null, divider: null };

const get = (state, room) => state.timelines.get(room);
const put = (state, room, timeline) => ({ ...state, timelines: new Map(state.timelines).set(room, timeline) });

export const lastSeq = (timeline) => timeline.events.at(-1)?.seq ?? 0;

export const timelines = {
  /** Opening a room notes where reading stopped; the line "new messages" stays there while it is open. */
  room_opened(state, { room }) {
    if (room === null || state.open === room) return state;
    const my = state.rooms.get(room)?.my;
    const divider = my && my.unread > 0 ? my.read_seq : null;
    const known = get(state, room);
    const timelines = new Map(state.timelines);
    timelines.delete(room);
    timelines.set(room, { ...(known?.newest ? known : START), divider, following: true });
    // The map is in the order of opening: what was opened longest ago is forgotten.
    if (timelines.size > ROOMS_KEPT) timelines.delete(timelines.keys().next().value);
    return { ...state, timelines };
  },

  page_asked(state, { room, where }) {
    const timeline = get(state, room);
    return timeline ? put(state, room, { ...timeline, loading: where }) : state;
  },

  page_failed(state, { room }) {
    const timeline = get(state, room);
    return timeline ? put(state, room, { ...timeline, loading: null }) : state;
  },

  /** Without a connection no page is on its way. */
  link_lost(state) {
    const timelines = new Map();
    for (const [room, timeline] of state.timelines) timelines.set(room, { ...timeline, loading: null });
    return { ...state, timelines };
  },

  page_loaded(state, { room, where, events, more }) {
    const timeline = get(state, room);
    if (timeline === undefined) return state;
    const next = { ...timeline, loading: null };
    const known = where === 'missed' || where === 'newer' ? caughtUp(timeline, events, state.me?.user) : timeline;
    if (where === 'newest') Object.assign(next, { events, older: more, newest: true });
    if (where === 'around') Object.assign(next, around(events, more, state.rooms.get(room)?.last_seq ?? 0));
    if (where === 'older') Object.assign(next, withOlder(known, events, more));
    if (where === 'missed') Object.assign(next, withMissed(known, events));
    if (where === 'newer') Object.assign(next, withNewer(known, events, more));
    return put(state, room, { ...next, applied: Math.max(where === 'around' ? 0 : next.applied, lastSeq({ events })) });
  },

  /** Only the event after our last one is taken: a hole is noticed (`isBehind`) and read from the history. */
  event_heard(state, { event }) {
    const timeline = get(state, event.room);
    if (!timeline?.newest || timeline.events.length === 0 || event.seq !== lastSeq(timeline) + 1) return state;
    const changed = eventsAfter(timeline.events, event, state.me?.user);
    const events = [...changed, event];
    const applied = event.seq;
    if (events.length <= WINDOW) return put(state, event.room, { ...timeline, events, applied });
    // Somebody who reads further up must not lose what they look at: stop following the end instead.
    if (!timeline.following) return put(state, event.room, { ...timeline, events: changed, applied, newest: false });
    return put(state, event.room, { ...timeline, events: events.slice(-WINDOW), applied, older: true });
  },

  /** The reader reached the end of the window, or left it. */
  scrolled(state, { room, atEnd }) {
    const timeline = get(state, room);
    if (timeline === undefined || timeline.following === atEnd) return state;
    return put(state, room, { ...timeline, following: atEnd });
  },

  /** Back to the newest message, from wherever the reader is. */
  newest_asked(state, { room }) {
    const timeline = get(state, room);
    if (timeline === undefined) return state;
    return put(state, room, timeline.newest ? { ...timeline, following: true } : { ...START, divider: null });
  },
};

/** What the events of a page do to the messages that were there before it. */
function caughtUp(timeline, page, me) {
  const missed = page.filter((event) => event.seq > timeline.applied);
  return { ...timeline, events: missed.reduce((events, event) => eventsAfter(events, event, me), timeline.events) };
}

/** A window somewhere in the log, for whoever jumps to a message. */
const around = (events, more, newestSeq) => ({ events, older: more, newest: lastSeq({ events }) >= newestSeq, following: false, divider: null });

function withOlder(timeline, events, more) {
  const all = [...before(events, timeline.events[0]?.seq), ...timeline.events];
  if (all.length <= WINDOW) return { events: all, older: more };
  return { events: all.slice(0, WINDOW), older: more, newest: false, following: false };
}

function withNewer(timeline, events, more) {
  const last = lastSeq(timeline);
  const all = [...timeline.events, ...events.filter((event) => event.seq > last)];
  const cut = all.length > WINDOW;
  return { events: cut ? all.slice(-WINDOW) : all, older: timeline.older || cut, newest: !more };
}

/** A window that stands for the end goes on doing so, unless that would take away what its reader looks at. */
function withMissed(timeline, events) {
  const last = lastSeq(timeline);
  const all = [...timeline.events, ...events.filter((event) => event.seq > last)];
  if (all.length <= WINDOW) return { events: all };
  return timeline.following ? { events: all.slice(-WINDOW), older: true } : { events: all.slice(0, WINDOW), newest: false };
}

const before = (events, seq) => (seq === undefined ? events : events.filter((event) => event.seq < seq));

/** Whether the room has gone on without us: after a reconnect, or because a push was dropped. */
export function isBehind(state, room) {
  const timeline = get(state, room);
  if (timeline === undefined || !timeline.newest || timeline.events.length === 0) return false;
  return lastSeq(timeline) < (state.rooms.get(room)?.last_seq ?? 0);
}
