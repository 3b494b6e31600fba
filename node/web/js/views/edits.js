// What a message said before each of its edits, for those who keep order in the room.

import { h } from '../dom.js';
import { fullTime, t } from '../i18n/index.js';
import { openDialog } from './dialog.js';
import { pagedList } from './paged.js';
import { briefOf } from './said.js';

export function editsDialog(app, message) {
  const { room, seq } = message;
  openDialog(t('edits.title'), () => [
    h('section', {}, h('h3', {}, t('edits.now')), h('p', { class: 'about-message', dir: 'auto' }, briefOf(message))),
    h('section', {}, h('h3', {}, t('edits.before')), pagedList({
      load: () => app.call('edits', { room, seq }).then(({ versions }) => ({ rows: versions.toReversed(), next: null })),
      row: (version) => h('li', { class: 'version' }, h('small', {}, fullTime(version.at_ms)), h('p', { class: 'about-message', dir: 'auto' }, briefOf(version))),
    }).el),
  ]);
}
