// The page as people see it: wide and narrow, light and dark, in both languages. Nothing may stick out sideways.
// With MADANG_SCREENSHOTS set to a folder, each view is kept there as a picture.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signedUp } from './api.mjs';
import { fits, readable, sound, usable } from './look.mjs';
import { startNode } from './node.mjs';
import { launch, personAt } from './person.mjs';

const run = Date.now().toString(36);
const id = (name) => `${name}-${run}`;
let node;
let browser;

/** A few people with something to say. */
const PEOPLE = { minji: '김민지', haru: 'Haru Tanaka', jisoo: '한지수', tomas: 'Tomás Rivera', seoyeon: '박서연' };
const TALK = [
  ['jisoo', '다들 안녕하세요! 이번 주 토요일 모임 기억하시죠?'],
  ['jisoo', '날씨가 좋을 것 같아서 마당에서 하려고 해요 ☀️'],
  ['tomas', 'Sounds lovely. I can bring the big table and a few chairs.'],
  ['minji', '저는 과일이랑 전을 준비할게요.'],
  ['minji', '혹시 알레르기 있는 분 계신가요? 견과류는 빼는 게 나을까요?'],
  ['haru', 'No nuts for me, thank you for asking!'],
  ['seoyeon', '저는 다 괜찮아요 🙆'],
  ['haru', 'Here is the way from the station, it is about ten minutes on foot:\nhttps://www.openstreetmap.org/directions?from=37.5547,126.9707&to=37.5826,126.9830'],
  ['jisoo', '고마워요! 오시는 길에 골목이 조금 헷갈릴 수 있어요. 빨간 벽돌집을 지나서 왼쪽으로 들어오시면 기와지붕이 보입니다. 못 찾으시면 언제든 여기에 적어 주세요, 제가 나갈게요.'],
  ['minji', '좋아요'],
  ['tomas', '🎉'],
  ['seoyeon', '토요일에 만나요!'],
];

before(async () => {
  node = await startNode();
  browser = await launch();
  const clients = {};
  for (const [name, shown] of Object.entries(PEOPLE)) clients[name] = await signedUp(node.url, id(name), shown);
  const rooms = [
    ['open', `산책 ${run}`, '아침 산책을 함께해요', [['tomas', 'Tomorrow at seven by the east gate?']]],
    ['group', `Reading circle ${run}`, '', [['haru', 'Chapter four by Thursday then.']]],
    ['open', `마당 모임 ${run}`, '토요일 오후 세 시, 지수네 마당', TALK],
  ];
  for (const [kind, title, topic, talk] of rooms) {
    const members = ['minji', 'haru', 'tomas', 'seoyeon'];
    const { room } = await clients.jisoo.post('rooms', { kind, title, ...(topic && { topic }), ...(kind === 'group' && { members: members.map(id) }) });
    for (const name of members) await clients[name].post(`rooms/${room}/join`);
    for (const [n, [name, text]] of talk.entries()) await clients[name].post(`rooms/${room}/messages`, { cid: `talk-${n}`, text });
  }
  const { room } = await clients.seoyeon.post('rooms', { kind: 'direct', with: id('minji') });
  await clients.seoyeon.post(`rooms/${room}/messages`, { cid: 'hello', text: '내일 같이 장 보러 갈래요?' });
  await clients.tomas.post('rooms', { kind: 'group', title: `Weekend hikes ${run}`, members: [id('minji')] });
});

after(async () => {
  await browser?.close();
  await node?.stop();
});

for (const phone of [false, true]) {
  for (const colorScheme of ['light', 'dark']) {
    for (const locale of ['ko-KR', 'en-US']) {
      const name = [phone ? 'phone' : 'desktop', colorScheme, locale.slice(0, 2)].join('-');
      test(`the page fits: ${name}`, () => walk(name, { phone, colorScheme, locale }));
    }
  }
}

async function walk(name, look) {
  const person = await personAt(browser, node.url, look);
  const see = async (view) => {
    await fits(person);
    await usable(person, look.phone);
    await sound(person);
    await readable(person);
    await person.shot(`${name}-${view}`);
  };
  await see('login');
  await person.page.getByRole('tab').nth(1).click();
  await see('signup');
  await person.page.getByRole('tab').nth(0).click();
  await person.logIn(id('minji'));
  await person.page.locator('.room-item').nth(3).waitFor();
  await see('list');
  await person.openRoom(`마당 모임 ${run}`);
  await person.hears('토요일에 만나요!');
  await see('room');
  if (look.phone) {
    await person.page.locator('[data-do=people]').click();
    await person.page.locator('.members li').nth(4).waitFor();
    await see('people');
    await person.page.keyboard.press('Tab');
    await person.page.goBack();
  }
  for (const dialog of ['new-room', 'browse', 'account']) {
    await person.page.locator(`[data-do=${dialog}]`).click();
    await person.page.locator('dialog[open]').waitFor();
    await see(dialog);
    await person.page.keyboard.press('Escape');
  }
  assert.deepEqual(person.problems, []);
  await person.context.close();
}
