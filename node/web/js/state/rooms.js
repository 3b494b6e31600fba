// The room list: what the server last said about each room, kept up to date by events.

import { calls, messageAfter } from './messages.js';

const changed = (state, id, room) => ({ ...state, rooms: new Map(state.rooms).set(id, room) });

export const rooms = {
  rooms_loaded(state, { rooms: loaded, next, first }) {
    // A first page after a reconnect replaces the list: rooms left meanwhile must not linger.
    const all = first ? new Map() : new Map(state.rooms);
    for (const room of loaded) all.set(room.room, room);
    if (first && state.open !== null && !all.has(state.open) && state.rooms.has(state.open)) all.set(state.open, state.rooms.get(state.open));
    const names = new Map(state.names);
    for (const { peer } of loaded) if (peer) names.set(peer.user, peer.display_name);
    return { ...state, rooms: all, nextRooms: next, names };
  },

  room_loaded(state, { room }) {
    const next = changed(state, room.room, room);
    return room.peer ? { ...next, names: new Map(state.names).set(room.peer.user, room.peer.display_name) } : next;
  },

  room_removed(state, { room }) {
    const without = (map) => {
      const copy = new Map(map);
      copy.delete(room);
      return copy;
    };
    return {
      ...state,
      rooms: without(state.rooms),
      timelines: without(state.timelines),
      members: without(state.members),
      outbox: without(state.outbox),
      open: state.open === room ? null : state.open,
    };
  },

  room_opened: (state, { room }) => (state.open === room ? state : { ...state, open: room }),

  read_moved(state, { room: id, read_seq, unread, mentions = 0 }) {
    const room = state.rooms.get(id);
    if (!room?.my || read_seq < room.my.read_seq) return state;
    return changed(state, id, { ...room, my: { ...room.my, read_seq, unread, mentions } });
  },

  my_room_heard(state, { room: id, quiet_until_ms, pinned }) {
    const room = state.rooms.get(id);
    return room?.my ? changed(state, id, { ...room, my: { ...room.my, quiet_until_ms, pinned } }) : state;
  },

  /** The log goes further than what was pushed of it: `isBehind` shows it, and it is read. */
  head_heard(state, { room: id, last_seq }) {
    const room = state.rooms.get(id);
    return room && last_seq > room.last_seq ? changed(state, id, { ...room, last_seq }) : state;
  },

  size_heard(state, { room: id, members }) {
    const room = state.rooms.get(id);
    return room ? changed(state, id, { ...room, members }) : state;
  },

  event_heard(state, { event }) {
    const room = state.rooms.get(event.room);
    if (room === undefined || event.seq <= room.last_seq) return state;
    return changed(state, event.room, afterEvent(room, event, state.me?.user));
  },
};

function afterEvent(room, event, me) {
  const next = { ...room, last_seq: event.seq, last: messageAfter(room.last, event, me) };
  switch (event.kind) {
    case 'message':
      next.last = event;
      if (next.my) next.my = afterMessage(next.my, event, me);
      break;
    case 'changed':
      Object.assign(next, settingsIn(event));
      next.features = { ...room.features, ...event.features };
      next.rights = { ...room.rights, ...event.rights };
      break;
    case 'archived':
    case 'unarchived':
      next.archived = event.kind === 'archived';
      break;
    case 'muted':
    case 'unmuted':
      if (event.target === me && next.my) next.my = { ...next.my, muted_until_ms: event.until_ms };
      break;
    case 'role':
      if (event.target === me && next.my) next.my = { ...next.my, role: event.role };
      else if (event.role === 'owner' && next.my?.role === 'owner') next.my = { ...next.my, role: 'admin' };
      break;
  }
  return next;
}

function afterMessage(my, event, me) {
  if (event.user === me) return { ...my, read_seq: event.seq, unread: 0, mentions: 0 };
  if (event.seq <= my.read_seq) return my;
  return { ...my, unread: my.unread + 1, mentions: (my.mentions ?? 0) + (calls(event, me) ? 1 : 0) };
}

const SETTINGS = ['title', 'topic', 'picture', 'slow_mode_s', 'places_max'];
const settingsIn = (event) => Object.fromEntries(SETTINGS.filter((name) => event[name] !== undefined).map((name) => [name, event[name]]));

/** Invitations first, then what the user has pinned, then newest activity first. */
export function inListOrder(state) {
  const pinned = (room) => (room.my?.pinned ? 1 : 0);
  const at = (room) => Math.max(room.created_ms, room.last?.at_ms ?? 0);
  const invited = (room) => (room.my?.state === 'invited' ? 1 : 0);
  return [...state.rooms.values()].filter((room) => room.my).sort((a, b) => invited(b) - invited(a) || pinned(b) - pinned(a) || at(b) - at(a));
}

/** Until when the user wants to hear nothing of a room; 0 if they do want to. */
export function quietUntil(room, now_ms) {
  const until_ms = room.my?.quiet_until_ms ?? 0;
  return until_ms > now_ms ? until_ms : 0;
}

/** How many unread messages call the user, in all rooms of the list. */
export function mentionsTotal(state) {
  let total = 0;
  for (const { my } of state.rooms.values()) total += my?.mentions ?? 0;
  return total;
}

/** The name people see: the other one's in a direct room. Null for an untitled room. */
export function roomName(state, room) {
  if (room.kind !== 'direct') return room.title || null;
  return room.peer ? (state.names.get(room.peer.user) ?? room.peer.display_name) : null;
}

export function unreadTotal(state) {
  let total = 0;
  for (const { my } of state.rooms.values()) if (my) total += my.state === 'invited' ? 1 : my.unread;
  return total;
}
