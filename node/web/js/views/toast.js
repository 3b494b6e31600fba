// Short notes at the edge of the screen, read out by screen readers, gone by themselves.

import { h } from '../dom.js';

const SHOWN_MS = 5_000;

export function toast(text) {
  const note = h('div', { class: 'toast' }, text);
  // Over an open window only what is in it can be seen, and only that is read out.
  const places = document.querySelectorAll('#toasts, dialog[open] > .toasts');
  places[places.length - 1].append(note);
  setTimeout(() => note.remove(), SHOWN_MS);
}
