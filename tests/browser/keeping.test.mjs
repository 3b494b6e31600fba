// Those who keep a room do it from the page: ban and mute, slow mode and places, links, picture, archive, hand-over, end.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signedUp } from './api.mjs';
import { personAt, until } from './person.mjs';
import { bothOpen, twoPeople } from './scene.mjs';

const run = Date.now().toString(36);
const id = (name) => `${name}-${run}`;
const ROOM = `Garden ${run}`;
let node;
let browser;
let minji;
let haru;
let host;
let room;
let end;

before(async () => {
  ({ node, browser, minji, haru, host, rooms: [room], end } = await twoPeople({ id, titles: [ROOM], kind: 'open', locales: ['en-US', 'ko-KR'] }));
  await signedUp(node.url, id('troll'), 'Troll');
  await bothOpen([minji, haru], ROOM);
});

after(() => end?.());

const dialog = (person) => person.page.locator('dialog').last();
const submit = (person) => dialog(person).locator('button[type=submit]').click();
const gone = (person) => person.page.locator('dialog').waitFor({ state: 'detached' });
const settings = (person) => person.page.locator('[data-do=settings]').click();
async function towards(user, what) {
  const row = minji.page.locator(`.members li[data-user="${id(user)}"]`);
  await row.locator('.member').waitFor();
  if ((await row.locator('.member').getAttribute('aria-expanded')) !== 'true') await row.locator('.member').click();
  await row.locator(`[data-do="${what}"]`).click();
}

test('who is muted reads why they cannot write, and writes again afterwards', async () => {
  await towards('haru', 'mute');
  await submit(minji);
  await haru.page.locator('.silence').getByText('말할 수 없어요').waitFor();
  assert.equal(await haru.page.locator('.composer-input').isVisible(), false);
  await haru.shot('muted-ko');
  await towards('haru', 'unmute');
  await haru.page.locator('.composer-input').waitFor();
});

test('slow mode and places are set, and a number that makes no sense is refused in a sentence', async () => {
  await settings(minji);
  await minji.page.locator('dialog input[name=slow_mode_s]').fill('30');
  await minji.page.locator('dialog input[name=places_max]').fill('7');
  await submit(minji);
  await minji.page.getByText('Saved.').waitFor();
  await until('the server knows', async () => {
    const { slow_mode_s, places_max } = await host.get(`rooms/${room}`);
    return slow_mode_s === 30 && places_max === 7;
  });
  await minji.page.locator('dialog input[name=places_max]').fill('0');
  await submit(minji);
  await minji.page.locator('dialog .problem').filter({ hasText: /\S/ }).first().waitFor();
  await minji.page.locator('dialog input[name=places_max]').fill('50');
  await minji.page.locator('dialog input[name=slow_mode_s]').fill('0');
  await submit(minji);
  await until('it is taken back', async () => (await host.get(`rooms/${room}`)).slow_mode_s === 0);
  await minji.page.keyboard.press('Escape');
  await gone(minji);
});

test('a picture is named by reference and shown as a link', async () => {
  await minji.page.locator('[data-do=edit-room]').click();
  await minji.page.locator('dialog input[name=picture]').fill('https://example.org/garden.png');
  await submit(minji);
  await haru.page.locator('.about a[href="https://example.org/garden.png"]').waitFor();
});

