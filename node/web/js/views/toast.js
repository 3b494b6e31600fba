// Short notes at the edge of the screen, read out by screen readers, gone by themselves.

import { h } from '../dom.js';

const SHOWN_MS = 5_000;

export function toast(text) {
  const note = h('div', { class: 'toast' }, text);
  document.querySelector('#toasts').append(note);
  setTimeout(() => note.remove(), SHOWN_MS);
}
