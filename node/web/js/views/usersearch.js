// Finding people by how their id or name begins.

import { avatar, h } from '../dom.js';
import { errorText, t } from '../i18n/index.js';

/** Nobody types this fast on purpose; the server's pace is spared. */
const PAUSE_MS = 300;

/** `buttons(user)` gives what can be done about each one found. */
export function userSearch(app, buttons) {
  const input = h('input', { type: 'search', class: 'search', autofocus: true, autocapitalize: 'none', spellcheck: 'false', maxlength: 64, placeholder: t('contacts.search'), 'aria-label': t('contacts.search'), oninput: typed });
  const list = h('ul', { class: 'paged found' });
  const note = h('p', { class: 'hint', role: 'status' });
  let timer = 0;
  let wanted = '';
  let found = [];

  function typed(input_) {
    // A Hangul syllable that is still being composed is not yet a beginning to look for.
    if (input_.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(find, PAUSE_MS);
  }
  input.addEventListener('compositionend', () => typed({}));

  async function find() {
    const prefix = input.value.trim().replace(/^@/, '');
    wanted = prefix;
    if (prefix === '') return show([], '');
    try {
      const { users } = await app.call('find_users', { prefix });
      if (wanted !== prefix) return;
      app.store.dispatch({ type: 'names_loaded', profiles: users });
      show([...new Map(users.map((each) => [each.user, each])).values()], users.length === 0 ? t('contacts.nobody') : '');
    } catch (error) {
      if (wanted === prefix) show([], errorText(error));
    }
  }

  function show(users, text) {
    note.textContent = text;
    found = users;
    redraw();
  }

  /** What can be done about those found depends on what they have become meanwhile. */
  function redraw() {
    const users = found;
    list.replaceChildren(...users.map(({ user, display_name }) => h('li', { data: { user } }, avatar(user, display_name),
      h('div', { class: 'grow' }, h('strong', {}, display_name), h('small', {}, `@${user}`)), buttons(user))));
  }

  return { el: h('section', {}, input, note, list), input, redraw };
}
