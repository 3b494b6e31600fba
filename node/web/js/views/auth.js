// Before there is a session: log in or sign up.

import { logIn, signUp } from '../api.js';
import { h, logo } from '../dom.js';
import { t } from '../i18n/index.js';
import { deviceName } from '../session.js';
import { field, form } from './form.js';
import { languageSwitch } from './language.js';

export function authView(app) {
  const card = h('div', { class: 'auth-card' });
  const el = h('main', { class: 'auth' },
    h('div', { class: 'auth-brand' }, logo(), h('h1', {}, t('app.name')), h('p', {}, t('app.tagline'))),
    card, languageSwitch(app));
  show('login', 'input');

  /** `focus` is where the focus goes: on from a click into the form, but by the arrow keys along the tabs. */
  function show(mode, focus) {
    const tab = (name) => h('button', {
      type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': 'auth-form', 'aria-selected': String(name === mode), tabindex: name === mode ? 0 : -1, onclick: () => show(name, 'input'),
    }, t(`auth.${name}`));
    const turn = (key) => ['ArrowLeft', 'ArrowRight'].includes(key.key) && show(mode === 'login' ? 'signup' : 'login', '[aria-selected=true]');
    card.replaceChildren(
      h('div', { class: 'tabs', role: 'tablist', 'aria-label': t('app.name'), onkeydown: turn }, tab('login'), tab('signup')),
      h('div', { id: 'auth-form', role: 'tabpanel', 'aria-labelledby': `tab-${mode}` }, mode === 'login' ? loginForm(app) : signUpForm(app)));
    // The card may not be on the page yet.
    queueMicrotask(() => card.querySelector(focus).focus());
  }
  return { el };
}

const userProps = { name: 'user', autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', maxlength: 32, required: true };

function loginForm(app) {
  const user = field(t('auth.user'), userProps);
  const password = field(t('auth.password'), { name: 'password', type: 'password', autocomplete: 'current-password', required: true });
  return form({
    fields: [user.el, password.el],
    submit: t('auth.login'),
    action: async () => app.started((await logIn({ user: user.input.value.trim().toLowerCase(), password: password.input.value, device: deviceName() })).token),
  });
}

function signUpForm(app) {
  const name = field(t('auth.displayName'), { name: 'display_name', autocomplete: 'nickname', maxlength: 64 }, t('auth.displayNameHint'));
  const user = field(t('auth.user'), userProps, t('auth.userHint'));
  const password = field(t('auth.password'), { name: 'password', type: 'password', autocomplete: 'new-password', minlength: 8, required: true }, t('auth.passwordHint'));
  return form({
    fields: [user.el, name.el, password.el],
    submit: t('auth.signup'),
    action: async () => {
      const display_name = name.input.value.trim();
      const answer = await signUp({
        user: user.input.value.trim().toLowerCase(),
        password: password.input.value,
        device: deviceName(),
        ...(display_name && { display_name }),
      });
      app.started(answer.token);
    },
  });
}
