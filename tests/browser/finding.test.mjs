// What is found again: threads, pins, mentions over all rooms, the history of edits, and a message forwarded.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fill } from './api.mjs';
import { focused, personAt, until } from './person.mjs';
import { bothOpen, twoPeople } from './scene.mjs';

const run = Date.now().toString(36);
const id = (name) => `${name}-${run}`;
const ROOM = `Workshop ${run}`;
const OTHER = `Kitchen ${run}`;
let node;
let browser;
let minji;
let haru;
let host;
let guest;
let room;
let other;
let end;

before(async () => {
  ({ node, browser, minji, haru, host, guest, rooms: [room, other], end } = await twoPeople({ id, titles: [ROOM, OTHER] }));
  await bothOpen([minji, haru], ROOM);
  await minji.say('Where shall we put the bench?');
  await haru.hears('Where shall we put the bench?');
});

after(() => end?.());

const thread = (person) => person.page.locator('aside.thread');
const replies = (person) => thread(person).locator('.message[data-status=logged] .bubble');
const reply = async (person, text) => {
  await thread(person).locator('.composer-input').fill(text);
  await person.page.keyboard.press('Enter');
};

test('a thread is begun under a message, and the focus goes into it', async () => {
  await haru.act('bench', 'thread');
  await thread(haru).getByText('No replies yet').waitFor();
  await until('one can write at once', () => focused(haru, 'aside.thread .composer-input'));
  await reply(haru, 'Under the plum tree');
  await replies(haru).getByText('Under the plum tree').waitFor();
});

test('from a message that has replies the thread opens, and what is said in it comes to both', async () => {
  const way = minji.rowOf('bench').locator('[data-do=open-thread]');
  await way.getByText('1 reply').waitFor();
  await way.click();
  await replies(minji).getByText('Under the plum tree').waitFor();
  await reply(minji, 'It is too wet there');
  await replies(haru).getByText('It is too wet there').waitFor();
  await thread(haru).getByText('2 replies').waitFor();
  await haru.shot('thread-en');
  const words = await replies(haru).allTextContents();
  assert.deepEqual(words, ['Where shall we put the bench?', 'Under the plum tree', 'It is too wet there']);
});

test('in a thread one edits, and a message of the room does not come into it', async () => {
  await minji.act('too wet', 'edit', thread(minji));
  assert.equal(await thread(minji).locator('.composer-input').inputValue(), 'It is too wet there');
  await reply(minji, 'It is much too wet there');
  await replies(haru).getByText('It is much too wet there').waitFor();
  await haru.page.locator('.room-column .composer-input').fill('Tea is ready');
  await haru.page.keyboard.press('Enter');
  await minji.page.locator('.room-column .bubble').getByText('Tea is ready').waitFor();
  assert.equal(await replies(minji).getByText('Tea is ready').count(), 0);
});

test('a long thread is read page by page, upwards', async () => {
  const { events } = await host.get(`rooms/${room}/messages?limit=200`);
  const root = events.find((event) => event.text?.startsWith('Where shall'));
  for (let n = 1; n <= 60; n++) await guest.post(`rooms/${room}/messages`, { cid: `reply-${n}`, text: `plank ${n}`, thread: root.seq });
  await replies(minji).getByText('plank 60', { exact: true }).waitFor();
  await thread(minji).locator('[data-do=close-thread]').click();
  await thread(minji).waitFor({ state: 'detached' });
  await minji.page.locator('[data-do=open-thread]').last().click();
  await replies(minji).getByText('plank 60', { exact: true }).waitFor();
  assert.equal(await replies(minji).getByText('plank 1', { exact: true }).count(), 0);
  await thread(minji).locator('[data-do=older-replies]').click();
  await replies(minji).getByText('Under the plum tree').waitFor();
  assert.equal(await replies(minji).count(), 63);
});

test('in a thread too, a message is found by keyboard alone, and the focus comes back to it', async () => {
  await thread(minji).locator('.scroll').focus();
  await minji.page.keyboard.press('ArrowUp');
  await until('the newest reply has the focus', () => minji.page.evaluate(() => document.activeElement.textContent.includes('plank 60')));
  await minji.page.keyboard.press('Enter');
  await minji.page.locator('dialog .about-message').getByText('plank 60').waitFor();
  assert.equal(await minji.page.locator('dialog [data-do=thread]').count(), 0);
  await minji.page.keyboard.press('Escape');
  await until('and again', () => minji.page.evaluate(() => document.activeElement.textContent.includes('plank 60')));
  await minji.page.keyboard.press('Escape');
  await until('one writes', () => focused(minji, 'aside.thread .composer-input'));
});

test('Escape closes the thread and gives the focus back to the room', async () => {
  await thread(minji).locator('.composer-input').focus();
  await minji.page.keyboard.press('Escape');
  await thread(minji).waitFor({ state: 'detached' });
  await until('the focus is in the room', () => minji.page.evaluate(() => document.querySelector('.room-column').contains(document.activeElement)));
});

