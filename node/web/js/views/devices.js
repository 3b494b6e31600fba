// The devices one is logged in on: which are here now, when the others were, and the way to end them.

import { h } from '../dom.js';
import { errorText, fullTime, shortTime, t } from '../i18n/index.js';
import { actionButton } from './form.js';
import { toast } from './toast.js';

export function devicesPart(app) {
  const list = h('ul', { class: 'sessions' }, h('li', {}, t('room.loading')));
  const load = async () => {
    const { sessions } = await app.call('sessions');
    list.replaceChildren(...sessions.sort((a, b) => b.current - a.current || b.online - a.online || b.seen_ms - a.seen_ms).map(row));
  };
  const row = ({ session, device, created_ms, seen_ms, online, current }) => h('li', { data: { session } },
    h('span', { class: `device-dot${online ? ' online' : ''}`, 'aria-hidden': 'true' }),
    h('div', {}, h('strong', {}, device || t('account.unknownDevice')),
      h('small', {}, [current ? t('account.thisDevice') : online ? t('account.online') : t('account.seen', { time: shortTime(seen_ms || created_ms) }), t('account.since', { time: fullTime(created_ms) })].join(' · '))),
    !current && actionButton(t('account.revoke'), async () => {
      await app.call('revoke', { session });
      await load();
    }, { class: 'danger', data: { do: 'revoke' } }, toast));
  load().catch((error) => list.replaceChildren(h('li', {}, errorText(error))));
  return h('section', {}, h('h3', {}, t('account.sessions')), list);
}
