// The page's state as a pure machine: `reduce(state, input)` gives the next state and does nothing else.
// Inputs are facts in the past tense (`event_heard`, `page_loaded`); what to do about them is decided in
// sync.js and sender.js. State is never changed in place, so `old.rooms === new.rooms` means nothing new.

import { compose } from './state/compose.js';
import { outbox } from './state/outbox.js';
import { own } from './state/own.js';
import { people } from './state/people.js';
import { presence } from './state/presence.js';
import { relations } from './state/relations.js';
import { rooms } from './state/rooms.js';
import { thread } from './state/thread.js';
import { timelines } from './state/timeline.js';

export const EMPTY = Object.freeze({
  /** Who is logged in: a Profile, or null. */
  me: null,
  session: null,
  limits: null,
  link: { state: 'connecting' },
  /** The room on the screen, or null for the list. */
  open: null,
  /** Room id → Room, as in the protocol. `nextRooms` continues the list; undefined until the first page. */
  rooms: new Map(),
  nextRooms: undefined,
  /** Room id → the part of its log that is in memory (state/timeline.js). */
  timelines: new Map(),
  /** Room id → own messages on their way (state/outbox.js). */
  outbox: new Map(),
  /** The thread that is open beside the room, or null (state/thread.js). */
  thread: null,
  /** What the user shows of being there, or null while that is not known (state/own.js). */
  mine: null,
  /** Place → which message is being answered or edited there (state/compose.js). */
  compose: new Map(),
  /** User id → display name; user id → whether they are there; room id → members. */
  names: new Map(),
  presence: new Map(),
  members: new Map(),
  /** Room id → user id → until when they count as typing; room id → user id → how far they have read. */
  typing: new Map(),
  receipts: new Map(),
  /** Room id → who invited there and when; user id → what we are to each other; whom one blocks. */
  invitations: new Map(),
  contacts: new Map(),
  blocks: new Set(),
});

const PARTS = [timelines, thread, rooms, outbox, compose, people, presence, relations, own];

export function reduce(state, input) {
  switch (input.type) {
    case 'session_started':
      return { ...EMPTY, link: state.link, open: state.open };
    case 'session_ended':
      return EMPTY;
    case 'link_changed':
      return linkChanged(state, input.link);
    case 'me_loaded':
      return { ...state, me: input.profile, names: new Map(state.names).set(input.profile.user, input.profile.display_name) };
    default:
      return PARTS.reduce((next, part) => part[input.type]?.(next, input) ?? next, state);
  }
}

function linkChanged(state, link) {
  if (link.state !== 'online') return { ...state, link };
  // Who is here is told anew after each connect; what we knew may have changed meanwhile.
  return { ...state, link: { state: 'online' }, session: link.session, limits: link.limits, presence: new Map([[link.user, { state: 'online' }]]), typing: new Map() };
}

/** Holds the state and tells subscribers of changes. `paint` is called at most once a frame, `hear` at once. */
export function createStore(state = EMPTY) {
  const listeners = new Set();
  const painters = new Set();
  let due = false;

  const paint = () => {
    due = false;
    for (const painter of painters) painter(state);
  };
  return {
    get state() {
      return state;
    },
    dispatch(input) {
      const before = state;
      state = reduce(state, input);
      if (state === before) return;
      for (const listener of listeners) listener(state, input);
      if (due) return;
      due = true;
      // A hidden page gets no frames, but its title should still count unread messages.
      if (document.hidden) setTimeout(paint, 100);
      else requestAnimationFrame(paint);
    },
    hear: (listener) => listeners.add(listener),
    onPaint(painter) {
      painters.add(painter);
      return () => painters.delete(painter);
    },
    paint,
  };
}
