// A person at a browser: what they do on the page, in their words.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
export const LIMIT_MS = 15_000;

export function launch(more = []) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: [...FLAGS, ...more] });
}

/** Opens the page in a browser profile of its own. Errors on the page are kept in `person.problems`. */
export async function personAt(browser, url, { locale = 'en-US', phone = false, colorScheme = 'light' } = {}) {
  const viewport = phone ? { width: 360, height: 740 } : { width: 1280, height: 800 };
  const context = await browser.newContext({ locale, viewport, colorScheme, hasTouch: phone, isMobile: phone, timezoneId: 'Asia/Seoul' });
  context.setDefaultTimeout(LIMIT_MS);
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  // A socket that can't be opened while the node is away is said on the console by the browser itself.
  page.on('console', (line) => line.type() === 'error' && !/ERR_CONNECTION|ERR_NETWORK_CHANGED|WebSocket connection/.test(line.text()) && problems.push(line.text()));
  await load(page, url);
  return { page, context, problems, ...actions(page) };
}

/** Whether what has the focus fits a selector. */
export const focused = ({ page }, selector) => page.evaluate((wanted) => document.activeElement.matches(wanted), selector);

/** Chromium breaks off what it loads when some network of the machine changes, also one that has nothing to do with us. */
async function load(page, url) {
  let broken = false;
  const failed = (request) => { broken ||= request.failure()?.errorText === 'net::ERR_NETWORK_CHANGED'; };
  page.on('requestfailed', failed);
  for (let tries = 0; tries < 5; tries++) {
    broken = false;
    await page.goto(url).catch((error) => { if (!/ERR_NETWORK_CHANGED/.test(error.message)) throw error; });
    if (!broken) break;
  }
  page.off('requestfailed', failed);
}

function actions(page) {
  const rowOf = (text, within = page.locator('.room-column')) => within.locator('.message[data-status=logged]').filter({ hasText: text }).last();
  async function openActions(text, within) {
    const row = rowOf(text, within);
    await row.hover();
    await row.locator('[data-do=message-actions]').click();
  }
  const submit = () => page.locator('form button[type=submit]:visible').last().click();
  return {
    async signUp(user, name) {
      await page.getByRole('tab').nth(1).click();
      await page.locator('input[name=user]').fill(user);
      await page.locator('input[name=display_name]').fill(name);
      await page.locator('input[name=password]').fill(`password-${user}`);
      await submit();
      await page.locator('.shell').waitFor();
    },
    async logIn(user, password = `password-${user}`) {
      await page.locator('input[name=user]').fill(user);
      await page.locator('input[name=password]').fill(password);
      await submit();
    },
    async createRoom(kind, { title, topic, members, peer } = {}) {
      await page.locator('[data-do=new-room]').click();
      await page.locator(`input[name=kind][value=${kind}]`).check();
      if (title) await page.locator('dialog input[name=title]').fill(title);
      if (topic) await page.locator('dialog input[name=topic]').fill(topic);
      if (members) await page.locator('dialog input[name=members]').fill(members);
      if (peer) await page.locator('dialog input[name=with]').fill(peer);
      await submit();
      await page.locator('dialog').waitFor({ state: 'detached' });
    },
    async joinOpenRoom(title) {
      await page.locator('[data-do=browse]').click();
      await page.locator('dialog input[type=search]').fill(title);
      await page.locator('.open-rooms li').filter({ hasText: title }).getByRole('button').click();
      await page.locator('dialog').waitFor({ state: 'detached' });
    },
    rowOf,
    openActions,
    /** Opens what can be done about a message, and does it. */
    async act(text, what, within) {
      await openActions(text, within);
      await page.locator(`dialog [data-do=${what}]`).click();
    },
    openRoom: (title) => page.locator('.room-item').filter({ hasText: title }).click(),
    async say(text) {
      await page.locator('.composer-input').fill(text);
      await page.keyboard.press('Enter');
    },
    /** The bubble with exactly this text, once it is logged. */
    hears: (text) => page.locator('.message[data-status=logged] .bubble').getByText(text, { exact: true }).waitFor(),
    bubbles: () => page.locator('.message .bubble').allTextContents(),
    scrollTo: (top) => page.locator('.scroll').evaluate((el, value) => { el.scrollTop = value; }, top),
    /** Scrolls near the top, waits for the older page this asks for, and tells how far the row in sight moved meanwhile. */
    scrollUpAndWatch: () => page.locator('.scroll').evaluate(async (scroll) => {
      const oldest = () => scroll.querySelector('[data-seq]').dataset.seq;
      const before = oldest();
      scroll.scrollTop = 300;
      const edge = scroll.getBoundingClientRect().top;
      const row = [...scroll.querySelectorAll('[data-seq]')].find((el) => el.getBoundingClientRect().bottom > edge);
      const { top } = row.getBoundingClientRect();
      const end = performance.now() + 5_000;
      while (oldest() === before && performance.now() < end) await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      return { moved: Math.abs(row.getBoundingClientRect().top - top), still: row.isConnected };
    }),
    useLanguage: (tag) => page.locator(`[data-language=${tag}]`).last().click(),
    async shot(name) {
      const dir = process.env.MADANG_SCREENSHOTS;
      if (!dir) return;
      await mkdir(dir, { recursive: true });
      await page.screenshot({ path: path.join(dir, `${name}.png`), animations: 'disabled' });
    },
  };
}

/** Waits until `check` gives something true. */
export async function until(what, check, limit_ms = LIMIT_MS) {
  const end = Date.now() + limit_ms;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${limit_ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
