// The switch between the languages of the page.

import { h } from '../dom.js';
import { LANGUAGES, currentLanguage, t } from '../i18n/index.js';

export function languageSwitch(app) {
  const button = ([tag, name]) => h('button', {
    type: 'button', lang: tag, data: { language: tag }, 'aria-pressed': String(tag === currentLanguage()), onclick: () => app.setLanguage(tag),
  }, name);
  return h('div', { class: 'language-switch', role: 'group', 'aria-label': t('account.language') }, LANGUAGES.map(button));
}
