// Two people use the page of a real node: they meet in an open room, talk, scroll back, lose the node and find it again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient, fill } from './api.mjs';
import { startNode } from './node.mjs';
import { launch, personAt, until } from './person.mjs';

// Names of their own for each run, so that a node that is already running can be used again.
const run = Date.now().toString(36);
const id = (name) => `${name}-${run}`;
const YARD = `Yard ${run}`;
let node;
let browser;
let minji;
let haru;

before(async () => {
  node = await startNode();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await node?.stop();
});

const tokenOf = (person) => person.page.evaluate(() => localStorage.getItem('madang.token'));
const roomOnScreen = (person) => person.page.evaluate(() => location.hash.slice(1));
const seqsOnScreen = (person) => person.page.locator('[data-seq]').evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)));

test('two people sign up, one in English and one in Korean', async () => {
  minji = await personAt(browser, node.url, { locale: 'ko-KR' });
  haru = await personAt(browser, node.url, { locale: 'en-US' });
  await minji.page.getByText('모두가 모이는 마당.').waitFor();
  await haru.page.getByText('The yard where everybody meets.').waitFor();
  await minji.shot('auth-ko');
  await minji.signUp(id('minji'), '민지');
  await haru.signUp(id('haru'), 'Haru');
  await haru.page.getByText('No rooms yet.').waitFor();
  await haru.shot('empty-en');
});

test('a wrong password is told in the language of the page and lets nobody in', async () => {
  const stranger = await personAt(browser, node.url, { locale: 'ko-KR' });
  await stranger.logIn(id('minji'), 'not-the-password');
  await stranger.page.getByText('아이디나 비밀번호가 맞지 않아요.').waitFor();
  assert.equal(await stranger.page.locator('.shell').count(), 0);
  await stranger.context.close();
});

test('one opens a room and the other finds and joins it', async () => {
  await minji.createRoom('open', { title: YARD, topic: '마당에서 나누는 이야기' });
  await minji.page.locator('.composer-input').waitFor();
  await haru.joinOpenRoom(YARD);
  await haru.page.locator('.composer-input').waitFor();
  await minji.page.getByText('Haru님이 들어왔어요').waitFor();
});

test('they talk both ways, in Korean and English, and see each other here', async () => {
  await minji.say('안녕하세요! 마당에 오신 걸 환영해요 🌿');
  await haru.hears('안녕하세요! 마당에 오신 걸 환영해요 🌿');
  await haru.say('Thank you, what a nice place. See https://example.org/yard?a=1.');
  await minji.hears('Thank you, what a nice place. See https://example.org/yard?a=1.');
  assert.equal(await minji.page.locator('.bubble a').getAttribute('href'), 'https://example.org/yard?a=1');
  assert.match(await minji.page.locator('.bubble a').getAttribute('rel'), /noopener/);
  const here = (person, user) => person.page.locator(`.members li[data-user="${id(user)}"] .avatar.online`).waitFor();
  await here(minji, 'haru');
  await here(haru, 'minji');
});

test('the Enter that ends a Hangul syllable does not send', async () => {
  const input = minji.page.locator('.composer-input');
  await input.fill('한글');
  await input.evaluate((el) => el.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, isComposing: true })));
  assert.equal(await input.inputValue(), '한글');
  await input.press('Shift+Enter');
  await input.pressSequentially('두 줄');
  assert.equal(await input.inputValue(), '한글\n두 줄');
  await input.press('Enter');
  await haru.hears('한글\n두 줄');
});

test('markup in a message, a name or a title stays text', async () => {
  const evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> javascript:alert(1)';
  await haru.say(evil);
  await minji.hears(evil);
  assert.equal(await minji.page.evaluate(() => window.hacked), undefined);
  assert.equal(await minji.page.locator('.bubble img, .bubble script').count(), 0);
});

test('a burst of messages arrives once each and in order', async () => {
  const texts = Array.from({ length: 30 }, (_, n) => `burst ${n}`);
  for (const text of texts) await haru.say(text);
  await minji.hears('burst 29');
  const seen = (await minji.bubbles()).filter((text) => text.startsWith('burst '));
  assert.deepEqual(seen, texts);
  await until('nothing of the sender is on its way', async () => (await haru.page.locator('.message.own:not([data-status=logged])').count()) === 0);
  assert.deepEqual((await haru.bubbles()).filter((text) => text.startsWith('burst ')), texts);
});

