// A window over the page: the browser's own <dialog>, which keeps the focus inside and closes on Escape.

import { h, iconButton } from '../dom.js';
import { errorText, t } from '../i18n/index.js';

let nextId = 1;

/** Opens one; `build(close)` gives its content. */
export function openDialog(title, build) {
  const close = () => el.close();
  // One window may lie over another: each is named by its own heading.
  const id = `dialog-title-${nextId++}`;
  const heading = h('h2', { id }, title);
  const body = h('div', { class: 'dialog-body' });
  const el = h('dialog', { 'aria-labelledby': id, onclose: () => el.remove() },
    h('header', { class: 'dialog-head' }, heading, iconButton('close', t('action.close'), close)), body);
  // A click beside the window lands on the dialog element itself.
  el.addEventListener('pointerdown', (press) => press.target === el && close());
  body.append(...[build(close)].flat());
  document.body.append(el);
  el.showModal();
  return close;
}

/** Asks before something that can't be undone. */
export function confirmDialog(title, text, label, action) {
  openDialog(title, (close) => {
    const problem = h('p', { class: 'problem', role: 'alert' });
    const yes = h('button', { type: 'button', class: 'danger', onclick: run }, label);
    async function run() {
      yes.disabled = true;
      try {
        await action();
        close();
      } catch (error) {
        problem.textContent = errorText(error);
        yes.disabled = false;
      }
    }
    return [h('p', {}, text), problem, h('div', { class: 'actions' }, h('button', { type: 'button', onclick: close }, t('action.cancel')), yes)];
  });
}
