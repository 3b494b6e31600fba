// What later events do to a message: edited, deleted, reacted to, pinned. Used for the window of a room and
// for the last message in the list; a kind that is not known here changes nothing.

const CHANGES = {
  edited(message, { text, data, mentions, at_ms }) {
    const { edited } = message;
    // Without words it was edited again, or deleted: the event that says so comes behind.
    if (message.deleted || (text === undefined && data === undefined) || edited?.at_ms > at_ms) return message;
    const { mentions: _, ...rest } = message;
    const count = (edited?.count ?? 0) + (edited?.at_ms === at_ms ? 0 : 1);
    const content = data === undefined ? rest.content : { ...rest.content, data };
    return { ...rest, text: text ?? rest.text, ...(content && { content }), ...(mentions && { mentions }), edited: { at_ms, count } };
  },

  /** The same is left as in a page: a place without words. Replies in its thread stay. */
  deleted({ room, seq, at_ms, user, kind, cid, thread, replies }, { user: by, at_ms: deleted_ms }) {
    return { room, seq, at_ms, user, kind, cid, text: '', ...(thread && { thread }), ...(replies && { replies }), deleted: { user: by, at_ms: deleted_ms } };
  },

  reacted(message, { emoji, on, count, user }, me) {
    if (message.deleted) return message;
    const known = message.reactions ?? [];
    const before = known.find((each) => each.emoji === emoji);
    const mine = user === me ? on : (before?.mine ?? false);
    const after = { emoji, count, ...(mine && { mine }) };
    const all = before ? known.map((each) => (each === before ? after : each)) : [...known, after];
    return { ...message, reactions: all.filter((each) => each.count > 0) };
  },

  pinned(message, { on, at_ms }) {
    const { pinned_ms: _, ...rest } = message;
    return on && !message.deleted ? { ...rest, pinned_ms: at_ms } : rest;
  },
};

/** The message after an event about it; the same object if the event is not about it. */
export function messageAfter(message, event, me) {
  if (message?.kind !== 'message') return message;
  if (event.kind === 'message' && event.thread === message.seq) {
    const count = event.thread_number ?? (message.replies?.count ?? 0) + 1;
    return count <= (message.replies?.count ?? 0) ? message : { ...message, replies: { count, last_seq: event.seq } };
  }
  if (event.target !== message.seq || !Object.hasOwn(CHANGES, event.kind)) return message;
  return CHANGES[event.kind](message, event, me);
}

/** A window after an event about one of its messages; the same array if it is about none. */
export function eventsAfter(events, event, me) {
  const seq = event.kind === 'message' ? event.thread : event.target;
  const at = typeof seq === 'number' ? events.findIndex((each) => each.seq === seq) : -1;
  if (at < 0) return events;
  const next = messageAfter(events[at], event, me);
  return next === events[at] ? events : events.with(at, next);
}

/** Whether a message calls this user, by name or with everybody. */
export function calls(message, user) {
  return message.mentions !== undefined && (message.mentions.room === true || (message.mentions.users ?? []).includes(user));
}
