// What stays in the browser: the session's token, the chosen language, and messages not yet sent.

const TOKEN = 'madang.token';
const LANGUAGE = 'madang.language';
const OUTBOX = 'madang.outbox.';

export const token = {
  read: () => localStorage.getItem(TOKEN),
  write: (value) => localStorage.setItem(TOKEN, value),
  forget: () => localStorage.removeItem(TOKEN),
};

export const language = {
  read: () => localStorage.getItem(LANGUAGE),
  write: (value) => localStorage.setItem(LANGUAGE, value),
};

/** Per tab and per user, so that a reload loses nothing and two tabs don't send the same text twice. */
export const outboxOf = (user) => ({
  read: () => JSON.parse(sessionStorage.getItem(OUTBOX + user) ?? '[]'),
  write: (rooms) => sessionStorage.setItem(OUTBOX + user, JSON.stringify(rooms)),
  forget: () => sessionStorage.removeItem(OUTBOX + user),
});

/** A name for this device that its owner will recognise in the list of sessions. */
export function deviceName(agent = navigator.userAgent) {
  const find = (table) => table.find(([pattern]) => pattern.test(agent))?.[1];
  const browser = find([[/Edg/, 'Edge'], [/SamsungBrowser/, 'Samsung Internet'], [/Firefox/, 'Firefox'], [/Chrom/, 'Chrome'], [/Safari/, 'Safari']]);
  const system = find([[/iPhone/, 'iPhone'], [/iPad/, 'iPad'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS/, 'Mac'], [/Linux/, 'Linux']]);
  return [browser ?? 'Browser', system].filter(Boolean).join(' · ');
}
