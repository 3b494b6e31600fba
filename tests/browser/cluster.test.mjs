// The cluster page: how it looks, wide and narrow, light and dark, in both languages; and three real nodes of which
// one is killed. With MADANG_SCREENSHOTS set to a folder, each view is kept there as a picture.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startNode, startNodes } from './node.mjs';
import { busy, moving, noQuorum, well } from './overviews.mjs';
import { launch, personAt, until } from './person.mjs';

let node;
let browser;

before(async () => {
  node = await startNode({ settings: ['peer.secret=open-sesame'] });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await node?.stop();
});

/** Opens the page; what the node says about the cluster is `report`. */
async function shown(report, look) {
  const person = await personAt(browser, node.url, look);
  await person.page.route('**/v1/cluster', (route) => route.fulfill({ json: report() }));
  await person.page.route('**/v1/cluster/rooms?*', (route) => route.fulfill({ json: busy() }));
  await person.page.goto(`${node.url}/cluster`);
  await person.page.locator('.node-card').first().waitFor();
  return person;
}

async function fits({ page }) {
  const out = await page.evaluate(() => [...document.querySelectorAll('#app *')]
    .filter((el) => el.checkVisibility() && !el.closest('.sr-only, .icon'))
    .filter((el) => el.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((el) => `${el.tagName}.${el.className}`));
  assert.deepEqual(out, []);
  const covered = await page.evaluate(() => [...document.querySelectorAll('.group-tile')]
    .filter((tile) => {
      const [name, marks] = [tile.querySelector('.group-name'), tile.querySelector('.marks')].map((el) => el.getBoundingClientRect());
      return name.bottom > marks.top && marks.bottom > name.top && name.right > marks.left;
    })
    .map((tile) => tile.dataset.group));
  assert.deepEqual(covered, [], 'marks stand on names');
}

for (const phone of [false, true]) {
  for (const colorScheme of ['light', 'dark']) {
    for (const locale of ['ko-KR', 'en-US']) {
      const name = [phone ? 'phone' : 'desktop', colorScheme, locale.slice(0, 2)].join('-');
      test(`the cluster page fits: ${name}`, async () => {
        for (const [state, report] of Object.entries({ well, moving, noQuorum })) {
          const person = await shown(report, { phone, colorScheme, locale });
          await fits(person);
          await person.shot(`${name}-cluster-${state}`);
          assert.deepEqual(person.problems, []);
          await person.context.close();
        }
      });
    }
  }
}

test('the page follows what happens, and changes its language', async () => {
  let report = well();
  const person = await shown(() => report, {});
  await person.page.getByText('All is well.').waitFor();
  report = moving();
  await person.page.getByText('Node 3 cannot be reached at 10.0.0.3:7400.').waitFor();
  await person.page.getByText('node 4 is 1,834 entries behind').waitFor();
  assert.equal(await person.page.locator('[data-node="3"]').getAttribute('data-condition'), 'away');
  await person.useLanguage('ko');
  await person.page.getByText('노드 3에 연결할 수 없습니다').waitFor();
  report = noQuorum();
  assert.equal(await until('no leader anywhere', async () => (await person.page.locator('.group-tile[data-condition=leaderless]').count()) === 17), true);
  await person.context.close();
});

test('a node that does not answer is said to be lost, with what was last known', async () => {
  const person = await shown(well, {});
  await person.page.unroute('**/v1/cluster');
  await person.page.route('**/v1/cluster', (route) => route.abort());
  await person.page.getByText('This node does not answer.').waitFor();
  assert.equal(await person.page.locator('.node-card').count(), 3);
  await person.context.close();
});

test('under another name the page asks for the secret', async () => {
  const stranger = await launch(['--host-resolver-rules=MAP yard.example 127.0.0.1']);
  const person = await personAt(stranger, `http://yard.example:${new URL(node.url).port}/cluster`, {});
  const secret = person.page.locator('input[name=secret]');
  await secret.waitFor();
  await fits(person);
  await person.shot('desktop-cluster-closed');
  await secret.fill('wrong');
  await person.page.getByRole('button', { name: 'Open' }).click();
  await person.page.getByText('This is not the secret of this cluster.').waitFor();
  await secret.fill('open-sesame');
  await person.page.getByRole('button', { name: 'Open' }).click();
  await person.page.getByText('All is well.').waitFor();
  assert.equal(await person.page.locator('.group-tile').count(), 17);
  await stranger.close();
});

test('three nodes of which one is killed', { skip: process.env.MADANG_URL && 'needs nodes of its own' }, async () => {
  const nodes = await startNodes(3);
  try {
    const person = await personAt(browser, `${nodes.urls[0]}/cluster`, {});
    // A node that has not heard of the others yet is well alone.
    await person.page.locator('.node-card[data-condition=up]').nth(2).waitFor({ timeout: 60_000 });
    await person.page.getByText('All is well.').waitFor({ timeout: 60_000 });
    await person.shot('desktop-cluster-three');
    await nodes.kill(2);
    const dead = person.page.locator('.node-card[data-condition=away]');
    await dead.waitFor();
    await until('the others lead everything', async () => (await person.page.locator('.group-tile[data-condition=leaderless]').count()) === 0, 30_000);
    await person.shot('desktop-cluster-two');
    await nodes.kill(1);
    await until('nobody leads', async () => (await person.page.locator('.group-tile[data-condition=leaderless]').count()) > 0, 30_000);
    await person.shot('desktop-cluster-one');
    await person.context.close();
  } finally {
    await nodes.stop();
  }
});
