// Oneself: name, language, password, the devices one is logged in on, and the way out.

import { avatar, h } from '../dom.js';
import { errorText, fullTime, t } from '../i18n/index.js';
import { openDialog } from './dialog.js';
import { actionButton, field, form } from './form.js';
import { moderationDialog } from './moderation.js';
import { languageSwitch } from './language.js';
import { toast } from './toast.js';

export function accountDialog(app) {
  openDialog(t('account.title'), (close) => [
    profilePart(app),
    h('section', {}, h('h3', {}, t('account.language')), languageSwitch({ setLanguage: (tag) => { close(); app.setLanguage(tag); } })),
    sessionsPart(app),
    staffPart(app),
    passwordPart(app),
    h('section', {}, h('button', { type: 'button', class: 'danger', data: { do: 'log-out' }, onclick: () => { close(); app.logOut(); } }, t('account.logOut'))),
  ]);
}

function profilePart(app) {
  const { user, display_name } = app.store.state.me ?? { user: '', display_name: '' };
  const name = field(t('auth.displayName'), { name: 'display_name', maxlength: 64, value: display_name });
  return h('section', {},
    h('div', { class: 'me' }, avatar(user, display_name), h('div', {}, h('strong', {}, display_name), h('small', {}, `@${user}`))),
    form({
      fields: name.el,
      submit: t('action.save'),
      action: async () => {
        app.store.dispatch({ type: 'me_loaded', profile: await app.call('set_profile', { display_name: name.input.value.trim() }) });
        toast(t('account.saved'));
      },
    }));
}

/** The way to the moderators' queue, for those whom the server lets see it. */
function staffPart(app) {
  const el = h('section', { hidden: true }, h('button', { type: 'button', data: { do: 'moderation' }, onclick: () => moderationDialog(app) }, t('moderation.title')));
  app.call('staff').then(() => { el.hidden = false; }, () => {});
  return el;
}

function sessionsPart(app) {
  const list = h('ul', { class: 'sessions' }, h('li', {}, t('room.loading')));
  const load = async () => {
    const { sessions } = await app.call('sessions');
    list.replaceChildren(...sessions.sort((a, b) => b.current - a.current || b.created_ms - a.created_ms).map(row));
  };
  const row = ({ session, device, created_ms, current }) => h('li', {},
    h('div', {}, h('strong', {}, device || t('account.unknownDevice')), h('small', {}, current ? t('account.thisDevice') : t('account.since', { time: fullTime(created_ms) }))),
    !current && actionButton(t('account.revoke'), async () => {
      await app.call('revoke', { session });
      await load();
    }, { class: 'danger' }, toast));
  load().catch((error) => list.replaceChildren(h('li', {}, errorText(error))));
  return h('section', {}, h('h3', {}, t('account.sessions')), list);
}

function passwordPart(app) {
  const old = field(t('account.oldPassword'), { type: 'password', name: 'old_password', autocomplete: 'current-password' });
  const wanted = field(t('account.newPassword'), { type: 'password', name: 'new_password', autocomplete: 'new-password' }, t('auth.passwordHint'));
  return h('section', {}, h('details', {}, h('summary', {}, t('account.password')),
    form({
      fields: [old.el, wanted.el, h('p', { class: 'hint' }, t('account.passwordNote'))],
      submit: t('account.changePassword'),
      action: async (el) => {
        await app.call('change_password', { old_password: old.input.value, new_password: wanted.input.value });
        el.reset();
        toast(t('account.passwordChanged'));
      },
    })));
}
