// What is one's own: status with an end, invisible, private reading, search, devices, and rooms kept on top or quiet.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient } from './api.mjs';
import { focused, until } from './person.mjs';
import { bothOpen, twoPeople } from './scene.mjs';

const run = Date.now().toString(36);
const id = (name) => `${name}-${run}`;
const ROOM = `Porch ${run}`;
const LATER = `Later ${run}`;
let node;
let minji;
let haru;
let host;
let guest;
let room;
let later;
let end;

before(async () => {
  ({ node, minji, haru, host, guest, rooms: [room, later], end } = await twoPeople({ id, titles: [ROOM, LATER], locales: ['ko-KR', 'en-US'] }));
  await bothOpen([minji, haru], ROOM);
});

after(() => end?.());

const account = (person) => person.page.locator('[data-do=account]').click();
const close = async (person) => {
  await person.page.keyboard.press('Escape');
  await person.page.locator('dialog').waitFor({ state: 'detached' });
};
/** How Haru is shown to Minji, among the people of the room. */
const shown = () => minji.page.locator(`.members li[data-user="${id('haru')}"]`);

test('a status is shown to others, with its end to oneself, and taken away', async () => {
  await account(haru);
  await haru.page.locator('input[name=status_emoji]').fill('🍜');
  await haru.page.locator('input[name=status_text]').fill('noodles');
  await haru.page.locator('select[name=status_until]').selectOption('hour');
  await haru.page.locator('form').filter({ has: haru.page.locator('[name=status_text]') }).locator('button[type=submit]').click();
  await shown().getByText('🍜 noodles').waitFor();
  await haru.page.locator('dialog').getByText('Now: 🍜 noodles, until').waitFor();
  const [mine] = (await host.post('presence', { users: [id('haru')] })).users;
  assert.ok(mine.status.expires_ms > Date.now() + 3_500_000 && mine.status.expires_ms < Date.now() + 3_700_000);
  await haru.shot('account-status-en');
  await haru.page.locator('[data-do=clear-status]').click();
  await shown().getByText(`@${id('haru')}`).waitFor();
});

test('who is invisible looks offline to others, still does after a look at the settings, and comes back', async () => {
  await haru.page.locator('input[name=invisible]').check();
  await shown().locator('.avatar.online').waitFor({ state: 'detached' });
  await close(haru);
  await account(haru);
  await until('the switch says so', () => haru.page.locator('input[name=invisible]').isChecked());
  assert.equal(await shown().locator('.avatar.online').count(), 0);
  await haru.page.locator('input[name=invisible]').uncheck();
  await shown().locator('.avatar.online').waitFor();
});

test('reading is private and search does not find, from the switch on', async () => {
  await haru.page.locator('input[name=private_reading]').check();
  await haru.page.locator('input[name=hidden]').check();
  await until('the server knows', async () => {
    const { private_reading, findable } = await guest.get('me/privacy');
    return private_reading && !findable;
  });
  assert.deepEqual((await host.get(`users?prefix=${id('haru')}`)).users, []);
  await close(haru);
});

test('a switch that is refused goes back and says why', async () => {
  await account(haru);
  const before = haru.page.locator('input[name=hidden]');
  await before.waitFor();
  assert.equal(await before.isChecked(), true);
  await haru.context.setOffline(true);
  await haru.page.evaluate(() => { WebSocket.prototype.send = () => { throw new DOMException('gone'); }; });
  await before.click();
  await haru.page.locator('.switch-row .problem').filter({ hasText: /\S/ }).waitFor();
  assert.equal(await before.isChecked(), true);
  await haru.context.setOffline(false);
  await haru.page.reload();
  await haru.page.locator('.composer-input').waitFor();
});

test('devices say whether they are here, and one of them is logged out', async () => {
  const { token } = await createClient(node.url).post('login', { user: id('haru'), password: `password-${id('haru')}`, device: 'Old phone' });
  await account(haru);
  const old = haru.page.locator('.sessions li').filter({ hasText: 'Old phone' });
  await old.getByText('last seen').waitFor();
  await haru.page.locator('.sessions li').first().getByText('This device').waitFor();
  await haru.shot('devices-en');
  await old.locator('[data-do=revoke]').click();
  await old.waitFor({ state: 'detached' });
  await assert.rejects(createClient(node.url, token).get('me'), /401/);
  await close(haru);
});

test('a room is kept on top of one\'s own list, and quiet', async () => {
  const titles = () => minji.page.locator('.room-item-name').allTextContents();
  await host.post(`rooms/${room}/messages`, { cid: 'newer', text: 'newer' });
  await until('the newest is first', async () => (await titles())[0].includes(ROOM));
  await minji.openRoom(LATER);
  await minji.page.locator('[data-do=my-room]').click();
  await minji.page.locator('[data-do=pin-room]').check();
  await until('it is on top', async () => (await titles())[0].includes(LATER));
  await minji.page.locator('dialog input[value=night]').check();
  await minji.page.locator('dialog button[type=submit]').click();
  await minji.page.locator('dialog').waitFor({ state: 'detached' });
  await until('the focus is back', () => focused(minji, '[data-do=my-room]'));
  await minji.page.locator('.room-item.is-quiet').filter({ hasText: LATER }).waitFor();
  const { my } = await host.get(`rooms/${later}`);
  assert.ok(my.pinned && my.quiet_until_ms > Date.now() + 7 * 3_600_000);
  assert.ok(!(await guest.get(`rooms/${later}`)).my.pinned);
  await minji.page.locator('[data-do=my-room]').click();
  await minji.page.locator('dialog').getByText('까지 조용히').waitFor();
  await minji.shot('my-room-ko');
  await close(minji);
});

test('nothing went wrong on either page', () => {
  assert.deepEqual([minji.problems, haru.problems], [[], []]);
});
