// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium, headless, and what is watched on every page: other hosts, policy violations, errors, dialogs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const modules = process.env.BROWSER_MODULES;
const { default: puppeteer } = await import(
  pathToFileURL(`${modules}/puppeteer-core/lib/esm/puppeteer/puppeteer-core.js`).href);
const axe = readFileSync(`${modules}/axe-core/axe.min.js`, 'utf8');

const kPatienceMs = 60_000;

// Chromium's own sandbox needs user namespaces, and refuses root. Where it cannot be, a page is still our own.
const hasSandbox = process.getuid() !== 0 && spawnSync('unshare', ['--user', 'true']).status === 0;

export const browser = await puppeteer.launch({
  executablePath: process.env.BROWSER,
  headless: true,
  args: ['--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ...(hasSandbox ? [] : ['--no-sandbox'])],
});

// A page in a profile of its own. `origins`: where it may ask for anything. `finish` fails on what was seen.
export async function open(origins, { scheme = 'light' } = {}) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.setDefaultTimeout(kPatienceMs);
  await page.setViewport({ width: 1280, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  const faults = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && !origins.includes(url.origin)) faults.push(`asked ${url}`);
  });
  page.on('console', (message) => {
    if (['error', 'warn', 'assert'].includes(message.type())) faults.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.stack ?? error}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.evaluateOnNewDocument(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) => {
      console.error(`policy: ${violatedDirective} ${blockedURI} ${sample}`);
    });
    globalThis.deepFind = (selector, root = document) => root.querySelector(selector) ??
      [...root.querySelectorAll('*')].reduce((found, { shadowRoot }) =>
        found ?? (shadowRoot ? globalThis.deepFind(selector, shadowRoot) : null), null);
  });
  const finish = async () => {
    await context.close();
    assert.deepEqual(faults, []);
  };
  return { page, context, faults, finish };
}

// Waits for `what(...args)`, run in the page, to be true.
export const until = (page, what, ...args) => page.waitForFunction(what, { polling: 50 }, ...args);

// The first element of that selector, also in shadow trees, as soon as there is one. Puppeteer's own way of waiting does not
// see that something comes into a shadow tree.
export const find = async (page, selector) =>
  (await until(page, (wanted) => globalThis.deepFind(wanted), selector)).asElement();

// What axe finds that keeps people out.
export async function checkAccess(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(
    ({ id, nodes }) => `${what}: ${id}: ${nodes.slice(0, 5).map(
      ({ target, any }) => `${JSON.stringify(target)} ${any[0]?.message ?? ''}`).join('; ')}`);
  assert.deepEqual(grave, []);
}

// What has the focus, also inside of shadow trees, and whether one sees that.
export const focused = (page) => page.evaluate(() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  const style = getComputedStyle(element);
  const isMarked = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== 'none';
  return { id: element.id, tag: element.tagName, text: element.textContent.trim().slice(0, 80),
    label: element.getAttribute('aria-label') ?? '', isMarked: isMarked && element.checkVisibility() };
});

// Waits for the focus to be where a page puts it by itself: browsers do that with a rendering after the load, not with it.
export async function focusOn(page, id) {
  await until(page, (wanted) => document.activeElement.id === wanted, id);
  return focused(page);
}

// Presses Tab until `accept(focused)`; each stop on the way must be seen.
export async function tabTo(page, accept, what, limit = 80) {
  const seen = [];
  for (let i = 0; i < limit; ++i) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    seen.push(now.id || now.text || now.tag);
    if (now.tag === 'BODY') continue;
    assert.ok(now.isMarked, `the focus is not seen on ${JSON.stringify(now)}`);
    if (accept(now)) return now;
  }
  return assert.fail(`Tab does not reach ${what}: ${seen.join(', ')}`);
}
