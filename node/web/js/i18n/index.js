// The words of the page in the language chosen, and how that language writes times.

import { language } from '../session.js';
import en from './en.js';
import ko from './ko.js';

const DICTIONARIES = { en, ko };
export const LANGUAGES = [['ko', '한국어'], ['en', 'English']];

let current = 'en';
let formats = {};

/** The switch, where it was used, else what the browser asks for first among those we have. */
export function chooseLanguage() {
  const wanted = [language.read(), ...(navigator.languages ?? [navigator.language])];
  useLanguage(wanted.map((tag) => tag?.slice(0, 2)).find((tag) => tag in DICTIONARIES) ?? 'en');
}

export function useLanguage(tag) {
  current = tag;
  document.documentElement.lang = tag;
  const format = (options) => new Intl.DateTimeFormat(tag, options);
  formats = {
    time: format({ hour: 'numeric', minute: '2-digit' }),
    day: format({ month: 'long', day: 'numeric', weekday: 'long' }),
    dayWithYear: format({ year: 'numeric', month: 'long', day: 'numeric', weekday: 'long' }),
    short: format({ month: 'short', day: 'numeric' }),
    shortWithYear: format({ year: 'numeric', month: 'numeric', day: 'numeric' }),
    full: format({ dateStyle: 'long', timeStyle: 'short' }),
  };
}

export const currentLanguage = () => current;

/** `t('room.members', { n: 3 })`: the text under that key with `{n}` filled in. */
export function t(key, values = {}) {
  const text = DICTIONARIES[current][key] ?? en[key] ?? key;
  const plural = typeof text === 'string' ? text : values.n === 1 ? text.one : text.other;
  return plural.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

/** What to tell a person about an error; the server's own words where we have none. */
export function errorText(error) {
  const key = `error.${error.name}`;
  return key in en ? t(key, { message: error.message }) : (error.message ?? String(error));
}

export const time = (at_ms) => formats.time.format(at_ms);
export const fullTime = (at_ms) => formats.full.format(at_ms);

/** Local days since some start: equal for two times of the same day. */
export function dayOf(at_ms) {
  const date = new Date(at_ms);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000);
}

/** When this day ends here. */
export function dayEnd(at_ms) {
  const date = new Date(at_ms);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime();
}

/** The heading above a day's messages. */
export function dayText(at_ms, now_ms = Date.now()) {
  const ago = dayOf(now_ms) - dayOf(at_ms);
  if (ago === 0) return t('day.today');
  if (ago === 1) return t('day.yesterday');
  return sameYear(at_ms, now_ms) ? formats.day.format(at_ms) : formats.dayWithYear.format(at_ms);
}

/** The time in the room list: as short as says enough. */
export function shortTime(at_ms, now_ms = Date.now()) {
  const ago = dayOf(now_ms) - dayOf(at_ms);
  if (ago === 0) return time(at_ms);
  if (ago === 1) return t('day.yesterday');
  return sameYear(at_ms, now_ms) ? formats.short.format(at_ms) : formats.shortWithYear.format(at_ms);
}

const sameYear = (a, b) => new Date(a).getFullYear() === new Date(b).getFullYear();
