// Tiny helpers over the DOM. Text enters the page only as text nodes and attributes, never as markup.

const SVG = 'http://www.w3.org/2000/svg';

/** `h('button', { class: 'primary', onclick: send }, 'Send')`: an element with properties and children. */
export function h(tag, props = {}, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(el, name, value);
  el.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return el;
}

function setProp(el, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith('on')) el.addEventListener(name.slice(2), value);
  else if (name === 'class') el.className = value;
  else if (name === 'data') Object.assign(el.dataset, value);
  else if (name === 'value') el.value = value;
  else el.setAttribute(name, value === true ? '' : value);
}

const ICONS = {
  plus: 'M12 5v14M5 12h14',
  back: 'M15 5l-7 7 7 7',
  people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.8c2 .7 3.2 2.4 3.5 5.2',
  send: 'M5 12h13M12 5.5l6.5 6.5-6.5 6.5',
  down: 'M12 5v14M6 13l6 6 6-6',
  close: 'M6 6l12 12M18 6L6 18',
  compass: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM15.5 8.5l-2 5-5 2 2-5 5-2Z',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.6-4 3.5-6 7.5-6s6.9 2 7.5 6',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
  group: 'M4 10.5 12 4l8 6.5M6 9.5V20h12V9.5M10 20v-5h4v5',
  dots: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  at: 'M12 15.6a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2ZM15.6 8.4v4.9a2.2 2.2 0 0 0 4.4 0V12a8 8 0 1 0-3.4 6.5',
  pin: 'M9 4h6l-.8 6.2L17 13v1.5H7V13l2.8-2.8L9 4ZM12 14.5V20',
  quiet: 'M6 16.5h12L16.5 14v-4a4.5 4.5 0 0 0-9 0v4L6 16.5ZM10.5 19.5h3M4 4l16 16',
  thread: 'M5 5h14v10.5h-7L8 19v-3.5H5V5ZM9 9h6M9 12h4',
  more: 'M7 10l5 5 5-5',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7.5V12l3 2',
  alert: 'M12 8v5M12 16.5v.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
};

/** A line icon of 24 units; decoration only, so hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  for (const [key, value] of Object.entries({ viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' })) svg.setAttribute(key, value);
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** The logo: a curved roof over the yard, and a voice in it. */
export function logo() {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [key, value] of Object.entries({ viewBox: '0 0 48 48', class: 'logo', 'aria-hidden': 'true' })) svg.setAttribute(key, value);
  const parts = [
    ['roof', 'M3 19.5c7.5-.6 14.5-4.6 21-12 6.5 7.4 13.5 11.4 21 12-1 2.6-2.8 4-5.6 4.2C33.5 24 28.5 22 24 18c-4.5 4-9.5 6-15.4 5.7C5.8 23.5 4 22.1 3 19.5Z'],
    ['yard', 'M11 27.5h26a2 2 0 0 1 2 2V37a4 4 0 0 1-4 4H22l-6.5 4v-4H13a4 4 0 0 1-4-4v-7.5a2 2 0 0 1 2-2Z'],
    ['voice', 'M17.5 36.2a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8ZM24 36.2a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8ZM30.5 36.2a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8Z'],
  ];
  for (const [name, d] of parts) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('class', `logo-${name}`);
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}

/** A button that shows an icon and is named for those who can't see it. */
export function iconButton(name, label, onclick, props = {}) {
  return h('button', { type: 'button', class: 'icon-button', title: label, 'aria-label': label, onclick, ...props }, icon(name));
}

/** So many colours of avatars as people can tell apart. */
const HUES = 12;

/** A round with the first letter of a name; its colour follows from the id and so never changes. A dot says `online` or `idle`. */
export function avatar(id, name, presence) {
  let hash = 7;
  for (const char of id) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193);
  const hue = (((hash >>> 15) ^ hash) >>> 0) % HUES * (360 / HUES);
  const letter = [...(name || id)][0]?.toUpperCase() ?? '?';
  const el = h('span', { class: `avatar${presence && presence !== 'offline' ? ` ${presence}` : ''}`, 'aria-hidden': 'true' }, letter);
  el.style.setProperty('--hue', String(hue));
  return el;
}

const LINK = /https?:\/\/[^\s<>"'`]+/g;

/** Text with its web addresses as links. A closing mark at the end of an address belongs to the sentence. */
export function linkified(text) {
  const out = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const url = match[0].replace(/[.,;:!?)\]}…。、]+$/u, '');
    out.push(text.slice(at, match.index), h('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, url));
    at = match.index + url.length;
  }
  out.push(text.slice(at));
  return out;
}

/** Puts `wanted` into `parent` as its children, in order, touching only what differs. */
export function reconcile(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  let at = parent.firstElementChild;
  for (const el of wanted) {
    if (el === at) at = at.nextElementSibling;
    else parent.insertBefore(el, at);
  }
}
