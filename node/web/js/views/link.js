// Says when the connection is away, and when it will be tried again.

import { h } from '../dom.js';
import { t } from '../i18n/index.js';

/** A connection that comes back this fast is not worth a word. */
const PATIENCE_MS = 700;

export function linkView(app) {
  const text = h('span', {});
  const retry = h('button', { type: 'button', onclick: app.retryLink }, t('link.retry'));
  const el = h('div', { class: 'link', role: 'status', hidden: true }, h('span', { class: 'link-dot' }), text, retry);
  let link = null;
  let sinceMs = 0;
  let timer = 0;

  function update(state) {
    if (state.link === link) return;
    if (state.link.state === 'online') sinceMs = 0;
    else if (sinceMs === 0) sinceMs = Date.now();
    link = state.link;
    show();
  }

  function show() {
    clearTimeout(timer);
    el.dataset.state = link.state;
    const away_ms = Date.now() - sinceMs;
    el.hidden = link.state === 'online' || (away_ms < PATIENCE_MS && link.state !== 'stopped');
    retry.hidden = link.state === 'connecting';
    const words = describe();
    if (text.textContent !== words) text.textContent = words;
    if (link.state !== 'online' && link.state !== 'stopped') timer = setTimeout(show, el.hidden ? PATIENCE_MS : 1_000);
  }

  function describe() {
    if (link.state === 'stopped') return t('link.stopped', { code: link.code });
    if (link.state !== 'waiting') return t('link.connecting');
    const seconds = Math.ceil((link.until_ms - Date.now()) / 1_000);
    return seconds > 2 ? t('link.waiting', { n: seconds }) : t('link.connecting');
  }

  return { el, update, destroy: () => clearTimeout(timer) };
}
