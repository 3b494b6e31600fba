// What every view of the page must keep to, whoever looks at it: nothing sticks out, everything has a name.

import assert from 'node:assert/strict';

/** No text may be pushed out of the page sideways. */
export async function fits({ page }) {
  const width = await page.evaluate(() => document.documentElement.clientWidth);
  const out = await page.evaluate(() => [...document.querySelectorAll('#app *, dialog *')]
    .filter((el) => el.checkVisibility() && !el.closest('.sr-only, .icon'))
    .filter((el) => el.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((el) => `${el.tagName}.${el.className}`));
  assert.deepEqual(out, [], `sticks out of ${width} px`);
}

/** Whatever can be pressed or filled in has a name for those who don't see it, and is large enough for a finger. */
export async function usable({ page }, phone) {
  const controls = await page.locator('button:visible, a[href]:visible, input:visible, textarea:visible, select:visible').evaluateAll((all) => all.filter((el) => el.isConnected).map((el) => {
    const { height } = el.closest('label')?.getBoundingClientRect() ?? el.getBoundingClientRect();
    const name = el.getAttribute('aria-label') || el.textContent.trim() || [...(el.labels ?? [])].map((label) => label.textContent).join('');
    return { html: el.outerHTML.slice(0, 120), name, height, inText: el.closest('.bubble, .about') !== null && el.tagName === 'A' };
  }));
  for (const { html, name, height, inText } of controls) {
    assert.ok(name, `no name: ${html}`);
    if (phone && !inText) assert.ok(height >= 36, `${height} px are too small for a finger: ${html}`);
  }
}

/** What screen readers go by: ids that are there once, names of windows and regions, and what is pointed at exists. */
export async function sound({ page }) {
  const faults = await page.evaluate(() => {
    const all = [...document.querySelectorAll('*')];
    const ids = all.map((el) => el.id).filter(Boolean);
    const named = (el) => el.getAttribute('aria-label') || document.getElementById(el.getAttribute('aria-labelledby'))?.textContent;
    const pointers = ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for'];
    const kinds = 'aside, nav, dialog, [role=log], [role=group], [role=tablist], fieldset:not(:has(legend))';
    return [
      ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `twice: #${id}`),
      ...pointers.flatMap((name) => all.filter((el) => el.hasAttribute(name) && !document.getElementById(el.getAttribute(name))).map((el) => `${name} of nothing: ${el.outerHTML.slice(0, 100)}`)),
      ...[...document.querySelectorAll(kinds)].filter((el) => !named(el)).map((el) => `no name: ${el.outerHTML.slice(0, 100)}`),
      ...all.filter((el) => el.tabIndex > 0).map((el) => `out of order: ${el.outerHTML.slice(0, 100)}`),
      ...[...document.querySelectorAll('svg:not([aria-hidden=true])')].map(() => 'a drawing without aria-hidden'),
    ];
  });
  assert.deepEqual(faults, []);
}

/** No text is so pale that people with weak eyes can't read it: 4.5 to 1, or 3 to 1 for large letters. */
export async function readable({ page }) {
  const pale = await page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data].map((part, index) => (index === 3 ? part / 255 : part));
    };
    const over = (top, below) => top.slice(0, 3).map((part, index) => part * top[3] + below[index] * (1 - top[3]));
    const ground = (el) => {
      const layers = [];
      for (let at = el; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
      return layers.reverse().reduce((below, top) => over(top, below), rgba(getComputedStyle(document.body).backgroundColor));
    };
    const light = (colour) => {
      const [r, g, b] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const within = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
    const walker = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const el = node.parentElement;
      if (node.data.trim() === '' || !el.checkVisibility({ opacityProperty: true }) || el.closest('.sr-only, option, [aria-disabled=true], :disabled, noscript, script')) continue;
      const { color, fontSize, fontWeight } = getComputedStyle(el);
      const below = ground(el);
      const [high, low] = [light(over(rgba(color), below)), light(below)].sort((a, b) => b - a);
      const ratio = (high + 0.05) / (low + 0.05);
      const large = parseFloat(fontSize) >= 24 || (parseFloat(fontSize) >= 18.6 && Number(fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)}: ${node.data.trim().slice(0, 30)} (${el.className || el.tagName})`);
    }
    return [...new Set(found)];
  });
  assert.deepEqual(pale, []);
}
