// Keeps the state in step with the server: the list after each connect, pages of history, gaps, names, read marks.

import { reconnectDelayMs } from './connection.js';
import { PAGE, WINDOW, isBehind, lastSeq } from './state/timeline.js';

const ROOMS_PAGE = 100;
const MEMBERS_PAGE = 200;
/** For how many direct rooms at the top of the list we ask whether the other one is here. */
const PEERS_ASKED = 20;
/** Of how many rooms with unread messages we ask, after a break, whether they were read on another device. */
const UNREAD_ASKED = 20;
const NAMES_AT_ONCE = 8;
const RETRY_MS = 1_500;
/** Larger rooms tell nobody how far their members have read. */
const RECEIPTS_MEMBERS_MAX = 200;
const MEMBERSHIP = new Set(['joined', 'left', 'kicked', 'invited', 'role', 'banned', 'muted', 'unmuted']);

export function createSync(store, call, attention = SILENT) {
  const filling = new Set();
  const marked = new Map();
  const stale = new Set();
  const asking = new Set();
  const wantedNames = [];
  let namesInFlight = 0;
  /** Whether the state stands for an earlier moment than the connection's cursor. */
  let behind = true;
  /** Rooms that get less for a while, and over how long clients spread what they read instead. */
  const spreads = new Map();
  const soon = new Set();
  /** Rooms of which the server said when to ask for more. */
  const putOff = new Set();
  /** Rooms that are not in our part of the list, but in what was missed. */
  const unlisted = new Set();

  /** The link is gone: the next connection says anew which rooms get less. */
  function lost() {
    spreads.clear();
    putOff.clear();
  }

  /**
   * Runs after each connect, with what became of our cursor; what a server that is still starting refuses is
   * asked again while we stay connected.
   */
  async function connected(resume, attempt = 0) {
    if (resume !== 'ok') behind = true;
    marked.clear();
    try {
      if (behind) await catchUp();
      else goOn();
    } catch (error) {
      if (error.name === 'offline') return;
      if (!error.temporary) throw error;
      setTimeout(() => store.state.link.state === 'online' && connected(resume, attempt + 1), reconnectDelayMs(attempt));
    }
  }

  async function catchUp() {
    const [profile] = await Promise.all([call('me'), loadRooms(true)]);
    store.dispatch({ type: 'me_loaded', profile });
    behind = false;
    if (store.state.open !== null) openRoom(store.state.open, true);
    for (const room of store.state.timelines.keys()) fill(room);
    askForPeers();
    loadRelations().catch(ignore);
  }

  /** Who invited, contacts and blocks: the first pages; the rest is read where it is looked at. */
  async function loadRelations() {
    const [waiting, known, blocked] = await Promise.all([call('invitations'), call('contacts', { limit: 200 }), call('blocks', { limit: 200 })]);
    store.dispatch({ type: 'invitations_loaded', ...waiting });
    store.dispatch({ type: 'contacts_loaded', first: true, ...known });
    store.dispatch({ type: 'blocks_loaded', first: true, ...blocked });
    for (const { by } of waiting.invitations) wantName(by);
    const users = known.contacts.filter((contact) => contact.state === 'contact').map(({ user }) => user).slice(0, 100);
    if (users.length > 0) store.dispatch({ type: 'presences_loaded', ...(await call('presence', { users })) });
  }

  async function loadReceipts(room) {
    const { features, members } = store.state.rooms.get(room) ?? {};
    if (features === undefined || !features.receipts || members > RECEIPTS_MEMBERS_MAX) return;
    store.dispatch({ type: 'receipts_loaded', room, ...(await call('receipts', { room })) });
  }

  /** Everything that was missed was pushed, but for who is here and what was read on another device. */
  function goOn() {
    const { open, rooms, timelines } = store.state;
    if (open !== null) openRoom(open);
    for (const room of timelines.keys()) fill(room);
    for (const room of unlisted) loadRoom(room).catch(ignore);
    unlisted.clear();
    const unread = [...rooms.values()].filter((room) => room.my?.unread > 0);
    for (const { room } of unread.slice(0, UNREAD_ASKED)) loadRoom(room).catch(ignore);
    askForPeers();
    loadRelations().catch(ignore);
  }

  function askForPeers() {
    const { open, rooms } = store.state;
    const direct = [...rooms.values()].filter((room) => room.kind === 'direct' && room.room !== open);
    for (const { room } of direct.slice(0, PEERS_ASKED)) loadMembers(room).catch(ignore);
  }

  async function loadRooms(first) {
    const next = first ? {} : { next: store.state.nextRooms };
    const answer = await call('rooms', { limit: ROOMS_PAGE, ...next });
    store.dispatch({ type: 'rooms_loaded', first, ...answer });
  }

  async function loadRoom(room) {
    store.dispatch({ type: 'room_loaded', room: await call('room', { room }) });
  }

  /** What was missed is pushed before we may ask. */
  function loadUnlisted(room) {
    if (store.state.link.state === 'online') loadRoom(room).catch(ignore);
    else unlisted.add(room);
  }

  /** Whatever the room on the screen lacks: itself, its newest page, its members. */
  async function openRoom(room, afresh = false) {
    try {
      if (afresh || !store.state.rooms.has(room)) await loadRoom(room);
      if (store.state.rooms.get(room)?.my?.state !== 'joined') return;
      const timeline = store.state.timelines.get(room);
      if (timeline && timeline.events.length === 0) await page(room, 'newest');
      else fill(room);
      await loadMembers(room);
      loadReceipts(room).catch(ignore);
    } catch (error) {
      if (error.name === 'offline') return;
      if (error.temporary) again(error, () => store.state.open === room && openRoom(room));
      else if (error.name === 'not_found' || !store.state.rooms.has(room)) store.dispatch({ type: 'room_removed', room });
    }
  }

  /** Reads one page next to the window. */
  async function page(room, where) {
    const timeline = store.state.timelines.get(room);
    if (!timeline || timeline.loading === where) return;
    const at = { newest: {}, older: { before: timeline.events[0]?.seq }, newer: { after: lastSeq(timeline) } }[where];
    store.dispatch({ type: 'page_asked', room, where });
    try {
      const { events, more } = await call('history', { room, limit: PAGE, ...at });
      store.dispatch({ type: 'page_loaded', room, where, events, more });
    } catch (error) {
      const failed = () => store.dispatch({ type: 'page_failed', room });
      if (where === 'newest') {
        failed();
        throw error;
      }
      // As long as it counts as loading nobody asks again, however they scroll.
      again(error, failed);
    }
  }

  /** Puts the window around one message, wherever in the log that is. */
  async function jump(room, seq) {
    const { events, more } = await call('history', { room, around: seq, limit: PAGE });
    store.dispatch({ type: 'page_loaded', room, where: 'around', events, more });
  }

  /** What a busy server refused is tried again later, while we are connected. */
  function again(error, action, first = () => {}) {
    const later = () => {
      first();
      if (store.state.link.state === 'online') action();
    };
    setTimeout(later, error.retry_after_ms + RETRY_MS * (0.5 + Math.random()));
  }

  /** Reads what a window that follows the end has missed. A long absence starts again from the newest page. */
  async function fill(room, sure = false) {
    if (filling.has(room)) return;
    filling.add(room);
    try {
      while (sure || isBehind(store.state, room)) {
        sure = false;
        const timeline = store.state.timelines.get(room);
        if (timeline === undefined) break;
        const gap = (store.state.rooms.get(room)?.last_seq ?? 0) - lastSeq(timeline);
        // Too far for one window: whoever follows goes on from the newest page, whoever reads stays where they are.
        const far = gap > WINDOW && timeline.following;
        // The server said when to come; asking before would only put everybody off for longer.
        if (!far && putOff.has(room)) break;
        const { events, more } = await call('history', { room, limit: PAGE, ...(far ? {} : { after: lastSeq(timeline) }) });
        store.dispatch({ type: 'page_loaded', room, where: far ? 'newest' : 'missed', events, more });
        if (events.length === 0) break;
      }
    } catch (error) {
      // Offline or no longer a member: the next connect brings us back here, or nothing has to.
      if (error.temporary && error.name !== 'offline') {
        putOff.add(room);
        again(error, () => fill(room), () => putOff.delete(room));
      }
    } finally {
      filling.delete(room);
    }
  }

  /** A room that gets less is read after a wait of our own, so that not all its readers come at once. */
  function fillSoon(room) {
    const spread_ms = spreads.get(room) ?? 0;
    if (spread_ms === 0) {
      fill(room);
      return;
    }
    if (soon.has(room)) return;
    soon.add(room);
    setTimeout(() => {
      soon.delete(room);
      if (store.state.link.state !== 'online') return;
      fill(room);
      loadRoom(room).catch(ignore);
    }, spread_ms * Math.random());
  }

  async function loadMembers(room, more = false) {
    const next = more ? { next: store.state.members.get(room)?.next } : {};
    const answer = await call('members', { room, limit: MEMBERS_PAGE, ...next });
    store.dispatch({ type: 'members_loaded', room, first: !more, ...answer });
  }

  /** Membership changed: read room and members again, once for a burst of changes. */
  function refreshSoon(room) {
    if (stale.has(room)) return;
    stale.add(room);
    setTimeout(() => {
      stale.delete(room);
      loadRoom(room).catch(ignore);
      if (store.state.open === room) loadMembers(room).catch(ignore);
    }, 150);
  }

  /** What the server says unasked, by name; a name that is not here is from a later version. */
  const PUSHES = {
    event(event) {
      store.dispatch({ type: 'event_heard', event });
      if (!store.state.rooms.has(event.room)) loadUnlisted(event.room);
      else if (MEMBERSHIP.has(event.kind) && isMine(event)) refreshSoon(event.room);
      if (isBehind(store.state, event.room)) fillSoon(event.room);
      attention.came(event);
    },
    room_added(room) {
      store.dispatch({ type: 'room_loaded', room });
      if (store.state.open === room.room) openRoom(room.room);
      if (room.my?.state === 'invited' && store.state.link.state === 'online') loadRelations().catch(ignore);
    },
    room_removed: ({ room }) => store.dispatch({ type: 'room_removed', room }),
    my_room: (body) => store.dispatch({ type: 'my_room_heard', ...body }),
    read: (body) => store.dispatch({ type: 'read_moved', ...body }),
    head(body) {
      store.dispatch({ type: 'head_heard', ...body });
      fillSoon(body.room);
    },
    shed({ room, level, spread_ms }) {
      if (level !== 'none') {
        spreads.set(room, spread_ms);
        return;
      }
      spreads.delete(room);
      if (!store.state.rooms.has(room)) return;
      // What is not told while a room gets less: how much is unread, and in small rooms who is here and has read.
      refreshSoon(room);
      if (store.state.open === room) loadReceipts(room).catch(ignore);
      if (isBehind(store.state, room)) fill(room);
    },
    size: (body) => store.dispatch({ type: 'size_heard', ...body }),
    receipt: (body) => store.dispatch({ type: 'receipt_heard', ...body }),
    contact: (body) => store.dispatch({ type: 'contact_heard', ...body }),
    block: (body) => store.dispatch({ type: 'block_heard', ...body }),
    presence: (body) => store.dispatch({ type: 'presence_heard', ...body }),
    my_presence: attention.mine,
    typing: attention.heardTyping,
  };

  /** In a large room only what concerns us is read anew: its size is pushed. */
  function isMine(event) {
    const { rooms, me } = store.state;
    const small = (rooms.get(event.room)?.members ?? 0) <= RECEIPTS_MEMBERS_MAX;
    return small || event.user === me?.user || event.target === me?.user;
  }

  function push(name, body) {
    if (Object.hasOwn(PUSHES, name)) PUSHES[name](body);
  }

  /** What is on the screen, at its end, in a page that is looked at, has been read. */
  function markRead() {
    const { open, link, rooms, timelines } = store.state;
    const timeline = timelines.get(open);
    const my = rooms.get(open)?.my;
    if (document.hidden || link.state !== 'online' || !timeline?.newest || !timeline.following) return;
    const seq = lastSeq(timeline);
    if (!my || my.state !== 'joined' || my.unread === 0 || seq <= my.read_seq || marked.get(open) === seq) return;
    marked.set(open, seq);
    call('mark_read', { room: open, seq }).then(
      (answer) => store.dispatch({ type: 'read_moved', room: open, ...answer }),
      () => marked.delete(open),
    );
  }

  /** Asks for the names of users we show but don't know; a few at a time, each once. */
  function wantName(user) {
    if (store.state.names.has(user) || asking.has(user)) return;
    asking.add(user);
    wantedNames.push(user);
    nextName();
  }

  async function nextName() {
    if (namesInFlight >= NAMES_AT_ONCE || wantedNames.length === 0) return;
    namesInFlight++;
    const user = wantedNames.shift();
    try {
      store.dispatch({ type: 'names_loaded', profiles: [await call('profile', { user })] });
    } catch (error) {
      if (error.temporary) asking.delete(user);
    } finally {
      namesInFlight--;
      nextName();
    }
  }

  return { connected, lost, loadRelations, loadRooms, loadRoom, openRoom, page, jump, fill, loadMembers, push, markRead, wantName };
}

function ignore() {}

/** For whoever only reads. */
const SILENT = { heardTyping: ignore, came: ignore, mine: ignore };
