// Calling people by name in a text: `@user`, and `@all` for everybody.

const CALL = /(?<![\p{L}\p{N}._-])@([a-z0-9][a-z0-9._-]*[a-z0-9]|모두)/gu;
const EVERYBODY = new Set(['all', '모두']);
const USERS_MAX = 50;

/** What a text says, in parts: `{ text }`, and `{ text, user }` or `{ text, everybody: true }` for calls. */
export function partsOf(text) {
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(CALL)) {
    if (match.index > at) parts.push({ text: text.slice(at, match.index) });
    parts.push(EVERYBODY.has(match[1]) ? { text: match[0], everybody: true } : { text: match[0], user: match[1] });
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

/** Whom a text calls among those who are there; undefined if nobody. */
export function mentionsIn(text, users, everybodyToo) {
  const called = new Set();
  let room = false;
  for (const part of partsOf(text)) {
    if (part.user && users.has(part.user) && called.size < USERS_MAX) called.add(part.user);
    if (part.everybody && everybodyToo) room = true;
  }
  if (called.size === 0 && !room) return undefined;
  return { ...(called.size > 0 && { users: [...called] }), ...(room && { room }) };
}
