// Above the place to write: which message is being answered or edited, and the way out of that.

import { h, iconButton } from '../dom.js';
import { t } from '../i18n/index.js';
import { messageAt } from '../state/thread.js';
import { briefOf } from './said.js';

/** For the composer of `place` in the room `id`. */
export function composeForView(app, id, place) {
  const text = h('span', {});
  const el = h('div', { class: 'compose-for', role: 'status', hidden: true }, text, iconButton('close', t('message.leave'), () => app.act.leave(place), { data: { do: 'leave-compose' } }));

  function update(state, aim) {
    el.hidden = aim === undefined;
    if (aim === undefined) return;
    const message = messageAt(state, id, aim.seq);
    const brief = message ? briefOf(message) : t('message.earlier');
    text.textContent = aim.mode === 'edit' ? t('message.editing', { text: brief }) : t('message.answering', { name: state.names.get(message?.user) ?? '', text: brief });
  }

  return { el, update };
}
