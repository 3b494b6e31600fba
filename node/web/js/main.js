// Puts the parts together: state, connection, what to do when they change, and which view is on the screen.

import { createActions } from './actions.js';
import { createAttention } from './attention.js';
import { Connection } from './connection.js';
import { chooseLanguage, errorText, t, useLanguage } from './i18n/index.js';
import { createSender } from './sender.js';
import { language, outboxOf, token } from './session.js';
import { unreadTotal } from './state/rooms.js';
import { createStore } from './store.js';
import { createSync } from './sync.js';
import { createThreads } from './threads.js';
import { authView } from './views/auth.js';
import { joinLinkDialog } from './views/links.js';
import { shellView } from './views/shell.js';
import { toast } from './views/toast.js';

/** How the fragment of a link into a room begins. */
const DOOR = 'join/';
/** Where a thread lies over its room instead of beside it. */
const COVERED = matchMedia('(max-width: 1099px)');

const store = createStore();
const connection = new Connection({
  url: new URL('v1/ws', location.href.split('#')[0]).href.replace(/^http/, 'ws'),
  onLink: linkChanged,
  onPush: (name, body) => sync.push(name, body),
});
const call = (op, fields) => connection.call(op, fields);
const attention = createAttention(store, call);
const sync = createSync(store, call, attention);
const sender = createSender(store, call, sync.fill);
const threads = createThreads(store, call);
const act = createActions(store, call, toast);
let view = null;
let user = null;
/** The token of this tab's session; another tab may have written a newer one. */
let ownToken = null;
/** The code of the link by which the page was opened, until it is looked at. */
let doorCode = null;

const app = { store, sync, sender, threads, act, attention, call, go, jump, started, logOut, setLanguage, retryLink: () => connection.retryNow(), newest };

/** A session has begun: by log-in, sign-up, or a token from an earlier visit. */
function started(value) {
  ownToken = value;
  token.write(value);
  store.dispatch({ type: 'session_started' });
  connection.start(value);
  mount();
}

async function logOut() {
  // The server ends the session; that it is gone here too doesn't wait for the answer.
  await call('logout').catch(() => {});
  if (user) outboxOf(user).forget();
  ended(null);
}

function ended(message) {
  connection.stop();
  if (token.read() === ownToken) token.forget();
  user = ownToken = null;
  history.replaceState(null, '', location.pathname);
  store.dispatch({ type: 'session_ended' });
  mount();
  if (message) toast(message);
}

function linkChanged(link) {
  if (link.state === 'ended') return ended(t('auth.ended'));
  store.dispatch({ type: 'link_changed', link });
  if (link.state !== 'online') {
    sync.lost();
    return store.dispatch({ type: 'link_lost' });
  }
  if (user !== link.user) {
    user = link.user;
    sender.restore(user);
  }
  if (document.hidden) attention.looks(true);
  sync.connected(link.resume).catch((error) => toast(errorText(error)));
  knock();
}

/**
 * Shows a room, or the list. One step in the browser's history, so that a phone's back button leads to the list.
 * Resolves when what the room lacked has been read.
 */
async function go(room) {
  const open = store.state.open;
  if (room === open) return;
  if (room === null && history.state?.inner) {
    history.back();
    return;
  }
  const url = room === null ? location.pathname : `#${room}`;
  if (open === null && room !== null) history.pushState({ inner: true }, '', url);
  else history.replaceState(history.state && { inner: true }, '', url);
  await route();
}

async function route() {
  if (!history.state?.thread) threads.close();
  const hash = location.hash.slice(1);
  if (hash.startsWith(DOOR)) {
    doorCode = hash.slice(DOOR.length);
    history.replaceState(history.state, '', location.pathname);
    knock();
  }
  const room = location.hash.slice(1) || null;
  store.dispatch({ type: 'room_opened', room });
  if (room !== null && store.state.link.state === 'online') await sync.openRoom(room);
}

/** Whoever came by a link into a room is shown the door, once there is a session. */
function knock() {
  if (doorCode === null || store.state.link.state !== 'online') return;
  const code = doorCode;
  doorCode = null;
  joinLinkDialog(app, code);
}

/** Back to the end of a room, reading its newest page again if the window had left it. */
function newest(room) {
  store.dispatch({ type: 'newest_asked', room });
  if (store.state.timelines.get(room)?.events.length === 0) sync.openRoom(room);
}

/** To one message of a room, wherever in its log that is. */
async function jump(room, seq) {
  // Where a thread lies over the room, what is sought would be behind it.
  if (store.state.thread?.room === room && COVERED.matches) {
    threads.close();
    store.paint();
  }
  if (room === store.state.open && view?.reveal?.(seq)) return;
  try {
    await go(room);
    if (store.state.open !== room) return;
    const known = store.state.timelines.get(room)?.events.some((event) => event.seq === seq);
    if (!known) await sync.jump(room, seq);
    view?.seek?.(seq);
    store.paint();
  } catch (error) {
    toast(errorText(error));
  }
}

function setLanguage(tag) {
  language.write(tag);
  useLanguage(tag);
  mount();
}

function mount() {
  view?.destroy?.();
  view = (ownToken === null ? authView : shellView)(app);
  document.body.querySelector('#app').replaceChildren(view.el);
  view.update?.(store.state);
}

function paint(state) {
  view.update?.(state);
  const unread = unreadTotal(state);
  document.title = unread > 0 ? `(${unread}) ${t('app.name')}` : t('app.name');
}

/** A thread that lies over its room is a step in the history too: a phone's back button leads out of it. */
function stepOver(input) {
  if (input.type === 'thread_opened' && COVERED.matches && !history.state?.thread) history.pushState({ inner: true, thread: true }, '', location.href);
  if (input.type === 'thread_closed' && history.state?.thread) history.back();
}

let savedOutbox = store.state.outbox;
store.hear((state, input) => {
  if (input.type === 'room_removed' && location.hash.slice(1) === input.room) history.replaceState(history.state, '', location.pathname);
  stepOver(input);
  if (state.outbox !== savedOutbox) {
    savedOutbox = state.outbox;
    if (user !== null) sender.save(user);
    sender.pump();
  } else if (input.type === 'link_changed') sender.pump();
});
store.onPaint((state) => {
  paint(state);
  sync.markRead();
});
addEventListener('popstate', route);
addEventListener('hashchange', route);
addEventListener('online', () => connection.retryNow());
document.addEventListener('visibilitychange', () => {
  attention.looks(document.hidden);
  if (document.hidden) return;
  connection.retryNow();
  sync.markRead();
});

chooseLanguage();
const known = token.read();
if (known === null) mount();
else started(known);
route();