test('a link is made, copied, leads a stranger in, and is taken away after asking', async () => {
  await minji.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await settings(minji);
  await minji.page.locator('[data-do=create-link]').click();
  await dialog(minji).locator('input[name=uses_max]').fill('3');
  await submit(minji);
  await minji.page.locator('dialog [data-do=copy-link]').click();
  await minji.page.getByText('The link was copied.').waitFor();
  const address = await minji.page.evaluate(() => navigator.clipboard.readText());
  const stranger = await personAt(browser, address, { locale: 'en-US' });
  await stranger.logIn(id('troll'));
  await stranger.page.locator('dialog').getByText(ROOM).waitFor();
  await stranger.shot('door-en');
  await stranger.page.locator('dialog button[type=submit]').click();
  await stranger.page.locator('.room-head h1').getByText(ROOM).waitFor();
  await stranger.context.close();
  await minji.shot('links-en');
  await minji.page.locator('dialog [data-do=revoke-link]').click();
  await dialog(minji).getByText('cannot be undone').waitFor();
  await dialog(minji).locator('.actions .danger').click();
  await minji.page.locator('dialog [data-do=revoke-link]').waitFor({ state: 'detached' });
  assert.deepEqual((await host.get(`rooms/${room}/links`)).links, []);
  await minji.page.keyboard.press('Escape');
  await gone(minji);
});

test('who is banned is out and listed, and is let in again', async () => {
  await towards('haru', 'ban');
  await dialog(minji).locator('input[value=day]').check();
  await dialog(minji).locator('input[name=reason]').fill('too loud');
  await submit(minji);
  await haru.page.locator('.room-item').filter({ hasText: ROOM }).waitFor({ state: 'detached' });
  await settings(minji);
  const ban = minji.page.locator(`dialog li[data-user="${id('haru')}"]`);
  await ban.getByText('too loud').waitFor();
  await ban.locator('[data-do=unban]').click();
  await ban.waitFor({ state: 'detached' });
  await minji.page.keyboard.press('Escape');
  await gone(minji);
  await haru.joinOpenRoom(ROOM);
  await haru.page.locator('.composer-input').waitFor();
});

test('somebody who is not inside is banned by their user name', async () => {
  await settings(minji);
  await minji.page.locator('[data-do=ban-other]').click();
  await dialog(minji).locator('input[name=user]').fill(`@${id('stranger')}`);
  await submit(minji);
  await dialog(minji).locator('.problem').filter({ hasText: /\S/ }).waitFor();
  await dialog(minji).locator('input[name=user]').fill(`@${id('troll')}`);
  await submit(minji);
  await minji.page.locator(`dialog li[data-user="${id('troll')}"]`).waitFor();
  await minji.shot('bans-en');
  await minji.page.keyboard.press('Escape');
  await gone(minji);
});

test('an archived room can only be read, and says so, until it is taken out', async () => {
  await settings(minji);
  await minji.page.locator('[data-do=archive]').click();
  await haru.page.locator('.silence').getByText('보관된 방').waitFor();
  await haru.page.locator('.room-head p').getByText('보관됨').waitFor();
  await haru.shot('archived-ko');
  await gone(minji);
  await settings(minji);
  await minji.page.locator('[data-do=archive]').click();
  await haru.page.locator('.composer-input').waitFor();
  await gone(minji);
});

test('a room is handed over after asking, and only its owner has the button that deletes it', async () => {
  await towards('haru', 'hand-over');
  await dialog(minji).locator('.actions .danger').click();
  await gone(minji);
  await minji.page.locator(`.members li[data-user="${id('haru')}"] .role`).getByText('Owner').waitFor();
  await settings(minji);
  assert.equal(await minji.page.locator('[data-do=delete-room]').count(), 0);
  await minji.page.keyboard.press('Escape');
  await gone(minji);
});

test('a room is deleted only when asked twice, and is gone for everybody', async () => {
  await settings(haru);
  await haru.page.locator('[data-do=delete-room]').click();
  await dialog(haru).getByText('되돌릴 수 없어요').waitFor();
  await dialog(haru).locator('.actions button').first().click();
  assert.equal((await host.get(`rooms/${room}`)).title, ROOM);
  await haru.page.locator('[data-do=delete-room]').click();
  await dialog(haru).locator('.actions .danger').click();
  for (const person of [haru, minji]) await person.page.locator('.room-item').filter({ hasText: ROOM }).waitFor({ state: 'detached' });
  await gone(haru);
  assert.deepEqual([minji.problems, haru.problems], [[], []]);
});
