// The views of keepers and finders as people see them: wide and narrow, light and dark, in both languages.
// With MADANG_SCREENSHOTS set to a folder, each is kept there as a picture.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signedUp } from './api.mjs';
import { fits, readable, sound, usable } from './look.mjs';
import { startNode } from './node.mjs';
import { launch, personAt } from './person.mjs';

const run = Date.now().toString(36);
const id = (name) => `${name}-${run}`;
const ROOM = `마당 고치기 ${run}`;
const QUESTION = '평상을 어디에 두면 좋을까요? 비가 와도 젖지 않고, 해 질 녘에 그늘이 드는 자리면 좋겠어요.';
let node;
let browser;

before(async () => {
  node = await startNode({ settings: [`safety.admins=${id('minji')}`] });
  browser = await launch();
  const minji = await signedUp(node.url, id('minji'), '김민지');
  const haru = await signedUp(node.url, id('haru'), 'Haru Tanaka');
  const troll = await signedUp(node.url, id('troll'), 'A person with a rather long name who shouts');
  const { room } = await minji.post('rooms', { kind: 'open', title: ROOM, topic: '주말마다 조금씩' });
  for (const each of [haru, troll]) await each.post(`rooms/${room}/join`);
  const say = (who, cid, text, more = {}) => who.post(`rooms/${room}/messages`, { cid, text, ...more });
  const { seq } = await say(minji, 'bench', QUESTION);
  await say(haru, 'plum', 'Under the plum tree, as long as the roots are left alone. I can bring the boards on Saturday morning.', { thread: seq });
  await say(minji, 'wet', '거기는 비가 오면 물이 고여요', { thread: seq });
  await say(haru, 'wall', `Then by the wall, @${id('minji')}?`, { thread: seq, mentions: { users: [id('minji')] } });
  const said = await say(troll, 'shout', 'NOBODY NEEDS A BENCH');
  await haru.post('reports', { room, seq: said.seq, reason: 'harassment', note: 'again' });
  const draft = await say(haru, 'draft', 'First words');
  await haru.patch(`rooms/${room}/messages/${draft.seq}`, { text: 'Second words, which are a little longer than the first ones' });
  await haru.patch(`rooms/${room}/messages/${draft.seq}`, { text: 'Final words' });
  for (const each of [seq, draft.seq]) await minji.post(`rooms/${room}/messages/${each}/pin`);
  await minji.post(`rooms/${room}/bans`, { user: id('troll'), for_ms: 86_400_000, reason: 'shouting at people who talk about benches' });
  await minji.post(`rooms/${room}/links`, { for_ms: 86_400_000, uses_max: 5 });
  await minji.post(`staff/${id('haru')}`, { role: 'moderator' });
});

after(async () => {
  await browser?.close();
  await node?.stop();
});

const LOOKS = { 'desktop-light-en': {}, 'desktop-dark-ko': { colorScheme: 'dark', locale: 'ko-KR' }, 'phone-light-ko': { phone: true, locale: 'ko-KR' }, 'phone-dark-en': { phone: true, colorScheme: 'dark' } };

for (const [name, look] of Object.entries(LOOKS)) test(`the views fit and can be used: ${name}`, () => walk(name, look));

async function walk(name, look) {
  const person = await personAt(browser, node.url, look);
  const { page } = person;
  const dialog = () => page.locator('dialog').last();
  const see = async (view) => {
    await fits(person);
    await usable(person, look.phone);
    await sound(person);
    await readable(person);
    await person.shot(`${name}-${view}`);
  };
  const escape = async () => {
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
  };
  const press = (what) => page.locator(`[data-do=${what}]:visible`).last().click();
  await person.logIn(id('minji'));
  await person.openRoom(ROOM);
  await person.hears('Final words');

  await person.rowOf(QUESTION).locator('[data-do=open-thread]').click();
  await page.locator('.thread .message').nth(3).waitFor();
  await see('thread');
  await press('close-thread');
  await see('room-with-threads');

  await press('pins');
  await dialog().locator('[data-do=go-to]').nth(1).waitFor();
  await see('pins');
  await escape();

  await person.act('Final words', 'edits');
  await dialog().locator('.version').nth(1).waitFor();
  await see('edits');
  await escape();

  if (look.phone) await press('people');
  await page.locator(`.members li[data-user="${id('haru')}"] .member`).click();
  await see('member');
  await press('ban');
  await dialog().locator('input[name=reason]').waitFor();
  await see('ban');
  await escape();
  await press('my-room');
  await see('my-room');
  await escape();
  await press('settings');
  await dialog().locator('[data-do=revoke-link]').waitFor();
  await see('settings');
  await dialog().locator('[data-do=ban-other]').scrollIntoViewIfNeeded();
  await dialog().locator('[data-do=delete-room]').scrollIntoViewIfNeeded();
  await see('settings-end');
  await press('delete-room');
  await see('confirm');
  await page.keyboard.press('Escape');
  await press('create-link');
  await see('create-link');
  await page.keyboard.press('Escape');
  await escape();
  if (look.phone) {
    await page.keyboard.press('Escape');
    await page.goBack();
  }

  await press('mentions');
  await dialog().locator('[data-do=go-to]').waitFor();
  await see('mentions');
  await escape();

  await press('account');
  await dialog().locator('input[name=invisible]').waitFor();
  await dialog().locator('input[name=hidden]').waitFor();
  await see('account-status');
  await dialog().locator('[data-do=log-out]').scrollIntoViewIfNeeded();
  await see('account-end');
  for (const [way, row] of [['moderation', '.report'], ['audit', '.entry'], ['suspensions', 'select[name=span]'], ['staff', 'select[name=role]']]) {
    await press(way);
    await dialog().locator(row).first().waitFor();
    await see(way);
    await page.keyboard.press('Escape');
  }
  assert.deepEqual(person.problems, []);
  await person.context.close();
}
