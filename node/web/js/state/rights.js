// What a role may do in a room: the table of the protocol, for showing no button that would be refused.

const RANK = { member: 0, moderator: 1, admin: 2, owner: 3 };
/** What a room may set a role for, and what holds if it says nothing. */
const SETTABLE = { send: 'member', invite: 'member', pin: 'member', describe: 'admin', mention_room: 'member', delete_others: 'moderator' };
/** What has the same least role in every room. */
const FIXED = { keep: 'moderator', roles: 'admin', links: 'admin', rules: 'admin', archive: 'admin', hand_over: 'owner', delete_room: 'owner' };
/** What can still be done in an archived room. */
const IN_ARCHIVE = new Set(['delete_others', 'keep', 'roles', 'links', 'archive', 'hand_over', 'delete_room']);
/** In a direct room there is nothing to keep: its two people talk. */
const IN_DIRECT = new Set(['send', 'pin', 'mention_room']);

export const RIGHTS = Object.keys(SETTABLE);
export const ROLES = Object.keys(RANK);

export const rankOf = (role) => RANK[role] ?? 0;

export function may(room, what) {
  const { my, kind, archived, rights } = room;
  if (my?.state !== 'joined') return false;
  if (kind === 'direct') return IN_DIRECT.has(what);
  if (archived && !IN_ARCHIVE.has(what)) return false;
  return rankOf(my.role) >= rankOf(FIXED[what] ?? rights?.[what] ?? SETTABLE[what]);
}

/** Why this member cannot write here, and until when if that ends by itself; null for whoever can. */
export function silenceOf(room, now_ms) {
  if (room.my?.state !== 'joined') return null;
  if (room.archived) return { why: 'archived' };
  const { muted_until_ms } = room.my;
  if (muted_until_ms > now_ms) return muted_until_ms < Number.MAX_SAFE_INTEGER ? { why: 'muted', until_ms: muted_until_ms } : { why: 'mutedForGood' };
  return may(room, 'send') ? null : { why: 'role' };
}

/** Towards other people one needs a greater role than theirs. */
export const mayTowards = (room, what, role) => may(room, what) && rankOf(room.my.role) > rankOf(role);

/** What may be done about one message; `me` is who asks. */
export function messageRights(room, message, me) {
  const own = message.user === me;
  const talk = may(room, 'send') && !message.deleted;
  const kind = message.content?.type ?? 'text';
  return {
    reply: talk,
    react: talk && room.features?.reactions !== false,
    thread: message.thread !== undefined || message.replies !== undefined || talk && room.features?.threads !== false,
    edit: talk && own && kind === 'text' && !message.forward,
    forward: !message.deleted && kind !== 'opaque' && kind !== 'system',
    edits: message.edited !== undefined && !message.deleted && may(room, 'keep'),
    pin: !message.deleted && may(room, 'pin'),
    delete: !message.deleted && !room.archived && own || !message.deleted && may(room, 'delete_others'),
    report: !message.deleted && !own,
  };
}
