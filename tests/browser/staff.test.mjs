// The staff at work on the page: appointing, dismissing, and the log of what was done, one page at a time.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { personAt } from './person.mjs';
import { twoPeople } from './scene.mjs';

const run = Date.now().toString(36);
const id = (name) => `${name}-${run}`;
let minji;
let haru;
let browser;
let node;
let end;

before(async () => {
  const settings = [`safety.admins=${id('minji')}`];
  let host;
  ({ minji, haru, host, browser, node, end } = await twoPeople({ id, titles: [], locales: ['en-US', 'ko-KR'], settings }));
  const { room } = await host.post('rooms', { kind: 'open', title: `Square ${run}` });
  for (let n = 0; n < 12; n++) {
    await host.post(`rooms/${room}/bans`, { user: id('haru'), reason: `round ${n}` });
    await host.delete(`rooms/${room}/bans/${id('haru')}`);
  }
});

after(() => end?.());

const dialog = (person) => person.page.locator('dialog').last();
const open = async (person, what) => {
  await person.page.locator('[data-do=account]').click();
  await person.page.locator(`dialog [data-do=${what}]`).click();
};
const closeAll = async (person) => {
  for (let n = await person.page.locator('dialog').count(); n > 0; n--) await person.page.keyboard.press('Escape');
  await person.page.locator('dialog').waitFor({ state: 'detached' });
};

test('whoever is not of the staff has no way there', async () => {
  await haru.page.locator('[data-do=account]').click();
  await haru.page.locator('.sessions li').first().waitFor();
  assert.equal(await haru.page.locator('dialog [data-do=audit]').isVisible(), false);
  await closeAll(haru);
});

test('an admin appoints a moderator, who sees reports and cannot appoint', async () => {
  await open(minji, 'staff');
  await dialog(minji).locator('input[name=user]').fill(id('haru'));
  await dialog(minji).locator('select[name=role]').selectOption('moderator');
  await dialog(minji).locator('button[type=submit]').click();
  await dialog(minji).locator(`li[data-user="${id('haru')}"]`).getByText('Moderator').waitFor();
  await minji.shot('staff-en');
  await open(haru, 'staff');
  await dialog(haru).locator(`li[data-user="${id('haru')}"]`).getByText('진행자').waitFor();
  assert.equal(await dialog(haru).locator('input[name=user]').count(), 0);
  assert.equal(await dialog(haru).locator('[data-do=dismiss]').count(), 0);
  await closeAll(haru);
});

test('nobody who does not exist is appointed, and the page says so', async () => {
  await dialog(minji).locator('input[name=user]').fill(id('nobody'));
  await dialog(minji).locator('button[type=submit]').click();
  await dialog(minji).locator('.problem').filter({ hasText: /\S/ }).waitFor();
  await closeAll(minji);
});

test('who is suspended is put out at once, reads why, and is let in again', async () => {
  const troll = await personAt(browser, node.url, { locale: 'en-US' });
  await troll.signUp(id('troll'), 'Troll');
  await open(minji, 'suspensions');
  await dialog(minji).locator('input[name=user]').fill(id('troll'));
  await dialog(minji).locator('select[name=span]').selectOption('week');
  await dialog(minji).locator('input[name=reason]').fill('threats');
  await dialog(minji).locator('button[type=submit]').click();
  const row = dialog(minji).locator(`li[data-user="${id('troll')}"]`);
  await row.getByText('threats').waitFor();
  await minji.shot('suspensions-en');
  await troll.page.locator('.auth').waitFor();
  await troll.logIn(id('troll'));
  await troll.page.locator('.problem').getByText('This account is suspended').waitFor();
  await row.locator('[data-do=restore]').click();
  await dialog(minji).locator('.actions .danger').click();
  await row.waitFor({ state: 'detached' });
  await troll.logIn(id('troll'));
  await troll.page.locator('.shell').waitFor();
  await troll.context.close();
  await closeAll(minji);
});

test('the log is read one page at a time, and back to its newest', async () => {
  await open(minji, 'audit');
  const entries = dialog(minji).locator('.entry');
  await entries.nth(19).waitFor();
  const sentences = await entries.locator('span').allTextContents();
  assert.deepEqual(sentences.slice(0, 3), [`@${id('minji')} restored @${id('troll')}`, `@${id('minji')} suspended @${id('troll')}`, `@${id('minji')} appointed @${id('haru')}: Moderator`]);
  await minji.shot('audit-en');
  await dialog(minji).locator('[data-do=older]').click();
  await dialog(minji).getByText('Page 2').waitFor();
  assert.match(await entries.last().textContent(), /round 0/);
  assert.equal(await entries.count(), 7);
  assert.equal(await dialog(minji).locator('[data-do=older]').isVisible(), false);
  assert.equal(await minji.page.evaluate(() => document.activeElement.dataset.do), 'newest');
  await dialog(minji).locator('[data-do=newest]').click();
  await dialog(minji).getByText('Page 1').waitFor();
  await closeAll(minji);
});

test('who is dismissed, after asking, is of the staff no more', async () => {
  await open(minji, 'staff');
  await dialog(minji).locator(`li[data-user="${id('haru')}"] [data-do=dismiss]`).click();
  await dialog(minji).locator('.actions .danger').click();
  await dialog(minji).locator(`li[data-user="${id('haru')}"]`).waitFor({ state: 'detached' });
  await closeAll(minji);
  assert.deepEqual([minji.problems, haru.problems], [[], []]);
});
