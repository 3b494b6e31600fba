// Oneself: name, status, what others may find out, language, devices, password, and the way out.

import { avatar, h } from '../dom.js';
import { t } from '../i18n/index.js';
import { devicesPart } from './devices.js';
import { openDialog } from './dialog.js';
import { field, form } from './form.js';
import { languageSwitch } from './language.js';
import { privacyPart } from './privacy.js';
import { staffPart } from './staff.js';
import { statusPart } from './status.js';
import { toast } from './toast.js';

export function accountDialog(app) {
  openDialog(t('account.title'), (close) => [
    profilePart(app),
    statusPart(app),
    privacyPart(app),
    h('section', {}, h('h3', {}, t('account.language')), languageSwitch({ setLanguage: (tag) => { close(); app.setLanguage(tag); } })),
    devicesPart(app),
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
