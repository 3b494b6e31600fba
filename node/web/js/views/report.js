// Reporting a message or a person to the moderators.

import { h } from '../dom.js';
import { t } from '../i18n/index.js';
import { openDialog } from './dialog.js';
import { choice, field, form } from './form.js';
import { toast } from './toast.js';

const REASONS = ['spam', 'harassment', 'hate', 'violence', 'sexual', 'other'];

/** `about` is `{ room, seq }` or `{ user }`. */
export function reportDialog(app, about) {
  openDialog(t('report.title'), (close) => {
    let reason = REASONS[0];
    const note = field(t('report.note'), { tag: 'textarea', name: 'note', rows: 3, maxlength: 1000 });
    return form({
      fields: [h('p', { class: 'hint' }, t('report.text')), choice(t('report.reason'), 'reason', REASONS.map((each) => [each, t(`report.${each}`)]), (value) => { reason = value; }), note.el],
      submit: t('report.send'),
      action: async () => {
        const words = note.input.value.trim();
        await app.call('report', { ...about, reason, ...(words && { note: words }) });
        close();
        toast(t('report.sent'));
      },
    });
  });
}