test('somebody in another room sees an unread count that reading takes away', async () => {
  await haru.createRoom('open', { title: `Side ${run}` });
  await minji.say('아직 거기 있어요?');
  const badge = haru.page.locator('.room-item').filter({ hasText: YARD }).locator('.badge');
  await badge.getByText('1', { exact: true }).waitFor();
  await haru.openRoom(YARD);
  await haru.page.locator('.divider').waitFor();
  await badge.waitFor({ state: 'detached' });
});

test('an invitation to a group is accepted, and another declined', async () => {
  await minji.createRoom('group', { title: `Group ${run}`, members: id('haru') });
  await haru.openRoom(`Group ${run}`);
  await haru.page.getByText('You are invited to this room.').waitFor();
  await haru.shot('invited-en');
  await haru.page.locator('[data-do=accept]').click();
  await haru.say('Glad to be here');
  await minji.hears('Glad to be here');
  await minji.createRoom('group', { title: `Second ${run}`, members: id('haru') });
  await haru.openRoom(`Second ${run}`);
  await haru.page.locator('[data-do=decline]').click();
  await haru.page.locator('.room-item').filter({ hasText: `Second ${run}` }).waitFor({ state: 'detached' });
});

test('a direct room is one and the same from both sides', async () => {
  await minji.createRoom('direct', { peer: id('haru') });
  await minji.page.locator('.room-head h1').getByText('Haru', { exact: true }).waitFor();
  await minji.say('둘만의 이야기');
  await haru.page.locator('.room-item').filter({ hasText: '둘만의 이야기' }).click();
  await haru.say('Only us');
  await minji.hears('Only us');
  assert.equal(await roomOnScreen(haru), await roomOnScreen(minji));
});

test('an owner renames the room, makes an admin and removes somebody', async () => {
  await minji.openRoom(`Group ${run}`);
  await minji.page.locator('[data-do=edit-room]').click();
  await minji.page.locator('dialog input[name=title]').fill(`Garden ${run}`);
  await minji.page.locator('dialog button[type=submit]').click();
  await haru.openRoom(`Garden ${run}`);
  const row = minji.page.locator(`.members li[data-user="${id('haru')}"]`);
  await row.locator('button.member').click();
  await row.getByRole('button', { name: '관리자로 지정' }).click();
  await haru.page.locator(`.members li[data-user="${id('haru')}"] .role`).getByText('Admin').waitFor();
  await row.getByRole('button', { name: '내보내기' }).click();
  await haru.page.locator('.room-item').filter({ hasText: `Garden ${run}` }).waitFor({ state: 'detached' });
});

test('scrolling back reads a long history without a hole and keeps the place', async () => {
  const client = createClient(node.url, await tokenOf(minji));
  const { room } = await client.post('rooms', { kind: 'open', title: `Long ${run}` });
  await fill(client, room, 620, (n) => (n % 7 === 0 ? `${n}번째 이야기는 조금 더 길어요. `.repeat(4) : `${n}번째 이야기`));
  await minji.openRoom(`Long ${run}`);
  await minji.hears('620번째 이야기');
  const rows = await until('the first message is in sight', async () => {
    const probe = await minji.scrollUpAndWatch();
    assert.ok(probe.still && probe.moved <= 2, `the row in sight moved by ${probe.moved} px`);
    const seqs = await seqsOnScreen(minji);
    assert.deepEqual(seqs, Array.from(seqs, (_, n) => seqs[0] + n), 'no hole in what is on the screen');
    assert.ok(seqs.length <= 500, `${seqs.length} rows are more than the window holds`);
    return seqs[0] === 1 && seqs;
  });
  assert.ok(rows.at(-1) < 621, 'the far end was cut');
  await minji.page.locator('[data-do=jump]').click();
  await minji.hears('620번째 이야기');
  await until('the end is in sight', () => minji.page.locator('.scroll').evaluate((el) => el.scrollHeight - el.scrollTop - el.clientHeight < 4));
});

test('whoever reads further up is not pulled down by a new message, and can jump to it', async () => {
  await haru.joinOpenRoom(`Long ${run}`);
  await haru.page.locator('.composer-input').waitFor();
  await minji.scrollTo(1200);
  await minji.page.locator('[data-do=jump]').waitFor();
  const before = await minji.page.locator('.scroll').evaluate((el) => el.scrollTop);
  await haru.say('Down here');
  await minji.page.locator('.jump-count').getByText('1', { exact: true }).waitFor();
  assert.equal(await minji.page.locator('.scroll').evaluate((el) => el.scrollTop), before);
  await minji.page.locator('[data-do=jump]').click();
  await minji.hears('Down here');
  await until('it counts as read', async () => (await minji.page.locator('.room-item').filter({ hasText: `Long ${run}` }).locator('.badge').count()) === 0);
});

