// What many tests begin with: a node, and two people who are known to it, each at the page and through the API.

import { signedUp } from './api.mjs';
import { startNode } from './node.mjs';
import { launch, personAt } from './person.mjs';

/**
 * Minji, who makes the rooms, and Haru, who is in them (`joins`) or invited. `host` and `guest` are the same two
 * through the API; `rooms` are ids, in the order of `titles`. Whoever calls this calls `end`.
 */
export async function twoPeople({ id, titles, kind = 'group', joins = true, locales: [minjis, harus] = ['en-US', 'en-US'], settings = [] }) {
  const node = await startNode({ settings });
  let browser;
  const end = async () => {
    try {
      await browser?.close();
    } finally {
      await node.stop();
    }
  };
  try {
    browser = await launch();
    const host = await signedUp(node.url, id('minji'), '민지');
    const guest = await signedUp(node.url, id('haru'), 'Haru');
    const rooms = [];
    for (const title of titles) {
      const members = kind === 'group' ? [id('haru')] : [];
      const { room } = await host.post('rooms', { kind, title, members });
      if (joins) await guest.post(`rooms/${room}/join`);
      rooms.push(room);
    }
    const minji = await personAt(browser, node.url, { locale: minjis });
    const haru = await personAt(browser, node.url, { locale: harus });
    await minji.logIn(id('minji'));
    await haru.logIn(id('haru'));
    return { node, browser, host, guest, rooms, minji, haru, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Both are in a room and can write. */
export async function bothOpen(people, title) {
  for (const person of people) {
    await person.openRoom(title);
    await person.page.locator('.composer-input').waitFor();
  }
}
