// What others may find out: how far one has read, and that one is here at all when they search.

import { h } from '../dom.js';
import { errorText, t } from '../i18n/index.js';
import { switchRow } from './form.js';

export function privacyPart(app) {
  const body = h('div', { class: 'switches' }, h('p', { class: 'hint' }, t('room.loading')));
  const set = (fields) => app.call('set_privacy', fields);
  app.call('privacy').then(
    ({ private_reading, findable }) => body.replaceChildren(
      switchRow(t('privacy.reading'), private_reading, (on) => set({ private_reading: on }), { name: 'private_reading' }, t('privacy.readingHint')),
      switchRow(t('privacy.hidden'), !findable, (on) => set({ findable: !on }), { name: 'hidden' }, t('privacy.hiddenHint'))),
    (error) => body.replaceChildren(h('p', { class: 'hint' }, errorText(error))),
  );
  return h('section', {}, h('h3', {}, t('privacy.title')), body);
}