test('the page comes back by itself after the node was killed, and nothing is lost or doubled', async (t) => {
  if (!node.canRestart) return t.skip('the node at MADANG_URL is not ours to kill');
  await minji.openRoom(YARD);
  await haru.openRoom(YARD);
  await minji.say('before the night');
  await haru.hears('before the night');
  const bringBack = await node.kill();
  await minji.page.locator('.link:visible').waitFor();
  await minji.say('written while nobody was there');
  await minji.page.locator('.message.waiting').waitFor();
  await minji.shot('reconnecting-ko');
  await bringBack();
  await minji.hears('written while nobody was there');
  await haru.hears('written while nobody was there');
  await minji.page.locator('.link').waitFor({ state: 'hidden' });
  await haru.say('good morning');
  await minji.hears('good morning');
  for (const person of [minji, haru]) {
    const texts = await person.bubbles();
    for (const text of ['before the night', 'written while nobody was there', 'good morning']) assert.equal(texts.filter((each) => each === text).length, 1, text);
  }
});

test('of a storm of messages with the node killed in its middle each arrives once and in order', async (t) => {
  if (!node.canRestart) return t.skip('the node at MADANG_URL is not ours to kill');
  const texts = Array.from({ length: 24 }, (_, n) => `storm ${n}`);
  const storming = (async () => {
    for (const text of texts) await haru.say(text);
  })();
  await minji.hears('storm 5');
  const bringBack = await node.kill();
  await storming;
  await bringBack();
  for (const person of [minji, haru]) {
    await person.hears('storm 23');
    assert.deepEqual((await person.bubbles()).filter((text) => text.startsWith('storm ')), texts);
  }
});

test('a reload stays logged in and in the same room', async () => {
  await minji.openRoom(YARD);
  await haru.openRoom(YARD);
  await haru.page.reload();
  await haru.page.locator('.composer-input').waitFor();
  await minji.say('다시 만났네요');
  await haru.hears('다시 만났네요');
});

test('the language is switched on the page and remembered', async () => {
  await haru.page.locator('[data-do=account]').click();
  await haru.useLanguage('ko');
  await haru.page.locator('[aria-label="대화방"]').waitFor();
  assert.equal(await haru.page.locator('html').getAttribute('lang'), 'ko');
  await haru.page.reload();
  await haru.page.locator('[aria-label="대화방"]').waitFor();
  await haru.page.locator('[data-do=account]').click();
  await haru.useLanguage('en');
  await haru.page.locator('[aria-label="Rooms"]').waitFor();
});

test('on a phone the list and the room are two views, and the back button leads from one to the other', async () => {
  const phone = await personAt(browser, node.url, { locale: 'ko-KR', phone: true });
  await phone.logIn(id('minji'));
  await phone.page.locator('.room-item').first().waitFor();
  assert.equal(await phone.page.locator('.main').isVisible(), false);
  await phone.shot('phone-list-ko');
  await phone.openRoom(YARD);
  await phone.page.locator('.composer-input').waitFor();
  assert.equal(await phone.page.locator('.sidebar').isVisible(), false);
  assert.equal(await phone.page.evaluate(() => document.documentElement.scrollWidth), 360);
  await phone.say('휴대폰에서 보냅니다');
  await haru.hears('휴대폰에서 보냅니다');
  await phone.shot('phone-room-ko');
  await phone.page.goBack();
  await phone.page.locator('.sidebar').waitFor();
  assert.deepEqual(phone.problems, []);
  await phone.context.close();
});

test('a device that is logged out from another one is back at the door', async () => {
  const other = await personAt(browser, node.url, { locale: 'en-US' });
  await other.logIn(id('haru'));
  await other.page.locator('.shell').waitFor();
  await haru.page.locator('[data-do=account]').click();
  await haru.page.locator('.sessions').getByRole('button', { name: 'Log out' }).first().click();
  await other.page.locator('.auth').waitFor();
  await haru.page.keyboard.press('Escape');
  await other.context.close();
});

test('a profile name changes for oneself, and logging out leaves nothing behind', async () => {
  await haru.page.locator('[data-do=account]').click();
  await haru.page.locator('dialog input[name=display_name]').fill('Haru of the yard');
  await haru.page.locator('dialog form button[type=submit]').first().click();
  await haru.page.getByText('Saved.').waitFor();
  await haru.page.locator('[data-do=log-out]').click();
  await haru.page.locator('.auth').waitFor();
  assert.equal(await tokenOf(haru), null);
});

test('nothing went wrong on either page, and no rule of its content policy was broken', () => {
  assert.deepEqual(minji.problems, []);
  assert.deepEqual(haru.problems, []);
});