test('what is pinned is listed, leads to its message, and is taken down from the list', async () => {
  await fill(host, room, 130, (n) => `shaving ${n}`);
  await haru.hears('shaving 130');
  await haru.act('shaving 130', 'pin');
  const { seq } = (await host.get(`rooms/${room}/messages?limit=200`)).events.find((event) => event.text?.startsWith('Under'));
  await host.post(`rooms/${room}/messages/${seq}/pin`);
  await haru.page.locator('[data-do=pins]').click();
  await haru.page.locator('dialog li').nth(1).waitFor();
  await haru.shot('pins-en');
  await haru.page.locator('dialog li').filter({ hasText: 'shaving 130' }).locator('[data-do=unpin]').click();
  await haru.page.locator('dialog li').filter({ hasText: 'shaving 130' }).waitFor({ state: 'detached' });
  await haru.page.locator('dialog [data-do=go-to]').filter({ hasText: 'plum tree' }).click();
  await until('the message has the focus', () => haru.page.evaluate(() => document.activeElement.textContent.includes('plum tree')));
});

test('my mentions are listed over all rooms, and lead there', async () => {
  await fill(host, other, 120, (n) => `spoon ${n}`);
  await host.post(`rooms/${other}/messages`, { cid: 'called', text: `@${id('haru')}, the soup!`, mentions: { users: [id('haru')] } });
  await fill(guest, other, 120, (n) => `fork ${n}`);
  await host.post(`rooms/${room}/messages`, { cid: 'called', text: `@${id('haru')}, the saw!`, mentions: { users: [id('haru')] } });
  await haru.page.locator('[data-do=mentions]').click();
  const rows = haru.page.locator('dialog [data-do=go-to]');
  await rows.nth(1).waitFor();
  assert.deepEqual((await rows.allTextContents()).map((text) => [text.includes('the saw!'), text.includes(ROOM), text.includes(OTHER)]), [[true, true, false], [false, false, true]]);
  await haru.shot('mentions-en');
  await rows.nth(1).click();
  await haru.page.locator('.room-head h1').getByText(OTHER).waitFor();
  await until('the message has the focus', () => haru.page.evaluate(() => document.activeElement.textContent.includes('the soup!')));
  await until('and stays in sight', () => haru.page.locator('.message').filter({ hasText: 'the soup!' }).evaluate((el) => {
    const { top, bottom } = el.getBoundingClientRect();
    return top > 60 && bottom < innerHeight;
  }));
});

test('those who keep order read what an edited message said before, others have no button for it', async () => {
  await haru.openRoom(OTHER);
  const { seq } = await guest.post(`rooms/${other}/messages`, { cid: 'draft', text: 'first <i>thought</i>' });
  await minji.openRoom(OTHER);
  await minji.hears('first <i>thought</i>');
  await guest.patch(`rooms/${other}/messages/${seq}`, { text: 'second thought' });
  await guest.patch(`rooms/${other}/messages/${seq}`, { text: 'last thought' });
  await minji.act('last thought', 'edits');
  const versions = minji.page.locator('dialog .version .about-message');
  await versions.nth(1).waitFor();
  assert.deepEqual(await versions.allTextContents(), ['second thought', 'first <i>thought</i>']);
  await minji.shot('edits-en');
  await minji.page.keyboard.press('Escape');
  await haru.openActions('last thought');
  assert.equal(await haru.page.locator('dialog [data-do=edits]').count(), 0);
  await haru.page.keyboard.press('Escape');
});

test('a message is forwarded into another room with the name of who said it', async () => {
  await minji.act('last thought', 'forward');
  await minji.page.locator(`dialog [data-room="${room}"]`).click();
  await minji.page.getByText('Forwarded.').waitFor();
  await minji.openRoom(ROOM);
  await minji.rowOf('last thought').locator('.forwarded').getByText('Haru').waitFor();
});

test('on a phone a thread lies over its room, and the back button leads out of it, then to the list', async () => {
  const phone = await personAt(browser, node.url, { phone: true });
  await phone.logIn(id('haru'));
  await phone.openRoom(ROOM);
  await phone.page.locator('.composer-input').waitFor();
  for (const leave of [() => phone.page.goBack(), () => thread(phone).locator('[data-do=close-thread]').click()]) {
    await phone.act('the saw!', 'thread');
    await thread(phone).getByText('No replies yet').waitFor();
    await leave();
    await thread(phone).waitFor({ state: 'detached' });
    await phone.page.locator('.room-head h1').getByText(ROOM).waitFor();
  }
  await phone.page.goBack();
  await phone.page.locator('.sidebar').waitFor();
  assert.deepEqual(phone.problems, []);
  await phone.context.close();
});

test('nothing went wrong on either page', () => {
  assert.deepEqual([minji.problems, haru.problems], [[], []]);
});
