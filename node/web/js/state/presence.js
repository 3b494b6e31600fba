// Who is there, who types, and how far others have read. Times come with the inputs; nothing here has a clock.

/** What is heard of somebody's typing holds this long, unless it is said again. */
export const TYPING_MS = 6_000;

const with_ = (map, key, value) => new Map(map).set(key, value);

export const presence = {
  presence_heard: (state, { user, state: shown, status, last_active_ms }) => ({ ...state, presence: with_(state.presence, user, { state: shown, status, last_active_ms }) }),

  presences_loaded(state, { users }) {
    const all = new Map(state.presence);
    for (const { user, ...shown } of users) all.set(user, shown);
    return { ...state, presence: all };
  },

  members_loaded(state, { members }) {
    const all = new Map(state.presence);
    for (const { user, online, presence: shown } of members) {
      const now = shown ?? (online ? 'online' : 'offline');
      if (all.get(user)?.state !== now) all.set(user, { ...all.get(user), state: now });
    }
    return { ...state, presence: all };
  },

  typing_heard: (state, { room, user, on, at_ms }) => typing(state, room, user, on ? at_ms + TYPING_MS : null),

  /** A message is the end of the typing that led to it. */
  event_heard: (state, { event }) => (event.kind === 'message' ? typing(state, event.room, event.user, null) : state),

  typing_aged(state, { at_ms }) {
    let next = state;
    for (const [room, users] of state.typing) for (const [user, until_ms] of users) if (until_ms <= at_ms) next = typing(next, room, user, null);
    return next;
  },

  receipts_loaded: (state, { room, receipts }) => ({ ...state, receipts: with_(state.receipts, room, new Map(receipts.map(({ user, ...mark }) => [user, mark]))) }),

  receipt_heard(state, { room, user, read_seq, received_seq }) {
    const known = state.receipts.get(room)?.get(user);
    const mark = { read_seq: Math.max(known?.read_seq ?? 0, read_seq), received_seq: Math.max(known?.received_seq ?? 0, received_seq) };
    return { ...state, receipts: with_(state.receipts, room, with_(state.receipts.get(room), user, mark)) };
  },
};

function typing(state, room, user, until_ms) {
  const users = state.typing.get(room);
  if (until_ms === null && !users?.has(user)) return state;
  const next = new Map(users);
  if (until_ms === null) next.delete(user);
  else next.set(user, until_ms);
  return { ...state, typing: with_(state.typing, room, next) };
}

/** `online`, `idle` or `offline`. */
export const presenceOf = (state, user) => state.presence.get(user)?.state ?? 'offline';

export const isHere = (state, user) => presenceOf(state, user) !== 'offline';

/** What somebody says of being there, as long as it holds. */
export function statusOf(state, user, now_ms) {
  const status = state.presence.get(user)?.status;
  if (!status || status.expires_ms <= now_ms) return '';
  return [status.emoji, status.text].filter(Boolean).join(' ');
}

/** Others who type in a room now. */
export const typingIn = (state, room) => [...(state.typing.get(room)?.keys() ?? [])].filter((user) => user !== state.me?.user);

/** Others who have read up to a message, or to whom it has come but who have not read it. */
export function reachedBy(state, room, seq) {
  const others = [...(state.receipts.get(room) ?? [])].filter(([user]) => user !== state.me?.user);
  const read = others.filter(([, mark]) => mark.read_seq >= seq).map(([user]) => user);
  const received = others.filter(([, mark]) => mark.read_seq < seq && mark.received_seq >= seq).map(([user]) => user);
  return { read, received };
}
