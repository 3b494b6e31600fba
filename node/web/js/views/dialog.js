// A window over the page: the browser's own <dialog>, which keeps the focus inside and closes on Escape.

import { h, iconButton } from '../dom.js';
import { t } from '../i18n/index.js';
import { actionButton } from './form.js';

let nextId = 1;

/** Opens one; `build(close)` gives its content. */
export function openDialog(title, build) {
  const close = () => el.close();
  const opener = document.activeElement;
  // One window may lie over another: each is named by its own heading.
  const id = `dialog-title-${nextId++}`;
  const heading = h('h2', { id }, title);
  const body = h('div', { class: 'dialog-body' });
  const el = h('dialog', { 'aria-labelledby': id, onclose: () => closed(el, opener) },
    h('header', { class: 'dialog-head' }, heading, iconButton('close', t('action.close'), close)), body,
    h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' }));
  // A click beside the window lands on the dialog element itself.
  el.addEventListener('pointerdown', (press) => press.target === el && close());
  body.append(...[build(close)].flat());
  document.body.append(el);
  el.showModal();
  return close;
}

/** The browser gives the focus back to where it was, unless that was drawn anew meanwhile. */
function closed(el, opener) {
  el.remove();
  if (document.activeElement !== document.body || opener === null || opener.isConnected) return;
  const within = [...document.querySelectorAll('dialog')].at(-1) ?? document;
  const { do: what, seq } = opener.closest('[data-do], [data-seq]')?.dataset ?? {};
  (within.querySelector(`[data-do="${CSS.escape(what ?? '')}"]`) ?? within.querySelector(`.message[data-seq="${Number(seq)}"]`))?.focus();
}

/** Asks before something that can't be undone. */
export function confirmDialog(title, text, label, action) {
  openDialog(title, (close) => {
    const problem = h('p', { class: 'problem', role: 'alert' });
    const yes = actionButton(label, async () => {
      problem.textContent = '';
      await action();
      close();
    }, { class: 'danger' }, (words) => { problem.textContent = words; });
    return [h('p', {}, text), problem, h('div', { class: 'actions' }, h('button', { type: 'button', onclick: close }, t('action.cancel')), yes)];
  });
}
