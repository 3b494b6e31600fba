// Two people do with each other's messages what the page offers: answer, react, edit, delete, by mouse and keyboard.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fill } from './api.mjs';
import { until } from './person.mjs';
import { twoPeople } from './scene.mjs';

const run = Date.now().toString(36);
const id = (name) => `${name}-${run}`;
const ROOM = `Table ${run}`;
let minji;
let haru;
let host;
let room;
let end;

before(async () => {
  const settings = [`safety.admins=${id('minji')}`];
  ({ minji, haru, host, rooms: [room], end } = await twoPeople({ id, titles: [ROOM], joins: false, locales: ['ko-KR', 'en-US'], settings }));
});

after(() => end?.());

const rowOf = (person, text) => person.rowOf(text);
const act = (person, text, what) => person.act(text, what);

test('an invitation says who invited, and is accepted', async () => {
  await haru.page.locator('.room-item').filter({ hasText: ROOM }).filter({ hasText: '민지' }).click();
  await haru.page.locator('.door').getByText('민지').waitFor();
  await haru.page.locator('[data-do=accept]').click();
  await haru.page.locator('.composer-input').waitFor();
  await minji.openRoom(ROOM);
  await minji.page.locator('.composer-input').waitFor();
});

test('a reaction is counted for both, and taken back by pressing it', async () => {
  await minji.say('점심 뭐 먹을까요?');
  await haru.hears('점심 뭐 먹을까요?');
  await haru.openActions('점심');
  await haru.page.locator('dialog .emoji-row [data-emoji="👍"]').click();
  await rowOf(minji, '점심').locator('.reaction').getByText('1').waitFor();
  await rowOf(minji, '점심').locator('.reaction').click();
  await rowOf(haru, '점심').locator('.reaction.mine').getByText('2').waitFor();
  await rowOf(haru, '점심').locator('.reaction').click();
  await rowOf(minji, '점심').locator('.reaction.mine').getByText('1').waitFor();
});

test('an answer shows what it answers, and calls are marked for whom they call', async () => {
  await act(haru, '점심', 'reply');
  await haru.say(`Noodles, @${id('minji')}?`);
  await rowOf(minji, 'Noodles').locator('.quote').getByText('점심').waitFor();
  await rowOf(minji, 'Noodles').locator('.call.mine').waitFor();
  assert.equal(await haru.page.locator('.compose-for').isVisible(), false);
});

test('one edits and the other sees the new words; markup stays text', async () => {
  await act(haru, 'Noodles', 'edit');
  assert.match(await haru.page.locator('.composer-input').inputValue(), /^Noodles/);
  await haru.say('<b>Bibimbap</b>');
  const row = rowOf(minji, '<b>Bibimbap</b>');
  await row.locator('.said-mark').getByText('수정됨').waitFor();
  assert.equal(await row.locator('.bubble b').count(), 0);
});

test('by keyboard alone a message is found, and the window about it closed again', async () => {
  await minji.page.locator('.composer-input').focus();
  await minji.page.keyboard.press('ArrowUp');
  await until('the last message has the focus', () => minji.page.evaluate(() => document.activeElement.textContent.includes('Bibimbap')));
  await minji.page.keyboard.press('ArrowUp');
  await minji.page.keyboard.press('Enter');
  await minji.page.locator('dialog .about-message').getByText('점심').waitFor();
  await minji.page.keyboard.press('Escape');
  await minji.page.locator('dialog').waitFor({ state: 'detached' });
  await minji.page.keyboard.press('Escape');
  assert.equal(await minji.page.evaluate(() => document.activeElement.classList.contains('composer-input')), true);
});

test('typing is told while it goes on, and who has read is told under the message', async () => {
  await haru.page.locator('.composer-input').pressSequentially('hm');
  await minji.page.locator('.typing').getByText('Haru님이 입력하고 있어요…').waitFor();
  await haru.page.locator('.composer-input').fill('');
  await until('typing is over', async () => (await minji.page.locator('.typing').textContent()) === '');
  await minji.say('그럼 12시에 봐요');
  await haru.hears('그럼 12시에 봐요');
  await rowOf(minji, '12시').locator('.reached').getByText('Haru님이 읽음').waitFor();
});

