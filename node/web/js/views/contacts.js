// People: whoever asks to be a contact, contacts, those asked, those blocked, and a search for more.

import { avatar, h } from '../dom.js';
import { t } from '../i18n/index.js';
import { presenceOf } from '../state/presence.js';
import { contactLists } from '../state/relations.js';
import { openDialog } from './dialog.js';
import { actionButton } from './form.js';
import { directWith } from './newroom.js';
import { reportDialog } from './report.js';
import { userSearch } from './usersearch.js';
import { toast } from './toast.js';

export function contactsDialog(app) {
  openDialog(t('contacts.title'), (close) => {
    const lists = h('div', { class: 'contact-lists' });
    const search = userSearch(app, (user) => relationButtons(app, user, close));
    let drawn = {};

    function draw(state) {
      if (!lists.isConnected && drawn.contacts !== undefined) return stop();
      const { contacts, blocks, names, presence } = state;
      if (drawn.contacts === contacts && drawn.blocks === blocks && drawn.names === names && drawn.presence === presence) return;
      drawn = { contacts, blocks, names, presence };
      const focused = document.activeElement;
      const user = focused?.closest('li[data-user]')?.dataset.user;
      search.redraw();
      lists.replaceChildren(...sections(app, state, close));
      // What was pressed may be drawn anew, or no longer be possible: then something else about the same person has the focus.
      if (focused?.dataset.focus && !focused.isConnected) (again(`[data-focus="${CSS.escape(focused.dataset.focus)}"]`) ?? again(`li[data-user="${CSS.escape(user)}"] button`) ?? search.input).focus();
    }

    const again = (selector) => lists.parentElement?.querySelector(selector);
    const stop = app.store.onPaint(draw);
    draw(app.store.state);
    readAll(app).catch(() => {});
    return [search.el, lists];
  });
}

/** All pages of both lists; each has an end that the protocol limits. */
async function readAll(app) {
  await app.sync.loadRelations();
  await readOn(app, 'contacts');
  await readOn(app, 'blocks');
}

async function readOn(app, what) {
  let page = await app.call(what, { limit: 200 });
  for (let first = true; ; first = false) {
    app.store.dispatch({ type: `${what}_loaded`, first, ...page });
    if (!page.next) return;
    page = await app.call(what, { limit: 200, next: page.next });
  }
}

function sections(app, state, close) {
  const lists = contactLists(state);
  const parts = ['asking', 'contact', 'asked', 'blocked'].filter((what) => lists[what].length > 0).map((what) => h('section', {},
    h('h3', {}, t(`contacts.${what}`), ' ', h('span', { class: 'count' }, String(lists[what].length))),
    h('ul', { class: 'paged' }, lists[what].map((user) => personRow(app, state, user, close)))));
  return parts.length > 0 ? parts : [h('p', { class: 'hint' }, t('contacts.none'))];
}

function personRow(app, state, user, close) {
  app.sync.wantName(user);
  const name = state.names.get(user) ?? user;
  const shown = presenceOf(state, user);
  const known = state.contacts.get(user)?.state === 'contact';
  return h('li', { data: { user } }, avatar(user, name, shown),
    h('div', { class: 'grow' }, h('strong', {}, name), h('small', {}, known ? `@${user} · ${t(`presence.${shown}`)}` : `@${user}`)),
    relationButtons(app, user, close));
}

/** What can be done about a person, as things stand between the two. */
export function relationButtons(app, user, close) {
  const { contacts, blocks, me } = app.store.state;
  if (user === me?.user) return [];
  const change = (name, op, props = {}) => actionButton(t(`contacts.${name}`), async () => {
    const answer = await app.call(op, { user });
    if (answer.state) app.store.dispatch({ type: 'contact_heard', ...answer });
  }, { ...props, data: { do: name, focus: `${name}-${user}` } }, toast);
  const block = (name, blocked) => actionButton(t(`contacts.${name}`), async () => {
    await app.call(name, { user });
    app.store.dispatch({ type: 'block_heard', user, blocked });
    if (blocked) app.store.dispatch({ type: 'contact_heard', user, state: 'none' });
  }, { class: blocked ? 'danger' : '', data: { do: name, focus: `${name}-${user}` } }, toast);
  if (blocks.has(user)) return [block('unblock', false)];
  const write = actionButton(t('people.message'), () => directWith(app, user).then(close), { data: { do: 'message', focus: `message-${user}` } }, toast);
  const report = h('button', { type: 'button', data: { do: 'report', focus: `report-${user}` }, onclick: () => reportDialog(app, { user }) }, t('message.report'));
  const own = {
    asking: () => [change('accept', 'accept_contact', { class: 'primary' }), change('decline', 'decline_contact')],
    contact: () => [write, change('remove', 'remove_contact')],
    asked: () => [change('takeBack', 'remove_contact')],
  }[contacts.get(user)?.state] ?? (() => [change('ask', 'request_contact', { class: 'primary' }), write]);
  return [...own(), block('block', true), report];
}