test('what is deleted leaves a word in its place', async () => {
  await act(haru, 'Bibimbap', 'delete');
  await haru.page.locator('dialog .danger').click();
  await minji.page.locator('.bubble.gone').getByText('삭제된 메시지예요').waitFor();
  assert.equal(await minji.page.getByText('Bibimbap').count(), 0);
  await minji.shot('conversation-ko');
});

test('a quote leads to its message, though that is far above what was read', async () => {
  const { seq } = await host.post(`rooms/${room}/messages`, { cid: 'far', text: 'far above' });
  await fill(host, room, 120, (n) => `line ${n}`);
  await host.post(`rooms/${room}/messages`, { cid: 'back', text: 'as I said', reply: seq });
  await haru.page.reload();
  await haru.hears('as I said');
  assert.equal(await haru.page.locator('.bubble').getByText('far above', { exact: true }).count(), 0);
  await rowOf(haru, 'as I said').locator('.quote').click();
  await until('it has the focus', () => haru.page.evaluate(() => document.activeElement.textContent.includes('far above')));
  await haru.page.locator('.jump').click();
  await haru.hears('as I said');
});

test('one asks to be a contact, the other says yes, and both see it', async () => {
  await haru.page.locator('[data-do=contacts]').click();
  await haru.page.locator('dialog input[type=search]').fill(id('minji'));
  await haru.page.locator('.found [data-do=ask]').click();
  await minji.page.locator('.dot-count').getByText('1').waitFor();
  await minji.page.locator('[data-do=contacts]').click();
  await minji.page.locator('dialog [data-do=accept]').click();
  await minji.page.locator(`dialog li[data-user="${id('haru')}"]`).getByText('접속 중').waitFor();
  await haru.page.locator(`.contact-lists li[data-user="${id('minji')}"] [data-do=remove]`).waitFor();
  await minji.shot('contacts-ko');
  for (const { page } of [minji, haru]) await page.keyboard.press('Escape');
});

test('the owner mutes, switches reactions off and makes a link; buttons follow', async () => {
  await minji.page.locator(`.members li[data-user="${id('haru')}"] .member`).click();
  await minji.page.locator('.member-actions [data-do=mute]').click();
  await minji.page.locator('dialog button[type=submit]').click();
  await haru.page.locator('.happened').getByText('muted').waitFor();
  await minji.page.locator('[data-do=settings]').click();
  await minji.page.locator('dialog input[name=reactions]').uncheck();
  await minji.page.locator('dialog button[type=submit]').click();
  await haru.page.locator('.happened').getByText('changed the settings').waitFor();
  await minji.page.locator('[data-do=create-link]').click();
  await minji.page.locator('dialog').last().locator('button[type=submit]').click();
  await minji.page.locator('dialog [data-do=revoke-link]').waitFor();
  await minji.shot('settings-ko');
  await minji.page.keyboard.press('Escape');
  await haru.openActions('line 120');
  assert.equal(await haru.page.locator('dialog .emoji-row').count(), 0);
});

test('a report reaches the moderators, who take it and close it', async () => {
  await haru.page.locator('dialog [data-do=report]').click();
  await haru.page.locator('dialog input[value=other]').check();
  await haru.page.locator('dialog button[type=submit]').click();
  await haru.page.locator('dialog').waitFor({ state: 'detached' });
  await minji.page.locator('[data-do=account]').click();
  await minji.page.locator('[data-do=moderation]').click();
  await minji.page.locator('.report [data-do=taken]').click();
  await minji.page.locator('.report').waitFor({ state: 'detached' });
  await minji.page.locator('.queue-states [data-state=taken]').click();
  await minji.page.locator('.report .meant').getByText('line 120').waitFor();
  await minji.shot('moderation-ko');
  await minji.page.locator('.report [data-do=resolved]').click();
  await minji.page.locator('.report').waitFor({ state: 'detached' });
  assert.deepEqual([minji.problems, haru.problems], [[], []]);
});
